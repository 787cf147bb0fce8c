"""Requests that no tool in view fits."""

from __future__ import annotations

from collections import Counter

from tooltune.generate.catalogue import draw
from tooltune.generate.runner import examples_of, make_plan
from tooltune.types import Example, Tool, ToolParameter

ONLY = {"no_tool": 1}


def asked(example: Example) -> str:
    """The name of the tool that is asked for; "" where the request is one of the library's."""
    name, _, rest = example.metadata["families"][0].partition(".requests")
    return name if rest else ""


def test_most_are_of_a_field_in_view_under_either_wording() -> None:
    drawn = draw(200, 3)
    field = {name: phrasing.domain for name, phrasing in drawn.wording.items()}
    for plain in (0.0, 1.0):
        plan = make_plan(drawn.tools, 120, 5, 0, 4, 2, drawn.wording, ONLY, plain_wording_share=plain)
        about = [(asked(example), example.tools) for example in examples_of(plan)]
        near = [field[name] in {field[tool.name] for tool in tools} for name, tools in about if name]
        assert len(near) > 30
        assert sum(near) > len(near) * 0.5


def shop(*verbs: str) -> list[Tool]:
    order = [ToolParameter("order_id", required=True)]
    return [Tool(f"{verb}_order", f"{verb.capitalize()} an order", order) for verb in verbs]


def test_what_does_something_else_to_the_same_thing_is_asked_for_and_what_may_do_the_same_is_not() -> None:
    tools = [
        *shop("show", "get", "delete", "update", "create"),
        Tool("play_song", "Play a song", [ToolParameter("song")]),
    ]
    plan = make_plan(tools, 100, 5, 0, 1, 1, shares=ONLY)
    pairs = Counter((asked(example), example.tools[0].name) for example in examples_of(plan) if asked(example))
    assert pairs["delete_order", "show_order"]
    assert pairs["show_order", "update_order"]
    assert not pairs["get_order", "show_order"]
    assert not pairs["update_order", "create_order"]


def test_a_scenario_that_only_the_hand_written_wording_allows_ends_nothing() -> None:
    drawn = draw(58, 11, "held_out_tools")
    plan = make_plan(
        drawn.tools, 60, 7, 0, 4, 4, drawn.wording, {"single": 1, "long_chain": 1}, plain_wording_share=0.5
    )
    assert len(list(examples_of(plan))) == 60
