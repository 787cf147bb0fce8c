"""How fast verified examples are made and written, how much memory that takes, and where the time goes.

    python benchmarks/generate.py                               # 10,000 and 100,000 examples, 2 workers
    python benchmarks/generate.py --counts 10000 1000000        # the million, below 1 GB
    python benchmarks/generate.py --counts 2000 --profile 2000  # quick, with the profile

Each row is a run of its own process, as `tooltune generate` makes it: start, generation, verification, writing.
CPU seconds and the rate per CPU second count all processes and hardly depend on what else the machine does;
with two free cores, two workers reach up to twice that rate. Memory is the highest resident size of all
processes of the run together, sampled ten times a second.
"""

from __future__ import annotations

import argparse
import cProfile
import os
import pstats
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tooltune.example_tools import EXAMPLE_TOOLS
from tooltune.generate import SHARES, generate_examples

TARGETS = {"single": 2000, "full mix": 800}
MOST_MEMORY = 1000
"""Megabytes that a run may take."""
ONLY_SINGLE = [f"{name}={100 * (name == 'single')}" for name in SHARES]
MIXES = {"single": ["--scenario_shares", *ONLY_SINGLE], "full mix": []}


@dataclass(frozen=True)
class Measured:
    """One run: what it took."""

    mix: str
    count: int
    seconds: float
    cpu_seconds: float
    megabytes: float

    @property
    def rate(self) -> float:
        """Examples a second."""
        return self.count / self.seconds


def main(argv: Sequence[str] | None = None) -> list[Measured]:
    """Measure, print the table and the profile."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--counts", type=int, nargs="+", default=[10_000, 100_000])
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--mixes", nargs="+", choices=list(MIXES), default=list(MIXES))
    parser.add_argument("--suffix", default=".jsonl", help="kind of file, as of --data_path")
    parser.add_argument("--profile", type=int, default=5000, metavar="N", help="examples to profile; 0: no profile")
    options = parser.parse_args(argv)
    rows = [measure(m, c, options.workers, options.suffix) for m in options.mixes for c in options.counts]
    Console(width=110).print(table(rows))
    if options.profile:
        profile(options.profile)
    return rows


def measure(mix: str, count: int, workers: int, suffix: str) -> Measured:
    """Run `tooltune generate` once."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"data{suffix}"
        command = [sys.executable, "-m", "tooltune", "generate", "--workers", str(workers), *MIXES[mix]]
        command += ["--num_examples", str(count), "--data_path", str(path)]
        before, start = cpu_seconds(), time.perf_counter()
        run = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        megabytes = highest_memory(run)
        if run.returncode:
            raise SystemExit(run.returncode)
        return Measured(mix, count, time.perf_counter() - start, cpu_seconds() - before, megabytes)


def cpu_seconds() -> float:
    """CPU seconds of all processes that were started here and have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def highest_memory(run: subprocess.Popen[bytes]) -> float:
    """Wait for a process; the highest memory of it and its children together, in megabytes."""
    highest = 0
    ended = threading.Event()
    threading.Thread(target=lambda: (run.wait(), ended.set()), daemon=True).start()
    while not ended.wait(0.1):
        highest = max(highest, sum(resident(pid) for pid in family(run.pid)))
    return highest / 1e6


def family(pid: int) -> list[int]:
    """A process and its children."""
    try:
        return [pid, *map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split())]
    except OSError:
        return []


def resident(pid: int) -> int:
    """The resident size of a process in bytes; 0 once it has ended."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 0


def table(rows: Sequence[Measured]) -> Table:
    """What was measured, beside the targets."""
    shown = Table(title=f"tooltune generate on {os.cpu_count()} cores")
    for name in ("mix", "examples", "seconds", "a second", "target", "a CPU second", "MB", "ms each"):
        shown.add_column(name, justify="right")
    for row in rows:
        shown.add_row(
            row.mix, f"{row.count:,}", f"{row.seconds:.1f}", f"{row.rate:,.0f}", f"{TARGETS[row.mix]:,}",
            f"{row.count / row.cpu_seconds:,.0f}", f"{row.megabytes:,.0f}", f"{1000 * row.cpu_seconds / row.count:.3f}",
        )  # fmt: skip
    return shown


def profile(count: int) -> None:
    """Where the time goes, in one process: generation and verification, the functions that take most themselves."""
    list(islice(generate_examples(EXAMPLE_TOOLS, count, 1), 100))  # the wording is read once
    profiler = cProfile.Profile()
    profiler.enable()
    for _ in generate_examples(EXAMPLE_TOOLS, count, 2, examples_per_tool_set=8):
        pass
    profiler.disable()
    stats = pstats.Stats(profiler)
    stats.strip_dirs().sort_stats("tottime").print_stats(25)
    stats.sort_stats("cumtime").print_stats("runner|examples.py|scene|structure|grounding|coverage|facts", 25)


if __name__ == "__main__":
    main()
