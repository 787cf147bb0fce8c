"""A real server process on 127.0.0.1 answers well, badly, late, or not at all."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tooltune import Message, Tool, ToolCall, ToolParameter
from tooltune.chat.parse import parse_reply
from tooltune.evaluate import Item, Output, evaluate_model
from tooltune.evaluate.endpoint import Endpoint, endpoint_replies, read_completion, request_messages, safe_names

WEATHER = Tool("weather.get", "Weather of a city.", [ToolParameter("city", "City", required=True)])
OSLO = ToolCall("weather.get", {"city": "Oslo"})

# The question names the fault. What the server was asked is written to the file that it is given.
SERVER = r"""
import json, sys, time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

def reply(content=None, arguments=None, name="weather_get", finish="stop"):
    calls = [{"id": "c", "type": "function", "function": {"name": name, "arguments": arguments}}]
    message = {"role": "assistant", "content": content, "tool_calls": calls if arguments is not None else None}
    return {"choices": [{"index": 0, "message": message, "finish_reason": finish}], "usage": {"completion_tokens": 7}}

GOOD = '{"city": "Oslo"}'
PLAIN = {
    "good": reply(arguments=GOOD),
    "words": reply(content="Which city?"),
    "malformed": reply(arguments='{"city": "Oslo"'),
    "python": reply(arguments="{'city': 'Oslo'}"),
    "exact": reply(arguments='{"city": "Oslo", "n": 1.0, "s": "</tool_call>"}'),
    "object": reply(arguments={"city": "Oslo"}),
    "invented": reply(arguments="", name="no_such_tool"),
    "long": reply(content="word " * 9, finish="length"),
    "in the content": reply(content='<tool_call>\nname: weather.get\nparameters: {"city": "Oslo"}\n</tool_call>'),
    "no choices": {"choices": []},
    "not a completion": {"hello": 1},
}
seen = {}

class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def log_message(self, *args): pass
    def send(self, status, body, **headers):
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", "Content-Length": str(len(body)), **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)
    def do_POST(self):
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        with open(sys.argv[1], "a") as file:
            print(json.dumps([dict(self.headers), request]), file=file)
        fault = request["messages"][-1]["content"]
        seen[fault] = seen.get(fault, 0) + 1
        good = json.dumps(PLAIN["good"]).encode()
        if fault in PLAIN:
            self.send(200, json.dumps(PLAIN[fault]).encode())
        elif fault.startswith("status"):
            self.send(int(fault.split()[1]), b'{"error": {"message": "as asked"}}')
        elif fault == "busy at first" and seen[fault] < 3:
            self.send(429, b"{}", Retry_After="0.01")
        elif fault == "slow":
            time.sleep(1.5)
            self.send(200, good)
        elif fault == "trickle":
            self.send_response(200)
            self.send_header("Content-Length", "100000")
            self.end_headers()
            for _ in range(40):
                self.wfile.write(b" ")
                time.sleep(0.05)
        elif fault == "hang up":
            self.connection.shutdown(2)
        elif fault == "cut":
            self.send(200, good[:40], Content_Length="500")
            self.connection.shutdown(2)
        elif fault == "html":
            self.send(200, b"<html>gateway</html>", Content_Type="text/html")
        elif fault == "not json":
            self.send(200, good[:40])
        else:
            self.send(200, good)

