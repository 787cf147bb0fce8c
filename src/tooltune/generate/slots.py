"""What a value may be: one for a parameter's schema, always valid.

The first of these that says something decides: `const` or `enum`; `examples`; values that the
description lists; `pattern`; `format`; the parameter's name with what stands around it (`names.yaml`);
an example inside the description; words of the description; the type.

Not covered: `not`, `if`/`then` and `$ref` are not read; a value that they refuse is dropped by the
verification.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from functools import lru_cache
from random import Random
from typing import Any

from tooltune.errors import ToolDefinitionError
from tooltune.generate.names import CODE_WORDS, kind_in, kind_of, kind_with_noun, words
from tooltune.generate.numbers import number
from tooltune.generate.patterns import compiled_pattern, matching
from tooltune.generate.pools import like, pooled, same_form
from tooltune.generate.surfaces import is_change
from tooltune.types import ToolParameter

_FORMATS = {
    "date": "date", "date-time": "datetime", "email": "email", "idn-email": "email", "uri": "web_page",
    "iri": "web_page", "uri-reference": "web_page", "url": "web_page", "uuid": "uuid", "ipv4": "ipv4",
    "ipv6": "ipv6", "hostname": "hostname", "idn-hostname": "hostname", "duration": "duration", "regex": "regex",
    "json-pointer": "json_pointer",
}  # fmt: skip
_SAYABLE_FORMATS = ("duration", "date", "date-time")
_QUOTED = re.compile(r"""(?<!\w)(['"`\u2018\u201c])([^'"`\u2018\u2019\u201c\u201d]{1,40})['"`\u2019\u201d](?!\w)""")
_ONE_OF = re.compile(
    r"(?:one of|either|can be|must be|options(?: are)?|allowed values|possible values|values)\s?:? "
    r"((?:[\w-]+, )*[\w-]+,? or [\w-]+|(?:[\w-]+, )+[\w-]+)(?=[.;)]|$)",
    re.IGNORECASE,
)
_EXAMPLE = re.compile(
    r"(?:such as|e\.g\.,?|for example,?|for instance,?|example:|like)\s+['\"`]?([A-Za-z0-9#/][\w/:.+#@-]*)"
)
_FOR_EXAMPLE = re.compile(r"e\.g\.|\bsuch as\b|\bfor (?:example|instance)\b|\blike\b|\betc\b")
_CODE = re.compile(r"(?=.*\d)[A-Za-z0-9#_-]{3,}")
_DATED = re.compile(r"\d{4}-\d\d-\d\d(T.*)?")
_WORDS_JOINED = re.compile(r"\bformat:? [`'\"]([A-Z]+)(\W{1,3})([A-Z]+)[`'\"]")
""" "the format `BASE...HEAD`": two words for what is joined."""
_NAME_OF = re.compile(r"(?:the )?name of (?:the|an?) ((?:\w+ )?\w+)\.?$", re.IGNORECASE)
_FOR_HUMANS = re.compile(r"\bhuman[- ](?:readable|friendly) (?:file |data )?(size|length|timespan|duration)\b")
_PLAIN_TYPES = ("string", "integer", "number", "boolean", "array", "object", "null")
_LONGEST = 20_000
_MOST_ITEMS = 500
_NOT_SAID = ("*", "none")
"""Examples that stand for any and for no value."""
_SAID_SO = 0.8
"""How often an example of the description is taken, where nothing else is known."""


def choose_value(parameter: ToolParameter, rng: Random, noun: str = "") -> Any:
    """A value for a parameter.

    Args:
        parameter: its schema decides.
        rng: the only source of chance.
        noun: what the tool is about ("book" for `search_book`), for a parameter named `id` or `name`.

    Raises:
        ToolDefinitionError: no value is known that the schema accepts.
    """
    schema = parameter.to_schema()
    try:
        return value_for(parameter.name, schema, rng, noun)
    except (TypeError, ValueError, AttributeError, OverflowError, RecursionError) as error:
        # A schema that is no schema ("minLength": "three") is the user's to mend.
        raise _no_value(parameter.name, schema) from error


def value_for(name: str, schema: Mapping[str, Any], rng: Random, noun: str = "") -> Any:
    """As `choose_value`, for a schema that stands anywhere inside a parameter."""
    if "const" in schema:
        return schema["const"]
    if schema.get("enum"):
        return rng.choice([value for value in schema["enum"] if value is not None] or [None])
    schema = main_option(schema)
    for keyword in ("anyOf", "oneOf"):
        if schema.get(keyword):
            options = [o for o in schema[keyword] if o.get("type") != "null"] or schema[keyword]
            if text_kind(name, str(schema.get("description", "")), noun):  # a title may be a number, and is none
                options = [o for o in options if o.get("type") == "string"] or options
            return value_for(name, {**_without(schema, keyword), **rng.choice(options)}, rng, noun)
    if schema.get("allOf"):
        return value_for(name, _merged(schema), rng, noun)
    if examples := _examples_to_take(name, schema, rng, noun):
        return rng.choice(examples)
    if "type" not in schema and words(name)[:1] in (("num",), ("number",)) and not _has_parts(schema):
        return number(name, schema, rng, noun, True)  # `num_bytes` without a type
    return _typed(name, schema, rng, noun)


def _examples_to_take(name: str, schema: Mapping[str, Any], rng: Random, noun: str) -> list[Any]:
    """The examples that a schema gives, where one of them is taken this time."""
    given = schema.get("examples")
    if not isinstance(given, list | tuple) or rng.random() >= (0.05 if _is_number_of_one(name, schema) else 0.7):
        return []
    if text_kind(name, str(schema.get("description", "")), noun) == "comment_text":
        return []  # "Body of the attachment"
    return [example for example in given if example not in _NOT_SAID]


def _is_number_of_one(name: str, schema: Mapping[str, Any]) -> bool:
    """Whether a number only tells things apart: in descriptions it is always 1."""
    return type_of(schema) == "integer" and words(name)[-1:] in (("id",), ("number",))


def _has_parts(schema: Mapping[str, Any]) -> bool:
    return any(key in schema for key in ("properties", "items", "pattern", "format"))


def main_option(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """A schema of several types as its one with a date or a duration, which can be said: "or a number of seconds"."""
    for keyword in ("anyOf", "oneOf"):
        options = schema.get(keyword) if isinstance(schema.get(keyword), list | tuple) else ()
        for option in options or ():
            if isinstance(option, Mapping) and option.get("format") in _SAYABLE_FORMATS:
                return {**_without(schema, keyword), **option}
    return schema


def _without(schema: Mapping[str, Any], keyword: str) -> dict[str, Any]:
    return {key: value for key, value in schema.items() if key != keyword}


def _merged(schema: Mapping[str, Any]) -> dict[str, Any]:
    """A schema that must hold with all of `allOf`, as one."""
    whole = _without(schema, "allOf")
    for part in schema["allOf"]:
        properties = {**whole.get("properties", {}), **part.get("properties", {})}
        required = [*whole.get("required", ()), *part.get("required", ())]
        whole = {**whole, **part, "required": required} | ({"properties": properties} if properties else {})
    return whole


def _typed(name: str, schema: Mapping[str, Any], rng: Random, noun: str) -> Any:
    match type_of(schema):
        case "boolean":
            return rng.random() < 0.5
        case "integer" | "number" as kind:
            value = number(name, schema, rng, noun, kind == "integer")
            if value is None:
                raise _no_value(name, schema)
            return value
        case "array":
            return _array(name, schema, rng, noun)
        case "object":
            return _object(name, schema, rng)
        case "null":
            return None
    return _string(name, schema, rng, noun)


def type_of(schema: Mapping[str, Any]) -> str:
    """The JSON type that values are made for."""
    kind = schema.get("type")
    if isinstance(kind, list | tuple):
        kind = next((k for k in kind if k != "null"), "null")
    if kind is None and "properties" in schema:
        return "object"
    return kind if kind in _PLAIN_TYPES else "array" if "items" in schema else "string"


def _array(name: str, schema: Mapping[str, Any], rng: Random, noun: str) -> list[Any]:
    least = schema.get("minItems", 1)
    if least > _MOST_ITEMS:
        raise _no_value(name, schema)
    length = rng.randint(least, max(least, min(schema.get("maxItems", 3), least + 2)))
    values: list[Any] = []
    items = schema.get("items") or {"type": "string"}
    for _ in range(40 + 2 * least):
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


def _object(name: str, schema: Mapping[str, Any], rng: Random) -> dict[str, Any]:
    required = schema.get("required", ())
    parts = schema.get("properties", {})
    texts = [key for key in parts if key in required]
    if len(texts) == 2 and is_change(*texts):
        return _change(name, parts, texts, rng)
    made = {
        key: value_for(f"{name}.{key}", part, rng)
        for key, part in parts.items()
        if key in required or rng.random() < 0.4
    }
    if parts or schema.get("additionalProperties") is False:
        return made
    inner = schema.get("additionalProperties")
    inner = inner if isinstance(inner, Mapping) else {"type": "string"}
    return {str(pooled("word", rng)): value_for("word", inner, rng)}


def _change(name: str, parts: Mapping[str, Any], keys: list[str], rng: Random) -> dict[str, Any]:
    """An old text and a new one: of the same kind, and different where that is possible."""
    old, new = ("", "")
    for _ in range(20):
        old, new = (value_for(f"{name}.{keys[1]}", parts[key], rng) for key in keys)
        if old != new:
            break
    return {keys[0]: old, keys[1]: new}


def _string(name: str, schema: Mapping[str, Any], rng: Random, noun: str) -> str:
    if schema.get("minLength", 0) > _LONGEST:
        raise _no_value(name, schema)
    for attempt in range(24):
        text = _candidate(name, schema, rng, noun, attempt)
        if _fits(text, schema):
            return text
    text = _padded(_candidate(name, schema, rng, noun, 0), schema, rng)
    if not _fits(text, schema):
        raise _no_value(name, schema)
    return text


def _candidate(name: str, schema: Mapping[str, Any], rng: Random, noun: str, attempt: int) -> str:
    description = str(schema.get("description", ""))
    if schema.get("pattern") and attempt > 3:
        return matching(schema["pattern"], rng) or ""
    form = schema.get("format")
    if found := _WORDS_JOINED.search(description):
        return "".join((_reference(found[1], rng), found[2], _reference(found[3], rng)))
    if form in _FORMATS:
        return str(pooled(_FORMATS[form], rng))
    if form == "time":
        return f"{pooled('time', rng)}:00Z"
    listed = listed_values(description)
    return rng.choice(listed) if listed else _free(name, description, noun, rng)


def _reference(word: str, rng: Random) -> str:
    return str(pooled(kind_of(word.lower()) or "word", rng))


@lru_cache(maxsize=4096)
def listed_values(description: str) -> tuple[str, ...]:
    """The values that a description lists: "'asc' or 'desc'", "one of: red, green or blue"."""
    quoted = [found[2] for found in _QUOTED.finditer(description)]
    if _WORDS_JOINED.search(description):
        return ()
    if _FOR_EXAMPLE.search(description):
        return ()
    if len(quoted) > 1 and all(re.fullmatch(r"[\w-]+", value) for value in quoted):
        return tuple(dict.fromkeys(quoted))
    found = _ONE_OF.search(description)
    return tuple(re.split(r",? or |, ", found[1])) if found else ()


def _free(name: str, description: str, noun: str, rng: Random) -> str:
    """A text for which the schema has no rule."""
    examples = _examples(description)
    example = rng.choice(examples) if examples else ""
    if example and _CODE.fullmatch(example) and not _DATED.fullmatch(example):
        return same_form(example, rng)
    kind = text_kind(name, description, noun)
    if kind is None and example and not _DATED.fullmatch(example) and (_is_code(name) or rng.random() < _SAID_SO):
        return example
    if kind is None and _is_code(name):
        return _identifier(name, noun, rng)
    return str(pooled(kind or "word", rng))


@lru_cache(maxsize=4096)
def _examples(description: str) -> tuple[str, ...]:
    """The examples that a description gives: all that are quoted, else the first."""
    found = _EXAMPLE.search(description)
    if found is None:
        return ()
    quoted = tuple(more[2] for more in _QUOTED.finditer(description, found.start()) if more[2] not in _NOT_SAID)
    return quoted or (found[1].rstrip(".,"),)


@lru_cache(maxsize=8192)
def text_kind(name: str, description: str, noun: str) -> str | None:
    """The kind of text that a parameter takes, or None when nothing tells it."""
    if human := _FOR_HUMANS.search(description):
        return {"size": "data_size", "length": "length_text"}.get(human[1], "timespan_text")
    if "YYYY-MM-DD" in description:
        return "date" if "HH" not in description else "datetime"
    if "owner/" in description and "repo" in description:
        return "full_repository"
    if "IATA" in description:
        return "airline" if "airline" in description.lower() else "airport"
    if "HH:MM" in description:
        return "time"
    name = _told_name(name, description, noun)
    if kind_of(name, noun) in ("language", "country") and re.search(r"\bISO\b|\bcode\b|\b639\b|3166", description):
        return f"{kind_of(name, noun)}_code"
    kind = kind_of(name, noun)
    if len(words(name)) == 1 and words(name)[0] in ("to", "from", "recipient", "target"):
        kind = kind_in(description) or kind
    if kind == "file_path" and re.search(r"director|folder", description.lower()) and "file" not in description.lower():
        return "folder_path"
    if kind in ("date", "datetime") and re.search(r"ISO.?8601|RFC.?3339|timestamp", description):
        return "datetime" if kind == "datetime" or "time" in description.lower() else kind
    # A format is one of whatever its tool writes.
    says_nothing = _is_code(name) or words(name)[-1:] in (("format",), ("fmt",))
    return kind or (None if says_nothing else kind_in(description))


def _told_name(name: str, description: str, noun: str) -> str:
    """A name made longer by its description: "variable_name" for `name`, "The name of the variable"."""
    if name == "name" and (whose := name_of(description)):
        return f"{'_'.join(words(whose))}_name"
    said = words(description.replace("/", " ")) if len(description) < 40 else ()
    if 1 < len(said) < 5 and said[-1:] == words(name)[-1:] and kind_with_noun(name, noun) is None:
        return "_".join(said)  # `message`, "Commit message"
    return name


def name_of(description: str) -> str:
    """What a parameter called `name` names: "variable" for "The name of the variable."; else ""."""
    found = _NAME_OF.match(description)
    return found[1].lower() if found else ""


def is_guessed(parameter: ToolParameter, noun: str = "") -> bool:
    """Whether nothing tells what a text is about, so that any word would do."""
    return not _is_code(parameter.name) and is_made_up(parameter, noun)


def is_made_up(parameter: ToolParameter, noun: str = "") -> bool:
    """Whether nothing tells what a text is: any word would do, or a code of any form (ORD-4182)."""
    options = [*parameter.extra.get("anyOf", ()), *parameter.extra.get("oneOf", ())]
    if _is_code(parameter.name) and {"type": "string"} in [{"type": o.get("type")} for o in options]:
        return True  # "an id or a file name"
    told = parameter.enum or set(parameter.extra) & {"examples", "pattern", "const", "anyOf", "oneOf", "allOf"}
    items = parameter.items if isinstance(parameter.items, Mapping) else {}
    is_text = type_of(parameter.to_schema()) == "string" or (
        parameter.type == "array" and dict(items) in ({}, {"type": "string"})
    )
    if not is_text or told or parameter.format:
        return False
    about = parameter.description
    return not (listed_values(about) or _examples(about) or text_kind(parameter.name, about, noun))


def _is_code(name: str) -> bool:
    return bool(words(name)) and words(name)[-1] in CODE_WORDS


def _identifier(name: str, noun: str, rng: Random) -> str:
    """A code whose letters hint at what it names: ORD-4182 for `order_id`."""
    about = [word for word in (*words(name), *noun.lower().split()) if word not in CODE_WORDS]
    start = (about[0] if about else "ref")[:3].upper()
    shape = rng.choice(("-0000", "-0000", "00000", "-00000"))
    return start + like(shape, rng)


def _fits(text: str, schema: Mapping[str, Any]) -> bool:
    if not schema.get("minLength", 0) <= len(text) <= schema.get("maxLength", math.inf):
        return False
    return not schema.get("pattern") or _finds(schema["pattern"], text)


def _finds(pattern: str, text: str) -> bool:
    """Whether a pattern finds the text; one that only JSON Schema knows is left to the verification."""
    compiled = compiled_pattern(pattern)
    return compiled is None or compiled.search(text) is not None


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
