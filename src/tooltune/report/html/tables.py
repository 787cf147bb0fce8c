"""The rates in report.json as lines to draw: overall, and by whatever else they were counted.

Read from the JSON and not from an Evaluation, so that a report shows groups (scenarios, categories,
tools, arguments) and metrics that this module has never heard of.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from tooltune.evaluate.results import METRICS
from tooltune.evaluate.scorers import FAILURES
from tooltune.evaluate.statistics import Rate

NO_RATE = Rate(0, 0)
_NOT_GROUPS = ("label", "overall", "failures")
_GROUP_TITLES = {"scenarios": "scenario", "categories": "category"}
Data = Mapping[str, Any]
Rates = Mapping[tuple[str, ...], Rate]
"""Path of a rate in the JSON, whose last part names the metric -> the rate."""


@dataclass(frozen=True)
class Line:
    """One metric, or one group's rate of a metric, for each model."""

    key: str
    """The metric that is counted."""
    title: str
    rates: tuple[Rate, ...]
    p: float | None = None
    """McNemar's exact p-value, where the models were compared."""
    meaning: str = ""

    @property
    def too_small(self) -> bool:
        """Whether some rate stands on too few items."""
        return any(rate.too_small for rate in self.rates)


@dataclass(frozen=True)
class Breakdown:
    """One way to group the items."""

    key: str
    title: str
    metric: str
    """Title of the metric that `lines` show."""
    lines: tuple[Line, ...]
    rest: tuple[Line, ...]
    """The groups' other metrics."""


@dataclass(frozen=True)
class Failures:
    """How often each first failing stage came, for each model."""

    key: str
    meaning: str
    counts: tuple[int, ...]


def metric_lines(data: Data) -> list[Line]:
    """A line for each metric that counts any item, known metrics first."""
    models = [_rates(model.get("overall")) for model in data["models"].values()]
    p_values = _p_values(data, "overall")
    lines = [_metric_line(key, models, p_values) for key in _metrics(models)]
    return [line for line in lines if any(rate.n for rate in line.rates)]


def breakdowns(data: Data) -> list[Breakdown]:
    """Every grouping that some model has rates for, scenarios first."""
    keys = dict.fromkeys(key for model in data["models"].values() for key in model if key not in _NOT_GROUPS)
    found = (_breakdown(key, data) for key in keys)
    return [breakdown for breakdown in found if breakdown.lines]


def failures(data: Data) -> list[Failures]:
    """The failures that came, in the order of the taxonomy; unknown ones last."""
    models = [dict(model.get("failures") or {}) for model in data["models"].values()]
    known = dict.fromkeys([*FAILURES, *(key for model in models for key in model)])
    rows = [Failures(key, FAILURES.get(key, ""), tuple(int(m.get(key, 0)) for m in models)) for key in known]
    return [row for row in rows if any(row.counts)]


def _breakdown(key: str, data: Data) -> Breakdown:
    models = [_rates(model.get(key)) for model in data["models"].values()]
    counted = {path: rate for model in models for path, rate in model.items() if rate.n}
    p_values = _p_values(data, key)
    found = [_group_lines(metric, counted, models, p_values) for metric in _metrics([counted])]
    main = found[0] if found else ()
    title = f"By {_GROUP_TITLES.get(key, key.removesuffix('s').replace('_', ' '))}"
    rest = tuple(_titled(line) for lines in found[1:] for line in lines)
    return Breakdown(key, title, _title(main[0].key) if main else "", main, rest)


def _group_lines(
    metric: str, counted: Rates, models: Sequence[Rates], p_values: Mapping[str, float]
) -> tuple[Line, ...]:
    return tuple(_group_line(path, models, p_values) for path in counted if path[-1] == metric)


def _group_line(path: tuple[str, ...], models: Sequence[Rates], p_values: Mapping[str, float]) -> Line:
    group = " / ".join(path[:-1])
    # The p-values of groups are those of the right decision.
    p = p_values.get(group) if path[-1] == "right" else None
    return Line(path[-1], group, tuple(model.get(path, NO_RATE) for model in models), p)


def _titled(line: Line) -> Line:
    """The line with its metric's name, to stand among lines of other metrics."""
    return replace(line, title=f"{line.title}: {_title(line.key).lower()}")


def _metric_line(key: str, models: Sequence[Rates], p_values: Mapping[str, float]) -> Line:
    meaning = METRICS[key].meaning if key in METRICS else ""
    return Line(key, _title(key), tuple(model.get((key,), NO_RATE) for model in models), p_values.get(key), meaning)


def _metrics(models: Sequence[Rates]) -> list[str]:
    """The metrics that the rates are of, known ones first and in their order."""
    found = dict.fromkeys(path[-1] for model in models for path in model)
    return [*(key for key in METRICS if key in found), *(key for key in found if key not in METRICS)]


def _rates(value: Any) -> dict[tuple[str, ...], Rate]:
    """Every rate at any depth; a group that holds one without the name of a metric is called `rate`."""
    if not isinstance(value, Mapping):
        return {}
    found = dict(_leaves(value, ()))
    if any(path[-1] in METRICS for path in found):
        return found
    return {(*path, "rate"): rate for path, rate in found.items()}


def _leaves(value: Mapping[str, Any], path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Rate]]:
    rate = _rate(value)
    if rate is not None and path:
        yield path, rate
        return
    for key, part in value.items():
        if isinstance(part, Mapping):
            yield from _leaves(part, (*path, str(key)))


def _rate(value: Mapping[str, Any]) -> Rate | None:
    successes, n = value.get("successes"), value.get("n")
    if isinstance(successes, int) and isinstance(n, int) and 0 <= successes <= n:
        return Rate(successes, n)
    return None


def _p_values(data: Data, key: str) -> dict[str, float]:
    found = (data.get("p_values") or {}).get(key) or {}
    return {name: p for name, p in found.items() if isinstance(p, int | float)}


def _title(key: str) -> str:
    return METRICS[key].title if key in METRICS else key.replace("_", " ").capitalize()
