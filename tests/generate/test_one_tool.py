"""Tool sets of one tool: calls, several calls, and requests that it cannot serve."""

from __future__ import annotations

from collections import Counter

from tooltune.example_tools import EXAMPLE_TOOLS
from tooltune.generate.runner import make_plan


def test_a_share_of_the_tool_sets_is_one_tool_alone() -> None:
    plan = make_plan(EXAMPLE_TOOLS, 400, 3, examples_per_tool_set=4, max_tools_in_view=4, one_tool_share=0.5)
    examples = [plan.candidate(i).content for i in range(400)]
    sizes = Counter(len(example.tools) for example in examples)
    assert 120 <= sizes[1] <= 240
    alone = Counter(example.metadata["scenario"] for example in examples if len(example.tools) == 1)
    assert {"single", "no_tool", "missing_argument"} <= set(alone)
    assert alone["parallel"] + alone["many_calls"] > 5
    assert not alone["selection"]
