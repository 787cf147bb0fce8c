"""Several calls asked for as people do: with what they share said once, or in one sentence after the other."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tooltune.generate.phrasing import Frame, Split
from tooltune.generate.scene import Scene
from tooltune.generate.speech import Spoken
from tooltune.generate.templates import Gap, Template
from tooltune.types import Tool, ToolCall

Request = tuple[str, list[tuple[ToolCall, Mapping[str, str]]]]
"""The request, and the calls with how their arguments were said."""

_RATES = (0.0, 0.3, 0.7)
_TURN = re.compile(
    r"^(?P<before>.*?[\w,;:)-])(?P<turn> (?:(?:in|at|on|for|of|from|to|with|by|between|about|near) )?[\"€$£#(]*)$",
    re.DOTALL,
)
"""Where a sentence begins to differ: "What is the weather" and " in "."""
_UNIT = re.compile(
    r"(?P<unit>[\")%]?(?: ?(?:%|°C|°F|percent|per cent|euros?|dollars?|pounds|km|kilometres|miles|m|metres|cm|mm|feet|"
    r"kg|kilos|kilograms|grams|g|l|litres|ml|hours?|days?|minutes?|min|seconds?|weeks?|months?|years?|nights?|people|"
    r"adults|guests|children|degrees|volts|ohms|V|W|watts|Ω|kΩ|µF|N|newtons|joules|in total|each|a month|a night|"
    r"per hour|per year|in length|long|wide|high|deep))?[\")]?)(?P<end>[.?!]*)"
)
_GOES_ON = re.compile(r"[.?!;]| - ")
_JOINS = (" and", " and", " and", ", and", ", and also", " as well as", ", then")
_STEPS = (" ", " ", " ", "\n", "\n\n", " Also: ", " And another thing: ", " Then: ")


def in_one_breath(scene: Scene) -> Request | None:
    """One tool several times in one sentence: "the weather in Oslo on Monday and in Rome on Friday"."""
    tool = scene.rng.choice(scene.tools)
    cut = _cut(scene, tool)
    if cut is None:
        return None
    count = scene.rng.choice((2, 2, 2, 3, 3, 4))
    tail = Frame("", Template(tuple(cut.tail)))
    spoken = [scene.speak(tail, {"": tool}, scene.style_or("inner")) for _ in range(count)]
    before = cut.before.lower() if scene.style == "lower" else cut.before
    return before + _joined(scene, [one.text for one in spoken]) + cut.end, _calls(tool, spoken)


def of_many(scene: Scene) -> Request | None:
    """One tool for several values of one argument, all else alike: "opening hours of the Prado and the Louvre"."""
    tool = scene.rng.choice(scene.tools)
    frame = scene.frame(_wording(scene, tool))
    if frame is None:
        return None
    parts = frame.template.select(scene.rng, scene.rng.choice(_RATES))
    gaps = [(i, part) for i, part in enumerate(parts) if isinstance(part, Gap)]
    able = [(i, gap) for i, gap in gaps if _is_name(scene, tool, gap) and not str(parts[i - 1]).endswith('"')]
    if not able:
        return None
    at, varied = scene.rng.choice(able)
    key = varied.key
    many = [*parts[:at], Gap(key, many=True), *parts[at + 1 :]]
    spoken = scene.speak(Frame("", Template(tuple(many))), {"": tool}, None)
    calls = spoken.calls("", tool)
    said = zip(calls, spoken.each[key], strict=True)
    text = scene.begun(spoken.text) if isinstance(parts[0], str) else spoken.text
    return text, [(call, {**spoken.says, key: one}) for call, one in said]


def in_sentences(scene: Scene) -> Request | None:
    """A whole request for each call, one after the other; of different tools where there are some in view."""
    count = scene.rng.choice((2, 2, 2, 3, 3, 4))
    tools = scene.rng.sample(scene.tools, min(count, len(scene.tools)))
    tools = tools if len(tools) > 1 else tools * count
    texts: list[str] = []
    calls: list[tuple[ToolCall, Mapping[str, str]]] = []
    for tool in tools:
        frame = scene.frame(scene.phrasing(tool).requests)
        if frame is None:
            return None
        spoken = scene.speak(frame, {"": tool})
        texts.append(spoken.text if spoken.text[-1] in ".?!" or scene.style == "lower" else f"{spoken.text}.")
        calls += _calls(tool, [spoken])
    step = scene.rng.choice(_STEPS)
    return (step if scene.style != "lower" else "\n").join(texts), calls


def _wording(scene: Scene, tool: Tool) -> Split:
    """Requests, and clauses where they are of a family: made ones are the same in both parts."""
    phrasing = scene.phrasing(tool)
    return phrasing.requests if scene.is_foreign(tool) or scene.rng.random() < 0.6 else phrasing.clauses


def _calls(tool: Tool, spoken: Sequence[Spoken]) -> list[tuple[ToolCall, Mapping[str, str]]]:
    return [(one.calls("", tool)[0], one.says) for one in spoken]


@dataclass(frozen=True)
class _Cut:
    """A sentence up to its first value, from there to its last, and what closes it."""

    before: str
    tail: Sequence[str | Gap]
    end: str


def _cut(scene: Scene, tool: Tool) -> _Cut | None:
    """None where the sentence goes on behind its last value, or says something of all calls before the first."""
    frame = scene.frame(_wording(scene, tool))
    parts = frame.template.select(scene.rng, scene.rng.choice(_RATES)) if frame else []
    gaps = [i for i, part in enumerate(parts) if isinstance(part, Gap)]
    if not gaps or any(isinstance(part, Gap) and part.fixed is not None for part in parts):
        return None
    if any(isinstance(part, str) and _GOES_ON.search(part) for part in parts[gaps[0] : gaps[-1]]):
        return None
    before = "".join(part for part in parts[: gaps[0]] if isinstance(part, str))
    after = "".join(part for part in parts[gaps[-1] + 1 :] if isinstance(part, str))
    start, rest = _TURN.match(before), _UNIT.fullmatch(after)
    if start is None or rest is None:
        return None
    tail = [start["turn"], *parts[gaps[0] : gaps[-1] + 1], rest["unit"]]
    return _Cut(start["before"][:1].upper() + start["before"][1:], tail, rest["end"])


def _joined(scene: Scene, texts: Sequence[str]) -> str:
    """The parts with words between them; with more than "and" where one of them has an "and" of its own."""
    crowded = any(" and " in text or "," in text for text in texts)
    word = scene.rng.choice((", and", "; and", ", and also", ", then") if crowded else _JOINS)
    between = ";" if word.startswith(";") else ","
    return between.join(texts[:-1]) + word + texts[-1]


def _is_name(scene: Scene, tool: Tool, gap: Gap) -> bool:
    """Whether a gap takes a name, of which several can stand there."""
    if gap.fixed is not None or "." in gap.key:
        return False
    parameter = scene.speaker(tool).parameter(gap.key)
    plain = not (parameter.format or parameter.enum or "HH:MM" in parameter.description)
    return parameter.type == "string" and plain
