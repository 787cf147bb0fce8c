"""Definitions that leave open what a request always says: required parameters shown as optional ones.

The wording stays, so their values are told and must be called: a model that has seen optional parameters mostly
untold leaves told ones out.
"""

from __future__ import annotations

from dataclasses import replace
from random import Random

from tooltune.generate.phrasing import ToolPhrasing
from tooltune.types import UNSET, Tool, ToolParameter

_SHARE = 0.5
_HINTS = (" (optional)", ". Optional.", "", "", "")


def as_optional(tool: Tool, phrasing: ToolPhrasing, rng: Random) -> tuple[Tool, ToolPhrasing]:
    """A tool of which a share of the required parameters, never the first, is optional; half of them with a default."""
    required = [parameter.name for parameter in tool.parameters if parameter.required]
    chosen = {name for name in required[1:] if rng.random() < _SHARE}
    parameters = [_relaxed(p, phrasing, rng) if p.name in chosen else p for p in tool.parameters]
    return replace(tool, parameters=tuple(parameters)), phrasing


def _relaxed(parameter: ToolParameter, phrasing: ToolPhrasing, rng: Random) -> ToolParameter:
    """The parameter as an optional one, with a default from its values, a hint in its description, or neither."""
    values = phrasing.values.get(parameter.name) or parameter.enum or ()
    if parameter.type in ("string", "integer", "number") and not isinstance(values, str) and rng.random() < _SHARE:
        default = rng.choice(list(values) or [UNSET])
        return replace(parameter, required=False, default=default)
    hint = rng.choice(_HINTS) if parameter.description else ""
    return replace(parameter, required=False, description=parameter.description.rstrip(".") + hint)
