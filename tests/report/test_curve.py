import pytest

from tooltune.errors import OutputError
from tooltune.report import plot_loss

HISTORY = [
    {"step": 5, "loss": 2.0},
    {"step": 10, "loss": 1.0, "learning_rate": 1e-3},
    {"step": 10, "eval_loss": 1.2},
    {"step": 10, "train_runtime": 3.0, "train_loss": 1.5},
]


def test_a_curve_is_a_png(tmp_path):
    path = tmp_path / "loss.png"
    assert plot_loss(HISTORY, path) is True
    assert path.read_bytes().startswith(b"\x89PNG")
    assert [file.name for file in tmp_path.iterdir()] == ["loss.png"]


@pytest.mark.parametrize(
    "history", [[], [{"step": 3, "train_runtime": 1.0}], [{"step": 1, "loss": float("nan")}], [{"loss": 1.0}]]
)
def test_nothing_to_draw_writes_nothing(tmp_path, history):
    assert plot_loss(history, tmp_path / "loss.png") is False
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("history", [HISTORY[:1], HISTORY[2:3]])
def test_one_point_is_drawn(tmp_path, history):
    assert plot_loss(history, tmp_path / "loss.png") is True


def test_a_path_that_cannot_be_written_is_an_output_error(tmp_path):
    with pytest.raises(OutputError, match=r"loss\.png"):
        plot_loss(HISTORY, tmp_path / "absent" / "loss.png")


@pytest.mark.parametrize(
    ("stage", "history"),
    [
        (
            "dpo",
            [{"step": 1, "rewards/margins": -0.1, "rewards/accuracies": 0.5}, {"step": 2, "loss": 0.6}],
        ),
        ("grpo", [{"step": 1, "reward": 0.1, "loss": -0.2}, {"step": 2, "reward": 0.4}]),
    ],
)
def test_what_a_preference_stage_moves_is_drawn(tmp_path, stage, history):
    assert plot_loss(history, tmp_path / "loss.png", stage) is True
    assert plot_loss([{"step": 1, "train_runtime": 1.0}], tmp_path / "none.png", stage) is False
