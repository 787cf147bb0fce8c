"""The straight line: tools -> dataset -> base model -> training -> tuned model -> report.

Read `run` from top to bottom and you have seen the whole product. torch and what needs it are
imported inside functions, so that making data needs none of it.
"""

from __future__ import annotations

import importlib.util
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from tooltune.config import (
    DataConfig,
    EvaluateConfig,
    RunConfig,
    TrainCommandConfig,
    TrainConfig,
)
from tooltune.dataset import Split, load_split, make_dataset
from tooltune.errors import ConfigError, missing_extra
from tooltune.files import file_hash, read_earlier, writable_folder, write_json
from tooltune.measuring import base_seconds, evaluate_base, evaluate_tuned, share_right
from tooltune.progress import console, progress
from tooltune.tools import check_tools
from tooltune.types import Tool

SETTINGS = "settings.json"
SAVING_SECONDS = 5
"""What writing the adapter and the report takes, about."""


@dataclass
class Clock:
    """How long each stage took, in seconds."""

    durations: dict[str, float] = field(default_factory=dict)
    start: float = field(default_factory=time.monotonic)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        start = time.monotonic()
        yield
        self.durations[name] = round(time.monotonic() - start, 1)


def run(config: RunConfig, tools: Sequence[Tool], where: str = "EXAMPLE_TOOLS") -> None:
    """From tools to a tuned and measured model.

    Args:
        config: all settings.
        tools: what the model shall learn to call.
        where: where the tools come from, for errors.
    """
    clock = Clock()
    check_tools(tools, where)
    uses_model = config.base_model_inference or not config.generate_only
    encoder = open_model(config) if uses_model else None

    with clock.stage("data"):
        generated = ensure_dataset(config, tools)
    if encoder is None:
        return
    split = load_split(config.data_path, config.held_out_share)
    model = load(config)
    with clock.stage("base evaluation"):
        base = evaluate_base(model, encoder, split.held_out, config)
    if config.base_model_inference:
        finish_evaluation(config, base, None)
        return
    with clock.stage("training"):
        trained, encoding = train_model(model, encoder, split, in_time(config, clock))
    with clock.stage("tuned evaluation"):
        tuned, best = evaluate_tuned(trained.model, encoder, split.held_out, config)
    with clock.stage("saving"):
        save(config, trained, encoder, tools)
    summary = describe(config, split, encoding, clock, generated) | best_of_facts(config, best)
    write_description(config, summary)
    finish_evaluation(config, base, tuned, summary)
    say_best(summary)
    say_where(config)


def open_model(config: EvaluateConfig) -> Any:
    """Everything that can be wrong with model and folder, found before long work: the encoder."""
    require_train_extra()
    from tooltune.train.model import load_tokenizer, make_encoder, quantization_config

    quantization_config(config)
    tracker = getattr(config, "report_to", "none")
    if tracker != "none" and importlib.util.find_spec(tracker) is None:
        missing_extra(tracker, "trackers")
    if isinstance(config, TrainConfig):
        if config.stage != "sft" and importlib.util.find_spec("trl") is None:
            missing_extra("trl", "preference")
        from tooltune.train.lora import check_adapter
        from tooltune.train.stage import check_stage

        check_stage(config)
        check_adapter(config)
    writable_folder(config.output_dir, "the results")
    return make_encoder(load_tokenizer(config.model_name), config)


def require_train_extra() -> None:
    """Raise the error that names the extra, when torch and its friends are not installed."""
    for library in ("torch", "transformers", "peft", "accelerate", "matplotlib"):
        try:
            __import__(library)
        except ImportError as error:
            missing_extra(library, "train", error)
    import warnings

    from transformers.utils import logging

    # peft asks transformers for an attribute by its old name; a user can do nothing about it.
    warnings.filterwarnings("ignore", message="`is_gradient_checkpointing` is deprecated")
    logging.set_verbosity_error()
    logging.disable_progress_bar()


def ensure_dataset(config: RunConfig, tools: Sequence[Tool]) -> dict[str, Any] | None:
    """Generate the dataset when it is not there, or when that alone was asked for: what was kept and dropped."""
    if config.data_path.exists() and not config.generate_only:
        console.print(f"Dataset: {config.data_path} (exists, used as it is)")
        return None
    return generate(config, tools)


