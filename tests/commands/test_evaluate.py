"""`tooltune evaluate` as a user types it: a model here, one behind an endpoint, baselines side by side."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.evaluate.test_endpoint import SERVER
from tooltune.chat import render_reply
from tooltune.cli import main
from tooltune.types import ToolCall


def evaluate(*arguments: object) -> int:
    return main(["evaluate", *map(str, arguments)])


def test_an_endpoint(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    script = [sys.executable, "-c", SERVER, str(tmp_path / "log")]
    with subprocess.Popen(script, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        url = f"http://127.0.0.1:{int(server.stdout.readline())}/v1"
        shared = ["--model", "small", "--data_path", data, "--output_dir", tmp_path / "out", "--retries", 0]
        assert evaluate("--endpoint", url, *shared, "--few-shot", 1) == 0
        assert evaluate("--endpoint", url, *shared[:4], "--output_dir", tmp_path / "best", "--best_of", 2) == 0
        assert evaluate("--endpoint", url, *shared, "--api_key_variable", "NO_SUCH_VARIABLE") == 2
        server.terminate()
    _, request = json.loads((tmp_path / "log").read_text().splitlines()[0])
    assert sum(message["role"] == "user" for message in request["messages"]) > 1
    report = json.loads((tmp_path / "out/report.json").read_text())
    assert report["run"]["replies"]["small"]["tokens_mean"] == 7
    assert report["models"]["base"]["label"] == "small"
    capsys.readouterr()
    assert evaluate("--endpoint", url, *shared) == 0
    report = json.loads((tmp_path / "out/report.json").read_text())
    assert report["models"]["base"]["failures"] == {"refused": len(report["items"])}
    assert f"No reply to {len(report['items'])} of" in capsys.readouterr().out
    log = (tmp_path / "out/outputs.jsonl").read_text().splitlines()
    assert evaluate("--endpoint", url, *shared) == 0
    asked = (tmp_path / "out/outputs.jsonl").read_text().splitlines()[len(log) :]
    assert len(asked) == len(report["items"]), "what failed is asked again"
    assert main(["rescore", str(tmp_path / "out")]) == 0


def test_a_model_here_constrained_and_sampled(
    data: Path, tiny_model_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shared = [tiny_model_folder, "--data_path", data, "--output_dir", tmp_path, "--max_new_tokens", 4]
    assert evaluate(*shared, "--constrained", "--samples", 2, "--temperature", 1) == 0
    first = (tmp_path / "report.json").read_text()
    assert {"pass^1", "pass^2"} <= set(json.loads(first)["run"]["pass^k"]["base"]["all"])
    assert "pass^2" in capsys.readouterr().out
    kept = (tmp_path / "outputs.jsonl").read_text().splitlines()
    (tmp_path / "outputs.jsonl").write_text("\n".join(kept[1::2]))
    assert evaluate(*shared, "--constrained", "--samples", 2, "--temperature", 1) == 0
    replies = [[item["replies"]["base"]["text"] for item in json.loads(report)["items"]]
               for report in (first, (tmp_path / "report.json").read_text())]  # fmt: skip
    assert replies[0] == replies[1]


def test_the_best_of_several_takes_what_is_known_and_keeps_the_rest(
    data: Path, tiny_model_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shared = [tiny_model_folder, "--data_path", data, "--output_dir", tmp_path, "--max_new_tokens", 4]
    outputs = tmp_path / "outputs.jsonl"
    assert evaluate(*shared) == 0
    lines = [json.loads(line) for line in outputs.read_text().splitlines()]
    invented = render_reply("", [ToolCall("no_such_tool")])
    outputs.write_text("".join(json.dumps(line | {"text": invented, "truncated": False}) + "\n" for line in lines))
    assert evaluate(*shared, "--best_of", 3) == 0
    kept = [json.loads(line) for line in outputs.read_text().splitlines()]
    assert len(kept) == 4 * len(lines), "the first is known: two samples each, and the choice"
    samples = {line["item"]: line["text"] for line in kept if "#" in line["item"]}
    assert len(set(samples.values())) > len(lines), "each sample has chance of its own"
    assert evaluate(*shared, "--best_of", 3) == 0
    assert len(outputs.read_text().splitlines()) == len(kept), "nothing is asked twice"
    assert evaluate(*shared, "--best_of", 2) == 0
    assert len(outputs.read_text().splitlines()) == len(kept) + len(lines), "fewer tries are known but for the choice"
    capsys.readouterr()


def test_baselines_of_a_run(
    data: Path, run: Path, tiny_model_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = ["--baselines", "--data_path", data, "--output_dir", tmp_path / "out", "--max_new_tokens", 4]
    assert evaluate(run, *settings) == 0
    shown = capsys.readouterr().out
    systems = ["base", "base, 3 examples", "base, constrained", "tuned", "tuned, constrained"]
    systems += ["always abstain", "always first tool"]
    assert [system["label"] for system in json.loads((tmp_path / "out/baselines.json").read_text())] == systems
    assert all(system in " ".join(shown.split()) for system in systems)
    kept = (tmp_path / "out/outputs.jsonl").read_text()
    assert {json.loads(line)["label"] for line in kept.splitlines()} == set(systems[:5])
    assert evaluate(run, *settings) == 0
    assert (tmp_path / "out/outputs.jsonl").read_text() == kept, "nothing is asked twice"
    assert evaluate(tiny_model_folder, *settings) == 2, "a base model has no baselines"
    assert evaluate(tiny_model_folder, "--with_base", *settings[1:]) == 2, "nor a base beside it"


def test_a_run_is_asked_about_its_own_dataset(
    data: Path, run: Path, tiny_model_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    shared = ["--max_new_tokens", 4, "--output_dir"]
    assert evaluate(run, *shared, "own") == 0
    assert evaluate(run, "--data_path", data, *shared, "named") == 0
    own, named = (json.loads((tmp_path / out / "report.json").read_text()) for out in ("own", "named"))
    assert [item["id"] for item in own["items"]] == [item["id"] for item in named["items"]]
    assert own["run"]["questions"] == named["run"]["questions"]
    assert evaluate(tiny_model_folder, *shared, "base") == 2, "a base model has none"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "no model"),
        (["m", "--samples", "3"], "--temperature"),
        (["m", "--endpoint", "localhost:8000"], "--endpoint"),
        (["m", "--endpoint", "http://[bad"], "--endpoint"),
        (["m", "--endpoint", "http://host:port/v1"], "--endpoint"),
        (["m", "--endpoint", "http://localhost:8000/v1", "--constrained"], "leave out --endpoint"),
        (["m", "--endpoint", "http://localhost:8000/v1", "--with_base"], "leave out --endpoint"),
        (["m", "--baselines", "--samples", "2", "--temperature", "1"], "leave out --samples"),
        (["m", "--best_of", "2", "--baselines"], "leave out --samples and --baselines"),
        (["m", "--best_of", "2", "--few_shot", "1"], "leave out --few_shot"),
        (["m", "--best_of", "0"], "best_of"),
    ],
)
def test_what_cannot_work_is_said(arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert evaluate(*arguments) == 2
    assert said in capsys.readouterr().err
