"""Berkeley's rules for single-turn calls: is a list of calls one of the accepted answers?

The method is that of `bfcl_eval/eval_checker/ast_eval/ast_checker.py` (bfcl-eval 2026.3.23), for Python and
for values that JSON can hold; `benchmarks/bfcl_scorer.py` compares the two call for call. What makes the
original stop with a traceback is a wrong answer here.

An answer is `{tool: {argument: [accepted values]}}`; `""` among the values means that the argument may be
left out. In an accepted object every member is such a list of values again.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

from tooltune.evaluate.values import is_in_enum
from tooltune.types import Tool, ToolCall

Answer = Mapping[str, Mapping[str, Sequence[Any]]]

STAGES = ("wrong_tool", "missing_required", "hallucinated_argument", "wrong_type", "enum_violation", "wrong_value")
"""What can be wrong with one call, in the order in which it is looked for."""

_KINDS: Mapping[Any, type] = {
    "string": str, "integer": int, "number": float, "boolean": bool, "array": list, "object": dict,
}  # fmt: skip
_IGNORED = re.compile(r"[ ,./\-_*^]")


def check_calls(
    category: str, tools: Sequence[Tool], answers: Sequence[Answer], calls: Sequence[ToolCall]
) -> str | None:
    """The first rule that the calls break, as a key of FAILURES; None where they are accepted.

    Args:
        category: the name of a BFCL category; it decides how calls are matched.
        tools: the tools in view.
        answers: one accepted answer for each expected call.
        calls: what the model called.
    """
    if "parallel" in category:
        return _check_parallel(tools, answers, calls)
    if len(calls) != 1:
        return "wrong_count"
    tool = _tool_of(tools, answers[0]) if "multiple" in category else tools[0]
    return check_call(tool, _accepted(answers[0]), calls[0])


def _check_parallel(tools: Sequence[Tool], answers: Sequence[Answer], calls: Sequence[ToolCall]) -> str | None:
    """Each answer in turn takes the first call that fits it; where none does, the closest one says why."""
    if len(calls) != len(answers):
        return "wrong_count"
    left = list(calls)
    for answer in answers:
        failures = [check_call(_tool_of(tools, answer), _accepted(answer), call) for call in left]
        if None not in failures:
            return max(filter(None, failures), key=STAGES.index)
        left.pop(failures.index(None))
    return None


def _tool_of(tools: Sequence[Tool], answer: Answer) -> Tool:
    return next(tool for tool in tools if tool.name in answer)


def _accepted(answer: Answer) -> Mapping[str, Sequence[Any]]:
    return next(iter(answer.values()))


def check_call(tool: Tool, accepted: Mapping[str, Sequence[Any]], call: ToolCall) -> str | None:
    """One call against one answer: the first of STAGES that fails, or None."""
    given = call.arguments
    if call.name != tool.name:
        return "wrong_tool"
    if any(parameter.required and parameter.name not in given for parameter in tool.parameters):
        return "missing_required"
    for name, value in given.items():
        failure = check_argument(tool, accepted, name, value)
        if failure:
            return failure
    absent = any(name not in given and "" not in values for name, values in accepted.items())
    return "wrong_value" if absent else None


def check_argument(tool: Tool, accepted: Mapping[str, Sequence[Any]], name: str, value: Any) -> str | None:
    """One argument that was given: the first of STAGES that fails, or None."""
    parameter = tool.parameter(name)
    if parameter is None or name not in accepted:
        return "hallucinated_argument"
    schema = parameter.to_schema()
    kind = _kind(schema)
    inner = _kind(schema.get("items")) if kind is list else None
    if kind is float and type(value) is int:
        value = _as_float(value)
    if not _has_type(value, accepted[name], kind, inner):
        return "wrong_type"
    if _is_accepted(value, accepted[name], kind, inner):
        return None
    return "wrong_value" if is_in_enum(value, schema) else "enum_violation"


def _kind(schema: Any) -> type:
    """The Python type that a schema asks for; where it asks for none, the checker wants a string."""
    declared = schema.get("type") if isinstance(schema, Mapping) else None
    return _KINDS.get(declared, str) if isinstance(declared, str) else str


def _as_float(value: int) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.inf


def _has_type(value: Any, accepted: Sequence[Any], kind: type, inner: type | None) -> bool:
    """Whether the value has the declared type, or that of the first accepted value."""
    found = type(value)
    if found is not kind:
        return found is _first_type(accepted)
    if inner is None:
        return True
    return any(
        not isinstance(values, list) or all(_has_type(part, values, inner, None) for part in value)
        for values in accepted
    )


def _first_type(accepted: Sequence[Any]) -> type | None:
    return next((type(value) for value in accepted if value != ""), None)


def _is_accepted(value: Any, accepted: Sequence[Any], kind: type, inner: type | None) -> bool:
    # Where the accepted values are of another type than the declared one, plain equality decides.
    if _first_type(accepted) not in (None, kind):
        return value in accepted
    if kind is str:
        return _plain(value) in [_plain(one) for one in accepted if isinstance(one, str)]
    if kind is dict:
        return any(_is_accepted_object(value, one) for one in accepted)
    if inner is dict:
        return any(_are_accepted_objects(value, ones) for ones in accepted)
    if kind is list:
        return [_plain(part) for part in value] in [[_plain(part) for part in parts] for parts in accepted]
    return value in accepted


def _are_accepted_objects(value: Sequence[Any], accepted: Sequence[Any]) -> bool:
    return len(value) == len(accepted) and all(map(_is_accepted_object, value, accepted))


def _is_accepted_object(value: Any, accepted: Any) -> bool:
    if not (isinstance(value, dict) and isinstance(accepted, dict)):
        return False
    fits = all(name in accepted and _is_one_of(part, accepted[name]) for name, part in value.items())
    return fits and all(name in value or "" in values for name, values in accepted.items())


def _is_one_of(value: Any, accepted: Any) -> bool:
    return isinstance(accepted, list) and _plain(value) in [_plain(one) for one in accepted]


def _plain(value: Any) -> Any:
    """A string without what the checker ignores: spaces, some punctuation, case, the kind of quote."""
    return _IGNORED.sub("", value).lower().replace("'", '"') if isinstance(value, str) else value
