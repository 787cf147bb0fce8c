"""`tooltune rescore`: the report of an evaluation anew, from what the models wrote."""

from __future__ import annotations

from pathlib import Path

from tooltune.commands.evaluate import finish
from tooltune.config import EvaluateCommandConfig
from tooltune.evaluate.record import Record


def rescore(folder: Path) -> None:
    """Parse and judge every reply in `folder` again, and write the report; needs no model."""
    record = Record.read(folder)
    config = EvaluateCommandConfig.parse({**record.facts["config"], "output_dir": folder}, str(folder))
    finish(config, record, record.evaluations(folder), record.by_state(folder))
