"""Percentages as fractions: the same tool, whose arguments are 0.15 where a person says 15 percent.

Most tools that people write take a rate as a decimal, and some do not say so.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from random import Random
from typing import Any

from tooltune.generate.phrasing import Frame, Split, ToolPhrasing
from tooltune.generate.templates import Gap, Option
from tooltune.generate.variants import rekeyed
from tooltune.types import UNSET, Tool, ToolParameter

_PERCENT = re.compile(r",? (?:in percent(?: per year)?|as a percentage)\b(?: of)?")
_FIGURES = re.compile(r"[,;] [^,;]*\d[^,;]*")
""" ", 100 is full", which is no longer so."""
_NAME = re.compile(r"(?i)_?(?:percent|pct)$")
_SIGN = re.compile(r"(?: ?%| per ?cent\b)")
_SAID = (", as a decimal", ", e.g. 0.15 for 15%", ", as a fraction", ", between 0 and 1", "", "")
_FEWEST = 3
_STEPS = 40


def as_fractions(tool: Tool, phrasing: ToolPhrasing, rng: Random) -> tuple[Tool, ToolPhrasing]:
    """A tool whose percentages are fractions, and its wording; both as they are where it has none."""
    for parameter in tool.parameters:
        if parameter.type in ("integer", "number") and _PERCENT.search(parameter.description):
            tool, phrasing = _one(tool, phrasing, parameter, rng)
    return tool, phrasing


def _name(old: str, rng: Random) -> str:
    """ "discount" or "discount_rate" for "discount_percent"; any other name as it is."""
    base, camel = _NAME.sub("", old), old != old.lower()
    word = rng.choice(("", "rate", "fraction", "share", "ratio"))
    return old if base == old else base + (word.capitalize() if camel else f"_{word}" if word else "")


def _one(tool: Tool, phrasing: ToolPhrasing, old: ToolParameter, rng: Random) -> tuple[Tool, ToolPhrasing]:
    requests, clauses = _with_sign(phrasing.requests, old.name), _with_sign(phrasing.clauses, old.name)
    missing = _with_sign(phrasing.missing, old.name)
    if len(requests.train) < _FEWEST or not clauses.train or not requests.held_out:
        return tool, phrasing
    percents = _percents(phrasing.values.get(old.name), old, rng)
    fractions = {round(percent / 100, 6): percent for percent in percents}
    words = {str(fraction): (f"{percent:g}",) for fraction, percent in fractions.items()}
    alone = {**phrasing.alone, old.name: "{x}%"}
    told = replace(phrasing, requests=requests, clauses=clauses, missing=missing, alone=alone)
    told = told.saying(old.name, tuple(fractions), words)
    new = _name(old.name, rng)
    if not new or tool.parameter(new) not in (None, old):
        return tool, phrasing
    parameters = tuple(_fraction(p, new, rng) if p is old else p for p in tool.parameters)
    return replace(tool, parameters=parameters), rekeyed(told, {old.name: new})


def _fraction(old: ToolParameter, name: str, rng: Random) -> ToolParameter:
    """The parameter from 0 to 1."""
    schema: dict[str, Any] = {**old.to_schema(), "type": "number"}
    schema |= {key: round(schema[key] / 100, 6) for key in ("minimum", "maximum") if key in schema}
    schema.pop("multipleOf", None)  # a fraction is as exact as it is given
    if old.default is not UNSET and isinstance(old.default, int | float):
        schema["default"] = round(old.default / 100, 6)
    schema["description"] = _FIGURES.sub("", _PERCENT.sub("", old.description)) + rng.choice(_SAID)
    return ToolParameter.from_schema(name, schema, old.required)


def _percents(given: Any, parameter: ToolParameter, rng: Random) -> list[float]:
    """The percentages to choose from."""
    if given is not None and not isinstance(given, str):
        return list(given)
    low, high = parameter.minimum or 1, parameter.maximum or 99
    drawn = (rng.uniform(low, high) for _ in range(_STEPS))
    return [float(round(x)) if parameter.type == "integer" or rng.random() < 0.5 else round(x, 1) for x in drawn]


def _with_sign(split: Split, name: str) -> Split:
    """The frames in which a percent sign, or the word, stands behind the gap wherever it occurs."""

    def kept(frames: tuple[Frame, ...]) -> tuple[Frame, ...]:
        return tuple(f for f in frames if all(_SIGN.match(after) for after in _behind(f.template.parts, name)))

    return Split(kept(split.train), kept(split.held_out))


def _behind(parts: Any, name: str) -> Iterator[str]:
    """What follows each gap of that name; "" where no text does."""
    for i, part in enumerate(parts):
        if isinstance(part, Option):
            yield from _behind(part.parts, name)
        elif isinstance(part, Gap) and part.key == name:
            following = parts[i + 1] if i + 1 < len(parts) else ""
            yield following if isinstance(following, str) else ""
