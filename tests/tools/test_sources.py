"""Many sources at once, from --tools to the tools; and whatever stands in a source, only a user's error comes out."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tooltune.cli import main, make_parser, run_script
from tooltune.config import RunConfig
from tooltune.errors import ToolDefinitionError
from tooltune.tools import load_sources, load_tools
from tooltune.tools.json_file import tools_of
from tooltune.tools.openapi import read_openapi
from tooltune.tools.schemas import self_contained

DATA = Path(__file__).parent / "data"
FUNCTIONS = '''
def convert_length(value: float, unit: str = "m", *more: int) -> float:
    """Convert a length to another unit.

    Args:
        value: The length in metres.
        unit: The unit to convert to, such as km.
    """
'''


@pytest.fixture
def sources(tmp_path: Path) -> list[str]:
    """One source of each kind that needs no server."""
    (tmp_path / "functions.py").write_text(FUNCTIONS)
    (tmp_path / "tools.yaml").write_text(yaml.safe_dump([{"name": "say_hello", "description": "Say hello."}]))
    paths = [
        DATA / "mcp_server_time.json",
        DATA / "github_openapi.json",
        tmp_path / "functions.py",
        tmp_path / "tools.yaml",
    ]
    return [str(path) for path in paths]


def test_sources_are_read_in_order(sources: list[str]) -> None:
    loaded = load_sources(sources)
    names = [tool.name for tool in loaded.tools]
    assert names[:3] == ["get_current_time", "convert_time", "gists_update"]
    assert names[-2:] == ["convert_length", "say_hello"]
    assert len(loaded.notices) == 3
    assert load_sources([]).tools == ()


def test_servers_saved_lists(tmp_path: Path) -> None:
    saved = json.loads((DATA / "mcp_server_git.json").read_text())
    tools = load_tools(DATA / "mcp_server_git.json")
    assert len(tools) == 12
    assert all(tool.description and tool.parameters for tool in tools)
    assert [tool.schema() | {"required": tool.schema()["required"]} for tool in tools] == [
        {"required": []} | entry["inputSchema"] for entry in saved["tools"]
    ]
    (tmp_path / "answer.json").write_text(json.dumps({"jsonrpc": "2.0", "id": 1, "result": saved}))
    assert load_tools(tmp_path / "answer.json") == tools


def test_a_name_in_two_sources(sources: list[str]) -> None:
    with pytest.raises(ToolDefinitionError) as caught:
        load_sources([sources[0], sources[0].replace("data/", "data/../data/")])
    assert "data/../data/mcp_server_time.json, tool 'get_current_time': the name of a tool of " in str(caught.value)
    assert sources[0] in str(caught.value)


def test_from_the_command_line_to_a_dataset(
    sources: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = tmp_path / "d.jsonl"
    flags = ["--tools", sources[0], sources[2], "--data-path", str(data), "--num-examples", "30", "--tools", sources[3]]
    assert main(["generate", *flags]) == 0
    assert "functions.py, line 2, function convert_length: *more is left out" in capsys.readouterr().err
    examples = [json.loads(line) for line in data.read_text().splitlines()]
    seen = {tool["name"] for example in examples for tool in example["tools"]}
    assert seen == {"get_current_time", "convert_time", "convert_length", "say_hello"}


def test_notices_are_counted_after_twenty(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "many.py"
    path.write_text("\n".join(f"def f{i}(*a):\n    'Do.'" for i in range(30)))
    assert main(["generate", "--tools", str(path), "--data_path", str(tmp_path / "d.csv")]) == 2
    notes = [line for line in capsys.readouterr().err.splitlines() if line.startswith("note: ")]
    assert len(notes) == 21
    assert notes[-1] == "note: 10 more of the kind"


def test_settings_take_one_source_or_several() -> None:
    assert RunConfig.parse({"tools": "a.json"}).tools == ("a.json",)
    assert RunConfig.parse({"tools": ["a.json", "b.py"]}).tools == ("a.json", "b.py")
    assert RunConfig().tools == ()
    parsed = make_parser().parse_args(["ask", "--tools", "a.json", "folder", "hi", "--tools", "mcp:x y"])
    assert (parsed.tools, parsed.question) == (["a.json", "mcp:x y"], "hi")
    assert run_script(RunConfig, [], "", ["--tools", "absent.json"]) == 2


KEYWORDS = [
    "type", "properties", "required", "items", "enum", "const", "default", "$ref", "$defs", "definitions", "anyOf",
    "oneOf", "allOf", "not", "nullable", "example", "examples", "minimum", "exclusiveMinimum", "pattern", "format",
    "description", "title", "additionalProperties", "prefixItems", "readOnly", "if", "then", "$schema", "$id",
    "$anchor", "x-y", "patternProperties", "name", "in", "schema", "content", "application/json", "value",
]  # fmt: skip
WORDS = [
    "string",
    "object",
    "array",
    "null",
    "#",
    "#/$defs/a",
    "#/components/schemas/a",
    "#/properties/a",
    "a",
    "",
    "query",
    "(",
]
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-3, 3)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from(WORDS)
)
KEYS = st.sampled_from([*KEYWORDS, "a", "b"])
THINGS = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4), max_leaves=12
)
SCHEMAS = st.dictionaries(KEYS, THINGS, max_size=6)
LOOSE = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))


@LOOSE
@given(schema=SCHEMAS, parts=st.dictionaries(st.sampled_from("ab"), SCHEMAS, max_size=2))
def test_no_schema_breaks_the_json_reader(tmp_path: Path, schema: Any, parts: Any) -> None:
    inner = {"type": "object", "properties": {"x": schema}, "$defs": parts}
    for parameters in (schema, inner):
        path = tmp_path / "tools.json"
        path.write_text(json.dumps([{"name": "t", "parameters": parameters}]))
        only_a_users_error(load_sources, [path])
        # also before any validator has looked at it
        only_a_users_error(resolved, parameters)


def resolved(parameters: Any) -> None:
    self_contained(tools_of([{"name": "t", "parameters": parameters}], "f")[0], "f")


@LOOSE
@given(schema=SCHEMAS, other=THINGS, parts=st.dictionaries(st.sampled_from("ab"), SCHEMAS, max_size=2))
def test_no_schema_breaks_the_openapi_reader(schema: Any, other: Any, parts: Any) -> None:
    parameter = {"name": "p", "in": "query", "schema": schema}
    body = {"content": {"application/json": {"schema": schema}}}
    operations = [
        {"parameters": [parameter, other], "requestBody": body},
        {"parameters": other, "requestBody": other, "operationId": other, "summary": other, "description": other},
        schema,
    ]
    for operation in operations:
        data = {"openapi": "3.0.1", "paths": {"/p": {"get": operation, "parameters": other}, "/q": other},
                "components": {"schemas": parts}}  # fmt: skip
        only_a_users_error(read_openapi, data, "f")


ANNOTATIONS = st.recursive(
    st.sampled_from(["int", "str", "A", "B", "E", "U", "Any", "x.y", "None", "...", "3", "'A'", "'('", "f(x)", "*a"]),
    lambda inner: st.tuples(
        st.sampled_from(["list", "dict", "Optional", "Literal", "Annotated", "tuple", "A", "Union", "Required", "U"]),
        st.lists(inner, min_size=1, max_size=3),
    ).map(lambda pair: f"{pair[0]}[{', '.join(pair[1])}]") | st.tuples(inner, inner).map(" | ".join),
    max_leaves=6,
)  # fmt: skip


@LOOSE
@given(types=st.lists(ANNOTATIONS, min_size=4, max_size=4), default=ANNOTATIONS, doc=st.text(max_size=40))
def test_no_annotation_breaks_the_python_reader(tmp_path: Path, types: list[str], default: str, doc: str) -> None:
    source = f"""
class A(BaseModel):
    a: {types[0]}
    b: {types[1]} = {default}
class B(A, TypedDict, total=False):
    {doc!r}
    c: {types[1]} = Field({default}, ge={default}, alias={default})
class E(Enum):
    ONE = {default}
    TWO = auto()
U = {types[2]}
def f(x: {types[3]}, y: U = E.ONE, z={default}):
    {doc!r}
"""
    path = tmp_path / "functions.py"
    path.write_text(source, encoding="utf-8")
    only_a_users_error(load_sources, [path])


def only_a_users_error(action: Any, *arguments: Any) -> None:
    with suppress(ToolDefinitionError):
        action(*arguments)
