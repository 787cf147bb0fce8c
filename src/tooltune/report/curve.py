"""The loss curve as a picture."""

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
    figure = _draw({key: found for key, found in lines.items() if found})
    with atomic_path(path) as temporary:
        figure.savefig(temporary, format="png", dpi=120)
    return True


def points(history: Sequence[Mapping[str, Any]], key: str) -> list[tuple[float, float]]:
    """The (step, loss) pairs that can be drawn."""
    pairs = [(entry["step"], entry[key]) for entry in history if "step" in entry and key in entry]
    return [(step, loss) for step, loss in pairs if isinstance(loss, int | float) and math.isfinite(loss)]


def _draw(points: Mapping[str, Sequence[tuple[float, float]]]) -> Any:
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError as error:
        missing_extra("matplotlib", "train", error)
    figure = Figure(figsize=(7, 4), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    for key, pairs in points.items():
        name, style = _LINES[key]
        # A curve of one point would be invisible as a line.
        axes.plot(*zip(*pairs, strict=True), style if len(pairs) > 1 else "o", label=name, markersize=4)
    axes.set(xlabel="Training step", ylabel="Loss (cross-entropy per token)", title="Loss during fine-tuning")
    axes.set_ylim(bottom=0)
    axes.grid(alpha=0.3)
    axes.legend()
    return figure
