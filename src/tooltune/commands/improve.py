"""`tooltune improve`: train a run on, round by round, aimed at what it still gets wrong.

A round counts which decisions on the run's own held-out part were wrong, makes new examples with more of the scenarios
and tools behind them, leaves out every example that shares anything with a held-out question, trains on from the last
adapter, and asks the same held-out part again. The first round whose gain may be chance is the last.

Not covered: since rounds are chosen by it, the held-out part flatters the last one; measure it elsewhere too.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from rich import box
from rich.table import Table

from tooltune.config import ImproveConfig, RunConfig
from tooltune.dataset import load_split, stream_examples
from tooltune.errors import ConfigError, DataError, Interrupted, ToolDefinitionError
from tooltune.evaluate import Evaluation, items_of
from tooltune.evaluate.breakdown import cluster
from tooltune.evaluate.statistics import Difference, clustered_difference, mcnemar_paired
from tooltune.files import file_hash, writable_folder, write_json
from tooltune.formats.documented import text_of, write_texts
from tooltune.generate import SHARES
from tooltune.generate.aim import aimed_shares, aimed_tool_sets
from tooltune.measuring import evaluate_tuned
from tooltune.pipeline import (
    SETTINGS,
    Clock,
    describe,
    finish_evaluation,
    load,
    open_model,
    require_train_extra,
    save,
    train_model,
    write_description,
)
from tooltune.progress import console
from tooltune.report.comparison import show_p, show_rate
from tooltune.report.read import read_report
from tooltune.tools import load_tools
from tooltune.types import Example, Tool
from tooltune.verify import Gate, without_contamination
from tooltune.verify.held_out import HeldOut
from tooltune.verify.words import user_texts

IMPROVE = "improve"
CHANCE = 0.05
"""A gain with a p-value of this or more may be chance."""
POOL = 4
"""So many times the wanted examples are made, to choose tool sets from."""


@dataclass(frozen=True)
class Stage:
    """A model on the way: the run itself, or a round."""

    name: str
    folder: Path
    evaluation: Evaluation

    def failures(self) -> tuple[Counter[str], Counter[str]]:
        """How often each scenario, and each tool that was expected or called, went wrong."""
        wrong = [result for result in self.evaluation.results if not result.right]
        tools = (call.name for result in wrong for call in (*result.item.calls, *result.reply.calls))
        return Counter(result.item.scenario for result in wrong), Counter(tools)


@dataclass(frozen=True)
class Run:
    """The run to improve: its settings, tools and held-out part."""

    folder: Path
    config: RunConfig
    tools: Sequence[Tool]
    held_out: Sequence[Example]


def improve(folder: Path, config: ImproveConfig) -> list[Stage]:
    """Train on until a gain may be chance or the rounds are over; finished rounds are taken as they are.

    Returns:
        The run and its rounds, in order.

    Raises:
        ModelError, DataError: the folder holds no finished run, its data has changed, or its report is on other items.
        ConfigError: its rounds were begun with other settings.
    """
    require_train_extra()
    run = _open(folder)
    stages = [Stage("run", folder, _own_report(run))]
    _keep_settings(folder, config)
    while len(stages) <= config.rounds and _worth_a_round(stages):
        stages.append(_round(run, stages[-1], len(stages), config))
    _print(stages)
    return stages


def _open(folder: Path) -> Run:
    from tooltune.export.save import read_manifest

    manifest = read_manifest(folder)
    known = {name: value for name, value in manifest["config"].items() if name in RunConfig.model_fields}
    config: RunConfig = RunConfig.parse(known, str(folder))
    path = config.data_path
    if not path.is_file() or file_hash(path) != manifest["data"]["sha256"]:
        found = "not the dataset that the run was made with" if path.is_file() else "no such file"
        raise DataError(str(path), found, f"the dataset of {folder}", "Start where the run was started.")
    held_out = load_split(path, config.held_out_share).held_out
    tools = load_tools(folder / "tools.json")
    if not {tool.name for tool in tools} & {tool.name for example in held_out for tool in example.tools}:
        found = "none of the tools of the held-out part"
        raise DataError(str(folder / "tools.json"), found, "those of the dataset", "Make the run with its --tools.")
    return Run(folder, config, tools, held_out)


def _own_report(run: Run) -> Evaluation:
    """The run's evaluation, on its own held-out part: other questions must never decide what is trained on."""
    evaluation = read_report(run.folder, "tuned")
    asked = [result.item.to_dict() for result in evaluation.results]
    if asked != [item.to_dict() for item in items_of(run.held_out)]:
        path = str(run.folder / "report.json")
        fix = f"Measure it: tooltune evaluate {run.folder} --data_path {run.config.data_path} --output_dir {run.folder}"
        raise DataError(path, "other questions", f"the held-out part of {run.config.data_path}", fix)
    return evaluation


