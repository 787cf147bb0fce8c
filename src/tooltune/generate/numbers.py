"""Numbers that a parameter may be given: usual ones for its name, within its bounds.

The bounds of the schema hold always; those that only the description tells ("between 1 and 5") hold where
the schema has none.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from functools import lru_cache
from random import Random
from typing import Any

from tooltune.generate.names import NumberRule, number_rules, words

_RANGE = re.compile(r"(?:between|from|range:?|\() ?(-?\d+(?:\.\d+)?) ?(?:-|\u2013|to|and|\.\.) ?(-?\d+(?:\.\d+)?)\b")
_MOST = re.compile(r"\b(?:max(?:imum)?(?: of| is|:)?|at most|up to|no more than) (\d+)\b")
_DIGIT = re.compile(r"\d")
_LIMITS = (2, 3, 4, 5, 8, 10, 12, 15, 20, 25, 30, 40, 50)
_ALL = (-math.inf, math.inf)


def number(name: str, schema: Mapping[str, Any], rng: Random, noun: str, whole: bool) -> int | float | None:
    """A number, or None where the bounds leave none.

    Args:
        name: the parameter.
        schema: its bounds hold, `multipleOf` included.
        rng: the only source of chance.
        noun: what the tool is about.
        whole: whether only whole numbers will do.
    """
    low, high = _bounds(schema)
    step = schema.get("multipleOf", 1 if whole else None)
    excluded = (schema.get("exclusiveMinimum"), schema.get("exclusiveMaximum"))
    rules = number_rules(name, noun)
    if not rules and _is_limit(name) and _is_any_number(schema, low, high):
        return rng.choice(_LIMITS)
    if (not rules or name == "value") and _is_any_number(schema, low, high):
        return _of_any_size(rng, whole or "integer" in str(schema.get("description", "")).lower())
    for rule in rules:
        value = _usual(rule, low, high, rng, whole)
        if value is not None and value not in excluded and (step is None or _is_multiple(value, step)):
            return value
    if rules and rules[0].digits == 0 and step is None and _has_whole(low, high):
        step = 1  # "skip the first 8.25" is nobody's wish, whatever the type
    low, high = _window(low, high, step or 1)
    if step:
        return _multiple(schema, low, high, step, rng, whole)
    return _between(schema, low, high, rng)


def _is_limit(name: str) -> bool:
    """Whether a number is the most or the fewest of something that is counted: `maximum_runners`."""
    own = words(name)
    return len(own) > 1 and own[0] in ("max", "maximum", "min", "minimum") and own[-1].endswith("s")


def _is_any_number(schema: Mapping[str, Any], low: float, high: float) -> bool:
    """Whether neither bounds nor the description tell anything of a number's size."""
    described = str(schema.get("description", ""))
    return bool(schema) and (low, high) == _ALL and "multipleOf" not in schema and not _DIGIT.search(described)


def _of_any_size(rng: Random, whole: bool) -> int | float:
    """A number of which nothing at all is known: one to six digits, all equally likely."""
    power = rng.randint(0, 5)
    value = rng.randint(10**power, 10 ** (power + 1) - 1)
    return value if whole or rng.random() < 0.7 else value / 4


def _bounds(schema: Mapping[str, Any]) -> tuple[float, float]:
    """The least and the greatest value; bounds that are excluded are moved inside where rules draw from."""
    low = max(schema.get("minimum", -math.inf), _excluded(schema, "exclusiveMinimum", -math.inf))
    high = min(schema.get("maximum", math.inf), _excluded(schema, "exclusiveMaximum", math.inf))
    if (low, high) != _ALL:
        return low, high
    return described(str(schema.get("description", "")))


def _excluded(schema: Mapping[str, Any], key: str, otherwise: float) -> float:
    # Draft 4 wrote `exclusiveMinimum: true` beside `minimum`.
    value = schema.get(key, otherwise)
    return otherwise if isinstance(value, bool) else value


@lru_cache(maxsize=4096)
def described(description: str) -> tuple[float, float]:
    """The bounds that a description tells: "(1-100)", "between 1 and 5", "max 50"."""
    found = _RANGE.search(description.lower())
    if found and float(found[1]) < float(found[2]):
        return float(found[1]), float(found[2])
    most = _MOST.search(description.lower())
    return (1, float(most[1])) if most else _ALL


def _usual(rule: NumberRule, low: float, high: float, rng: Random, whole: bool) -> int | float | None:
    """A value of the rule within the bounds, or None."""
    if rule.values:
        fitting = [v for v in rule.values if low <= v <= high and not (whole and v != int(v))]
        return rng.choice(fitting) if fitting else None
    least, most = max(rule.low, low), min(rule.high, high)
    if rule.digits and not whole:
        value = round(rng.uniform(least, most), rule.digits) if least < most else low - 1
        return value if low <= value <= high else None
    first, last = math.ceil(least / rule.step), math.floor(most / rule.step)
    return rng.randint(first, last) * rule.step if first < last else None


def _window(low: float, high: float, step: float) -> tuple[float, float]:
    """A range of a handy size inside the bounds."""
    width = max(499, 20 * step)
    if low == -math.inf:
        low = 1 if high > 1 + step else high - width
    return low, min(high, low + width)


def _has_whole(low: float, high: float) -> bool:
    """Whether whole numbers lie strictly inside the bounds."""
    return high - low > 2  # also where a bound is infinite


def _is_multiple(value: float, step: float) -> bool:
    return abs(value / step - round(value / step)) < 1e-9


def _multiple(
    schema: Mapping[str, Any], low: float, high: float, step: float, rng: Random, whole: bool
) -> int | float | None:
    first, last = math.ceil(low / step), math.floor(high / step)
    first += _excluded(schema, "exclusiveMinimum", math.inf) == first * step
    last -= _excluded(schema, "exclusiveMaximum", math.inf) == last * step
    if first > last:
        return None
    value = rng.randint(first, last) * step
    return int(value) if whole else round(value, 9)


def _between(schema: Mapping[str, Any], low: float, high: float, rng: Random) -> int | float | None:
    if low > high:
        return None
    if math.floor(high) - math.ceil(low) >= 2 and rng.random() < 0.6:
        return rng.randint(math.floor(low) + 1, math.ceil(high) - 1)
    excluded = (schema.get("exclusiveMinimum"), schema.get("exclusiveMaximum"))
    for digits in (2, 6):
        value = round(low + (high - low) * rng.uniform(0.05, 0.95), digits)
        if low <= value <= high and value not in excluded:
            return value
    return low + (high - low) * 0.5
