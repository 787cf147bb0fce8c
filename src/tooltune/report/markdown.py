"""Pieces of Markdown that survive whatever text is put into them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence


def fence(text: str) -> str:
    """A fenced block; its fence is longer than any row of backticks in the text."""
    ticks = "`" * max(3, _longest_ticks(text) + 1)
    return f"{ticks}text\n{text}\n{ticks}"


def code(text: str) -> str:
    """Text as inline code, on one line."""
    ticks = "`" * (_longest_ticks(text) + 1)
    inner = " ".join(text.split()) or " "
    return f"{ticks} {inner} {ticks}" if len(ticks) > 1 else f"`{inner}`"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; the first column is left-aligned, the others are right-aligned."""
    lines = [head, [":--", *["--:"] * (len(head) - 1)], *rows]
    return "\n".join(f"| {' | '.join(_cell(cell) for cell in line)} |" for line in lines)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def _longest_ticks(text: str) -> int:
    return max(map(len, re.findall("`+", text)), default=0)
