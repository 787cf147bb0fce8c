"""`tooltune evaluate` of a suite or a file, and `tooltune rescore`, as a user types them, on tiny models."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.commands.conftest import QUESTIONS, lines
from tooltune.cli import main


def evaluate(model: Path, suite: Path, output: Path, *more: str) -> int:
    return main(
        ["evaluate", str(model), "--suite", "bfcl:simple_python,irrelevance", "--suite_folder", str(suite),
         "--output_dir", str(output), "--max_new_tokens", "8", "--eval_batch_size", "2", *more]
    )  # fmt: skip


def report(output: Path) -> dict[str, Any]:
    return dict(json.loads((output / "report.json").read_text()))


def without_seconds(found: dict[str, Any]) -> dict[str, Any]:
    del found["run"]["replies"]
    for item in found["items"]:
        for reply in item["replies"].values():
            assert reply.pop("seconds") >= 0
    return found


def test_a_suite_and_what_is_left_behind(
    tiny_model_folder: Path, suite: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "out"
    assert evaluate(tiny_model_folder, suite, output, "--limit", "2", "--bfcl_results", str(output / "bfcl")) == 0
    assert "not run, since the training data is not known" in capsys.readouterr().out
    found = report(output)
    assert found["run"]["questions"] == "suite bfcl:simple_python,irrelevance, 2 of each category"
    model = found["models"]["base"]
    assert {name: rates["right"]["n"] for name, rates in model["scenarios"].items()} == {
        "irrelevance": 2,
        "simple_python": 2,
    }
    assert model["overall"]["board"]["n"] == 4
    assert model["scenarios"]["irrelevance"]["right"]["too_small"] is True
    assert model["tools"]["park.book"]["right"]["n"] == model["arguments"]["park.book.site"]["n"] == 2
    assert found["baselines"]["always abstain"]["scenarios"]["irrelevance"]["right"]["successes"] == 2
    assert found["baselines"]["always first tool"]["overall"]["right_tool"]["successes"] == 2
    results = list((output / "bfcl" / "base").rglob("BFCL_v4_*_result.json"))
    assert {path.parent.name for path in results} == {"non_live"}
    assert [set(json.loads(line)) for line in results[0].read_text().splitlines()] == [{"id", "result"}] * 2
    assert "## Without a model" in (output / "report.md").read_text()


def test_rescoring_needs_no_model_and_ends_in_the_same_report(
    tiny_model_folder: Path, suite: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    output = tmp_path / "out"
    assert evaluate(tiny_model_folder, suite, output) == 0
    before = {name: (output / name).read_bytes() for name in ("report.json", "report.md", "outputs.jsonl")}
    for name in ("report.json", "report.md"):
        (output / name).unlink()
    monkeypatch.setattr("tooltune.commands.systems.load", None)
    assert main(["rescore", str(output)]) == 0
    assert {name: (output / name).read_bytes() for name in before} == before


def test_a_killed_evaluation_goes_on_and_ends_in_the_same_report(
    tiny_model_folder: Path, suite: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "out"
    assert evaluate(tiny_model_folder, suite, output) == 0
    whole, kept = without_seconds(report(output)), (output / "outputs.jsonl").read_text().splitlines()
    assert len(kept) == 6
    (output / "report.json").unlink()
    (output / "outputs.jsonl").write_text("\n".join([*kept[:3], kept[3][:40]]))
    assert main(["rescore", str(output)]) == 2
    assert "3 of 6 replies of 'base'" in capsys.readouterr().err
    assert evaluate(tiny_model_folder, suite, output) == 0
    assert without_seconds(report(output)) == whole
    added = (output / "outputs.jsonl").read_text().splitlines()[4:]
    assert sorted(json.loads(line)["item"] for line in added) == sorted(json.loads(line)["item"] for line in kept[3:])


def test_other_weights_are_asked_anew(tiny_model_folder: Path, suite: Path, tmp_path: Path) -> None:
    output = tmp_path / "out"
    assert evaluate(tiny_model_folder, suite, output, "--limit", "1") == 0
    assert evaluate(tiny_model_folder, suite, output, "--limit", "1", "--dtype", "float32") == 0
    models = {json.loads(line)["model"] for line in (output / "outputs.jsonl").read_text().splitlines()}
    assert len(models) == 2


def example(question: str) -> dict[str, Any]:
    parameters = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
    call = {"role": "assistant", "content": "", "tool_calls": [{"name": "weather", "parameters": {"city": "Oslo"}}]}
    return {
        "messages": [{"role": "user", "content": question}, call],
        "tools": [{"name": "weather", "description": "Weather", "parameters": parameters}],
    }


def test_the_gate_counts_and_refuses(
    tiny_model_folder: Path, suite: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = tmp_path / "train.jsonl"
    lines(data, [example("Weather in Oslo?"), example(QUESTIONS[0])])
    output = tmp_path / "out"
    assert evaluate(tiny_model_folder, suite, output, "--train_data", str(data), "--strict") == 2
    message = capsys.readouterr().err
    assert "1 of 2 training examples share something with 6 questions and 1 tools (equal_query 1" in message
    assert not (output / "outputs.jsonl").exists()
    assert evaluate(tiny_model_folder, suite, output, "--train_data", str(data), "--limit", "1") == 0
    assert report(output)["run"]["contamination"]["training_examples"] == 2


def test_a_file_is_asked_as_a_whole(tiny_model_folder: Path, tmp_path: Path) -> None:
    data, output = tmp_path / "mine.jsonl", tmp_path / "out"
    lines(data, [example("Weather in Oslo?"), example("And what about Oslo now?")])
    arguments = ["evaluate", str(tiny_model_folder), "--data", str(data), "--output_dir", str(output)]
    assert main([*arguments, "--max_new_tokens", "4"]) == 0
    assert report(output)["models"]["base"]["overall"]["call_exact"]["n"] == 2


def test_a_run_and_its_base_with_shots_limits_and_samples(
    run: Path, suite: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "out"
    more = ["--with_base", "--limit", "2", "--few_shot", "1", "--constrained", "--samples", "2", "--temperature", "1"]
    assert evaluate(run, suite, output, *more) == 0
    shown = capsys.readouterr().out
    assert "Contamination gate: 0 of" in shown
    assert "base: all of k samples right" in shown
    found, kept = report(output), (output / "outputs.jsonl").read_text().splitlines()
    assert set(found["models"]) == set(found["run"]["pass^k"]) == {"base", "tuned"}
    assert found["run"]["pass^k"]["tuned"]["all"]["items"] == 4
    assert found["differences"]["overall"] is not None
    (output / "outputs.jsonl").write_text("\n".join(kept[:5]))
    assert evaluate(run, suite, output, *more) == 0
    assert len(kept) == len((output / "outputs.jsonl").read_text().splitlines()) == 16
    assert without_seconds(report(output)) == without_seconds(found)
    assert main(["rescore", str(output)]) == 0
    assert set(report(output)["run"]["pass^k"]) == {"base", "tuned"}


def test_baselines_of_a_suite(run: Path, suite: Path, tmp_path: Path) -> None:
    output = tmp_path / "out"
    assert evaluate(run, suite, output, "--limit", "1", "--baselines") == 0
    systems = json.loads((output / "baselines.json").read_text())
    assert [len(system["results"]) for system in systems] == [2] * 7
    assert systems[-2]["scenarios"]["irrelevance"]["right"]["successes"] == 1


def test_solved_examples_must_come_from_somewhere(
    tiny_model_folder: Path, suite: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert evaluate(tiny_model_folder, suite, tmp_path, "--few_shot", "1", "--data_path", str(tmp_path / "no")) == 2
    assert "--train_data" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (["--suite", "bfcl:web_search"], "the category 'web_search'"),
        (["--suite", "tau"], "--suite: 'tau'; expected bfcl"),
        (["--suite", "bfcl", "--data", "x.json"], "--suite and --data"),
        (["--suite", "bfcl:multiple", "--suite_folder", "nowhere"], "--suite_folder"),
    ],
)
def test_what_cannot_be_asked(
    more: list[str], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["evaluate", "smollm2-135m", *more]) == 2
    assert message in capsys.readouterr().err


def test_rescoring_what_is_no_evaluation(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rescore", str(tmp_path)]) == 2
    (tmp_path / "evaluation.json").write_text("[]")
    assert main(["rescore", str(tmp_path)]) == 2
    assert "not a record of an evaluation" in capsys.readouterr().err


def test_bfcl_results_are_refused_before_anything_is_asked(
    tiny_model_folder: Path, suite: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "file"
    file.write_text("")
    assert evaluate(tiny_model_folder, suite, tmp_path / "out", "--bfcl_results", str(file / "results")) == 2
    assert "expected BFCL's results" in capsys.readouterr().err
    assert not (tmp_path / "out" / "outputs.jsonl").exists()
    own = ["evaluate", str(tiny_model_folder), "--data", str(file), "--bfcl_results", str(tmp_path / "results")]
    assert main(own) == 2
    assert "--bfcl_results writes the replies to BFCL's questions; give --suite bfcl" in capsys.readouterr().err
