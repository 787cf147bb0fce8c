"""When two arguments mean the same, and what is wrong with one that doesn't.

Equality is semantic: an optional argument that equals its declared default equals an absent one,
an integral float equals the integer, a boolean is never a number, strings are exactly equal, and
lists are ordered. Objects and lists are compared recursively by their schema.

Not covered: `$ref`, `anyOf`, `oneOf` and `allOf`; below such a schema any type passes and no
default is known.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterator, Mapping
from typing import Any

from tooltune.types import ToolCall

MAX_DEPTH = 32
_ABSENT = object()
_CLASSES: Mapping[str, Any] = {
    "string": str, "null": type(None), "array": (list, tuple), "object": Mapping,
}  # fmt: skip


def is_plain(value: Any, depth: int = MAX_DEPTH) -> bool:
    """Whether `value` is finite JSON of a depth that every reader can take."""
    if isinstance(value, Mapping | list | tuple):
        parts = value.values() if isinstance(value, Mapping) else value
        return depth > 0 and all(is_plain(part, depth - 1) for part in parts)
    return not isinstance(value, float) or math.isfinite(value)


def canonical(value: Any, schema: Any = None) -> Hashable:
    """A value that is equal for exactly the values that mean the same under `schema`."""
    if isinstance(value, bool):
        return "boolean", value
    if isinstance(value, Mapping):
        return "object", frozenset(_members(value, schema))
    if isinstance(value, list | tuple):
        return "array", tuple(canonical(part, _get(schema, "items")) for part in value)
    return value if isinstance(value, str | int | float | None) else repr(value)


def canonical_call(call: ToolCall, schema: Any = None) -> Hashable:
    """A call as a comparable value; `schema` is that of its tool's arguments."""
    return call.name, canonical(call.arguments, schema)


def _members(value: Mapping[str, Any], schema: Any) -> Iterator[tuple[str, Hashable]]:
    """The members of an object without those that only repeat a default."""
    for name, part in value.items():
        member = _get(_get(schema, "properties"), name)
        if name in required(schema) or not _is_default(part, member):
            yield name, canonical(part, member)


def _is_default(value: Any, schema: Any) -> bool:
    default = schema.get("default", _ABSENT) if isinstance(schema, Mapping) else _ABSENT
    return default is not _ABSENT and canonical(value, schema) == canonical(default, schema)


def required(schema: Any) -> frozenset[str]:
    """Names of the required members of an object schema."""
    names = _get(schema, "required")
    return frozenset(names) if isinstance(names, list) else frozenset()


def has_right_type(value: Any, schema: Any) -> bool:
    """Whether the value, and all that is in it, is of the JSON type that the schema declares."""
    declared = _get(schema, "type")
    kinds = [declared] if isinstance(declared, str) else declared
    if isinstance(kinds, list) and not any(_is_kind(value, kind) for kind in kinds):
        return False
    return all(has_right_type(part, member) for part, member in _parts(value, schema))


def is_in_enum(value: Any, schema: Any) -> bool:
    """Whether the value, and all that is in it, is one of those that the schema lists."""
    listed = _get(schema, "enum")
    if isinstance(listed, list) and canonical(value) not in [canonical(allowed) for allowed in listed]:
        return False
    return all(is_in_enum(part, member) for part, member in _parts(value, schema))


def _parts(value: Any, schema: Any) -> Iterator[tuple[Any, Any]]:
    """The parts of an object or array that have a schema, with their schema."""
    if isinstance(value, Mapping) and isinstance(_get(schema, "properties"), Mapping):
        yield from ((part, schema["properties"].get(name)) for name, part in value.items())
    if isinstance(value, list | tuple) and isinstance(_get(schema, "items"), Mapping):
        yield from ((part, schema["items"]) for part in value)


def _is_kind(value: object, kind: str) -> bool:
    if isinstance(value, bool):
        return kind == "boolean"
    if isinstance(value, int | float):
        return kind == "number" or (kind == "integer" and math.floor(value) == value)
    return isinstance(value, _CLASSES.get(kind, ()))


def _get(schema: Any, key: str) -> Any:
    return schema.get(key) if isinstance(schema, Mapping) else None