def _keep_settings(folder: Path, config: ImproveConfig) -> None:
    """Rounds that were made with other settings, or of another adapter, are not gone on with."""
    path = writable_folder(folder / IMPROVE, "the rounds") / SETTINGS
    adapter = file_hash(folder / "adapter_model.safetensors")
    now = config.model_dump(mode="json", exclude={"rounds"}) | {"adapter": adapter}
    before = json.loads(path.read_text(encoding="utf-8")) if path.exists() else now
    for key in now:
        if before[key] != now[key]:
            where = f"--{key}" if key != "adapter" else f"{folder}, adapter"
            fix = f"Give the same, or remove {path.parent}."
            raise ConfigError(where, str(now[key]), f"{before[key]} as in the rounds so far", fix)
    write_json(path, now)


def _worth_a_round(stages: Sequence[Stage]) -> bool:
    """Whether something is wrong, and the last round's gain, if there was one, is hardly chance."""
    last = stages[-1]
    wrong = any(not result.right for result in last.evaluation.results)
    return wrong and (len(stages) == 1 or surely_better(stages[-2].evaluation, last.evaluation))


def surely_better(before: Evaluation, after: Evaluation) -> bool:
    """Whether the second model is better on the same items, and hardly by chance (McNemar's exact test)."""
    gain, p = _gain(before, after)
    return gain is not None and gain.value > 0 and p < CHANCE


def _gain(before: Evaluation, after: Evaluation) -> tuple[Difference | None, float]:
    """The difference with its interval (bootstrap over tools), and the p-value of McNemar's test."""
    pairs = [(a.item, a.right, b.right) for a, b in zip(before.results, after.results, strict=True)]
    difference = clustered_difference((cluster(item), first, second) for item, first, second in pairs)
    return difference, mcnemar_paired((first, second) for _, first, second in pairs)


def _round(run: Run, before: Stage, number: int, config: ImproveConfig) -> Stage:
    name = f"round-{number}"
    folder = run.folder / IMPROVE / name
    if (folder / "report.json").exists():
        console.print(f"{name}: taken from {folder}")
    else:
        settings = _settings(run, before, folder, config)
        if not settings.data_path.exists():
            _write_data(run, before, settings, run.config.seed + number)
        try:
            _train(settings, run.tools, before)
        except Interrupted as error:
            raise Interrupted(error.checkpoint, error.step, "The same command goes on.") from None
    return Stage(name, folder, read_report(folder, "tuned"))


def _settings(run: Run, before: Stage, folder: Path, config: ImproveConfig) -> RunConfig:
    """A round's settings: the run's, aimed at the failures, from the last adapter on."""
    from tooltune.train.lora import saved_settings

    shares = aimed_shares(SHARES | run.config.shares(), before.failures()[0])
    changed = {
        "output_dir": folder,
        "data_path": folder / "dataset.jsonl",
        "adapter": before.folder,
        "init_lora_weights": "default",
        "num_examples": config.num_examples,
        "scenario_shares": tuple(f"{name}={share:.4g}" for name, share in shares.items()),
        "num_train_epochs": config.num_train_epochs,
        "learning_rate": config.learning_rate or run.config.learning_rate / 2,
        "resume": True,
        "merge": False,
        "max_minutes": None,
        "best_of": 1,
    }
    values = run.config.model_dump() | saved_settings(before.folder) | changed
    settings: RunConfig = RunConfig.parse(values, str(run.folder))
    return settings


