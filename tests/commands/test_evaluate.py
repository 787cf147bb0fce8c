"""`tooltune evaluate` as a user types it: a model here, one behind an endpoint, baselines side by side."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.evaluate.test_endpoint import SERVER
from tooltune.cli import main


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("data") / "data.jsonl"
    # Few tools: a tokenizer that knows almost only bytes makes long prompts.
    assert main(["generate", "--data_path", str(path), "--num_examples", "16", "--held_out_share", "0.25",
                 "--max_tools_in_view", "1"]) == 0  # fmt: skip
    return path


def evaluate(*arguments: object) -> int:
    return main(["evaluate", *map(str, arguments)])


def test_an_endpoint(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    script = [sys.executable, "-c", SERVER, str(tmp_path / "log")]
    with subprocess.Popen(script, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        url = f"http://127.0.0.1:{int(server.stdout.readline())}/v1"
        shared = ["--model", "small", "--data", data, "--output_dir", tmp_path / "out", "--retries", 0]
        assert evaluate("--endpoint", url, *shared, "--few-shot", 1) == 0
        assert evaluate("--endpoint", url, *shared, "--api_key_variable", "NO_SUCH_VARIABLE") == 2
        server.terminate()
    _, request = json.loads((tmp_path / "log").read_text().splitlines()[0])
    assert sum(message["role"] == "user" for message in request["messages"]) > 1
    report = json.loads((tmp_path / "out/report.json").read_text())
    assert report["run"]["replies"]["tokens_mean"] == 7
    assert report["models"]["base"]["label"] == "small"
    capsys.readouterr()
    assert evaluate("--endpoint", url, *shared) == 0
    report = json.loads((tmp_path / "out/report.json").read_text())
    assert report["models"]["base"]["failures"] == {"refused": len(report["items"])}
    assert f"No reply to {len(report['items'])} of" in capsys.readouterr().out


def test_a_model_here_constrained_and_sampled(
    data: Path, tiny_model_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shared = [tiny_model_folder, "--data", data, "--output_dir", tmp_path, "--max_new_tokens", 4]
    assert evaluate(*shared, "--constrained", "--samples", 2, "--temperature", 1) == 0
    first = (tmp_path / "report.json").read_text()
    assert {"pass^1", "pass^2"} <= set(json.loads(first)["run"]["pass^k"]["all"])
    assert "pass^2" in capsys.readouterr().out
    assert evaluate(*shared, "--constrained", "--samples", 2, "--temperature", 1) == 0
    replies = [[item["replies"]["base"]["text"] for item in json.loads(report)["items"]]
               for report in (first, (tmp_path / "report.json").read_text())]  # fmt: skip
    assert replies[0] == replies[1]


def test_baselines_of_a_run(
    data: Path, tiny_model_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = tmp_path / "run"
    assert main(["train", "--model_name", str(tiny_model_folder), "--data_path", str(data), "--output_dir", str(run),
                 "--num_train_epochs", "1", "--held_out_share", "0.25"]) == 0  # fmt: skip
    capsys.readouterr()
    settings = ["--baselines", "--data", data, "--output_dir", tmp_path / "out", "--max_new_tokens", 4]
    assert evaluate(run, *settings) == 0
    shown = capsys.readouterr().out
    systems = ["base", "base, 3 examples", "base, constrained", "tuned", "tuned, constrained"]
    assert [system["label"] for system in json.loads((tmp_path / "out/baselines.json").read_text())] == systems
    assert all(system in shown for system in systems)
    assert evaluate(tiny_model_folder, *settings) == 2, "a base model has no baselines"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "no model"),
        (["m", "--samples", "3"], "--temperature"),
        (["m", "--endpoint", "localhost:8000"], "--endpoint"),
        (["m", "--endpoint", "http://[bad"], "--endpoint"),
        (["m", "--endpoint", "http://host:port/v1"], "--endpoint"),
        (["m", "--endpoint", "http://localhost:8000/v1", "--constrained"], "leave out --endpoint"),
        (["m", "--baselines", "--samples", "2", "--temperature", "1"], "leave out --samples"),
    ],
)
def test_what_cannot_work_is_said(arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert evaluate(*arguments) == 2
    assert said in capsys.readouterr().err
