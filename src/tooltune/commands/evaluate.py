"""`tooltune evaluate`: measure models on a suite, a file, or the held-out part of a dataset."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import Any

from tooltune.commands.systems import System, Systems, open_systems, run_manifest, with_own_data
from tooltune.config import EvaluateCommandConfig
from tooltune.dataset import load_dataset, load_split
from tooltune.errors import ConfigError
from tooltune.evaluate import Evaluation, Replies
from tooltune.evaluate.baselines import baselines
from tooltune.evaluate.by_state import StateEvaluation, evaluate_by_state
from tooltune.evaluate.chosen import Chosen, GateResult, check_contamination, choose
from tooltune.evaluate.few_shot import few_shot
from tooltune.evaluate.outputs import OUTPUTS, OutputLog, kept
from tooltune.evaluate.record import PARSERS, Asked, Record
from tooltune.evaluate.samples import costs, pass_table
from tooltune.evaluate.suites import write_bfcl_conversations, write_bfcl_results
from tooltune.files import file_hash, writable_folder, write_json
from tooltune.measuring import measure
from tooltune.pipeline import finish_evaluation
from tooltune.progress import console, progress
from tooltune.types import Example

Data = tuple[list[Example], str]
"""The examples that were trained on, and where they come from."""


def evaluate_only(model_name: str, config: EvaluateCommandConfig) -> None:
    """Measure a run's folder, a base model or an endpoint's; what a killed run has asked is not asked again."""
    writable_folder(config.output_dir, "the report")
    if config.bfcl_results:
        writable_folder(config.bfcl_results, "BFCL's results")
    config = with_own_data(config, partial(_own_data, model_name, config))
    chosen = choose(config)
    data = _training_data(model_name, config)
    gate = _gate(chosen, data, config.strict)
    shots = _solved(data, config)
    systems = open_systems(model_name, config)
    record = _record(model_name, systems, chosen, gate)
    record.write(config.output_dir)
    finish(systems.config, record, *_ask_all(systems, record, shots))


def _own_data(model_name: str, config: EvaluateCommandConfig) -> dict[str, Any]:
    """What the manifest of a finished run says of its dataset; empty where the model is none."""
    manifest = run_manifest(model_name, config)
    if not manifest:
        return {}
    return {"data_path": Path(manifest["data"]["path"]), "held_out_share": manifest["config"]["held_out_share"]}


def _training_data(model_name: str, config: EvaluateCommandConfig) -> Data | None:
    """--train_data, or what the run's manifest says; None where neither is known."""
    if config.train_data:
        examples = load_dataset(config.train_data)
        return [e for e in examples if e.metadata.get("split") != "held_out"], str(config.train_data)
    manifest = run_manifest(model_name, config)
    data = manifest.get("data", {})
    path = Path(data.get("path", ""))
    if not path.is_file() or file_hash(path) != data.get("sha256"):
        return None
    return load_split(path, manifest["config"]["held_out_share"]).train, str(path)


def _gate(chosen: Chosen, data: Data | None, strict: bool) -> GateResult | None:
    """Compare the training data with the questions, if it is known."""
    if data is None:
        console.print("Contamination gate: not run, since the training data is not known (--train_data FILE)")
        return None
    result = check_contamination(chosen, *data, strict=strict)
    console.print(result.to_text(), markup=False)
    return result


def _solved(data: Data | None, config: EvaluateCommandConfig) -> Sequence[Example]:
    """What solved examples are taken from: the training data, or the part of --data_path that is not asked.

    Raises:
        ConfigError: neither is there.
    """
    if not (config.few_shot or config.baselines):
        return ()
    if data is not None:
        return data[0]
    if not config.data_path.is_file():
        found = f"no training data: none is known, and {config.data_path} is absent"
        raise ConfigError("--few_shot", found, "solved examples", "Give them as --train_data FILE.")
    return load_split(config.data_path, config.held_out_share).train


def _record(model_name: str, systems: Systems, chosen: Chosen, gate: GateResult | None) -> Record:
    facts = {
        "model": model_name,
        "questions": chosen.source,
        "items": len(chosen.items),
        **({"conversations": len(chosen.conversations)} if chosen.conversations else {}),
        "contamination": gate.to_dict() if gate else "not checked: the training data is not known",
        "config": systems.config.model_dump(mode="json"),
    }
    return Record(chosen.items, tuple(system.asked for system in systems.all), facts, chosen.conversations)


