"""Read report.json back."""

from __future__ import annotations

from pathlib import Path

from tooltune.errors import DataError
from tooltune.evaluate.results import Evaluation, ItemResult
from tooltune.files import STRICT_JSON, reading

_FIX = "Measure the run: tooltune evaluate RUN --data_path ITS_DATASET --output_dir RUN"


def read_report(folder: Path, model: str) -> Evaluation:
    """The evaluation of one model in a folder's report.json.

    Args:
        folder: where the report lies.
        model: `base` or `tuned`, as the report names it.

    Raises:
        DataError: there is no such report or model, or it is not one.
    """
    path = folder / "report.json"
    with reading(str(path), "a file", _FIX):
        text = path.read_text(encoding="utf-8")
    try:
        items = STRICT_JSON.decode(text)["items"]
        return Evaluation(model, tuple(ItemResult.from_dict({"item": i, **i["replies"][model]}) for i in items))
    except (ValueError, TypeError, KeyError) as error:
        raise DataError(str(path), f"no report on a {model!r} model ({error})", fix=_FIX) from None
