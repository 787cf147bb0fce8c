"""report.json is read back as it was written; what is no report is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tooltune.errors import DataError
from tooltune.report import write_report
from tooltune.report.read import read_report


@pytest.mark.parametrize("name", ["absent", "list", "text"])
def test_what_is_no_report(tmp_path: Path, name: str) -> None:
    if name != "absent":
        (tmp_path / "report.json").write_text({"list": "[]", "text": "no JSON"}[name])
    with pytest.raises(DataError, match="tooltune evaluate RUN"):
        read_report(tmp_path, "tuned")


def test_a_model_that_was_not_measured(tmp_path: Path) -> None:
    write_report(tmp_path, None, None, {})
    assert read_report(tmp_path, "tuned").results == ()
    (tmp_path / "report.json").write_text(json.dumps({"items": [{"id": "0.1", "replies": {"base": {}}}]}))
    with pytest.raises(DataError, match="no report on a 'tuned' model"):
        read_report(tmp_path, "tuned")
