import re
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tooltune.errors import ToolDefinitionError
from tooltune.generate.slots import choose_value
from tooltune.generate.surfaces import say
from tooltune.types import Tool, ToolParameter
from tooltune.verify.facts import Facts
from tooltune.verify.grounding import is_said, leaves
from tooltune.verify.schema import argument_problem

NAMES = st.sampled_from(
    [
        "port",
        "timeout_ms",
        "amount",
        "repo",
        "body",
        "city",
        "user_id",
        "title",
        "date",
        "startTime",
        "limit",
        "x",
        "notify",
        "tags",
        "from_currency",
    ]
)


def keyword(name, values, kind="string"):
    return st.sampled_from(values).map(lambda value: {"type": kind, name: value})


def lengths(low, more):
    return {"type": "string", "minLength": low, "maxLength": low + more}


def ranges(kind, low, more):
    return {"type": kind, "minimum": low, "maximum": low + more}


FORMATS = ["date", "date-time", "email", "uri", "uuid", "ipv4", "hostname", "time"]
PATTERNS = [
    r"^(?=.{3})(?P<a>ab)+?c?$",
    r"[\]x]{2}",
    r"^\w+@\w+\.com$",
    r"^[A-Z]{2}-\d{4}$",
    r"^(red|green)\w?$",
    r"\d+",
    r"^[^a-y]{3,5}$",
    r"^a.c*$",
]
KINDS, BOUNDS = st.sampled_from(["integer", "number"]), st.integers(-900, 900)
STRINGS = st.one_of(
    st.just({"type": "string"}),
    st.builds(lengths, st.integers(0, 20), st.integers(0, 30)),
    keyword("format", FORMATS),
    keyword("pattern", PATTERNS),
    keyword("enum", [["a"], ["IN_PROGRESS", "x-ray"], ["on", "off"]]),
    keyword("description", ["Such as KX482", "Date as YYYY-MM-DD", "e.g. Italian"]),
)
NUMBERS = st.one_of(
    st.builds(ranges, KINDS, BOUNDS, st.integers(0, 50)),
    st.builds(lambda kind, low: {"type": kind, "exclusiveMinimum": low}, KINDS, BOUNDS),
    st.builds(lambda kind, high: {"type": kind, "maximum": high}, KINDS, BOUNDS),
    st.builds(lambda low: {"type": "number", "minimum": low, "exclusiveMaximum": low + 0.5}, st.floats(-5, 5)),
    st.integers(1, 900).map(lambda step: {"type": "integer", "multipleOf": step}),
    keyword("multipleOf", [0.5, 0.25], "number"),
)
OTHERS = [{"type": "boolean"}, {"type": "null"}, {}, {"const": 5}, {"type": ["string", "null"]}]
PLAIN = st.one_of(STRINGS, NUMBERS, st.sampled_from(OTHERS))
ARRAYS = st.builds(
    lambda items, least: {"type": "array", "items": items, "minItems": least, "maxItems": least + 1},
    STRINGS,
    st.integers(0, 3),
)
OBJECTS = st.dictionaries(NAMES, PLAIN, min_size=1, max_size=3).map(
    lambda p: {"type": "object", "properties": p, "required": list(p)[:1], "additionalProperties": False}
)
SCHEMAS = st.one_of(PLAIN, ARRAYS, OBJECTS, st.lists(PLAIN, min_size=1, max_size=2).map(lambda o: {"anyOf": o}))


@given(NAMES, SCHEMAS, st.integers(0, 1000))
@settings(max_examples=400, deadline=None)
def test_a_value_is_valid_for_its_schema(name, schema, seed):
    parameter = ToolParameter.from_schema(name, schema, required=True)
    value = choose_value(parameter, Random(seed), "book")
    assert argument_problem(Tool("t", "", [parameter]), {name: value}, formats=True) is None


@given(NAMES, SCHEMAS, st.integers(0, 1000))
@settings(max_examples=400, deadline=None)
def test_what_is_said_can_be_read_back(name, schema, seed):
    rng = Random(seed)
    value = choose_value(ToolParameter.from_schema(name, schema), rng)
    said = Facts.read(f"with {name} set to {say(name, value, schema, rng)}.")
    for path, leaf, leaf_schema in leaves(name, value, schema):
        assert leaf == "" or is_said(leaf, path, leaf_schema, said), (path, leaf, said.text)


