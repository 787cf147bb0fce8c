"""Data aimed at what a model gets wrong: more of the scenarios, and of the tool sets, in which it failed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import groupby
from random import Random

from tooltune.types import Example

AIMED = 0.5
"""Part of the scenarios that follows the failures; the other keeps the usual mix, so that nothing is unlearnt."""


def aimed_shares(usual: Mapping[str, float], failures: Mapping[str, int]) -> dict[str, float]:
    """Shares of 100 by scenario: half as usual, half in proportion to the failures.

    Args:
        usual: scenario -> share, in any unit.
        failures: scenario -> how often it went wrong; a name that is no scenario of `usual` counts nothing.
    """
    total, wrong = sum(usual.values()), sum(failures.get(name, 0) for name in usual)
    part = AIMED if wrong else 0.0
    return {
        name: 100 * ((1 - part) * share / total + part * failures.get(name, 0) / max(1, wrong))
        for name, share in usual.items()
    }


def aimed_tool_sets(examples: Iterable[Example], failures: Mapping[str, int], count: int, seed: int) -> list[Example]:
    """About `count` of the examples, in order: whole tool sets, the likelier the more their tools went wrong.

    Whole sets, because training computes the tools that examples share once. Drawn without replacement, each
    with weight 1 + the failures of its tools (P. Efraimidis and P. Spirakis, Weighted Random Sampling, 2006).

    Args:
        examples: those that show the same tools follow each other.
        failures: tool -> how often it went wrong.
        count: how many at most; fewer where there are not so many.
        seed: of the draw.
    """
    rng = Random(seed)
    sets = [list(group) for _, group in groupby(examples, key=lambda example: example.tools)]
    weights = [1 + sum(failures.get(tool.name, 0) for tool in group[0].tools) for group in sets]
    keys = [rng.random() ** (1 / weight) for weight in weights]
    left, kept = count, []
    for index in sorted(range(len(sets)), key=lambda i: -keys[i]):
        kept += [(index, example) for example in sets[index][:left]]
        left = count - len(kept)
    return [example for _, example in sorted(kept, key=lambda pair: pair[0])]
