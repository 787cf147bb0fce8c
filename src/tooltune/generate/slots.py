"""What a value may be: one for a parameter's schema, always valid.

The first of these that says something decides: `const` or `enum`; `examples`; an example inside
the description; `pattern`; `format`; the parameter's name; words of the description; the type.

Not covered: `not`, `if`/`then` and `allOf` are not read; a value that they refuse is dropped by the
verification.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from random import Random
from typing import Any

from tooltune.errors import ToolDefinitionError
from tooltune.generate.patterns import matching
from tooltune.generate.pools import from_template, like, pooled
from tooltune.types import ToolParameter

# The last word of a parameter's name, or a word of its description, and the kind of its values.
_KINDS: dict[str, str] = {
    "city": "city", "town": "city", "location": "city", "place": "city", "origin": "city",
    "destination": "city", "departure": "city", "arrival": "city", "country": "country", "nation": "country",
    "address": "address", "street": "street", "zip": "zip", "zipcode": "zip", "postcode": "zip",
    "email": "email", "mail": "email", "recipient": "email", "sender": "email", "phone": "phone",
    "mobile": "phone", "person": "person", "passenger": "person", "guest": "person", "customer": "person",
    "author": "person", "artist": "person", "contact": "person", "attendee": "person", "attendees": "person",
    "participant": "person", "participants": "person", "assignee": "person", "owner": "person",
    "patient": "person", "driver": "person", "player": "person", "surname": "last_name",
    "firstname": "first_name", "lastname": "last_name", "username": "username", "user": "username",
    "login": "username", "handle": "username", "company": "company", "employer": "company",
    "brand": "company", "vendor": "company", "supplier": "company", "date": "date", "day": "date",
    "deadline": "date", "birthday": "date", "checkin": "date", "checkout": "date", "time": "time",
    "datetime": "datetime", "timestamp": "datetime", "currency": "currency", "symbol": "symbol",
    "ticker": "symbol", "flight": "flight", "tracking": "tracking", "room": "room", "cuisine": "cuisine",
    "language": "language", "color": "colour", "colour": "colour", "url": "url", "link": "url",
    "website": "url", "domain": "hostname", "host": "hostname", "ip": "ipv4", "path": "path",
    "file": "file", "filename": "file", "uuid": "uuid", "year": "year", "title": "title", "book": "title",
    "film": "title", "movie": "title", "song": "title", "album": "title", "product": "grocery",
    "ingredient": "grocery", "item": "thing", "object": "thing", "topic": "topic", "subject": "topic",
    "keyword": "word", "keywords": "word", "tag": "word", "tags": "word", "label": "word",
    "category": "word", "query": "phrase", "search": "phrase", "text": "sentence", "message": "sentence",
    "body": "sentence", "content": "sentence", "comment": "sentence", "note": "sentence",
    "description": "sentence", "expression": "expression", "formula": "expression",
}  # fmt: skip
_FORMATS = {
    "date": "date", "date-time": "datetime", "email": "email", "idn-email": "email", "uri": "url",
    "url": "url", "uuid": "uuid", "ipv4": "ipv4", "hostname": "hostname",
}  # fmt: skip
# Words that alone say nothing: the word before them, or the tool's noun, decides.
_EMPTY_WORDS = {"name", "type", "id", "value", "code", "number", "key", "to", "from", "the"}
_EXAMPLE = re.compile(r"(?:such as|e\.g\.,?|for example,?|for instance,?|like)\s+['\"`]?([A-Za-z0-9][\w/:.+-]*)")
_PLAIN_TYPES = ("string", "integer", "number", "boolean", "array", "object", "null")


def choose_value(parameter: ToolParameter, rng: Random, noun: str = "") -> Any:
    """A value for a parameter.

    Args:
        parameter: its schema decides.
        rng: the only source of chance.
        noun: what the tool is about ("book" for `search_book`), for a parameter named `id` or `name`.

    Raises:
        ToolDefinitionError: no value is known that the schema accepts.
    """
    return value_for(parameter.name, parameter.to_schema(), rng, noun)


def value_for(name: str, schema: Mapping[str, Any], rng: Random, noun: str = "") -> Any:
    """As `choose_value`, for a schema that stands anywhere inside a parameter."""
    if "const" in schema:
        return schema["const"]
    if schema.get("enum"):
        return rng.choice(list(schema["enum"]))
    for keyword in ("anyOf", "oneOf"):
        if schema.get(keyword):
            options = [o for o in schema[keyword] if o.get("type") != "null"] or schema[keyword]
            return value_for(name, {**_without(schema, keyword), **rng.choice(options)}, rng, noun)
    if schema.get("examples") and rng.random() < 0.7:
        return rng.choice(list(schema["examples"]))
    return _typed(name, schema, rng, noun)


def _without(schema: Mapping[str, Any], keyword: str) -> dict[str, Any]:
    return {key: value for key, value in schema.items() if key != keyword}


def _typed(name: str, schema: Mapping[str, Any], rng: Random, noun: str) -> Any:
    match _type_of(schema):
        case "boolean":
            return rng.random() < 0.5
        case "integer":
            return _integer(name, schema, rng)
        case "number":
            return _number(name, schema, rng)
        case "array":
            return _array(name, schema, rng, noun)
        case "object":
            return _object(schema, rng)
        case "null":
            return None
    return _string(name, schema, rng, noun)


def _type_of(schema: Mapping[str, Any]) -> str:
    kind = schema.get("type")
    if isinstance(kind, list | tuple):
        kind = next((k for k in kind if k != "null"), "null")
    if kind is None and "properties" in schema:
        return "object"
    return kind if kind in _PLAIN_TYPES else "array" if "items" in schema else "string"


def _bounds(schema: Mapping[str, Any], low: float, high: float) -> tuple[float, float]:
    """The range a number may come from; the usual range `low`..`high` gives way to the schema's."""
    least = max(schema.get("minimum", -math.inf), schema.get("exclusiveMinimum", -math.inf))
    most = min(schema.get("maximum", math.inf), schema.get("exclusiveMaximum", math.inf))
    width = high - low
    if least > -math.inf:
        low, high = least, high if high > least else least + width
    if most < math.inf:
        low, high = low if low < most else most - width, most
    return max(low, least), high


