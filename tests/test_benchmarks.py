"""Each benchmark runs, in its smallest form, and prints a number for every variant."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).parents[1] / "benchmarks"


def load(name: str) -> Any:
    spec = importlib.util.spec_from_file_location(name, FOLDER / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


def test_engine(tiny_model_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rates = load("engine").main(
        ["--model_name", str(tiny_model_folder), "--packs", "2", "--rounds", "1", "--dtype", "float32"]
    )
    assert list(rates) == [variant[0] for variant in load("engine").VARIANTS]
    assert all(rate > 0 for rate in rates.values())
    assert "share of the matmul limit" in capsys.readouterr().out


def test_generate(capsys: pytest.CaptureFixture[str]) -> None:
    rows = load("generate").main(["--counts", "300", "--profile", "100"])
    assert [row.mix for row in rows] == ["single", "full mix"]
    assert all(row.rate > 0 and 10 < row.megabytes < 1000 for row in rows)
    assert "verify_example" in capsys.readouterr().out


def test_show_examples_prints_what_the_docs_show(capsys: pytest.CaptureFixture[str]) -> None:
    shown = load("show_examples").main([])
    assert capsys.readouterr().out == f"{shown}\n"
    assert len(shown.split("\n\n[")) == 30
    assert f"```text\n{shown}\n```" in (FOLDER.parent / "docs" / "data.md").read_text("utf-8")
