"""Curves as pictures: the loss, and the rates of a run's checkpoints."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tooltune.errors import missing_extra
from tooltune.files import atomic_path

_CURVES: Mapping[str, tuple[Mapping[str, tuple[str, str]], str, str]] = {
    "sft": (
        {"loss": ("training", "-"), "eval_loss": ("held-out", "o-")},
        "Loss (cross-entropy per token)",
        "Loss during fine-tuning",
    ),
    "dpo": (
        {"rewards/margins": ("margin", "-"), "rewards/accuracies": ("accuracy", "-"), "loss": ("loss", "-")},
        "Margin, share of pairs, loss",
        "Right against wrong replies (DPO)",
    ),
    "grpo": ({"reward": ("mean reward", "-")}, "Reward of a sampled reply, 0 to 1", "Rewarded replies (GRPO)"),
}
"""For each stage of training: its lines (key in the log -> name and style), what they measure, a title."""


def plot_loss(history: Sequence[Mapping[str, Any]], path: str | Path, stage: str = "sft") -> bool:
    """Draw training and held-out loss, or what another stage is to move, against the step, as PNG.

    Args:
        history: a Trainer's `log_history`; entries have `step`, and `loss` or `eval_loss`.
        path: where the picture goes.
        stage: sft, dpo or grpo.

    Returns:
        False if the history has no loss; nothing is written then.

    Raises:
        MissingExtraError: matplotlib is not installed.
        OutputError: the file cannot be written.
    """
    names, measure, title = _CURVES[stage]
    lines = {key: points(history, key) for key in names}
    if not any(lines.values()):
        return False
    drawn = {names[key]: found for key, found in lines.items() if found}
    _save(drawn, path, ylabel=measure, title=title)
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
    axes.set_ylim(bottom=min(0, *(value for pairs in lines.values() for _, value in pairs)))  # margins can be negative
    axes.grid(alpha=0.3)
    axes.legend()
    return figure
