"""report.md and report.html from report.json alone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tooltune.cli import main
from tooltune.evaluate.results import Evaluation
from tooltune.report import write_report


@pytest.mark.parametrize("which", ["both", "base", "tuned", "none"])
def test_the_same_files_come_back(
    tmp_path: Path, base: Evaluation, tuned: Evaluation, run: dict[str, Any], which: str
) -> None:
    write_report(
        tmp_path, base if which in ("both", "base") else None, tuned if which in ("both", "tuned") else None, run
    )
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert set(before) == {"report.json", "report.md", "report.html"}
    (tmp_path / "report.md").unlink()
    (tmp_path / "report.html").write_text("old")
    assert main(["report", str(tmp_path)]) == 0
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_keys_that_are_not_known_do_no_harm(tmp_path: Path, base: Evaluation, tuned: Evaluation) -> None:
    write_report(tmp_path, base, tuned, {})
    data = json.loads((tmp_path / "report.json").read_text())
    data |= {"suite": "held-out tools", "contamination": {"items": 0}}
    data["models"]["tuned"]["tools"] = {"get_weather": {"call_exact": {"successes": 1, "n": 2}}}
    data["models"]["few_shot"] = data["models"]["base"] | {"label": "few-shot"}
    data["items"][0]["category"] = "simple"
    (tmp_path / "report.json").write_text(json.dumps(data))
    assert main(["report", str(tmp_path)]) == 0
    page = (tmp_path / "report.html").read_text()
    assert "By tool" in page
    assert "few-shot" in page


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, "no such file"),
        ("[", "not readable as JSON"),
        ("[]", "no keys run, models and items"),
        ('{"run": {}, "models": {"base": {}}, "items": [{"id": "1"}]}', "lacks 'replies'"),
        ('{"run": {}, "models": [], "items": []}', "report.json"),
        ('{"run": {}, "models": {"base": {"label": "b"}}, "items": [{"outcome": "dance", "replies": {"base": {}}}]}',
         "report.json"),
    ],
)  # fmt: skip
def test_what_is_no_report_ends_in_one_message(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str | None, said: str
) -> None:
    if text is not None:
        (tmp_path / "report.json").write_text(text)
    assert main(["report", str(tmp_path)]) == 2
    message = capsys.readouterr().err
    assert message.startswith("error: ")
    assert said in message
    assert "tooltune evaluate" in message
    assert not (tmp_path / "report.html").exists()
