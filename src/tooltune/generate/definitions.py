"""Other definitions of the same tools: the catalogue's are tidy, those that a model meets are not."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random

from tooltune.generate.described import as_described
from tooltune.generate.fractions import as_fractions
from tooltune.generate.phrasing import ToolPhrasing
from tooltune.generate.relaxed import as_optional
from tooltune.types import Tool

Pair = tuple[Tool, ToolPhrasing]
"""A tool and its wording."""

_CHANGES: tuple[tuple[Callable[[Tool, ToolPhrasing, Random], Pair], float], ...] = (
    (as_fractions, 0.6),
    (as_optional, 0.4),
    (as_described, 0.35),
)
"""What is changed, and in which share of the tool sets: percentages taken as fractions, required parameters shown as
optional ones, choices and defaults told by the descriptions alone."""


def defined_otherwise(pairs: Sequence[Pair], rng: Random) -> list[Pair]:
    """The tools of a set, those of the catalogue perhaps under other definitions."""
    for change, share in _CHANGES:
        if rng.random() < share:
            pairs = [change(*pair, rng) if pair[1].domain else pair for pair in pairs]
    return list(pairs)
