"""Evaluations built by running the real parser and scorer over replies written by hand."""

from itertools import pairwise

import pytest

from tooltune.chat.parse import parse_reply
from tooltune.chat.render import render_reply
from tooltune.evaluate.items import items_of
from tooltune.evaluate.results import Evaluation, ItemResult
from tooltune.evaluate.scorers import score, sound
from tooltune.types import Example, Message, Tool, ToolCall, ToolParameter

WEATHER = Tool(
    "get_weather",
    "Get the weather in a city.",
    [
        ToolParameter("city", "City name", required=True),
        ToolParameter("units", "Unit", "string", enum=["celsius", "fahrenheit"], default="celsius"),
    ],
)
EVENT = Tool(
    "create_event",
    "Put an event into the calendar.",
    [ToolParameter("title", "Title", required=True), ToolParameter("date", "Date", required=True)],
)


def weather(city):
    return ToolCall("get_weather", {"city": city})


def example(question, scenario, *calls, text="", **metadata):
    messages = [Message("user", question), Message("assistant", text, calls)]
    if calls:
        messages.append(Message("tool", '{"temperature": 9}', name=calls[0].name))
        messages.append(Message("assistant", "It is 9 degrees."))
    return Example(tuple(messages), (WEATHER, EVENT), {"scenario": scenario, **metadata})


CITIES = ["Oslo", "Rome", "Paris", "Lima", "Cairo", "Tokyo", "Delhi", "Quito", "Porto", "Graz"]
EXAMPLES = [
    *(
        example(f"What's the weather in {city} {when}?", "single_call", weather(city))
        for when in ("now", "today")
        for city in CITIES
    ),
    *(example(f"Is {a} warmer than {b}?", "parallel_calls", weather(a), weather(b)) for a, b in pairwise(CITIES)),
    *(
        example(f"Put {title} into my calendar.", "missing_argument", text="On which date?", missing=["date"])
        for title in ("lunch", "dinner", "the gym", "yoga")
    ),
    *(example(f"Play some {kind}.", "no_tool", text="I can't play music.") for kind in ("jazz", "rock", "pop", "folk")),
]
ITEMS = items_of(EXAMPLES)


def evaluation(label, reply_of):
    results = []
    for number, item in enumerate(ITEMS):
        text = reply_of(number, item)
        reply, truncated = sound(parse_reply(text)), text.endswith("...")
        results.append(ItemResult(item, text, reply, truncated, score(item, reply, truncated=truncated)))
    return Evaluation(label, tuple(results))


def base_reply(number, item):
    """An untuned model: rambles, writes JSON of its own, sometimes fakes a call with backticks."""
    if number % 7 == 3 and item.outcome == "call":
        return render_reply("", item.calls)
    return [
        "The weather is sunny and 25 degrees.",
        '```json\n{"name": "get_weather", "arguments": {"city": "Oslo"}}\n```',
        "I think that ... and so on and so on ...",
        "",
        "<tool_call>\nname: get_wheather\nparameters: {}\n</tool_call>",
    ][number % 5]


def tuned_reply(number, item):
    """A tuned model: mostly right, with some wrong values."""
    if number % 11 == 5 and item.outcome == "call":
        return render_reply("", (weather("oslo"), *item.calls[1:]))
    if number % 3 == 2 and item.outcome in ("abstain", "ask"):
        return render_reply("Let me see.", (weather("Oslo | `Norway`\n````"),))
    return render_reply("" if item.calls else item.reference, item.calls)


@pytest.fixture
def base():
    return evaluation("SmolLM2-135M", base_reply)


@pytest.fixture
def tuned():
    return evaluation("tuned", tuned_reply)


@pytest.fixture
def run():
    return {
        "model": "SmolLM2-135M-Instruct",
        "training examples": 1450,
        "seed": 7,
        "minutes": 12.3456,
        "loss": float("nan"),
        "adapter": {"rank": 32, "alpha": 64},
        "tools": ["get_weather", "create_event"],
    }
