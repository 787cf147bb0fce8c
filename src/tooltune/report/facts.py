"""Facts of a run as rows of a table, whatever they are nested in."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping
from typing import Any


def facts(values: Mapping[str, Any], width: int = 200, within: str = "") -> Iterator[tuple[str, str]]:
    """Name and value of each fact; what is nested gets a dotted name, and a value at most `width` characters."""
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield from facts(value, width, f"{within}{name}.")
        else:
            yield f"{within}{name}", textwrap.shorten(_show(value), width, placeholder=" ...")


def _show(value: Any) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(map(_show, value))
    return f"{value:.4g}" if isinstance(value, float) else str(value)
