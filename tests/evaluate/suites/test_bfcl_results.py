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
from tooltune.evaluate.results import Evaluation
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
