"""No tool in view fits: say so, and call nothing."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import lru_cache
from random import Random

from tooltune.generate.pools import pooled
from tooltune.generate.scene import Catalogue, Draft, Scene
from tooltune.generate.speech import styled
from tooltune.generate.templates import Gap, Template
from tooltune.types import Tool

_WORD = re.compile(r"[a-z]{4,}")
_COMMON = frozenset(  # words that many descriptions have
    _WORD.findall(
        "about also between calculate check compute could create delete each find from given have into last "
        "list look more name need next number optional other over please return returns search show some such "
        "tell than that their them then this update used using want what when which will with would"
    )
)


def possible(catalogue: Catalogue) -> bool:
    """Always."""
    return True


def needs(catalogue: Catalogue, rng: Random, chosen: list[Tool]) -> list[Tool]:
    """Nothing in particular."""
    return []


def build(scene: Scene) -> Draft | None:
    """A request of the library, or one for a tool that is not in view; then a plain no."""
    in_view = {tool.name for tool in scene.tools}
    similar = scene.catalogue.similar
    absent = [t for t in scene.catalogue.tools if t.name not in in_view and not similar[t.name] & in_view]
    if absent and scene.rng.random() < 0.5:
        return _absent(scene, scene.rng.choice(absent))
    frame = scene.shared("no_tool")
    text = spoken_text(scene, frame.template)
    if any(related(text + " " + frame.reply, tool, scene) for tool in scene.tools):
        return None
    return _declined(scene, text, frame.reply)


def _absent(scene: Scene, tool: Tool) -> Draft | None:
    """A request for a tool that is not in view.

    Tools of one field were written so that no request means two of them; tools of another field
    must share no word with it.
    """
    wording = scene.phrasing(tool)
    others = [other for other in scene.tools if wording.domain and scene.phrasing(other).domain != wording.domain]
    if any(related(f"{tool.name} {tool.description} {wording.does}", other, scene) for other in others):
        return None
    frame = scene.frame(scene.phrasing(tool).requests)
    if frame is None:
        return None
    spoken = scene.speak(frame, {"": tool})
    return _declined(scene, spoken.text, scene.phrasing(tool).does)


def _declined(scene: Scene, text: str, what: str) -> Draft:
    answer = scene.line("abstentions").replace("{what}", what)
    return Draft([scene.user(text), scene.assistant(answer)])


def spoken_text(scene: Scene, template: Template) -> str:
    """A sentence whose gaps are kinds of values."""
    says: dict[str, str] = {}
    parts: list[str | Gap] = []
    for part in template.select(scene.rng, 0.5):
        if isinstance(part, Gap):
            value = str(pooled(part.key, scene.rng))
            if value in says.values():  # "from Oak Avenue to Oak Avenue"
                value = str(pooled(part.key, scene.rng))
            part = replace(part, key=f"{part.key}.{len(says)}")
            says[part.key] = value
        parts.append(part)
    return styled(parts, says, scene.style, scene.rng)


def related(text: str, tool: Tool, scene: Scene) -> bool:
    """Whether a tool might serve a sentence after all.

    The library was checked against the example tools by hand; any other tool is out of the question
    only if it shares no word with the sentence.
    """
    if tool.name in scene.catalogue.written:
        return False
    return bool(_stems(text.lower()) & _stems(f"{tool.name} {tool.description}".lower()))


@lru_cache(maxsize=4096)
def _stems(text: str) -> set[str]:
    return {word[:5] for word in _WORD.findall(text.replace("_", " ")) if word not in _COMMON}
