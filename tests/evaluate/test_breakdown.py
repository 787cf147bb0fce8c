"""By tool, by argument, and what is taken for what: on replies written by hand."""

from __future__ import annotations

from tooltune.chat.parse import parse_reply
from tooltune.chat.render import render_reply
from tooltune.evaluate.baselines import baselines
from tooltune.evaluate.breakdown import NO_CALL, argument_rates, breakdown, cluster, confusion
from tooltune.evaluate.items import Item
from tooltune.evaluate.outputs import Output
from tooltune.evaluate.results import Evaluation
from tooltune.evaluate.statistics import Rate
from tooltune.types import Message, Tool, ToolCall, ToolParameter

WEATHER = Tool("weather", "", [ToolParameter("city", required=True), ToolParameter("days", type="integer", default=1)])
ALARM = Tool("alarm", "", [ToolParameter("time", required=True)])


def weather(city: str, **more: int) -> ToolCall:
    return ToolCall("weather", {"city": city, **more})


def item(number: int, *calls: ToolCall, answers: tuple[dict[str, dict[str, list[object]]], ...] = ()) -> Item:
    return Item(
        id=str(number),
        scenario="parallel",
        messages=(Message("user", "?"),),
        tools=(WEATHER, ALARM),
        outcome="call" if calls else "abstain",
        calls=calls,
        scorer="bfcl" if answers else "semantic",
        answers=answers,
    )


BOTH = ({"weather": {"city": ["Oslo"]}}, {"weather": {"city": ["Rome", "Roma"]}})
ITEMS = [
    item(0, weather("Oslo", days=2)),
    item(1, weather("Oslo")),
    item(2, weather("Oslo"), weather("Rome"), answers=BOTH),
    item(3),
]
REPLIES = [
    render_reply("", (weather("Oslo", days=3),)),
    render_reply("", (ToolCall("alarm", {"time": "7"}),)),
    render_reply("", (weather("roma"), weather("OSLO"))),
    render_reply("", (ToolCall("alarm", {"time": "7"}),)),
]
EVALUATION = Evaluation.of("tuned", ITEMS, [Output(text) for text in REPLIES], parse_reply)


def test_arguments() -> None:
    assert argument_rates(EVALUATION) == {"weather.city": Rate(3, 4), "weather.days": Rate(0, 1)}


def test_tools() -> None:
    tools = breakdown(EVALUATION)["tools"]
    rates = {name: {key: (rate["successes"], rate["n"]) for key, rate in tool.items()} for name, tool in tools.items()}
    assert rates == {
        "weather": {"right": (1, 3), "recall": (2, 3), "precision": (2, 2)},
        "alarm": {"right": (0, 0), "recall": (0, 0), "precision": (0, 2)},
    }


def test_what_is_taken_for_what() -> None:
    assert confusion(EVALUATION) == {("weather", "weather"): 3, ("weather", "alarm"): 1, (NO_CALL, "alarm"): 1}


def test_items_of_one_tool_are_one_cluster() -> None:
    assert [cluster(one) for one in ITEMS] == ["weather", "weather", "weather", "alarm + weather"]


def test_policies_that_look_at_nothing() -> None:
    abstain, first = (policy.summary().overall for policy in baselines(ITEMS))
    assert (abstain["right"], abstain["abstained"]) == (Rate(1, 4), Rate(1, 1))
    assert (first["right_tool"], first["call_exact"], first["abstained"]) == (Rate(2, 3), Rate(0, 3), Rate(0, 1))
