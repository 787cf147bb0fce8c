"""Ask a model for every item's decision, and judge it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from tooltune.chat.encode import Encoder
from tooltune.chat.render import render_system
from tooltune.evaluate.inference import Generation, generate_replies
from tooltune.evaluate.items import Item
from tooltune.evaluate.results import Evaluation, ItemResult
from tooltune.evaluate.scorers import score, sound


def evaluate_model(
    model: Any,
    encoder: Encoder,
    items: Sequence[Item],
    *,
    label: str,
    max_new_tokens: int = 256,
    batch_size: int = 16,
    progress: Callable[[int, int], None] | None = None,
) -> Evaluation:
    """Decode greedily and score each item.

    An item whose prompt does not fit the model's context stays in the result as a failure.

    Args:
        model: any causal decoder of transformers, with or without an adapter.
        encoder: the model's tokenizer and chat format.
        items: the decisions, see `items_of`.
        label: how the model is called in reports.
        max_new_tokens: limit of a reply; one that reaches it is truncated, and a failure.
        batch_size: at most so many prompts at once.
        progress: called with (finished, all) after each batch.
    """
    generations = generate_replies(
        model,
        [encoder.encode_prompt(item.messages, item.tools) for item in items],
        end_ids=encoder.end_ids,
        pad_id=encoder.pad_id,
        groups=[_beginning(item) for item in items],
        max_new_tokens=max_new_tokens,
        batch_size=batch_size,
        progress=progress,
    )
    pairs = zip(items, generations, strict=True)
    return Evaluation(label, tuple(_judge(item, generation, encoder) for item, generation in pairs))


def _beginning(item: Item) -> str:
    """What the prompts of a group share: the tools in view, which come first in every prompt."""
    return render_system(item.tools)


def _judge(item: Item, generation: Generation, encoder: Encoder) -> ItemResult:
    text = encoder.decode(generation.ids)
    reply = sound(encoder.parse(text))
    verdict = score(item, reply, truncated=generation.truncated, too_long=generation.too_long)
    return ItemResult(item, text, reply, generation.truncated, verdict)
