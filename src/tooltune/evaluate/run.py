"""Ask for every item's decision, and judge it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tooltune.chat.parse import Reply, parse_reply
from tooltune.evaluate.items import Item
from tooltune.evaluate.outputs import Replies, collect
from tooltune.evaluate.results import Evaluation


def evaluate_model(
    replies: Replies,
    items: Sequence[Item],
    *,
    label: str,
    parse: Callable[[str], Reply] = parse_reply,
    progress: Callable[[int, int], None] | None = None,
) -> Evaluation:
    """Score the reply to each item; an item without one stays in the result as a failure.

    Args:
        replies: who answers, such as `local_replies(model, encoder)`.
        items: the decisions, see `items_of`.
        label: how the model is called in reports.
        parse: reads a raw reply.
        progress: called with (finished, all) after each reply.
    """
    return Evaluation.of(label, items, collect(replies, items, progress), parse)