def generate(config: DataConfig, tools: Sequence[Tool], **how: Any) -> dict[str, Any]:
    """Write the dataset and say what is in it; returns the counts. `how` is `make_dataset`'s."""
    with progress("generate") as advance:
        report = make_dataset(config, tools, advance, **how)
    console.print(f"Dataset: {config.data_path}\n{report.to_text()}")
    return report.to_dict()


def load(config: EvaluateConfig) -> Any:
    """The base model."""
    from tooltune.train.model import load_model

    with console.status(f"Loading {config.model_name}"):
        return load_model(config)


def in_time(config: RunConfig, clock: Clock) -> RunConfig:
    """The same settings, with the minutes that are left for training.

    The tuned model's measurement is taken to last as long as the base model's, whose replies ramble on, and each
    further reply to what is in doubt 0.25 of that: 41 s and 32 s, and 18 s and 23 s for 4 more, where the base took
    52 s and 43 s; a slower moment of the machine has to fit in as well.
    """
    if not config.max_minutes:
        return config
    after = base_seconds(config.output_dir) * (1 + 0.25 * (config.best_of - 1)) + SAVING_SECONDS
    left = 60 * config.max_minutes - (time.monotonic() - clock.start) - after
    return config.model_copy(update={"max_minutes": max(left, 1) / 60})


def train_model(
    model: Any, encoder: Any, split: Split, config: RunConfig | TrainCommandConfig
) -> tuple[Any, Mapping[str, Any]]:
    """Encode, add the adapter, train. Returns the trained model and what became of the examples."""
    if config.stage != "sft":
        return _train_stage(model, encoder, split, config)
    from tooltune.train.lora import add_lora
    from tooltune.train.prepare import prepare
    from tooltune.train.trainer import train

    sizes: dict[str, Any] = {
        "max_length": config.max_length,
        "batch_size": config.per_device_train_batch_size,
        "seed": config.seed,
        "max_tokens": config.max_tokens_per_batch,
    }
    packs, report = prepare(split.train, encoder, **sizes)
    held_out = prepare(split.held_out, encoder, **sizes)[0] if config.eval_steps else []
    console.print(
        f"Training: {report.kept} examples, {report.tokens:,} tokens, {report.trained_tokens:,} of them trained, "
        f"{report.computed_tokens:,} computed an epoch; {report.shortened} shortened, {report.too_long} left out"
    )
    check_settings(config)
    measure = partial(share_right, encoder=encoder, examples=split.held_out, config=config)
    trained = train(add_lora(model, config), packs, held_out, config, encoder.pad_id, measure)
    _note(trained.notices)
    return trained, report.to_dict()


def _train_stage(
    model: Any, encoder: Any, split: Split, config: RunConfig | TrainCommandConfig
) -> tuple[Any, Mapping[str, Any]]:
    """The stages dpo and grpo."""
    from tooltune.train.lora import add_lora
    from tooltune.train.preference import stage_data, train_stage, what_moved
    from tooltune.train.stage import ignored_flags

    if ignored := ignored_flags(config):
        _note([f"--stage {config.stage} makes no use of {', '.join(ignored)}"])
    data = stage_data(split.train, encoder, config)
    console.print(f"Training ({config.stage}): {', '.join(f'{key} {value}' for key, value in data.report.items())}")
    check_settings(config)
    trained = train_stage(add_lora(model, config), data, encoder, config)
    _note(trained.notices)
    console.print(what_moved(trained.history, config.stage))
    return trained, data.report


def _note(notices: Sequence[str]) -> None:
    """What did not go as asked, and is no error."""
    for notice in notices:
        console.print(f"Note: {notice}")


