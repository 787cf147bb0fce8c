"""Whether our BFCL scorer and the original one agree, call for call.

    python benchmarks/bfcl_scorer.py                    # every accepted answer, and 10 mutated lists of calls for each
    python benchmarks/bfcl_scorer.py --share 0.05 --mutations 5

The original is `ast_checker` of bfcl-eval (`pip install --no-deps bfcl-eval==2026.3.23`). It is given the
functions as they stand in BFCL's files, ours gets them as tools. Where the original ends in a traceback the
call counts as refused, and is counted in a column of its own.
"""

from __future__ import annotations

import argparse
import copy
import json
import os
import random
import sys
import tempfile
import types
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from rich.console import Console
from rich.table import Table

from tooltune.evaluate.bfcl import check_calls
from tooltune.evaluate.items import Item
from tooltune.evaluate.suites.bfcl import CATEGORIES, WITHOUT_ANSWERS, data_folder, load_bfcl
from tooltune.files import read_json_lines
from tooltune.types import ToolCall

AST_CATEGORIES = [name for name in CATEGORIES if name not in WITHOUT_ANSWERS]
Calls = list[dict[str, dict[str, Any]]]
Original = Callable[[str, Any, Any, Calls], bool | None]


def original_checker() -> Original:
    """The original checker: accepted, refused, or None where it ends in a traceback.

    Its list of models would import every vendor's library, so a stub stands in for it: of a model the checker
    only asks whether its tools' names had dots.
    """
    model = types.SimpleNamespace(underscore_to_dot=False)
    stub = types.ModuleType("bfcl_eval.constants.model_config")
    stub.MODEL_CONFIG_MAPPING = defaultdict(lambda: model)  # type: ignore[attr-defined]
    sys.modules[stub.__name__] = stub
    os.environ.setdefault("BFCL_PROJECT_ROOT", tempfile.mkdtemp(prefix="bfcl-"))
    from bfcl_eval.constants.enums import Language
    from bfcl_eval.eval_checker.ast_eval.ast_checker import ast_checker

    def check(category: str, functions: Any, answers: Any, calls: Calls) -> bool | None:
        try:
            return bool(ast_checker(functions, calls, answers, Language.PYTHON, category, "any")["valid"])
        except (AttributeError, KeyError, TypeError, OverflowError):
            return None

    return check


def accepted_calls(item: Item, rng: random.Random) -> Calls:
    """Calls that take any accepted value of each argument, and may leave optional ones out."""
    calls: Calls = []
    for answer, shortest in zip(item.answers, item.calls, strict=True):
        ((name, accepted),) = answer.items()
        arguments = {key: copy.deepcopy(value) for key, value in shortest.arguments.items()}
        for key, values in accepted.items():
            said = [value for value in values if value != ""]
            if said and not isinstance(said[0], dict) and (key in arguments or rng.random() < 0.5):
                arguments[key] = copy.deepcopy(rng.choice(said))
        calls.append({name: arguments})
    return calls


HUGE = 10**400
"""No float holds it."""
ODD: list[Any] = [
    "", "x", 0, 1, -3, 2.0, 0.5, True, False, None, [], [1], ["a", "b"], [[1, 2]], {}, {"a": 1}, {"a": ["b"]}, [{}],
    [{"a": "b"}], HUGE,
]  # fmt: skip


def other_value(value: Any, rng: random.Random) -> Any:
    """A value near `value`: retyped, written differently, reordered, or changed deep inside."""
    choices: list[Callable[[], Any]] = [lambda: rng.choice(ODD), lambda: [value], lambda: str(value)]
    if isinstance(value, str):
        choices += [
            value.upper,
            value.title,
            lambda: f" {value}.",
            lambda: value.replace(" ", "-"),
            lambda: value + "s",
        ]
        choices += [lambda: value.replace('"', "'"), lambda: f"{value}'", lambda: value[::-1], lambda: f"^{value}_*/s"]
    elif isinstance(value, bool):
        choices += [lambda: not value, lambda: int(value)]
    elif isinstance(value, int | float) and value != HUGE:
        choices += [lambda: value + 1, lambda: float(value), lambda: int(value), lambda: -value, lambda: value + 1e-9]
    elif isinstance(value, list):
        choices += [lambda: value[::-1], lambda: value[:-1], lambda: value + value[:1], lambda: inside(value, rng)]
        choices += [lambda: [other_value(part, rng) for part in value], lambda: {"0": value}]
    elif isinstance(value, dict):
        choices += [lambda: inside(value, rng), lambda: {**value, "more": 1}, lambda: dict(list(value.items())[1:])]
        choices += [lambda: dict(reversed(value.items())), lambda: list(value.items()) and [value, value]]
    return rng.choice(choices)()


def inside(value: Any, rng: random.Random) -> Any:
    """A list or an object in which one part is another."""
    if not value:
        return value
    changed = copy.deepcopy(value)
    key = rng.randrange(len(value)) if isinstance(value, list) else rng.choice(list(value))
    changed[key] = other_value(value[key], rng)
    return changed


def missing(calls: Calls, item: Item, rng: random.Random) -> None:
    arguments = next(iter(rng.choice(calls).values()))
    if arguments:
        del arguments[rng.choice(list(arguments))]


