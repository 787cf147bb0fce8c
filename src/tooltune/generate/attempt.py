"""One try at an example: drawn, told, verified, and kept or dropped with a reason."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from typing import Any

from tooltune.generate.phrasing.model import Part
from tooltune.generate.scenarios import SCENARIOS
from tooltune.generate.scene import Catalogue, Draft, Scene, UnclearError
from tooltune.types import Example, Message, Tool, ToolCall
from tooltune.verify import verify_example

SYSTEM_SHARE = 0.1
SAME = "a function gave back what it was given"
UNCLEAR = "no command comes of the description"


def attempt(
    catalogue: Catalogue, name: str, part: Part, tools: tuple[Tool, ...], rng: Random, clear: bool, differs: bool
) -> tuple[str, Example | None]:
    """A try at an example: the example, or the reason why it is dropped ("" when none was drawn)."""
    # Under other names, tools may allow less than they did.
    if not SCENARIOS[name].possible(catalogue) or SCENARIOS[name].needs(catalogue, rng, list(tools)):
        return "", None
    clear_only = clear and any(catalogue.phrasings[tool.name].clear for tool in tools)
    scene = Scene(catalogue, tools, part, rng, clear_only=clear_only)
    try:
        draft = SCENARIOS[name].build(scene)
    except UnclearError:
        return UNCLEAR, None
    if draft is None:
        return "", None
    if clear_only and scene.unclear:
        return UNCLEAR, None
    if differs and any(_says_the_same(catalogue, call, result) for call, result in scene.ran):
        return SAME, None
    example = _example(scene, name, draft)
    problem = verify_example(example, catalogue.world().execute)
    if problem is not None:
        return problem.partition(":")[0], None
    return "", example


def _says_the_same(catalogue: Catalogue, call: ToolCall, result: Mapping[str, Any]) -> bool:
    """Whether a real function gives back what it was given: 6 as a friendly text is "6", and nobody asks for that."""
    given = [str(value) for value in call.arguments.values() if not isinstance(value, bool)]
    return call.name in catalogue.executed and str(result.get("result")) in given


def _example(scene: Scene, name: str, draft: Draft) -> Example:
    metadata: dict[str, Any] = {"scenario": name, "split": scene.part, "families": list(scene.families)}
    if draft.missing:
        metadata["missing"] = list(draft.missing)
    messages = draft.messages
    said = "\n".join(message.content.lower() for message in messages if message.role == "user")
    implied = [
        entry for i, entry in enumerate(scene.implied) if entry not in scene.implied[:i] and entry[3].lower() in said
    ]
    if implied:
        metadata["implied"] = implied
    if messages[0].role != "system" and scene.rng.random() < SYSTEM_SHARE:
        messages = [Message("system", scene.line("system")), *messages]
    return Example(tuple(messages), scene.tools, metadata)
