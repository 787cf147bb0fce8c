"""How a value is said in the user's text.

Every form said here can be read back by `tooltune.verify`, which has its own reader.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping, Sequence
from random import Random
from typing import Any

from tooltune.verify.lexicon import CURRENCIES, MONTHS, OPERATORS, UNITS

_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_TIME = re.compile(r"([01]\d|2[0-3]):([0-5]\d)")
_MOMENT = re.compile(r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d):00Z")
_ARITHMETIC = re.compile(r"\d[\d\s.+*/()-]*[+*/-][\d\s.+*/()-]*")
_SUFFIX = {1: "st", 2: "nd", 3: "rd"}


def say(name: str, value: Any, schema: Mapping[str, Any], rng: Random) -> str:
    """A value in everyday words.

    Args:
        name: the parameter; tells a currency or a unit from any other code.
        value: a JSON value.
        schema: the parameter's schema.
        rng: picks among the forms.
    """
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return _number(value, rng)
    if isinstance(value, list):
        items = schema.get("items")
        inner = items if isinstance(items, Mapping) else {}
        said = [say(name, part, inner, rng) for part in value]
        return join(
            [f"({text})" if isinstance(part, Mapping) else text for text, part in zip(said, value, strict=True)]
        )
    if isinstance(value, Mapping):
        parts = schema.get("properties", {})
        return ", ".join(f"{spaced(key)} {say(key, part, parts.get(key, {}), rng)}" for key, part in value.items())
    return "none" if value is None else _string(name, str(value), schema, rng)


def join(items: Sequence[str], word: str = "and") -> str:
    """ "a", "a and b", "a, b and c"."""
    if len(items) < 2:
        return "".join(items)
    return f"{', '.join(items[:-1])} {word} {items[-1]}"


def spaced(name: str) -> str:
    """A name written as in code, in plain words: `maxResults` -> "max results"."""
    apart = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name)
    words = re.sub(r"[_\W]+", " ", apart).strip()
    return words if words.isupper() else words.lower()


def _number(value: int | float, rng: Random) -> str:
    if isinstance(value, int) and value >= 1000 and rng.random() < 0.4:
        return f"{value:,}"
    return str(value)


def _string(name: str, value: str, schema: Mapping[str, Any], rng: Random) -> str:
    lowered = name.lower()
    if _DATE.fullmatch(value):
        return _date(value, rng)
    if _TIME.fullmatch(value):
        return _time(value, rng)
    moment = _MOMENT.fullmatch(value)
    if moment:
        return f"{_date(moment[1], rng)} at {_time(moment[2], rng)}"
    if "currency" in lowered and value in CURRENCIES:
        return rng.choice((value, *CURRENCIES[value] * 2))
    if "unit" in lowered and value in UNITS:
        return rng.choice(UNITS[value])
    if "expression" in lowered and _ARITHMETIC.fullmatch(value):
        return _expression(value, rng)
    return _enum_words(value) if schema.get("enum") else value


def _enum_words(value: str) -> str:
    """NOT_STARTED -> "not started"; a plain word or a short code stays as it is."""
    if value.isalpha() and (value.istitle() or value.islower() or len(value) <= 3):
        return value
    return re.sub(r"(?<=[a-z])(?=[A-Z])|[_-]+", " ", value).lower()


def _date(value: str, rng: Random) -> str:
    try:
        day = datetime.date.fromisoformat(value)
    except ValueError:
        return value
    month, n = MONTHS[day.month - 1], day.day
    ordinal = f"{n}{'th' if 10 < n < 20 else _SUFFIX.get(n % 10, 'th')}"
    forms = (
        f"{n} {month} {day.year}", f"{month} {n}, {day.year}", value, f"{month} {ordinal}, {day.year}",
        f"{n} {month[:3]} {day.year}", f"{ordinal} of {month} {day.year}", f"{month} {n} {day.year}",
    )  # fmt: skip
    return rng.choice(forms)


def _time(value: str, rng: Random) -> str:
    hour, minute = int(value[:2]), value[3:]
    half, twelve = "am" if hour < 12 else "pm", hour % 12 or 12
    forms = [value, f"{twelve}:{minute} {half}", f"{twelve}:{minute}{half}"]
    if minute == "00":
        forms += [f"{twelve} {half}", f"{twelve}{half}"]
    return rng.choice(forms)


def _expression(value: str, rng: Random) -> str:
    simple = re.fullmatch(r"(\S+) ([+*/-]) (\S+)", value)
    if simple and rng.random() < 0.5:
        return f"{simple[1]} {OPERATORS[simple[2]]} {simple[3]}"
    return value
