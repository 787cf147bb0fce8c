"""The values every stage passes on: nothing lost on the way through a file, every error placed."""

from __future__ import annotations

import copy
import json
import pickle
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tooltune.errors import DataError, ToolDefinitionError
from tooltune.types import JSON_TYPES, UNSET, Example, Message, Tool, ToolCall, ToolParameter

TEXT = st.text(max_size=8)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(TEXT, inner, max_size=2),
    max_leaves=5,
)
TYPES = st.sampled_from(JSON_TYPES)


def schemas(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """JSON Schemas with keywords of every kind; each may be absent."""
    return st.fixed_dictionaries(
        {},
        optional={
            "type": TYPES | st.lists(TYPES, min_size=1, max_size=3, unique=True),
            "description": TEXT,
            "title": TEXT,
            "enum": st.lists(VALUES, max_size=3),
            "const": VALUES,
            "default": VALUES,
            "items": inner | st.booleans(),
            "properties": st.dictionaries(TEXT, inner, max_size=2),
            "required": st.lists(TEXT, max_size=2, unique=True),
            "additionalProperties": inner | st.booleans(),
            "anyOf": st.lists(inner, min_size=1, max_size=2),
            "$defs": st.dictionaries(TEXT, inner, max_size=2),
            "$ref": st.just("#/$defs/x"),
            "format": TEXT,
            "pattern": TEXT,
            "minimum": st.integers() | st.floats(allow_nan=False, allow_infinity=False),
            "maximum": st.integers(),
            "examples": st.lists(VALUES, max_size=2),
        },
    )


SCHEMAS = st.recursive(st.just({}), schemas, max_leaves=6).flatmap(lambda leaf: schemas(st.just(leaf)))


@st.composite
def tool_dicts(draw: st.DrawFn) -> dict[str, Any]:
    """An entry of `tools` in the documented form."""
    properties = draw(st.dictionaries(st.text(min_size=1, max_size=8), SCHEMAS, max_size=3))
    required = [name for name in properties if draw(st.booleans())]
    rest = {key: value for key, value in draw(SCHEMAS).items() if key in ("$defs", "anyOf", "title")}
    schema = {"type": "object", "properties": properties, "required": required, **rest}
    return {"name": "tool", "description": draw(TEXT), "parameters": schema}


# Tools


@settings(max_examples=200, deadline=None)
@given(tool_dicts())
def test_no_schema_loses_anything(data: dict[str, Any]) -> None:
    before = json.dumps(data, sort_keys=True)
    tool = Tool.from_dict(data)
    assert json.dumps(tool.to_dict(), sort_keys=True) == before
    assert Tool.from_dict(tool.to_dict()) == tool
    assert json.dumps(data, sort_keys=True) == before
    assert Tool.from_dict({"type": "function", "function": data}) == tool


@given(tool_dicts())
@settings(max_examples=50, deadline=None)
def test_writing_twice_gives_the_same_bytes(data: dict[str, Any]) -> None:
    once = Tool.from_dict(data).to_dict()
    assert json.dumps(Tool.from_dict(once).to_dict()) == json.dumps(once)


def test_the_documented_short_form() -> None:
    tool = Tool(
        name="get_weather",
        description="The weather",
        parameters=[
            ToolParameter("city", "City name", "string", required=True),
            ToolParameter("unit", "Unit", "string", enum=("C", "F"), default="C"),
        ],
    )
    assert tool.to_dict() == {
        "name": "get_weather",
        "description": "The weather",
        "parameters": {
            "type": "object",
            "properties": {
                "city": {"type": "string", "description": "City name"},
                "unit": {"type": "string", "description": "Unit", "enum": ["C", "F"], "default": "C"},
            },
            "required": ["city"],
        },
    }
    assert tool.parameter("city") is tool.parameters[0]
    assert tool.parameter("nothing") is None


def test_a_tool_written_with_a_list_equals_the_one_read() -> None:
    tool = Tool("a", "b", [ToolParameter("x", "y", ["integer", "null"], default=None)])
    assert Tool.from_dict(json.loads(json.dumps(tool.to_dict()))) == tool


def test_default_null_is_not_no_default() -> None:
    assert ToolParameter("x").to_schema() == {"type": "string"}
    assert ToolParameter("x", default=None).to_schema() == {"type": "string", "default": None}
    assert ToolParameter.from_schema("x", {"default": None}).default is None
    assert ToolParameter.from_schema("x", {}).default is UNSET


@pytest.mark.parametrize("schema", [{}, {"description": ""}, {"enum": None}, {"type": None}, {"minimum": 0}])
def test_odd_schemas_come_back(schema: dict[str, Any]) -> None:
    assert ToolParameter.from_schema("x", schema).to_schema() == schema


def test_unset_stays_itself_through_copies() -> None:
    assert copy.copy(UNSET) is copy.deepcopy(UNSET) is pickle.loads(pickle.dumps(UNSET)) is UNSET
    assert repr(UNSET) == "UNSET"


@pytest.mark.parametrize("parameters", [None, {}, {"type": "object"}])
def test_what_a_schema_leaves_out_is_written_in_full(parameters: Any) -> None:
    written = Tool.from_dict({"name": "a", "parameters": parameters}).to_dict()
    assert written == {
        "name": "a",
        "description": "",
        "parameters": {"type": "object", "properties": {}, "required": []},
    }


def entry(**parameters: Any) -> dict[str, Any]:
    return {"name": "a", "parameters": {"type": "object", **parameters}}


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (None, "f, tools[0]: nothing; expected an object with"),
        ("x" * 99, "f, tools[0]: '" + "x" * 56 + "...; expected"),
        ({"name": 3}, "f, tools[0]: {'name': 3}; expected an object with"),
        ({"name": ""}, "f, tools[0], tool '': not a usable name; expected a non-empty word"),
        ({"name": " a"}, "f, tools[0], tool ' a': not a usable name"),
        ({"name": "a\nb"}, "a control character in the name; expected one line"),
        ({"name": "a", "description": 3}, "f, tools[0] 'a', key description: 3; expected a string"),
        ({"name": "a", "parameters": []}, "f, tools[0] 'a', key parameters: []; expected a JSON Schema"),
        ({"name": "a", "parameters": ""}, "f, tools[0] 'a', key parameters: ''; expected a JSON Schema"),
        (entry(type="dict"), "f, tools[0] 'a', key parameters: {'type': 'dict'}; expected a JSON Schema"),
        (entry(properties=[]), "f, tools[0] 'a', key parameters: {'type': 'object', 'properties': []}"),
        (
            entry(properties={"x": True}),
            "f, tools[0] 'a', parameter 'x': True; expected a JSON Schema object",
        ),
        (entry(properties={"": {}}), "f, tools[0] 'a', parameter '': no name; expected a non-empty string"),
        (
            entry(properties={"x": {"type": "str"}}),
            "f, tools[0] 'a', parameter 'x': type 'str'; expected one",
        ),
        (entry(properties={"x": {"type": 5}}), "f, tools[0] 'a', parameter 'x': type 5; expected one of"),
        (entry(properties={"x": {"type": [[]]}}), "f, tools[0] 'a', parameter 'x': type []; expected one of"),
        (
            entry(properties={"x": {"enum": "ab"}}),
            "f, tools[0] 'a', parameter 'x': enum 'ab'; expected a list",
        ),
        (entry(required="x"), "f, tools[0] 'a', key required: 'x'; expected a list of parameter names"),
        (entry(required=["x"]), "f, tools[0] 'a', key required: 'x'; expected a name that stands"),
        (entry(properties={"x": {}}, required=[["x"]]), "key required: ['x']; expected a name that stands"),
        (
            {"name": "a", "inputSchema": {}},
            "f, tools[0] 'a', key inputSchema: {}; expected all of the schema",
        ),
        ({"name": "a", "parameters": {}, "required": []}, "f, tools[0] 'a', key required: []; expected all"),
    ],
)
def test_tool_errors_say_where_and_what(data: Any, said: str) -> None:
    with pytest.raises(ToolDefinitionError) as caught:
        Tool.from_dict(data, "f, tools[0]")
    assert said in str(caught.value)


