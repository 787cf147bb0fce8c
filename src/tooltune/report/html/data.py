"""What the run knows of its data, as tables: shares by scenario, what was dropped and why, and the rest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tooltune.report.facts import facts

_OWN_TABLE = ("scenarios", "generation")
_PARTS = {"train": "trained on", "held_out": "held out"}


@dataclass(frozen=True)
class Table:
    """A plain table of text; the first cell of a row is its heading."""

    caption: str
    head: Sequence[str]
    rows: Sequence[Sequence[str]]


def data_tables(data: Mapping[str, Any]) -> list[Table]:
    """The tables that have a row.

    Args:
        data: `run.data` of report.json. `scenarios` holds counts by part and scenario, `generation` what
            GenerationReport.to_dict gave, if this run generated the data.
    """
    rest = {name: value for name, value in data.items() if name not in _OWN_TABLE}
    tables = (
        _shares(_mapping(data.get("scenarios"))),
        _dropped(_mapping(_mapping(data.get("generation")).get("dropped"))),
        facts_table("What training and measuring read", rest),
    )
    return [table for table in tables if table.rows]


def facts_table(caption: str, values: Mapping[str, Any]) -> Table:
    """Every fact, nested ones under dotted names."""
    return Table(caption, ("Fact", "Value"), list(facts(values, width=2000)))


def _shares(scenarios: Mapping[str, Any]) -> Table:
    parts = {title: _mapping(scenarios.get(part)) for part, title in _PARTS.items()}
    names = sorted({name for counts in parts.values() for name in counts})
    rows = [[name, *(_share(counts, name) for counts in parts.values())] for name in names]
    return Table("Examples by scenario", ("Scenario", *parts), rows)


def _share(counts: Mapping[str, Any], name: str) -> str:
    count = counts.get(name, 0)
    return f"{count} ({100 * count / max(1, sum(counts.values())):.1f} %)"


def _dropped(reasons: Mapping[str, Any]) -> Table:
    rows = [[reason, str(count)] for reason, count in sorted(reasons.items(), key=lambda pair: -pair[1])]
    return Table("Tries that generation dropped and replaced", ("Reason", "Tries"), rows)


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
