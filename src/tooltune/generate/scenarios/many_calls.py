"""Two to six calls in one turn that do not depend on each other: one tool for a list of wishes, or several tools."""

from __future__ import annotations

import json
from collections.abc import Sequence
from random import Random

from tooltune.generate.scenarios import parallel
from tooltune.generate.scene import Catalogue, Draft, Scene
from tooltune.types import Tool, ToolCall

_COUNTS, _WEIGHTS = (2, 3, 4, 5, 6), (25, 30, 20, 15, 10)
_TRIES = 8
_MOST_OF_ONE = 3
"""How often one foreign tool is asked for: the same words six times over are a list that nobody writes."""


def possible(catalogue: Catalogue) -> bool:
    """With a tool that takes an argument: only that one can be called several times."""
    return any(tool.parameters for tool in catalogue.tools)


def needs(catalogue: Catalogue, rng: Random, chosen: list[Tool]) -> list[Tool]:
    """A tool that takes an argument, and mostly one or two more."""
    if any(tool.parameters for tool in chosen):
        return []
    first = rng.choice([tool for tool in catalogue.tools if tool.parameters])
    others = [tool for tool in catalogue.tools if tool not in (*chosen, first)]
    return [first, *rng.sample(others, min(len(others), rng.choice((0, 1, 2))))]


def build(scene: Scene) -> Draft | None:
    """Several wishes in one message, and a call for each."""
    count = scene.rng.choices(_COUNTS, _WEIGHTS)[0]
    tools = _tools(scene, count)
    clauses: list[str] = []
    said: list[tuple[ToolCall, dict[str, str]]] = []
    for tool in tools:
        for _ in range(_TRIES):
            frame = scene.frame(scene.phrasing(tool).joined)
            if frame is None:
                return None
            spoken = scene.speak(frame, {"": tool}, scene.style_or("inner"))
            call = spoken.calls("", tool)[0]
            if call not in [other for other, _ in said] and _works(scene, call):
                clauses.append(spoken.text)
                said.append((call, dict(spoken.says)))
                break
    if len(said) < 2 or (scene.is_foreign(scene.tools[0]) and parallel.is_repeated(scene, said)):
        return None
    return parallel.answered(scene, _wish(scene, clauses), said)


def _works(scene: Scene, call: ToolCall) -> bool:
    """Whether the call alone would succeed: of six that are drawn blindly, one mostly fails."""
    return "error" not in json.loads(scene.catalogue.world().execute(call, scene.tools))


def _tools(scene: Scene, count: int) -> list[Tool]:
    """Of one tool, of all different ones, or as it comes."""
    able = [tool for tool in scene.tools if tool.parameters] or list(scene.tools)
    kind = scene.rng.choice(("one", "different", "mixed"))
    if kind == "one":
        tool = scene.rng.choice(able)
        return [tool] * (min(count, _MOST_OF_ONE) if scene.is_foreign(tool) else count)
    if kind == "different":
        return scene.rng.sample(scene.tools, min(count, len(scene.tools)))
    return [scene.rng.choice(scene.tools) for _ in range(count)]


def _wish(scene: Scene, clauses: Sequence[str]) -> str:
    """The wishes in one message: as a sentence, or as a list of lines."""
    style = scene.style_or("plain")
    if scene.rng.random() < 0.3:
        marks = scene.rng.choice((("- ",) * 6, tuple(f"{n}. " for n in range(1, 7))))
        lines = "\n".join(mark + clause for mark, clause in zip(marks, clauses, strict=False))
        return scene.fill_in("lists", {"lines": lines}, style)
    *before, last = clauses
    return scene.begun(scene.fill_in("enumerations", {"before": ", ".join(before), "last": last}, style))
