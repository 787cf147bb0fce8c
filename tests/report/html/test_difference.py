"""Calls beside the expected ones: which belongs to which, and what differs."""

from __future__ import annotations

from tooltune.report.html.difference import argument_states, pair_calls

WEATHER = {
    "type": "object",
    "properties": {"city": {"type": "string"}, "unit": {"type": "string", "default": "celsius"}},
    "required": ["city"],
}


def call(name: str, **arguments: object) -> dict[str, object]:
    return {"name": name, "parameters": arguments}


def test_every_state() -> None:
    want, given = {"a": 1, "b": "x", "c": True}, {"a": 1.0, "b": "y", "d": None}
    assert argument_states(want, given) == {"a": "same", "b": "different", "c": "missing", "d": "extra"}


def test_an_absent_default_is_the_same_as_the_scorer_has_it() -> None:
    assert argument_states({"city": "Oslo"}, {"city": "Oslo", "unit": "celsius"}, WEATHER)["unit"] == "same"
    assert argument_states({"city": "Oslo"}, {"city": "Oslo", "unit": "kelvin"}, WEATHER)["unit"] == "extra"


def test_calls_are_paired_with_the_closest_and_not_by_place() -> None:
    expected = [call("get_weather", city="Oslo"), call("get_weather", city="Rome"), call("send", to="Ann")]
    called = [call("send", to="Bob"), call("get_weather", city="Rome"), call("get_weather", city="Lima")]
    pairs = pair_calls(expected, called, {"get_weather": WEATHER})
    assert [(pair.expected, pair.called) for pair in pairs] == [(0, 2), (1, 1), (2, 0)]
    assert pairs[1].arguments == {"city": "same"}
    assert pairs[2].to_list() == [2, 0, {"to": "different"}]


def test_another_tool_is_a_partner_only_where_none_of_the_name_is_left() -> None:
    (pair,) = pair_calls([call("get_weather", city="Oslo")], [call("find", city="Oslo")], {})
    assert (pair.expected, pair.called, pair.arguments) == (0, 0, {"city": "same"})


def test_calls_without_a_partner_come_last() -> None:
    pairs = pair_calls([], [call("a"), call("b")], {})
    assert [(pair.expected, pair.called) for pair in pairs] == [(None, 0), (None, 1)]
    pairs = pair_calls([call("a"), call("b")], [call("b")], {})
    assert [(pair.expected, pair.called) for pair in pairs] == [(0, None), (1, 0)]
    assert pair_calls([], [], {}) == []
