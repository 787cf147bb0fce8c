"""Ask a model for every item's decision, and judge it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from tooltune.chat.encode import Encoder
from tooltune.chat.render import render_system
from tooltune.evaluate.inference import Generation, generate_replies
from tooltune.evaluate.items import Item
from tooltune.evaluate.outputs import Output, OutputLog, prompt_hash
from tooltune.evaluate.results import Evaluation

Progress = Callable[[int, int], None]


def evaluate_model(
    model: Any,
    encoder: Encoder,
    items: Sequence[Item],
    *,
    label: str,
    max_new_tokens: int = 256,
    batch_size: int = 16,
    progress: Progress | None = None,
    log: OutputLog | None = None,
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
        log: where replies are kept as they come; what it holds is not asked again.
    """
    prompts = [encoder.encode_prompt(item.messages, item.tools) for item in items]
    keys = [prompt_hash(prompt) for prompt in prompts]
    outputs = [log.find(item.id, key) if log else None for item, key in zip(items, keys, strict=True)]
    left = [index for index, output in enumerate(outputs) if output is None]

    def finished(number: int, generation: Generation) -> None:
        index = left[number]
        outputs[index] = output = _output(generation, encoder)
        if log:
            log.add(items[index].id, keys[index], output)

    generate_replies(
        model,
        [prompts[index] for index in left],
        end_ids=encoder.end_ids,
        pad_id=encoder.pad_id,
        groups=[_beginning(items[index]) for index in left],
        max_new_tokens=max_new_tokens,
        batch_size=batch_size,
        progress=_ahead(progress, len(items) - len(left)),
        finished=finished,
    )
    return Evaluation.of(label, items, [output or Output() for output in outputs], encoder.parse)


def _ahead(progress: Progress | None, known: int) -> Progress | None:
    """Progress that counts what an earlier run has finished."""
    return progress and (lambda done, total: progress(done + known, total + known))


def _beginning(item: Item) -> str:
    """What the prompts of a group share: the tools in view, which come first in every prompt."""
    return render_system(item.tools)


def _output(generation: Generation, encoder: Encoder) -> Output:
    return Output(
        encoder.decode(generation.ids),
        generation.truncated,
        generation.too_long,
        len(generation.ids),
        round(generation.seconds, 4),
    )
