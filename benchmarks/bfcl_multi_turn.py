"""Whether our judgement of BFCL's conversations of several turns and the original one agree.

    python benchmarks/bfcl_multi_turn.py             # the reference's calls of 800 rows, and 25 changed lists of each
    python benchmarks/bfcl_multi_turn.py --share 0.05 --mutations 3

The original is `multi_turn_checker` of bfcl-eval (`pip install --no-deps bfcl-eval==2026.3.23`), which is given calls
as Python text and runs that. Ours is given names and arguments. Nothing here comes from a model: calls are the
reference's, left out, repeated, moved to another turn, put in another order, to another tool, or with other values.
"""

from __future__ import annotations

import argparse
import importlib
import random
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

from tooltune.evaluate.bfcl_conversations import BfclConversation
from tooltune.evaluate.bfcl_world import check
from tooltune.evaluate.suites import MULTI_TURN, load_multi_turn
from tooltune.evaluate.suites.bfcl import data_folder
from tooltune.files import read_json_lines
from tooltune.types import ToolCall

Turns = list[list[ToolCall]]
ODD: list[Any] = ["", "x", 0, 1, -3, 2.0, 0.5, True, None, [], [1], ["a", "b"], {}, {"a": 1}]


def original(row: Mapping[str, Any], truth: Sequence[Sequence[str]], turns: Turns, name: str) -> bool | None:
    """What the wheel's checker says; None where it ends in a traceback.

    Args:
        row: as it stands in BFCL's file.
        truth: the reference's calls, as they stand there.
        turns: the calls that are judged.
        name: of a model; the wheel keeps the objects of each.
    """
    package = "bfcl_eval.eval_checker.multi_turn_eval"
    checker = importlib.import_module(f"{package}.multi_turn_checker")
    steps = [[[as_python(call)] for call in calls] for calls in turns]
    try:
        return bool(checker.multi_turn_checker(steps, truth, row, "", name)["valid"])
    except (AttributeError, KeyError, TypeError, ValueError, RecursionError):
        return None
    finally:  # else they would fill the memory
        kept = vars(importlib.import_module(f"{package}.multi_turn_utils"))
        for key in [key for key in kept if key.startswith(f"{name}_")]:
            del kept[key]


def as_python(call: ToolCall) -> str:
    return f"{call.name}({', '.join(f'{name}={value!r}' for name, value in call.arguments.items())})"


def changed(turns: Turns, conversation: BfclConversation, rng: random.Random) -> Turns:
    """The calls with one change or two."""
    turns = [list(calls) for calls in turns]
    for _ in range(rng.choice([1, 1, 2])):
        rng.choice(CHANGES)(turns, conversation, rng)
    return turns


def _any(turns: Turns, rng: random.Random) -> tuple[int, int]:
    """Where a call stands: the turn, and the place in it."""
    return rng.choice([(turn, place) for turn, calls in enumerate(turns) for place in range(len(calls))] or [(0, -1)])


def left_out(turns: Turns, conversation: BfclConversation, rng: random.Random) -> None:
    turn, place = _any(turns, rng)
    del turns[turn][place : place + 1]


def repeated(turns: Turns, conversation: BfclConversation, rng: random.Random) -> None:
    turn, place = _any(turns, rng)
    turns[rng.randrange(len(turns))] += turns[turn][place : place + 1]


def moved(turns: Turns, conversation: BfclConversation, rng: random.Random) -> None:
    turn, place = _any(turns, rng)
    calls = turns[turn][place : place + 1]
    del turns[turn][place : place + 1]
    turns[rng.randrange(len(turns))] += calls


def reversed_order(turns: Turns, conversation: BfclConversation, rng: random.Random) -> None:
    rng.choice(turns).reverse()


def other_tool(turns: Turns, conversation: BfclConversation, rng: random.Random) -> None:
    turn, place = _any(turns, rng)
    names = [*(tool.name for tool in conversation.tools), "no_such_tool"]
    turns[turn][place : place + 1] = [ToolCall(rng.choice(names), c.arguments) for c in turns[turn][place : place + 1]]


def other_value(turns: Turns, conversation: BfclConversation, rng: random.Random) -> None:
    turn, place = _any(turns, rng)
    for call in turns[turn][place : place + 1]:
        names = [*call.arguments, *(["unknown"] if rng.random() < 0.1 else [])]
        if names:
            name = rng.choice(names)
            value = _near(call.arguments.get(name), rng)
            turns[turn][place] = ToolCall(call.name, {**call.arguments, name: value})


def _near(value: Any, rng: random.Random) -> Any:
    near: list[Any] = [rng.choice(ODD), str(value)]
    if isinstance(value, str):
        near += [value.upper(), f"{value} ", value[:-1], value[::-1]]
    elif isinstance(value, int | float):
        near += [value + 1, float(value), -value, not value]
    elif isinstance(value, list):
        near += [value[::-1], value[:-1], value + value[:1]]
    return rng.choice(near)


CHANGES: tuple[Callable[[Turns, BfclConversation, random.Random], None], ...] = (
    left_out, repeated, moved, reversed_order, other_tool, other_value, other_value, other_value,
)  # fmt: skip


def compare(category: str, share: float = 1, mutations: int = 25) -> tuple[Counter[str], list[tuple[str, Turns]]]:
    """Counts of what was compared in a category, and every disagreement."""
    rng, counts, found = random.Random(category), Counter[str](), []
    rows, truths = _rows(category), _rows(f"possible_answer/BFCL_v4_{category}")
    conversations = load_multi_turn([category])
    for conversation in rng.sample(conversations, max(1, round(share * len(conversations)))):
        gold = [list(calls) for calls in conversation.required]
        for number in range(mutations + 1):
            turns = changed(gold, conversation, rng) if number else gold
            truth = truths[conversation.id]["ground_truth"]
            theirs = original(rows[conversation.id], truth, turns, f"compared{number}")
            ours = check(conversation, turns) is None
            counts.update(["changed" if number else "gold", {True: "right", False: "wrong"}.get(theirs, "traceback")])  # type: ignore[call-overload]
            if bool(theirs) != ours:
                found.append((conversation.id, turns))
    return counts, found


def _rows(name: str) -> dict[str, Any]:
    path = data_folder() / (f"{name}.json" if "/" in name else f"BFCL_v4_{name}.json")
    return {row["id"]: row for row, _ in read_json_lines(path, "")}


COLUMNS = ("gold", "changed", "right", "wrong", "traceback", "disagree")


def main(argv: Sequence[str] | None = None) -> dict[str, Counter[str]]:
    """Print the table; returns the counts of each category."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else None)
    parser.add_argument("--share", type=float, default=1.0, help="share of the rows of each category")
    parser.add_argument("--mutations", type=int, default=25, help="changed lists of calls for each row")
    options = parser.parse_args(argv)
    table = Table(title="Our judgement of conversations of several turns against the original")
    table.add_column("category", no_wrap=True)
    for column in COLUMNS:
        table.add_column(column, justify="right")
    results = {}
    for category in MULTI_TURN:
        counts, found = compare(category, options.share, options.mutations)
        results[category] = counts + Counter(disagree=len(found))
        for identity, turns in found[:3]:
            print(identity, [[as_python(call) for call in calls] for calls in turns])
    for name, counts in [*results.items(), ("all", sum(results.values(), Counter[str]()))]:
        table.add_row(name, *(f"{counts[column]:,}" for column in COLUMNS))
    Console().print(table)
    return results


if __name__ == "__main__":
    main()
