"""Ours against TRL's SFTTrainer: same machine, model, LoRA, examples and order budget, in turns.

    pip install 'tooltune[train,bench]'
    python benchmarks/train.py                                    # ours and TRL in the best format here: ~3 minutes
    python benchmarks/train.py --variants all --examples 32 --rounds 2          # every setting of TRL's; an hour
    python benchmarks/train.py --group 1                          # no example shares its tools with another
    python benchmarks/train.py --scaling                          # ours alone: 1 to 16 branches, 1 to 128 tools

Each measurement is a process of its own, so that its peak memory is its own. Both trainers get the token ids and
labels that tooltune's encoder makes, the same LoRA weights, schedule and number of examples an optimiser step.
Tokens are each example's own full length, counted once, whatever is computed; the held-out loss is computed by
transformers' plain forward for both. The share of the matmul limit counts 4 FLOP for each weight of a decoder's
linear layers and token computed, and for each weight of the head and trained token; not attention.

Not covered: GPUs, several processes, TRL's activation checkpointing (it only costs time where memory suffices).
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from tooltune.chat.encode import Encoded
from tooltune.config import TrainConfig
from tooltune.example_tools import EXAMPLE_TOOLS
from tooltune.generate import SHARES, generate_examples
from tooltune.types import Example, Tool

TARGETS = "at least 8 times TRL's examples/s (groups of 8), 3 times (--group 1), 1/3 of its memory, loss within 1 %"


SMALL = Tool("list_servers", "List all servers")
"""A tool of so few tokens that an example has about 128."""


@dataclass(frozen=True)
class Variant:
    """One way to train."""

    engine: str
    """tooltune or trl."""
    settings: tuple[tuple[str, Any], ...] = ()
    """What differs from tooltune's defaults, or from TRL's with checkpointing off."""


VARIANTS = {
    "tooltune": Variant("tooltune"),
    "tooltune-checkpointed": Variant("tooltune", (("gradient_checkpointing", "always"),)),
    "tooltune-early": Variant("tooltune", (("early_gradients", True), ("cpu_processes", 2))),
    "trl": Variant("trl"),
    "trl-same-order": Variant("trl", (("train_sampling_strategy", "sequential"),)),
    "trl-grouped": Variant("trl", (("train_sampling_strategy", "group_by_length"),)),
    "trl-packed": Variant("trl", (("packing", True),)),
    "trl-autocast": Variant("trl", (("bf16", True),)),
}
AUTOCAST = "trl-autocast"  # float32 weights, products in bfloat16: for one number format only


@dataclass(frozen=True)
class Job:
    """What one process measures."""

    variant: str
    dtype: str
    model_name: str
    examples: int
    held_out: int
    tools: int
    group: int
    batch: int
    trl_batch: int
    learning_rate: float
    rank: int

    def config(self, folder: str) -> TrainConfig:
        """The settings of the run; `batch` examples are one optimiser step in both engines."""
        return TrainConfig(
            model_name=self.model_name, dtype=self.dtype, output_dir=Path(folder), lora_rank=self.rank,
            num_train_epochs=1, per_device_train_batch_size=self.batch, gradient_accumulation_steps=1,
            learning_rate=self.learning_rate, save_strategy="no", max_length=8192,
            **self.own_settings(),
        )  # fmt: skip

    def own_settings(self) -> dict[str, Any]:
        variant = VARIANTS[self.variant]
        return dict(variant.settings) if variant.engine == "tooltune" else {}


def make_examples(job: Job) -> list[Example]:
    """Examples in groups that show the same tools, `job.tools` of them where that many exist."""
    total, most = job.examples + job.held_out, min(40, job.tools)
    if job.tools == 1:  # the shortest there is: one small tool, one call
        shares = {name: float(name == "single") for name in SHARES}
        return list(generate_examples([SMALL], total, 1, 0, job.group, shares=shares, answered_share=0))
    tools = many_tools(job.tools)
    examples = generate_examples(tools[:40], total, 1, 0, job.group, max_tools_in_view=most)
    return [replace(example, tools=filled(example.tools, tools, job.tools)) for example in examples]


def many_tools(count: int) -> list[Tool]:
    """The example tools, then as many of the catalogue's as are needed."""
    if count <= len(EXAMPLE_TOOLS):
        return list(EXAMPLE_TOOLS)
    from tooltune.generate.catalogue import draw

    return [*EXAMPLE_TOOLS, *draw(count, 1).tools]


