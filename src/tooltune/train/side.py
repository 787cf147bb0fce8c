"""Gradients of several packs at once on a CPU: one process a pack, side by side.

A small model's operations are too short to be split over cores: threads wait for each other at the
end of each, and hand half of every result from one core's cache to the other's. Processes that take
whole packs wait once an optimiser step. Base weights and the adapter lie in shared memory, so a
process costs the memory of its activations only, and sees every optimiser step as it is made.

The sum of gradients is the one of a single process, up to the order of additions. As data-parallel
training (PyTorch DDP, arXiv:2006.15704), but inside one optimiser step's passes, which a user
already asked for with --gradient_accumulation_steps; so results do not depend on the machine.
"""

from __future__ import annotations

import os
import pickle
import shutil
import signal
import traceback
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import torch
import torch.multiprocessing
from torch import Tensor, nn

from tooltune.engine.fuse import asked_to_shard, fused
from tooltune.train.attention import packing
from tooltune.train.loss import pack_loss

SIDE = "side"
"""Key of a batch that another process takes: which process, and whether it is that one's last."""
LEAST_TOKENS = 50_000
"""A process takes about ten seconds to start; shorter runs are sooner done without."""


def useful_processes(model: Any, packs_a_step: int, tokens: int, wanted: int) -> int:
    """How many processes shall train, this one included.

    Args:
        model: the model with its adapter.
        packs_a_step: passes in an optimiser step.
        tokens: what the whole run computes.
        wanted: the setting; 0 lets this function decide, 1 is no other process.
    """
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else (os.cpu_count() or 1)
    if not _possible(model) or (not wanted and tokens < LEAST_TOKENS):
        return 1
    return min(packs_a_step, wanted or cores)


def _possible(model: Any) -> bool:
    """On a CPU, alone, without dropout (whose draws would not resume), and with room to share weights."""
    alone = int(os.environ.get("WORLD_SIZE", "1")) == 1 and not asked_to_shard()
    on_cpu = all(p.device.type == "cpu" for p in model.parameters())
    drops = any(isinstance(m, nn.Dropout) and m.p > 0 for m in model.modules())
    size = sum(p.numel() * p.element_size() for p in model.parameters())
    shared = Path("/dev/shm")
    room = not shared.exists() or shutil.disk_usage(shared).free > 1.2 * size
    return alone and on_cpu and not drops and room


class SideProcesses:
    """Processes that take passes of each optimiser step beside this one."""

    def __init__(self, model: Any, count: int, shared_prefix: bool, threads: int = 1) -> None:
        """Start `count` processes of `threads` each on `model`, whose tensors move into shared memory."""
        context = torch.multiprocessing.get_context("spawn")
        model.share_memory()
        self.parameters = [p for p in model.parameters() if p.requires_grad]
        self.gradients = [[torch.zeros_like(p).share_memory_() for p in self.parameters] for _ in range(count)]
        self.losses: list[float | None] = [None] * count
        self.lines: list[Connection] = []
        self.processes = []
        for gradients in self.gradients:
            ours, theirs = context.Pipe()
            process = context.Process(
                target=_serve, args=(model, gradients, theirs, shared_prefix, threads), daemon=True
            )
            process.start()
            theirs.close()
            self.lines.append(ours)
            self.processes.append(process)

    def dispatch(self, batches: Sequence[dict[str, Any]], targets: Any) -> list[dict[str, Any]]:
        """Send a step's batches out so that all end at about the same time.

        Args:
            batches: the passes of one optimiser step.
            targets: what each pass's loss is divided by.

        Returns:
            The same batches: first those left to this process, then the others, marked with `SIDE`.
        """
        shares = _balance(batches, len(self.lines) + 1)
        waiting: list[dict[str, Any]] = []
        for number, share in enumerate(shares[1:]):
            waiting += [self.send(batch, targets, number, i, len(share)) for i, batch in enumerate(share)]
        return [*shares[0], *waiting]

    def send(
        self, batch: dict[str, Any], targets: Any, number: int = 0, place: int = 0, count: int = 1
    ) -> dict[str, Any]:
        """Give a process one batch, the `place`-th of `count` whose gradients add up. Returns it, marked."""
        self.lines[number].send_bytes(pickle.dumps((batch, targets, place == 0)))
        return {**batch, SIDE: (number, place == count - 1)}

    def collect(self, batch: Mapping[str, Any]) -> Tensor:
        """Wait for a marked batch; with a process's last, add its gradients. Returns the batch's loss."""
        number, last = batch[SIDE]
        loss = self.wait(batch)
        self.losses[number] = None
        if last:
            for parameter, gradient in zip(self.parameters, self.gradients[number], strict=True):
                parameter.grad = gradient.clone() if parameter.grad is None else parameter.grad.add_(gradient)
        return torch.tensor(loss)

    def wait(self, batch: Mapping[str, Any]) -> float:
        """Wait for a marked batch: weights must not change while a gradient is computed. Returns its loss."""
        number: int = batch[SIDE][0]
        loss = self.losses[number]
        if loss is None:
            loss = self.losses[number] = self._receive(number)
        return loss

    def _receive(self, number: int) -> float:
        try:
            answer = self.lines[number].recv()
        except EOFError:
            self.processes[number].join(5)
            answer = f"it ended with code {self.processes[number].exitcode}"
        if isinstance(answer, str):
            raise RuntimeError(f"a training process failed: {answer}")
        return float(answer)

    def close(self) -> None:
        """End the processes."""
        for line in self.lines:
            line.close()
        for process in self.processes:
            process.join(5)
            process.kill()


def _balance(batches: Sequence[dict[str, Any]], count: int) -> list[list[dict[str, Any]]]:
    """Longest first, each to whoever has least; this process, which also steps, takes the longest."""
    shares: list[list[dict[str, Any]]] = [[] for _ in range(count)]
    loads = [0] * count
    for batch in sorted(batches, key=lambda batch: -batch["input_ids"].numel()):
        least = loads.index(min(loads))
        shares[least].append(batch)
        loads[least] += batch["input_ids"].numel()
    return shares


@contextmanager
def beside(model: Any, processes: int, shared_prefix: bool) -> Iterator[SideProcesses | None]:
    """Within, `processes` processes share the cores, this one among them; None where it is alone."""
    if processes < 2:
        yield None
        return
    threads = torch.get_num_threads()
    share = max(1, threads // processes)
    side = SideProcesses(model, processes - 1, shared_prefix, share)
    torch.set_num_threads(share)
    try:
        yield side
    finally:
        torch.set_num_threads(threads)
        side.close()


def _serve(model: Any, gradients: Sequence[Tensor], line: Connection, shared_prefix: bool, threads: int) -> None:
    """The other process: take batches until the line closes; gradients add up in shared memory."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the first process's to handle
    torch.set_num_threads(threads)
    model.train()
    trained = [p for p in model.parameters() if p.requires_grad]
    with packing(model, shared_prefix), fused(model) as head, suppress(EOFError, ConnectionError):
        while True:
            batch, targets, first = pickle.loads(line.recv_bytes())
            for parameter, gradient in zip(trained, gradients, strict=True):
                parameter.grad = gradient.zero_() if first else gradient
            line.send(_pass(model, batch, targets, head))


def _pass(model: Any, batch: Mapping[str, Any], targets: Any, head: Tensor | None) -> float | str:
    """Loss of one batch, its gradients added; or what went wrong."""
    try:
        loss = pack_loss(model, batch, head) / targets
        loss.backward()
    except Exception:  # whatever it is, the first process says it
        return traceback.format_exc()
    return float(loss.detach())
