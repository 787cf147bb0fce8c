"""Each benchmark runs, in its smallest form, and prints a number for every variant."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).parents[1] / "benchmarks"


def load(name: str) -> Any:
    spec = importlib.util.spec_from_file_location(name, FOLDER / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_engine(tiny_model_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rates = load("engine").main(
        ["--model_name", str(tiny_model_folder), "--packs", "2", "--rounds", "1", "--dtype", "float32"]
    )
    assert list(rates) == [variant[0] for variant in load("engine").VARIANTS]
    assert all(rate > 0 for rate in rates.values())
    assert "share of the matmul limit" in capsys.readouterr().out


def test_evaluate(tiny_model_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    options = ["--items", "4", "--plain", "2", "--rounds", "1", "--max_new_tokens", "3"]
    rates = load("evaluate").main(["--model_name", str(tiny_model_folder), *options])
    assert rates["identical"] == 1
    assert min(rates.values()) > 0
    assert "replies identical: yes" in capsys.readouterr().out
