"""`tooltune evaluate`: measure a model, here or behind an endpoint."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from tooltune.config import EvaluateCommandConfig
from tooltune.dataset import Split, load_dataset, split_dataset
from tooltune.errors import ConfigError
from tooltune.evaluate import Evaluation, Replies, evaluate_model, items_of
from tooltune.evaluate.endpoint import Endpoint, endpoint_replies
from tooltune.evaluate.few_shot import few_shot
from tooltune.evaluate.samples import costs, pass_table
from tooltune.files import writable_folder
from tooltune.pipeline import (
    adapter_merged,
    console,
    finish_evaluation,
    load,
    open_model,
    progress,
    require_train_extra,
)

Source = Callable[[int, Callable[[int, int], None]], Replies]
"""Makes a source of replies from a seed and what is told of progress."""


def evaluate_only(model_name: str, config: EvaluateCommandConfig) -> None:
    """Measure a model on a dataset's held-out part: a run's folder, a base model, or an endpoint's."""
    writable_folder(config.output_dir, "the report")
    split = read_split(config)
    if config.endpoint:
        runs = measure(endpoint_source(model_name, config), split, config, model_name)
        say_failures(runs[0])
        finish(config, runs, tuned=False)
        return
    require_train_extra()
    from tooltune.export.save import MANIFEST, load_tuned

    if (Path(model_name) / MANIFEST).exists():
        model, encoder, manifest = load_tuned(Path(model_name))
        with adapter_merged(model, manifest["config"]["quantization"]):
            finish(config, measure(local_source(model, encoder, config), split, config, "tuned"), tuned=True)
        return
    config = config.model_copy(update={"model_name": model_name})
    encoder = open_model(config)
    finish(config, measure(local_source(load(config), encoder, config), split, config, "base"), tuned=False)


def read_split(config: EvaluateCommandConfig) -> Split:
    """The dataset's parts: one to ask about, one to take solved examples from."""
    return split_dataset(load_dataset(config.data_path), config.held_out_share, str(config.data_path))


def measure(source: Source, split: Split, config: EvaluateCommandConfig, label: str) -> list[Evaluation]:
    """One evaluation of all held-out items for each of --samples."""
    runs = []
    for number in range(config.samples):
        with progress(f"evaluate {label}") as advance:
            replies = few_shot(source(config.seed + number, advance), split.train, config.few_shot)
            runs.append(evaluate_model(replies, items_of(split.held_out), label=label))
    return runs


def local_source(model: Any, encoder: Any, config: EvaluateCommandConfig) -> Source:
    """Replies of a loaded model."""
    from tooltune.evaluate import local_replies

    constraints = constraints_for(encoder) if config.constrained else None
    return lambda seed, advance: local_replies(
        model,
        encoder,
        max_new_tokens=config.max_new_tokens,
        batch_size=config.eval_batch_size,
        temperature=config.temperature,
        seed=seed,
        constraints=constraints,
        progress=advance,
    )


def constraints_for(encoder: Any) -> Any:
    """What --constrained keeps calls to.

    Raises:
        ConfigError: the model writes another format than the documented one.
        MissingExtraError: llguidance is not installed.
    """
    from tooltune.chat import TextEncoder
    from tooltune.evaluate.constrained import Constraints

    if not isinstance(encoder, TextEncoder):
        raise ConfigError("--constrained", "a model in its native chat format", "the documented format")
    return Constraints(encoder.tokenizer, lambda text: console.print(f"Note: {text}", markup=False))


def endpoint_source(model_name: str, config: EvaluateCommandConfig) -> Source:
    """Replies of --endpoint."""
    key = os.environ.get(config.api_key_variable)
    if key is None and "api_key_variable" in config.model_fields_set:
        raise ConfigError("--api_key_variable", f"{config.api_key_variable} is not set", "an environment variable")
    return lambda seed, advance: endpoint_replies(
        Endpoint(
            url=str(config.endpoint),
            model=model_name,
            api_key=key or "none",
            concurrency=config.concurrency,
            timeout=config.timeout,
            retries=config.retries,
            max_new_tokens=config.max_new_tokens,
            temperature=config.temperature,
            seed=seed,
        ),
        advance,
    )


def say_failures(evaluation: Evaluation) -> None:
    """How many questions got no reply, and the commonest reason in the endpoint's own words."""
    reasons = [r.reply.error for r in evaluation.results if r.seconds is None and r.reply.error]
    if reasons:
        (reason, _), *_ = Counter(reasons).most_common(1)
        console.print(f"No reply to {len(reasons)} of {len(evaluation.results)} questions: {reason}", markup=False)


def finish(config: EvaluateCommandConfig, runs: Sequence[Evaluation], tuned: bool) -> None:
    """The report of the first sample, with pass^k over all."""
    facts: dict[str, Any] = {"config": config.model_dump(mode="json"), "replies": costs(runs[0])}
    if len(runs) > 1:
        facts["pass^k"] = pass_table(runs)
    finish_evaluation(config, None if tuned else runs[0], runs[0] if tuned else None, facts)
    if len(runs) > 1:
        from tooltune.report.terminal import print_passes

        print_passes(facts["pass^k"])
