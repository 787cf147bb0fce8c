"""Rates as the report's JSON holds them, known and unknown."""

from __future__ import annotations

from tooltune.evaluate.results import Evaluation
from tooltune.evaluate.statistics import Rate
from tooltune.report.comparison import metric_rows, scenario_rows
from tooltune.report.html.tables import breakdowns, failures, metric_lines
from tooltune.report.write import report_data


def test_the_lines_are_the_rows_of_report_md(base: Evaluation, tuned: Evaluation) -> None:
    data, models = report_data(base, tuned, {}), [base, tuned]
    assert [(line.title, line.rates, line.p) for line in metric_lines(data)] == [
        (row.title, row.rates, row.p) for row in metric_rows(models)
    ]
    scenarios, *others = breakdowns(data)
    assert [part.title for part in others] == ["By tool", "By argument"]
    assert (scenarios.title, scenarios.metric) == ("By scenario", "Right decision")
    assert [(line.title, line.rates, line.p) for line in scenarios.lines] == [
        (row.title, row.rates, row.p) for row in scenario_rows(models)
    ]
    assert any(line.title == "parallel_calls: right tool" for line in scenarios.rest)


def test_failures_are_in_the_order_of_the_taxonomy(base: Evaluation, tuned: Evaluation) -> None:
    data = report_data(base, tuned, {})
    data["models"]["tuned"]["failures"]["of_tomorrow"] = 2
    found = failures(data)
    assert [row.key for row in found][:2] == ["no_output", "truncated"]
    assert (found[-1].key, found[-1].meaning, found[-1].counts) == ("of_tomorrow", "", (0, 2))
    assert sum(row.counts[0] for row in found) == sum(not result.right for result in base.results)


def test_groups_and_metrics_that_nobody_knows_yet() -> None:
    rate = Rate(3, 4).to_dict()
    data = {
        "models": {
            "base": {"label": "b", "overall": {"right": rate, "pass_4": rate}, "latency": {"p50_s": 0.5}},
            "tuned": {
                "label": "t",
                "suite": "held-out tools",
                "overall": {"right": rate},
                "tools": {"get_weather": {"call_exact": rate, "cheerful": rate}},
                "arguments": {"get_weather": {"city": rate, "unit": rate}},
            },
        },
        "p_values": {"overall": {"right": 0.5, "pass_4": {"holm": 1}}, "tools": None},
    }
    assert [(line.title, line.rates[1].n, line.p) for line in metric_lines(data)] == [
        ("Right decision", 4, 0.5),
        ("Pass 4", 0, None),
    ]
    tools, arguments = breakdowns(data)
    assert (tools.title, tools.metric, tools.lines[0].title) == ("By tool", "Exact call", "get_weather")
    assert tools.lines[0].rates == (Rate(0, 0), Rate(3, 4))
    assert [line.title for line in tools.rest] == ["get_weather: cheerful"]
    assert (arguments.title, arguments.metric) == ("By argument", "Rate")
    assert [line.title for line in arguments.lines] == ["get_weather / city", "get_weather / unit"]


def test_impossible_rates_are_none() -> None:
    data = {"models": {"m": {"overall": {"right": {"successes": 5, "n": 4}}, "tools": {"a": {"n": 3}}}}}
    assert metric_lines(data) == []
    assert breakdowns(data) == []
