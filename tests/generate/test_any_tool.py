"""Whatever the tools: generation ends in valid examples, or in an error that the user can mend."""

import string

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tooltune.errors import ToolDefinitionError
from tooltune.generate import generate_examples
from tooltune.types import Tool
from tooltune.verify.schema import argument_problem

NAMES = st.sampled_from(
    ["city", "user_id", "title", "startDate", "limit", "x", "notify", "tags", "from_currency", "owner", "repo", "path",
     "if", "état", "a-b", "first.last", "ID", "__", "min_price", "max_price", "timeout_ms", "1st",
     "type", "page[size]", "a=b", "{z}", "name"]
)  # fmt: skip
DESCRIPTIONS = st.one_of(
    st.sampled_from(
        [
            "",
            "The city",
            "One of: a, b or c",
            "e.g. 'ORD-1234'",
            "Whether to {notify} everyone",
            "between 5 and 3",
            "Date (YYYY-MM-DD)",
            "\x00 \n <b>|[x]",
            "such as",
            "Only open ones",
            "Number of seconds. Default: 5",
        ]
    ),
    st.text(max_size=30),
)
PATTERNS = [
    "^[A-Z]{2}\\d{3}$",
    "^(?=.*a)b$",
    "(?:x|y)+?$",
    "^\\p{L}+$",
    "[\\]a-]{2}",
    "a{9999999}",
    "^$",
    "^(a+)+$",
    "(",
]


def with_keys(kind, **keys):
    return st.fixed_dictionaries({"type": st.just(kind)}, optional=keys)


SMALL = st.integers(0, 4)
NUMBER = st.one_of(st.integers(-(10**18), 10**18), st.floats(-1e300, 1e300), st.sampled_from([0, 1, 0.1, 1e-9]))
STRINGS = with_keys(
    "string",
    minLength=st.one_of(SMALL, st.just(10**9)),
    maxLength=st.integers(0, 40),
    pattern=st.sampled_from(PATTERNS[:-1]),
    format=st.sampled_from(["date", "date-time", "time", "duration", "email", "uri", "uuid", "ipv4", "ipv6", "hostname",
                            "regex", "json-pointer", "int32", "no-such-format"]),
)  # fmt: skip
BOUNDS = {"minimum": NUMBER, "maximum": NUMBER, "exclusiveMinimum": NUMBER, "exclusiveMaximum": NUMBER}
STEPS = st.one_of(st.integers(1, 10**6), st.sampled_from([0.1, 1e-7, 1e12]))
NUMBERS = st.one_of(*(with_keys(kind, multipleOf=STEPS, **BOUNDS) for kind in ("integer", "number")))
VALUES = st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=5), st.lists(st.integers(), max_size=2))
ODD = st.one_of(
    st.builds(lambda v: {"enum": v}, st.lists(VALUES, max_size=3)),
    st.builds(lambda v: {"const": v}, VALUES),
    st.builds(lambda v: {"type": "string", "examples": v}, st.lists(VALUES, max_size=2)),
    st.sampled_from(
        [
            {},
            {"type": "null"},
            {"type": "boolean"},
            {"type": ["string", "null"]},
            {"not": {}},
            {"$ref": "#/$defs/x"},
            {"type": "object"},
            {"type": "object", "additionalProperties": {"type": "integer"}},
            {"type": "array"},
            {"if": {"type": "string"}, "then": {"minLength": 3}},
            {"anyOf": [{"type": "null"}]},
        ]
    ),
)


def nested(inner):
    properties = st.dictionaries(NAMES, inner, max_size=3)
    objects = st.builds(lambda p, n: {"type": "object", "properties": p, "required": list(p)[:n]}, properties, SMALL)
    arrays = with_keys("array", items=inner, minItems=st.one_of(SMALL, st.just(10**7)), uniqueItems=st.booleans())
    choices = st.builds(lambda k, o: {k: o}, st.sampled_from(["anyOf", "oneOf", "allOf"]), st.lists(inner, min_size=1))
    return st.one_of(objects, arrays, choices)


SCHEMAS = st.recursive(st.one_of(STRINGS, NUMBERS, ODD), nested, max_leaves=4)
PROPERTIES = st.dictionaries(NAMES, st.tuples(SCHEMAS, DESCRIPTIONS), max_size=4)


def tool(name, description, properties, required):
    schemas = {key: {**schema, "description": about} for key, (schema, about) in properties.items()}
    schema = {"type": "object", "properties": schemas, "required": list(schemas)[:required]}
    schema["$defs"] = {"x": {"type": "integer"}}
    return Tool.from_dict({"name": name, "description": description, "parameters": schema})


TOOL_NAMES = st.one_of(
    st.sampled_from(["get_user", "create_issue", "users.list", "updateOrder", "x", "getURL", "git_log"]),
    st.text(string.ascii_letters + "_-.", min_size=1, max_size=12),
)
TOOLS = st.builds(tool, TOOL_NAMES, DESCRIPTIONS | st.just("Update an order of a user"), PROPERTIES, SMALL)


@given(st.lists(TOOLS, min_size=1, max_size=2, unique_by=lambda t: t.name), st.integers(0, 99))
@settings(max_examples=150, deadline=90_000, suppress_health_check=[HealthCheck.too_slow])
def test_generation_ends_in_valid_examples_or_in_an_error_of_the_definition(tools, seed):
    try:
        examples = list(generate_examples(tools, 4, seed))
    except ToolDefinitionError:
        return
    known = {t.name: t for t in tools}
    for example in examples:
        for message in example.messages:
            for call in message.tool_calls:
                assert argument_problem(known[call.name], call.arguments, formats=True) is None
