"""`tooltune evaluate`: measure a model."""

from __future__ import annotations

from pathlib import Path

from tooltune.config import EvaluateCommandConfig
from tooltune.dataset import load_dataset, split_dataset
from tooltune.files import writable_folder
from tooltune.pipeline import evaluate, evaluate_tuned, finish_evaluation, load, open_model, require_train_extra


def evaluate_only(model_name: str, config: EvaluateCommandConfig) -> None:
    """Measure a model on a dataset's held-out part: a run's folder, or a base model."""
    require_train_extra()
    from tooltune.export.save import MANIFEST, load_tuned

    writable_folder(config.output_dir, "the report")
    examples = load_dataset(config.data_path)
    held_out = split_dataset(examples, config.held_out_share, str(config.data_path)).held_out
    base = tuned = None
    if (Path(model_name) / MANIFEST).exists():
        model, encoder, manifest = load_tuned(Path(model_name))
        config = config.model_copy(update={"quantization": manifest["config"]["quantization"]})
        tuned = evaluate_tuned(model, encoder, held_out, config)
    else:
        config = config.model_copy(update={"model_name": model_name})
        encoder = open_model(config)
        base = evaluate(load(config), encoder, held_out, config, "base")
    finish_evaluation(config, base, tuned)
