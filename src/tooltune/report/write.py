"""Write report.json (all numbers and all replies), report.md (for reading) and report.html (for looking around)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tooltune.evaluate.baselines import baselines
from tooltune.evaluate.breakdown import breakdown
from tooltune.evaluate.by_state import StateEvaluation, by_state_data
from tooltune.evaluate.disagreement import Disagreements
from tooltune.evaluate.results import METRICS, Evaluation
from tooltune.evaluate.scorers import FAILURES
from tooltune.evaluate.statistics import TOO_SMALL, Rate, holm
from tooltune.files import write_json, write_text
from tooltune.report.by_state import by_state_section
from tooltune.report.comparison import (
    DIFFERENCE_HEAD,
    DIFFERENCE_TITLE,
    Row,
    difference_rows,
    differences,
    evaluations,
    metric_rows,
    scenario_rows,
    show_p,
    show_rate,
)
from tooltune.report.disagreement import disagreement_section
from tooltune.report.facts import facts
from tooltune.report.html import write_page
from tooltune.report.markdown import code, table
from tooltune.report.samples import samples_section

REPORT = "report.json"
READING = f"""\
Each cell is a percentage, its 95 % Wilson interval, and the counts behind it. p is the two-sided p-value
of McNemar's exact test over the same items: small when the difference is hardly chance. A row with fewer
than {TOO_SMALL} items is marked "too small": its numbers are no ground for a claim. A reply that cannot be
read is a failure and never counts as abstaining, and every item stays in the denominator."""

DIFFERENCES = """\
percentage points; the interval draws whole tools, since items of one tool stand or fall together; p is corrected for \
testing several scenarios"""
POLICIES = """\
Two policies that look at nothing, on the same items. A model that abstains well only because it hardly ever calls, or
calls well only because it always does, is no better than one of them."""


def write_report(
    output_dir: str | Path,
    base: Evaluation | None,
    tuned: Evaluation | None,
    run: Mapping[str, Any],
    by_state: Sequence[StateEvaluation] = (),
) -> None:
    """Write the three files into `output_dir`, each whole or not at all.

    Args:
        output_dir: an existing folder.
        base: the model as it was, if it was evaluated.
        tuned: the model after training, if there is one.
        run: facts about the run, by name. Shown in the order given.
        by_state: how whole conversations ended, if some were held.

    Raises:
        OutputError: a file cannot be written.
    """
    folder, data = Path(output_dir), report_data(base, tuned, run)
    data |= {"by_state": by_state_data(by_state)} if by_state else {}
    write_json(folder / REPORT, data)
    write_readable(folder, data, base, tuned)


def write_readable(folder: Path, data: Mapping[str, Any], base: Evaluation | None, tuned: Evaluation | None) -> None:
    """Write report.md and report.html: what people read of report.json, whose content is `data`."""
    write_text(folder / "report.md", report_markdown(base, tuned, data["run"], data.get("by_state") or {}))
    write_page(folder, data)


def report_data(base: Evaluation | None, tuned: Evaluation | None, run: Mapping[str, Any]) -> dict[str, Any]:
    """All that is known, as plain JSON."""
    named = {name: model for name, model in (("base", base), ("tuned", tuned)) if model}
    models = list(named.values())
    return {
        "run": _plain(run),
        "models": {name: {"label": m.label} | m.summary().to_dict() | breakdown(m) for name, m in named.items()},
        "baselines": {policy.label: policy.summary().to_dict() for policy in _baselines(models)},
        "p_values": {
            "overall": {row.key: row.p for row in metric_rows(models)},
            "scenarios": {row.key: row.p for row in scenario_rows(models)},
            "scenarios_holm": holm({row.key: row.p for row in scenario_rows(models)}),
        },
        "differences": differences(models),
        "scorers_disagree": {name: Disagreements.of(m).to_dict() for name, m in named.items()},
        "items": _items(named),
    }


def _baselines(models: Sequence[Evaluation]) -> list[Evaluation]:
    """The trivial policies, on the same items."""
    return baselines([result.item for result in models[0].results]) if models else []


def _items(named: Mapping[str, Evaluation]) -> list[dict[str, Any]]:
    """Each item once, with every model's reply to it."""
    items: dict[str, dict[str, Any]] = {}
    for name, model in named.items():
        for result in model.results:
            entry = items.setdefault(result.item.id, result.item.to_dict() | {"replies": {}})
            entry["replies"][name] = result.reply_to_dict()
    return list(items.values())


