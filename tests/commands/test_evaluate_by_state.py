"""`tooltune evaluate --by_state`, as a user types it, on a tiny model that gets nothing right."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest

from tests.commands.conftest import lines
from tests.commands.test_evaluate_suite import example, report, without_seconds
from tooltune.cli import main


@pytest.fixture
def talk(tmp_path: Path) -> Path:
    """One conversation of two turns, and one question that is no conversation."""
    one, other = example("Weather in Oslo?"), example("And what is it like there now?")
    answer = [{"role": "tool", "content": "{}", "name": "weather"}, {"role": "assistant", "content": "Fine."}]
    talk = one | {"messages": [*one["messages"], *answer, *other["messages"]], "scenario": "multi_turn"}
    lines(tmp_path / "talk.jsonl", [talk, other])
    return tmp_path / "talk.jsonl"


def test_conversations_stand_beside_decisions_and_a_killed_run_goes_on(
    tiny_model_folder: Path, talk: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "out"
    command = ["evaluate", str(tiny_model_folder), "--data", str(talk), "--output_dir", str(output),
               "--max_new_tokens", "4", "--by_state"]  # fmt: skip
    assert main(command) == 0
    assert "Whole conversations" in capsys.readouterr().out
    found = without_seconds(report(output))
    assert found["models"]["base"]["overall"]["right"]["n"] == 3
    assert (found["run"]["items"], found["run"]["conversations"]) == (3, 1)
    rates = found["by_state"]["models"]["base"]["rates"]
    assert {name: (rate["successes"], rate["n"]) for name, rate in rates.items()} == {
        "all": (0, 1),
        "multi_turn": (0, 1),
    }
    assert sum(found["by_state"]["models"]["base"]["failures"].values()) == 1
    page = (output / "report.md").read_text()
    assert "## Whole conversations, by the state they end in" in page
    assert 'id="conversations"' in (output / "report.html").read_text()

    kept = (output / "outputs.jsonl").read_text().splitlines()
    assert len(kept) == 4  # the tiny model's first reply is cut off, which ends the conversation
    assert main(["rescore", str(output)]) == 0
    assert (without_seconds(report(output)), (output / "report.md").read_text()) == (found, page)
    (output / "outputs.jsonl").write_text("\n".join(kept[:3]))
    assert main(["rescore", str(output)]) == 2
    assert "no reply of 'base' to 0/1" in capsys.readouterr().err
    assert main(command) == 0
    assert without_seconds(report(output)) == found
    assert len((output / "outputs.jsonl").read_text().splitlines()) == 4
    assert main(["report", str(output)]) == 0
    assert "Whole conversations" in (output / "report.md").read_text()


class Answerer(BaseHTTPRequestHandler):
    """A chat endpoint that calls the first tool for what a user says, and answers in words after a result."""

    asked: ClassVar[list[dict[str, Any]]] = []

    def log_message(self, *args: Any) -> None:
        """Nothing: it would stand in the test's output."""

    def do_POST(self) -> None:
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.asked.append(request)
        call = {"id": "c", "type": "function", "function": {"name": "weather", "arguments": '{"city": "Oslo"}'}}
        calls = [] if request["messages"][-1]["role"] == "tool" else [call]
        message = {"role": "assistant", "content": None if calls else "Fine.", "tool_calls": calls or None}
        body = json.dumps({"choices": [{"index": 0, "message": message, "finish_reason": "stop"}]}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@pytest.fixture
def url() -> Iterator[str]:
    Answerer.asked.clear()
    with ThreadingHTTPServer(("127.0.0.1", 0), Answerer) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/v1"
        server.shutdown()
        thread.join()


def test_an_endpoint_holds_conversations(url: str, talk: Path, tmp_path: Path) -> None:
    output = tmp_path / "out"
    command = ["evaluate", "some-model", "--endpoint", url, "--data", str(talk), "--output_dir", str(output),
               "--by_state"]  # fmt: skip
    assert main(command) == 0
    found, cost = report(output)["by_state"], report(output)["run"]["replies"]["some-model, in conversations"]
    assert found["models"]["some-model"]["rates"]["all"]["successes"] == 1
    replies = [m for m in found["conversations"][0]["held"]["some-model"]["messages"] if m["role"] == "assistant"]
    assert cost["answered"] == len(replies)
    assert cost["seconds_median"] > 0
    assert "`some-model` holds 1 of 1 conversations rightly." in (output / "report.md").read_text()
    longest = max((request["messages"] for request in Answerer.asked), key=len)
    assert [message["role"] for message in longest] == ["user", "assistant", "tool", "assistant", "user", "assistant",
                                                        "tool"]  # fmt: skip
    assert longest[-1]["tool_call_id"] == longest[-2]["tool_calls"][0]["id"]
    kept = (output / "outputs.jsonl").read_text().splitlines(keepends=True)
    (output / "outputs.jsonl").write_text("".join(kept[:-2]))
    Answerer.asked.clear()
    assert main(command) == 0
    assert report(output)["by_state"] == found
    assert len(Answerer.asked) == 2


def test_bfcls_conversations_alone_or_beside_single_decisions(
    tiny_model_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The tiny model has room for few of these prompts."""
    output = tmp_path / "out"
    command = ["evaluate", str(tiny_model_folder), "--output_dir", str(output), "--max_new_tokens", "4", "--limit", "2"]
    assert main([*command, "--suite", "bfcl:multi_turn_base,multi_turn_miss_func"]) == 0
    said = capsys.readouterr().out
    assert "Whole conversations" in said
    assert "Held-out evaluation" not in said
    assert "No model was evaluated" not in said
    found = report(output)
    assert (found["run"]["items"], found["run"]["conversations"], found["items"]) == (0, 4, [])
    model = found["by_state"]["models"]["base"]
    assert {name: rate["n"] for name, rate in model["rates"].items()} == {
        "all": 4,
        "multi_turn_base": 2,
        "multi_turn_miss_func": 2,
    }
    assert model["failures"] == {"too_long": 4}
    page = (output / "report.md").read_text()
    assert "too_long: the prompt does not fit the model's context" in page
    assert "BFCL's own checkers" in page
    assert main(["rescore", str(output)]) == 0
    assert (report(output), (output / "report.md").read_text()) == (found, page)
    assert main([*command, "--suite", "bfcl:irrelevance,multi_turn_base", "--limit", "1"]) == 0
    found = report(output)
    assert (len(found["items"]), len(found["by_state"]["conversations"])) == (1, 1)


def test_what_cannot_be_held(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate", "smollm2-135m", "--suite", "bfcl", "--by_state"]) == 2
    assert "--by_state holds conversations of a dataset" in capsys.readouterr().err
    lines(tmp_path / "single.jsonl", [example("Weather in Oslo?")])
    given = ["--data", str(tmp_path / "single.jsonl"), "--output_dir", str(tmp_path / "out"), "--by_state"]
    assert main(["evaluate", "smollm2-135m", *given]) == 2
    assert "a conversation to judge by state" in capsys.readouterr().err
