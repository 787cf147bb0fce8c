"""The training log as small line charts: geometry here, drawing in the template."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tooltune.report.curve import points

WIDTH, HEIGHT = 340, 190
"""Size of a chart, in SVG units; about the CSS pixels of a phone's width, so that its text is readable there."""
LEFT, RIGHT, TOP, BOTTOM = 48, 8, 10, 30
"""Margins around the plot."""
_TITLES = {
    "loss": "Loss (cross-entropy per token)",
    "learning_rate": "Learning rate",
    "grad_norm": "Gradient norm",
}
_LINES = {"loss": "training", "eval_loss": "held-out"}
_NO_METRIC = ("step", "epoch", "total_flos")
_NO_METRIC_ENDS = ("_runtime", "_per_second")
Points = Sequence[tuple[float, float]]


@dataclass(frozen=True)
class Curve:
    """One line of a chart."""

    name: str
    path: str
    """Points of an SVG polyline."""
    last: tuple[float, float]
    """Where the line ends, in SVG units."""
    summary: str
    """What the line shows, in words."""


@dataclass(frozen=True)
class Chart:
    """Curves over the training step, with the ticks of both axes as (position, text)."""

    title: str
    curves: tuple[Curve, ...]
    x_ticks: tuple[tuple[float, str], ...]
    y_ticks: tuple[tuple[float, str], ...]


def charts(history: Sequence[Mapping[str, Any]]) -> list[Chart]:
    """A chart of the loss, and one for each other metric that the log holds at two steps or more.

    Args:
        history: a Trainer's `log_history`.
    """
    keys = dict.fromkeys(key for entry in history for key in entry if _is_metric(key))
    found = {key: points(history, key) for key in keys}
    losses = {key: found.pop(key) for key in _LINES if found.get(key)}
    singles = [(key, pairs) for key, pairs in found.items() if len(pairs) > 1]
    drawn = [_chart(_TITLES["loss"], {_LINES[key]: pairs for key, pairs in losses.items()})] if losses else []
    return [*drawn, *(_chart(_TITLES.get(key, key.replace("_", " ")), {"": pairs}) for key, pairs in singles)]


def _is_metric(key: str) -> bool:
    return key not in _NO_METRIC and not key.startswith("train_") and not key.endswith(_NO_METRIC_ENDS)


def _chart(title: str, lines: Mapping[str, Points]) -> Chart:
    steps = [x for pairs in lines.values() for x, _ in pairs]
    values = [y for pairs in lines.values() for _, y in pairs]
    x_ticks, y_ticks = ticks(0, max(steps)), ticks(min(0, *values), max(values))
    x_end, y_low, y_high = max(*steps, x_ticks[-1]), y_ticks[0], max(*values, y_ticks[-1])

    def place(x: float, y: float) -> tuple[float, float]:
        across = (WIDTH - LEFT - RIGHT) * x / (x_end or 1)
        up = (HEIGHT - TOP - BOTTOM) * (y - y_low) / ((y_high - y_low) or 1)
        return round(LEFT + across, 1), round(HEIGHT - BOTTOM - up, 1)

    return Chart(
        title,
        tuple(_curve(name, pairs, [place(x, y) for x, y in pairs]) for name, pairs in lines.items()),
        tuple((place(x, y_low)[0], f"{x:g}") for x in x_ticks),
        tuple((place(0, y)[1], f"{y:g}") for y in y_ticks),
    )


def _curve(name: str, pairs: Points, placed: Points) -> Curve:
    (first_step, first), (last_step, last) = pairs[0], pairs[-1]
    text = f"from {first:.3g} at step {first_step:g} to {last:.3g} at step {last_step:g}"
    lowest = min(y for _, y in pairs)
    return Curve(
        name,
        " ".join(f"{x},{y}" for x, y in placed),
        placed[-1],
        f"{name} {text}, lowest {lowest:.3g}".strip(),
    )


def ticks(low: float, high: float, most: int = 5) -> list[float]:
    """Round numbers, at most `most` steps of 1, 2 or 5 times a power of ten, from below `low` to at most `high`."""
    if not high > low:
        return [low]
    rough = (high - low) / most
    power = 10 ** math.floor(math.log10(rough))
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= rough * (1 - 1e-9))
    start = math.floor(low / step)
    return [round(step * number, 12) for number in range(start, math.floor(high / step + 1e-9) + 1)]