def check_settings(config: RunConfig | TrainCommandConfig) -> None:
    """Refuse to resume with settings under which the checkpoint means something else."""
    path = config.output_dir / SETTINGS
    ignored = {"resume", "merge", "report_to", "tools", "eval_batch_size", "max_new_tokens", "num_examples", "workers",
               "max_minutes", "best_of", "engine", "train_workers", "max_restarts"}  # fmt: skip
    now = config.model_dump(mode="json", exclude=ignored) | {"data": file_hash(config.data_path)}
    before = read_earlier(path)
    for key in now if config.resume else ():
        if key in before and before[key] != now[key]:
            raise ConfigError(
                f"--resume, {key}",
                f"{now[key]!r}",
                f"{before[key]!r} as in the run to resume",
                f"See {path}.",
            )
    write_json(path, now)


def save(config: TrainConfig, trained: Any, encoder: Any, tools: Sequence[Tool]) -> None:
    """Adapter, tokenizer, tools, loss curve; merged weights if asked for."""
    from tooltune.export.save import save_adapter, save_merged
    from tooltune.report import plot_loss

    save_adapter(trained.model, encoder, config.output_dir, trained.adapter)
    write_json(config.output_dir / "tools.json", [tool.to_dict() for tool in tools])
    write_json(config.output_dir / "history.json", list(trained.history))
    plot_loss(trained.history, config.output_dir / "loss.png", config.stage)
    if config.merge:
        save_merged(config, encoder, config.output_dir)


def describe(
    config: RunConfig | TrainCommandConfig,
    split: Split,
    encoding: Mapping[str, Any],
    clock: Clock,
    generated: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The manifest: versions come with it; here the seed, data, settings and durations."""
    return {
        "config": config.model_dump(mode="json"),
        "seed": config.seed,
        "data": {
            "path": str(config.data_path),
            "sha256": file_hash(config.data_path),
            "train": len(split.train),
            "held_out": len(split.held_out),
            "split_by": split.by,
            "scenarios": split.scenarios(),
            "generation": dict(generated or {}),
            "encoding": dict(encoding),
        },
        "durations_s": dict(clock.durations),
    }


def write_description(config: TrainConfig, summary: Mapping[str, Any]) -> None:
    """The manifest."""
    from tooltune.export.save import write_manifest

    write_manifest(config.output_dir, summary)


def finish_evaluation(
    config: EvaluateConfig,
    base: Any,
    tuned: Any,
    summary: Mapping[str, Any] | None = None,
    by_state: Sequence[Any] = (),
) -> None:
    """Write the report and print its tables."""
    from tooltune.report import print_by_state, print_table, write_report

    write_report(config.output_dir, base, tuned, summary or {"config": config.model_dump(mode="json")}, by_state)
    if base or tuned or not by_state:
        print_table(base, tuned)
    print_by_state(by_state)
    console.print(f"\nReport:                {config.output_dir / 'report.html'} (also report.md, report.json)")


def best_of_facts(config: EvaluateConfig, best: Any) -> dict[str, Any]:
    """The rates of the best of several replies, as facts of the run; none where one reply was asked for."""
    from tooltune.evaluate.results import METRICS
    from tooltune.report.comparison import show_rate

    rates = best.summary().overall if best else {}
    shown = {METRICS[name].title: show_rate(rate) for name, rate in rates.items() if rate.n}
    return {"best_of": {"replies": config.best_of} | shown} if best else {}


def say_best(summary: Mapping[str, Any]) -> None:
    """What the best of several replies reaches, below the table of single ones."""
    facts = summary.get("best_of", {})
    names = [name for name in ("Right decision", "Exact call", "Abstained or asked") if name in facts]
    if facts:
        rates = "; ".join(f"{name.lower()} {facts[name]}" for name in names)
        console.print(f"Best of {facts['replies']} replies:      {rates}", markup=False)


def say_where(config: TrainConfig) -> None:
    """Where everything lies, and the command that asks the model a question."""
    folder = config.output_dir
    console.print(f"Adapter and tokenizer: {folder}")
    if config.merge:
        console.print(f"Merged weights:        {folder / 'merged'}")
    console.print(f"Loss curve, manifest:  {folder / 'loss.png'}, {folder / 'manifest.json'}")
    how = f" --best_of {config.best_of}" if config.best_of > 1 else ""
    console.print(f'\nAsk it something:\n  tooltune ask {folder} "What\'s the weather in Oslo?"{how}')
