"""`tooltune improve`, as a user types it, on a tiny model with two small tools."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from tooltune import Tool
from tooltune.cli import main
from tooltune.commands.improve import surely_better
from tooltune.dataset import load_dataset, split_dataset
from tooltune.formats.documented import write_examples
from tooltune.report.read import read_report
from tooltune.verify import Gate


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory, tiny_model_folder: Path, tools: list[Tool]) -> Path:
    """The folder of a finished run, with one round of improvement in it."""
    folder = tmp_path_factory.mktemp("improve")
    (folder / "tools.json").write_text(json.dumps([tool.to_dict() for tool in tools]))
    arguments = [
        "run", "--model_name", str(tiny_model_folder), "--tools", str(folder / "tools.json"), "--num_examples", "20",
        "--data_path", str(folder / "data.jsonl"), "--output_dir", str(folder / "run"), "--held_out_share", "0.4",
        "--num_train_epochs", "1", "--max_new_tokens", "4", "--lora_rank", "4", "--lora_from_layer", "1",
    ]  # fmt: skip
    assert main(arguments) == 0
    assert main(["improve", str(folder / "run"), "--num_examples", "12", "--rounds", "2"]) == 0
    return folder / "run"


def test_a_round_stands_in_a_folder_of_its_own(run: Path) -> None:
    rounds = [path.name for path in (run / "improve").iterdir() if path.is_dir()]
    assert rounds == ["round-1"]  # a tiny model gains nothing, so the second round is not begun
    folder = run / "improve" / "round-1"
    assert {
        "adapter_model.safetensors",
        "manifest.json",
        "report.json",
        "report.md",
        "tools.json",
        "dataset.jsonl",
    } <= {path.name for path in folder.iterdir()}
    config = json.loads((folder / "manifest.json").read_text())["config"]
    assert config["adapter"] == str(run)
    assert config["learning_rate"] == 5e-4
    assert len(config["scenario_shares"]) == 12


def test_a_round_trains_on_new_examples_and_asks_the_same_items(run: Path) -> None:
    first = split_dataset(load_dataset(run.parent / "data.jsonl"), 0.4, "run")
    second = split_dataset(load_dataset(run / "improve/round-1/dataset.jsonl"), 0.4, "round")
    assert [e.messages for e in second.held_out] == [e.messages for e in first.held_out]
    assert len(second.train) == 12
    questions = run.parent / "held_out.jsonl"
    write_examples(questions, first.held_out)
    gate = Gate.read([questions], compare_tools=False)
    assert all(gate.check(example) for example in first.held_out)
    assert not any(gate.check(example) for example in second.train)
    asked = [[r.item.to_dict() for r in read_report(f, "tuned").results] for f in (run, run / "improve/round-1")]
    assert asked[0] == asked[1]


def test_finished_rounds_are_taken_as_they_are(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = (run / "improve/round-1/manifest.json").read_bytes()
    assert main(["improve", str(run), "--num_examples", "12"]) == 0
    shown = capsys.readouterr().out
    assert "round-1: taken from" in shown
    assert f"Take {run}" in shown.replace("\n", "")
    assert (run / "improve/round-1/manifest.json").read_bytes() == before


def test_a_killed_round_goes_on_from_its_data_and_its_checkpoint(run: Path) -> None:
    folder = run / "improve" / "round-1"
    names = ("dataset.jsonl", "adapter_model.safetensors")
    before = {name: (folder / name).read_bytes() for name in names}
    assert list((folder / "checkpoints").glob("checkpoint-*"))
    for name in ("report.json", "manifest.json", "adapter_model.safetensors"):
        (folder / name).unlink()
    assert main(["improve", str(run), "--num_examples", "12"]) == 0
    assert {name: (folder / name).read_bytes() for name in names} == before
    assert (folder / "report.json").exists()


def test_other_settings_and_other_questions_are_refused(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["improve", str(run), "--num_examples", "13"]) == 2
    assert "--num_examples: 13; expected 12 as in the rounds so far" in capsys.readouterr().err
    report = (run / "report.json").read_text()
    changed = json.loads(report)
    (run / "report.json").write_text(json.dumps(changed | {"items": changed["items"][1:]}))
    assert main(["improve", str(run), "--num_examples", "12"]) == 2
    assert "report.json: other questions; expected the held-out part" in capsys.readouterr().err
    (run / "report.json").write_text(report)
    assert main(["improve", str(run.parent)]) == 2
    assert "finished run" in capsys.readouterr().err


def test_a_gain_must_hardly_be_chance(run: Path) -> None:
    results = read_report(run, "tuned").results
    wrong = next(result for result in results if not result.right)
    bad = replace(read_report(run, "tuned"), results=(wrong,) * 20)
    right = replace(wrong, score=replace(wrong.score, failure=None))
    better = [replace(bad, results=(right,) * count + (wrong,) * (20 - count)) for count in (5, 6, 20)]
    assert [surely_better(bad, after) for after in better] == [False, True, True]  # p = 2 / 2**5, 2 / 2**6, ...
    assert not surely_better(better[-1], bad)
    assert not surely_better(bad, bad)