def filled(own: Sequence[Tool], others: Sequence[Tool], count: int) -> tuple[Tool, ...]:
    """An example's own tools, and others after them up to `count`."""
    names = {tool.name for tool in own}
    return (*own, *[tool for tool in others if tool.name not in names][: max(0, count - len(own))])


def measure(job: Job) -> dict[str, Any]:
    """Train as the job says; seconds, tokens, peak memory, held-out loss."""
    from tooltune.chat.render import render_system
    from tooltune.train.batching import Pack, make_packs
    from tooltune.train.lora import add_lora
    from tooltune.train.model import load_model, load_tokenizer, make_encoder

    with tempfile.TemporaryDirectory() as folder:
        config = job.config(folder)
        examples = make_examples(job)
        encoder = make_encoder(load_tokenizer(job.model_name), config)
        encoded = [encoder.encode(example.messages, example.tools) for example in examples]
        train, held_out = encoded[: job.examples], encoded[job.examples :]
        keys = [render_system(example.tools) for example in examples[: job.examples]]
        packs = make_packs(train, keys, job.batch, config.seed)
        autocast = job.variant == AUTOCAST
        model = add_lora(load_model(config, "float32" if autocast else None), config)
        engine = by_tooltune if VARIANTS[job.variant].engine == "tooltune" else by_trl
        model, seconds, computed = engine(model, packs, encoder, config, job)
        # Weights that a side process shares are counted twice.
        peak = (
            sum(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)) / 2**20
        )
        flops = computed * 4 * decoder_weights(model) + 4 * head_weights(model) * sum(sum(e.trained) for e in train)
        return {
            "seconds": seconds, "tokens": sum(len(e.input_ids) for e in train), "examples": len(train),
            "computed": computed, "flops": flops, "peak_gib": peak,
            "loss": held_out_loss(model, [Pack((e,), 0) for e in held_out], encoder.pad_id),
        }  # fmt: skip


def by_tooltune(model: Any, packs: Any, encoder: Any, config: TrainConfig, job: Job) -> tuple[Any, float, int]:
    """Our trainer. Returns the model, seconds, and tokens computed."""
    from tooltune.train.trainer import train

    start = time.perf_counter()
    trained = train(model, packs, [], config, encoder.pad_id)
    seconds = time.perf_counter() - start
    return trained.model, seconds, sum(pack.tokens for pack in packs)


