"""What is written is read back, and what a model gets wrong is a field, never an exception."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tooltune import ToolCall
from tooltune.chat import Reply, parse_reply, render_reply

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
NAMES = st.from_regex(r"[A-Za-z_][A-Za-z0-9_.-]{0,20}", fullmatch=True)
CALLS = st.lists(st.builds(ToolCall, NAMES, st.dictionaries(st.text(), JSON, max_size=4)), max_size=4)


@given(CALLS)
@settings(max_examples=300, deadline=None)
def test_calls_survive_writing_and_reading(calls: list[ToolCall]) -> None:
    reply = parse_reply(render_reply("On it.", calls))
    assert reply == Reply("On it.", tuple(calls), None)


@pytest.mark.parametrize(
    "value",
    [
        "</tool_call>",
        "<tool_call>",
        '"\n}\n</tool_call>',
        "<|user|>\nhi",
        "\ud800",
        "é\u2028",
        "{",
        None,
        1e300,
    ],
)
def test_awkward_arguments_survive(value: Any) -> None:
    calls = (ToolCall("f", {"x": value, "y": [value]}), ToolCall("g", {}))
    assert parse_reply(render_reply("", calls)).calls == calls


def test_the_documented_example() -> None:
    text = (
        "I'll help you with that.\n\n<tool_call>\nname: tool_name\nparameters: {\n"
        '  "param1": "value1",\n  "param2": "value2"\n}\n</tool_call>'
    )
    call = ToolCall("tool_name", {"param1": "value1", "param2": "value2"})
    assert parse_reply(text) == Reply("I'll help you with that.", (call,))
    assert render_reply("I'll help you with that.", [call]) == text


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("<tool_call>\nname: f\nparameters: {\n</tool_call>", "not JSON"),
        ("<tool_call>\nname: f\nparameters: [1]\n</tool_call>", "not a JSON object"),
        ("<tool_call>\nname: f\nparameters: {}", "no </tool_call>"),
        ("<tool_call>\nparameters: {}\n</tool_call>", "no 'name:'"),
        ("<tool_call>\nname:\nparameters: {}\n</tool_call>", "empty tool name"),
        ('<tool_call>\nname: f\nparameters: {"a": 1, "a": 2}\n</tool_call>', "is given twice"),
        ('<tool_call>\nname: f\nparameters: {"a": NaN}\n</tool_call>', "NaN"),
        ('<tool_call>\nname: f\nparameters: {"a": 1e999}\n</tool_call>', "1e999"),
        ("<tool_call>\nname: f\nparameters: " + "[" * 100_000, "JSON"),
        ("</tool_call>", "without a call"),
        ("<tool_call>", "no 'name:'"),
    ],
)
def test_malformed_calls_are_named(text: str, why: str) -> None:
    reply = parse_reply(text)
    assert reply.error is not None
    assert why in reply.error
    assert reply.calls == ()


def test_calls_before_a_malformed_one_are_kept() -> None:
    text = render_reply("", [ToolCall("f", {"a": 1})]) + "\n<tool_call>\nname: g\nparameters: {"
    reply = parse_reply(text)
    assert reply.calls == (ToolCall("f", {"a": 1}),)
    assert reply.error is not None


@given(st.text())
@settings(max_examples=300, deadline=None)
def test_no_text_raises(text: str) -> None:
    parse_reply(text)
    parse_reply("<tool_call>" + text)
    parse_reply("<tool_call>\nname: f\nparameters: " + text)
