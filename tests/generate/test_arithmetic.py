"""What arithmetic tools give back is right: a user would notice a wrong sum."""

import json

import pytest

from tooltune.generate.arithmetic import arithmetic_of, worked_out
from tooltune.generate.world import World
from tooltune.types import Tool, ToolCall, ToolParameter

A, B = (ToolParameter(name, type="number", required=True) for name in "ab")
DATA = [ToolParameter("data", type="array", required=True, items={"type": "number"})]


@pytest.mark.parametrize(
    ("description", "parameters", "arguments", "expected"),
    [
        ("Returns the sum of two numbers", [A, B], {"a": 78, "b": 169}, 247),
        ("Compute the difference of two numbers", [A, B], {"a": 5, "b": 7.5}, -2.5),
        ("Return the quotient of two numbers", [A, B], {"a": 1, "b": 0}, None),
        ("Return the sample arithmetic mean of data.", DATA, {"data": [1, 2, 6]}, 3),
        ("Return the harmonic mean of data.", DATA, {"data": [40, 60]}, 48),
        ("Return the population variance of data", DATA, {"data": [1, 2, 3, 4]}, 1.25),
        ("Calculate the least common multiple of a list of integers", DATA, {"data": [4, 6]}, 12),
        ("Return the mean of data", DATA, {"data": ["a", "b"]}, None),
        ("Get the total of an order", [A], {"a": 5}, None),  # which is looked up
        ("Get the maximum of the temperature", [A], {"a": 5}, None),
    ],
)
def test_the_result_is_that_of_the_numbers_given(description, parameters, arguments, expected):
    assert worked_out(Tool("do_it", description, parameters), arguments) == expected


def test_only_arithmetic_is_worked_out():
    assert arithmetic_of(Tool("stdev", "Return the square root of the sample variance")) == ""
    assert arithmetic_of(Tool("get_sum", "Returns the sum of two numbers", [A, B])) == "sum"


def test_the_simulated_world_gives_the_true_sum():
    tool = Tool("get-sum", "Returns the sum of two numbers", [A, B])
    results = [json.loads(World().execute(ToolCall(tool.name, {"a": a, "b": 9}), [tool])) for a in range(30)]
    sums = [result["sum"] for result in results if "error" not in result]
    assert len(sums) > 20
    assert all(total in range(9, 39) for total in sums)
    assert sums == sorted(set(sums))
