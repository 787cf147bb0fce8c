"""Talk that needs no tool."""

from __future__ import annotations

from random import Random

from tooltune.generate.scenarios.no_tool import related, spoken_text
from tooltune.generate.scene import Catalogue, Draft, Scene
from tooltune.types import Message, Tool


def possible(catalogue: Catalogue) -> bool:
    """Always."""
    return True


def needs(catalogue: Catalogue, rng: Random, chosen: list[Tool]) -> list[Tool]:
    """Nothing in particular."""
    return []


def build(scene: Scene) -> Draft | None:
    """What the user says, and a short reply."""
    frame = scene.shared("chat")
    text = spoken_text(scene, frame.template)
    if any(related(text, tool, scene) for tool in scene.tools):
        return None
    return Draft([Message("user", text), scene.assistant(frame.reply)])
