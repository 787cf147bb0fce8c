"""Which tool was expected, and which was called."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

NO_CALL = "(no call)"
UNREADABLE = "(unreadable)"
OTHERS = "(other tools)"
MOST_TOOLS = 24
"""Tools with a row of their own; a wider table is no longer read."""
SHADES = 5
_BROKEN = ("too_long", "no_output", "truncated", "malformed")


@dataclass(frozen=True)
class Cell:
    """How often a tool was called where another, or the same, was expected."""

    called: str
    count: int
    kind: str
    """`right`, `wrong`, or `none` where the count is 0."""
    shade: int
    """0 to SHADES, by the share of the row."""


@dataclass(frozen=True)
class Matrix:
    """The table of one model; each row adds up to how often its tool was expected."""

    label: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, int, tuple[Cell, ...]], ...]
    """(expected, how often, cells)."""


def confusion(items: Sequence[Mapping[str, Any]], model: str, label: str) -> Matrix:
    """The table of a model over the items that it answered.

    Args:
        items: the items of `items_data`.
        model: the model's key in `replies`.
        label: how it is called.
    """
    answered = [item for item in items if model in item["replies"]]
    counts = _merge_rare(Counter(pair for item in answered for pair in _pairs(item, item["replies"][model])))
    expected = sorted({want for want, _ in counts}, key=_last)
    called = sorted({given for _, given in counts}, key=_last)
    return Matrix(label, tuple(called), tuple(_row(want, called, counts) for want in expected))


def _pairs(item: Mapping[str, Any], reply: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """(expected, called) of each call of either side; an item without any counts once."""
    absent = UNREADABLE if reply["failure"] in _BROKEN else NO_CALL
    if not reply["pairs"]:
        yield NO_CALL, absent
    for i, j, _ in reply["pairs"]:
        want = NO_CALL if i is None else item["calls"][i]["name"]
        yield want, absent if j is None else reply["calls"][j]["name"]


def _merge_rare(counts: Counter[tuple[str, str]]) -> Counter[tuple[str, str]]:
    """Put all but the most frequent tools together; confusions weigh more than right calls."""
    weight: Counter[str] = Counter()
    for (want, given), count in counts.items():
        for name in {want, given} - {NO_CALL, UNREADABLE}:
            weight[name] += count * (1 if want == given else 4)
    kept = {name for name, _ in weight.most_common(MOST_TOOLS)} | {NO_CALL, UNREADABLE}
    merged: Counter[tuple[str, str]] = Counter()
    for pair, count in counts.items():
        want, given = (name if name in kept else OTHERS for name in pair)
        merged[want, given] += count
    return merged


def _row(want: str, called: Sequence[str], counts: Counter[tuple[str, str]]) -> tuple[str, int, tuple[Cell, ...]]:
    total = sum(counts[want, given] for given in called)
    return want, total, tuple(_cell(want, given, counts[want, given], total) for given in called)


def _cell(want: str, given: str, count: int, total: int) -> Cell:
    kind = "none" if not count else "right" if want == given != OTHERS else "wrong"
    return Cell(given, count, kind, -(-SHADES * count // total))


def _last(name: str) -> tuple[int, str]:
    """Tools by name, then what is no tool."""
    order = (OTHERS, NO_CALL, UNREADABLE)
    return (order.index(name) + 1 if name in order else 0), name
