"""Trains in several processes of a Ray cluster, through Ray Train.

Each process does what one that torchrun started does; Ray places them, joins them (gloo, or NCCL on GPUs) and starts
all of them again when one is lost. Checkpoints are Trainer's own, in `output_dir`; Ray is given none to keep.

Not covered: the loss of the node that this process runs on, which also holds Ray Train's controller; run the same
command there with --resume. Several GPUs: not run here.
"""

from __future__ import annotations

import os
import platform
import shutil
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from functools import partial
from pathlib import Path
from typing import Any, NoReturn

from tooltune.cluster import connected
from tooltune.config import TrainCommandConfig
from tooltune.errors import ConfigError, OutputError, TooltuneError, WorkerError, missing_extra
from tooltune.train.lora import CHECKPOINTS
from tooltune.train.trainer import newest_checkpoint

_STORAGE = ".ray"
"""Ray Train's own notes on the run, in `output_dir` since all nodes must see them; removed at the end."""


def train_on_ray(work: Callable[[], None], config: TrainCommandConfig) -> None:
    """Do `work` in `config.train_workers` processes of the cluster, in the folder of this process.

    Args:
        work: trains and saves, from the newest complete checkpoint if there is one; it is sent as a pickle.
        config: the settings.

    Raises:
        MissingExtraError: Ray or what Ray Train needs is not installed.
        ConfigError: more processes than a cluster of this machine's own can hold.
        WorkerError: the cluster cannot be reached, or more processes were lost than `config.max_restarts`.
        TooltuneError: what a process found wrong; it is not tried again.
    """
    ray = connected(show_output=True)
    train = _ray_train()
    gpus = ray.cluster_resources().get("GPU", 0) > 0
    check_room(ray.cluster_resources(), "GPU" if gpus else "CPU", config.train_workers)
    storage = (config.output_dir / _STORAGE).absolute()
    trainer = train.torch.TorchTrainer(
        partial(in_folder, Path.cwd(), work),
        scaling_config=train.ScalingConfig(num_workers=config.train_workers, use_gpu=gpus),
        run_config=train.RunConfig(
            storage_path=str(storage),
            failure_config=train.FailureConfig(max_failures=config.max_restarts),
            callbacks=[_failures(train)],
            logging_config=train.LoggingConfig("CRITICAL"),
        ),
    )
    try:
        _fit(trainer)
    except train.TrainingFailedError as error:
        _explain(error, config.output_dir)
    finally:
        shutil.rmtree(storage, ignore_errors=True)


def _fit(trainer: Any) -> None:
    """Let Ray train. In a thread, where Ray leaves Ctrl-C to us: its own handler ends this process without a word."""
    done: Future[Any] = Future()

    def fit() -> None:
        try:
            done.set_result(trainer.fit())
        except BaseException as error:
            done.set_exception(error)

    threading.Thread(target=fit, daemon=True).start()
    done.result()


def check_unused(config: TrainCommandConfig) -> None:
    """Refuse a folder whose checkpoints a restart would take for this run's.

    Raises:
        ConfigError: there is a checkpoint, and --resume was not given.
    """
    checkpoint = newest_checkpoint(config.output_dir / CHECKPOINTS)
    if checkpoint and not config.resume:
        fix = "Add --resume to go on from it, or choose another --output_dir"
        raise ConfigError("--engine ray", str(checkpoint), "no checkpoint of an earlier run", fix)


def _ray_train() -> Any:
    try:
        import ray.train.torch
    except ImportError as error:
        missing_extra("ray[train]", "ray", error)
    return ray.train


def check_room(resources: dict[str, float], kind: str, workers: int) -> None:
    """Another cluster may grow, and Ray waits for it; this machine does not."""
    most = int(resources.get(kind, 0))
    if workers > most and not os.environ.get("RAY_ADDRESS"):
        expected = f"at most {most}, one for each {kind} of this machine"
        raise ConfigError("--train_workers", str(workers), expected, "Set RAY_ADDRESS to use a larger cluster")


def in_folder(folder: Path, work: Callable[[], None]) -> None:
    """What a process does: Ray starts it in a folder of its own, and paths are meant from the command's."""
    try:
        os.chdir(folder)
    except OSError as error:
        found = f"{error.strerror} on node {platform.node()}"
        raise OutputError(str(folder), found, "a folder that all nodes share", "Start in one") from error
    work()


def _failures(train: Any) -> Any:
    """A callback for Ray's controller: says what was lost, and lets nothing be tried again that the user can fix."""

    class Failures(train.UserCallback):  # type: ignore[misc]
        def after_exception(self, run_context: Any, worker_exceptions: dict[int, Exception]) -> None:
            raise_own(worker_exceptions.values())
            print(f"A training process was lost: {in_short(worker_exceptions.values())}", flush=True)

    return Failures()


def raise_own(errors: Iterable[Exception]) -> None:
    """Raise the first that is an error of ours."""
    for error in map(_inner, errors):
        if isinstance(error, TooltuneError):
            raise error from None


def in_short(errors: Iterable[Exception]) -> str:
    """The first line of each error that is not another's."""
    lines = [f"{type(error).__name__}: {error}".splitlines()[0] for error in map(_inner, errors)]
    return "; ".join(dict.fromkeys(lines))


def _inner(error: Exception) -> Any:
    """What a process raised, without what Ray wraps it in."""
    return getattr(error, "_base_exc", error)


def _explain(error: Any, output_dir: Path) -> NoReturn:
    """Raise what ended training as an error of ours."""
    failures = getattr(error, "worker_failures", {}) or {0: getattr(error, "controller_failure", error)}
    raise_own(failures.values())
    fix = f"With --resume it goes on from the newest checkpoint in {output_dir}; the logs of Ray are in /tmp/ray"
    raise WorkerError("--engine ray", f"training was lost: {in_short(failures.values())}", fix=fix) from error
