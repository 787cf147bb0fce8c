"""Ask the base and the tuned model about held-out examples, and judge what they say."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tooltune.config import EvaluateConfig
from tooltune.files import read_earlier, write_json
from tooltune.progress import console, progress
from tooltune.types import Example

BASE_EVALUATION = "base_evaluation.json"


def evaluate(model: Any, encoder: Any, examples: Sequence[Example], config: EvaluateConfig, label: str) -> Any:
    """Score a model on held-out examples."""
    from tooltune.evaluate import items_of, local_replies

    replies = local_replies(model, encoder, max_new_tokens=config.max_new_tokens, batch_size=config.eval_batch_size)
    return measure(replies, items_of(examples), label, encoder.parse)


def measure(replies: Any, items: Sequence[Any], label: str, parse: Callable[[str], Any]) -> Any:
    """Score the replies of a source to items."""
    from tooltune.evaluate import evaluate_model

    with progress(f"evaluate {label}") as advance:
        return evaluate_model(replies, items, label=label, parse=parse, progress=advance)


def evaluate_tuned(model: Any, encoder: Any, examples: Sequence[Example], config: EvaluateConfig) -> tuple[Any, Any]:
    """Score a model with its adapter: its replies, and the best of --best_of of them (None where that is 1)."""
    with adapter_in_weights(model, config):
        tuned = evaluate(model, encoder, examples, config, "tuned")
        return tuned, _best_of(model, encoder, tuned, config) if config.best_of > 1 else None


def _best_of(model: Any, encoder: Any, tuned: Any, config: EvaluateConfig) -> Any:
    """The same items; what is known already is the first of the replies to each."""
    from tooltune.evaluate import Output, local_replies
    from tooltune.evaluate.best_of import SPREAD, best_of

    known = {r.item.id: Output(r.text, r.truncated, tokens=r.tokens, seconds=r.seconds) for r in tuned.results}

    def first(items: Sequence[Any], finished: Callable[[int, Output], None]) -> None:
        for place, item in enumerate(items):
            finished(place, known[item.id])

    sizes: dict[str, Any] = {"max_new_tokens": config.max_new_tokens, "batch_size": config.eval_batch_size}
    again = local_replies(model, encoder, temperature=SPREAD, **sizes)
    replies = best_of(config.best_of, first, again, encoder.parse)
    return measure(replies, [r.item for r in tuned.results], f"best of {config.best_of}", encoder.parse)


@contextmanager
def adapter_in_weights(model: Any, config: EvaluateConfig) -> Iterator[None]:
    """Within, the adapter is added into the weights, which halves the matrix products.

    Into quantised weights it would not fit exactly, so there it stays beside them.
    """
    if config.quantization != "none":
        yield
        return
    model.merge_adapter()
    try:
        yield
    finally:
        model.unmerge_adapter()


def evaluate_base(model: Any, encoder: Any, examples: Sequence[Example], config: EvaluateConfig) -> Any:
    """Score the base model, or take the result of the same measurement from an earlier run."""
    from tooltune.evaluate import Evaluation

    path = config.output_dir / BASE_EVALUATION
    key = _measurement(examples, encoder, config)
    with_key = read_earlier(path)
    if with_key.get("key") == key:
        console.print(f"Base evaluation: taken from {path}")
        return Evaluation.from_dict(with_key["evaluation"])
    start = time.monotonic()
    base = evaluate(model, encoder, examples, config, "base")
    write_json(path, {"key": key, "seconds": time.monotonic() - start, "evaluation": base.to_dict()})
    return base


def base_seconds(folder: Path) -> float:
    """How long the base model's measurement took; 0 where there is none."""
    return float(read_earlier(folder / BASE_EVALUATION).get("seconds", 0))


def _measurement(examples: Sequence[Example], encoder: Any, config: EvaluateConfig) -> str:
    """What the base model's result depends on, as a hash."""
    settings = config.model_dump(
        mode="json", include={"model_name", "chat_format", "dtype", "quantization", "max_new_tokens"}
    )
    data = [example.to_dict() for example in examples]
    text = json.dumps([settings, encoder.template(), data], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def share_right(model: Any, encoder: Any, examples: Sequence[Example], config: EvaluateConfig) -> float:
    """The share of held-out decisions that are right: what early stopping goes by."""
    from tooltune.evaluate import evaluate_model, items_of, local_replies

    sizes: dict[str, Any] = {"max_new_tokens": config.max_new_tokens, "batch_size": config.eval_batch_size}
    replies = local_replies(model, encoder, **sizes)
    found = evaluate_model(replies, items_of(examples), label="held out", parse=encoder.parse)
    return found.summary().overall["right"].value or 0.0