def _ask_all(
    systems: Systems, record: Record, shots: Sequence[Example]
) -> tuple[list[Evaluation], list[StateEvaluation]]:
    """An evaluation of each system, if decisions are asked, and its conversations.

    A state is entered once: merging and unmerging rounds the weights.
    """
    evaluations, by_state = [], dict[str, StateEvaluation]()
    for state, members in groupby(systems.all, key=lambda system: system.state):
        with state():
            for system in members:
                replies = _source(system, systems.config.output_dir, shots)
                evaluations += [_ask(system.asked, replies, record)] if record.items else []
                if record.conversations and system.asked.label not in by_state:  # of several samples the first
                    by_state[system.asked.label] = _hold(system.asked, replies, record)
    return evaluations, list(by_state.values())


def _source(system: System, folder: Path, shots: Sequence[Example]) -> Replies:
    """Who answers; what is known from an earlier run is not asked again."""
    log = OutputLog(folder / OUTPUTS, system.asked.label, system.asked.hash)
    return few_shot(kept(system.replies, log), shots, system.few_shot)


def _ask(asked: Asked, replies: Replies, record: Record) -> Evaluation:
    evaluation: Evaluation = measure(replies, record.items, asked.label, PARSERS[asked.chat_format])
    return evaluation


def _hold(asked: Asked, replies: Replies, record: Record) -> StateEvaluation:
    parse = PARSERS[asked.chat_format]
    with progress(f"conversations {asked.label}") as advance:
        return evaluate_by_state(replies, record.conversations, label=asked.label, parse=parse, progress=advance)


def finish(
    config: EvaluateCommandConfig,
    record: Record,
    evaluations: Sequence[Evaluation],
    by_state: Sequence[StateEvaluation] = (),
) -> None:
    """Write the report and what else is wanted, and print the tables.

    Args:
        config: where to, and what is wanted.
        record: what was asked.
        evaluations: one for each of the record's models, or none where no decision was asked; of several samples
            the first is reported.
        by_state: how their conversations ended, if some were held.
    """
    samples = _by_label(evaluations)
    first = [runs[0] for runs in samples.values()]
    passes = {label: pass_table(runs) for label, runs in samples.items() if len(runs) > 1}
    facts = {**record.facts, "replies": _costs(first, by_state), **({"pass^k": passes} if passes else {})}
    tuned = next((e for e in first if e.label == "tuned"), None)
    base = next((e for e in first if e is not tuned), None)
    finish_evaluation(config, base, tuned, facts, by_state)
    _print_passes(passes)
    if config.baselines and first:
        _finish_baselines(config, [*first, *baselines(record.items)])
    for evaluation in first:
        _say_failures(evaluation)
        if config.bfcl_results:
            write_bfcl_results(config.bfcl_results, evaluation)
    if config.bfcl_results:
        for held in by_state:
            write_bfcl_conversations(config.bfcl_results, held)


def _costs(evaluations: Sequence[Evaluation], by_state: Sequence[StateEvaluation]) -> dict[str, Any]:
    """Of single decisions, and of the replies within conversations."""
    held = {e.label: [output for outcome in e.outcomes for output in outcome.outputs] for e in by_state}
    single = {evaluation.label: costs(evaluation.results) for evaluation in evaluations}
    return single | {f"{label}, in conversations": costs(outputs) for label, outputs in held.items()}


def _by_label(evaluations: Sequence[Evaluation]) -> dict[str, list[Evaluation]]:
    """The samples of each label."""
    return {e.label: [other for other in evaluations if other.label == e.label] for e in evaluations}


def _print_passes(passes: Mapping[str, Any]) -> None:
    from tooltune.report.terminal import print_passes

    for label, table in passes.items():
        print_passes(label, table)


def _finish_baselines(config: EvaluateCommandConfig, systems: Sequence[Evaluation]) -> None:
    """All systems in one table, beside the two policies that need no model."""
    from tooltune.report.terminal import print_systems

    path = config.output_dir / "baselines.json"
    write_json(path, [system.to_dict() | system.summary().to_dict() for system in systems])
    print_systems(systems)
    console.print(f"\nEvery answer:          {path}")


def _say_failures(evaluation: Evaluation) -> None:
    """How many questions got no reply, and the commonest reason in the endpoint's own words."""
    reasons = [r.reply.error for r in evaluation.results if r.seconds is None and r.reply.error]
    if reasons:
        (reason, _), *_ = Counter(reasons).most_common(1)
        console.print(f"No reply to {len(reasons)} of {len(evaluation.results)} questions: {reason}", markup=False)
