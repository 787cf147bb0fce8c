"""BFCL's results folder: what the official package reads out of it is what we judged."""

from __future__ import annotations

import ast
import importlib.util
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tooltune.chat.parse import parse_reply
from tooltune.chat.render import render_reply
from tooltune.evaluate.outputs import Output
from tooltune.evaluate.results import METRICS, Evaluation
from tooltune.evaluate.suites import load_bfcl, write_bfcl_results
from tooltune.types import ToolCall


def official_reader() -> Callable[[str], list[Any]]:
    """How the official package finds calls in a reply: its own function, without its module's heavy imports."""
    spec = importlib.util.find_spec("bfcl_eval")
    assert spec is not None
    assert spec.submodule_search_locations
    path = Path(spec.submodule_search_locations[0]) / "model_handler" / "local_inference" / "qwen_fc.py"
    tree = ast.parse(path.read_text(encoding="utf-8"))
    (function,) = [node for node in ast.walk(tree) if getattr(node, "name", "") == "_extract_tool_calls"]
    function.decorator_list = []  # type: ignore[attr-defined]
    scope: dict[str, Any] = {"re": re, "json": json}
    exec(compile(ast.Module([function], []), str(path), "exec"), scope)  # type: ignore[list-item]
    return scope["_extract_tool_calls"]  # type: ignore[no-any-return]


def test_the_official_package_reads_the_calls_that_we_judged(tmp_path: Path) -> None:
    items = [item for item in load_bfcl(["parallel_multiple", "live_simple"]) if item.scorer == "bfcl"][:300]
    odd = ToolCall("a.b", {"text": "</tool_call>\n<tool_call>", "n": [1, 2.5, None, True], "o": {"ä": {}}})
    outputs = [Output(render_reply("Sure.", (*item.calls, odd))) for item in items]
    outputs[0], outputs[1] = Output("No tool fits."), Output("<tool_call>\nname: x\nparameters: {\n</tool_call>")
    evaluation = Evaluation.of("tuned", items, outputs, parse_reply)
    write_bfcl_results(tmp_path, evaluation)
    read, found = official_reader(), {}
    for path in tmp_path.rglob("*.json"):
        assert path.parent.parent == tmp_path / "tuned" / "Qwen_Qwen3-0.6B-FC"
        assert path.parent.name == ("live" if "live" in path.name else "non_live")
        for line in path.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            found[row["id"]] = [(call["name"], call["arguments"]) for call in read(row["result"])]
    expected = {r.item.id: [(c.name, dict(c.arguments)) for c in r.reply.calls] for r in evaluation.results}
    assert found == expected
    assert found[items[0].id] == found[items[1].id] == []


def test_what_we_cannot_read_is_unread_for_the_official_package_too(tmp_path: Path) -> None:
    """The name in the folder is of a model whose format is another one: its reader takes JSON, ours does not."""
    (item, *_) = load_bfcl(["irrelevance"])
    foreign = Output('<tool_call>\n{"name": "a", "arguments": {}}\n</tool_call>')
    assert official_reader()(foreign.text)
    evaluation = Evaluation.of("tuned", [item], [foreign], parse_reply)
    write_bfcl_results(tmp_path, evaluation)
    (path,) = tmp_path.rglob("*.json")
    assert official_reader()(json.loads(path.read_text(encoding="utf-8"))["result"]) == []
    assert METRICS["board"].verdict(evaluation.results[0]) is True
    assert not evaluation.results[0].right


def test_a_reply_that_was_cut_off_is_judged_by_its_calls_on_the_board_alone(tmp_path: Path) -> None:
    (item, other, *_) = load_bfcl(["simple_python"])
    outputs = [Output(render_reply("", item.calls), truncated=True), Output(render_reply("", item.calls)[:-3], True)]
    evaluation = Evaluation.of("tuned", [item, other], outputs, parse_reply)
    write_bfcl_results(tmp_path, evaluation)
    (path,) = tmp_path.rglob("*.json")
    read = [official_reader()(json.loads(line)["result"]) for line in path.read_text("utf-8").splitlines()]
    assert [len(calls) for calls in read] == [1, 0]
    assert [METRICS["board"].verdict(result) for result in evaluation.results] == [True, False]
    assert [result.score.failure for result in evaluation.results] == ["truncated", "truncated"]


def test_the_file_is_ascii_and_holds_halves_of_characters(tmp_path: Path) -> None:
    """The official package opens it in whatever encoding the machine has."""
    (item, *_) = load_bfcl(["simple_python"])
    call = ToolCall("a", {"ä": "\ud800"})
    reply = '<tool_call>\nname: a\nparameters: {"ä": "\\ud800"}\n</tool_call>'
    write_bfcl_results(tmp_path, Evaluation.of("tuned", [item], [Output(reply)], parse_reply))
    (path,) = tmp_path.rglob("*.json")
    (found,) = official_reader()(json.loads(path.read_bytes().decode("ascii"))["result"])
    assert ToolCall(found["name"], found["arguments"]) == call
