"""How much faster evaluation is than a plain loop over `model.generate`: items a second, with ten tools in view.

    python benchmarks/evaluate.py                   # the embedded model in float32; about 2 minutes on 2 cores
    python benchmarks/evaluate.py --items 16 --plain 2 --rounds 1

The plain loop runs one prompt at a time and computes the tools anew for each. Both decode greedily, and the
plain loop's replies must come out identical, token for token. It runs on fewer items, since its rate does not
depend on how many there are; the two take turns, so that a busy machine slows both.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import torch
from rich.console import Console
from rich.table import Table

from tooltune.config import ModelConfig
from tooltune.evaluate import Generation, Item, generate_replies, items_of
from tooltune.example_tools import EXAMPLE_TOOLS
from tooltune.generate import generate_examples
from tooltune.train.model import load_model, load_tokenizer, make_encoder

TOOLS = tuple(EXAMPLE_TOOLS[:10])


def questions(count: int) -> list[Item]:
    """First questions of generated conversations, each with the same ten tools in view."""
    found = items_of(generate_examples(EXAMPLE_TOOLS, 2 * count + 20, 1))
    first = [item for item in found if sum(message.role == "user" for message in item.messages) == 1]
    return [replace(item, tools=TOOLS) for item in first if item.messages[-1].role == "user"][:count]


def plain(
    model: Any, prompts: Sequence[Sequence[int]], end_ids: frozenset[int], pad: int, new: int
) -> list[Generation]:
    """The library's own greedy decoding, one prompt after the other."""
    replies = []
    for prompt in prompts:
        ids = torch.tensor([prompt], device=model.device)
        with torch.inference_mode():
            out = model.generate(
                ids, attention_mask=torch.ones_like(ids), do_sample=False, max_new_tokens=new,
                eos_token_id=sorted(end_ids), pad_token_id=pad,
            )[0, len(prompt) :].tolist()  # fmt: skip
        ended = out[-1] in end_ids
        replies.append(Generation(tuple(out[:-1] if ended else out), truncated=not ended))
    return replies


def ours(model: Any, prompts: Sequence[Sequence[int]], end_ids: frozenset[int], pad: int, new: int) -> list[Generation]:
    """What evaluation does."""
    return generate_replies(model, prompts, end_ids=end_ids, pad_id=pad, max_new_tokens=new)


def timed(way: Any, *arguments: Any) -> tuple[list[Generation], float]:
    """The replies, and the seconds they took."""
    begin = time.perf_counter()
    return way(*arguments), time.perf_counter() - begin


def main(argv: Sequence[str] | None = None) -> dict[str, float]:
    """Print the table; returns items a second of each way, and whether the replies are identical."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else None)
    parser.add_argument("--model_name", default="smollm2-135m")
    parser.add_argument("--items", type=int, default=64)
    parser.add_argument("--plain", type=int, default=6, help="items of the plain loop, in all rounds together")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--max_new_tokens", type=int, default=48)
    options = parser.parse_args(argv)
    config = ModelConfig(model_name=options.model_name, dtype="float32")
    encoder, model = make_encoder(load_tokenizer(config.model_name), config), load_model(config)
    prompts = [encoder.encode_prompt(item.messages, item.tools) for item in questions(options.items)]
    settings = (encoder.end_ids, encoder.pad_id, options.max_new_tokens)
    spent, identical = {"plain loop": 0.0, "tooltune": 0.0}, True
    for number in range(options.rounds):
        part = range(number, options.plain, options.rounds)
        slow, seconds = timed(plain, model, [prompts[place] for place in part], *settings)
        spent["plain loop"] += seconds
        fast, seconds = timed(ours, model, prompts, *settings)
        spent["tooltune"] += seconds
        identical &= slow == [fast[place] for place in part]
    counts = {"plain loop": options.plain, "tooltune": options.rounds * len(prompts)}
    rates = {name: counts[name] / seconds for name, seconds in spent.items()}
    show(rates, counts, identical, [len(prompt) for prompt in prompts])
    return rates | {"identical": float(identical)}


def show(rates: dict[str, float], counts: dict[str, int], identical: bool, lengths: Sequence[int]) -> None:
    """The table."""
    title = f"Evaluation, float32, ten tools in view, prompts of {min(lengths)} to {max(lengths)} tokens"
    table = Table(title=title)
    for column in ("way", "items", "items/s", "times"):
        table.add_column(column, justify="left" if column == "way" else "right")
    for name, rate in rates.items():
        table.add_row(name, str(counts[name]), f"{rate:.3f}", f"{rate / rates['plain loop']:.1f}")
    Console().print(table, f"replies identical: {'yes' if identical else 'NO'}")


if __name__ == "__main__":
    main()
