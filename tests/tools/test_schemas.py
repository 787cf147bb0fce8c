"""Schemas that stand on their own, and mean what they meant before."""

from __future__ import annotations

from typing import Any

import jsonschema_rs
import pytest

from tooltune.errors import ToolDefinitionError
from tooltune.tools.schemas import LARGEST, REPEATS, self_contained
from tooltune.types import Tool


def whole(parameters: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    tool = Tool.from_dict({"name": "t", "parameters": parameters})
    made, notices = self_contained(tool, "f.json, tool 't'")
    return made.schema(), notices


def test_references_are_written_out_where_they_are_used() -> None:
    schema, notices = whole({
        "type": "object",
        "properties": {
            "from": {"$ref": "#/$defs/place", "description": "Start"},
            "stops": {"type": "array", "items": {"$ref": "#/$defs/place"}},
            "when": {"anyOf": [{"$ref": "#/definitions/a~1b"}, {"type": "null"}]},
        },
        "$defs": {"place": {"type": "object", "description": "A place", "properties": {"x": {"$ref": "#/$defs/n"}}},
                  "n": {"type": "number", "minimum": 0}},
        "definitions": {"a/b": {"type": "string"}},
    })  # fmt: skip
    place = {"type": "object", "properties": {"x": {"type": "number", "minimum": 0}}}
    assert schema["properties"] == {
        "from": place | {"description": "Start"},
        "stops": {"type": "array", "items": place | {"description": "A place"}},
        "when": {"anyOf": [{"type": "string"}, {"type": "null"}]},
    }
    assert set(schema) == {"type", "properties", "required"}
    assert notices == []


def test_a_schema_that_is_a_reference_as_a_whole() -> None:
    """As zod-to-json-schema writes it."""
    schema, _ = whole({"$ref": "#/definitions/A", "definitions": {
        "A": {"type": "object", "properties": {"x": {"type": "string"}}, "required": ["x"]}}})  # fmt: skip
    assert schema == {"type": "object", "properties": {"x": {"type": "string"}}, "required": ["x"]}


def test_recursion_is_cut_and_said() -> None:
    node = {"type": "object", "properties": {"text": {"type": "string"}, "next": {"$ref": "#/$defs/node"}}}
    schema, notices = whole(
        {"type": "object", "properties": {"root": {"$ref": "#/$defs/node"}}, "$defs": {"node": node}}
    )
    inner = schema["properties"]["root"]
    for _ in range(REPEATS - 1):
        inner = inner["properties"]["next"]
    assert inner["properties"]["next"] == {"type": "object"}
    assert notices == ["f.json, tool 't': the recursive reference #/$defs/node is cut after 2 levels"]
    jsonschema_rs.validator_for(schema).validate({"root": {"text": "a", "next": {"next": {"next": {"text": "b"}}}}})


def test_references_to_each_other_and_to_the_root() -> None:
    loop = {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}}
    assert whole({"type": "object", "properties": {"x": {"$ref": "#/$defs/a"}}, "$defs": loop})[0]["properties"] == {
        "x": {}
    }
    schema, notices = whole({"type": "object", "properties": {"x": {"$ref": "#"}}})
    assert schema["properties"]["x"]["properties"]["x"]["properties"]["x"] == {"type": "object"}
    assert len(notices) == 1


def test_references_that_multiply_are_cut() -> None:
    parts: dict[str, Any] = {"d0": {"type": "string"}}
    for level in range(1, 40):
        pair = {name: {"$ref": f"#/$defs/d{level - 1}"} for name in "ab"}
        parts[f"d{level}"] = {"type": "object", "properties": pair}
    schema, notices = whole({"type": "object", "properties": {"x": {"$ref": "#/$defs/d39"}}, "$defs": parts})
    assert f"more than {LARGEST:,} schemas" in notices[0]
    assert len(str(schema)) < 1_000_000


def test_a_schema_too_large_by_itself() -> None:
    many = {f"p{i}": {"$ref": "#/$defs/s"} for i in range(10 * LARGEST)}
    with pytest.raises(ToolDefinitionError, match="means more than 50,000 schemas"):
        whole({"type": "object", "properties": {"x": {"properties": many}}, "$defs": {"s": {"type": "string"}}})


@pytest.mark.parametrize(
    ("schema", "merged"),
    [
        ({"allOf": [{"type": "string"}], "description": "d"}, {"type": "string", "description": "d"}),
        (
            {"allOf": [{"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]},
                       {"properties": {"b": {"minimum": 1}}, "required": ["b", "a"]}]},
            {"type": "object", "properties": {"a": {"type": "string"}, "b": {"minimum": 1}}, "required": ["a", "b"]},
        ),
        ({"allOf": [{"type": ["object", "null"]}, {"type": "object"}]}, {"type": "object"}),
        ({"allOf": [{"properties": {"a": {"type": "string"}}}, {"properties": {"a": {"enum": ["x"]}}}]},
         {"properties": {"a": {"type": "string", "enum": ["x"]}}}),
    ],
)  # fmt: skip
def test_all_of_is_merged(schema: dict[str, Any], merged: dict[str, Any]) -> None:
    assert whole({"type": "object", "properties": {"x": schema}})[0]["properties"]["x"] == merged


@pytest.mark.parametrize(
    "schema",
    [
        {"allOf": [{"minimum": 1}, {"minimum": 2}]},
        {"allOf": [{"type": "string"}, {"type": "integer"}]},
        {"allOf": [{"properties": {"a": {}}, "additionalProperties": False}, {"properties": {"b": {}}}]},
        {"allOf": [{"items": {"type": "string"}}, {"items": {"minLength": 2, "type": "integer"}}]},
        {"allOf": [{"properties": {"a": {"minimum": 1}}}, {"properties": {"a": {"minimum": 2}}}]},
        {"allOf": [True, {"type": "string"}]},
    ],
)
def test_all_of_that_says_more_stays(schema: dict[str, Any]) -> None:
    assert whole({"type": "object", "properties": {"x": schema}})[0]["properties"]["x"] == schema


def test_what_is_data_or_a_name_is_not_a_schema() -> None:
    properties = {
        "$ref": {"type": "string", "default": {"$ref": "#/$defs/no"}},
        "x": {"enum": [{"$ref": "#/$defs/no"}], "examples": [{"allOf": []}]},
        "allOf": {"$ref": "#/$defs/s"},
    }
    schema, _ = whole({"type": "object", "properties": properties, "$defs": {"s": {"type": "string"}}})
    assert schema["properties"] == properties | {"allOf": {"type": "string"}}


def test_other_references_are_kept_with_their_definitions() -> None:
    given = {"type": "object", "properties": {"x": {"$ref": "#here"}}, "required": [],
             "$defs": {"s": {"$anchor": "here", "type": "string"}}}  # fmt: skip
    assert whole(given)[0] == given
