"""Ask a model for every item's decision, and judge it."""

from __future__ import annotations

from collections.abc import Sequence

from tooltune.evaluate.answers import Answer, Replies
from tooltune.evaluate.items import Item
from tooltune.evaluate.results import Evaluation, ItemResult
from tooltune.evaluate.scorers import score


def evaluate_model(replies: Replies, items: Sequence[Item], *, label: str) -> Evaluation:
    """Score the answer to each item; an item without one stays in the result as a failure.

    Args:
        replies: who answers, such as `local_replies(model, encoder)`.
        items: the decisions, see `items_of`.
        label: how the model is called in reports.
    """
    pairs = zip(items, replies(items), strict=True)
    return Evaluation(label, tuple(_judge(item, answer) for item, answer in pairs))


def _judge(item: Item, answer: Answer) -> ItemResult:
    verdict = score(item, answer.reply, truncated=answer.truncated, failed=answer.failed)
    return ItemResult(
        item, answer.text, answer.reply, answer.truncated, verdict, seconds=answer.seconds, tokens=answer.tokens
    )
