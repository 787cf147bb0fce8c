"""What each choice of the generalist's data and training is worth, on tools and fields that training never saw.

    python benchmarks/ablate.py                                        # every variant, at the small budget
    python benchmarks/ablate.py --variants no_negatives rank_8         # some of them, against the reference
    python benchmarks/ablate.py --ask                                  # right decisions as well, in as long again
    python benchmarks/ablate.py --examples 3000 --output output/ablation_3000
    python benchmarks/ablate.py --table                                # what is there so far; trains nothing
    python benchmarks/ablate.py --write output/unseen.jsonl            # the questions, for `evaluate RUN --data FILE`

The reference is `recipes/generalist.yaml`; a variant changes one thing of it. Its data is generated from `--examples`
(those of all epochs together, so that every variant sees as many), trained on and held against the same examples: with
held-out wording, half of it by hand and half from definitions, about the catalogue's held-out tools and held-out
fields, never an outside benchmark. All with the same seed.

What is compared is the loss on the replies, in nats per trained token: a small budget moves it long before it moves the
share of right decisions. The effect is the difference to the reference, with the 95 % interval of a bootstrap over tool
sets; below zero is better. With --ask also right decisions, in points, with a bootstrap over tools and McNemar's p. One
seed says nothing about the spread between seeds: run again with another --seed.

A killed run goes on with the same command: each finished variant is a line of results.jsonl, under a key of all that
it depends on, and training resumes from its checkpoint.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from rich.console import Console
from rich.table import Table

from tooltune.config import RunConfig
from tooltune.dataset import load_dataset, make_dataset, split_dataset, stream_examples
from tooltune.evaluate import items_of
from tooltune.evaluate.breakdown import cluster
from tooltune.evaluate.statistics import Rate, clustered_difference, mcnemar_paired
from tooltune.files import read_json_lines
from tooltune.formats.documented import write_examples
from tooltune.generate.catalogue import draw
from tooltune.measuring import adapter_in_weights, evaluate
from tooltune.pipeline import load, open_model, require_train_extra, train_model
from tooltune.progress import progress
from tooltune.report.comparison import show_p, show_rate
from tooltune.types import Example

REFERENCE = "reference"
PARTS = {"held_out_tools": 58, "held_out_domains": 63}
"""Parts of the catalogue that are asked about, and all the tools that they have."""
ASKED: Mapping[str, Any] = {"renamed_share": 0.0, "plain_wording_share": 0.5, "examples_per_tool_set": 4}
"""How: under plain names, half of them by hand, and few of a tool set, so that most tools are asked about."""
QUESTION_SEED = 7_001
RECIPE = Path(__file__).parents[1] / "recipes" / "generalist.yaml"
BASE: Mapping[str, Any] = {
    **yaml.safe_load(RECIPE.read_text(encoding="utf-8")),
    "catalogue": 500,
    "max_minutes": None,
    "save_steps": 50,
}
VARIANTS: dict[str, dict[str, Any]] = {
    REFERENCE: {},
    "no_negatives": {"scenario_shares": ("missing_argument=0", "no_tool=0", "chat=0")},
    "half_the_negatives": {"scenario_shares": ("missing_argument=3", "no_tool=8", "chat=1")},
    "twice_the_negatives": {"scenario_shares": ("missing_argument=12", "no_tool=32", "chat=4")},
    "no_masking": {"renamed_share": 0.0},
    "half_masked": {"renamed_share": 0.5},
    "2_tools_in_view": {"max_tools_in_view": 2},
    "8_tools_in_view": {"max_tools_in_view": 8},
    "no_tool_alone": {"one_tool_share": 0.0},
    "no_parallel": {"scenario_shares": ("parallel=0", "many_calls=0")},
    "twice_the_parallel": {"scenario_shares": ("parallel=32", "many_calls=14")},
    "hand_written_wording": {"plain_wording_share": 0.0},
    "plain_wording": {"plain_wording_share": 1.0},
    "50_tools": {"catalogue": 50},
    "200_tools": {"catalogue": 200},
    "rank_8": {"lora_rank": 8, "lora_alpha": 16},
    "rank_128": {"lora_rank": 128, "lora_alpha": 256},
    "all_layers": {"lora_from_layer": 0},
    "3_passes_over_a_third": {"num_train_epochs": 3},
    "even_first_token": {"first_token_weight": 1},
    "all_answered": {"answered_share": 1.0},
}


@dataclass(frozen=True)
class Budget:
    """What all variants share."""

    examples: int
    questions: int
    """Examples that are asked, of each part."""
    seed: int
    model_name: str
    settings: Mapping[str, Any]
    """Settings that are other than in `BASE`, such as a shorter limit on replies."""
    asks: bool = False
    """Whether the model has to reply as well."""


@dataclass(frozen=True)
class Result:
    """What came of a variant."""

    key: str
    variant: str
    loss: Mapping[str, Sequence[float]]
    """Part -> the loss per trained token of each tool set."""
    right: Mapping[str, Mapping[str, bool]]
    """Part -> item -> whether the decision was right; empty without --ask."""


def main(argv: Sequence[str] | None = None) -> list[Result]:
    """Train and ask what is not there yet, and print the table."""
    options = parse(argv)
    few = quick(options.quick)
    budget = Budget(options.examples, options.questions, options.seed, options.model_name, few, options.ask)
    names = list(dict.fromkeys([REFERENCE, *options.variants]))
    require_train_extra()
    questions = {part: ask_about(part, budget) for part in PARTS}
    if options.write:
        write_examples(options.write, [example for part in questions.values() for example in part])
        return []
    results = [result_of(name, budget, questions, options.output, options.table) for name in names]
    found = [result for result in results if result is not None]
    Console(width=150).print(table(found, questions))
    return found


def parse(argv: Sequence[str] | None) -> argparse.Namespace:
    """The flags."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--variants", nargs="+", choices=list(VARIANTS), default=list(VARIANTS), metavar="NAME")
    parser.add_argument("--examples", type=int, default=1200, help="training examples, those of all epochs together")
    parser.add_argument("--questions", type=int, default=200, help="examples to ask, of each part")
    parser.add_argument("--seed", type=int, default=42)
    parser.add_argument("--model_name", default="smollm2-135m")
    parser.add_argument("--output", type=Path, default=Path("output/ablation"))
    parser.add_argument("--ask", action="store_true", help="let the model reply, and count right decisions")
    parser.add_argument("--table", action="store_true", help="print what is there; train nothing")
    parser.add_argument("--write", type=Path, metavar="FILE", help="write what is asked as a dataset; train nothing")
    parser.add_argument("--quick", action="store_true", help="few tools, short replies, low rank: to try the program")
    return parser.parse_args(argv)


def quick(wanted: bool) -> dict[str, Any]:
    """The settings of --quick."""
    return (
        {"catalogue": 20, "held_out_share": 0.2, "max_new_tokens": 4, "lora_rank": 2, "lora_from_layer": 0}
        if wanted
        else {}
    )


def ask_about(part: str, budget: Budget) -> list[Example]:
    """The questions about a part of the catalogue: all of its tools, in held-out wording."""
    about = {"catalogue": PARTS[part], "catalogue_part": part, "num_examples": budget.questions}
    config = RunConfig.parse({**BASE, **about, **ASKED}, part)
    tools = draw(PARTS[part], config.seed, config.catalogue_part).tools
    return list(stream_examples(config, tools, QUESTION_SEED, held_out=True))


def settings(name: str, budget: Budget, folder: Path) -> RunConfig:
    """A variant's settings: those of the reference, and what it changes."""
    change = VARIANTS[name]
    values = {**BASE, **budget.settings, **change}
    values["scenario_shares"] = (
        *BASE["scenario_shares"],
        *change.get("scenario_shares", ()),
    )  # the last of a name counts
    return RunConfig.parse(
        values
        | {
            "model_name": budget.model_name,
            "seed": budget.seed,
            "num_examples": round(budget.examples / values["num_train_epochs"]),
            "data_path": folder / "dataset.jsonl",
            "output_dir": folder,
            "resume": True,
        },
        name,
    )


def result_of(
    name: str, budget: Budget, questions: Mapping[str, Sequence[Example]], output: Path, only_read: bool
) -> Result | None:
    """A variant's result: the line of an earlier run, or else a new one; None where nothing may be trained."""
    config = settings(name, budget, output / f"{name}-{budget.examples}-{budget.seed}")
    key = key_of(config, questions, budget.asks)
    path = output / "results.jsonl"
    for line, _ in read_json_lines(path, "Run it first") if path.exists() else ():
        if line["key"] == key:
            return Result(**line)
    if only_read:
        return None
    found = Result(key, name, *train_and_ask(name, config, questions, budget.asks))
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(vars(found)) + "\n")
    return found