def test_two_parameters_of_one_name() -> None:
    with pytest.raises(ToolDefinitionError, match="tool 'a': two parameters named 'x'; expected different"):
        Tool("a", "", [ToolParameter("x"), ToolParameter("y"), ToolParameter("x")])


# Calls and messages


@given(st.dictionaries(TEXT, VALUES, max_size=3))
def test_call_round_trip(arguments: dict[str, Any]) -> None:
    call = ToolCall("a", arguments)
    assert call.to_dict() == {"name": "a", "parameters": arguments}
    assert ToolCall.from_dict(call.to_dict()) == call


@pytest.mark.parametrize(
    ("message", "data"),
    [
        (Message("user", "hi"), {"role": "user", "content": "hi"}),
        (Message("tool", "1", name="a"), {"role": "tool", "content": "1", "name": "a"}),
        (
            Message("assistant", "", (ToolCall("a"), ToolCall("b", {"x": None}))),
            {
                "role": "assistant",
                "content": "",
                "tool_calls": [{"name": "a", "parameters": {}}, {"name": "b", "parameters": {"x": None}}],
            },
        ),
    ],
)
def test_message_round_trip(message: Message, data: dict[str, Any]) -> None:
    assert message.to_dict() == data
    assert list(message.to_dict()) == list(data)
    assert Message.from_dict(data) == message


