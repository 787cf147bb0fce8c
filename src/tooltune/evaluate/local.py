"""Answers of a model that is loaded here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from tooltune.chat.encode import Encoder
from tooltune.chat.render import render_system
from tooltune.evaluate.answers import Answer, Replies
from tooltune.evaluate.constrained import Constraints
from tooltune.evaluate.inference import Generation, generate_replies
from tooltune.evaluate.items import Item
from tooltune.evaluate.scorers import sound


def local_replies(
    model: Any,
    encoder: Encoder,
    *,
    max_new_tokens: int = 256,
    batch_size: int = 16,
    temperature: float = 0.0,
    seed: int = 0,
    constraints: Constraints | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Replies:
    """A source that decodes with `model`.

    An item whose prompt does not fit the model's context is answered by the failure `too_long`.

    Args:
        model: any causal decoder of transformers, with or without an adapter.
        encoder: the model's tokenizer and chat format.
        max_new_tokens: limit of a reply; one that reaches it is truncated, and a failure.
        batch_size: at most so many prompts at once.
        temperature: 0 takes the likeliest tokens; above it replies are sampled.
        seed: of sampling.
        constraints: what the body of a call must keep to; the decision to call is free in any case.
        progress: called with (finished, all) after each batch.
    """

    def replies(items: Sequence[Item]) -> list[Answer]:
        generations = generate_replies(
            model,
            [encoder.encode_prompt(item.messages, item.tools) for item in items],
            end_ids=encoder.end_ids,
            pad_id=encoder.pad_id,
            groups=[_beginning(item) for item in items],
            max_new_tokens=max_new_tokens,
            batch_size=batch_size,
            temperature=temperature,
            seed=seed,
            guides=[constraints.guide(item.tools) for item in items] if constraints else None,
            progress=progress,
        )
        return [_answer(generation, encoder) for generation in generations]

    return replies


def _beginning(item: Item) -> str:
    """What the prompts of a group share: the tools in view, which come first in every prompt."""
    return render_system(item.tools)


def _answer(generation: Generation, encoder: Encoder) -> Answer:
    if generation.too_long:
        return Answer(failed="too_long")
    text = encoder.decode(generation.ids)
    reply = sound(encoder.parse(text))
    return Answer(text, reply, generation.truncated, seconds=generation.seconds, tokens=len(generation.ids))
