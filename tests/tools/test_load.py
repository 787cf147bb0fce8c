"""Tools from JSON files, and the checks that every list of tools goes through."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tooltune.errors import ToolDefinitionError
from tooltune.tools import check_tools, load_tools
from tooltune.types import Tool, ToolParameter

SCHEMA = {
    "type": "object",
    "properties": {
        "city": {"type": "string", "description": "City name"},
        "days": {"type": ["integer", "null"], "default": None, "minimum": 1, "exclusiveMaximum": 15},
        "place": {"$ref": "#/$defs/place"},
    },
    "required": ["city"],
    "$defs": {"place": {"anyOf": [{"type": "string"}, {"const": 7}]}},
    "additionalProperties": False,
}
DOCUMENTED = {"name": "get_weather", "description": "The weather", "parameters": SCHEMA}
NESTED = {"type": "function", "function": DOCUMENTED}
FLAT = {"type": "function", "strict": True, **DOCUMENTED}
MCP = {
    "name": "get_weather",
    "description": "The weather",
    "inputSchema": SCHEMA,
    "annotations": {"readOnlyHint": True},
    "outputSchema": {"type": "object"},
}
ANTHROPIC = {"name": "get_weather", "description": "The weather", "input_schema": SCHEMA}


def save(folder: Path, value: Any, name: str = "tools.json") -> Path:
    path = folder / name
    path.write_bytes(
        value if isinstance(value, bytes) else (value if isinstance(value, str) else json.dumps(value)).encode()
    )
    return path


def error_of(path: Path) -> str:
    with pytest.raises(ToolDefinitionError) as caught:
        load_tools(path)
    return str(caught.value)


def with_properties(properties: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"name": "search", "parameters": {"type": "object", "properties": properties, **more}}


@pytest.mark.parametrize("entry", [DOCUMENTED, NESTED, FLAT, MCP, ANTHROPIC])
@pytest.mark.parametrize("in_object", [False, True])
def test_every_form_gives_the_documented_one(tmp_path: Path, entry: dict[str, Any], in_object: bool) -> None:
    path = save(tmp_path, {"tools": [entry], "nextCursor": "x"} if in_object else [entry])
    tools = load_tools(path)
    assert [tool.to_dict() for tool in tools] == [DOCUMENTED]
    assert [p.name for p in tools[0].parameters if p.required] == ["city"]


def test_order_byte_order_mark_and_tools_without_parameters(tmp_path: Path) -> None:
    path = save(tmp_path, b"\xef\xbb\xbf" + json.dumps([{"name": "b"}, {"name": "a"}]).encode())
    assert load_tools(path) == [Tool("b"), Tool("a")]
    assert load_tools(path)[0].schema() == {"type": "object", "properties": {}, "required": []}


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("[", "tools.json, line 1, column 2: not JSON: Expecting value"),
        ('[\n {"name": "a",}]', "tools.json, line 2, column 15: not JSON: "),
        ('[{"name": "a", "name": "b"}]', "not JSON: the key 'name' is given twice"),
        ("[NaN]", "not JSON: NaN is not JSON"),
        ("[" * 200_000, "nested too deeply"),
        (b"\xff", "not UTF-8 at byte 0. Save the file as UTF-8"),
        ("", "line 1, column 1: not JSON: Expecting value"),
        ([], "tools.json: an empty list; expected at least one tool"),
        ({"tools": []}, "tools.json: an empty list"),
        ({"name": "a"}, "an object with the keys ['name']; expected a list of tools, or an object with"),
        ({"tools": {}}, "an object with the keys ['tools']; expected a list of tools"),
        ("3", "tools.json: 3; expected a list of tools"),
        ([DOCUMENTED, 3], "tools.json, tools[1]: 3; expected an object with"),
        ([{"type": "web_search"}], "tools[0]: {'type': 'web_search'}; expected an object with"),
        ([MCP | {"parameters": {}}], "tools[0] 'get_weather': both parameters and inputSchema; expected one"),
        ([{"name": "a", "paramters": SCHEMA}], "tools[0] 'a', key paramters: {"),
        (
            [{"name": "a", "parameters": {}, "required": ["x"]}],
            "tools[0] 'a', key required: ['x']; expected all",
        ),
        ([{"name": "a", "inputSchema": []}], "tools[0] 'a', key parameters: []; expected a JSON Schema"),
        ([DOCUMENTED, MCP], "tools[1] 'get_weather': the name of tools[0] again; expected a different name"),
        ([with_properties({"n": {"type": "int"}})], "tools[0] 'search', parameter 'n': type 'int'; expected"),
        (
            [with_properties({"n": {"type": "number", "minimum": "1"}})],
            "tools[0] 'search', parameter 'n', key minimum: not a valid JSON Schema: \"1\" is not of type",
        ),
        (
            [with_properties({"n": {"type": "array", "items": {"type": "array", "minItems": -1}}})],
            "parameter 'n', key items.minItems: not a valid JSON Schema: -1 is less",
        ),
        ([with_properties({"n": {"pattern": "("}})], "parameter 'n', key pattern: not a valid JSON Schema"),
        ([with_properties({"n": {"type": None}})], "parameter 'n', key type: not a valid JSON Schema"),
        ([with_properties({"n": {"$ref": "#/$defs/no"}})], "'/$defs/no' does not exist"),
        (
            [with_properties({"n": {"$ref": "http://x.invalid/s"}})],
            "http://x.invalid/s is outside the schema",
        ),
        ([with_properties({}, additionalProperties=3)], "tools[0] 'search', key additionalProperties: not a"),
        (
            [with_properties({"a": {}}, required=["b"])],
            "tools[0] 'search', key required: 'b'; expected a name",
        ),
    ],
)
def test_error_says_where_and_what(tmp_path: Path, value: Any, said: str) -> None:
    assert said in error_of(save(tmp_path, value))


def test_missing_file_folder_and_suffix(tmp_path: Path) -> None:
    assert "no such file. Check the path" in error_of(tmp_path / "no.json")
    (tmp_path / "folder.json").mkdir()
    assert "folder.json: cannot be read: Is a directory" in error_of(tmp_path / "folder.json")
    assert "the suffix '.toml'; expected a file of tools, .json" in error_of(tmp_path / "a.toml")


def test_check_of_tools_made_in_python() -> None:
    good = Tool("a", "", [ToolParameter("x", "", "integer", required=True, minimum=1)])
    check_tools([good, Tool("b")], "EXAMPLE_TOOLS")
    with pytest.raises(ToolDefinitionError, match=r"EXAMPLE_TOOLS, tools\[2\] 'a': the name of tools\[0\]"):
        check_tools([good, Tool("b"), good], "EXAMPLE_TOOLS")
    with pytest.raises(ToolDefinitionError, match=r"tools\[0\] 'c': 'y' is required and has no property"):
        check_tools([Tool("c", extra={"required": ["y"]})], "EXAMPLE_TOOLS")
    with pytest.raises(ToolDefinitionError, match=r"tools\[0\] 'd', parameter 'x', key minLength"):
        check_tools([Tool("d", "", [ToolParameter("x", extra={"minLength": "2"})])], "EXAMPLE_TOOLS")
    with pytest.raises(ToolDefinitionError, match=r"tools\[0\] 'e': not a valid JSON Schema"):
        check_tools([Tool("e", "", [ToolParameter("x", "\ud800")])], "EXAMPLE_TOOLS")


def test_draft_4_schema_without_required_parameters() -> None:
    check_tools([Tool("a", extra={"$schema": "http://json-schema.org/draft-04/schema#"})], "f")
