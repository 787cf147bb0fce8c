"""Berkeley's rules: each by hand, and all of them against the original checker."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import pytest

from tooltune.evaluate.bfcl import check_calls
from tooltune.types import Tool, ToolCall, ToolParameter

BENCHMARK = Path(__file__).parents[2] / "benchmarks" / "bfcl_scorer.py"


TOOL = Tool(
    "geo.route",
    "Plan a route",
    [
        ToolParameter("to", "Place", "string", required=True),
        ToolParameter("speed", "Speed", "number"),
        ToolParameter("stops", "Stops", "integer"),
        ToolParameter("toll", "Toll roads", "boolean"),
        ToolParameter("via", "Places", "array", items={"type": "string"}),
        ToolParameter("heights", "Heights", "array", items={"type": "number"}),
        ToolParameter("car", "Car", "object"),
        ToolParameter("cars", "Cars", "array", items={"type": "object"}),
        ToolParameter("mode", "Mode", "string", enum=["fast", "short"]),
    ],
)
OTHER = Tool("weather", "Weather", [ToolParameter("city", "City", "string", required=True)])


def judge(accepted: dict[str, Any], **given: Any) -> str | None:
    answer = {"geo.route": {"to": ["Oslo"], **accepted}}
    return check_calls("simple_python", [TOOL], [answer], [ToolCall("geo.route", {"to": "Oslo"} | given)])


@pytest.mark.parametrize(
    ("accepted", "given", "failure"),
    [
        ({}, {}, None),
        ({"to": ["New York, NY"]}, {"to": "new-york ny."}, None),
        ({"to": ["the 'old' town"]}, {"to": 'The "old" town'}, None),
        ({"to": ["Oslo"]}, {"to": "Oslo!"}, "wrong_value"),
        ({}, {"to": 5}, "wrong_type"),
        ({"speed": [3.0]}, {"speed": 3}, None),
        ({"speed": [3.5]}, {"speed": "3.5"}, "wrong_type"),
        ({"stops": [3]}, {"stops": 3.0}, "wrong_type"),
        ({"stops": [1]}, {"stops": True}, "wrong_type"),
        ({"stops": ["n"]}, {"stops": "n"}, None),
        ({"stops": ["n"]}, {"stops": "N"}, "wrong_value"),
        ({"toll": [True]}, {"toll": False}, "wrong_value"),
        ({"via": [["A b", "C"]]}, {"via": ["ab", "c"]}, None),
        ({"via": [["A", "B"]]}, {"via": ["B", "A"]}, "wrong_value"),
        ({"via": [["A"], ""]}, {"via": []}, None),
        ({"heights": [[1.0]]}, {"heights": [1]}, "wrong_type"),
        ({"car": [{"make": ["VW"], "doors": [4, ""]}]}, {"car": {"make": "v.w."}}, None),
        ({"car": [{"make": ["VW"], "doors": [4]}]}, {"car": {"make": "VW"}}, "wrong_value"),
        ({"car": [{"make": ["VW"]}]}, {"car": {"make": "VW", "more": 1}}, "wrong_value"),
        ({"cars": [[{"make": ["VW"]}]]}, {"cars": [{"make": "VW"}]}, None),
        ({"cars": [[{"make": ["VW"]}]]}, {"cars": []}, "wrong_value"),
        ({"mode": ["fast"]}, {"mode": "slow"}, "enum_violation"),
        ({"mode": ["fast"]}, {"mode": "short"}, "wrong_value"),
        ({"speed": [3.0, ""]}, {}, None),
        ({"speed": [3.0]}, {}, "wrong_value"),
        ({}, {"speed": 3.0}, "hallucinated_argument"),
        ({"pace": [1]}, {"pace": 1}, "hallucinated_argument"),
        ({"speed": [3.0]}, {"speed": 10**400}, "wrong_value"),
    ],
)
def test_one_argument(accepted: dict[str, Any], given: dict[str, Any], failure: str | None) -> None:
    assert judge(accepted, **given) == failure


def test_a_required_argument_must_be_there_even_if_the_answer_may_do_without() -> None:
    answer = {"geo.route": {"to": ["Oslo", ""]}}
    assert check_calls("simple_python", [TOOL], [answer], [ToolCall("geo.route", {})]) == "missing_required"


def city(name: str) -> ToolCall:
    return ToolCall("weather", {"city": name})


ROUTE = ToolCall("geo.route", {"to": "Oslo"})
ANSWERS = [{"weather": {"city": ["Oslo"]}}, {"geo.route": {"to": ["Oslo"]}}, {"weather": {"city": ["Rome"]}}]


@pytest.mark.parametrize(
    ("calls", "failure"),
    [
        ([city("Oslo"), ROUTE, city("Rome")], None),
        ([city("Rome"), city("Oslo"), ROUTE], None),
        ([city("Oslo"), ROUTE], "wrong_count"),
        ([city("Oslo"), ROUTE, city("Oslo")], "wrong_value"),
        ([city("Oslo"), city("Oslo"), city("Rome")], "wrong_tool"),
    ],
)
def test_parallel_calls_in_any_order(calls: list[ToolCall], failure: str | None) -> None:
    assert check_calls("parallel_multiple", [TOOL, OTHER], ANSWERS, calls) == failure


def test_among_several_tools_one_call_is_expected() -> None:
    answer = [{"weather": {"city": ["Oslo"]}}]
    assert check_calls("multiple", [TOOL, OTHER], answer, [city("Oslo")]) is None
    assert check_calls("live_multiple", [TOOL, OTHER], answer, [ROUTE]) == "wrong_tool"
    assert check_calls("multiple", [TOOL, OTHER], answer, [city("Oslo"), ROUTE]) == "wrong_count"
    assert check_calls("multiple", [TOOL, OTHER], answer, []) == "wrong_count"


def benchmark() -> Any:
    spec = importlib.util.spec_from_file_location("bfcl_scorer", BENCHMARK)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_original_checker_agrees(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """All accepted answers and two mutations each; `benchmarks/bfcl_scorer.py` compares more."""
    monkeypatch.setenv("COLUMNS", "120")
    results = benchmark().main(["--mutations", "2"])
    total = sum(results.values(), start=type(next(iter(results.values())))())
    assert total["disagree"] == 0
    assert (total["gold"], total["mutated"]) == (2351, 4702)
    assert min(total["accepted"], total["refused"]) > 1000, "both verdicts must come often"
    assert "disagree" in capsys.readouterr().out
