"""Two to five calls, one after the other, of any tools: later arguments come from earlier results.

The tools are joined by `links`: what one makes or finds, the next one changes, shows or deletes.
"""

from __future__ import annotations

from random import Random

from tooltune.generate.deeds import deed_of
from tooltune.generate.scene import Catalogue, Draft, Scene
from tooltune.generate.speech import styled
from tooltune.generate.steps import Steps, follow, next_link, start
from tooltune.generate.surfaces import join
from tooltune.types import Tool

_LENGTHS = (2, 2, 2, 3, 3, 4, 5)


def possible(catalogue: Catalogue) -> bool:
    """With two tools of which one takes what the other gives."""
    return bool(catalogue.links)


def needs(catalogue: Catalogue, rng: Random, chosen: list[Tool]) -> list[Tool]:
    """Two linked tools, and up to three more that take what the first one gives."""
    names = {tool.name for tool in chosen}
    if any({link.first, link.second} <= names for link in catalogue.beginnings):
        return []
    link = rng.choice(catalogue.beginnings)
    takers = list(dict.fromkeys(other.second for other in catalogue.links if other.first == link.first))
    more = rng.sample(takers, min(len(takers), rng.randint(0, 3)))
    wanted = dict.fromkeys((link.first, link.second, *more))
    return [catalogue.by_name[name] for name in wanted if name not in names]


def build(scene: Scene) -> Draft | None:
    """One wish that takes several calls, then the calls one by one, and the answer."""
    links, steps = scene.links, Steps()
    wanted = scene.rng.choice(_LENGTHS)
    first = scene.catalogue.by_name[scene.rng.choice(links).first]
    if not start(scene, steps, first):
        return None
    while len(steps.used) < wanted and (link := next_link(scene, steps, links)) is not None:
        if not follow(scene, steps, link):
            return None
    if len(steps.used) < 2:
        return None
    return Draft([scene.user(_wish(scene, steps.clauses)), *steps.messages, scene.assistant(_told(scene, steps))])


def _told(scene: Scene, steps: Steps) -> str:
    """The last answer, and before it those that hold news."""
    *before, last = steps.answers
    return " ".join([*(answer for i, answer in enumerate(before) if _is_news(scene, steps, i)), last])


def _is_news(scene: Scene, steps: Steps, step: int) -> bool:
    """Whether the answer of a step is told although others follow: what was made, and what was asked to be shown."""
    return deed_of(scene.catalogue.by_name[steps.used[step]]).kind in ("make", "show")


def _wish(scene: Scene, clauses: list[str]) -> str:
    """All steps in one sentence."""
    *before, last = clauses
    comma = "," if ", " in before[0] and scene.is_foreign(scene.tools[0]) else ""
    joined = f"{before[0]}{comma} and then {last}" if len(clauses) == 2 else f"{join([*before, 'then ' + last])}"
    frame = scene.shared("sequences")
    parts = frame.template.select(scene.rng, 0.5)
    text = styled(parts, {"steps": joined}, scene.style_or("plain"), scene.rng)
    return scene.begun(text)