def _integer(name: str, schema: Mapping[str, Any], rng: Random) -> int:
    return int(_multiple(name, schema, schema.get("multipleOf", 1), rng))


def _multiple(name: str, schema: Mapping[str, Any], step: float, rng: Random) -> float:
    """A multiple of `step` within the bounds."""
    usual_low, usual_high = _usual_range(name)
    low, high = _bounds(schema, usual_low, max(usual_high, usual_low + 20 * step))
    first, last = math.ceil(low / step), math.floor(high / step)
    first += schema.get("exclusiveMinimum") == first * step
    last -= schema.get("exclusiveMaximum") == last * step
    if first > last:
        raise _no_value(name, schema)
    return round(rng.randint(first, last) * step, 9)


def _usual_range(name: str) -> tuple[int, int]:
    last = _words(name)[-1:]
    if last and last[0] in (
        "limit",
        "count",
        "results",
        "max",
        "guests",
        "people",
        "adults",
        "nights",
        "page",
    ):
        return 1, 20
    if last and last[0] in ("percent", "percentage", "brightness", "volume"):
        return 1, 100
    return (1990, 2030) if last == ["year"] else (1, 500)


def _number(name: str, schema: Mapping[str, Any], rng: Random) -> int | float:
    low, high = _bounds(schema, *_usual_range(name))
    if schema.get("multipleOf"):
        return _multiple(name, schema, schema["multipleOf"], rng)
    if math.floor(high) - math.ceil(low) >= 2 and rng.random() < 0.6:
        return rng.randint(math.floor(low) + 1, math.ceil(high) - 1)
    value = round(low + (high - low) * rng.uniform(0.05, 0.95), 2)
    inside = low <= value <= high and value not in (
        schema.get("exclusiveMinimum"),
        schema.get("exclusiveMaximum"),
    )
    return value if inside else low + (high - low) * 0.5


