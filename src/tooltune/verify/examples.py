"""The two questions asked of an example: is it true in itself, and can it be trained on?"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

from tooltune.errors import DataError
from tooltune.types import Example, Tool, ToolCall
from tooltune.verify.coverage import unknown_in_answer, unused
from tooltune.verify.grounding import ungrounded
from tooltune.verify.structure import problems

Executor = Callable[[ToolCall, Sequence[Tool]], str]
"""Runs a call with the tools in view and gives the result's text."""

_CODE_NAME = re.compile(r"\w*(?:_|[a-z][A-Z])\w*")


def check_example(example: Example, where: str) -> None:
    """Accept an example that can be trained on.

    Calls at the very end need no results: a dataset may stop there.

    Args:
        example: an example of a dataset file.
        where: the file and the example, for the error.

    Raises:
        DataError: a result without a call, a call without its result, a call to a tool that is not
            in `tools`, arguments that do not fit the schema, two tools of one name, or no assistant
            message.
    """
    problem = next(problems(example), None)
    if problem is not None:
        raise DataError(f"{where}, key {problem.key}", problem.found, problem.expected)


def verify_example(example: Example, execute: Executor | None = None) -> str | None:
    """Why a generated example is to be dropped, as `step: detail`, or None to keep it.

    Args:
        example: the example.
        execute: replays the calls when given; every recorded result must come out again.
    """
    problem = next(problems(example, formats=True), None)
    if problem is not None:
        return f"{problem.kind}: {problem.key}: {problem.found}"
    last = example.messages[-1]
    if last.role != "assistant" or bool(last.tool_calls) != (example.metadata.get("ends") == "call"):
        return "results: the last message is not an answer"
    return _untrue(example, execute)


def _untrue(example: Example, execute: Executor | None) -> str | None:
    for step, found in (
        ("grounding", ungrounded(example)),
        ("coverage", unused(example)),
        ("replay", _other_results(example, execute) if execute else iter(())),
        ("answer", unknown_in_answer(example)),
        ("raw name", _raw_names(example)),
    ):
        first = next(found, None)
        if first is not None:
            return f"{step}: {first}"
    return None


def _other_results(example: Example, execute: Executor) -> Iterator[str]:
    calls: list[ToolCall] = []
    for message in example.messages:
        calls.extend(message.tool_calls)
        if message.role == "tool" and execute(call := calls.pop(0), example.tools) != message.content:
            yield call.name


def _raw_names(example: Example) -> Iterator[str]:
    """Names written as in code that the user's text repeats; people do not speak like that."""
    names = {tool.name for tool in example.tools}
    names |= {parameter.name for tool in example.tools for parameter in tool.parameters}
    for message in example.messages:
        if message.role == "user":
            yield from sorted(names & set(_CODE_NAME.findall(message.content)))
