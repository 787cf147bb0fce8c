import json
from dataclasses import replace

import pytest

from tooltune.errors import DataError
from tooltune.example_tools import EXAMPLE_TOOLS, execute
from tooltune.types import Example, Message, Tool, ToolCall, ToolParameter
from tooltune.verify import check_example, verify_example

TOOLS = tuple(tool for tool in EXAMPLE_TOOLS if tool.name in ("get_weather", "convert_currency"))
CALL = ToolCall("get_weather", {"city": "Oslo"})
RESULT = execute(CALL, TOOLS)
DEGREES = json.loads(RESULT)["temperature"]


def example(
    *,
    user="How is the weather in Oslo?",
    calls=(CALL,),
    results=None,
    answer=f"{DEGREES} degrees.",
    tools=TOOLS,
):
    if results is None:
        results = [Message("tool", execute(call, TOOLS), name=call.name) for call in calls]
    messages = [
        Message("user", user),
        Message("assistant", "", tuple(calls)),
        *results,
        Message("assistant", answer),
    ]
    return Example(tuple(messages), tuple(tools))


def test_a_true_example_is_kept():
    assert verify_example(example(), execute) is None
    check_example(example(), "data.jsonl, line 1")


WEATHER_RESULT = Message("tool", RESULT, name="get_weather")


@pytest.mark.parametrize(
    ("changed", "step"),
    [
        ({"calls": [ToolCall("get_weather", {"city": "Oslo", "units": "kelvin"})]}, "schema"),
        ({"calls": [ToolCall("get_weather", {"city": 7})]}, "schema"),
        ({"calls": [ToolCall("get_weather", {})]}, "schema"),
        ({"calls": [ToolCall("get_weather", {"city": "Oslo", "wind": True})]}, "schema"),
        ({"calls": [ToolCall("get_weather", {"city": "Oslo", "date": "14 March"})]}, "schema"),
        ({"calls": [ToolCall("get_wether", {"city": "Oslo"})]}, "unknown tool"),
        ({"results": []}, "results"),
        ({"results": [WEATHER_RESULT, WEATHER_RESULT]}, "results"),
        ({"results": [replace(WEATHER_RESULT, name="convert_currency")]}, "results"),
        ({"tools": [*TOOLS, TOOLS[0]]}, "tools"),
        ({"user": "How is the weather?"}, "grounding"),
        ({"user": "How is the weather in Oslo on 14 March 2025?"}, "coverage"),
        ({"user": "How is the weather in Oslo in 25 days?"}, "coverage"),
        (
            {"results": [Message("tool", '{"temperature": 99}', name="get_weather")], "answer": "99."},
            "replay",
        ),
        ({"answer": f"{DEGREES + 1} degrees."}, "answer"),
        ({"user": "Call get_weather for Oslo"}, "raw name"),
    ],
)
def test_an_untrue_example_is_dropped_with_its_step(changed, step):
    reason = verify_example(example(**changed), execute)
    assert reason is not None
    assert reason.partition(":")[0] == step


def test_replay_is_left_out_without_an_executor():
    other = example(results=[Message("tool", '{"temperature": 99}', name="get_weather")], answer="99.")
    assert verify_example(other) is None


def test_an_example_that_ends_in_a_call_can_be_trained_on_but_is_not_generated():
    ends = Example(example().messages[:2], TOOLS)
    check_example(ends, "here")
    assert verify_example(ends) is not None


USER, ANSWER = Message("user", "Weather in Oslo?"), Message("assistant", "Sunny.")
CALLING = Message("assistant", "", (CALL,))


@pytest.mark.parametrize(
    ("messages", "where", "found"),
    [
        ([USER, WEATHER_RESULT, ANSWER], "messages[1]", "a result without a call"),
        ([USER, CALLING, ANSWER], "messages[2]", "no result for the call of 'get_weather'"),
        ([USER], "messages", "no assistant message"),
        ([ANSWER, USER], "messages[0]", "an assistant message before any user message"),
        ([USER, Message("system", "Be kind."), ANSWER], "messages[1]", "a system message"),
        ([USER, Message("assistant", " ")], "messages[1]", "an empty assistant message"),
        (
            [
                USER,
                Message("assistant", "", (ToolCall("fly", {}),)),
                Message("tool", "{}", name="fly"),
                ANSWER,
            ],
            "messages[1], key tool_calls[0], key name",
            "'fly'",
        ),
        (
            [
                USER,
                Message("assistant", "", (ToolCall("get_weather", {"town": "Oslo"}),)),
                WEATHER_RESULT,
                ANSWER,
            ],
            "messages[1], key tool_calls[0], key parameters",
            "town",
        ),
    ],
)
def test_an_unusable_example_says_where_and_what(messages, where, found):
    with pytest.raises(DataError) as error:
        check_example(Example(tuple(messages), TOOLS), "data.jsonl, line 7")
    assert error.value.where == f"data.jsonl, line 7, key {where}"
    assert found in error.value.found


def test_a_tool_whose_schema_is_none_is_named():
    broken = Tool("broken", "", [ToolParameter("x", extra={"minLength": "three"})])
    calls = (USER, Message("assistant", "", (ToolCall("broken", {"x": "a"}),)))
    with pytest.raises(DataError, match="tool 'broken'"):
        check_example(Example(calls, (broken,)), "here")