def _array(name: str, schema: Mapping[str, Any], rng: Random, noun: str) -> list[Any]:
    least = schema.get("minItems", 1)
    length = rng.randint(least, max(least, min(schema.get("maxItems", 3), least + 2)))
    values: list[Any] = []
    items = schema.get("items") or {"type": "string"}
    for _ in range(40):
        if len(values) == length:
            return values
        value = value_for(name, items, rng, noun)
        if value not in values:
            values.append(value)
    if len(values) >= least:
        return values
    if schema.get("uniqueItems"):
        raise _no_value(name, schema)
    return [value_for(name, items, rng, noun) for _ in range(least)]


def _object(schema: Mapping[str, Any], rng: Random) -> dict[str, Any]:
    required = schema.get("required", ())
    return {
        key: value_for(key, part, rng)
        for key, part in schema.get("properties", {}).items()
        if key in required or rng.random() < 0.4
    }


def _string(name: str, schema: Mapping[str, Any], rng: Random, noun: str) -> str:
    for _ in range(20):
        text = _candidate(name, schema, rng, noun)
        if _fits(text, schema):
            return text
    text = _padded(_candidate(name, schema, rng, noun), schema, rng)
    if not _fits(text, schema):
        raise _no_value(name, schema)
    return text


def _candidate(name: str, schema: Mapping[str, Any], rng: Random, noun: str) -> str:
    description = str(schema.get("description", ""))
    if schema.get("pattern"):
        return matching(schema["pattern"], rng) or ""
    if schema.get("format") in _FORMATS:
        return str(pooled(_FORMATS[schema["format"]], rng))
    if schema.get("format") == "time":
        return f"{pooled('time', rng)}:00Z"
    example = _EXAMPLE.search(description)
    kind = _kind(name, description, noun)
    if example and any(char.isdigit() for char in example[1]):
        return like(example[1].rstrip(".,"), rng)
    if example and kind is None:
        return rng.choice((example[1].rstrip(".,"), from_template("{word}", rng)))
    if kind is None and _words(name)[-1:] in (["id"], ["code"], ["number"], ["key"], ["reference"]):
        return like(rng.choice(("AA-0000", "A00000", "000000", "AAA-000")), rng)
    return str(pooled(kind or "phrase", rng))


def _kind(name: str, description: str, noun: str) -> str | None:
    """The kind of value that a name speaks of, or else its description."""
    words = _words(name)
    if re.search(r"YYYY-MM-DD", description):
        return "date" if "HH" not in description else "datetime"
    if words[-1:] == ["name"]:
        return _KINDS.get(words[-2] if len(words) > 1 else noun, "person" if "person" in description else "title")
    # "user_id" is a code, not a user.
    if words[-1:] in (["id"], ["code"], ["number"]):
        codes = ("tracking", "flight", "currency", "zip", "phone")
        return next((_KINDS[word] for word in words if _KINDS.get(word) in codes), None)
    meaning = [word for word in reversed(words) if word not in _EMPTY_WORDS] or [noun]
    found = next((_KINDS[word] for word in meaning if word in _KINDS), None)
    return found or next((_KINDS[word] for word in _words(description) if word in _KINDS), None)


def _words(name: str) -> list[str]:
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name).replace("e-mail", "email")
    return re.findall(r"[a-z]+", spaced.lower())


def _fits(text: str, schema: Mapping[str, Any]) -> bool:
    if not schema.get("minLength", 0) <= len(text) <= schema.get("maxLength", math.inf):
        return False
    return not schema.get("pattern") or re.search(schema["pattern"], text) is not None


def _padded(text: str, schema: Mapping[str, Any], rng: Random) -> str:
    """A text of the length asked for."""
    while len(text) < schema.get("minLength", 0):
        text += " " + pooled("word", rng)
    cut = text[: schema.get("maxLength", len(text))]
    return cut if cut == cut.strip() else cut.strip() + "x" * (len(cut) - len(cut.strip()))


def _no_value(name: str, schema: Mapping[str, Any]) -> ToolDefinitionError:
    return ToolDefinitionError(
        f"parameter {name!r}",
        f"no value is known for {dict(schema)!r}"[:200],
        "a schema that values can be made for",
        "Give the parameter some `examples`.",
    )
