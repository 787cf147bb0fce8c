"""What every reader of tools gives back."""

from __future__ import annotations

from dataclasses import dataclass

from tooltune.types import Tool


@dataclass(frozen=True)
class Loaded:
    """Tools, and what their source says that they could not keep.

    A notice is one line: where, what was lost, and why.
    """

    tools: tuple[Tool, ...]
    notices: tuple[str, ...] = ()
