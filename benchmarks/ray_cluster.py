"""A dataset made on a real local Ray cluster of several nodes, one of which is killed half-way: the same bytes.

    python benchmarks/ray_cluster.py                        # 3 nodes, 8,000 examples
    python benchmarks/ray_cluster.py --examples 50000

Needs the ray extra. The nodes are processes of this machine, so the time says nothing about a cluster's speed; what
is shown is that nothing is lost or doubled. Exit code 1 if a byte differs.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import ray
from ray.cluster_utils import Cluster

from tooltune.config import DataConfig
from tooltune.dataset import make_dataset
from tooltune.example_tools import EXAMPLE_TOOLS
from tooltune.files import file_hash
from tooltune.generate.on_ray import on_ray
from tooltune.generate.parts import Job


def main(argv: Sequence[str] | None = None) -> bool:
    """Make the dataset twice, and compare."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--examples", type=int, default=8000)
    parser.add_argument("--nodes", type=int, default=3)
    options = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as folder:
        here = DataConfig(data_path=Path(folder) / "here.jsonl", num_examples=options.examples)
        there = here.model_copy(update={"data_path": Path(folder) / "there.jsonl"})
        make_dataset(here, EXAMPLE_TOOLS)
        seconds, parts, alive = on_cluster(there, options.nodes)
        same = file_hash(here.data_path) == file_hash(there.data_path)
    print(f"{options.examples:,} examples in {parts} parts on {options.nodes} nodes, one killed after half of them")
    print(f"nodes alive at the end: {alive}; seconds: {seconds:.1f}; same bytes as one process: {same}")
    return same


def on_cluster(config: DataConfig, nodes: int) -> tuple[float, int, int]:
    """Make a dataset on a cluster that loses a node: seconds, parts, nodes alive at the end."""
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
    others = [cluster.add_node(num_cpus=1) for _ in range(nodes - 1)]
    ray.init(address=cluster.address, log_to_driver=False)
    parts: list[int] = []

    def losing_a_node(job: Job, numbers: Iterable[int]) -> Iterator[None]:
        wanted = list(numbers)
        for _ in on_ray(job, wanted):
            parts.append(len(parts))
            if len(parts) == len(wanted) // 2:
                threading.Thread(target=cluster.remove_node, args=(others[0], False)).start()
            yield

    try:
        start = time.perf_counter()
        make_dataset(config, EXAMPLE_TOOLS, make=losing_a_node)
        seconds = time.perf_counter() - start
        deadline = time.monotonic() + 60
        while sum(node["Alive"] for node in ray.nodes()) == nodes and time.monotonic() < deadline:
            time.sleep(0.2)
        return seconds, len(parts), sum(node["Alive"] for node in ray.nodes())
    finally:
        ray.shutdown()
        cluster.shutdown()


if __name__ == "__main__":
    sys.exit(0 if main() else 1)
