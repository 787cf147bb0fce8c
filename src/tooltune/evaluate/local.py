"""Answers of a model that is loaded here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tooltune.chat.encode import Encoder
from tooltune.chat.render import render_system
from tooltune.evaluate.constrained import Constraints
from tooltune.evaluate.inference import Generation, generate_replies
from tooltune.evaluate.items import Item
from tooltune.evaluate.outputs import Finished, Output, Replies


def local_replies(
    model: Any,
    encoder: Encoder,
    *,
    max_new_tokens: int = 256,
    batch_size: int = 16,
    temperature: float = 0.0,
    seed: int = 0,
    constraints: Constraints | None = None,
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
    """

    def replies(items: Sequence[Item], finished: Finished) -> None:
        generate_replies(
            model,
            [encoder.encode_prompt(item.messages, item.tools) for item in items],
            end_ids=encoder.end_ids,
            pad_id=encoder.pad_id,
            groups=[_beginning(item) for item in items],
            max_new_tokens=max_new_tokens,
            batch_size=batch_size,
            temperature=temperature,
            seed=[seed + item.sample for item in items],
            guides=[constraints.guide(item.tools) for item in items] if constraints else None,
            stop=encoder.opens_turn,
            finished=lambda place, generation: finished(place, _output(generation, encoder)),
        )

    return replies


def _beginning(item: Item) -> str:
    """What the prompts of a group share: the tools in view, which come first in every prompt."""
    return render_system(item.tools)


def _output(generation: Generation, encoder: Encoder) -> Output:
    if generation.too_long:
        return Output(failed="too_long")
    text, seconds = encoder.decode(generation.ids), round(generation.seconds, 4)
    return Output(text, generation.truncated, tokens=len(generation.ids), seconds=seconds)
