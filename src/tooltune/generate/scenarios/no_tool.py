"""No tool in view fits: say so, and call nothing."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import combinations
from random import Random

from tooltune.generate.deeds import deed_of
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


_FOR_A_TOOL = 0.75
"""How often a tool that is not in view is asked for; else the request is one of the library's."""
_NEAR = 0.75
"""How often such a tool is of a field that is in view, or does something else to the same thing, if there is one: what
is near and still does not fit is what is learnt last."""
_DOES = {"make": "make", "change": "change", "remove": "remove", "find": "look", "show": "look"}
_APART = {frozenset(pair) for pair in combinations(("make", "remove", "look"), 2)} | {
    frozenset({"change", other})
    for other in ("remove", "look")  # what makes a thing may also change it
}


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
    away = [tool for tool in scene.catalogue.tools if tool.name not in in_view]
    absent = [tool for tool in away if not similar[tool.name] & in_view]
    near = [tool for tool in away if _does_otherwise(tool, scene)] + _of_the_field(absent, scene)
    if (near or absent) and scene.rng.random() < _FOR_A_TOOL:
        return _absent(scene, scene.rng.choice(near if near and scene.rng.random() < _NEAR else absent or near))
    frame = scene.shared("no_tool")
    text = spoken_text(scene, frame.template)
    if any(related(text + " " + frame.reply, tool, scene) for tool in scene.tools):
        return None
    return _declined(scene, text, frame.reply)


def _of_the_field(absent: Sequence[Tool], scene: Scene) -> list[Tool]:
    """The tools of a field that is in view."""
    fields = {scene.catalogue.field_of(tool) for tool in scene.tools} - {""}
    return [tool for tool in absent if scene.catalogue.field_of(tool) in fields]


def _does_otherwise(tool: Tool, scene: Scene) -> bool:
    """Whether a tool does to a thing what none in view does, such as to delete what those can only make and find."""
    deed = deed_of(tool)
    alike = [other for other in scene.tools if other.name in scene.catalogue.similar[tool.name]]
    same = [other for other in scene.tools if deed_of(other).thing == deed.thing]
    if not deed.thing or not same or any(other not in same for other in alike):
        return False
    return all(frozenset({_DOES.get(deed.kind), _DOES.get(deed_of(other).kind)}) in _APART for other in same)


def _absent(scene: Scene, tool: Tool) -> Draft | None:
    """A request for a tool that is not in view.

    Tools of one field were written so that no request means two of them; tools of another field
    must share no word with it.
    """
    wording, field_of = scene.phrasing(tool), scene.catalogue.field_of
    others = [other for other in scene.tools if field_of(tool) and field_of(other) != field_of(tool)]
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
