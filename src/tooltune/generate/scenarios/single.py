"""One request, one call."""

from __future__ import annotations

from random import Random

from tooltune.generate.scene import Catalogue, Draft, Scene
from tooltune.types import Tool


def possible(catalogue: Catalogue) -> bool:
    """With any tool."""
    return True


def needs(catalogue: Catalogue, rng: Random, chosen: list[Tool]) -> list[Tool]:
    """Any tool."""
    return [] if chosen else [rng.choice(catalogue.tools)]


def build(scene: Scene) -> Draft | None:
    """A request for any tool in view."""
    return one_call(scene, scene.rng.choice(scene.tools))


def one_call(scene: Scene, tool: Tool) -> Draft | None:
    """Request, call, result, answer."""
    frame = scene.frame(scene.phrasing(tool).requests)
    if frame is None:
        return None
    spoken = scene.speak(frame, {"": tool})
    (call,) = spoken.calls("", tool)
    message, result = scene.run(call)
    if "error" in result:
        return None
    answer = scene.answer(call, result, spoken.says)
    return Draft([scene.user(spoken.text), scene.calling([call]), message, scene.assistant(answer)])
