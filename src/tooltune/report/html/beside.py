"""What stands beside the rates: how sure the difference is, and what two policies reach that look at nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tooltune.report.comparison import DIFFERENCE_HEAD, DIFFERENCE_TITLE, difference_rows, show_rate
from tooltune.report.disagreement import HEAD, SHOWN, brief
from tooltune.report.html.data import Table
from tooltune.report.html.tables import metric_lines
from tooltune.types import ToolCall


def difference_table(data: Mapping[str, Any]) -> Table:
    """How much better the second model decides, overall and by scenario: `differences` of report.json."""
    return Table(DIFFERENCE_TITLE, DIFFERENCE_HEAD, difference_rows(data))


def policy_table(data: Mapping[str, Any]) -> Table:
    """Each metric of the policies that need no model: `baselines` of report.json."""
    policies = data.get("baselines") or {}
    rows = [[line.title, *map(show_rate, line.rates)] for line in metric_lines({"models": policies})]
    return Table("Without a model", ("Metric", *policies), rows)


def disagreement_tables(data: Mapping[str, Any]) -> list[Table]:
    """Where the two scorers disagree, one table for each model: `scorers_disagree` of report.json."""
    models, items = data.get("models") or {}, {item["id"]: item for item in data.get("items", ())}
    tables = []
    for name, found in (data.get("scorers_disagree") or {}).items():
        label = models[name]["label"]
        caption = f"{label}: they disagree on {len(found['found'])} of {found['compared']} replies"
        rows = [_disagreement(one, items[one["item"]], name) for one in found["found"][:SHOWN]]
        tables += [Table(caption, ("Item", *HEAD[2:]), rows)] if found["compared"] else []
    return tables


def _disagreement(one: Mapping[str, Any], item: Mapping[str, Any], model: str) -> list[str]:
    calls = (item["calls"], item["replies"][model]["reply"]["calls"])
    return [one["item"], "bfcl" if one["bfcl"] else "semantic", *(brief(map(ToolCall.from_dict, c)) for c in calls)]
