"""No tool in view fits: say so, and call nothing."""

from __future__ import annotations

import re
from random import Random

from tooltune.generate.pools import pooled
from tooltune.generate.scene import Catalogue, Draft, Scene
from tooltune.generate.speech import speak, styled
from tooltune.generate.templates import Gap, Template
from tooltune.types import Tool

_WORD = re.compile(r"[a-z]{4,}")


def possible(catalogue: Catalogue) -> bool:
    """Always."""
    return True


def needs(catalogue: Catalogue, rng: Random, chosen: list[Tool]) -> list[Tool]:
    """Nothing in particular."""
    return []


def build(scene: Scene) -> Draft | None:
    """A request of the library, or one for a tool that is not in view; then a plain no."""
    absent = [tool for tool in scene.catalogue.tools if tool not in scene.tools and _unrelated(scene, tool)]
    if absent and scene.rng.random() < 0.5:
        return _absent(scene, scene.rng.choice(absent))
    frame = scene.shared("no_tool")
    text = spoken_text(scene, frame.template)
    if any(related(text + " " + frame.reply, tool, scene) for tool in scene.tools):
        return None
    return _declined(scene, text, frame.reply)


def _absent(scene: Scene, tool: Tool) -> Draft | None:
    frame = scene.frame(scene.phrasing(tool).requests)
    if frame is None:
        return None
    spoken = speak(frame, {"": scene.speaker(tool)}, scene.rng, scene.style)
    return _declined(scene, spoken.text, scene.phrasing(tool).does)


def _declined(scene: Scene, text: str, what: str) -> Draft:
    answer = scene.line("abstentions").replace("{what}", what)
    return Draft([scene.user(text), scene.assistant(answer)])


def _unrelated(scene: Scene, tool: Tool) -> bool:
    return not any(other.name in scene.catalogue.similar[tool.name] for other in scene.tools)


def spoken_text(scene: Scene, template: Template) -> str:
    """A sentence whose gaps are kinds of values."""
    parts = template.select(scene.rng, 0.5)
    says = {part.key: str(pooled(part.key, scene.rng)) for part in parts if isinstance(part, Gap)}
    return styled(parts, says, scene.style, scene.rng)


def related(text: str, tool: Tool, scene: Scene) -> bool:
    """Whether a tool might serve a sentence after all.

    The library was checked against the example tools by hand; any other tool is out of the question
    only if it shares no word with the sentence.
    """
    if tool.name in scene.catalogue.written:
        return False
    own = f"{tool.name.replace('_', ' ')} {tool.description}".lower()
    return bool({w[:5] for w in _WORD.findall(text.lower())} & {w[:5] for w in _WORD.findall(own)})
