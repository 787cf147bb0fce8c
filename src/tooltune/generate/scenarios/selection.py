"""One call, with tools in view that could be taken for the right one."""

from __future__ import annotations

from random import Random

from tooltune.generate.scenarios.single import one_call
from tooltune.generate.scene import Catalogue, Draft, Scene
from tooltune.types import Tool


def possible(catalogue: Catalogue) -> bool:
    """With two tools or more."""
    return len(catalogue.tools) > 1


def needs(catalogue: Catalogue, rng: Random, chosen: list[Tool]) -> list[Tool]:
    """Two similar tools; any two where none are similar."""
    names = {tool.name for tool in chosen}
    if any(catalogue.similar[name] & names for name in names):
        return []
    pool = [tool for tool in catalogue.tools if catalogue.similar[tool.name]]
    first = rng.choice(pool or catalogue.tools)
    others = sorted(catalogue.similar[first.name]) or [t.name for t in catalogue.tools if t != first]
    return [tool for tool in (first, catalogue.by_name[rng.choice(others)]) if tool not in chosen]


def build(scene: Scene) -> Draft | None:
    """A request for a tool that has a similar one beside it."""
    names = {tool.name for tool in scene.tools}
    contested = [tool for tool in scene.tools if scene.catalogue.similar[tool.name] & names]
    return one_call(scene, scene.rng.choice(contested or scene.tools))
