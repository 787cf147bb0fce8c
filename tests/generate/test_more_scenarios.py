"""Many calls in one turn, and dates in relation to today."""

import re
from collections import Counter

import pytest

from tests.generate.test_long_chain import SHOP, calls
from tooltune.example_tools import EXAMPLE_TOOLS
from tooltune.generate import SHARES, generate_examples
from tooltune.generate.world import World
from tooltune.types import Tool, ToolParameter
from tooltune.verify import verify_example
from tooltune.verify.relative import reference_date, relative_dates


def made(tools, scenario, count=100):
    return list(generate_examples(tools, count, 3, shares=dict.fromkeys(SHARES, 0) | {scenario: 1}))


@pytest.mark.parametrize("tools", [EXAMPLE_TOOLS, SHOP], ids=["example tools", "foreign tools"])
def test_two_to_six_calls_in_one_turn_of_one_tool_and_of_several(tools):
    examples = made(tools, "many_calls", 150)
    lengths = Counter(len(calls(example)) for example in examples)
    assert set(lengths) == {2, 3, 4, 5, 6}
    assert {1, 2, 3} <= {len({call.name for call in calls(example)}) for example in examples}
    for example in examples:
        assert sum(bool(message.tool_calls) for message in example.messages) == 1
        assert len({repr(call) for call in calls(example)}) == len(calls(example))
        assert verify_example(example, World().execute) is None


def test_relative_dates_are_said_with_a_reference_date_and_mean_the_argument():
    examples = made(EXAMPLE_TOOLS, "relative_date")
    for example in examples:
        today = reference_date(example.messages)
        assert today is not None
        (said,) = (message.content for message in example.messages if message.role == "user")
        (call,) = calls(example)
        assert call.arguments["date"] in relative_dates(said, today)
        assert call.arguments["date"] not in said
        assert not re.search(r"\bon (tomorrow|next|this|in \w+ (day|week))", said.lower())
        assert verify_example(example, World().execute) is None


def test_the_example_tools_have_every_scenario_but_chains_of_foreign_tools():
    shares = dict.fromkeys(SHARES, 1)
    examples = generate_examples(EXAMPLE_TOOLS, 60, 3, shares=shares)
    assert {example.metadata["scenario"] for example in examples} == set(SHARES) - {"long_chain"}


def test_one_thing_is_not_changed_twice_in_one_request():
    visibility = ToolParameter("visibility", required=True, enum=[f"level-{n}" for n in range(30)])
    tools = [Tool("set_visibility", "Set the visibility", [visibility]), *SHOP]
    for example in made(tools, "parallel", 20):
        alone = len(example.tools) == 1  # then nothing else can be asked for
        assert alone or [call.name for call in calls(example)].count("set_visibility") < 2