def test_content_may_be_null_beside_calls_only() -> None:
    calls = [{"name": "a", "parameters": {}}]
    read = Message.from_dict({"role": "assistant", "content": None, "tool_calls": calls, "name": None})
    assert read == Message("assistant", "", (ToolCall("a"),))


CALL = {"name": "a", "parameters": {}}


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ([], "m: []; expected an object with"),
        ({"content": ""}, "m, key role: nothing; expected one of system, user, assistant, tool"),
        ({"role": ["user"], "content": ""}, "m, key role: ['user']; expected one of"),
        ({"role": "user"}, "m, key content: nothing; expected a string"),
        ({"role": "assistant", "content": None, "tool_calls": []}, "m, key content: nothing"),
        ({"role": "user", "content": [1]}, "m, key content: [1]; expected a string"),
        ({"role": "user", "content": "", "tool_calls": [CALL]}, "m, key tool_calls: [{"),
        ({"role": "assistant", "content": "", "tool_calls": {}}, "m, key tool_calls: {}; expected a list"),
        ({"role": "tool", "content": "", "name": 1}, "m, key name: 1; expected a string"),
        ({"role": "assistant", "content": "", "tool_calls": [CALL, 1]}, "m, key tool_calls[1]: 1; expected"),
        (
            {"role": "assistant", "content": "", "tool_calls": [{"name": "a", "parameters": "{}"}]},
            "m, key tool_calls[0], key parameters: '{}'; expected an object of arguments",
        ),
        (
            {"role": "assistant", "content": "", "tool_calls": [{"name": "a", "arguments": {}}]},
            "m, key tool_calls[0], key parameters: nothing; expected an object",
        ),
    ],
)
def test_message_errors_say_where_and_what(data: Any, said: str) -> None:
    with pytest.raises(DataError) as caught:
        Message.from_dict(data, "m")
    assert said in str(caught.value)


# Examples

USER = {"role": "user", "content": "hi"}


def test_example_round_trip_keeps_metadata_in_order() -> None:
    data = {"messages": [USER], "tools": [Tool("a").to_dict()], "z": None, "a": {"k": [1]}}
    example = Example.from_dict(data)
    assert example.metadata == {"z": None, "a": {"k": [1]}}
    assert json.dumps(example.to_dict()) == json.dumps(data)
    assert Example.from_dict(example.to_dict()) == example


@pytest.mark.parametrize("key", ["messages", "tools"])
def test_metadata_never_stands_instead_of_the_example(key: str) -> None:
    with pytest.raises(DataError, match=f"example, metadata: the key '{key}'; expected keys beside"):
        Example((Message("user", "hi"),), (), {key: []})


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (3, "e: 3; expected an object with"),
        ({"tools": []}, "e, key messages: nothing; expected a list"),
        ({"messages": [USER]}, "e, key tools: nothing; expected a list"),
        ({"messages": [USER], "tools": {}}, "e, key tools: {}; expected a list"),
        ({"messages": [], "tools": []}, "e, key messages: an empty list; expected at least one message"),
        ({"messages": [USER, 1], "tools": []}, "e, key messages[1]: 1; expected an object"),
        ({"messages": [USER], "tools": [{"name": "a"}, 1]}, "e, key tools[1]: 1; expected an object"),
        (
            {"messages": [USER], "tools": [entry(properties={"x": {"type": "str"}})]},
            "e, key tools[0] 'a', parameter 'x': type 'str'; expected one of",
        ),
    ],
)
def test_example_errors_are_data_errors_that_say_where(data: Any, said: str) -> None:
    with pytest.raises(DataError) as caught:
        Example.from_dict(data, "e")
    assert said in str(caught.value)
