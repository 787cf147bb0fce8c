"""Whole conversations on the page: how many were held rightly, and those that went wrong, to be read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tooltune.chat.render import render_call, render_message
from tooltune.evaluate.by_state import FAILURES
from tooltune.evaluate.statistics import Rate
from tooltune.report.by_state import DIFFERENCE_HEAD, TITLE, difference_title, failure_rows, reading
from tooltune.report.comparison import difference_rows
from tooltune.report.html.data import Table
from tooltune.report.html.tables import Line
from tooltune.types import Message, ToolCall

SHOWN = 50
"""Conversations that went wrong and are shown whole."""
LONGEST = 3_000
"""Characters of a message that are shown."""
Data = Mapping[str, Any]


@dataclass(frozen=True)
class WrongConversation:
    """A conversation that went wrong."""

    id: str
    scenario: str
    failure: str
    meaning: str
    detail: str
    messages: list[tuple[str, str]]
    """Who says what."""
    required: list[str]
    """The reference's calls, as text."""
    missing: list[str]
    """Those that were not made."""
    extra: list[str]


@dataclass(frozen=True)
class Conversations:
    """All that the page says of them."""

    title: str
    reading: str
    labels: list[str]
    lines: list[Line]
    """All conversations, then those of each scenario."""
    difference: Table
    """How much better the second of two models holds them."""
    failures: Table
    label: str
    """The model that the report is about, whose conversations are shown."""
    wrong: list[WrongConversation]
    more: int
    """Further ones that went wrong."""

    @property
    def headline(self) -> list[tuple[str, Rate]]:
        """Each model, and how many of all conversations it held rightly; first the one that the report is about."""
        pairs = list(zip(self.labels, self.lines[0].rates, strict=True))
        return sorted(pairs, key=lambda pair: pair[0] != self.label)


def conversations(data: Data) -> Conversations | None:
    """What `by_state` of report.json holds, or None where no conversation was held."""
    held = data.get("by_state")
    if not held:
        return None
    labels = list(held["models"])
    label = "tuned" if "tuned" in labels else labels[-1]
    wrong = [talk for talk in held["conversations"] if talk["held"][label]["failure"]]
    failures = Table("What went wrong first", ("Failure", *labels), failure_rows(held))
    difference = Table(difference_title(held), DIFFERENCE_HEAD, difference_rows(held))
    shown = [_wrong(talk, talk["held"][label]) for talk in wrong[:SHOWN]]
    return Conversations(
        TITLE, reading(held), labels, _lines(held), difference, failures, label, shown, len(wrong[SHOWN:])
    )


def _lines(held: Data) -> list[Line]:
    """With the p-value of all, and for scenarios the one that is corrected for testing several."""
    models, found = [model["rates"] for model in held["models"].values()], held.get("p_values") or {}
    p_values = {"all": found.get("all")} | found.get("scenarios_holm", {})
    return [
        Line("right", name, tuple(Rate(m[name]["successes"], m[name]["n"]) for m in models), p_values.get(name))
        for name in models[0]
    ]


def _wrong(talk: Data, held: Data) -> WrongConversation:
    messages = map(Message.from_dict, held["messages"])
    return WrongConversation(
        talk["id"], talk["scenario"], held["failure"], FAILURES.get(held["failure"], ""), held["detail"],
        [(message.role, _cut(render_message(message))) for message in messages],
        *(list(map(_call, calls)) for calls in (talk["required"], held["missing"], held["extra"])),
    )  # fmt: skip


def _call(data: Data) -> str:
    return _cut(render_call(ToolCall.from_dict(data)))


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[:LONGEST]} … ({len(text) - LONGEST:,} characters more)"