def by_trl(model: Any, packs: Any, encoder: Any, config: TrainConfig, job: Job) -> tuple[Any, float, int]:
    """TRL's SFTTrainer, with ids and labels made beforehand and activation checkpointing off."""
    from datasets import Dataset
    from trl import SFTConfig, SFTTrainer

    from tooltune.train.batching import GroupedSampler

    in_order = GroupedSampler([pack.tokens for pack in packs], 1, config.seed)  # what tooltune takes first, second, ...
    examples = [example for number in in_order for example in packs[number].examples]
    rows = {"input_ids": [e.input_ids for e in examples], "labels": [labels(e) for e in examples]}
    longest = max(map(len, rows["input_ids"]))
    ours = {"bf16": False, "packing": False} | dict(VARIANTS[job.variant].settings)
    if ours["packing"]:  # a row holds what a batch would; best-fit packing then fills it with about as many examples
        ours |= {"max_length": longest * job.trl_batch, "per_device_train_batch_size": 1}
    steps = max(1, len(packs))
    arguments = SFTConfig(
        output_dir=str(config.output_dir), use_cpu=True, gradient_checkpointing=False, num_train_epochs=1,
        learning_rate=config.learning_rate, lr_scheduler_type="cosine", warmup_steps=round(0.05 * steps),
        seed=config.seed, save_strategy="no", report_to="none", disable_tqdm=True, logging_steps=1000,
        gradient_accumulation_steps=max(1, job.batch // job.trl_batch),
        **({"per_device_train_batch_size": job.trl_batch, "max_length": longest} | ours),
    )  # fmt: skip
    tokenizer = encoder.tokenizer
    tokenizer.pad_token_id = encoder.pad_id
    trainer = SFTTrainer(model=model, args=arguments, train_dataset=Dataset.from_dict(rows), processing_class=tokenizer)
    start = time.perf_counter()
    trainer.train()
    seconds = time.perf_counter() - start
    return trainer.model, seconds, sum(map(len, rows["input_ids"]))


def labels(example: Encoded) -> list[int]:
    """-100 where nothing is trained."""
    return [token if trained else -100 for token, trained in zip(example.input_ids, example.trained, strict=True)]


def held_out_loss(model: Any, packs: Sequence[Any], pad_id: int) -> float:
    """Mean cross-entropy of a trained token, by transformers' own forward on plain rows."""
    import torch

    from tooltune.train.batching import plain_tensors
    from tooltune.train.loss import pack_loss

    total, count = 0.0, 0
    with torch.no_grad():
        for pack in packs:
            tensors = plain_tensors(pack, pad_id)
            total += pack_loss(model.eval(), tensors).item()
            count += len(tensors["labels"])
    return total / count


def decoder_weights(model: Any) -> int:
    """Weights of the linear layers of a token's way through the decoder, LoRA's among them."""
    import torch

    head = head_weights(model)
    return sum(m.weight.numel() for m in model.modules() if type(m) is torch.nn.Linear) - head


def head_weights(model: Any) -> int:
    return int(model.get_base_model().get_output_embeddings().weight.numel())


def matmul_limit(dtype: str) -> float:
    """FLOP a second of a large product, the best of a few."""
    import torch

    a = torch.randn(2048, 2048, dtype=getattr(torch, dtype))
    a @ a
    best = float("inf")
    for _ in range(8):
        start = time.perf_counter()
        a @ a
        best = min(best, time.perf_counter() - start)
    return 2 * 2048**3 / best


def in_own_process(job: Job) -> dict[str, Any]:
    """`measure` in a fresh process.

    Raises:
        SystemExit: it failed; its messages are printed.
    """
    done = subprocess.run(
        [sys.executable, __file__, "--job", json.dumps(asdict(job))], capture_output=True, text=True,
    )  # fmt: skip
    if done.returncode:
        raise SystemExit(f"{job} failed:\n{done.stderr[-3000:]}")
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


def jobs(options: argparse.Namespace) -> Iterator[tuple[str, Job]]:
    """The measurements of one round, by name."""
    from tooltune.train.model import pick_dtype

    dtypes = options.dtypes or [str(pick_dtype("auto")).removeprefix("torch.")]
    names = list(VARIANTS) if options.variants == ["all"] else options.variants
    common = {key: getattr(options, key) for key in Job.__annotations__ if key not in ("variant", "dtype")}
    for dtype in dtypes:
        for name in names:
            if name != AUTOCAST or dtype == "bfloat16":
                yield f"{name}, {dtype}", Job(variant=name, dtype=dtype, **common)


def compare(options: argparse.Namespace) -> dict[str, dict[str, float]]:
    """All variants in turns, and the table."""
    todo = dict(jobs(options))
    found: dict[str, list[dict[str, Any]]] = {name: [] for name in todo}
    for _ in range(options.rounds):
        for name, job in todo.items():
            found[name].append(in_own_process(job))
    limits = {job.dtype: matmul_limit(job.dtype) for job in todo.values()}
    rows = {name: summary(runs, limits[todo[name].dtype]) for name, runs in found.items()}
    title = f"{options.examples} examples, {options.tools} tools in view, groups of {options.group}"
    show(title, rows)
    return rows


def summary(runs: Sequence[dict[str, Any]], limit: float) -> dict[str, float]:
    """The fastest of the runs: what else was going on can only slow one down."""
    best = min(runs, key=lambda run: float(run["seconds"]))
    seconds = best["seconds"]
    return {
        "examples/s": best["examples"] / seconds,
        "tokens/s": best["tokens"] / seconds,
        "peak GiB": best["peak_gib"],
        "held-out loss": best["loss"],
        "% of limit": 100 * best["flops"] / limit / seconds,
        "computed": best["computed"],
    }


SCALES = [
    (1, 1),
    *((tools, 8) for tools in (1, 2, 4, 8, 16, 32, 64, 128)),
    *((10, branches) for branches in (1, 2, 4, 8, 16)),
]
"""Tools in view and branches; what they make in tokens of context, from some 150 to over 8,192, stands in the row."""


def scaling(options: argparse.Namespace) -> dict[str, dict[str, float]]:
    """Ours alone, one pack at a time: time and memory by tools in view and by branches."""
    common = {key: getattr(options, key) for key in Job.__annotations__ if key not in ("variant", "dtype")}
    rows = {}
    for tools, branches in SCALES:
        values = common | {"tools": tools, "group": branches, "batch": branches, "examples": branches, "held_out": 1}
        job = Job(variant="tooltune", dtype=options.dtypes[0] if options.dtypes else "auto", **values)
        run = in_own_process(job)
        rows[f"{tools} tools, {branches} branches, {run['tokens'] // branches} tokens an example"] = {
            "seconds": run["seconds"], "examples/s": branches / run["seconds"],
            "tokens/s": run["tokens"] / run["seconds"], "peak GiB": run["peak_gib"], "computed": run["computed"],
        }  # fmt: skip
    show("One optimiser step, start-up of the trainer included", rows)
    return rows


FORMATS: dict[str, Callable[[float], str]] = {"held-out loss": "{:.4f}".format, "computed": "{:.0f}".format}


def show(title: str, rows: dict[str, dict[str, float]]) -> None:
    """A table, every row beside the first one."""
    columns = list(next(iter(rows.values())))
    table = Table(title=title)
    table.add_column("variant")
    for column in columns:
        table.add_column(column, justify="right")
    for name, row in rows.items():
        table.add_row(name, *(FORMATS.get(column, "{:.3g}".format)(row[column]) for column in columns))
    Console(width=140).print(table)


def verdict(rows: dict[str, dict[str, float]]) -> str:
    """Ours beside TRL's fastest."""
    ours = max((row for name, row in rows.items() if name.startswith("tooltune")), key=lambda row: row["examples/s"])
    theirs = {name: row for name, row in rows.items() if name.startswith("trl")}
    if not theirs:
        return "no TRL variant was run"
    name = max(theirs, key=lambda name: theirs[name]["examples/s"])
    best = theirs[name]
    return (
        f"Against {name}: {ours['examples/s'] / best['examples/s']:.2f} times the examples/s, "
        f"{ours['peak GiB'] / best['peak GiB']:.2f} of the memory, "
        f"held-out loss {100 * (ours['held-out loss'] / best['held-out loss'] - 1):+.2f} %. Targets: {TARGETS}."
    )


def main(argv: Sequence[str] | None = None) -> dict[str, dict[str, float]]:
    """Print the table; returns its rows."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else None)
    parser.add_argument("--model_name", default="smollm2-135m")
    parser.add_argument("--variants", nargs="+", default=["tooltune", "trl"], choices=[*VARIANTS, "all"])
    parser.add_argument("--dtypes", nargs="+", choices=["float32", "bfloat16"], help="default: the best here")
    for name, value, text in (
        ("examples", 16, "trained on"), ("held_out", 8, "examples of the final loss"),
        ("tools", 10, "in view"), ("group", 8, "examples that show the same tools"),
        ("batch", 8, "examples an optimiser step"), ("trl_batch", 1, "of these in one pass of TRL's: memory decides"),
        ("rank", 16, "of LoRA, on all linear layers"),
        ("rounds", 1, "of all variants; the fastest run of each counts"),
    ):  # fmt: skip
        parser.add_argument(f"--{name}", type=int, default=value, help=text)
    parser.add_argument("--learning_rate", type=float, default=1e-3)
    parser.add_argument("--scaling", action="store_true", help="ours alone, by tools and branches")
    parser.add_argument("--job", help=argparse.SUPPRESS)
    options = parser.parse_args(argv)
    if options.job:
        print(json.dumps(measure(Job(**json.loads(options.job)))))
        return {}
    if options.scaling:
        return scaling(options)
    rows = compare(options)
    print(verdict(rows))
    return rows


if __name__ == "__main__":
    main()
