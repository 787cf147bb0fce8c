"""Two or three calls that do not depend on each other: one tool several times, or several tools."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from random import Random

from tooltune.generate.deeds import deed_of, named_by
from tooltune.generate.names import is_place
from tooltune.generate.scenarios.together import Request, in_one_breath, in_sentences, of_many
from tooltune.generate.scene import Catalogue, Draft, Scene
from tooltune.generate.speech import styled
from tooltune.generate.templates import Gap
from tooltune.types import Message, Tool, ToolCall

Said = Sequence[tuple[ToolCall, Mapping[str, str]]]
"""The calls, each with how its arguments were said."""

_DIFFERENT = 0.6
"""How often a request of several clauses asks each tool once, where there are several in view."""


def possible(catalogue: Catalogue) -> bool:
    """With two tools, or one that takes an argument."""
    return len(catalogue.tools) > 1 or any(tool.parameters for tool in catalogue.tools)


def needs(catalogue: Catalogue, rng: Random, chosen: list[Tool]) -> list[Tool]:
    """One tool that takes an argument: it can be called several times. Where none does, two tools."""
    if any(tool.parameters for tool in chosen) or len(chosen) > 1:
        return []
    wanted = [tool for tool in catalogue.tools if tool.parameters]
    if wanted:
        return [rng.choice(wanted)]
    others = [tool for tool in catalogue.tools if tool not in chosen]
    return rng.sample(others, min(2 - len(chosen), len(others)))


def build(scene: Scene) -> Draft | None:
    """Several calls in one turn."""
    weights = _OF_SEVERAL if len(scene.tools) > 1 else _OF_ONE
    way = scene.rng.choices(_WAYS, weights)[0]
    found = way(scene)
    if found is None or len({repr(call) for call, _ in found[1]}) < max(2, len(found[1])):
        return None
    if way is not _listed and scene.is_foreign(scene.tools[0]) and is_repeated(scene, found[1]):
        return None
    return answered(scene, *found)


def _listed(scene: Scene) -> Request | None:
    """One tool for a list of values: "the weather in Oslo and Bergen"."""
    able = [tool for tool in scene.tools if scene.phrasing(tool).several.of(scene.part)]
    if not able:
        return None
    tool = scene.rng.choice(able)
    frame = scene.frame(scene.phrasing(tool).several)
    if frame is None:
        return None
    spoken = scene.speak(frame, {"": tool})
    varied = next(part.key for part in frame.template.required() if part.many)
    each = zip(spoken.calls("", tool), spoken.each[varied], strict=True)
    return spoken.text, [(call, {**spoken.says, varied: one}) for call, one in each]


def _joined(scene: Scene) -> Request | None:
    """Two or three clauses in one request, of one tool or of several."""
    said: list[tuple[ToolCall, Mapping[str, str]]] = []
    clauses: dict[str, str] = {}
    for letter, tool in zip("abc", _asked(scene, scene.rng.choice((2, 2, 2, 3))), strict=False):
        frame = scene.frame(scene.phrasing(tool).clauses)
        if frame is None:
            return None
        spoken = scene.speak(frame, {"": tool}, scene.style_or("inner"))
        clauses[letter] = spoken.text
        said.append((spoken.calls("", tool)[0], spoken.says))
    return _join(scene, clauses), said


_WAYS: tuple[Callable[[Scene], Request | None], ...] = (_listed, _joined, in_one_breath, of_many, in_sentences)
_OF_ONE = (25, 30, 20, 8, 17)
"""How often each way to ask is tried with one tool in view."""
_OF_SEVERAL = (9, 44, 8, 4, 35)
"""The same with several: which of them, and how often each, is what there is to learn."""


def _asked(scene: Scene, count: int) -> list[Tool]:
    """The tool of each clause: all different, or as it comes."""
    if len(scene.tools) >= count and scene.rng.random() < _DIFFERENT:
        return scene.rng.sample(scene.tools, count)
    return [scene.rng.choice(scene.tools) for _ in range(count)]


def is_repeated(scene: Scene, said: Said) -> bool:
    """Whether the same is asked for twice, and only how much of it differs, or what becomes of one thing."""
    if len({repr(call) for call, _ in said}) < len(said) or any(
        _is_changed_twice(scene, call, said) for call, _ in said
    ):
        return True
    looks = [_looked_at(scene.catalogue.by_name[call.name], call) for call, _ in said]
    return any(looks.count(entry) > 1 for entry in looks if entry)


def _looked_at(tool: Tool, call: ToolCall) -> tuple[str, str] | None:
    """What a call looks at, whatever the order and the number of it; None of a call that does something."""
    if deed_of(tool).kind not in ("find", "show", "ask"):
        return None
    return call.name, repr({p.name: call.arguments.get(p.name) for p in tool.parameters if p.required})


def _is_changed_twice(scene: Scene, call: ToolCall, said: Said) -> bool:
    """ "set my visibility to private, and set my visibility to public"."""
    changes = len(scene.tools) > 1 and deed_of(scene.catalogue.by_name[call.name]).kind == "change"
    same = [other for other, _ in said if other.name == call.name and _which(other) == _which(call)]
    return changes and len(same) > 1


def _which(call: ToolCall) -> list[str]:
    """The arguments that tell which thing a call is about."""
    named = (f"{n}={v}" for n, v in call.arguments.items() if is_place(n) or named_by(n) is not None or n == "branch")
    return sorted(named)


def _join(scene: Scene, clauses: Mapping[str, str]) -> str:
    frame = scene.shared("joiners" if len(clauses) == 2 else "joiners_of_three")
    parts = frame.template.select(scene.rng, 0.5)
    text = styled(parts, clauses, scene.style_or("plain"), scene.rng)
    # A clause begins with a verb of the wording, never with a value.
    return scene.begun(text) if isinstance(parts[0], Gap) else text


def answered(scene: Scene, text: str, said: Said) -> Draft | None:
    """The request, all calls in one turn, their results in order, and the answers; None if a call fails."""
    results: list[Message] = []
    answers: list[str] = []
    calls = [call for call, _ in said]
    for number, (call, says) in enumerate(said):
        message, result = scene.run(call)
        if "error" in result:
            return None
        results.append(message)
        answers.append(scene.answer(call, result, says, [*calls[:number], *calls[number + 1 :]]))
    if scene.is_foreign(scene.tools[0]):
        answers = list(dict.fromkeys(answers))  # "Done for the project" once
    return Draft([scene.user(text), scene.calling(calls), *results, scene.assistant(" ".join(answers))])
