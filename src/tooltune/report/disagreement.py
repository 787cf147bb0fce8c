"""Where the two scorers disagree, for reading."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from tooltune.evaluate.disagreement import Disagreement, Disagreements
from tooltune.evaluate.results import Evaluation
from tooltune.report.markdown import code, table
from tooltune.types import ToolCall

SHOWN = 20
HEAD = ("Item", "Model", "Taken by", "Expected", "Called")
TITLE = "Where the two scorers disagree"
READING = (
    "On replies with readable calls, where certain calls were expected. The numbers above are by one scorer (bfcl for "
    "BFCL, semantic for all else); here stands what the other one would change. Case and punctuation in strings do not "
    "count for bfcl; equal numbers, defaults, and the best pairing of several calls count for semantic."
)


def disagreement_section(models: Sequence[Evaluation]) -> list[str]:
    """How often they disagree for each model, and the first cases; nothing where no reply can be compared."""
    found = {model.label: Disagreements.of(model) for model in models}
    if not any(one.compared for one in found.values()):
        return []
    parts = [f"## {TITLE}", READING, "\n".join(f"- {said(label, one)}" for label, one in found.items())]
    rows = [[code(one.result.item.id), label, *row(one)] for label, all_ in found.items() for one in all_.found[:SHOWN]]
    return [*parts, table(HEAD, rows)] if rows else parts


def said(label: str, found: Disagreements) -> str:
    """The count of one model."""
    more = f"; the first {SHOWN} are shown, all stand in report.json" if len(found.found) > SHOWN else ""
    return f"{label}: {len(found.found)} of {found.compared} replies{more}"


def row(one: Disagreement) -> list[str]:
    """Which scorer takes the calls, what was expected, and the calls."""
    return [one.by, brief(one.result.item.calls), brief(one.result.reply.calls)]


def brief(calls: Iterable[ToolCall]) -> str:
    """Calls on one line."""
    return "; ".join(f"{call.name} {json.dumps(dict(call.arguments), ensure_ascii=False)}" for call in calls)
