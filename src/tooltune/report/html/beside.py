"""What stands beside the rates: how sure the difference is, and what two policies reach that look at nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tooltune.report.comparison import show_p, show_rate
from tooltune.report.html.data import Table
from tooltune.report.html.tables import metric_lines

_HEAD = ("Items", "Points better", "95 % interval", "Tools", "p, corrected")


def difference_table(data: Mapping[str, Any]) -> Table:
    """How much better the second model decides, overall and by scenario: `differences` of report.json."""
    found, corrected = data.get("differences") or {}, (data.get("p_values") or {}).get("scenarios_holm") or {}
    parts = {"all": found.get("overall")} | (found.get("scenarios") or {})
    rows = [
        [name, _points(part["difference"]), f"{_points(part['low'])} to {_points(part['high'])}",
         str(part["clusters"]), show_p(corrected.get(name))]
        for name, part in parts.items() if part
    ]  # fmt: skip
    return Table("How much better the tuned model decides", _HEAD, rows)


def policy_table(data: Mapping[str, Any]) -> Table:
    """Each metric of the policies that need no model: `baselines` of report.json."""
    policies = data.get("baselines") or {}
    rows = [[line.title, *map(show_rate, line.rates)] for line in metric_lines({"models": policies})]
    return Table("Without a model", ("Metric", *policies), rows)


def _points(share: float) -> str:
    return f"{100 * share:+.1f}"
