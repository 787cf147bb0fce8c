"""How a value is said in the user's text.

Every form said here can be read back by `tooltune.verify`, which has its own reader.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from functools import lru_cache
from random import Random
from typing import Any

from tooltune.generate.names import is_proper
from tooltune.verify.lexicon import COUNTRIES, CURRENCIES, LANGUAGES, MONTHS, OPERATORS, UNITS

_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_TIME = re.compile(r"([01]\d|2[0-3]):([0-5]\d)")
_MOMENT = re.compile(r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d):00Z")
_CLOCK = re.compile(r"((?:[01]\d|2[0-3]):[0-5]\d):00Z")
_DURATION = re.compile(r"P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?")
_DURATION_UNITS = ("week", "day", "hour", "minute", "second")
# Numbers that count nothing: 2025, port 8080 and order 4711 take no comma.
_UNCOUNTED = frozenset({
    "year", "id", "ids", "number", "no", "port", "code", "zip", "zipcode", "postcode", "pin", "pid", "phone",
    "version", "ref", "reference", "serial", "account", "invoice", "order", "page", "line", "offset", "width",
    "height", "size", "isbn", "room", "flight", "issue", "pull", "pr", "ticket", "gate", "epoch", "timestamp",
    "seed", "hash", "tag", "milestone", "bus", "train", "channel", "extension",
})  # fmt: skip
_UNCOUNTED_ABOUT = re.compile(r"\b(?:year|port|id|identifier|zip|postcode|postal|code|pin)\b", re.IGNORECASE)
_FRACTION = re.compile(r"\b(?:fraction|between 0(?:\.0)? and 1(?:\.0)?|0(?:\.0)?(?: ?- ?| to |\u2013)1(?:\.0)?)\b")
_IN_WORDS = 0.3
"""How often a round large number is said in words."""
LEADING = ("name", "title", "path", "filename", "file", "item", "product", "product_name", "sku", "label", "key")
"""The part of an object by which it is called, the first of them that there is."""
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
        return _number(name, value, schema, rng)
    if isinstance(value, list):
        items = schema.get("items")
        inner = items if isinstance(items, Mapping) else {}
        said = [say(name, part, inner, rng) for part in value]
        return join([f"({t})" if isinstance(part, Mapping) else t for t, part in zip(said, value, strict=True)])
    if isinstance(value, Mapping):
        return _object(value, schema, rng)
    return "none" if value is None else _string(name, str(value), schema, rng)


def _object(value: Mapping[str, Any], schema: Mapping[str, Any], rng: Random) -> str:
    """ "tea (price 12, quantity 3)" where a part names the thing, else "zip code 1, town Oslo"."""
    schemas = schema.get("properties", {})
    said = {key: say(key, part, schemas.get(key, {}), rng) for key, part in value.items()}
    texts = [key for key, part in value.items() if isinstance(part, str)]
    lead = next((key for key in LEADING if key in texts), texts[0] if len(texts) == 1 < len(value) else None)
    parts = [_part(key, value[key], text) for key, text in said.items() if key != lead]
    if len(said) == 2 and is_change(*said):
        before, after = said.values()
        return f'"{before}" with "{after}"'
    if lead is None and [key[:3] for key in said] == ["lat", "lon"]:
        return ", ".join(said.values())
    if lead is None:
        return ", ".join(parts)
    named = f'"{said[lead]}"' if said[lead].count(" ") > 2 else said[lead]
    return f"{named} ({', '.join(parts)})" if parts else named


def is_change(first: str, second: str) -> bool:
    """Whether two keys are an old and a new text."""
    return first.lower().startswith(("old", "find", "from")) and second.lower().startswith(("new", "replace", "to"))


def _part(key: str, value: Any, text: str) -> str:
    if isinstance(value, bool):
        return spaced(key) if value else f"not {spaced(key)}"
    if isinstance(value, Mapping):
        return f"{spaced(key)} ({text})"
    if isinstance(value, str) and " " in text:
        return f'{spaced(key)} "{text}"'
    return f"{spaced(key)} {text}"


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


def _number(name: str, value: int | float, schema: Mapping[str, Any], rng: Random) -> str:
    if isinstance(value, float) and not value.is_integer():
        return _decimal(value, schema, rng)
    whole = int(value)
    if whole < 1000 or _is_uncounted(name, str(schema.get("description", ""))):
        return str(whole)
    large = _large(whole)
    if large and rng.random() < _IN_WORDS:
        return rng.choice(large)
    return f"{whole:,}" if rng.random() < 0.4 else str(whole)


def _large(whole: int) -> list[str]:
    """ "2.5 million" or "40 thousand" or "40k", where a number is as round as that; else nothing."""
    for word, size in (("billion", 10**9), ("million", 10**6)):
        if whole >= size and whole % (size // 100) == 0:
            return [f"{whole / size:g} {word}"]
    is_round = whole % 1000 == 0 and whole < 10**6
    return [f"{whole // 1000} thousand", f"{whole // 1000}k"] if is_round else []


def _decimal(value: float, schema: Mapping[str, Any], rng: Random) -> str:
    hundred = round(value * 100, 6)
    if 0 < value < 1 and hundred.is_integer() and _is_fraction(schema) and rng.random() < 0.6:
        return f"{hundred:.0f}%"
    return format(Decimal(repr(value)), "f")  # never 1e-07


def _is_fraction(schema: Mapping[str, Any]) -> bool:
    if (schema.get("minimum"), schema.get("maximum")) == (0, 1):
        return True
    return _FRACTION.search(str(schema.get("description", ""))) is not None


@lru_cache(maxsize=8192)
def _is_uncounted(name: str, description: str) -> bool:
    """Whether a number is a year, an id, a port: a name rather than an amount."""
    return not _UNCOUNTED.isdisjoint(spaced(name).lower().split()) or bool(_UNCOUNTED_ABOUT.search(description))


def _string(name: str, value: str, schema: Mapping[str, Any], rng: Random) -> str:
    lowered = name.lower()
    if _DATE.fullmatch(value):
        return _date(value, rng)
    if _TIME.fullmatch(value):
        return _time(value, rng)
    moment = _MOMENT.fullmatch(value)
    if moment:
        return f"{_date(moment[1], rng)} at {_time(moment[2], rng)}"
    if clock := _CLOCK.fullmatch(value):
        return f"{_time(clock[1], rng)} UTC"
    if value[:1] == "P" and _is_duration(schema):
        return _duration(value, rng)
    named = _by_name(lowered, value, rng)
    if named:
        return named
    if "expression" in lowered and _ARITHMETIC.fullmatch(value):
        return _expression(value, rng)
    return _enum_words(value) if schema.get("enum") and not is_proper(name, value) else value


def _is_duration(schema: Mapping[str, Any]) -> bool:
    options = [option for option in schema.get("anyOf", ()) if isinstance(option, Mapping)]
    return "duration" in [part.get("format") for part in (schema, *options)]


def _by_name(name: str, value: str, rng: Random) -> str:
    """A code in everyday words, where the name tells that it is one; else ""."""
    if "currency" in name and value in CURRENCIES:
        return rng.choice((value, *CURRENCIES[value] * 2))
    if "lang" in name and value in LANGUAGES:
        return rng.choice(LANGUAGES[value])
    if "country" in name and value in COUNTRIES:
        return rng.choice((value, COUNTRIES[value]))
    return rng.choice(UNITS[value]) if "unit" in name and value in UNITS else ""


def _enum_words(value: str) -> str:
    """NOT_STARTED -> "not started"; a plain word or a short code stays as it is."""
    if re.fullmatch(r"[A-Z][a-z]+[A-Z][a-z]?", value):
        return value  # a brand, such as FedEx
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


def _duration(value: str, rng: Random) -> str:
    """PT1H30M -> "1 hour 30 minutes" or "an hour and a half"; what is no such duration stays as it is."""
    spoken = {"PT1H30M": "an hour and a half", "PT30M": "half an hour", "PT1H": "an hour", "P1W": "a week"}
    if value in spoken and rng.random() < 0.6:
        return spoken[value]
    found = _DURATION.fullmatch(value)
    if not found or not any(found.groups()):
        return value
    named = zip(found.groups(), _DURATION_UNITS, strict=True)
    return " ".join(f"{int(n)} {unit}{'' if int(n) == 1 else 's'}" for n, unit in named if n)


def _expression(value: str, rng: Random) -> str:
    simple = re.fullmatch(r"(\S+) ([+*/-]) (\S+)", value)
    if simple and rng.random() < 0.5:
        return f"{simple[1]} {OPERATORS[simple[2]]} {simple[3]}"
    return value
