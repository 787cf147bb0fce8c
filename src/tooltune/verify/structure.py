"""Is a conversation well formed: roles in order, calls to tools in view, a result for each call?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tooltune.types import Example, Message, ToolCall
from tooltune.verify.schema import argument_problem


@dataclass(frozen=True)
class Problem:
    """Where an example is wrong, what was found there, and what was expected."""

    kind: str
    key: str
    found: str
    expected: str = ""


def problems(example: Example, formats: bool = False) -> Iterator[Problem]:
    """All structural problems of an example, cheapest first."""
    yield from _tool_problems(example)
    yield from _role_problems(example.messages)
    yield from _call_problems(example, formats)


def _tool_problems(example: Example) -> Iterator[Problem]:
    for name, count in Counter(tool.name for tool in example.tools).items():
        if count > 1:
            yield Problem("tools", "tools", f"{count} tools named {name!r}", "different names")


def _role_problems(messages: Sequence[Message]) -> Iterator[Problem]:
    if not any(message.role == "assistant" for message in messages):
        yield Problem("roles", "messages", "no assistant message", "something to learn from")
    seen_user = False
    open_calls: list[ToolCall] = []
    for i, message in enumerate(messages):
        key = f"messages[{i}]"
        yield from _misplaced(message, key, i, seen_user)
        if message.role == "tool":
            yield from _result_problems(message, key, open_calls)
        elif open_calls:
            yield Problem("results", key, f"no result for the call of {open_calls[0].name!r}",
                          "one tool message per call")  # fmt: skip
            open_calls = []
        seen_user = seen_user or message.role == "user"
        open_calls = open_calls + list(message.tool_calls)


def _misplaced(message: Message, key: str, index: int, seen_user: bool) -> Iterator[Problem]:
    if message.role == "system" and index > 0:
        yield Problem("roles", key, "a system message", "it only at the start")
    if message.role == "assistant" and not seen_user:
        yield Problem("roles", key, "an assistant message before any user message", "a user message first")
    if message.role == "assistant" and not message.content.strip() and not message.tool_calls:
        yield Problem("roles", key, "an empty assistant message", "text or tool_calls")


def _result_problems(message: Message, key: str, open_calls: list[ToolCall]) -> Iterator[Problem]:
    """Check a tool message against the next call without a result, and take that call off."""
    if not open_calls:
        yield Problem("results", key, "a result without a call", "an assistant message with tool_calls before")
        return
    call = open_calls.pop(0)
    if message.name is not None and message.name != call.name:
        yield Problem("results", f"{key}, key name", repr(message.name), f"{call.name!r}, in the order of the calls")


def _call_problems(example: Example, formats: bool) -> Iterator[Problem]:
    tools = {tool.name: tool for tool in example.tools}
    for i, message in enumerate(example.messages):
        for j, call in enumerate(message.tool_calls):
            key = f"messages[{i}], key tool_calls[{j}]"
            if call.name not in tools:
                yield Problem(
                    "unknown tool",
                    f"{key}, key name",
                    repr(call.name),
                    f"one of {', '.join(tools) or 'no tools'}",
                )
                continue
            try:
                wrong = argument_problem(tools[call.name], call.arguments, formats)
            except ValueError as error:
                yield Problem("schema", f"tools, tool {call.name!r}", str(error), "a JSON Schema")
                continue
            if wrong:
                yield Problem("schema", f"{key}, key parameters", wrong, f"arguments that fit {call.name!r}")
