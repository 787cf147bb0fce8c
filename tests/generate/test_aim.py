"""Data aimed at failures: which scenarios get more, and which tool sets are drawn."""

from __future__ import annotations

import pytest

from tooltune.example_tools import EXAMPLE_TOOLS
from tooltune.generate import generate_examples
from tooltune.generate.aim import aimed_shares, aimed_tool_sets


def test_half_of_the_shares_follow_the_failures() -> None:
    shares = aimed_shares({"single": 3, "chain": 1, "chat": 0}, {"chain": 9, "chat": 1, "simple_python": 50})
    assert shares == pytest.approx({"single": 37.5, "chain": 12.5 + 45, "chat": 5})


def test_without_failures_the_mix_stays_as_it_is() -> None:
    assert aimed_shares({"single": 3, "chain": 1}, {"other": 2}) == pytest.approx({"single": 75, "chain": 25})


def test_whole_tool_sets_are_drawn_with_the_failing_tools_first() -> None:
    examples = list(generate_examples(EXAMPLE_TOOLS, 240, 5, 0, examples_per_tool_set=4))
    name = EXAMPLE_TOOLS[0].name
    aimed = aimed_tool_sets(examples, {name: 1000}, 40, seed=1)
    assert len(aimed) == 40
    assert aimed == [example for example in examples if example in aimed]
    assert sum(name in {tool.name for tool in example.tools} for example in aimed) == 40
    plain = aimed_tool_sets(examples, {}, 40, seed=1)
    assert sum(name in {tool.name for tool in example.tools} for example in plain) < 40
    assert len({tuple(tool.name for tool in example.tools) for example in plain}) == 10


def test_there_may_be_fewer_than_wanted() -> None:
    examples = list(generate_examples(EXAMPLE_TOOLS, 8, 5, 0, examples_per_tool_set=4))
    assert aimed_tool_sets(examples, {}, 40, seed=1) == examples
