"""Prints generated examples as they are, for reading: so many, the same number of every scenario.

    python benchmarks/show_examples.py                                # the 30 of docs/data.md
    python benchmarks/show_examples.py --tools my_tools.json --seed 5  # yours
    python benchmarks/show_examples.py --tools api.json --operations 60 --without chat no_tool --count 25 --seed 909

`foreign_tools.json` holds tools that others wrote and the generator has no rules for: those of mcp-server-git and
mcp-server-time, and 20 operations of GitHub's OpenAPI description (@octokit/openapi 23.0.2), drawn by chance.
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from itertools import zip_longest
from pathlib import Path
from random import Random

from tooltune.generate.runner import examples_of, make_plan
from tooltune.tools import PythonFunctions, load_source, load_sources, python_source
from tooltune.types import Example, Message

FOREIGN = Path(__file__).with_name("foreign_tools.json")
_DRAWN = 300
"""Examples from which the shown ones are taken; enough to hold three of every scenario."""
_LONGEST = 160


def examples(
    sources: Sequence[str], count: int, seed: int, operations: int = 0, without: Collection[str] = (), run: bool = False
) -> list[Example]:
    """The first examples of every scenario, in turn.

    Args:
        sources: where the tools come from.
        count: how many examples.
        seed: of the examples, and of the tools that are drawn.
        operations: how many of the tools are drawn by chance; 0 takes all.
        without: scenarios that are left out.
        run: whether Python functions are really run.
    """
    tools = load_sources(sources).tools
    tools = Random(seed).sample(tools, operations) if operations else tools
    shares = dict.fromkeys(without, 0.0)
    plan = make_plan(tools, _DRAWN, seed, shares=shares, functions=_functions(sources) if run else None)
    by_scenario: defaultdict[str, list[Example]] = defaultdict(list)
    for example in examples_of(plan):
        by_scenario[str(example.metadata["scenario"])].append(example)
    rounds = zip_longest(*(by_scenario[name] for name in sorted(by_scenario)))
    shown = [example for one_round in rounds for example in one_round if example is not None][:count]
    return sorted(shown, key=lambda example: str(example.metadata["scenario"]))


def _functions(sources: Sequence[str]) -> PythonFunctions:
    names = {name: source for source in sources if (name := python_source(source))}
    return PythonFunctions.of({n: [tool.name for tool in load_source(s).tools] for n, s in names.items()}, 5, 512)


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
    parser.add_argument("--tools", nargs="+", default=[str(FOREIGN)], help="sources of tools")
    parser.add_argument("--count", type=int, default=30, help="how many examples")
    parser.add_argument("--seed", type=int, default=2026, help="seed of the examples")
    parser.add_argument("--operations", type=int, default=0, help="how many of the tools are drawn by chance; 0: all")
    parser.add_argument("--without", nargs="*", default=[], help="scenarios that are left out")
    parser.add_argument("--execute", action="store_true", help="really run Python functions")
    given = parser.parse_args(argv)
    made = examples(given.tools, given.count, given.seed, given.operations, given.without, given.execute)
    shown = "\n\n".join(text(example) for example in made)
    print(shown)
    return shown


if __name__ == "__main__":
    main()
