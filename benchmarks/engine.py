"""What each part of the CPU training engine is worth: tokens computed a second, with and without it.

    python benchmarks/engine.py                     # the embedded model, in bfloat16 where the processor has it
    python benchmarks/engine.py --dtype float32 --packs 4

Every variant trains on the same packs, in turns, so that a busy machine slows all of them alike; the last
variant, which takes another process, follows them. The last
column is the share of the machine's own matrix-product limit, at 4 FLOP a weight and token.
"""

from __future__ import annotations

import argparse
import contextlib
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import torch
from rich.console import Console
from rich.table import Table

from tooltune.config import TrainConfig
from tooltune.engine import fuse, fused
from tooltune.example_tools import EXAMPLE_TOOLS
from tooltune.generate import generate_examples
from tooltune.train import attention
from tooltune.train.attention import packing
from tooltune.train.batching import shared_tensors
from tooltune.train.lora import add_lora
from tooltune.train.loss import pack_loss
from tooltune.train.model import load_model, load_tokenizer, make_encoder
from tooltune.train.prepare import prepare
from tooltune.train.side import SideProcesses, beside

PARTS = ("_lora", "_norm", "_mlp", "_plain_head")
Variant = tuple[str, Sequence[str], bool, bool]
VARIANTS: tuple[Variant, ...] = (
    ("packs alone", (), False, False),
    ("+ fused LoRA", ("_lora",), False, False),
    ("+ fused norm", ("_norm",), False, False),
    ("+ fused SwiGLU", ("_mlp",), False, False),
    ("+ loss in the head", ("_plain_head",), False, False),
    ("+ matmul attention", (), True, False),
    ("all of these", PARTS, True, False),
    ("all, with compiled loops", PARTS, True, True),
)


@contextlib.contextmanager
def only(parts: Sequence[str], matmul: bool, compiled: bool) -> Iterator[None]:
    """Within, `fuse` replaces these parts only; without compiled loops, torch does the element-wise work."""
    before: dict[tuple[Any, str], Any] = {(fuse, name): getattr(fuse, name) for name in PARTS if name not in parts}
    if not matmul:
        before[attention, "pays"] = attention.pays
    if not compiled:
        before[fused, "_kernels"] = fused._kernels
    nothing: Callable[..., Any] = lambda *args, **kwargs: None  # noqa: E731
    try:
        for module, name in before:
            setattr(module, name, nothing)
        yield
    finally:
        for (module, name), value in before.items():
            setattr(module, name, value)


def seconds(model: Any, batches: Sequence[dict[str, Any]], variant: Variant) -> float:
    """How long the passes over all batches take."""
    with only(*variant[1:]), packing(model, True), fuse.fused(model) as head:
        start = time.perf_counter()
        for batch in batches:
            (pack_loss(model, batch, head) / batch["labels"].numel()).backward()
        model.zero_grad()
        return time.perf_counter() - start


def seconds_beside(side: SideProcesses, model: Any, batches: Sequence[dict[str, Any]]) -> float:
    """How long the passes take when another process computes every second one at the same time."""
    ordered = sorted(batches, key=lambda batch: int(batch["input_ids"].numel()))
    with packing(model, True), fuse.fused(model) as head:
        start = time.perf_counter()
        for ours, theirs in zip(ordered[::2], ordered[1::2], strict=False):
            sent = side.send(theirs, theirs["labels"].numel())
            (pack_loss(model, ours, head) / ours["labels"].numel()).backward()
            side.collect(sent)
        model.zero_grad()
        return time.perf_counter() - start


def matmul_limit(dtype: torch.dtype) -> float:
    """FLOP a second of a large product."""
    a = torch.randn(2048, 2048, dtype=dtype)
    a @ a
    start, count = time.perf_counter(), 0
    while time.perf_counter() - start < 1:
        a @ a
        count += 1
    return 2 * 2048**3 * count / (time.perf_counter() - start)


def ready(config: TrainConfig, packs: int, examples_a_pack: int) -> tuple[Any, list[dict[str, Any]]]:
    """The model with a fresh adapter, and so many passes to train it on."""
    examples = list(generate_examples(EXAMPLE_TOOLS, 8 * packs, 1, 0, 8, max_tools_in_view=3))
    encoder = make_encoder(load_tokenizer(config.model_name), config)
    prepared, _ = prepare(examples, encoder, max_length=2048, batch_size=examples_a_pack, seed=1)
    return add_lora(load_model(config), config).train(), [shared_tensors(pack) for pack in prepared[:packs]]


def main(argv: Sequence[str] | None = None) -> dict[str, float]:
    """Print the table; returns tokens a second of each variant."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else None)
    parser.add_argument("--model_name", default="smollm2-135m")
    parser.add_argument("--dtype", default="auto")
    parser.add_argument("--packs", type=int, default=6, help="an even number")
    parser.add_argument("--rounds", type=int, default=2)
    options = parser.parse_args(argv)
    config = TrainConfig(model_name=options.model_name, dtype=options.dtype, output_dir=Path("unused"))
    model, batches = ready(config, options.packs - options.packs % 2, examples_a_pack=8)
    tokens = sum(batch["input_ids"].numel() for batch in batches)
    seconds(model, batches[:1], VARIANTS[-1])  # warm-up
    spent = {variant[0]: 0.0 for variant in VARIANTS}
    for _ in range(options.rounds):
        for variant in VARIANTS:
            spent[variant[0]] += seconds(model, batches, variant)
    rates = {name: options.rounds * tokens / time_ for name, time_ in spent.items()}
    with beside(model, 2, True) as side:
        assert side is not None
        seconds_beside(side, model, batches[:2])  # the other process starts
        took = sum(seconds_beside(side, model, batches) for _ in range(options.rounds))
    rates["all, two processes side by side"] = options.rounds * tokens / took
    show(rates, 4 * sum(p.numel() for p in model.parameters()) / matmul_limit(model.dtype), model.dtype)
    return rates


def show(rates: dict[str, float], cost: float, dtype: torch.dtype) -> None:
    """The table; `cost` is the seconds that one token's products take at the limit."""
    table = Table(title=f"Training, {dtype}, one round after the other")
    for column in ("variant", "tokens/s", "times", "share of the matmul limit"):
        table.add_column(column, justify="left" if column == "variant" else "right")
    first = next(iter(rates.values()))
    for name, rate in rates.items():
        table.add_row(name, f"{rate:.0f}", f"{rate / first:.2f}", f"{100 * rate * cost:.0f} %")
    Console().print(table)


if __name__ == "__main__":
    main()