server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print(server.server_port, flush=True)
server.serve_forever()
"""


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("endpoint") / "requests.jsonl"


@pytest.fixture(scope="module")
def endpoint(log: Path) -> Iterator[Endpoint]:
    with subprocess.Popen(
        [sys.executable, "-c", SERVER, str(log)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as server:
        assert server.stdout is not None
        port = int(server.stdout.readline())
        yield Endpoint(f"http://127.0.0.1:{port}/v1", "small", "secret", timeout=5, retries=2)
        server.terminate()


def item(question: str) -> Item:
    return Item(question, "single_call", (Message("user", question),), (WEATHER,), "call", (OSLO,))


FAULTS = {
    "good": None,
    "object": None,
    "in the content": None,
    "busy at first": None,
    "words": "should_have_called",
    "malformed": "malformed",
    "python": "malformed",
    "exact": "hallucinated_argument",
    "invented": "hallucinated_tool",
    "long": "truncated",
    "no choices": "unreadable_response",
    "not a completion": "unreadable_response",
    "html": "unreadable_response",
    "not json": "unreadable_response",
    "hang up": "cut_off",
    "cut": "cut_off",
    "status 429": "rate_limited",
    "status 500": "server_error",
    "status 503": "server_error",
    "status 400": "rejected",
    "status 401": "rejected",
    "status 404": "rejected",
}


def test_every_fault_has_a_name_and_stays_in_the_denominator(
    endpoint: Endpoint, log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("openai._base_client.INITIAL_RETRY_DELAY", 0.01)
    seen: list[tuple[int, int]] = []
    items = [item(fault) for fault in FAULTS]
    evaluation = evaluate_model(
        endpoint_replies(endpoint), items, label="small", progress=lambda done, total: seen.append((done, total))
    )
    assert {r.item.id: r.score.failure for r in evaluation.results} == FAULTS
    assert evaluation.summary().overall["call_exact"].n == len(FAULTS)
    assert seen == [(n, len(FAULTS)) for n in range(1, len(FAULTS) + 1)]
    by_id = {result.item.id: result for result in evaluation.results}
    assert by_id["exact"].reply.calls == (ToolCall("weather.get", {"city": "Oslo", "n": 1.0, "s": "</tool_call>"}),)
    assert (by_id["good"].tokens, by_id["status 500"].tokens) == (7, None)
    assert 0 < (by_id["good"].seconds or 0) < 5
    assert "as asked" in (by_id["status 400"].reply.error or "")
    headers, request = json.loads(log.read_text().splitlines()[0])
    assert headers["authorization"] == "Bearer secret"
    assert request["model"] == "small"
    assert request["tools"][0]["function"]["name"] == "weather_get"
    assert request["tools"][0]["function"]["parameters"] == WEATHER.schema()


def failures(endpoint: Endpoint, *questions: str) -> list[str | None]:
    """Why each question got no reply."""
    found: dict[int, Output] = {}
    endpoint_replies(endpoint)([item(question) for question in questions], found.__setitem__)
    return [found[place].failed for place in range(len(questions))]


def test_a_server_that_is_late_or_trickles_is_given_up(endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tooltune.evaluate.endpoint.LONGEST_PAUSE", 0.2)
    hurried = replace(endpoint, timeout=0.3, retries=0)
    assert failures(hurried, "slow", "trickle") == ["timed_out", "timed_out"]


def test_text_that_cannot_be_sent_stops_nothing(endpoint: Endpoint) -> None:
    assert failures(endpoint, "\ud800", "good") == ["rejected", None]


def test_no_server_at_all() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        nobody = Endpoint(f"http://127.0.0.1:{unused.getsockname()[1]}/v1", "small", retries=0)
        assert failures(nobody, "good", "good") == ["refused"] * 2


def test_names_are_mapped_there_and_back() -> None:
    tools = [Tool("a.b"), Tool("a_b"), Tool("a/b"), Tool("x" * 70), Tool("x" * 80), Tool("fine-1")]
    names = safe_names(tools)
    assert len(set(names.values())) == len(tools)
    assert all(0 < len(name) <= 64 and set(name) <= set("abx_-fine0123456789") for name in names.values())
    assert names["fine-1"] == "fine-1"
    body = {"choices": [{"message": {"tool_calls": [{"function": {"name": names["a/b"], "arguments": "{}"}}]}}]}
    assert parse_reply(read_completion(json.dumps(body), names).text).calls == (ToolCall("a/b", {}),)


def test_results_belong_to_their_calls() -> None:
    calls = (ToolCall("a.b", {"x": "ä"}), ToolCall("c", {}))
    messages = (
        Message("user", "hi"),
        Message("assistant", "", calls),
        Message("tool", "1", name="a.b"),
        Message("tool", "2", name="c"),
    )
    sent = request_messages(messages, {"a.b": "a_b", "c": "c"})
    assert [call["function"]["name"] for call in sent[1]["tool_calls"]] == ["a_b", "c"]
    assert json.loads(sent[1]["tool_calls"][0]["function"]["arguments"]) == {"x": "ä"}
    assert [m["tool_call_id"] for m in sent[2:]] == [call["id"] for call in sent[1]["tool_calls"]]
