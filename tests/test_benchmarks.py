"""Each benchmark runs, in its smallest form, and prints a number for every variant."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).parents[1] / "benchmarks"


def load(name: str) -> Any:
    spec = importlib.util.spec_from_file_location(f"benchmark_{name}", FOLDER / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[f"benchmark_{name}"] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


def test_engine(tiny_model_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rates = load("engine").main(
        ["--model_name", str(tiny_model_folder), "--packs", "2", "--rounds", "1", "--dtype", "float32"]
    )
    names = [variant[0] for variant in load("engine").VARIANTS]
    assert list(rates) == [*names, "all, two processes side by side"]
    assert all(rate > 0 for rate in rates.values())
    assert "share of the matmul limit" in capsys.readouterr().out


def test_generate(capsys: pytest.CaptureFixture[str]) -> None:
    rows = load("generate").main(["--counts", "300", "--profile", "100"])
    assert [row.mix for row in rows] == ["single", "full mix"]
    assert all(row.rate > 0 and 10 < row.megabytes < 1000 for row in rows)
    assert "verify_example" in capsys.readouterr().out


def test_train(tiny_model_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("trl")
    sizes = ["--examples", "4", "--held_out", "2", "--tools", "2", "--group", "2", "--batch", "2", "--rank", "2",
             "--dtypes", "float32"]  # fmt: skip
    rows = load("train").main(["--model_name", str(tiny_model_folder), "--variants", "tooltune", "trl-grouped", *sizes])
    assert list(rows) == ["tooltune, float32", "trl-grouped, float32"]
    ours, theirs = rows.values()
    assert ours["held-out loss"] == pytest.approx(theirs["held-out loss"], rel=0.01)
    assert 0 < ours["computed"] < theirs["computed"]
    assert "times the examples/s" in capsys.readouterr().out


def test_evaluate(tiny_model_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    options = ["--items", "4", "--plain", "2", "--rounds", "1", "--max_new_tokens", "3"]
    rates = load("evaluate").main(["--model_name", str(tiny_model_folder), *options])
    assert rates["identical"] == 1
    assert min(rates.values()) > 0
    assert "replies identical: yes" in capsys.readouterr().out
