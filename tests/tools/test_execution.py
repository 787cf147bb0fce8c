"""Real functions run in processes with limits: results are JSON, accidents are errors, nothing is carried over."""

from __future__ import annotations

import json
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from tooltune.cli import main
from tooltune.dataset import load_dataset
from tooltune.errors import ToolDefinitionError
from tooltune.generate.world import World
from tooltune.tools import PythonFunctions, load_source
from tooltune.types import Tool, ToolCall

FILE = str(Path(__file__).parent / "data" / "functions_to_run.py")


@pytest.fixture(scope="module")
def functions() -> PythonFunctions:
    names = [tool.name for tool in load_source(FILE).tools]
    return PythonFunctions.of({FILE: names}, seconds=1, megabytes=200)


def run(functions: PythonFunctions, name: str, **arguments: Any) -> Any:
    return json.loads(functions(ToolCall(name, arguments)))


def test_arguments_become_what_the_annotations_say(functions: PythonFunctions) -> None:
    assert run(functions, "area", box={"width": 2, "height": 3.5}) == {"result": 7.0}
    assert run(functions, "weekday", date="2025-03-14") == {"result": "Friday"}
    assert run(functions, "price", size="large", number=2) == {"price": 19.0, "currency": "EUR"}
    assert run(functions, "later", word="é☀") == {"result": "é☀"}


def test_results_without_a_json_form_of_their_own(functions: PythonFunctions) -> None:
    box = {"width": 1.0, "height": 2.0}
    assert run(functions, "thing") == {"when": "2025-03-01", "box": box, "set": [1], "size": "small"}


@pytest.mark.parametrize(
    ("name", "arguments", "said"),
    [
        ("price", {"size": "large", "number": 30}, "ValueError: 30 are too many"),
        ("price", {"size": "huge"}, "ValidationError: 1 validation error"),
        ("price", {"wrong": 1}, "ValidationError: 2 validation errors"),
        ("sleep_long", {}, "It took longer than 1 seconds"),
        ("spin", {}, "It took longer than 1 seconds"),
        ("hoard", {}, "MemoryError"),
        ("fall", {}, "It ended without a result (status -6)"),
        ("leave", {}, "SystemExit: 3"),
        ("much", {}, "The result is longer than 20000 characters"),
        ("not_a_number", {}, "ValueError: Out of range float values are not JSON compliant"),
    ],
)
def test_what_goes_wrong_is_an_error_of_the_tool(
    functions: PythonFunctions, name: str, arguments: dict[str, Any], said: str
) -> None:
    assert run(functions, name, **arguments)["error"].startswith(said)
    assert run(functions, "later", word=name) == {"result": name}


def test_no_call_sees_another_one(functions: PythonFunctions) -> None:
    for version in ("one", "two"):  # not remembered, and run by the same process
        other = PythonFunctions(functions.names, 1, 200, (version,))
        assert run(other, "count") == {"result": 1}
    assert run(functions, "folder") == {"result": []}


def test_a_call_and_its_replay_are_one_run(functions: PythonFunctions) -> None:
    start = time.monotonic()
    assert all("error" in run(functions, "sleep_long") for _ in range(5))
    assert time.monotonic() - start < 4


def test_processes_that_a_function_starts_end_with_it(functions: PythonFunctions) -> None:
    pid = run(functions, "spawn")["result"]
    time.sleep(0.1)
    command = Path(f"/proc/{pid}/cmdline")
    assert not command.exists() or b"61.5" not in command.read_bytes()


def test_several_threads_may_ask(functions: PythonFunctions) -> None:
    answers: dict[int, Any] = {}
    ask = lambda n: answers.update({n: run(functions, "later", word=str(n))})  # noqa: E731
    threads = [threading.Thread(target=ask, args=(n,)) for n in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == {n: {"result": str(n)} for n in range(12)}


def test_other_tools_are_simulated(functions: PythonFunctions) -> None:
    tool = Tool("list_servers", "List all servers")
    assert not functions.runs("list_servers")
    assert "error" not in json.loads(World(functions).execute(ToolCall("list_servers", {}), [tool]))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("import no_such_module", "ModuleNotFoundError: No module named 'no_such_module'"),
        ("raise SystemExit", "SystemExit"),
        ("import os; os._exit(0)", "it ended at once"),
    ],
)
def test_a_source_that_cannot_be_run(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "mine.py"
    path.write_text(text)
    with pytest.raises(ToolDefinitionError, match=f"cannot be run: {said}"):
        PythonFunctions.of({str(path): ["f"]}, 1, 200)


def test_modules_can_be_run() -> None:
    json_module = PythonFunctions.of({"json": ["dumps"]}, 2, 200)
    assert run(json_module, "dumps", obj=[1]) == {"result": "[1]"}


def test_generate_records_what_the_functions_return(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source, data = tmp_path / "pizza.py", tmp_path / "d.jsonl"
    text = Path(FILE).read_text()
    source.write_text("__all__ = ['price', 'weekday']\n" + text)
    flags = ["generate", "--tools", str(source), "--execute", "--num_examples", "40", "--data_path", str(data)]
    assert main([*flags, "--renamed_share", "1"]) == 0
    assert main(["validate", str(data)]) == 0
    functions = PythonFunctions.of({str(source): ["price", "weekday"]}, 5, 512)
    results = 0
    for example in load_dataset(data):
        calls = [call for message in example.messages for call in message.tool_calls]
        told = [message.content for message in example.messages if message.role == "tool"]
        assert told == [functions(call) for call in calls]
        results += len(told)
    assert results > 20
    assert main(["generate", "--execute", "--data_path", str(data)]) == 2
    assert "no Python source" in capsys.readouterr().err
