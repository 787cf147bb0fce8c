"""How sure a number is.

Wilson's interval for a rate; McNemar's exact test and a bootstrap over clusters for two models on the same items;
Holm's correction where several differences are tested at once.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

TOO_SMALL = 30
"""Below this many items an interval is wider than the differences people look for."""


def wilson(successes: int, n: int, z: float = 1.96) -> tuple[float, float]:
    """Wilson's score interval of a proportion, as fractions between 0 and 1.

    With no observation nothing is known: (0.0, 1.0).

    Raises:
        ValueError: the counts are impossible.
    """
    if not 0 <= successes <= n:
        raise ValueError(f"{successes} successes of {n}")
    if n == 0:
        return 0.0, 1.0
    p = successes / n
    centre = p + z * z / (2 * n)
    margin = z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    scale = 1 + z * z / n
    return max(0.0, (centre - margin) / scale), min(1.0, (centre + margin) / scale)


def mcnemar(first_only: int, second_only: int) -> float:
    """Two-sided p-value of the exact McNemar test.

    Args:
        first_only: items that only the first model got right.
        second_only: items that only the second got right.
    """
    n, fewer = first_only + second_only, min(first_only, second_only)
    tail = sum(math.comb(n, k) for k in range(fewer + 1))
    return min(1.0, float(2 * tail / 2**n))


def mcnemar_paired(pairs: Iterable[tuple[bool, bool]]) -> float:
    """`mcnemar` of (first right, second right), one pair for each item."""
    observed = list(pairs)
    first_only = sum(first and not second for first, second in observed)
    second_only = sum(second and not first for first, second in observed)
    return mcnemar(first_only, second_only)


def holm(p_values: Mapping[str, float | None]) -> dict[str, float | None]:
    """Holm's step-down correction: what holds at 0.05 here holds for all of the tests together.

    Source: S. Holm, A Simple Sequentially Rejective Multiple Test Procedure, 1979. None (no test) stays None.
    """
    tests = sorted((p, name) for name, p in p_values.items() if p is not None)
    corrected: dict[str, float | None] = dict(p_values)
    highest = 0.0
    for rank, (p, name) in enumerate(tests):
        highest = max(highest, min(1.0, (len(tests) - rank) * p))
        corrected[name] = highest
    return corrected


@dataclass(frozen=True)
class Difference:
    """How much better the second of two models is, and the 95 % interval of that."""

    value: float
    low: float
    high: float
    clusters: int
    """With few clusters the interval is too narrow; with one it says nothing."""

    def to_dict(self) -> dict[str, Any]:
        return {"difference": self.value, "low": self.low, "high": self.high, "clusters": self.clusters}


def clustered_difference(
    pairs: Iterable[tuple[Hashable, float, float]], resamples: int = 2000, seed: int = 0
) -> Difference | None:
    """The difference of two means, such as success rates, with the percentile interval of a bootstrap over clusters.

    Items of one tool stand or fall together, so whole tools are drawn, with replacement.

    Args:
        pairs: (cluster, first, second) of each item, such as whether two models were right.
        resamples: bootstrap samples.
        seed: of the resampling.

    Returns:
        None where there is no item.
    """
    import numpy as np

    gains: defaultdict[Hashable, list[float]] = defaultdict(list)
    for cluster, first, second in pairs:
        gains[cluster].append(float(second) - float(first))
    if not gains:
        return None
    sums, sizes = np.array([[sum(gain), len(gain)] for gain in gains.values()]).T
    drawn = np.random.default_rng(seed).integers(len(sums), size=(resamples, len(sums)))
    low, high = np.quantile(sums[drawn].sum(1) / sizes[drawn].sum(1), [0.025, 0.975])
    return Difference(float(sums.sum() / sizes.sum()), float(low), float(high), len(sums))


@dataclass(frozen=True)
class Rate:
    """A count of successes among `n` items."""

    successes: int
    n: int

    @classmethod
    def of(cls, outcomes: Iterable[bool]) -> Rate:
        """Count outcomes."""
        observed = list(outcomes)
        return cls(sum(observed), len(observed))

    @property
    def value(self) -> float | None:
        """The proportion, or None when there is no item."""
        return self.successes / self.n if self.n else None

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % Wilson interval."""
        return wilson(self.successes, self.n)

    @property
    def too_small(self) -> bool:
        """Whether there are too few items to compare anything."""
        return self.n < TOO_SMALL

    def to_dict(self) -> dict[str, Any]:
        low, high = self.interval
        counts = {"successes": self.successes, "n": self.n, "rate": self.value, "low": low, "high": high}
        return counts | {"too_small": self.too_small}
