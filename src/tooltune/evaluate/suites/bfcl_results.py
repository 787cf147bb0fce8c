"""BFCL's folder of results, so that the official scorer can check ours.

    bfcl evaluate --model Qwen/Qwen3-0.6B-FC --test-category simple_python --result-dir "$PWD/DIR/tuned" --partial-eval

The official scorer only reads replies of models that it knows, so the folder bears the name of one whose replies
it reads as JSON within <tool_call> tags and whose tools keep the dots in their names. `benchmarks/bfcl_official.py`
runs that command and compares.
"""

from __future__ import annotations

import json
from itertools import groupby
from pathlib import Path

from tooltune.evaluate.bfcl_conversations import BfclConversation
from tooltune.evaluate.by_state import Outcome, StateEvaluation
from tooltune.evaluate.results import Evaluation, ItemResult
from tooltune.files import writable_folder, write_text
from tooltune.types import Message, ToolCall

READ_AS = "Qwen/Qwen3-0.6B-FC"


def write_bfcl_results(folder: Path, evaluation: Evaluation) -> None:
    """Write `LABEL/MODEL/live|non_live/BFCL_v4_CATEGORY_result.json` for each category.

    Raises:
        OutputError: a file cannot be written.
    """
    categories = sorted({result.item.scenario for result in evaluation.results})
    for category in categories:
        group = "live" if category.startswith("live_") else "non_live"
        target = writable_folder(_of_model(folder, evaluation.label) / group, "BFCL's results")
        results = [result for result in evaluation.results if result.item.scenario == category]
        lines = [_line(result.item.id, written(result)) for result in results]
        write_text(target / f"BFCL_v4_{category}_result.json", "".join(lines))


def write_bfcl_conversations(folder: Path, evaluation: StateEvaluation) -> None:
    """Write `LABEL/MODEL/multi_turn/BFCL_v4_CATEGORY_result.json` for each category of several turns.

    Raises:
        OutputError: a file cannot be written.
    """
    lines: dict[str, list[str]] = {}
    for outcome in evaluation.outcomes:
        if isinstance(outcome.conversation, BfclConversation):
            line = _line(outcome.conversation.id, _turns(outcome, outcome.conversation))
            lines.setdefault(outcome.conversation.scenario, []).append(line)
    for category, rows in lines.items():
        target = writable_folder(_of_model(folder, evaluation.label) / "multi_turn", "BFCL's results")
        write_text(target / f"BFCL_v4_{category}_result.json", "".join(rows))


def _turns(outcome: Outcome, conversation: BfclConversation) -> list[list[str]]:
    """The replies to each turn; one turn too few says that the conversation was broken off."""
    parts = groupby(outcome.messages, key=lambda message: message.role in ("system", "user"))
    turns = [[_reply(message) for message in part if message.role == "assistant"] for said, part in parts if not said]
    whole = outcome.messages[-1].role == "assistant"
    return turns if whole else turns[: len(conversation.required) - 1]


def _reply(message: Message) -> str:
    return "\n".join(map(_call, message.tool_calls)) or _without_calls(message.content)


def _of_model(folder: Path, label: str) -> Path:
    return folder / label / READ_AS.replace("/", "_")


def _line(identity: str, result: str | list[list[str]]) -> str:
    """In ASCII: the official scorer opens files in whatever encoding the machine has, and a model may write halves
    of characters."""
    return json.dumps({"id": identity, "result": result}) + "\n"


def written(result: ItemResult) -> str:
    """The reply as that model would write it; one that cannot be read stays unreadable."""
    if result.reply.error or not result.reply.calls:
        return _without_calls(result.text)
    return "\n".join(map(_call, result.reply.calls))


def _without_calls(text: str) -> str:
    """What holds no call that we can read must hold none for that model's reader, whose format is another one."""
    return text.replace("<tool_call>", "<unread_call>")


def _call(call: ToolCall) -> str:
    body = json.dumps({"name": call.name, "arguments": dict(call.arguments)}, ensure_ascii=False)
    return f"<tool_call>\n{body}\n</tool_call>"
