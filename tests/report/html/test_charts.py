"""The training log as charts."""

from __future__ import annotations

import pytest

from tooltune.report.html.charts import BOTTOM, HEIGHT, LEFT, RIGHT, TOP, WIDTH, charts, ticks

HISTORY = [
    {"step": 5, "loss": 2.0, "learning_rate": 1e-3, "grad_norm": 1.0, "epoch": 0.5},
    {"step": 10, "loss": 0.5, "learning_rate": 0.0, "grad_norm": float("nan"), "epoch": 1.0},
    {"step": 10, "eval_loss": 1.2, "eval_runtime": 3.0, "eval_samples_per_second": 2.0, "eval_call_exact": 0.1},
    {"step": 20, "eval_loss": 0.8, "eval_call_exact": 0.7},
    {"step": 20, "train_runtime": 3.0, "train_loss": 1.5, "total_flos": 1e15},
]


def test_losses_share_a_chart_and_each_metric_has_its_own() -> None:
    found = charts(HISTORY)
    assert [chart.title for chart in found] == ["Loss (cross-entropy per token)", "Learning rate", "eval call exact"]
    assert [curve.name for curve in found[0].curves] == ["training", "held-out"]
    assert found[0].curves[0].summary == "training from 2 at step 5 to 0.5 at step 10, lowest 0.5"


def test_points_lie_inside_the_plot_and_scale_with_the_values() -> None:
    loss = charts(HISTORY)[0]
    first, second = (tuple(map(float, point.split(","))) for point in loss.curves[0].path.split())
    assert LEFT < first[0] < second[0] <= WIDTH - RIGHT
    assert first == (LEFT + (WIDTH - LEFT - RIGHT) * 5 / 20, TOP)
    assert second[1] == pytest.approx(HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * 0.25, abs=0.1)
    assert loss.y_ticks[0] == (HEIGHT - BOTTOM, "0")


@pytest.mark.parametrize("history", [[], [{"step": 3, "train_runtime": 1.0}], [{"loss": 1.0}]])
def test_nothing_to_draw(history: list[dict[str, float]]) -> None:
    assert charts(history) == []


def test_one_step_and_a_loss_of_zero_are_drawn() -> None:
    (chart,) = charts([{"step": 0, "loss": 0.0}])
    assert chart.curves[0].last == (LEFT, HEIGHT - BOTTOM)


def test_ticks_are_round() -> None:
    assert ticks(0, 2.1) == [0, 0.5, 1, 1.5, 2]
    assert ticks(0, 306) == [0, 100, 200, 300]
    assert ticks(-1, 1) == [-1, -0.5, 0, 0.5, 1]
    assert ticks(3, 3) == [3]
