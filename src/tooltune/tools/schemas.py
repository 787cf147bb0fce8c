"""Schemas that stand on their own: local references are written out, and recursion is cut.

A model is shown the schema of a tool and nothing beside it, and the generator fills it from the top down, so
`#/$defs/place` has to stand where it is used. `allOf` is merged where that says the same.

Not covered: `$anchor`, `$dynamicRef` and references under an `$id` are kept as they are, with their `$defs`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import unquote

from tooltune.errors import ToolDefinitionError
from tooltune.types import Tool

REPEATS = 2
"""How often a reference is written out inside itself before it is cut."""

LARGEST = 5_000
"""Schemas written out in one tool; after that no further reference is followed."""

_ONE = (
    "items", "additionalItems", "additionalProperties", "not", "if", "then", "else", "contains",
    "propertyNames", "unevaluatedItems", "unevaluatedProperties", "contentSchema",
)  # fmt: skip
_MANY = ("anyOf", "oneOf", "allOf", "prefixItems", "items")
_NAMED = ("properties", "patternProperties", "dependentSchemas", "$defs", "definitions")
_SAID = ("title", "description", "default", "examples", "example", "deprecated", "readOnly", "writeOnly", "$comment")
# These speak of the keywords beside them: moved next to others, they would say something else.
_COUPLED = (
    "additionalProperties", "unevaluatedProperties", "unevaluatedItems", "patternProperties", "prefixItems",
    "additionalItems", "if", "then", "else", "contains", "minContains", "maxContains", "$id", "$dynamicRef",
)  # fmt: skip


def map_subschemas(schema: Mapping[str, Any], change: Callable[[Any], Any]) -> dict[str, Any]:
    """A copy of `schema` in which `change` was applied to every schema directly inside it.

    What is data and not a schema (`enum`, `const`, `default`, `examples`) stays as it is.
    """
    result = dict(schema)
    for key, value in schema.items():
        if key in _NAMED and isinstance(value, Mapping):
            result[key] = {name: change(part) for name, part in value.items()}
        elif key in _MANY and isinstance(value, list):
            result[key] = [change(part) for part in value]
        elif key in _ONE and isinstance(value, Mapping):
            result[key] = change(value)
    return result


def self_contained(tool: Tool, where: str) -> tuple[Tool, list[str]]:
    """The tool with its local references written out, and a notice for each that was cut.

    Raises:
        ToolDefinitionError: the schema means more than ten times `LARGEST` schemas.
    """
    schema = tool.schema()
    if not any(f"'{keyword}'" in repr(schema) for keyword in ("$ref", "allOf")):
        return tool, []
    inliner = Inliner(schema, where)
    bare = {key: value for key, value in schema.items() if key not in ("$defs", "definitions")}
    result = inliner.inline(bare)
    if inliner.kept:
        result |= {key: schema[key] for key in ("$defs", "definitions") if key in schema}
    made = Tool.from_dict({"name": tool.name, "description": tool.description, "parameters": result}, where)
    return made, inliner.notices


class Inliner:
    """Writes out the references of schemas that stand in one document.

    Args:
        root: the document that `#/...` starts from.
        where: for notices.
        keep: leave a reference that is not found as it is; otherwise it becomes "any value", with a notice.
    """

    def __init__(self, root: Mapping[str, Any], where: str, keep: bool = True) -> None:
        self.root, self.where, self.keep = root, where, keep
        self.left = LARGEST
        self.kept = False
        self.notices: list[str] = []

    def inline(self, schema: Any, opened: tuple[str, ...] = ()) -> Any:
        """`schema` with its references written out; `opened` are those that it stands in."""
        if not isinstance(schema, Mapping):
            return schema
        self.left -= 1
        if self.left < -9 * LARGEST:
            found = f"a schema that means more than {10 * LARGEST:,} schemas"
            raise ToolDefinitionError(self.where, found, fix="Leave out or simplify this tool")
        if isinstance(schema.get("$ref"), str):
            return self._reference(schema, opened)
        return merge_all_of(map_subschemas(schema, lambda part: self.inline(part, opened)))

    def _reference(self, schema: Mapping[str, Any], opened: tuple[str, ...]) -> Any:
        reference = schema["$ref"]
        target = find(self.root, reference)
        beside = self.inline({key: value for key, value in schema.items() if key != "$ref"}, opened)
        if target is None:
            return self._unknown(reference, beside)
        if opened.count(reference) >= REPEATS:
            self._say(f"the recursive reference {reference} is cut after {REPEATS} levels")
            target = _stub(target)
        elif self.left <= 0:
            self._say(f"the reference {reference} is cut: the tool has more than {LARGEST:,} schemas")
            target = _stub(target)
        else:
            target = self.inline(target, (*opened, reference))
        return combined(target, beside)

    def _unknown(self, reference: str, beside: dict[str, Any]) -> dict[str, Any]:
        if self.keep:
            self.kept = True
            return {"$ref": reference} | beside
        self._say(f"the reference {reference} leads to nothing in this file; any value is accepted there")
        return beside

    def _say(self, text: str) -> None:
        if (notice := f"{self.where}: {text}") not in self.notices:
            self.notices.append(notice)


def find(root: Any, reference: str) -> Any:
    """What the JSON pointer `#/...` points to, or None."""
    if reference == "#":
        return root
    if not reference.startswith("#/"):
        return None
    place = root
    for part in unquote(reference[2:]).split("/"):
        key = part.replace("~1", "/").replace("~0", "~")
        if isinstance(place, Mapping) and key in place:
            place = place[key]
        elif isinstance(place, list) and key.isdecimal() and int(key) < len(place):
            place = place[int(key)]
        else:
            return None
    return place


def _stub(schema: Any) -> dict[str, Any]:
    """What is left of a schema that is not written out: its type and description."""
    if not isinstance(schema, Mapping):
        return {}
    stub = {key: schema[key] for key in ("type", "description") if key in schema}
    return {"type": "object"} | stub if "properties" in schema else stub


def combined(target: Any, beside: dict[str, Any]) -> Any:
    """A reference's target and the keywords beside it; a description beside it wins."""
    if not beside or target is True:
        return beside or target
    both = _merged([target, beside])
    return {"allOf": [target], **beside} if both is None else both


