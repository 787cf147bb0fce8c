"""The commands as a user types them: what they print, leave behind, and answer to bad input."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tooltune.cli import main

ROOT = Path(__file__).parents[1]
SCRIPT = [sys.executable, str(ROOT / "tool_using.py")]
TOOLTUNE = [sys.executable, "-m", "tooltune"]


def command(arguments: list[str], folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    env = os.environ | {"OMP_NUM_THREADS": "1", "COLUMNS": "200"} | environment
    return subprocess.run(arguments, cwd=folder, env=env, capture_output=True, text=True, timeout=300)


def test_help_lists_the_commands(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as done:
        main(["--help"])
    assert done.value.code == 0
    shown = capsys.readouterr().out
    assert all(name in shown for name in ("run", "generate", "validate", "train", "evaluate", "report", "ask"))


def test_generate_only_as_documented_needs_no_torch(tmp_path: Path) -> None:
    blocked = tmp_path / "blocked"
    for library in ("torch", "transformers", "peft"):
        (blocked / library).mkdir(parents=True)
        (blocked / library / "__init__.py").write_text(f"raise ImportError('no {library}')")
    done = command([*SCRIPT, "--generate_only", "--num_examples", "200"], tmp_path, PYTHONPATH=str(blocked))
    assert done.returncode == 0, done.stderr
    assert len(json.loads((tmp_path / "data/tool_using_dataset.json").read_text())) == 200
    lacking = command(SCRIPT, tmp_path, PYTHONPATH=str(blocked))
    assert lacking.returncode == 2
    assert "pip install 'tooltune[train]'" in lacking.stderr


def test_generate_then_validate(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "data.jsonl"
    assert main(["generate", "--data-path", str(path), "--num-examples", "50"]) == 0
    assert main(["validate", str(path)]) == 0
    assert "50 examples, 50 hold, 0 fail" in capsys.readouterr().out
    changed = path.read_text().replace('"role": "user", "content": "', '"role": "user", "content": "x', 1)
    example = json.loads(changed.splitlines()[0])
    example["messages"][-1]["content"] = "That makes 98765.4321 altogether."
    path.write_text(json.dumps(example) + "\n")
    with pytest.raises(SystemExit) as done:
        main(["validate", str(path)])
    assert done.value.code == 1
    assert "answer: 1, first example 1" in capsys.readouterr().out


MINE = [
    {
        "name": "get_room_temperature",
        "description": "Get the temperature of a room in the office.",
        "parameters": {
            "type": "object",
            "properties": {"room": {"type": "string", "description": "Name of the room"}},
            "required": ["room"],
        },
    }
]


def test_ones_own_tools(tmp_path: Path) -> None:
    tools, data = tmp_path / "my_tools.json", tmp_path / "d.jsonl"
    tools.write_text(json.dumps(MINE))
    assert main(["generate", "--tools", str(tools), "--data_path", str(data), "--num_examples", "40"]) == 0
    examples = [json.loads(line) for line in data.read_text().splitlines()]
    called = {c["name"] for e in examples for m in e["messages"] for c in m.get("tool_calls", [])}
    assert called == {"get_room_temperature"}


def bad(folder: Path) -> list[tuple[list[str], tuple[str, ...]]]:
    """Commands that cannot work, and what their one message must say."""
    files = {
        "broken.json": "[{",
        "empty_tools.json": "[]",
        "twice.json": json.dumps(MINE * 2),
        "unknown.yaml": "learning_rat: 1",
        "not.yaml": "a: [",
        "file": "",
    }
    for name, text in files.items():
        (folder / name).write_text(text)
    tiny = ["--num_examples", "20"]
    return [
        (["generate", "--num_examples", "-5"], ("--num_examples", "-5")),
        (["generate", "--tools", "empty_tools.json"], ("empty_tools.json",)),
        (["generate", "--tools", "twice.json"], ("twice.json", "get_room_temperature")),
        (["generate", "--tools", "absent.json"], ("absent.json",)),
        (["generate", "--data_path", "data.csv", *tiny], ("data.csv", ".json")),
        (["generate", "--data_path", "file/data.json", *tiny], ("file",)),
        (["validate", "broken.json"], ("broken.json",)),
        (["validate", "absent.json"], ("absent.json",)),
        (["run", "--config", "unknown.yaml"], ("unknown.yaml", "learning_rat")),
        (["run", "--config", "not.yaml"], ("not.yaml",)),
        (["run", "--config", "absent.yaml"], ("absent.yaml",)),
        (["run", "--model_name", "nowhere/nothing"], ("nowhere/nothing", "smollm2-135m")),
        (["run", "--quantization", "4bit"], ("quantize",)),
        (["run", "--report_to", "mlflow"], ("mlflow", "tooltune[trackers]")),
        (["run", "--chat_format", "native"], ("does not support tools", "Leave out --chat_format native")),
        (["run", "--output_dir", "file/out"], ("file",)),
        (["run", "--data_path", "broken.json"], ("broken.json",)),
        (["train", "--data_path", "absent.json"], ("absent.json",)),
        (["ask", "nowhere", "hi"], ("nowhere", "tooltune run")),
    ]


def test_bad_input_ends_in_one_message(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    commands = bad(tmp_path)
    before = {path.name for path in tmp_path.iterdir()}
    for arguments, parts in commands:
        assert main(arguments) == 2, arguments
        message = capsys.readouterr().err.strip()
        assert message.startswith("error: "), arguments
        assert "Traceback" not in message
        assert all(part in message for part in parts), message
    left = {path.name for path in tmp_path.iterdir()} - before
    assert left <= {"output"}, "half-written files"
    assert not any(path.is_file() for path in (tmp_path / "output").rglob("*"))


def test_a_full_disk(tmp_path: Path) -> None:
    limited = ["bash", "-c", 'ulimit -f 20; trap "" XFSZ; exec "$@"', "bash"]
    done = command([*limited, *TOOLTUNE, "generate", "--data_path", "d.json", "--num_examples", "300"], tmp_path)
    assert done.returncode == 2, done.stderr
    assert "d.json" in done.stderr
    assert "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []
