import json

import pytest

from tooltune.errors import DataError
from tooltune.evaluate.items import Item, items_of
from tooltune.types import Example, Message, Tool, ToolCall, ToolParameter

TOOL = Tool("get_weather", "Weather", [ToolParameter("city", "City", required=True)])


def user(text):
    return Message("user", text)


def say(text):
    return Message("assistant", text)


def call(city):
    return Message("assistant", "", (ToolCall("get_weather", {"city": city}),))


def result(text):
    return Message("tool", text, name="get_weather")


def items(*messages, **metadata):
    return items_of([Example(messages, (TOOL,), metadata)])


def test_a_call_is_an_item_and_the_summary_of_its_result_is_not():
    (item,) = items(user("Weather in Oslo?"), call("Oslo"), result("9"), say("9 degrees"), scenario="single_call")
    assert (item.id, item.outcome, item.scenario) == ("0.1", "call", "single_call")
    assert item.messages == (user("Weather in Oslo?"),)
    assert item.calls == (ToolCall("get_weather", {"city": "Oslo"}),)
    assert item.missing == ()


def test_every_step_of_a_chain_is_an_item():
    first, second = items(
        user("Oslo, then where it is warmer"),
        call("Oslo"),
        result("9"),
        call("Rome"),
        result("20"),
        say("Rome"),
    )
    assert [first.id, second.id] == ["0.1", "0.3"]
    assert second.messages[-1] == result("9")
    assert second.calls[0].arguments == {"city": "Rome"}


def test_a_missing_argument_is_asked_for_and_then_called():
    ask, called = items(
        user("Weather?"),
        say("Which city?"),
        user("Oslo"),
        call("Oslo"),
        scenario="missing_argument",
        missing=["city"],
    )
    assert (ask.outcome, ask.missing, ask.reference) == ("ask", ("city",), "Which city?")
    assert (called.outcome, called.missing) == ("call", ())


@pytest.mark.parametrize(("scenario", "outcome"), [("no_tool", "abstain"), ("follow_up", "chat"), (None, "chat")])
def test_text_answers(scenario, outcome):
    (item,) = items(user("Tell me a joke"), say("No"), **({"scenario": scenario} if scenario else {}))
    assert item.outcome == outcome


def test_the_first_message_has_no_prompt_and_is_no_item():
    assert items(say("Hello, how can I help?")) == []


@pytest.mark.parametrize(("missing", "names"), [("city", ("city",)), (None, ()), (3, ())])
def test_metadata_of_foreign_files_is_tolerated(missing, names):
    (item,) = items(user("Weather?"), say("Which city?"), scenario="missing_argument", missing=missing)
    assert item.missing == names


def test_round_trip_through_json():
    for item in items(user("Weather in Oslo?"), call("Oslo"), result("9"), user("Thanks"), say("Welcome")):
        assert Item.from_dict(json.loads(json.dumps(item.to_dict()))).to_dict() == item.to_dict()


def test_from_dict_names_the_wrong_key():
    with pytest.raises(DataError, match=r"item 3\.1, key outcome: 'guess'"):
        Item.from_dict({"id": "3.1", "outcome": "guess"})
