"""Training on a real local Ray cluster, one process of which is killed half-way: the same weights as an unbroken run.

    python benchmarks/ray_training.py                              # 2 nodes, the embedded model: some minutes
    python benchmarks/ray_training.py --model_name my/tiny/llama --examples 40

Three runs of the same training: in one process, with as many times the accumulation; on the cluster; and on the cluster
with a process of the last node killed (SIGKILL) as soon as there is a checkpoint. Needs the ray and train extras. The
nodes are processes of this machine, so the time says nothing about a cluster's speed. Exit code 1 if the losses or
weights of one process and of the cluster differ by more than the order of additions, or if the killed run's weights are
not the unbroken one's, byte for byte.

Not covered: numbers of examples whose packs the nodes cannot share evenly, with which the last step takes some twice.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
import torch
from ray.cluster_utils import Cluster
from safetensors.torch import load_file

from tooltune.config import EMBEDDED_MODEL
from tooltune.train.lora import CHECKPOINTS
from tooltune.train.trainer import newest_checkpoint

PROCESS = "ray::RayTrainWorker"
"""How Ray names the processes that train."""
LOST = "A training process was lost"
PATIENCE = {"RAY_worker_register_timeout_seconds": "600", "RAY_TRAIN_WORKER_GROUP_START_TIMEOUT_S": "600"}
"""A process that imports torch on a busy machine may take longer to start than Ray waits for it."""


@dataclass(frozen=True)
class Outcome:
    """What a run ended in."""

    losses: torch.Tensor
    weights: torch.Tensor
    seconds: float
    output: str


def main(argv: Sequence[str] | None = None) -> bool:
    """Train three times, and compare."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model_name", default=EMBEDDED_MODEL)
    parser.add_argument("--examples", type=int, default=120)
    parser.add_argument("--nodes", type=int, default=2)
    options = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as name, cluster(options.nodes) as address:
        run = Runs(Path(name), options.model_name, options.nodes, address)
        tooltune(["generate", "--num_examples", str(options.examples), "--max_tools_in_view", "2"], run.folder)
        alone, whole, broken = run.alone(), run.on_cluster("whole"), run.on_cluster("broken", kill_one)
    return report(alone, whole, broken, options.nodes)


@contextmanager
def cluster(nodes: int) -> Iterator[str]:
    """The address of a cluster of nodes with a processor each."""
    os.environ |= PATIENCE
    made = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
    try:
        for _ in range(nodes - 1):
            made.add_node(num_cpus=1)
        made.wait_for_nodes()
        yield made.address
    finally:
        made.shutdown()


@dataclass(frozen=True)
class Runs:
    """The same training, in several ways."""

    folder: Path
    model_name: str
    workers: int
    address: str

    def alone(self) -> Outcome:
        """In one process."""
        return self._train("alone", ["--gradient_accumulation_steps", str(self.workers)])

    def on_cluster(self, name: str, meanwhile: Callable[[Path], None] = lambda folder: None) -> Outcome:
        """In a process on each node; `meanwhile` gets the folder of checkpoints."""
        where = ["--engine", "ray", "--train_workers", str(self.workers), "--gradient_accumulation_steps", "1"]
        return self._train(name, where, meanwhile)

    def _train(
        self, name: str, where: Sequence[str], meanwhile: Callable[[Path], None] = lambda folder: None
    ) -> Outcome:
        output = self.folder / name
        settings = ["train", "--model_name", self.model_name, "--output_dir", name, "--num_train_epochs", "1",
                    "--per_device_train_batch_size", "2", "--dtype", "float32", "--learning_rate", "1e-2",
                    "--save_strategy", "steps", "--save_steps", "1", "--cpu_processes", "1"]  # fmt: skip
        start = time.perf_counter()
        text = tooltune([*settings, *where], self.folder, self.address, lambda: meanwhile(output / CHECKPOINTS))
        seconds = time.perf_counter() - start
        history = json.loads((output / "history.json").read_text(encoding="utf-8"))
        weights = load_file(output / "adapter_model.safetensors")
        return Outcome(
            torch.tensor([entry["loss"] for entry in history if "loss" in entry]),
            torch.cat([weight.flatten() for _, weight in sorted(weights.items())]),
            seconds,
            text,
        )


def tooltune(
    arguments: Sequence[str], folder: Path, address: str = "", meanwhile: Callable[[], None] = lambda: None
) -> str:
    """Run a command of tooltune; what it printed."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1", **({"RAY_ADDRESS": address} if address else {})}
    command = [sys.executable, "-m", "tooltune", *arguments, "--data_path", "data.jsonl"]
    with (folder / "log").open("w+") as log:
        process = subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=log)
        try:
            meanwhile()
            process.wait()
        finally:
            process.kill()
        log.seek(0)
        text = log.read()
    if process.returncode:
        raise RuntimeError(f"tooltune {arguments[0]} ended with {process.returncode}:\n{text}")
    return text


def kill_one(folder: Path) -> None:
    """Kill a training process as soon as there is a checkpoint."""
    deadline = time.monotonic() + 600
    while not newest_checkpoint(folder):
        if time.monotonic() > deadline:
            raise RuntimeError(f"no checkpoint in {folder}")
        time.sleep(0.05)
    processes = psutil.Process().children(recursive=True)
    training = [process for process in processes if " ".join(process.cmdline()).startswith(PROCESS)]
    os.kill(max(training, key=lambda process: process.create_time()).pid, signal.SIGKILL)


def report(alone: Outcome, whole: Outcome, broken: Outcome, nodes: int) -> bool:
    """Print what differs; whether all is as it should be."""
    loss = float(((alone.losses - whole.losses).abs() / alone.losses).max())
    weight = float((alone.weights - whole.weights).norm() / alone.weights.norm())
    lost, same = broken.output.count(LOST), torch.equal(whole.weights, broken.weights)
    print(f"{len(whole.losses)} losses; one process, {nodes} on Ray, one of them killed: seconds "
          f"{alone.seconds:.0f}, {whole.seconds:.0f}, {broken.seconds:.0f}")  # fmt: skip
    print(f"one process against {nodes}: losses differ by {loss:.1e}, weights by {weight:.1e} of their size")
    print(f"processes lost: {lost}; the killed run's weights are the unbroken one's, bit for bit: {same}")
    return loss < 1e-3 and weight < 5e-3 and lost == 1 and same and LOST not in whole.output


if __name__ == "__main__":
    sys.exit(0 if main() else 1)
