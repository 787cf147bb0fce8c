"""Judge one reply: metrics, and the first stage at which it went wrong.

A reply is right exactly when its `failure` is None, and each metric agrees with that label. What
cannot be read never counts as an abstention. Nothing here raises on what a model writes.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

from tooltune.chat.parse import Reply
from tooltune.evaluate.bfcl import check_calls
from tooltune.evaluate.items import Item
from tooltune.evaluate.questions import asks_for
from tooltune.evaluate.values import (
    canonical,
    canonical_call,
    has_right_type,
    is_in_enum,
    is_plain,
    required,
)
from tooltune.types import Tool, ToolCall

FAILURES: Mapping[str, str] = {
    "refused": "the endpoint could not be reached",
    "timed_out": "the endpoint did not answer in time",
    "cut_off": "the connection to the endpoint ended within the reply",
    "rate_limited": "the endpoint answered HTTP 429, also after pauses",
    "server_error": "the endpoint answered HTTP 5xx, also after pauses",
    "rejected": "the endpoint refused the request",
    "unreadable_response": "what the endpoint sent is no chat completion",
    "too_long": "the prompt does not fit the model's context",
    "no_output": "the reply is empty",
    "truncated": "the reply did not end within the token limit, or said the same over and over",
    "malformed": "an attempted call cannot be read",
    "hallucinated_tool": "called a tool that does not exist",
    "should_have_called": "answered in words where a call was expected",
    "wrong_tool": "called another tool than expected",
    "wrong_count": "made too few or too many calls",
    "missing_required": "left a required argument out",
    "hallucinated_argument": "gave an argument the tool does not have or nobody asked for",
    "wrong_type": "an argument is of the wrong JSON type",
    "enum_violation": "an argument is not one of the allowed values",
    "wrong_value": "an argument has the wrong value, or an optional one is absent",
    "should_have_abstained": "called a tool where no call was expected",
    "should_have_asked": "did not ask for the missing argument",
}
"""The taxonomy in its order, which is the order of the stages: the first that fails is the label."""

_STAGES = tuple(FAILURES)
_ATTEMPT = re.compile(
    r"""</?\s*(?:tool|function)_?calls?\b | "(?:parameters|arguments)"\s*: | ^\s*parameters:\s*[{\[]""",
    re.IGNORECASE | re.MULTILINE | re.VERBOSE,
)


@dataclass(frozen=True)
class Score:
    """The verdict on one reply. A metric that does not apply to the item is None."""

    well_formed: bool
    """Not empty, ended by itself, and every attempted call could be read."""
    call_exact: bool | None
    """Exactly the expected calls, in any order. Only for items that expect calls."""
    right_tool: bool | None
    """The expected tools, each as often as expected. Only for items that expect calls."""
    right_arguments: bool | None
    """All arguments mean the same. Only where the tools are right."""
    abstained: bool
    """Well formed and without a call, whatever was expected."""
    asked: bool | None
    """Abstained, and a question asks for each missing parameter. Only for items that expect it."""
    failure: str | None
    """A key of FAILURES, or None when the reply is right."""

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Score:
        return cls(**{field.name: data[field.name] for field in fields(cls)})


def score(item: Item, reply: Reply, *, truncated: bool = False, failed: str | None = None) -> Score:
    """Judge `reply`.

    Args:
        item: the decision and what is expected.
        reply: what the model wrote, parsed.
        truncated: the reply was cut off by the limit on new tokens.
        failed: why there is no reply at all, a key of FAILURES such as `too_long`.
    """
    reply = sound(reply)
    broken = _form_failure(item, reply, truncated, failed)
    if item.outcome != "call":
        return _score_text(item, reply, broken)
    return _score_bfcl(item, reply, broken) if item.scorer == "bfcl" else _score_call(item, reply, broken)


def sound(reply: Reply) -> Reply:
    """The reply, with calls that no JSON reader could take marked as malformed."""
    if all(is_plain(call.arguments) for call in reply.calls):
        return reply
    return Reply(reply.content, (), reply.error or "arguments nested too deeply, or not finite")


def _form_failure(item: Item, reply: Reply, truncated: bool, failed: str | None) -> str | None:
    """The stages that do not depend on what is expected."""
    if failed:
        return failed
    if not (reply.content.strip() or reply.calls or reply.error):
        return "truncated" if truncated else "no_output"
    if truncated:
        return "truncated"
    if reply.error or (not reply.calls and looks_like_call(reply.content, item.tools)):
        return "malformed"
    return None


def looks_like_call(text: str, tools: Sequence[Tool]) -> bool:
    """Whether text that holds no readable call was meant as one, such as `get_weather("Oslo")`."""
    names = "|".join(re.escape(tool.name) for tool in tools)
    return bool(_ATTEMPT.search(text) or (names and re.search(rf"(?<!\w)(?:{names})\(", text)))


def _score_call(item: Item, reply: Reply, broken: str | None) -> Score:
    schemas = {tool.name: tool.schema() for tool in item.tools}
    tools_fail = broken or _tool_failure(item.calls, reply.calls, schemas)
    exact = not tools_fail and _multiset(item.calls, schemas) == _multiset(reply.calls, schemas)
    return Score(
        well_formed=broken is None,
        call_exact=exact,
        right_tool=not tools_fail,
        right_arguments=None if tools_fail else exact,
        abstained=broken is None and not reply.calls,
        asked=None,
        failure=None if exact else tools_fail or _argument_failure(item.calls, reply.calls, schemas),
    )


def _score_bfcl(item: Item, reply: Reply, broken: str | None) -> Score:
    """By Berkeley's rules; where they know no answer (relevance), any readable call will do."""
    failure = broken or (None if reply.calls else "should_have_called")
    if failure is None and item.answers:
        failure = check_calls(item.scenario, item.tools, item.answers, reply.calls)
        failure = failure and (_unknown_tool(item, reply) or failure)
    names, wanted = Counter(call.name for call in reply.calls), Counter(call.name for call in item.calls)
    right_tool = broken is None and bool(reply.calls) and (names == wanted or not item.answers)
    return Score(
        well_formed=broken is None,
        call_exact=failure is None,
        right_tool=right_tool,
        right_arguments=failure is None if right_tool else None,
        abstained=broken is None and not reply.calls,
        asked=None,
        failure=failure,
    )


def _unknown_tool(item: Item, reply: Reply) -> str | None:
    return "hallucinated_tool" if {call.name for call in reply.calls} - {tool.name for tool in item.tools} else None


def _score_text(item: Item, reply: Reply, broken: str | None) -> Score:
    abstained = broken is None and not reply.calls
    asked = abstained and _asks(item, reply.content) if item.outcome == "ask" else None
    failure = broken or _unknown_tool(item, reply)
    if failure is None and not (abstained if asked is None else asked):
        failure = "should_have_abstained" if asked is None else "should_have_asked"
    return Score(broken is None, None, None, None, abstained, asked, failure)


def _asks(item: Item, text: str) -> bool:
    """Whether each missing parameter is asked for; with no names known, any question will do."""
    reference = item.reference if len(item.missing) == 1 else ""
    return "?" in text and all(asks_for(text, name, item.tools, reference) for name in item.missing)


def _tool_failure(expected: Sequence[ToolCall], given: Sequence[ToolCall], schemas: Mapping[str, Any]) -> str | None:
    if not given:
        return "should_have_called"
    wanted, names = Counter(call.name for call in expected), Counter(call.name for call in given)
    if not set(names) <= set(schemas):
        return "hallucinated_tool"
    if not set(names) <= set(wanted):
        return "wrong_tool"
    if len(given) != len(expected):
        return "wrong_count"
    return None if names == wanted else "wrong_tool"


def _multiset(calls: Sequence[ToolCall], schemas: Mapping[str, Any]) -> Counter[Any]:
    """Calls as comparable values; equal multisets are a perfect matching of equal calls."""
    return Counter(canonical_call(call, schemas.get(call.name)) for call in calls)


def _argument_failure(expected: Sequence[ToolCall], given: Sequence[ToolCall], schemas: Mapping[str, Any]) -> str:
    """The first stage that fails in any call, each call held against the closest expected one."""

    def failures(i: int, j: int) -> list[str]:
        return list(_differences(expected[i], given[j], schemas.get(given[j].name)))

    pairs = match_calls(expected, given, lambda i, j: len(failures(i, j)))
    return min((failure for pair in pairs.items() for failure in failures(*pair)), key=_STAGES.index)


def match_calls(
    expected: Sequence[ToolCall], given: Sequence[ToolCall], distance: Callable[[int, int], int]
) -> dict[int, int]:
    """Pair calls of equal names, closest pairs first: the index of an expected call -> that of the given one."""
    matched: dict[int, int] = {}
    distances = sorted(
        (distance(i, j), i, j)
        for i, want in enumerate(expected)
        for j, call in enumerate(given)
        if want.name == call.name
    )
    for _, i, j in distances:
        if i not in matched and j not in matched.values():
            matched[i] = j
    return matched


def _differences(want: ToolCall, call: ToolCall, schema: Any) -> Iterator[str]:
    """A label for each argument in which `call` differs from `want`."""
    needed, members = required(schema), (schema or {}).get("properties", {})
    for name in {**want.arguments, **call.arguments}:
        if same_argument(want, call, name, schema):
            continue
        if name not in call.arguments:
            yield "missing_required" if name in needed else "wrong_value"
        elif name not in members or name not in want.arguments:
            yield "hallucinated_argument"
        else:
            yield _value_failure(call.arguments[name], members[name])


def same_argument(want: ToolCall, call: ToolCall, name: str, schema: Any) -> bool:
    """Whether an argument means the same in both calls."""
    return bool(_argument(want, name, schema) == _argument(call, name, schema))


def _argument(call: ToolCall, name: str, schema: Any) -> Any:
    """One argument alone as a comparable value; absent and default are equal here too."""
    return canonical({key: value for key, value in call.arguments.items() if key == name}, schema)


def _value_failure(value: Any, schema: Any) -> str:
    if not has_right_type(value, schema):
        return "wrong_type"
    return "wrong_value" if is_in_enum(value, schema) else "enum_violation"
