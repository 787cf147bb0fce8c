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


def test_ablate(tiny_model_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--model_name", str(tiny_model_folder), "--output", str(tmp_path), "--quick", "--examples", "10",
                 "--questions", "2", "--variants", "grammar_phrasing"]  # fmt: skip
    ablate = load("ablate")
    results = ablate.main(arguments)
    assert [result.variant for result in results] == ["reference", "grammar_phrasing"]
    assert all(set(result.right) == {"held_out_tools", "held_out_domains"} for result in results)
    lines = (tmp_path / "results.jsonl").read_text().splitlines()
    assert len(lines) == 2
    capsys.readouterr()
    assert ablate.main([*arguments, "--table"]) == results  # read, not trained again
    assert "effect" in capsys.readouterr().out
    assert ablate.main([*arguments, "--table", "--seed", "1"]) == []


def test_every_variant_of_the_ablation_is_a_valid_run(tmp_path: Path) -> None:
    ablate = load("ablate")
    budget = ablate.Budget(1200, 200, 42, "smollm2-135m", {})
    runs = {name: ablate.settings(name, budget, tmp_path) for name in ablate.VARIANTS}
    assert len({run.model_dump_json() for run in runs.values()}) == len(runs) - 1  # all but the phrasing
    assert {round(run.num_examples * run.num_train_epochs) for run in runs.values()} == {1200}
    assert runs["no_negatives"].shares()["no_tool"] == 0
