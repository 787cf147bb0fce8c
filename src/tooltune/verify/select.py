"""Choose the most varied part of a dataset.

Greedy: again and again the example that brings most news, as the share of its n-grams that no chosen
example has, plus how rare its arguments are among the chosen. News only gets less while examples are
chosen, so an example whose old value is below the best new one need not be looked at again (lazy
greedy, Minoux 1978). The value is a share, so that long examples are not preferred.

Two limits keep the choice balanced: every scenario keeps its share of the whole, and no phrasing
family may occur in more than a given share of the choice.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from tooltune.errors import ConfigError
from tooltune.types import Example
from tooltune.verify.diversity import arguments
from tooltune.verify.words import grams, user_texts

SIZES = (1, 2, 3, 4)
_OPENING = 3


def select_balanced(examples: Sequence[Example], count: int, max_family_share: float = 0.05) -> list[Example]:
    """Choose examples; the same for the same examples in the same order.

    Args:
        examples: what to choose from. The families of an example stand under its metadata key
            `families`; where they do not, the first three words of the user are its family.
        count: how many to choose.
        max_family_share: largest share of `count` that may have one family, above 0 to 1; one
            example of each family is always allowed.

    Returns:
        The choice in the order of `examples`; fewer than `count` where families are too few.

    Raises:
        ConfigError: a number is out of range.
    """
    _check(len(examples), count, max_family_share)
    candidates = [_Candidate.of(example) for example in examples]
    choice = _Choice(_quotas(candidates, count), max(1, int(count * max_family_share)))
    chosen = _lazy_greedy(candidates, choice, count)
    return [examples[i] for i in sorted(chosen)]


@dataclass(frozen=True)
class _Candidate:
    """What counts of an example."""

    grams: frozenset[int]
    arguments: tuple[Any, ...]
    families: frozenset[str]
    scenario: tuple[str, str]

    @classmethod
    def of(cls, example: Example) -> _Candidate:
        texts = user_texts(example)
        parts = frozenset(hash(part) for text in texts for size in SIZES for part in grams(text, size))
        families = example.metadata.get("families")
        if not isinstance(families, list | tuple) or not families:
            families = [" ".join(text[:_OPENING]) for text in texts[:1]]
        scenario = tuple(str(example.metadata.get(key, "")) for key in ("split", "scenario"))
        # An example without calls competes by how often its like was chosen already.
        given = tuple(arguments(example)) or (scenario,)
        return cls(parts, given, frozenset(map(str, families)), (scenario[0], scenario[1]))


@dataclass
class _Choice:
    """What was chosen so far, and what may still be."""

    quotas: dict[tuple[str, str], int]
    family_limit: int
    grams: set[int] = field(default_factory=set)
    arguments: Counter[Any] = field(default_factory=Counter)
    families: Counter[str] = field(default_factory=Counter)

    def allows(self, candidate: _Candidate) -> bool:
        """Whether its scenario and families have room; what has none never gets it again."""
        free = all(self.families[family] < self.family_limit for family in candidate.families)
        return free and self.quotas[candidate.scenario] > 0

    def value(self, candidate: _Candidate) -> float:
        """From 0 to 2; never more than at any earlier time."""
        new = len(candidate.grams - self.grams) / max(1, len(candidate.grams))
        rare = sum(1 / (1 + self.arguments[argument]) for argument in candidate.arguments)
        return new + rare / len(candidate.arguments)

    def add(self, candidate: _Candidate) -> None:
        self.quotas[candidate.scenario] -= 1
        self.grams |= candidate.grams
        self.arguments.update(candidate.arguments)
        self.families.update(candidate.families)


def _lazy_greedy(candidates: Sequence[_Candidate], choice: _Choice, count: int) -> list[int]:
    heap = [(-2.0, i) for i in range(len(candidates))]  # sorted, so it is a heap already
    chosen: list[int] = []
    while heap and len(chosen) < count:
        i = heap[0][1]
        if not choice.allows(candidates[i]):
            heapq.heappop(heap)
            continue
        value = choice.value(candidates[i])
        if -value > heap[0][0]:  # less than when it was last looked at: another may be better now
            heapq.heapreplace(heap, (-value, i))
            continue
        heapq.heappop(heap)
        choice.add(candidates[i])
        chosen.append(i)
    return chosen


def _quotas(candidates: Sequence[_Candidate], count: int) -> dict[tuple[str, str], int]:
    """How many examples of each scenario to choose: its share, by largest remainders."""
    sizes = Counter(candidate.scenario for candidate in candidates)
    exact = {name: count * size / len(candidates) for name, size in sizes.items()}
    quotas = {name: int(share) for name, share in exact.items()}
    by_remainder = sorted(exact, key=lambda name: (quotas[name] - exact[name], name))
    for name in by_remainder[: count - sum(quotas.values())]:
        quotas[name] += 1
    return quotas


def _check(available: int, count: int, max_family_share: float) -> None:
    if not 1 <= count <= available:
        raise ConfigError("count", str(count), f"from 1 to {available}, the number of examples")
    if not 0 < max_family_share <= 1:
        raise ConfigError("max_family_share", str(max_family_share), "above 0, at most 1")
