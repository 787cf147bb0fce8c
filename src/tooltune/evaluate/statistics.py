"""How sure a number is: Wilson intervals, and McNemar's exact test for paired answers."""

from __future__ import annotations

import math
from collections.abc import Iterable
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
        return {"successes": self.successes, "n": self.n, "rate": self.value, "low": low, "high": high}
