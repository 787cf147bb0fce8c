"""`tooltune evaluate RUN --baselines`: what training was worth, beside what can be had without it."""

from __future__ import annotations

from pathlib import Path

from tooltune.commands.evaluate import local_source, measure, read_split
from tooltune.config import EvaluateCommandConfig
from tooltune.evaluate import Evaluation
from tooltune.files import writable_folder, write_json
from tooltune.pipeline import adapter_merged, console, require_train_extra

SHOTS = 3
"""Solved examples that the few-shot baseline shows, unless --few_shot says otherwise."""


def compare_baselines(folder: Path, config: EvaluateCommandConfig) -> list[Evaluation]:
    """Measure base, base few-shot, base constrained, tuned, tuned constrained; print one table.

    Args:
        folder: the output folder of a finished run.
        config: what to measure on, and how.
    """
    require_train_extra()
    from tooltune.export.save import load_tuned
    from tooltune.report.terminal import print_systems

    writable_folder(config.output_dir, "the report")
    split = read_split(config)
    model, encoder, manifest = load_tuned(folder)
    shots = config.few_shot or SHOTS
    found: list[Evaluation] = []

    def add(label: str, few_shot: int = 0, constrained: bool = False) -> None:
        variant = config.model_copy(update={"few_shot": few_shot, "constrained": constrained})
        found.extend(measure(local_source(model, encoder, variant), split, variant, label))
        write_json(config.output_dir / "baselines.json", [e.to_dict() | e.summary().to_dict() for e in found])

    with model.disable_adapter():
        add("base")
        add(f"base, {shots} examples", few_shot=shots)
        add("base, constrained", constrained=True)
    with adapter_merged(model, manifest["config"]["quantization"]):
        add("tuned")
        add("tuned, constrained", constrained=True)
    print_systems(found)
    console.print(f"\nEvery answer: {config.output_dir / 'baselines.json'}")
    return found
