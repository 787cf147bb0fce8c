"""What needs no model: the two policies that any useful number must beat."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from tooltune.chat.parse import Reply
from tooltune.evaluate.items import Item
from tooltune.evaluate.outputs import Output
from tooltune.evaluate.results import Evaluation, ItemResult
from tooltune.types import ToolCall

_WORDS = "I can't help with that."


def _abstain(item: Item) -> Reply:
    return Reply(_WORDS)


def _first_tool(item: Item) -> Reply:
    return Reply("", (ToolCall(item.tools[0].name),)) if item.tools else Reply(_WORDS)


BASELINES: Mapping[str, Callable[[Item], Reply]] = {"always abstain": _abstain, "always first tool": _first_tool}
"""Say no whatever is asked, and call the first tool in view, with no argument, whatever is asked."""


def baselines(items: Sequence[Item]) -> list[Evaluation]:
    """The evaluation of each policy on the items."""
    return [Evaluation(name, tuple(_result(item, policy) for item in items)) for name, policy in BASELINES.items()]


def _result(item: Item, policy: Callable[[Item], Reply]) -> ItemResult:
    return ItemResult.of(item, Output(), lambda _: policy(item))
