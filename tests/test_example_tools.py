import json

import pytest

from tooltune.example_tools import EXAMPLE_TOOLS, IMPLEMENTATIONS, execute, is_example_tool
from tooltune.types import Tool, ToolCall, ToolParameter


def run(name, tools=EXAMPLE_TOOLS, **arguments):
    return json.loads(execute(ToolCall(name, arguments), tools))


def test_there_are_fourteen_tools_each_with_an_implementation():
    assert len(EXAMPLE_TOOLS) == 14
    assert {tool.name for tool in EXAMPLE_TOOLS} == set(IMPLEMENTATIONS)
    assert all(1 <= len(tool.parameters) <= 5 and tool.description for tool in EXAMPLE_TOOLS)


@pytest.mark.parametrize(
    ("expression", "result"),
    [("12 * (4 + 3)", 84), ("7 / 2", 3.5), ("-2 ** 2", -4), ("0.1 + 0.2", 0.3), ("10 - 2 - 3", 5)],
)
def test_the_calculator_calculates(expression, result):
    assert run("calculate", expression=expression) == {"result": result}


@pytest.mark.parametrize(
    ("expression", "error"),
    [
        ("1 / 0", "Division by zero"),
        ("__import__('os').getcwd()", "Not an arithmetic expression"),
        ("2 +", "Not an arithmetic expression"),
        ("9 ** 9 ** 9", "The power is too large"),
        ("'a' * 3", "Not an arithmetic expression"),
        ("(" * 500, "Not an arithmetic expression"),
    ],
)
def test_the_calculator_refuses(expression, error):
    assert run("calculate", expression=expression) == {"error": error}


@pytest.mark.parametrize(
    ("value", "source", "target", "result"),
    [
        (10, "km", "mi", 6.21),
        (100, "celsius", "fahrenheit", 212),
        (2, "lb", "g", 907.18),
        (32, "fahrenheit", "celsius", 0),
    ],
)
def test_units_are_converted(value, source, target, result):
    assert run("convert_units", value=value, from_unit=source, to_unit=target) == {
        "value": result,
        "unit": target,
    }


def test_a_length_is_no_weight():
    assert "error" in run("convert_units", value=1, from_unit="km", to_unit="kg")


def test_currencies_are_converted_and_unknown_ones_refused():
    assert run("convert_currency", amount=100, from_currency="USD", to_currency="EUR") == {
        "amount": 92.0,
        "currency": "EUR",
    }
    assert run("convert_currency", amount=100, from_currency="USD", to_currency="XXX") == {
        "error": "No exchange rate for XXX"
    }


def test_results_are_stable_across_processes():
    assert run("get_weather", city="Oslo") == {"temperature": 12, "condition": "cloudy"}
    assert run("get_weather", city="oslo") == run("get_weather", city="OSLO")


def test_some_calls_fail_and_most_do_not():
    results = [run("track_package", tracking_number=f"AB{n}") for n in range(300)]
    failed = sum("error" in result for result in results)
    assert 5 < failed < 60


def test_a_result_feeds_the_next_call():
    flight = run("search_flights", origin="Oslo", destination="Rome", date="2026-03-14")
    assert run("book_flight", flight_id=flight["flight_id"], passenger="Ada Byron", seat="window")["seat"].endswith("A")


def test_a_foreign_tool_of_the_same_name_is_not_taken_for_ours():
    tool = Tool("calculate", "Plan a route", [ToolParameter("route", required=True)])
    assert not is_example_tool(tool)
    assert run("calculate", [tool], route="A to B") == {"error": "There is no tool named calculate"}


def test_wrong_calls_give_an_error_as_result():
    assert run("nothing") == {"error": "There is no tool named nothing"}
    assert run("find_contact", nme="Ada") == {"error": "The arguments do not fit the tool"}