def report_markdown(
    base: Evaluation | None, tuned: Evaluation | None, run: Mapping[str, Any], by_state: Mapping[str, Any] | None = None
) -> str:
    """The report for reading."""
    models = evaluations(base, tuned)
    parts = ["# Evaluation", _opening(models, by_state or {})]
    if models:
        rows = metric_rows(models)
        parts += ["## Results", _rates_table("Metric", rows, models), READING, _meanings(rows)]
        parts += ["## Right decisions by scenario", _rates_table("Scenario", scenario_rows(models), models)]
        parts += _difference_table(models)
        parts += ["## Without a model", POLICIES, _policies_table(_baselines(models))]
        parts += ["## What went wrong", _failure_table(models), samples_section(models[-1])]
        parts += disagreement_section(models)
    parts += by_state_section(by_state) if by_state else []
    return "\n\n".join([*parts, *_run_section(run)]) + "\n"


def _opening(models: Sequence[Evaluation], by_state: Mapping[str, Any]) -> str:
    """The result in one paragraph."""
    if not models and not by_state:
        return "No model was evaluated."
    sentences = []
    for model in models:
        rate = model.summary().overall["right"]
        sentences.append(f"{code(model.label)} decides rightly in {rate.successes} of {rate.n} cases.")
    for label, held in by_state.get("models", {}).items():
        rate = held["rates"]["all"]
        sentences.append(f"{code(label)} holds {rate['successes']} of {rate['n']} conversations rightly.")
    return " ".join(sentences)


def _rates_table(first: str, rows: Sequence[Row], models: Sequence[Evaluation]) -> str:
    compared = len(models) > 1
    return table(
        [first, *(model.label for model in models), *(["p"] if compared else []), ""],
        [[row.title, *map(_bold_rate, row.rates), *([show_p(row.p)] if compared else []), _note(row)] for row in rows],
    )


def _difference_table(models: Sequence[Evaluation]) -> list[str]:
    """Nothing unless there are two models."""
    p_values = {"scenarios_holm": holm({row.key: row.p for row in scenario_rows(models)})}
    rows = difference_rows({"differences": differences(models), "p_values": p_values})
    return [f"{DIFFERENCE_TITLE} ({DIFFERENCES}):", table(DIFFERENCE_HEAD, rows)] if rows else []


def _policies_table(policies: Sequence[Evaluation]) -> str:
    rows = [[row.title, *map(show_rate, row.rates)] for row in metric_rows(policies)]
    return table(["Metric", *(policy.label for policy in policies)], rows)


def _meanings(rows: Sequence[Row]) -> str:
    return "\n".join(f"- {row.title}: {METRICS[row.key].meaning}" for row in rows)


def _bold_rate(rate: Rate) -> str:
    """A rate whose percentage stands out."""
    percent, space, rest = show_rate(rate).partition(" (")
    return f"**{percent}**{space}{rest}" if rest else percent


def _note(row: Row) -> str:
    return "too small" if row.too_small else ""


def _failure_table(models: Sequence[Evaluation]) -> str:
    counts = [model.summary().failures for model in models]
    seen = [name for name in FAILURES if any(name in count for count in counts)]
    if not seen:
        return "Nothing: every decision was right."
    rows = [[f"{code(name)}: {FAILURES[name]}", *(str(c.get(name, 0)) for c in counts)] for name in seen]
    totals = [str(sum(count.values())) for count in counts]
    return table(["First stage that failed", *(model.label for model in models)], [*rows, ["All", *totals]])


def _run_section(run: Mapping[str, Any]) -> list[str]:
    if not run:
        return []
    return ["## The run", table(["Fact", "Value"], facts(run))]


def _plain(value: Any) -> Any:
    """A value that strict JSON can hold; what it cannot becomes text, and NaN becomes null."""
    if isinstance(value, Mapping):
        return {str(key): _plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value if isinstance(value, str | int | None) else str(value)
