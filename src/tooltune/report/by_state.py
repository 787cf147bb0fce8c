"""Whole conversations and how they ended: the part `by_state` of report.json, for reading."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tooltune.chat.render import render_call, render_message
from tooltune.evaluate.by_state import FAILURES
from tooltune.evaluate.statistics import Rate
from tooltune.report.comparison import show_rate
from tooltune.report.markdown import code, fence, table
from tooltune.types import Message, ToolCall

Data = Mapping[str, Any]
Rows = list[list[str]]
WANTED = 3
READING = """\
Here the model answered itself, turn by turn: its calls were run in a simulated world, and the results or errors
were given back to it. A conversation is right when each required call was made, nothing else was changed, and the
world ends as the reference leaves it. These rates are of conversations, and are never pooled with those of single
decisions."""


def by_state_section(data: Data) -> list[str]:
    """Heading, rates, failures, and some conversations that went wrong.

    Args:
        data: what `evaluate.by_state.by_state_data` gave.
    """
    labels, failures = list(data["models"]), failure_rows(data)
    parts = ["## Whole conversations, by the state they end in", READING]
    parts.append(table(["Scenario", *labels, ""], rate_rows(data)))
    if failures:
        parts.append(table(["What went wrong first", *labels], failures))
    wrong = [held for held in data["conversations"] if held["held"][labels[-1]]["failure"]]
    return [*parts, *(_conversation(number, held, labels[-1]) for number, held in enumerate(wrong[:WANTED], 1))]


def rate_rows(data: Data) -> Rows:
    """A row for each scenario, all of them first: every model's rate, and whether it is too small."""
    models = [model["rates"] for model in data["models"].values()]
    rates = {name: [Rate(m[name]["successes"], m[name]["n"]) for m in models] for name in models[0]}
    return [
        [name, *map(show_rate, found), "too small" if any(rate.too_small for rate in found) else ""]
        for name, found in rates.items()
    ]


def failure_rows(data: Data) -> Rows:
    """A row for each kind of failure that came."""
    models = [model["failures"] for model in data["models"].values()]
    seen = [name for name in FAILURES if any(name in counts for counts in models)]
    return [[f"{name}: {FAILURES[name]}", *(str(counts.get(name, 0)) for counts in models)] for name in seen]


def _conversation(number: int, held: Data, label: str) -> str:
    """What was said, and what was wrong with it."""
    found = held["held"][label]
    said = [Message.from_dict(message) for message in found["messages"]]
    failure = found["failure"]
    wrong = f"What is wrong: {code(failure)}, {FAILURES.get(failure, '')}."
    parts = [
        f"### Conversation {number} that went wrong: {code(held['scenario'])}, example {code(held['id'])}",
        fence("\n".join(f"[{message.role}] {render_message(message)}" for message in said)),
        wrong + (f" {found['detail']}" if found["detail"] else ""),
    ]
    for title, calls in (("Required, and absent", found["missing"]), ("Changed without need", found["extra"])):
        if calls:
            parts += [f"{title}:", fence("\n".join(render_call(ToolCall.from_dict(call)) for call in calls))]
    return "\n\n".join(parts)
