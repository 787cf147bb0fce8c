"""Curves as pictures: the loss, and the rates of a run's checkpoints."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tooltune.errors import missing_extra
from tooltune.files import atomic_path

_LINES = {"loss": ("training", "-"), "eval_loss": ("held-out", "o-")}


def plot_loss(history: Sequence[Mapping[str, Any]], path: str | Path) -> bool:
    """Draw training and held-out loss against the step, as PNG.

    Args:
        history: a Trainer's `log_history`; entries have `step`, and `loss` or `eval_loss`.
        path: where the picture goes.

    Returns:
        False if the history has no loss; nothing is written then.

    Raises:
        MissingExtraError: matplotlib is not installed.
        OutputError: the file cannot be written.
    """
    lines = {key: points(history, key) for key in _LINES}
    if not any(lines.values()):
        return False
    drawn = {_LINES[key]: found for key, found in lines.items() if found}
    _save(drawn, path, ylabel="Loss (cross-entropy per token)", title="Loss during fine-tuning")
    return True


def plot_rates(rates: Mapping[str, Sequence[tuple[int, float | None]]], path: str | Path) -> None:
    """Draw rates against the step, as PNG; a rate that is None leaves a gap.

    Args:
        rates: for each metric, (step, rate from 0 to 1).
        path: where the picture goes.

    Raises:
        MissingExtraError: matplotlib is not installed.
        OutputError: the file cannot be written.
    """
    lines = {(name, "o-"): [(step, math.nan if rate is None else rate) for step, rate in rates[name]] for name in rates}
    _save(lines, path, ylabel="Rate on held-out decisions", title="Checkpoints")


def points(history: Sequence[Mapping[str, Any]], key: str) -> list[tuple[float, float]]:
    """The (step, loss) pairs that can be drawn."""
    pairs = [(entry["step"], entry[key]) for entry in history if "step" in entry and key in entry]
    return [(step, loss) for step, loss in pairs if isinstance(loss, int | float) and math.isfinite(loss)]


def _save(lines: Mapping[tuple[str, str], Sequence[tuple[float, float]]], path: str | Path, **labels: str) -> None:
    """Draw lines, each by its name and style, and write the picture."""
    figure = _draw(lines, labels)
    with atomic_path(path) as temporary:
        figure.savefig(temporary, format="png", dpi=120)


def _draw(lines: Mapping[tuple[str, str], Sequence[tuple[float, float]]], labels: Mapping[str, str]) -> Any:
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError as error:
        missing_extra("matplotlib", "train", error)
    figure = Figure(figsize=(7, 4), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    for (name, style), pairs in lines.items():
        # A curve of one point would be invisible as a line.
        axes.plot(*zip(*pairs, strict=True), style if len(pairs) > 1 else "o", label=name, markersize=4)
    axes.set(xlabel="Training step", **labels)
    axes.set_ylim(bottom=0)
    axes.grid(alpha=0.3)
    axes.legend()
    return figure