@pytest.mark.parametrize(
    ("name", "description", "noun", "expected"),
    [
        ("flight", "Flight, such as KX482", "", r"[A-Z]{2}\d{3}"),
        ("order_id", "", "", r"ORD-?\d{4,5}"),
        ("repo", "", "", r"[a-z-]+"),
        ("title", "", "issue", r"[A-Z].*"),
        ("message", "Commit message", "file", r"[A-Z].*"),
        ("target_language", "ISO code of the language", "", r"[a-z]{2}"),
        ("origin", "IATA code", "", r"[A-Z]{3}"),
        ("sort", "One of: name, size or date", "", r"name|size|date"),
        ("workflow_id", "File name or id, such as ci.yml", "", r"ci\.yml"),
        ("sku", "Such as SKU-1234", "", r"[A-Z]{3}-\d{4}"),
        ("branch", "", "", r"[a-z0-9./-]+"),
        ("path", "", "image", r"/\S+\.(jpg|png|webp)"),
        ("due_date", "", "", r"\d{4}-\d\d-\d\d"),
        ("when", "Day as YYYY-MM-DD", "", r"\d{4}-\d\d-\d\d"),
        ("contactEmail", "", "", r"\S+@\S+"),
        ("x", "E-mail of the user", "", r"\S+@\S+"),
        ("start_time", "", "", r"\d\d:\d\d"),
        ("from_currency", "", "", r"[A-Z]{3}"),
        ("name", "", "file", r"[a-z-]+\.txt"),
    ],
)
def test_the_name_and_the_description_decide(name, description, noun, expected):
    value = choose_value(ToolParameter(name, description), Random(3), noun)
    assert re.fullmatch(expected, value), value


@pytest.mark.parametrize(
    ("name", "schema", "low", "high"),
    [
        ("year", {"type": "integer"}, 1990, 2028),
        ("port", {"type": "integer"}, 22, 9090),
        ("latitude", {"type": "number"}, -90, 90),
        ("rating", {"type": "integer", "maximum": 3}, 2, 3),
        ("level", {"type": "integer", "description": "Between 1 and 5"}, 1, 5),
        ("rate", {"type": "number", "minimum": 0, "maximum": 1}, 0.05, 0.35),
        ("count", {"type": "integer", "minimum": 7, "multipleOf": 7}, 7, 999),
    ],
)
def test_numbers_are_usual_ones_within_their_bounds(name, schema, low, high):
    parameter = ToolParameter.from_schema(name, schema)
    values = [choose_value(parameter, Random(seed)) for seed in range(50)]
    assert all(low <= value <= high for value in values), values
    assert all(value % schema.get("multipleOf", value) == 0 for value in values)


@pytest.mark.parametrize("form", ["duration", "ipv6", "regex", "json-pointer", "uri", "date-time", "time", "hostname"])
def test_formats_are_honoured(form):
    parameter = ToolParameter("x", format=form)
    for seed in range(20):
        value = choose_value(parameter, Random(seed))
        assert argument_problem(Tool("t", "", [parameter]), {"x": value}, formats=True) is None, value


def test_all_of_is_one_schema_and_a_free_object_gets_an_entry():
    schema = {"allOf": [{"type": "object", "properties": {"a": {"const": 1}}}, {"required": ["a"]}]}
    assert choose_value(ToolParameter.from_schema("x", schema), Random(0)) == {"a": 1}
    free = {"type": "object", "additionalProperties": {"type": "integer", "maximum": 5}}
    assert len(choose_value(ToolParameter.from_schema("x", free), Random(0))) == 1


@pytest.mark.parametrize(
    "schema",
    [{"minLength": 10**9}, {"type": "array", "minItems": 10**9}, {"minLength": "three"}, {"pattern": "a{99999}"}],
)
def test_what_is_too_long_or_no_schema_is_an_error_and_no_hang(schema):
    with pytest.raises(ToolDefinitionError, match="parameter 'x'"):
        choose_value(ToolParameter.from_schema("x", {"type": "string", **schema}), Random(0))


def test_values_vary():
    values = {choose_value(ToolParameter("city"), Random(seed)) for seed in range(300)}
    assert len(values) > 150


def test_a_schema_without_values_is_named():
    with pytest.raises(ToolDefinitionError, match="parameter 'n'"):
        choose_value(ToolParameter("n", type="integer", minimum=3, maximum=2), Random(0))
    with pytest.raises(ToolDefinitionError, match="examples"):
        choose_value(ToolParameter("p", pattern=r"(?=a)b"), Random(0))
