"""Evaluations side by side: the rows that every form of the report shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tooltune.evaluate.breakdown import cluster
from tooltune.evaluate.results import METRICS, Evaluation, Metric
from tooltune.evaluate.statistics import Rate, clustered_difference, mcnemar_paired


@dataclass(frozen=True)
class Row:
    """A metric, its rate for each evaluation, and whether their difference may be chance."""

    key: str
    title: str
    rates: tuple[Rate, ...]
    p: float | None
    """McNemar's exact p-value; None where there are no two models, or no pairs to compare."""

    @property
    def too_small(self) -> bool:
        """Whether some rate stands on too few items."""
        return any(rate.too_small for rate in self.rates)

    def to_dict(self) -> dict[str, Any]:
        return {"metric": self.key, "rates": [rate.to_dict() for rate in self.rates], "p": self.p}


def evaluations(base: Evaluation | None, tuned: Evaluation | None) -> list[Evaluation]:
    """Those that were made, the base model first."""
    return [evaluation for evaluation in (base, tuned) if evaluation is not None]


def metric_rows(models: Sequence[Evaluation]) -> list[Row]:
    """A row for each metric that counts any item."""
    rows = [_row(key, metric.title, metric, models) for key, metric in METRICS.items()]
    return [row for row in rows if any(rate.n for rate in row.rates)]


def scenario_rows(models: Sequence[Evaluation]) -> list[Row]:
    """A row of right decisions for each scenario."""
    names = sorted({result.item.scenario for model in models for result in model.results})
    return [_row(name, name, METRICS["right"], [_only(name, model) for model in models]) for name in names]


def _only(scenario: str, model: Evaluation) -> Evaluation:
    return Evaluation(model.label, tuple(r for r in model.results if r.item.scenario == scenario))


def _row(key: str, title: str, metric: Metric, models: Sequence[Evaluation]) -> Row:
    verdicts = [_verdicts(metric, model) for model in models]
    p = None
    if len(verdicts) > 1 and metric.paired:
        before, after = verdicts
        p = mcnemar_paired((before[identity], after[identity]) for identity in before if identity in after)
    return Row(key, title, tuple(Rate.of(found.values()) for found in verdicts), p)


def _verdicts(metric: Metric, model: Evaluation) -> dict[str, bool]:
    """The verdict on each item that the metric counts, by the item's id."""
    judged = {result.item.id: metric.verdict(result) for result in model.results}
    return {identity: verdict for identity, verdict in judged.items() if verdict is not None}


def differences(models: Sequence[Evaluation]) -> dict[str, Any]:
    """How much better the second model decides, overall and by scenario; bootstrap over tools."""
    if len(models) < 2:
        return {}
    names = sorted({result.item.scenario for result in models[0].results})
    parts = {name: [_only(name, model) for model in models] for name in names}
    return {"overall": _difference(models), "scenarios": {name: _difference(part) for name, part in parts.items()}}


def _difference(models: Sequence[Evaluation]) -> dict[str, Any] | None:
    first, second = ({result.item.id: result for result in model.results} for model in models)
    pairs = [(first[identity], second[identity]) for identity in first if identity in second]
    found = clustered_difference((cluster(before.item), before.right, after.right) for before, after in pairs)
    return found.to_dict() if found else None


DIFFERENCE_HEAD = ("Items", "Points better", "95 % interval", "Tools", "p, corrected")
DIFFERENCE_TITLE = "How much better the tuned model decides"


def difference_rows(data: Mapping[str, Any]) -> list[list[str]]:
    """How much better the second model is, overall and by scenario, for readers.

    Args:
        data: what holds `differences` and `p_values`: report.json, or its part `by_state`.

    Returns:
        Rows of: the group, points better, their 95 % interval, clusters, and Holm's corrected p-value.
    """
    found, corrected = data.get("differences") or {}, (data.get("p_values") or {}).get("scenarios_holm") or {}
    parts = {"all": found.get("overall")} | (found.get("scenarios") or {})
    return [
        [name, _points(part["difference"]), f"{_points(part['low'])} to {_points(part['high'])}",
         str(part["clusters"]), show_p(corrected.get(name))]
        for name, part in parts.items() if part
    ]  # fmt: skip


def _points(share: float) -> str:
    return f"{100 * share:+.1f}"


def show_rate(rate: Rate) -> str:
    """A rate for readers: percent, interval, counts."""
    if rate.value is None:
        return "-"
    low, high = rate.interval
    return f"{100 * rate.value:.1f} % ({100 * low:.1f} to {100 * high:.1f}), {rate.successes}/{rate.n}"


def show_p(p: float | None) -> str:
    """A p-value for readers."""
    if p is None:
        return "-"
    return "< 0.001" if p < 0.001 else f"{p:.3f}"
