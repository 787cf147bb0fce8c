"""Whole conversations and how they ended: the part `by_state` of report.json, for reading."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tooltune.chat.render import render_call, render_message
from tooltune.evaluate.by_state import FAILURES
from tooltune.evaluate.statistics import Rate
from tooltune.report.comparison import difference_rows, show_p, show_rate
from tooltune.report.markdown import code, fence, table
from tooltune.types import Message, ToolCall

Data = Mapping[str, Any]
Rows = list[list[str]]
WANTED = 3
DIFFERENCE_HEAD = ("Conversations", "Points better", "95 % interval", "Sets of tools", "p, corrected")
TITLE = "Whole conversations, by the state they end in"
READING = """\
Here the model answered itself, turn by turn: its calls were run in a simulated world, and the results or errors
were given back to it. A conversation is right when each required call was made, nothing else was changed, and the
world ends as the reference leaves it. These rates are of conversations, and are never pooled with those of single
decisions."""
READING_BFCL = """\
Here the model held BFCL's conversations of several turns itself: its calls were run in the benchmark's simulated
world, and the results or errors were given back to it. A conversation is right when BFCL's own checkers find so after
each turn: the world is in the state of the reference, and each result that the reference's calls give has come. One
that did not fit the model's context, or was broken off, is wrong and stays in the denominator."""


def by_state_section(data: Data) -> list[str]:
    """Heading, rates, failures, and some conversations that went wrong.

    Args:
        data: what `evaluate.by_state.by_state_data` gave.
    """
    labels, failures, differences = list(data["models"]), failure_rows(data), difference_rows(data)
    parts = [f"## {TITLE}", reading(data), table(rate_head(data), rate_rows(data))]
    if differences:
        parts += [f"{difference_title(data)}:", table(DIFFERENCE_HEAD, differences)]
    if failures:
        parts.append(table(["What went wrong first", *labels], failures))
    wrong = [held for held in data["conversations"] if held["held"][labels[-1]]["failure"]]
    return [*parts, *(_conversation(number, held, labels[-1]) for number, held in enumerate(wrong[:WANTED], 1))]


def difference_title(data: Data) -> str:
    """What `difference_rows` say of whom; empty where there are no two models."""
    names = (data.get("p_values") or {}).get("models")
    return f"How much better {names[1]} holds conversations than {names[0]}" if names else ""


def reading(data: Data) -> str:
    """When a conversation is right."""
    return READING_BFCL if data.get("judge") == "bfcl" else READING


def rate_head(data: Data) -> list[str]:
    """What stands above `rate_rows`."""
    return ["Scenario", *data["models"], *(["p", "p, corrected"] if data.get("p_values") else []), ""]


def rate_rows(data: Data) -> Rows:
    """A row for each scenario, all of them first: every model's rate, p-values, and whether it is too small."""
    models = [model["rates"] for model in data["models"].values()]
    rates = {name: [Rate(m[name]["successes"], m[name]["n"]) for m in models] for name in models[0]}
    return [
        [name, *map(show_rate, found), *_p_cells(name, data), "too small" if any(r.too_small for r in found) else ""]
        for name, found in rates.items()
    ]


def _p_cells(name: str, data: Data) -> list[str]:
    """McNemar's p-value, and Holm's correction of it over the scenarios."""
    found = data.get("p_values")
    if not found:
        return []
    if name == "all":
        return [show_p(found["all"]), ""]
    return [show_p(found["scenarios"][name]), show_p(found["scenarios_holm"][name])]


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
