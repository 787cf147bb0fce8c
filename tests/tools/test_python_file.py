"""Python functions as tools, read without running them."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import jsonschema_rs
import pytest
from pydantic import TypeAdapter

from tooltune.errors import ToolDefinitionError
from tooltune.tools import load_sources
from tooltune.tools.loaded import Loaded
from tooltune.tools.python_file import read_python_file
from tooltune.types import Tool

TYPES = '''
import datetime, uuid
from dataclasses import dataclass, field
from enum import Enum, IntEnum
from typing import *
from typing import Optional as Maybe
import typing as t
from pydantic import BaseModel, Field
from typing_extensions import TypedDict

class Colour(str, Enum):
    RED = "red"
    BLUE = "blue"

class Level(IntEnum):
    LOW = 1
    HIGH = 2

Unit = Literal["metric", "imperial"]
UserId = NewType("UserId", int)

@dataclass
class Place:
    """A place on earth.

    Attributes:
        lat: Latitude.
    """
    lat: float
    lon: float
    tags: list[str] = field(default_factory=list)
    colour: Colour = Colour.RED

class Options(TypedDict, total=False):
    unit: Required[Unit]
    limit: int

class Base(BaseModel):
    name: str = Field(..., min_length=2, description="Its name")

class Order(Base):
    places: list[Place]
    count: Annotated[int, Field(ge=1, lt=10)] = 1
    note: str | None = None
    """Anything else."""

class Node(BaseModel):
    value: int
    children: "list[Node]" = []
'''

ANNOTATIONS = [
    "str", "int", "bool", "list[int]", "List[str]", "dict[str, int]", "dict", "Any", "Optional[int]", "Maybe[str]",
    "int | str | None", "Union[int, list[str]]", "Literal['a', 3, None]", "Colour", "Level", "Unit", "UserId",
    "Optional[Colour]", "tuple[int, ...]", "tuple[int, int]", "tuple[int, str]", "t.Sequence[t.Optional[int]]",
    "Place", "Options", "Order", "list[Place]", "Optional[Place]", "Place | str", "Node",
    "Annotated[int, Field(ge=1, le=5)]", "Annotated[str, Field(min_length=2)]",
    "Annotated[list[int], Field(max_length=2)]",
    "dict[str, list[Literal[1, 2]]]", "None",
]  # fmt: skip
PLACE = {"lat": 1.5, "lon": 2.0}
NODE = {"value": 1, "children": [{"value": 2}]}
VALUES: list[Any] = [
    None, True, 0, 1, 3, 7, "", "a", "red", "metric", [], [1], [1, 2], [1, 2, 3], ["a"], [None, 1], [1, "a"], {},
    {"a": 1}, {"a": [1]}, {"a": "b"}, PLACE, [PLACE], PLACE | {"colour": "blue"}, PLACE | {"colour": "green"},
    PLACE | {"tags": 3}, {"lat": 1.0}, {"unit": "metric"}, {"unit": "x"}, {"limit": 3},
    {"unit": "metric", "limit": "x"}, NODE, {"value": "x"},
    {"value": 1, "children": [{"value": "x"}]}, {"name": "ab", "places": [PLACE]},
    {"name": "a", "places": []}, {"name": "ab", "places": [], "count": 10}, {"name": "ab", "places": [], "note": None},
    {"name": "ab", "places": [], "note": 3},
]  # fmt: skip


def read(folder: Path, source: str) -> Loaded:
    path = folder / "functions.py"
    path.write_text(source, encoding="utf-8")
    return read_python_file(path, "functions.py")


def one(folder: Path, source: str) -> tuple[Tool, tuple[str, ...]]:
    loaded = read(folder, source)
    (tool,) = loaded.tools
    return tool, loaded.notices


@pytest.fixture(scope="module")
def imported(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModuleType]:
    """The same types as Python itself sees them."""
    path = tmp_path_factory.mktemp("types") / "types_of_test.py"
    path.write_text(TYPES, encoding="utf-8")
    spec = importlib.util.spec_from_file_location("types_of_test", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["types_of_test"] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules["types_of_test"]


@pytest.mark.parametrize("annotation", ANNOTATIONS)
def test_a_type_accepts_what_pydantic_accepts(tmp_path: Path, imported: ModuleType, annotation: str) -> None:
    tool, notices = one(tmp_path, f'{TYPES}\ndef f(x: {annotation}):\n    """Do."""')
    ours = jsonschema_rs.validator_for(tool.schema()["properties"]["x"])
    theirs = jsonschema_rs.validator_for(TypeAdapter(eval(annotation, dict(vars(imported)))).json_schema())
    assert [ours.is_valid(value) for value in VALUES] == [theirs.is_valid(value) for value in VALUES]
    assert all("recursive" in notice for notice in notices)


def test_signature_docstring_and_defaults(tmp_path: Path) -> None:
    tool, notices = one(tmp_path, '''
LIMIT = 20
async def find(text: str, /, place: "Place", *, limit: int = LIMIT, unit: Literal["km", "mi"] = "km",
               near: str = None, flags: list[str] = (), ratio=0.5, day: datetime.date | None = None):
    """Find things.

    Args:
        text: What to find.
        place: Where.
    """
class Place(TypedDict):
    """A place."""
    city: str
    """Name of the city."""
''')  # fmt: skip
    assert tool.to_dict() == {
        "name": "find",
        "description": "Find things.",
        "parameters": {
            "type": "object",
            "properties": {
                "text": {"type": "string", "description": "What to find."},
                "place": {"type": "object", "description": "Where.", "required": ["city"],
                          "properties": {"city": {"type": "string", "description": "Name of the city."}}},
                "limit": {"type": "integer", "default": 20},
                "unit": {"type": "string", "enum": ["km", "mi"], "default": "km"},
                "near": {"type": ["string", "null"], "default": None},
                "flags": {"type": "array", "items": {"type": "string"}, "default": []},
                "ratio": {"type": "number", "default": 0.5},
                "day": {"type": ["string", "null"], "format": "date", "default": None},
            },
            "required": ["text", "place"],
        },
    }  # fmt: skip
    assert notices == ()


def test_fields_as_defaults_and_types_in_docstrings(tmp_path: Path) -> None:
    tool, notices = one(tmp_path, '''
def add(a: int = Field(description="First", ge=1), b: Annotated[int, "Second", Le(9)] = Field(3), c=None, d=None):
    """Add.

    :param int c: Third
    :param d: Fourth
    :type d: array-like
    """
''')  # fmt: skip
    assert tool.schema() == {
        "type": "object",
        "properties": {
            "a": {"type": "integer", "description": "First", "minimum": 1},
            "b": {"type": "integer", "description": "Second", "maximum": 9, "default": 3},
            "c": {"type": ["integer", "null"], "description": "Third", "default": None},
            "d": {"description": "Fourth", "default": None},
        },
        "required": ["a"],
    }
    assert [notice.split(": ", 1)[1] for notice in notices] == ["parameter d has no type hint; any value is accepted"]


def test_what_is_lost_is_said(tmp_path: Path) -> None:
    loaded = read(tmp_path, '''
from elsewhere import Thing, START
def f(x: Thing, y: int = START, *rest: int, z: Callable[[int], str], **more): ...
def g(a):
    """Do."""
''')  # fmt: skip
    assert [notice.removeprefix("functions.py, line ") for notice in loaded.notices] == [
        "3, function f: the type of parameter x, Thing, is not known here; any value is accepted",
        "3, function f: the default of parameter y, START, is no literal; left out",
        "3, function f: the type of parameter z, Callable[[int], str], is not known here; any value is accepted",
        "3, function f: *rest is left out: a tool's parameters have names",
        "3, function f: **more is left out: a tool's parameters have names",
        "3, function f: no docstring, so the tool has no description",
        "4, function g: parameter a has no type hint; any value is accepted",
    ]
    assert [p.required for p in loaded.tools[0].parameters] == [True, False, True]


def test_which_functions_are_tools(tmp_path: Path) -> None:
    source = """