def _write_data(run: Run, before: Stage, settings: RunConfig, seed: int) -> None:
    """A round's dataset: new examples that share nothing with the held-out part, and that part itself."""
    pool = settings.model_copy(update={"num_examples": POOL * settings.num_examples})
    clean = without_contamination(_as_many(stream_examples(pool, run.tools, seed)), _gate(run.held_out))
    with console.status("Making data"):
        chosen = aimed_tool_sets(clean, before.failures()[1], settings.num_examples, seed)
    writable_folder(settings.data_path.parent, "the round")
    write_texts(settings.data_path, _texts(chosen, run.held_out))
    scenarios = Counter(str(example.metadata["scenario"]) for example in chosen)
    mix = ", ".join(f"{name} {count}" for name, count in scenarios.most_common())
    console.print(f"{settings.data_path}: {len(chosen)} new examples, none like a held-out one\n  {mix}")


def _as_many(examples: Iterable[Example]) -> Iterator[Example]:
    """The examples, as far as different ones can be made: few tools may not allow a whole pool."""
    made = iter(examples)
    yield next(made)  # that none can be made is an error
    with suppress(ToolDefinitionError):
        yield from made


def _gate(held_out: Sequence[Example]) -> Gate:
    """The tools are the same on purpose; what users say must not be."""
    entries = (HeldOut(f"held-out example {i}", tuple(user_texts(e))) for i, e in enumerate(held_out))
    return Gate(entries, compare_tools=False)


def _texts(train: Sequence[Example], held_out: Sequence[Example]) -> Iterator[str]:
    for split, examples in (("train", train), ("held_out", held_out)):
        for number, example in enumerate(examples):
            marked = replace(example, metadata={**example.metadata, "split": split})
            yield text_of(marked, ".jsonl", f"{split} example {number}")


def _train(config: RunConfig, tools: Sequence[Tool], before: Stage) -> None:
    """Train on, ask the held-out part again, save; the report comes last and marks the round as finished."""
    clock = Clock()
    encoder = open_model(config)
    split = load_split(config.data_path, config.held_out_share)
    with clock.stage("training"):
        trained, encoding = train_model(load(config), encoder, split, config)
    with clock.stage("evaluation"):
        after, _ = evaluate_tuned(trained.model, encoder, split.held_out, config)
    with clock.stage("saving"):
        save(config, trained, encoder, tools)
    summary = describe(config, split, encoding, clock)
    write_description(config, summary)
    finish_evaluation(config, replace(before.evaluation, label="before"), after, summary)


def _print(stages: Sequence[Stage]) -> None:
    """The table, and which adapter to take."""
    shown = Table(title="Right decisions on the held-out part", box=box.SIMPLE_HEAD, pad_edge=False)
    for heading in ("model", "right", "gain (95 %)", "p", "most failures"):
        shown.add_column(heading)
    for before, stage in zip([None, *stages], stages, strict=False):
        shown.add_row(*_row(before, stage))
    console.print(shown)
    better = len(stages) == 1 or surely_better(stages[-2].evaluation, stages[-1].evaluation)
    console.print(f"Take {(stages[-1] if better else stages[-2]).folder}", markup=False)


def _row(before: Stage | None, stage: Stage) -> tuple[str, ...]:
    failing = ", ".join(f"{name} {count}" for name, count in stage.failures()[0].most_common(3))
    gain, p = _gain(before.evaluation, stage.evaluation) if before else (None, None)
    points = f"{100 * gain.value:+.1f} ({100 * gain.low:.1f} to {100 * gain.high:.1f})" if gain else "-"
    return stage.name, show_rate(stage.evaluation.summary().overall["right"]), points, show_p(p), failing or "none"