def merge_all_of(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema without its `allOf`, if its parts can stand side by side and mean the same."""
    parts = schema.get("allOf")
    if not isinstance(parts, list):
        return schema
    both = _merged([*parts, {key: value for key, value in schema.items() if key != "allOf"}])
    return schema if both is None else both


def _merged(parts: Sequence[Any]) -> dict[str, Any] | None:
    """The conjunction of schemas as one schema, or None where it cannot be written side by side."""
    if not all(isinstance(part, Mapping) for part in parts):
        return None
    asserting = [part for part in parts if any(key not in (*_SAID, "type") for key in part)]
    if len(asserting) > 1 and any(key in part for part in asserting for key in _COUPLED):
        return None
    result: dict[str, Any] = {}
    for part in parts:
        for key, value in part.items():
            if not _add(result, key, value):
                return None
    return result


def _add(result: dict[str, Any], key: str, value: Any) -> bool:
    """Put one keyword of one more part into the result; False if the two contradict or need a conjunction."""
    known = result.get(key)
    if key not in result or key in _SAID:
        result[key] = value
    elif key == "required" and isinstance(known, list) and isinstance(value, list):
        result[key] = [*known, *(name for name in value if name not in known)]
    elif key == "properties" and isinstance(known, Mapping) and isinstance(value, Mapping):
        shared = {name: _merged([known[name], value[name]]) for name in value if name in known}
        result[key] = {**known, **value, **shared}
        return None not in shared.values()
    elif key == "type" and known != value:
        return _narrow(result, known, value)
    return bool(key in ("required", "properties", "type", *_SAID) or result[key] == value)


def _narrow(result: dict[str, Any], known: Any, value: Any) -> bool:
    """Both types hold: ["object", "null"] and "object" is "object"."""
    both = [kind for kind in _listed(known) if kind in _listed(value)]
    if both:
        result["type"] = both[0] if len(both) == 1 else both
    return bool(both)


def _listed(kind: Any) -> list[Any]:
    return list(kind) if isinstance(kind, list | tuple) else [kind]
