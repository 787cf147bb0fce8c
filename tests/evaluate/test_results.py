import json

import pytest

from tooltune.chat.parse import parse_reply
from tooltune.errors import DataError
from tooltune.evaluate.items import Item
from tooltune.evaluate.results import Evaluation, ItemResult
from tooltune.evaluate.scorers import score, sound
from tooltune.evaluate.statistics import Rate
from tooltune.types import Message, Tool, ToolCall, ToolParameter

TOOL = Tool("get_weather", "Weather", [ToolParameter("city", "City", required=True)])
OSLO = '<tool_call>\nname: get_weather\nparameters: {"city": "Oslo"}\n</tool_call>'
ROME = OSLO.replace("Oslo", "Rome")


def result(number, scenario, outcome, text, truncated=False):
    calls = (ToolCall("get_weather", {"city": "Oslo"}),) if outcome == "call" else ()
    missing = ("city",) if outcome == "ask" else ()
    item = Item(f"{number}.1", scenario, (Message("user", "Hi"),), (TOOL,), outcome, calls, missing)
    reply = sound(parse_reply(text))
    return ItemResult(item, text, reply, truncated, score(item, reply, truncated=truncated))


REPLIES = [
    ("single_call", "call", OSLO),
    ("single_call", "call", ROME),
    ("single_call", "call", "I do not know."),
    ("single_call", "chat", "You are welcome."),
    ("no_tool", "abstain", "I have no tool for that."),
    ("no_tool", "abstain", OSLO),
    ("no_tool", "abstain", "<tool_call>"),
    ("missing_argument", "ask", "Which city?"),
    ("missing_argument", "ask", "No."),
]
EVALUATION = Evaluation("tuned", tuple(result(i, *reply) for i, reply in enumerate(REPLIES)))


def test_each_metric_counts_its_own_items():
    assert EVALUATION.summary().overall == {
        "right": Rate(4, 9),
        "call_exact": Rate(1, 3),
        "right_tool": Rate(2, 3),
        "right_arguments": Rate(1, 2),
        "abstained": Rate(2, 4),
        "asked": Rate(1, 2),
        "abstained_or_asked": Rate(2, 5),
        "well_formed": Rate(8, 9),
        "board": Rate(0, 0),
    }


def test_scenarios_and_failures_add_up():
    summary = EVALUATION.summary()
    assert summary.scenarios["single_call"]["right"] == Rate(2, 4)
    assert summary.scenarios["no_tool"]["call_exact"] == Rate(0, 0)
    assert sum(rates["right"].n for rates in summary.scenarios.values()) == 9
    assert summary.failures == {
        "malformed": 1,
        "should_have_called": 1,
        "wrong_value": 1,
        "should_have_abstained": 1,
        "should_have_asked": 1,
    }
    assert sum(summary.failures.values()) == 9 - summary.overall["right"].successes


def test_summary_as_json():
    data = json.loads(json.dumps(EVALUATION.summary().to_dict()))
    assert data["overall"]["call_exact"]["successes"] == 1
    assert data["scenarios"]["no_tool"]["call_exact"]["rate"] is None


def test_round_trip_through_json():
    weird = result(
        9,
        "single_call",
        "call",
        'name \ud800 ``` <tool_call>\nname: a\nparameters: {"x": 1e999}\n</tool_call>',
    )
    evaluation = Evaluation("tuned", (*EVALUATION.results, weird))
    text = json.dumps(evaluation.to_dict(), allow_nan=False)
    again = Evaluation.from_dict(json.loads(text))
    assert again.to_dict() == evaluation.to_dict()
    assert again.summary() == evaluation.summary()


def test_from_dict_names_the_absent_key():
    with pytest.raises(DataError, match="no key 'results'"):
        Evaluation.from_dict({"label": "tuned"})


def test_nothing_was_evaluated():
    assert Evaluation("base", ()).summary().overall["right"] == Rate(0, 0)