import typing
if typing.TYPE_CHECKING:
    def checked(): "c"
try:
    def tried(): "t"
except ImportError:
    def never(): "n"
def _private(): "p"
class C:
    def method(self): "m"
@typing.overload
def twice(a: int): ...
def twice(a: str): "second"
def outer():
    "o"
    def inner(): "i"
"""
    assert [tool.name for tool in read(tmp_path, source).tools] == ["checked", "tried", "twice", "outer"]
    assert [tool.name for tool in read(tmp_path, source + "__all__ = ['outer']").tools] == ["outer"]


def test_a_function_that_cannot_be_a_tool_is_left_out(tmp_path: Path) -> None:
    tool, notices = one(tmp_path, 'def f(x: Annotated[str, Field(pattern="(")]): "d"\ndef g(): "d"')
    assert tool.name == "g"
    assert notices[0].startswith("functions.py, line 1, function f: left out: not a valid JSON Schema")


def test_nothing_is_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "danger_zone"
    package.mkdir()
    bang = f"open({str(tmp_path / 'ran')!r}, 'w')\n"
    (package / "__init__.py").write_text(bang)
    (package / "deep.py").write_text(bang + "def f(x: int): 'd'\n")
    for place in ("cwd", "path"):
        if place == "cwd":
            monkeypatch.chdir(tmp_path)
        else:
            monkeypatch.chdir("/")
            monkeypatch.syspath_prepend(tmp_path)
        assert [tool.name for tool in load_sources(["python:danger_zone.deep"]).tools] == ["f"]
    assert not (tmp_path / "ran").exists()
    assert "danger_zone" not in sys.modules


def test_modules_of_the_standard_library() -> None:
    tools = load_sources(["python:textwrap", "python:json"]).tools
    assert {"shorten", "dumps"} <= {tool.name for tool in tools}


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("def f(:", "functions.py, line 1: not Python: invalid syntax"),
        ("x = 1", "functions.py: no public function; expected functions at the top level"),
        ("\0", "functions.py: not Python"),
        ("# coding: nonsense\ndef f(): 1", "not Python: unknown encoding: nonsense"),
        ("x = " + "(" * 5000, "not Python"),
    ],
)
def test_a_file_that_cannot_be_read(tmp_path: Path, source: str, said: str) -> None:
    with pytest.raises(ToolDefinitionError) as caught:
        read(tmp_path, source)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("no_such_module", "no module no_such_module. Check the name"),
        ("json.no_such", "no module json.no_such"),
        ("sys", "no Python source"),
        ("a-b", "no module name: 'a-b'"),
        ("", "no module name"),
    ],
)
def test_a_module_that_cannot_be_found(name: str, said: str) -> None:
    with pytest.raises(ToolDefinitionError) as caught:
        load_sources([f"python:{name}"])
    assert str(caught.value).startswith(f"python:{name}: ")
    assert said in str(caught.value)
