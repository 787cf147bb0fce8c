import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tooltune.chat.parse import Reply, parse_reply
from tooltune.chat.render import render_reply
from tooltune.evaluate.items import Item
from tooltune.evaluate.results import METRICS, ItemResult
from tooltune.evaluate.scorers import FAILURES, Score, score, sound
from tooltune.types import Message, Tool, ToolCall, ToolParameter

WEATHER = Tool(
    "get_weather",
    "Weather",
    [
        ToolParameter("city", "City name", required=True),
        ToolParameter("days", "Days ahead", "integer"),
        ToolParameter("units", "Unit", "string", enum=["celsius", "fahrenheit"], default="celsius"),
        ToolParameter("hourly", "By the hour", "boolean"),
    ],
)
EVENT = Tool("create_event", "Event", [ToolParameter("title", "Title", required=True)])


def weather(city="Oslo", **more):
    return ToolCall("get_weather", {"city": city, **more})


def event(title):
    return ToolCall("create_event", {"title": title})


def item(outcome="call", calls=None, missing=()):
    return Item(
        id="0.1",
        scenario="test",
        messages=(Message("user", "Hello"),),
        tools=(WEATHER, EVENT),
        outcome=outcome,
        calls=tuple(calls or [weather()]) if outcome == "call" else (),
        missing=missing,
    )


def judge(given, *calls, text="", **kwargs):
    return score(given, parse_reply(render_reply(text, calls)), **kwargs)


@pytest.mark.parametrize(
    "call",
    [weather(), weather(units="celsius"), ToolCall("get_weather", {"units": "celsius", "city": "Oslo"})],
)
def test_a_right_call(call):
    verdict = judge(item(), call, text="Let me look.")
    assert verdict == Score(True, True, True, True, False, None, None)


def test_an_integral_float_is_the_integer_and_a_boolean_is_no_number():
    assert judge(item(calls=[weather(days=1)]), weather(days=1.0)).failure is None
    assert judge(item(calls=[weather(days=1)]), weather(days=True)).failure == "wrong_type"
    assert judge(item(calls=[weather(hourly=True)]), weather(hourly=1)).failure == "wrong_type"


def test_parallel_calls_in_any_order():
    expected = item(calls=[weather("Oslo"), weather("Rome"), event("Trip")])
    assert judge(expected, event("Trip"), weather("Rome"), weather("Oslo")).call_exact
    assert judge(expected, event("Trip"), weather("Rome"), weather("Rome")).failure == "wrong_value"


@pytest.mark.parametrize(
    ("expected", "given", "failure"),
    [
        ([weather()], [ToolCall("get_wether", {"city": "Oslo"})], "hallucinated_tool"),
        ([weather()], [], "should_have_called"),
        ([weather()], [event("Oslo")], "wrong_tool"),
        ([weather(), event("a")], [weather(), weather()], "wrong_tool"),
        ([weather()], [weather(), weather()], "wrong_count"),
        ([weather(), event("a")], [weather()], "wrong_count"),
        ([weather()], [ToolCall("get_weather", {"days": 2})], "missing_required"),
        ([weather()], [weather(color="red")], "hallucinated_argument"),
        ([weather()], [weather(days=2)], "hallucinated_argument"),
        ([weather()], [weather(["Oslo"])], "wrong_type"),
        ([weather(units="fahrenheit")], [weather(units="kelvin")], "enum_violation"),
        ([weather(units="fahrenheit")], [weather()], "wrong_value"),
        ([weather()], [weather("oslo")], "wrong_value"),
    ],
)
def test_first_failing_stage_of_a_call(expected, given, failure):
    verdict = judge(item(calls=expected), *given, text="Well.")
    assert verdict.failure == failure
    assert verdict.call_exact is False
    stage = list(FAILURES).index
    tools_are_right = stage(failure) > stage("wrong_count")
    assert verdict.right_tool is tools_are_right
    assert verdict.right_arguments is (False if tools_are_right else None)


def test_each_call_is_held_against_the_closest_expected_one():
    expected = item(calls=[weather("Oslo", days=1), weather("Rome", days=2)])
    assert judge(expected, weather("Rome", days=3), weather("Oslo", days=1)).failure == "wrong_value"
    verdict = judge(expected, weather("Rome", days=2), weather("Oslo", days="1"))
    assert verdict.failure == "wrong_type"


@pytest.mark.parametrize("outcome", ["call", "ask", "abstain", "chat"])
@pytest.mark.parametrize(
    ("text", "options", "failure"),
    [
        ("", {"failed": "too_long"}, "too_long"),
        ("", {}, "no_output"),
        (" \n", {}, "no_output"),
        ("I cannot", {"truncated": True}, "truncated"),
        ("<tool_call>\nname: get_weather\n", {}, "malformed"),
        ("</tool_call>", {}, "malformed"),
        ('{"name": "get_weather", "arguments": {"city": "Oslo"}}', {}, "malformed"),
        ("name: get_weather\nparameters: {}", {}, "malformed"),
        ('get_weather(city="Oslo")', {}, "malformed"),
        ("<toolcall> get_weather", {}, "malformed"),
    ],
)
def test_what_cannot_be_read_is_never_an_abstention(outcome, text, options, failure):
    verdict = score(item(outcome), parse_reply(text), **options)
    assert verdict.failure == failure
    assert not verdict.well_formed
    assert not verdict.abstained
    assert not verdict.asked
    assert not verdict.call_exact