def extra(calls: Calls, item: Item, rng: random.Random) -> None:
    names = [p.name for tool in item.tools for p in tool.parameters]
    next(iter(rng.choice(calls).values()))[rng.choice([*names, "unknown"])] = rng.choice(ODD)


def changed_value(calls: Calls, item: Item, rng: random.Random) -> None:
    arguments = next(iter(rng.choice(calls).values()))
    for key in rng.sample(list(arguments), min(len(arguments), rng.choice([1, 1, 2]))):
        arguments[key] = other_value(arguments[key], rng)


def odd_value(calls: Calls, item: Item, rng: random.Random) -> None:
    arguments = next(iter(rng.choice(calls).values()))
    if arguments:
        arguments[rng.choice(list(arguments))] = rng.choice(ODD)


def reordered(calls: Calls, item: Item, rng: random.Random) -> None:
    calls.reverse()
    calls[0] = {name: dict(reversed(arguments.items())) for name, arguments in calls[0].items()}


def other_count(calls: Calls, item: Item, rng: random.Random) -> None:
    if rng.random() < 0.5:
        calls.pop()
    else:
        calls.append(copy.deepcopy(rng.choice(calls)))


def other_name(calls: Calls, item: Item, rng: random.Random) -> None:
    index = rng.randrange(len(calls))
    ((name, arguments),) = calls[index].items()
    names = [tool.name for tool in item.tools] + [name.upper(), name.replace(".", "_")]
    calls[index] = {rng.choice(names): arguments}


def mixed_up(calls: Calls, item: Item, rng: random.Random) -> None:
    """The arguments of one call in another."""
    one, other = rng.choice(calls), rng.choice(calls)
    next(iter(one.values())).update(copy.deepcopy(next(iter(other.values()))))


MUTATIONS = (changed_value, changed_value, missing, extra, odd_value, reordered, other_count, other_name, mixed_up)


def mutated(item: Item, rng: random.Random) -> Calls:
    """An accepted list of calls with one to three changes."""
    calls = accepted_calls(item, rng)
    for _ in range(rng.choice([1, 1, 1, 2, 3])):
        if calls:
            rng.choice(MUTATIONS)(calls, item, rng)
    return calls


class Disagreement(NamedTuple):
    """Calls on which the two scorers differ."""

    item: str
    calls: Calls
    original: bool | None
    ours: str | None


def compare(
    category: str, share: float = 1, mutations: int = 10, original: Original | None = None
) -> tuple[Counter[str], list[Disagreement]]:
    """Counts of what was compared in a category, and every disagreement."""
    original = original or original_checker()
    rng, counts, found = random.Random(category), Counter[str](), []
    functions = functions_of(category)
    items = load_bfcl([category])
    for item in rng.sample(items, max(1, round(share * len(items)))):
        lists = [accepted_calls(item, rng), *(mutated(item, rng) for _ in range(mutations))]
        for number, calls in enumerate(lists):
            theirs = original(category, functions[item.id], list(item.answers), copy.deepcopy(calls))
            ours = check_calls(category, item.tools, item.answers, to_calls(calls))
            counts.update(["mutated" if number else "gold", verdict(theirs)])
            if bool(theirs) != (ours is None):
                found.append(Disagreement(item.id, calls, theirs, ours))
    return counts, found


def functions_of(category: str) -> Mapping[str, Any]:
    """The functions as BFCL writes them, by the row's id."""
    rows = read_json_lines(data_folder() / f"BFCL_v4_{category}.json", "")
    return {row["id"]: row["function"] for row, _ in rows}


def to_calls(calls: Calls) -> Sequence[ToolCall]:
    return [ToolCall(name, arguments) for call in calls for name, arguments in call.items()]


def verdict(valid: bool | None) -> str:
    return "traceback" if valid is None else "accepted" if valid else "refused"


COLUMNS = ("gold", "mutated", "accepted", "refused", "traceback", "disagree")


def main(argv: Sequence[str] | None = None) -> dict[str, Counter[str]]:
    """Print the table; returns the counts of each category."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else None)
    parser.add_argument("--share", type=float, default=1.0, help="share of the rows of each category")
    parser.add_argument("--mutations", type=int, default=10, help="mutated lists of calls for each row")
    parser.add_argument("--disagreements", type=Path, help="write them as JSON lines")
    options = parser.parse_args(argv)
    original, results, lines = original_checker(), {}, list[str]()
    for category in AST_CATEGORIES:
        counts, found = compare(category, options.share, options.mutations, original)
        results[category] = counts + Counter(disagree=len(found))
        lines += [json.dumps(one._asdict()) for one in found]
    if options.disagreements:
        options.disagreements.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    show(results)
    return results


def rows_of(results: Mapping[str, Counter[str]]) -> Iterator[tuple[str, Counter[str]]]:
    yield from results.items()
    yield "all", sum(results.values(), Counter())


def show(results: Mapping[str, Counter[str]]) -> None:
    """The table: what was compared, what the original said, how often the two disagree."""
    table = Table(title="Our BFCL scorer against the original")
    table.add_column("category", no_wrap=True)
    for column in COLUMNS:
        table.add_column(column, justify="right")
    for name, counts in rows_of(results):
        table.add_row(name, *(f"{counts[column]:,}" for column in COLUMNS))
    Console().print(table)


if __name__ == "__main__":
    main()
