"""How varied a dataset is: what the user says, and what the calls are given.

The numbers depend on the size of the dataset (a longer text repeats more); compare datasets of one
size, or the self-overlap, which is always measured on the same number of examples.
"""

from __future__ import annotations

import json
import math
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from random import Random
from typing import Any

from tooltune.types import Example
from tooltune.verify.words import Words, grams, user_texts

SIZES = (1, 2, 3, 4)
SAMPLE = 500
_SEED = 1


@dataclass(frozen=True)
class Diversity:
    """The measurements."""

    distinct: dict[int, int]
    """Size of word n-gram -> different ones in the user's messages."""
    distinct_share: dict[int, float]
    """Size -> different ones among all, from 0 to 1."""
    argument_entropy: float
    """Shannon entropy of the values of a parameter, in bits, averaged over parameters; 0 without calls."""
    parameters: int
    """Parameters that calls give values for."""
    self_overlap: float
    """Mean share of a sampled example's 4-grams that stand in the one most like it; 0 to 1, lower is better."""
    sample: int
    """Examples in the sample that have a 4-gram."""

    def to_dict(self) -> dict[str, Any]:
        return {
            "distinct": {str(size): count for size, count in self.distinct.items()},
            "distinct_share": {str(size): round(share, 4) for size, share in self.distinct_share.items()},
            "argument_entropy_bits": round(self.argument_entropy, 3),
            "parameters": self.parameters,
            "self_overlap": round(self.self_overlap, 4),
            "sample": self.sample,
        }


@dataclass
class DiversityMeter:
    """Measures a stream of examples; the sample is the same for the same examples in the same order.

    Memory: some 100 bytes for each different n-gram and each different argument.
    """

    _seen: dict[int, set[int]] = field(default_factory=lambda: {size: set() for size in SIZES})
    _totals: Counter[int] = field(default_factory=Counter)
    _values: defaultdict[tuple[str, str], Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    _sample: list[tuple[Words, ...]] = field(default_factory=list)
    _examples: int = 0
    _random: Random = field(default_factory=lambda: Random(_SEED))

    def add(self, example: Example) -> None:
        """Take in an example."""
        texts = tuple(user_texts(example))
        for size in SIZES:
            for text in texts:
                # The hash takes a fifth of the memory of the words.
                self._seen[size].update(map(hash, grams(text, size)))
                self._totals[size] += max(0, len(text) - size + 1)
        for parameter, value in arguments(example):
            self._values[parameter][value] += 1
        self._draw(texts)

    def _draw(self, texts: tuple[Words, ...]) -> None:
        """Reservoir sampling: each example stays with the same probability, however many there are."""
        self._examples += 1
        if len(self._sample) < SAMPLE:
            self._sample.append(texts)
        elif (place := self._random.randrange(self._examples)) < SAMPLE:
            self._sample[place] = texts

    def result(self) -> Diversity:
        """The measurements of all that was added."""
        entropies = [_entropy(counts) for counts in self._values.values()]
        sample = [found for texts in self._sample if (found := {part for text in texts for part in grams(text, 4)})]
        return Diversity(
            distinct={size: len(seen) for size, seen in self._seen.items()},
            distinct_share={size: len(seen) / max(1, self._totals[size]) for size, seen in self._seen.items()},
            argument_entropy=math.fsum(entropies) / max(1, len(entropies)),
            parameters=len(entropies),
            self_overlap=_self_overlap(sample),
            sample=len(sample),
        )


def arguments(example: Example) -> list[tuple[tuple[str, str], str]]:
    """The arguments of all calls: (tool, parameter) and the value as JSON with sorted keys."""
    return [
        ((call.name, name), json.dumps(value, sort_keys=True, ensure_ascii=False))
        for message in example.messages
        for call in message.tool_calls
        for name, value in call.arguments.items()
    ]


def _entropy(counts: Counter[str]) -> float:
    """In bits: 0 if all values are the same, log2(n) if n values are equally frequent."""
    total = counts.total()
    return math.fsum(count / total * math.log2(total / count) for count in counts.values())


def _self_overlap(sample: list[set[Words]]) -> float:
    """Mean over the sample of the largest share of its 4-grams that another one has too."""
    holders: defaultdict[Words, list[int]] = defaultdict(list)
    for number, parts in enumerate(sample):
        for part in parts:
            holders[part].append(number)
    shares = []
    for number, parts in enumerate(sample):
        common = Counter(other for part in parts for other in holders[part] if other != number)
        shares.append(max(common.values(), default=0) / len(parts))
    return math.fsum(shares) / max(1, len(shares))
