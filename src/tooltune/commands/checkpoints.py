"""`tooltune evaluate RUN --checkpoints`: measure every checkpoint of a run, finished or not."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from rich.table import Table

from tooltune.commands.systems import with_own_data
from tooltune.config import EvaluateCommandConfig, TrainConfig
from tooltune.dataset import load_split
from tooltune.errors import ModelError
from tooltune.files import writable_folder, write_json
from tooltune.measuring import evaluate
from tooltune.pipeline import SETTINGS, load, require_train_extra
from tooltune.progress import console

CURVE = "checkpoints.png"
SHOWN = ("right", "call_exact", "right_tool", "abstained_or_asked", "well_formed")


def evaluate_checkpoints(run: Path, config: EvaluateCommandConfig) -> None:
    """Measure each complete checkpoint on the held-out part: a table, checkpoints.json and a curve.

    The adapter stays beside the base weights: added into them and taken out again, it would leave a trace.
    """
    require_train_extra()
    from tooltune.report.curve import plot_rates
    from tooltune.train.lora import CHECKPOINTS, add_lora, load_lora
    from tooltune.train.model import load_tokenizer, make_encoder
    from tooltune.train.trainer import checkpoints

    settings = run_settings(run)
    found = checkpoints(run / CHECKPOINTS)
    if not found:
        raise ModelError(str(run / CHECKPOINTS), "no complete checkpoint", fix="Train with --save_strategy steps.")
    folder = writable_folder(config.output_dir, "the table and the curve")
    config = with_own_data(config, partial(_own_data, run))
    held_out = load_split(config.data_path, config.held_out_share).held_out
    encoder = make_encoder(load_tokenizer(settings.model_name), settings)
    model, rows = add_lora(load(settings), settings), []
    for checkpoint in found:
        load_lora(model, checkpoint)
        rates = evaluate(model, encoder, held_out, config, checkpoint.name).summary().overall
        rows.append({"step": int(checkpoint.name.rsplit("-", 1)[1])} | {name: rates[name].to_dict() for name in SHOWN})
    write_json(folder / "checkpoints.json", rows)
    plot_rates({name: [(row["step"], row[name]["rate"]) for row in rows] for name in SHOWN}, folder / CURVE)
    show(rows)
    console.print(f"\nTable and curve: {folder / 'checkpoints.json'}, {folder / CURVE}")


def _own_data(run: Path) -> dict[str, Any]:
    """What the settings of a run say of its dataset."""
    values = _settings(run)
    return {"data_path": Path(values["data_path"]), "held_out_share": values["held_out_share"]}


def run_settings(run: Path) -> TrainConfig:
    """The settings that a run was trained with; a run that has not finished has them too.

    Raises:
        ModelError: the folder holds no run.
    """
    values = _settings(run)
    known = {key: value for key, value in values.items() if key in TrainConfig.model_fields}
    config: TrainConfig = TrainConfig.parse(known | {"output_dir": run}, str(run / SETTINGS))
    return config


def _settings(run: Path) -> dict[str, Any]:
    try:
        return dict(json.loads((run / SETTINGS).read_text(encoding="utf-8")))
    except (OSError, ValueError) as error:
        raise ModelError(
            str(run), f"no readable {SETTINGS} ({error})", "the --output_dir of a run", "Make one with: tooltune train"
        ) from error


def show(rows: Sequence[dict[str, Any]]) -> None:
    """The table, in percent."""
    table = Table("step", *SHOWN, title="Held-out decisions by checkpoint, percent")
    for row in rows:
        values = [row[name]["rate"] for name in SHOWN]
        table.add_row(str(row["step"]), *("-" if value is None else f"{100 * value:.1f}" for value in values))
    console.print(table)
