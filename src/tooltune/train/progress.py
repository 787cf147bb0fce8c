"""A progress bar for Trainer with the loss beside it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from transformers import TrainerCallback

from tooltune.progress import progress_bar


class ProgressBar(TrainerCallback):
    """Shows optimiser steps; only the first process draws."""

    def __init__(self) -> None:
        self._bar = progress_bar()
        self._task: Any = None

    def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        if state.is_world_process_zero:
            self._bar.start()
            self._task = self._bar.add_task("train", total=state.max_steps, completed=state.global_step, note="")

    def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        if self._task is not None:
            self._bar.update(self._task, completed=state.global_step)

    def on_log(self, args: Any, state: Any, control: Any, logs: dict[str, Any] | None = None, **kwargs: Any) -> None:
        note = _note(logs or {})
        if self._task is not None and note:
            self._bar.update(self._task, note=note)

    def on_train_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        self._bar.stop()


def _note(logs: Mapping[str, Any]) -> str:
    """The number that the stage is to move: DPO's margin, GRPO's reward, else the loss."""
    for key, name in (("rewards/margins", "margin"), ("reward", "reward"), ("loss", "loss")):
        if logs.get(key) is not None:
            return f"{name} {float(logs[key]):.3f}"
    return ""
