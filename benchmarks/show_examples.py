"""Prints generated examples as they are, for reading: so many, the same number of every scenario.

    python benchmarks/show_examples.py                                # the 30 of docs/data.md
    python benchmarks/show_examples.py --tools my_tools.json --seed 5  # yours

`foreign_tools.json` holds tools that others wrote and the generator has no rules for: those of mcp-server-git and
mcp-server-time, and 20 operations of GitHub's OpenAPI description (@octokit/openapi 23.0.2), drawn by chance.
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import zip_longest
from pathlib import Path

from tooltune.generate import generate_examples
from tooltune.tools import load_source
from tooltune.types import Example, Message

FOREIGN = Path(__file__).with_name("foreign_tools.json")
_DRAWN = 300
"""Examples from which the shown ones are taken; enough to hold three of every scenario."""
_LONGEST = 160


def examples(tools: str, count: int, seed: int) -> list[Example]:
    """The first examples of every scenario, in turn."""
    by_scenario: defaultdict[str, list[Example]] = defaultdict(list)
    for example in generate_examples(load_source(tools).tools, _DRAWN, seed):
        by_scenario[str(example.metadata["scenario"])].append(example)
    rounds = zip_longest(*(by_scenario[name] for name in sorted(by_scenario)))
    shown = [example for one_round in rounds for example in one_round if example is not None][:count]
    return sorted(shown, key=lambda example: str(example.metadata["scenario"]))


def text(example: Example) -> str:
    """An example in lines; long results are cut."""
    lines = (line for message in example.messages for line in _lines(message))
    return "\n".join([f"[{example.metadata['scenario']}]", *lines])


def _lines(message: Message) -> Iterator[str]:
    who = {"system": "system: ", "user": "user: ", "assistant": "assistant: ", "tool": "  = "}[message.role]
    if message.content:
        said = message.content
        yield who + (said if message.role != "tool" or len(said) <= _LONGEST else said[:_LONGEST] + " ...")
    for call in message.tool_calls:
        yield f"  > {call.name} {json.dumps(call.arguments, ensure_ascii=False)}"


def main(argv: Sequence[str] | None = None) -> str:
    """Print the examples; the text comes back too."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tools", default=str(FOREIGN), help="a source of tools")
    parser.add_argument("--count", type=int, default=30, help="how many examples")
    parser.add_argument("--seed", type=int, default=2026, help="seed of the examples")
    arguments = parser.parse_args(argv)
    shown = "\n\n".join(text(example) for example in examples(arguments.tools, arguments.count, arguments.seed))
    print(shown)
    return shown


if __name__ == "__main__":
    main()
