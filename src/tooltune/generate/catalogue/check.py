"""What must hold of every tool of the catalogue."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any

import jsonschema_rs

from tooltune.generate.catalogue.read import Entry, plain_schema
from tooltune.generate.pools import is_kind
from tooltune.generate.templates import Gap, Template, parse_template

FEWEST_VALUES = 8


def problems(entry: Entry) -> list[str]:
    """Everything that is wrong with a tool, each as one line that says where."""
    found: list[str] = []
    try:
        found.extend(_problems(entry))
    except ValueError as error:  # a template or schema that cannot be read at all
        found.append(str(error))
    return [f"{entry.name}: {text}" for text in found]


def _problems(entry: Entry) -> Iterator[str]:
    yield from _schema(entry)
    yield from _wording(entry)
    yield from _missing(entry)
    for path, schema in leaves(entry.parameters).items():
        yield from _values(entry, path, schema)
    for path, words in entry.words.items():
        known = _enum(leaves(entry.parameters).get(path, {}))
        yield from (f"words.{path}: {value!r} is not in its enum" for value in words if value not in known)


def leaves(parameters: Mapping[str, Mapping[str, Any]], above: str = "") -> dict[str, Mapping[str, Any]]:
    """Path -> schema of everything that has a value of its own: objects are taken apart ("address.city")."""
    found: dict[str, Mapping[str, Any]] = {}
    for name, schema in parameters.items():
        path = f"{above}{name}"
        if schema.get("type") == "object" and schema.get("properties"):
            found |= leaves(schema["properties"], path + ".")
        else:
            found[path] = schema
    return found


def required_leaves(entry: Entry) -> set[str]:
    """The paths that every call must give."""
    found: set[str] = set()
    for name in entry.required():
        schema = entry.parameters[name]
        below = schema.get("properties") if schema.get("type") == "object" else None
        inner = schema.get("required")
        inner = inner if isinstance(inner, list) else list(below or ())
        found |= {f"{name}.{key}" for key in inner} if below else {name}
    return found


def _schema(entry: Entry) -> Iterator[str]:
    try:
        jsonschema_rs.validator_for(entry.input_schema())
    except (ValueError, jsonschema_rs.ValidationError) as error:
        yield f"parameters: {error}"
    for path, schema in leaves(entry.parameters).items():
        if "type" not in schema and "enum" not in schema:
            yield f"parameters.{path}: no type"
        if "description" not in schema:
            yield f"parameters.{path}: no description"


def _wording(entry: Entry) -> Iterator[str]:
    known = leaves(entry.parameters)
    said: set[str] = set()
    if len(set(entry.requests)) < len(entry.requests):
        yield "requests: one stands there twice"
    for kind, texts in (("requests", entry.requests), ("clauses", entry.clauses)):
        for text in texts:
            template = parse_template(text)
            said |= template.keys()
            yield from (f"{kind}: {text!r} {what}" for what in _line(entry, template, text, known))
    for text in entry.clauses:
        if text[-1:] in ".?!" or text[:1].isupper():
            yield f"clauses: {text!r} must fit after 'could you': no capital, no full stop"
    yield from (f"{path}: no request or clause has it" for path in known if path not in said)


def _line(entry: Entry, template: Template, text: str, known: Mapping[str, Any]) -> Iterator[str]:
    yield from (f"has the unknown gap {key!r}" for key in sorted(template.keys() - known.keys()))
    outside = {gap.key for gap in template.required()}
    yield from (f"lacks the required {{{path}}}" for path in sorted(required_leaves(entry) - outside))
    for gap in template.gaps():
        if gap.fixed is None and known.get(gap.key, {}).get("type") == "boolean":
            yield f"must imply the boolean, as in {{{gap.key}=true}}"
    for name in (entry.name, *known):
        if re.search(r"[_.]|[a-z][A-Z]", name) and re.search(rf"\b{re.escape(name)}\b", re.sub(r"\{.*?\}", "", text)):
            yield f"has the raw name {name}"
    if any(isinstance(a, Gap) and isinstance(b, Gap) and not (a.fixed or b.fixed) for a, b in pairwise(template.parts)):
        yield "has two gaps with nothing between them"


def _missing(entry: Entry) -> Iterator[str]:
    required = required_leaves(entry)
    for path, texts in entry.missing.items():
        if path not in required:
            yield f"missing.{path}: not a required parameter"
        if not entry.nouns.get(path):
            yield f"nouns.{path}: how is it called in a question?"
        for text in texts:
            keys = parse_template(text).keys()
            if path in keys:
                yield f"missing.{path}: {text!r} states it"
            for other in sorted(required - {path} - keys):
                yield f"missing.{path}: {text!r} also lacks {{{other}}}; leave out one at a time"
    if required and not entry.missing:
        yield "missing: no request that leaves a required parameter out"


def _values(entry: Entry, path: str, schema: Mapping[str, Any]) -> Iterator[str]:
    """A text needs values to choose from; given ones must be valid."""
    given = entry.values.get(path)
    if isinstance(given, str):
        if not is_kind(given) and not all(is_kind(gap.key) for gap in parse_template(given).gaps()):
            yield f"values.{path}: {given!r} is no kind of pools.py, and no template of such"
        return
    items = schema.get("items", {}) if schema.get("type") == "array" else schema
    free = items.get("type") == "string" and "enum" not in items and "format" not in items
    if free and given is None:
        yield f"values.{path}: a text needs values (a list of at least {FEWEST_VALUES}, or a kind)"
    if given is not None and free and len(set(given)) < FEWEST_VALUES:
        yield f"values.{path}: {len(set(given))} values, expected at least {FEWEST_VALUES}"
    check = jsonschema_rs.validator_for(plain_schema(items))
    yield from (
        f"values.{path}: {value!r} does not fit its schema" for value in given or () if not check.is_valid(value)
    )


def _enum(schema: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(schema.get("enum") or schema.get("items", {}).get("enum") or ())
