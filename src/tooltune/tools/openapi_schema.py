"""The schemas of OpenAPI 3.0 and 3.1 as JSON Schema for a request.

3.0 has a dialect of its own (`nullable`, `exclusiveMinimum: true`, `example`); in both, what describes answers or
documentation (`readOnly` properties, `xml`, `discriminator`, `x-...`) has no place in a tool.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tooltune.tools.schemas import map_subschemas
from tooltune.tools.text import first_paragraph
from tooltune.types import JSON_TYPES

_DROPPED = (
    "xml",
    "discriminator",
    "externalDocs",
    "deprecated",
    "title",
    "readOnly",
    "writeOnly",
    "nullable",
    "example",
)
_PYTHON_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,), "integer": (int,), "number": (int, float), "boolean": (bool,), "array": (list,),
    "object": (dict,), "null": (type(None),),
}  # fmt: skip


def request_schema(schema: Any) -> Any:
    """The schema in today's JSON Schema, for the sender's side; references are already written out."""
    if not isinstance(schema, Mapping):
        return schema
    result = map_subschemas(_without_answers(schema), request_schema)
    _set_types(result)
    _set_bounds(result)
    _set_nullable(result)
    _set_examples(result)
    if "description" in result:
        result["description"] = first_paragraph(result["description"])
    return {key: value for key, value in result.items() if key not in _DROPPED and not key.startswith("x-")}


def _without_answers(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Without the properties that only the server writes."""
    properties, required = schema.get("properties"), schema.get("required")
    if not isinstance(properties, Mapping):
        return dict(schema)
    sent = {name: part for name, part in properties.items() if not _is_read_only(part)}
    if isinstance(required, list):
        required = [name for name in required if name in list(sent) or name not in list(properties)]
    return {**schema, "properties": sent} | ({} if required is None else {"required": required})


def _is_read_only(schema: Any) -> bool:
    return isinstance(schema, Mapping) and schema.get("readOnly") is True


def _set_types(schema: dict[str, Any]) -> None:
    """Types that JSON does not know, as `file` or `any`, say nothing; 3.0 lets a format imply the type."""
    kinds = types_of(schema)
    if kinds:
        schema["type"] = kinds[0] if len(kinds) == 1 else kinds
    else:
        schema.pop("type", None)


def types_of(schema: Mapping[str, Any]) -> list[str]:
    """The JSON types that a schema names."""
    kind = schema.get("type")
    return [name for name in (kind if isinstance(kind, list) else [kind]) if name in JSON_TYPES]


def _set_bounds(schema: dict[str, Any]) -> None:
    """3.0: `exclusiveMinimum: true` says how `minimum` is meant; since then it is the bound itself."""
    for exclusive, bound in (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")):
        if isinstance(schema.get(exclusive), bool) and schema.pop(exclusive) and bound in schema:
            schema[exclusive] = schema.pop(bound)


def _set_nullable(schema: dict[str, Any]) -> None:
    """3.0: `nullable: true`; since then null is one of the types."""
    if schema.get("nullable") is not True:
        return
    kinds = types_of(schema)
    if kinds and "null" not in kinds:
        schema["type"] = [*kinds, "null"]
    for keyword in ("anyOf", "oneOf"):
        if isinstance(schema.get(keyword), list) and not kinds:
            schema[keyword] = [*schema[keyword], {"type": "null"}]
    if isinstance(schema.get("enum"), list) and None not in schema["enum"]:
        schema["enum"] = [*schema["enum"], None]


def _set_examples(schema: dict[str, Any]) -> None:
    """`example` and `examples` as one list; those of another type than the schema's are mistakes, and go."""
    given = schema.get("examples")
    examples = list(given) if isinstance(given, list) else []
    if "example" in schema:
        examples.append(schema["example"])
    fitting = [value for value in examples if fits(value, schema)]
    schema.pop("examples", None)
    if fitting:
        schema["examples"] = fitting


def fits(value: Any, schema: Mapping[str, Any]) -> bool:
    """Whether a value has one of the schema's types and is in its enum."""
    kinds = types_of(schema)
    if isinstance(schema.get("enum"), list) and value not in schema["enum"]:
        return False
    if isinstance(value, bool) and kinds:
        return "boolean" in kinds
    return not kinds or any(isinstance(value, _PYTHON_TYPES[kind]) for kind in kinds)
