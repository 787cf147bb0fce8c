"""Read report.json back, and write what is made from it again: needs no model."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tooltune.errors import DataError
from tooltune.evaluate.results import Evaluation, ItemResult
from tooltune.files import STRICT_JSON, reading
from tooltune.report.write import REPORT, write_readable

_EXPECTED = f"a {REPORT} that tooltune run or tooltune evaluate wrote"
_FIX = "Make one with: tooltune run, or tooltune evaluate"


def rewrite_report(folder: Path) -> None:
    """Write report.md and report.html from the report.json in `folder`, which stays as it is.

    Raises:
        DataError: there is no such report.json, or it is none.
        OutputError: a file cannot be written.
    """
    data = _read(folder / REPORT)
    try:
        base, tuned = (_evaluation(name, data) for name in ("base", "tuned"))
        write_readable(folder, data, base, tuned)
    except (KeyError, TypeError, AttributeError) as error:
        raise DataError(str(folder / REPORT), f"an item or model that lacks {error}", _EXPECTED, _FIX) from error


def _read(path: Path) -> dict[str, Any]:
    with reading(str(path), "a file", _FIX):
        text = path.read_bytes()
    try:
        data = STRICT_JSON.decode(text.decode())
    except (ValueError, RecursionError) as error:
        raise DataError(str(path), f"not readable as JSON: {error}", _EXPECTED, _FIX) from None
    if not isinstance(data, dict) or not {"run", "models", "items"} <= set(data):
        raise DataError(str(path), "no keys run, models and items", _EXPECTED, _FIX)
    return data


def _evaluation(name: str, data: Mapping[str, Any]) -> Evaluation | None:
    """The evaluation that the report was written from, if there was one of that name."""
    if name not in data["models"]:
        return None
    answered = [item for item in data["items"] if name in item["replies"]]
    results = (ItemResult.from_dict({"item": item, **item["replies"][name]}) for item in answered)
    return Evaluation(data["models"][name]["label"], tuple(results))
