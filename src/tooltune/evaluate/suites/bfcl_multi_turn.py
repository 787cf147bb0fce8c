"""The Berkeley Function-Calling Leaderboard: its categories of several turns, as conversations to hold.

    conversations = load_multi_turn(["multi_turn_base"])

The user's turns come from `BFCL_v4_<category>.json`, the reference's calls from `possible_answer/`, and the tools
from `multi_turn_func_doc/`; the world that the calls are run in is code of the installed wheel (`evaluate.bfcl_world`).
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from tooltune.errors import DataError
from tooltune.evaluate.bfcl_conversations import BfclConversation
from tooltune.evaluate.bfcl_world import require_world, wheel
from tooltune.evaluate.suites.bfcl import data_folder, rows_of, tool_of
from tooltune.types import Message, Tool, ToolCall

MORE_TOOLS = "I have updated some more functions you can choose from. What about now?"
"""What the board's user says when tools that were held back come into view."""


def load_multi_turn(categories: Sequence[str], folder: Path | None = None) -> list[BfclConversation]:
    """The conversations of some of MULTI_TURN, in the order of the files.

    Raises:
        MissingExtraError: bfcl-eval, or a library that its simulated world needs, is not installed.
        DataError: a file is missing or not in BFCL's form.
    """
    where = data_folder() if folder is None else folder
    found = [conversation for name in categories for conversation in _conversations(where, name)]
    require_world(sorted({name for conversation in found for name in conversation.classes}))
    return found


def _conversations(folder: Path, category: str) -> Iterator[BfclConversation]:
    name = f"BFCL_v4_{category}.json"
    answers = {row["id"]: row.get("ground_truth") for row, _ in rows_of(folder / "possible_answer" / name)}
    docs = _Docs(folder)
    for row, where in rows_of(folder / name):
        try:
            yield _conversation(row, answers[row["id"]], category, docs)
        except (KeyError, TypeError, ValueError, SyntaxError, AttributeError) as error:
            raise DataError(where, f"not a row of several turns ({error!r})", f"a row as in BFCL's {name}") from error


class _Docs:
    """The tools of each class, read once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "multi_turn_func_doc"
        self._names = wheel("constants.executable_backend_config").MULTI_TURN_FUNC_DOC_FILE_MAPPING
        self._known: dict[str, list[Tool]] = {}

    def tools(self, name: str) -> list[Tool]:
        if name not in self._known:
            path = self._folder / self._names[name]
            self._known[name] = [_tool(row, where) for row, where in rows_of(path, identity="name")]
        return self._known[name]


def _tool(row: Mapping[str, Any], where: str) -> Tool:
    """What a function returns is not a part of a tool."""
    return tool_of({name: value for name, value in row.items() if name != "response"}, where)


def _conversation(row: Mapping[str, Any], answer: Any, category: str, docs: _Docs) -> BfclConversation:
    held_back = {name: int(turn) for turn, names in row.get("missed_function", {}).items() for name in names}
    tools = [tool for name in row["involved_classes"] for tool in docs.tools(name)]
    questions = [[Message.from_dict(message) for message in turn] for turn in row["question"]]
    return BfclConversation(
        id=row["id"],
        scenario=category,
        said=tuple(tuple(said) or (Message("user", MORE_TOOLS),) for said in questions),
        tools=tuple(sorted(tools, key=lambda tool: held_back.get(tool.name, 0))),
        required=tuple(
            tuple(read_call(text, tools) for text in calls) for _, calls in zip(questions, answer, strict=True)
        ),
        classes=tuple(row["involved_classes"]),
        config=row["initial_config"],
        held_back=held_back,
    )


def read_call(text: str, tools: Sequence[Tool]) -> ToolCall:
    """A call that the wheel writes as Python, `sort('a.txt', reverse=True)`; it is read, and never run.

    Raises:
        ValueError, SyntaxError, AttributeError: it is none, or not of literals.
        KeyError: there is no such tool.
    """
    call: Any = ast.parse(text, mode="eval").body
    names = {tool.name: [parameter.name for parameter in tool.parameters] for tool in tools}[call.func.id]
    given = {name: ast.literal_eval(value) for name, value in zip(names, call.args, strict=False)}
    return ToolCall(call.func.id, given | {part.arg: ast.literal_eval(part.value) for part in call.keywords})
