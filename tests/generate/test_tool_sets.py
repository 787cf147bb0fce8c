"""Tool sets of one tool (calls, several calls, and requests that it cannot serve) and of all tools."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

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


def test_a_share_of_the_tool_sets_is_all_tools_in_both_parts() -> None:
    plan = make_plan(EXAMPLE_TOOLS, 400, 3, 0.25, examples_per_tool_set=4, max_tools_in_view=3, all_tools_share=0.3)
    examples = [plan.candidate(i).content for i in range(400)]
    for split in ("train", "held_out"):
        shown = [example for example in examples if example.metadata["split"] == split]
        whole = [example for example in shown if len(example.tools) == len(EXAMPLE_TOOLS)]
        assert 0.15 <= len(whole) / len(shown) <= 0.45
        assert len({tuple(tool.name for tool in example.tools) for example in whole}) > 1  # in any order
        # Nothing in view serves these either.
        assert any(example.metadata["scenario"] == "no_tool" for example in whole)


def test_all_of_a_large_catalogue_is_forty_tools() -> None:
    tools = [replace(tool, name=f"{tool.name}_{i}") for tool in EXAMPLE_TOOLS for i in range(4)]
    plan = make_plan(tools, 40, 3, all_tools_share=1.0)
    assert {len(plan.tools("train", group)) for group in range(10)} == {40}
