"""What a tool of arithmetic gives back: of numbers that are given, anybody can tell whether their sum is right.

A table from what a command asks for ("the harmonic mean") to a function of Python's `math` and `statistics`.
"""

from __future__ import annotations

import math
import re
import statistics
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tooltune.generate.phrasing.actions import action_of
from tooltune.types import Tool

_FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "sum": sum,
    "total": sum,
    "product": math.prod,
    "difference": lambda numbers: numbers[0] - numbers[1],
    "quotient": lambda numbers: numbers[0] / numbers[1],
    "remainder": lambda numbers: numbers[0] % numbers[1],
    "average": statistics.fmean,
    "mean": statistics.fmean,
    "geometric mean": statistics.geometric_mean,
    "harmonic mean": statistics.harmonic_mean,
    "median": statistics.median,
    "low median": statistics.median_low,
    "high median": statistics.median_high,
    "variance": statistics.variance,
    "population variance": statistics.pvariance,
    "standard deviation": statistics.stdev,
    "population standard deviation": statistics.pstdev,
    "minimum": min,
    "smallest": min,
    "maximum": max,
    "largest": max,
    "range": lambda numbers: max(numbers) - min(numbers),
    "square root": lambda numbers: math.sqrt(numbers[0]),
    "square": lambda numbers: numbers[0] ** 2,
    "cube": lambda numbers: numbers[0] ** 3,
    "greatest common divisor": lambda numbers: math.gcd(*numbers),
    "least common multiple": lambda numbers: math.lcm(*numbers),
}
_TWO = ("difference", "quotient", "remainder")
_ONE = ("square root", "square", "cube")
_WHAT = re.compile(r"^(?:(?:the|an?|sample|arithmetic) )*([a-z ]+?)(?: \([^)]*\))? (?:of|from|between|for) (.+)$")
_NUMBERS = re.compile(
    r"^(?:(?:all|some|two|three|several|numeric|given|the|an?|of) )*(?:numbers?|values?|data|integers?|list)\b"
)
_DIGITS = 4


def arithmetic_of(tool: Tool) -> str:
    """What a tool works out of the numbers it is given, as the table calls it; "" where that is something else."""
    found = _WHAT.match(action_of(tool).object)
    if found is None or found[1] not in _FUNCTIONS or not _NUMBERS.match(found[2]):
        return ""
    return found[1]


def worked_out(tool: Tool, arguments: Mapping[str, Any]) -> float | int | None:
    """The true result, or None where the tool is none of arithmetic or its arguments allow none."""
    what, numbers = arithmetic_of(tool), _numbers(arguments)
    if not what or len(numbers) < 1 or (what in _TWO and len(numbers) != 2) or (what in _ONE and len(numbers) != 1):
        return None
    try:
        result = _FUNCTIONS[what](numbers)
    except (ValueError, ZeroDivisionError, TypeError, OverflowError, statistics.StatisticsError):
        return None
    rounded = round(float(result), _DIGITS)
    return int(rounded) if rounded.is_integer() else rounded


def _numbers(arguments: Mapping[str, Any]) -> Sequence[float | int]:
    """The numbers of a call in their order: of its only list, or one by one; none where anything else is given."""
    given = list(arguments.values())
    values = given[0] if len(given) == 1 and isinstance(given[0], list) else given
    plain = all(isinstance(value, int | float) and not isinstance(value, bool) for value in values)
    return values if plain else []
