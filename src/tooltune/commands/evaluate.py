"""`tooltune evaluate`: measure a model on a suite, a file, or the held-out part of a dataset."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tooltune.config import EvaluateCommandConfig
from tooltune.dataset import load_dataset, split_dataset
from tooltune.evaluate import Evaluation
from tooltune.evaluate.chosen import Chosen, GateResult, check_contamination, choose
from tooltune.evaluate.outputs import OUTPUTS, OutputLog, model_hash
from tooltune.evaluate.record import Asked, Record
from tooltune.evaluate.suites import write_bfcl_results
from tooltune.files import file_hash, writable_folder
from tooltune.pipeline import (
    adapter_in_weights,
    ask_items,
    console,
    finish_evaluation,
    load,
    open_model,
    require_train_extra,
)
from tooltune.types import Example


@dataclass(frozen=True)
class _Subject:
    """The model to measure: itself, how it reads and writes, and its states with the label of each."""

    model: Any
    encoder: Any
    config: EvaluateCommandConfig
    states: Mapping[str, Callable[[], AbstractContextManager[Any]]]


def evaluate_only(model_name: str, config: EvaluateCommandConfig) -> None:
    """Measure a run's folder, or a base model; what an earlier, killed run has asked is not asked again."""
    require_train_extra()
    writable_folder(config.output_dir, "the report")
    chosen = choose(config)
    gate = _gate(model_name, config, chosen)
    subject = _open(model_name, config)
    record = _record(model_name, subject, chosen, gate)
    record.write(config.output_dir)
    evaluations = {asked.label: _ask(subject, record, asked) for asked in record.models}
    finish(subject.config, record, evaluations)


def finish(config: EvaluateCommandConfig, record: Record, evaluations: Mapping[str, Evaluation]) -> None:
    """Write the report, and BFCL's folder if it is wanted."""
    finish_evaluation(config, evaluations.get("base"), evaluations.get("tuned"), record.facts)
    if config.bfcl_results:
        for evaluation in evaluations.values():
            write_bfcl_results(config.bfcl_results, evaluation)


def _gate(model_name: str, config: EvaluateCommandConfig, chosen: Chosen) -> GateResult | None:
    """Compare the training data with the questions, if it is known."""
    found = _training_data(model_name, config)
    if found is None:
        console.print("Contamination gate: not run, since the training data is not known (--train_data FILE)")
        return None
    result = check_contamination(chosen, *found, strict=config.strict)
    console.print(result.to_text(), markup=False)
    return result


def _training_data(model_name: str, config: EvaluateCommandConfig) -> tuple[list[Example], str] | None:
    """The examples that were trained on and where they come from: --train_data, or what the run's manifest says."""
    if config.train_data:
        examples = load_dataset(config.train_data)
        return [e for e in examples if e.metadata.get("split") != "held_out"], str(config.train_data)
    data = _manifest(model_name).get("data", {})
    path = Path(data.get("path", ""))
    if not path.is_file() or file_hash(path) != data.get("sha256"):
        return None
    share = _manifest(model_name)["config"]["held_out_share"]
    return split_dataset(load_dataset(path), share, str(path)).train, str(path)


def _manifest(model_name: str) -> dict[str, Any]:
    from tooltune.export.save import MANIFEST, read_manifest

    return read_manifest(Path(model_name)) if (Path(model_name) / MANIFEST).exists() else {}


def _open(model_name: str, config: EvaluateCommandConfig) -> _Subject:
    manifest = _manifest(model_name)
    if not manifest:
        config = config.model_copy(update={"model_name": model_name})
        encoder = open_model(config)
        return _Subject(load(config), encoder, config, {"base": nullcontext})
    from tooltune.export.save import load_tuned

    model, encoder, _ = load_tuned(Path(model_name))
    kept = {key: manifest["config"][key] for key in ("model_name", "quantization", "chat_format", "dtype")}
    config = config.model_copy(update=kept)
    states: dict[str, Any] = {"base": model.disable_adapter} if config.with_base else {}
    return _Subject(model, encoder, config, states | {"tuned": lambda: adapter_in_weights(model, config)})


def _record(model_name: str, subject: _Subject, chosen: Chosen, gate: GateResult | None) -> Record:
    facts = {
        "model": model_name,
        "questions": chosen.source,
        "items": len(chosen.items),
        "contamination": gate.to_dict() if gate else "not checked: the training data is not known",
        "config": subject.config.model_dump(mode="json"),
    }
    return Record(chosen.items, tuple(_asked(model_name, subject)), facts)


def _asked(model_name: str, subject: _Subject) -> Iterator[Asked]:
    config = subject.config
    settings = config.model_dump(mode="json", include={"chat_format", "dtype", "quantization", "max_new_tokens"})
    for label in subject.states:
        name = config.model_name if label == "base" else model_name
        yield Asked(label, model_hash(name, {**settings, "template": subject.encoder.template()}), config.chat_format)


def _ask(subject: _Subject, record: Record, asked: Asked) -> Evaluation:
    log = OutputLog(subject.config.output_dir / OUTPUTS, asked.label, asked.hash)
    with subject.states[asked.label]():
        evaluation: Evaluation = ask_items(
            subject.model, subject.encoder, record.items, subject.config, asked.label, log
        )
    return evaluation
