"""The result as one compact table in the terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from tooltune.evaluate.by_state import StateEvaluation, p_values
from tooltune.evaluate.results import METRICS, Evaluation
from tooltune.evaluate.statistics import TOO_SMALL, Rate
from tooltune.report.comparison import Row, evaluations, metric_rows, show_p


def print_table(base: Evaluation | None, tuned: Evaluation | None, console: Console | None = None) -> None:
    """Print each metric's rates, with a p-value where there are two models."""
    models = evaluations(base, tuned)
    console = console or Console()
    if not models:
        console.print("No model was evaluated.")
        return
    caption = f"percent (95 % interval) counts; * fewer than {TOO_SMALL} items"
    table = Table(title="Held-out evaluation", caption=caption, box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("Metric")
    for heading in [*(model.label for model in models), *(["p"] if len(models) > 1 else [])]:
        table.add_column(escape(heading), justify="right", no_wrap=True)
    for row in metric_rows(models):
        table.add_row(*_cells(row, with_p=len(models) > 1))
    console.print(table)


SYSTEM_METRICS = ("call_exact", "right_tool", "abstained_or_asked", "well_formed")
"""What is compared between more than two systems."""


def print_systems(systems: Sequence[Evaluation], console: Console | None = None) -> None:
    """Print one row for each system, with each rate's 95 % Wilson interval."""
    caption = f"percent (95 % interval), counts; * fewer than {TOO_SMALL} items"
    table = Table(title="Held-out evaluation", caption=caption, box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("System", no_wrap=True)
    for name in SYSTEM_METRICS:
        table.add_column(METRICS[name].title, justify="right")
    for system in systems:
        rates = system.summary().overall
        table.add_row(escape(system.label), *(_narrow(rates[name]) for name in SYSTEM_METRICS))
    (console or Console()).print(table)


def print_passes(label: str, passes: Mapping[str, Mapping[str, float]], console: Console | None = None) -> None:
    """Print a model's pass^k of each scenario; see `evaluate.samples.pass_table`."""
    table = Table(title=f"{escape(label)}: all of k samples right, percent", box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("Scenario")
    for name in next(iter(passes.values())):
        table.add_column(name, justify="right")
    for scenario, row in passes.items():
        cells = [str(value) if name == "items" else f"{100 * value:.1f}" for name, value in row.items()]
        table.add_row(escape(scenario), *cells)
    (console or Console()).print(table)


def print_by_state(evaluations: Sequence[StateEvaluation], console: Console | None = None) -> None:
    """Print how many whole conversations ended as they should, by scenario; nothing where none was held.

    The p-value of two models is McNemar's; those of scenarios are corrected by Holm's method. Of more than two
    models, for whose scenarios a terminal is too narrow, all conversations are shown.
    """
    if not evaluations:
        return
    tests = p_values(evaluations)
    caption = f"those that end in the right state; * fewer than {TOO_SMALL}"
    caption += f"; p: {' against '.join(tests['models'])}" if tests else ""
    table = Table(title="Whole conversations", caption=escape(caption), box=box.SIMPLE_HEAD, pad_edge=False)
    (_add_scenarios if len(evaluations) < 3 else _add_systems)(table, evaluations, tests)
    (console or Console()).print(table)


def _add_scenarios(table: Table, evaluations: Sequence[StateEvaluation], tests: Mapping[str, Any]) -> None:
    """A row for each scenario, a column for each model."""
    table.add_column("Scenario", overflow="fold")
    for heading in [*(evaluation.label for evaluation in evaluations), *(["p"] if tests else [])]:
        table.add_column(escape(heading), justify="right", no_wrap=True)
    shown = {"all": tests["all"], **tests["scenarios_holm"]} if tests else {}
    for name in evaluations[0].rates():
        found = (_short(evaluation.rates()[name]) for evaluation in evaluations)
        table.add_row(escape(name), *found, *([show_p(shown[name])] if tests else []))


def _add_systems(table: Table, evaluations: Sequence[StateEvaluation], tests: Mapping[str, Any]) -> None:
    """A row for each model; the p-value stands with the second of those that are compared."""
    for heading in ("System", "Held rightly", "p"):
        table.add_column(heading, justify="left" if heading == "System" else "right")
    for evaluation in evaluations:
        p = show_p(tests["all"]) if evaluation.label == tests["models"][1] else ""
        table.add_row(escape(evaluation.label), _short(evaluation.rates()["all"]), p)


def _narrow(rate: Rate) -> str:
    """A rate on two short lines."""
    return "\n".join(_short(rate).replace(" %", "").strip().rsplit(" ", 1))


def _cells(row: Row, with_p: bool) -> list[str]:
    marked = [_short(rate) for rate in row.rates]
    return [escape(row.title), *marked, *([show_p(row.p)] if with_p else [])]


def _short(rate: Rate) -> str:
    """A rate in at most 22 columns, so that two of them fit beside their metric."""
    if rate.value is None:
        return "-"
    low, high = (round(100 * bound) for bound in rate.interval)
    mark = "*" if rate.too_small else " "
    return f"{100 * rate.value:.1f} % ({low}-{high}) {rate.successes}/{rate.n}{mark}"
