"""Each benchmark runs, in its smallest form, and prints a number for every variant."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tooltune.dataset import load_dataset

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


def test_pages(tiny_model_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert load("pages").main(["--model_name", str(tiny_model_folder), "--packs", "2", "--rounds", "1"]) > 0
    assert "pages touched; in large pages" in capsys.readouterr().out


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


def test_ablate(tiny_model_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--model_name", str(tiny_model_folder), "--output", str(tmp_path), "--quick", "--examples", "10",
                 "--questions", "8", "--variants", "plain_wording"]  # fmt: skip
    ablate = load("ablate")
    results = ablate.main(arguments)
    assert [result.variant for result in results] == ["reference", "plain_wording"]
    for result in results:
        assert {part: len(losses) for part, losses in result.loss.items()} == {
            "held_out_tools": 2,
            "held_out_domains": 2,
        }
        assert result.right == {}
    lines = (tmp_path / "results.jsonl").read_text().splitlines()
    assert len(lines) == 2
    capsys.readouterr()
    assert ablate.main([*arguments, "--table"]) == results  # read, not trained again
    assert "effect" in capsys.readouterr().out
    assert ablate.main([*arguments, "--table", "--seed", "1"]) == []
    asked = ablate.main([*arguments, "--ask", "--questions", "2"])
    assert all(
        {part: len(items) for part, items in result.right.items()} == dict.fromkeys(result.loss, 2) for result in asked
    )
    assert "in points" in capsys.readouterr().out
    assert ablate.main([*arguments, "--write", str(tmp_path / "asked.jsonl")]) == []
    assert len(load_dataset(tmp_path / "asked.jsonl")) == 16


@pytest.mark.slow
def test_ray_training(tiny_model_folder: Path, tmp_path: Path) -> None:
    """A process of its own: what Ray does to signals, warnings and loggers is none of the other tests' business."""
    pytest.importorskip("ray")
    script = [sys.executable, str(FOLDER / "ray_training.py")]
    options = ["--model_name", str(tiny_model_folder), "--examples", "40"]
    done = subprocess.run([*script, *options], cwd=tmp_path, capture_output=True, text=True, timeout=1800)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "the killed run's weights are the unbroken one's, bit for bit: True" in done.stdout


def test_every_variant_of_the_ablation_is_a_valid_run(tmp_path: Path) -> None:
    ablate = load("ablate")
    budget = ablate.Budget(1200, 200, 42, "smollm2-135m", {})
    runs = {name: ablate.settings(name, budget, tmp_path) for name in ablate.VARIANTS}
    assert len({run.model_dump_json() for run in runs.values()}) == len(runs)
    assert {round(run.num_examples * run.num_train_epochs) for run in runs.values()} == {1200}
    assert runs["no_negatives"].shares()["no_tool"] == 0


def test_bfcl_official_makes_replies_of_every_kind(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.syspath_prepend(FOLDER)
    official = load("bfcl_official")
    made, held = official.made_evaluation(0.05), official.made_conversations(0.05)
    failures = {result.score.failure for result in made.results}
    assert {None, "truncated", "malformed", "no_output", "timed_out", "wrong_value", "wrong_count"} <= failures
    assert {None, "truncated", "malformed", "wrong_state"} <= {outcome.failure for outcome in held.outcomes}
    verdicts = official.our_verdicts(made, held)
    assert len(verdicts) == 15
    assert sum(map(len, verdicts.values())) == len(made.results) + len(held.outcomes)
    with pytest.raises(SystemExit):
        official.main(["--bfcl_python", "no/such/python"])
    assert "found no file no/such/python" in capsys.readouterr().err


@pytest.mark.skipif("BFCL_PYTHON" not in os.environ, reason="BFCL_PYTHON names no Python that has all of bfcl-eval")
def test_bfcl_official_agrees_with_us(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.syspath_prepend(FOLDER)
    found = load("bfcl_official").main(["--bfcl_python", os.environ["BFCL_PYTHON"], "--share", "0.05"])["made"]
    assert len(found) == 15
    assert sum(counts["disagree"] for counts in found.values()) == 0
    assert "Disagreements: none" in capsys.readouterr().out


def test_show_examples_prints_what_the_docs_show(capsys: pytest.CaptureFixture[str]) -> None:
    shown = load("show_examples").main([])
    assert capsys.readouterr().out == f"{shown}\n"
    assert len(shown.split("\n\n[")) == 30
    assert f"```text\n{shown}\n```" in (FOLDER.parent / "docs" / "data.md").read_text("utf-8")
