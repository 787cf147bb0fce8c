"""A required argument is missing: ask for exactly that, and sometimes go on once it is given."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from random import Random

from tooltune.generate.phrasing.questions import together
from tooltune.generate.phrasing.wording import wording
from tooltune.generate.scene import Catalogue, Draft, Scene
from tooltune.generate.speech import Speaker, Spoken, alone, in_order
from tooltune.types import Message, Tool

_GOES_ON = 0.35


def possible(catalogue: Catalogue) -> bool:
    """With a tool that requires something."""
    return any(_able(catalogue, tool) for tool in catalogue.tools)


def _able(catalogue: Catalogue, tool: Tool) -> bool:
    return bool(catalogue.phrasings[tool.name].missing.train)


def needs(catalogue: Catalogue, rng: Random, chosen: list[Tool]) -> list[Tool]:
    """A tool that requires something."""
    if any(_able(catalogue, tool) for tool in chosen):
        return []
    return [rng.choice([tool for tool in catalogue.tools if _able(catalogue, tool)])]


def build(scene: Scene) -> Draft | None:
    """An incomplete request, a question, and perhaps the user's answer and the call."""
    return _asked(scene, lambda: scene.rng.random() < _GOES_ON)


def asked_and_given(scene: Scene, greets: bool) -> Draft | None:
    """The same, always with the user's answer and the call; None where no tool in view requires anything."""
    if not any(_able(scene.catalogue, tool) for tool in scene.tools):
        return None
    return _asked(scene, lambda: True, greets)


def _asked(scene: Scene, goes_on: Callable[[], bool], greets: bool = True) -> Draft | None:
    tool = scene.rng.choice([tool for tool in scene.tools if _able(scene.catalogue, tool)])
    frame = scene.frame(scene.phrasing(tool).missing)
    if frame is None:
        return None
    spoken = scene.speak(frame, {"": tool})
    given = spoken.arguments[""][0]
    missing = tuple(p.name for p in tool.parameters if p.required and p.name not in given)
    if not missing:
        return None
    user = scene.user(spoken.text) if greets else Message("user", spoken.text)
    messages = [user, scene.assistant(_question(scene, tool, missing))]
    if not goes_on():
        return Draft(messages, missing)
    rest = _completed(scene, tool, spoken, missing)
    return None if rest is None else Draft([*messages, *rest], missing)


def _question(scene: Scene, tool: Tool, missing: tuple[str, ...]) -> str:
    lead = scene.line("question_lead_ins")
    asks = scene.phrasing(tool).ask.get(together(_pair(missing) or missing), ())
    if asks:
        return lead + scene.rng.choice(list(asks))
    return lead + scene.line("questions").replace("{nouns}", scene.nouns(tool, missing))


def _completed(scene: Scene, tool: Tool, spoken: Spoken, missing: tuple[str, ...]) -> list[Message] | None:
    """The user's answer, the call, its result and the final answer."""
    speaker = scene.speaker(tool)
    given = spoken.arguments[""][0]
    added = speaker.draw(missing, scene.rng)
    if any(value in given.values() for value in added.values()):
        return None
    says = {name: speaker.say(name, value, scene.rng) for name, value in added.items()}
    call = in_order(tool, {**given, **added})
    message, result = scene.run(call)
    if "error" in result:
        return None
    reply = scene.fill_in("follow_ups", {"x": _given(speaker, says)})
    answer = scene.answer(call, result, {**spoken.says, **says})
    return [Message("user", reply), scene.calling([call], share=0.3), message, scene.assistant(answer)]


def _pair(names: tuple[str, ...]) -> tuple[str, ...]:
    """The names of two parameters in the order in which they are said as one; () where they are not."""
    return next((pair.names for pair in wording().pairs if set(pair.names) == set(names)), ())


def _given(speaker: Speaker, says: Mapping[str, str]) -> str:
    """The values one by one, or as one where they were asked for as one: "northwind/billing"."""
    names = _pair(tuple(says))
    text = next((pair.text for pair in wording().pairs if pair.names == names), "")
    if text and together(names) in speaker.phrasing.ask:
        return text.format(*(says[name] for name in names))
    return ", ".join(alone(speaker, name, said) for name, said in says.items())
