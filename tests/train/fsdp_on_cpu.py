"""`tooltune` in a process that accelerate takes for one with a GPU, though it has a CPU and gloo, so that FSDP2 runs.

accelerate 1.15 shards on accelerators only; on CPUs it makes the same configuration plain data parallelism. What is
told otherwise here is the kind of machine, and nothing else: accelerate, Trainer, torch's `fully_shard` and tooltune
are themselves.

    accelerate launch --config_file recipes/distributed/fsdp2.yaml --num_processes 2 tests/train/fsdp_on_cpu.py train
"""

from __future__ import annotations

import os
import sys
from typing import Any

import torch
from accelerate.state import PartialState
from accelerate.utils import DistributedType

from tooltune.cli import main


def gloo_as_if_on_gpus(self: PartialState, *args: Any, **kwargs: Any) -> tuple[str, DistributedType]:
    """In place of the method that looks for GPUs."""
    return "gloo", DistributedType.MULTI_GPU


if __name__ == "__main__":
    os.environ["ACCELERATE_TORCH_DEVICE"] = "cpu"
    torch.distributed.init_process_group("gloo")
    PartialState._prepare_backend = gloo_as_if_on_gpus  # type: ignore[method-assign]
    sys.exit(main(sys.argv[1:]))
