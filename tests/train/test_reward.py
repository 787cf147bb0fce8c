"""The reward of a reply, step by step."""

from __future__ import annotations

import pytest

from tooltune import Example, Message, Tool
from tooltune.chat import parse_reply, render_reply
from tooltune.evaluate import Item, items_of
from tooltune.train.reward import REWARDS, reward
from tooltune.types import ToolCall

OSLO = ToolCall("get_weather", {"city": "Oslo"})


def call(name: str, **arguments: str) -> str:
    return render_reply("", (ToolCall(name, arguments),))


@pytest.fixture
def items(tools: list[Tool]) -> dict[str, Item]:
    """A decision of each outcome."""
    replies = {
        "call": (Message("assistant", "", (OSLO,)), {}),
        "ask": (Message("assistant", "For which city?"), {"scenario": "missing_argument", "missing": ["city"]}),
        "abstain": (Message("assistant", "Sorry, no."), {"scenario": "no_tool"}),
    }
    user = Message("user", "What's the weather?")
    return {
        outcome: items_of([Example((user, reply), tuple(tools), metadata)])[0]
        for outcome, (reply, metadata) in replies.items()
    }


@pytest.mark.parametrize(
    ("outcome", "text", "earns"),
    [
        ("call", "", "unreadable"),
        ("call", "<tool_call>\nname: get_weather\nparameters: {", "unreadable"),
        ("call", "It is warm.", "readable"),
        ("call", call("set_alarm", time="07:00"), "decision"),
        ("call", call("get_rain", city="Oslo"), "decision"),
        ("call", call("get_weather", city="Rome"), "tool"),
        ("call", call("get_weather", city="Oslo", unit="fahrenheit"), "tool"),
        ("call", call("get_weather", city="Oslo"), "right"),
        ("call", call("get_weather", city="Oslo", unit="celsius"), "right"),
        ("ask", call("get_weather", city="Oslo"), "readable"),
        ("ask", "It is warm.", "decision"),
        ("ask", "Which city do you mean?", "right"),
        ("abstain", call("get_weather", city="Oslo"), "readable"),
        ("abstain", "I cannot do that.", "right"),
    ],
)
def test_what_a_reply_earns(items: dict[str, Item], outcome: str, text: str, earns: str) -> None:
    assert reward(items[outcome], parse_reply(text)) == REWARDS[earns]


def test_a_reply_without_an_end_earns_nothing(items: dict[str, Item]) -> None:
    assert reward(items["call"], parse_reply(call("get_weather", city="Oslo")), truncated=True) == 0
