"""What stands beside the rates: how sure the difference is, what two policies reach that look at nothing, and whole
conversations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tooltune.chat.render import render_call, render_message
from tooltune.evaluate.by_state import FAILURES
from tooltune.evaluate.statistics import Rate
from tooltune.report.by_state import TITLE, failure_rows, rate_head, rate_rows, reading
from tooltune.report.comparison import show_p, show_rate
from tooltune.report.html.data import Table
from tooltune.report.html.tables import metric_lines
from tooltune.types import Message, ToolCall

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


SHOWN = 50
"""Conversations that went wrong and are shown whole."""
LONGEST = 3_000
"""Characters of a message that are shown."""


@dataclass(frozen=True)
class WrongConversation:
    """A conversation that went wrong, for reading."""

    id: str
    scenario: str
    failure: str
    meaning: str
    detail: str
    messages: list[tuple[str, str]]
    """Who says what."""
    missing: list[str]
    """Calls that were required and not made, as text."""
    extra: list[str]


@dataclass(frozen=True)
class Conversations:
    """Whole conversations: `by_state` of report.json."""

    title: str
    reading: str
    headline: list[tuple[str, Rate]]
    """Each model, and how many of all conversations it held rightly."""
    tables: list[Table]
    label: str
    """The model whose conversations are shown."""
    wrong: list[WrongConversation]
    more: int
    """Further ones that went wrong."""


def conversations(data: Mapping[str, Any]) -> Conversations | None:
    """How whole conversations ended, if some were held; those shown are of the model that the report is about."""
    held = data.get("by_state")
    if not held:
        return None
    labels = list(held["models"])
    label = "tuned" if "tuned" in labels else labels[-1]
    wrong = [talk for talk in held["conversations"] if talk["held"][label]["failure"]]
    overall = {name: model["rates"]["all"] for name, model in held["models"].items()}
    tables = [
        Table("Conversations held rightly", rate_head(held), rate_rows(held)),
        Table("What went wrong first", ("Failure", *labels), failure_rows(held)),
    ]
    return Conversations(
        TITLE,
        reading(held),
        [(name, Rate(rate["successes"], rate["n"])) for name, rate in overall.items()],
        [table for table in tables if table.rows],
        label,
        [_wrong(talk, talk["held"][label]) for talk in wrong[:SHOWN]],
        len(wrong[SHOWN:]),
    )


def _wrong(talk: Mapping[str, Any], held: Mapping[str, Any]) -> WrongConversation:
    messages = map(Message.from_dict, held["messages"])
    return WrongConversation(
        talk["id"], talk["scenario"], held["failure"], FAILURES.get(held["failure"], ""), held["detail"],
        [(message.role, _cut(render_message(message))) for message in messages],
        [_cut(render_call(ToolCall.from_dict(call))) for call in held["missing"]],
        [_cut(render_call(ToolCall.from_dict(call))) for call in held["extra"]],
    )  # fmt: skip


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[:LONGEST]} … ({len(text) - LONGEST:,} characters more)"


def _points(share: float) -> str:
    return f"{100 * share:+.1f}"
