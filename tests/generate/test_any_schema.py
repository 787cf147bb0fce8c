"""Whatever JSON Schema a parameter has: valid, grounded examples, or an error that the user can mend.

jsonschema, not the library that generation uses, judges the arguments. (hypothesis-jsonschema 0.23 cannot draw
objects with hypothesis 6.170, so the schemas are drawn here.)
"""

from typing import Any

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tooltune.errors import ToolDefinitionError
from tooltune.generate import generate_examples
from tooltune.tools.schemas import self_contained
from tooltune.types import Tool
from tooltune.verify import verify_example

NAMES = ["city", "user_id", "title", "start_date", "limit", "tags", "owner", "repo", "notify", "timeout_ms", "q"]
FORMATS = ["date", "date-time", "time", "email", "uri", "uuid", "ipv4", "hostname", "duration"]
PATTERNS = ["^[A-Z]{2}-\\d{3}$", "^[a-z0-9_]+$", "^\\+\\d{6,9}$", "x|y"]
DEFS = {
    "code": {"type": "string", "pattern": "^[A-Z]{3}\\d{2}$"},
    "level": {"enum": ["low", "middle", "high"]},
    "tree": {"type": "object", "properties": {"name": {"type": "string"}, "next": {"$ref": "#/$defs/tree"}}},
}
SMALL = st.integers(0, 4)
TEXT = st.text(max_size=24)


def schema_of(fixed: dict[str, Any], **keys: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Schemas with some keywords fixed, the others there or not."""
    return st.fixed_dictionaries({key: st.just(value) for key, value in fixed.items()}, optional=keys)


LENGTHS = {"minLength": SMALL, "maxLength": st.integers(3, 40)}
BOUNDS = {"minimum": st.integers(-50, 50), "maximum": st.integers(50, 10**6) | st.floats(50, 1e6)}
PLAIN = st.one_of(
    schema_of({"type": "string"}, **LENGTHS, description=TEXT),
    schema_of({"type": "string"}, format=st.sampled_from(FORMATS)),
    schema_of({"type": "string"}, pattern=st.sampled_from(PATTERNS), default=TEXT),
    *(schema_of({"type": k}, **BOUNDS, multipleOf=st.sampled_from([1, 5, 0.5])) for k in ("integer", "number")),
    schema_of({"type": ["string", "null"]}),
    schema_of({"type": "boolean"}, default=st.booleans()),
    schema_of({}, enum=st.lists(st.text(max_size=6) | st.integers() | st.none(), max_size=4)),
    schema_of({}, const=st.text(max_size=6) | st.integers() | st.booleans()),
    *(schema_of({"$ref": f"#/$defs/{name}"}) for name in DEFS),
)
ARRAY = schema_of({"type": "array"}, minItems=SMALL, maxItems=SMALL, uniqueItems=st.booleans())


def nested(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Arrays, objects and choices of schemas."""
    objects = st.builds(
        lambda properties, count: {"type": "object", "properties": properties, "required": list(properties)[:count]},
        st.dictionaries(st.sampled_from(NAMES), inner, max_size=3), st.integers(0, 3),
    )  # fmt: skip
    arrays = st.builds(lambda array, items: array | {"items": items}, ARRAY, inner)
    keywords = st.sampled_from(["anyOf", "oneOf", "allOf"])
    choices = st.builds(lambda keyword, parts: {keyword: parts}, keywords, st.lists(inner, min_size=1, max_size=2))
    return st.one_of(objects, arrays, choices)


SCHEMAS = st.recursive(PLAIN, nested, max_leaves=5)


def tool(name: str, properties: dict[str, Any], required: int) -> Tool:
    """A tool as it is loaded; the references are those of `DEFS`."""
    parameters = {"type": "object", "properties": properties, "required": list(properties)[:required], "$defs": DEFS}
    given_tool = Tool.from_dict({"name": name, "description": name.replace("_", " "), "parameters": parameters})
    return self_contained(given_tool, "a test")[0]


TOOLS = st.builds(
    tool,
    st.sampled_from(["get_order", "create_issue", "search_places", "convert", "update_user"]),
    st.dictionaries(st.sampled_from(NAMES), SCHEMAS, max_size=4),
    st.integers(0, 3),
)


@given(TOOLS, st.integers(0, 9))
@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
def test_examples_are_valid_and_grounded_or_the_definition_is_refused(given_tool: Tool, seed: int) -> None:
    try:
        examples = list(generate_examples([given_tool], 4, seed))
    except ToolDefinitionError:
        return
    schema = given_tool.to_dict()["parameters"]
    for example in examples:
        assert verify_example(example) is None
        for call in (call for message in example.messages for call in message.tool_calls):
            jsonschema.validate(dict(call.arguments), schema)


def test_five_hundred_tools_in_one_run() -> None:
    things = [f"{kind} {noun}" for kind in ("sales", "guest", "car", "team", "night") for noun in NOUNS]
    verbs = ("create", "get", "update", "delete", "share")
    names = [f"{verb}_{thing.replace(' ', '_')}" for verb in verbs for thing in things]
    tools = [tool(name, {"name": {"type": "string"}}, required=1) for name in names]
    assert len(tools) == 500
    examples = list(generate_examples(tools, 40, 1, max_tools_in_view=40))
    assert len(examples) == 40
    assert all(verify_example(example) is None for example in examples)


NOUNS = ["order", "note", "report", "list", "booking", "plan", "offer", "contract", "room", "invoice",
         "photo", "parcel", "ticket", "visit", "task", "route", "badge", "poll", "survey", "permit"]  # fmt: skip


KINDS = ("old", "new", "next", "usual", "main", "other")


def nest(depth: int) -> dict[str, Any]:
    if not depth:
        return {"type": "string", "description": "Name of the city"}
    return {"type": "object", "properties": {"city": nest(depth - 1)}, "required": ["city"]}


@pytest.mark.parametrize(
    "properties",
    [
        {f"{kind}_{name}": {"type": "string"} for kind in KINDS for name in NAMES[:10]},
        {"place": nest(6)},
        {"tree": {"$ref": "#/$defs/tree"}, "code": {"$ref": "#/$defs/code"}},
    ],
    ids=["60 parameters", "6 deep", "recursive"],
)  # fmt: skip
def test_large_deep_and_recursive_schemas(properties: dict[str, Any]) -> None:
    big = tool("update_user", properties, required=2)
    examples = list(generate_examples([big], 20, 1))
    assert {name for e in examples for m in e.messages for c in m.tool_calls for name in c.arguments} >= set(
        list(properties)[:1]
    )
    assert all(verify_example(example) is None for example in examples)
