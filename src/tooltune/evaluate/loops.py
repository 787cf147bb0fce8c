"""A reply that says the same over and over will not end: greedy decoding hardly ever leaves such a circle."""

from __future__ import annotations

from collections.abc import Sequence

SHORTEST = 64
"""So many tokens must repeat what stands before them: a matrix of zeros, or a few calls that are alike, may go on."""
TIMES = 4
LONGEST_PERIOD = 64
EVERY = 16
"""Looked for once in so many tokens; a circle does not go away."""


def is_loop(ids: Sequence[int]) -> bool:
    """Whether a reply so far ends with one passage, of up to `LONGEST_PERIOD` tokens, said `TIMES` times or more.

    Args:
        ids: all tokens of the reply. Any but each 16th is answered with no.
    """
    if len(ids) < SHORTEST or len(ids) % EVERY:
        return False
    return any(_repeats(ids, period) for period in range(1, min(LONGEST_PERIOD, len(ids) // TIMES) + 1))


def _repeats(ids: Sequence[int], period: int) -> bool:
    """Whether the end of `ids` is one passage of `period` tokens again and again."""
    length = max(SHORTEST, TIMES * period)
    return len(ids) >= length and ids[-length:-period] == ids[period - length :]
