"""What memory in large pages is worth in training (src/tooltune/engine/pages.py).

    python benchmarks/pages.py

Two of these, one process with large pages and one without, train on the same packs in turns, so that a busy machine
slows both alike. Each takes the other core too, as `tooltune run` does.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from tooltune.engine.pages import VARIABLE, WISH


def serve(model_name: str, packs: int) -> None:
    """Train on the packs once for each line of the standard input; print tokens, seconds and pages touched first."""
    from engine import ready, seconds_beside

    from tooltune.config import TrainConfig
    from tooltune.train.side import beside

    model, batches = ready(TrainConfig(model_name=model_name, output_dir=Path("unused")), packs, examples_a_pack=4)
    with beside(model, 2, True) as side:
        assert side is not None
        seconds_beside(side, model, batches)  # the other process starts
        print("ready", flush=True)
        for _ in sys.stdin:
            before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
            took = seconds_beside(side, model, batches)
            faults = resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
            print(sum(batch["input_ids"].numel() for batch in batches), took, faults, flush=True)


def start(large: bool, model_name: str, packs: int) -> subprocess.Popen[str]:
    """One of the two processes, ready to train."""
    environment = {name: value for name, value in os.environ.items() if name != VARIABLE}
    process = subprocess.Popen(
        [sys.executable, __file__, "--serve", "--model_name", model_name, "--packs", str(packs)],
        env=environment | ({VARIABLE: WISH} if large else {}),
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    if process.stdout.readline() != "ready\n":
        raise SystemExit("a process did not start; what it said stands above")
    return process


def once(process: subprocess.Popen[str]) -> tuple[float, int]:
    """Let it train on its packs: tokens a second, and pages touched for the first time."""
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write("\n")
    process.stdin.flush()
    tokens, seconds, faults = process.stdout.readline().split()
    return int(tokens) / float(seconds), int(faults)


def main(argv: Sequence[str] | None = None) -> float:
    """Print each round and the ratio of the means, which is returned."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else None)
    parser.add_argument("--model_name", default="smollm2-135m")
    parser.add_argument("--packs", type=int, default=8, help="an even number")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args(argv)
    if options.serve:
        serve(options.model_name, options.packs)
        return 0.0
    small, large = (start(wish, options.model_name, options.packs) for wish in (False, True))
    total = [0.0, 0.0]
    for _ in range(options.rounds):
        (plain, faults), (fast, fewer) = once(small), once(large)
        print(f"{plain:.0f} tokens/s, {faults} pages touched; in large pages {fast:.0f} tokens/s, {fewer}", flush=True)
        total = [total[0] + 1 / plain, total[1] + 1 / fast]
    for process in (small, large):
        process.communicate()
    ratio = total[0] / total[1]
    print(f"in large pages {ratio:.2f} times as fast")
    return ratio


if __name__ == "__main__":
    main()
