"""--max_minutes: training ends in time, with its schedule run out."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.train.conftest import settings
from tests.train.test_trainer import adapter, run
from tooltune.config import RunConfig, TrainConfig
from tooltune.files import write_json
from tooltune.measuring import BASE_EVALUATION
from tooltune.pipeline import SAVING_SECONDS, Clock, in_time
from tooltune.train.batching import Pack
from tooltune.train.trainer import PackTrainer


def out_of_time(folder: Path) -> TrainConfig:
    """Far more steps than three seconds hold."""
    return settings(
        folder, num_train_epochs=2000, max_minutes=0.05, save_strategy="no", cpu_processes=1, warmup_ratio=0
    )


def test_a_run_that_is_out_of_time_ends_at_the_end_of_its_schedule(
    tiny_model: Callable[..., Any], packs: list[Pack], tmp_path: Path
) -> None:
    start = time.monotonic()
    trained = run(tiny_model("Llama", 400), packs, out_of_time(tmp_path))
    assert time.monotonic() - start < 30
    (notice,) = trained.notices
    assert "--max_minutes" in notice
    steps = next(entry["step"] for entry in reversed(trained.history))
    assert f"after {steps} of {1000 * len(packs)} steps" in notice


def test_the_learning_rate_falls_with_the_clock(
    tiny_model: Callable[..., Any], packs: list[Pack], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rates: list[float] = []
    step = PackTrainer.training_step

    def recording(self: Any, *args: Any, **kwargs: Any) -> torch.Tensor:
        rates.append(self.lr_scheduler.get_last_lr()[0])
        return step(self, *args, **kwargs)

    monkeypatch.setattr(PackTrainer, "training_step", recording)
    run(tiny_model("Llama", 400), packs, out_of_time(tmp_path))
    assert max(rates) > 0.9e-2
    assert rates[-1] < 0.05e-2


def test_a_run_with_time_to_spare_is_not_changed(
    tiny_model: Callable[..., Any], packs: list[Pack], tmp_path: Path
) -> None:
    free, bound = (
        adapter(run(tiny_model("Llama", 400), packs, settings(tmp_path / str(minutes), max_minutes=minutes)))
        for minutes in (None, 600)
    )
    assert all(torch.equal(weights, bound[name]) for name, weights in free.items())


def test_measurements_and_what_is_used_are_taken_off(tmp_path: Path) -> None:
    config = RunConfig(output_dir=tmp_path, max_minutes=10)
    write_json(tmp_path / BASE_EVALUATION, {"seconds": 100})
    left = in_time(config, Clock(start=time.monotonic() - 200)).max_minutes
    assert left is not None
    assert 295 - SAVING_SECONDS < 60 * left <= 300 - SAVING_SECONDS
    more = in_time(config.model_copy(update={"best_of": 3}), Clock(start=time.monotonic() - 200)).max_minutes
    assert more is not None
    assert 40 < 60 * (left - more) < 60
    assert in_time(config, Clock(start=time.monotonic() - 2000)).max_minutes == 1 / 60
    assert in_time(RunConfig(output_dir=tmp_path), Clock()).max_minutes is None
