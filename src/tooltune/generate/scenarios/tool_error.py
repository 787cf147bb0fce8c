"""A tool fails: report it, or ask for another value and try again."""

from __future__ import annotations

from random import Random
from typing import Any

from tooltune.generate.scene import Catalogue, Draft, Scene
from tooltune.generate.speech import Spoken, alone
from tooltune.types import Message, Tool, ToolCall

_TRIES = 60
# A real function takes its time, and may never fail.
_REAL_TRIES = 3


def possible(catalogue: Catalogue) -> bool:
    """With a tool that takes an argument: only then some calls fail and others do not."""
    return any(tool.parameters for tool in catalogue.tools)


def needs(catalogue: Catalogue, rng: Random, chosen: list[Tool]) -> list[Tool]:
    """A tool that takes an argument."""
    if any(tool.parameters for tool in chosen):
        return []
    return [rng.choice([tool for tool in catalogue.tools if tool.parameters])]


def build(scene: Scene) -> Draft | None:
    """A failing call and what follows."""
    tool = scene.rng.choice([tool for tool in scene.tools if tool.parameters])
    frame = scene.frame(scene.phrasing(tool).requests)
    if frame is None:
        return None
    for _ in range(_REAL_TRIES if tool.name in scene.catalogue.executed else _TRIES):
        spoken = scene.speak(frame, {"": tool})
        (call,) = spoken.calls("", tool)
        failure, result = scene.run(call)
        if "error" in result:
            messages = [scene.user(spoken.text), scene.calling([call]), failure]
            return _reported(scene, tool, spoken, call, messages, str(result["error"]))
    return None


def _reported(
    scene: Scene, tool: Tool, spoken: Spoken, call: ToolCall, messages: list[Message], error: str
) -> Draft | None:
    report = scene.line("errors").replace("{error}", error)
    name = scene.phrasing(tool).retry
    if name is None or name not in call.arguments or scene.rng.random() < 0.5:
        return Draft([*messages, scene.assistant(report)])
    noun = scene.phrasing(tool).nouns[name].removeprefix("person's ")
    question = scene.line("again").replace("{noun}", noun)
    again = _second_try(scene, tool, spoken, call, name)
    return None if again is None else Draft([*messages, scene.assistant(f"{report} {question}"), *again])


def _second_try(scene: Scene, tool: Tool, spoken: Spoken, call: ToolCall, name: str) -> list[Message] | None:
    """The user's other value, the new call, its result and the answer."""
    speaker = scene.speaker(tool)
    for _ in range(_TRIES):
        value: Any = speaker.value(name, scene.rng)
        if value in call.arguments.values():
            continue
        retry = ToolCall(tool.name, {**call.arguments, name: value})
        message, result = scene.run(retry)
        if "error" not in result:
            said = speaker.say(name, value, scene.rng)
            reply = scene.fill_in("corrections", {"x": alone(speaker, name, said)})
            answer = scene.answer(retry, result, {**spoken.says, name: said})
            return [
                Message("user", reply),
                scene.calling([retry], share=0.3),
                message,
                scene.assistant(answer),
            ]
    return None
