"""A bound on the time that training takes: `--max_minutes`."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from accelerate.utils import broadcast_object_list
from transformers import TrainerCallback

Rate = Callable[[float], float]


class TimeBudget(TrainerCallback):
    """Ends training when its time is up, with the learning rate at the end of its schedule by then.

    A run that stops in mid-schedule stops at a high learning rate, which costs a small model much of what it has
    learned. So the schedule follows the steps or the clock, whichever is further on: a run that is ahead of
    the clock from its first step on is the run without a bound.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = max(seconds, 1.0)
        self.notice: str | None = None
        """Where training was cut, if it was."""
        self._used = 0.0

    def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        self._start, self._first = time.monotonic(), state.global_step
        schedule = kwargs["lr_scheduler"]
        if hasattr(schedule, "lr_lambdas"):  # DeepSpeed may bring its own
            schedule.lr_lambdas = [self._hurried(rate, state.max_steps) for rate in schedule.lr_lambdas]

    def on_optimizer_step(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        elapsed = (time.monotonic() - self._start) / self.seconds
        self._used = broadcast_object_list([elapsed])[0]  # processes that stop at different steps wait for ever

    def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        if self._used >= 1 and state.global_step < state.max_steps:
            control.should_training_stop = True
            done, planned = state.global_step - self._first, state.max_steps - self._first
            minutes = self._used * self.seconds / done * planned / 60
            self.notice = (
                f"training ended after {state.global_step} of {state.max_steps} steps, since --max_minutes left it "
                f"no more time; all of them take about {minutes:.0f} minutes on this machine, and teach the model more"
            )

    def _hurried(self, rate: Rate, steps: int) -> Rate:
        """The same schedule, at the step that the clock says where it is ahead of the count."""
        return lambda step: rate(max(step, self._first + (steps - self._first) * min(1.0, self._used)))