def test_a_right_call_that_never_ends_is_truncated():
    verdict = judge(item(), weather(), truncated=True)
    assert (verdict.failure, verdict.call_exact, verdict.well_formed) == ("truncated", False, False)


@pytest.mark.parametrize("outcome", ["abstain", "chat"])
def test_abstaining(outcome):
    right = judge(item(outcome), text="I have no tool for that, such as get_weather (which is for weather).")
    assert (right.abstained, right.failure, right.call_exact, right.right_tool) == (True, None, None, None)
    assert judge(item(outcome), weather()).failure == "should_have_abstained"
    assert judge(item(outcome), ToolCall("tell_joke", {})).failure == "hallucinated_tool"


def test_asking():
    expected = item("ask", missing=("city",))
    assert judge(expected, text="For which city?").asked
    for text in ("I cannot do that.", "Anything else?", "Tell me the city."):
        verdict = judge(expected, text=text)
        assert (verdict.asked, verdict.abstained, verdict.failure) == (False, True, "should_have_asked")
    verdict = judge(expected, weather(), text="Which city?")
    assert (verdict.asked, verdict.abstained, verdict.failure) == (False, False, "should_have_asked")


def test_asking_for_every_missing_parameter():
    expected = item("ask", missing=("city", "title"))
    assert not judge(expected, text="Which city?").asked
    assert judge(expected, text="Which city, and what title?").asked
    assert judge(item("ask"), text="What exactly?").asked


def test_arguments_that_no_reader_could_take_are_malformed():
    deep = ToolCall("get_weather", json.loads('{"city":' + "[" * 500 + "]" * 500 + "}"))
    for call in (deep, weather(days=float("inf"))):
        reply = Reply("", (call,))
        assert score(item(), reply).failure == "malformed"
        assert json.dumps([c.to_dict() for c in sound(reply).calls]) == "[]"


PIECES = st.sampled_from(
    [*"{}[]?`\n1,", "\nname: get_weather", "\nparameters: ", '"city": ', '"Oslo"', "1e999", "\ud800", "city"]
) | st.sampled_from(["<tool_call>", "</tool_call>"])


@given(
    st.lists(PIECES | st.text(max_size=5), max_size=14).map("".join),
    st.sampled_from(["call", "ask", "abstain", "chat"]),
    st.booleans(),
)
def test_weird_output_never_raises_and_metrics_agree_with_the_label(text, outcome, truncated):
    verdict = score(item(outcome, missing=("city",)), parse_reply(text), truncated=truncated)
    right = {"call": verdict.call_exact, "ask": verdict.asked}.get(outcome, verdict.abstained)
    assert right is (verdict.failure is None)
    assert verdict.failure is None or verdict.failure in FAILURES
    assert Score.from_dict(json.loads(json.dumps(verdict.to_dict()))) == verdict


VALUES = st.sampled_from(["Oslo", "oslo", 1, 1.0, True, "celsius", "kelvin", None, [], {}])
CALLS = st.lists(
    st.builds(
        ToolCall,
        st.sampled_from(["get_weather", "create_event"]),
        st.dictionaries(st.sampled_from(["city", "days", "units", "title", "x"]), VALUES, max_size=3),
    ),
    min_size=1,
    max_size=3,
)


@settings(deadline=None)  # a busy machine pauses a test for longer than any deadline
@given(CALLS, CALLS)
def test_any_two_sets_of_calls_can_be_compared(expected, given_calls):
    verdict = score(item(calls=expected), Reply("", tuple(given_calls)))
    assert verdict.call_exact is (verdict.failure is None)
    assert score(item(calls=expected), Reply("", tuple(reversed(expected)))).call_exact


BFCL = [{"get_weather": {"city": ["Oslo", "oslo city"], "days": ["", 1]}}]


def bfcl(outcome, scenario, answers, *calls, error=None, content=""):
    found = Item(
        "0", scenario, (Message("user", "?"),), (WEATHER, EVENT), outcome,
        tuple(ToolCall(name, {}) for answer in answers for name in answer), scorer="bfcl", answers=tuple(answers),
    )  # fmt: skip
    return found, score(found, Reply(content, calls, error))


@pytest.mark.parametrize(
    ("calls", "failure"),
    [
        ((ToolCall("get_weather", {"city": "OSLO"}),), None),
        ((ToolCall("get_weather", {"city": "Oslo City", "days": 1}),), None),
        ((ToolCall("get_weather", {"city": "Rome"}),), "wrong_value"),
        ((event("Oslo"),), "wrong_tool"),
        ((ToolCall("get_wheather", {"city": "Oslo"}),), "hallucinated_tool"),
        ((), "should_have_called"),
    ],
)
def test_bfcl_items_are_judged_by_berkeleys_rules(calls, failure):
    _, verdict = bfcl("call", "multiple", BFCL, *calls, content="" if calls else "It is 9 degrees.")
    assert verdict.failure == failure
    assert verdict.call_exact == (failure is None)


def test_relevance_takes_any_readable_call():
    assert bfcl("call", "live_relevance", [], ToolCall("get_weather", {}))[1].failure is None
    assert bfcl("call", "live_relevance", [], content="No.")[1].failure == "should_have_called"


def test_what_cannot_be_read_abstains_only_for_the_board():
    found, verdict = bfcl("abstain", "irrelevance", [], error="not JSON", content="<tool_call>")
    assert verdict.failure == "malformed"
    result = ItemResult(found, "<tool_call>", Reply("", (), "not JSON"), False, verdict)
    assert METRICS["board"].verdict(result) is True
    assert METRICS["abstained"].verdict(result) is False