def key_of(config: RunConfig, questions: Mapping[str, Sequence[Example]], asks: bool) -> str:
    """All that a result depends on but the program, as a hash."""
    asked = {part: [example.to_dict() for example in examples] for part, examples in questions.items()}
    values = [
        config.model_dump(mode="json", exclude={"resume", "data_path", "output_dir"}),
        asked,
        asks,
    ]
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()[:16]


def train_and_ask(
    name: str, config: RunConfig, questions: Mapping[str, Sequence[Example]], asks: bool
) -> tuple[dict[str, list[float]], dict[str, dict[str, bool]]]:
    """Make the data, train, and measure on every part: losses, and verdicts if the model shall reply."""
    Console().rule(name)
    encoder = open_model(config)
    make_data(config)
    split = split_dataset(load_dataset(config.data_path), config.held_out_share, str(config.data_path))
    model = train_model(load(config), encoder, split, config)[0].model
    losses = {part: losses_of(model, encoder, found, config) for part, found in questions.items()}
    if not asks:
        return losses, {}
    with adapter_in_weights(model, config):
        asked = {part: evaluate(model, encoder, found, config, part) for part, found in questions.items()}
    return losses, {part: {result.item.id: result.right for result in a.results} for part, a in asked.items()}


def losses_of(model: Any, encoder: Any, examples: Sequence[Example], config: RunConfig) -> list[float]:
    """The loss per trained token of each tool set."""
    import torch

    from tooltune.train.attention import packing
    from tooltune.train.batching import shared_tensors
    from tooltune.train.loss import pack_loss
    from tooltune.train.prepare import prepare

    size = ASKED["examples_per_tool_set"]
    packs, _ = prepare(examples, encoder, max_length=config.max_length, batch_size=size, seed=0)
    with packing(model, True), torch.no_grad():
        tensors = map(shared_tensors, packs)
        return [float(pack_loss(model, pack)) / len(pack["labels"]) for pack in tensors]


def make_data(config: RunConfig) -> None:
    """The variant's dataset, unless an earlier run made it."""
    if config.data_path.exists():
        return
    with progress("generate") as advance:
        make_dataset(config, draw(config.catalogue, config.seed).tools, advance)


def table(results: Sequence[Result], questions: Mapping[str, Sequence[Example]]) -> Table:
    """Each variant's loss and rate of right decisions and its effect, for each part."""
    shown = Table(title="Loss in nats per trained token, and the effect (below zero is better) with its 95 % interval")
    shown.add_column("variant")
    asks = all(result.right for result in results)
    for part in questions:
        for heading in (part.replace("_", " "), "effect", *(("right", "effect in points", "p") if asks else ())):
            shown.add_column(heading, justify="right")
    reference = next((result for result in results if result.variant == REFERENCE), None)
    for result in results:
        cells: list[str] = []
        for part, asked in questions.items():
            cells += loss_compared(reference, result, part)
            cells += compared(reference, result, part, asked) if asks else ()
        shown.add_row(result.variant, *cells)
    return shown


def loss_compared(reference: Result | None, result: Result, part: str) -> tuple[str, str]:
    """A variant's loss on a part, and its effect."""
    losses = result.loss[part]
    mean = f"{sum(losses) / len(losses):.3f}"
    if reference is None or result is reference:
        return mean, "-"
    effect = clustered_difference(zip(range(len(losses)), reference.loss[part], losses, strict=True))
    return mean, f"{effect.value:+.3f} ({effect.low:+.3f} to {effect.high:+.3f})" if effect else "-"


def compared(reference: Result | None, result: Result, part: str, asked: Sequence[Example]) -> tuple[str, str, str]:
    """A variant's rate of right decisions on a part, its effect, and the p-value."""
    rate = show_rate(Rate.of(result.right[part].values()))
    if reference is None or result is reference:
        return rate, "-", "-"
    items = items_of(asked)
    pairs = [(cluster(item), reference.right[part][item.id], result.right[part][item.id]) for item in items]
    effect = clustered_difference(pairs)
    p = mcnemar_paired((before, after) for _, before, after in pairs)
    return rate, f"{100 * effect.value:+.1f} ({100 * effect.low:.1f} to {100 * effect.high:.1f})", show_p(p)


if __name__ == "__main__":
    main()
