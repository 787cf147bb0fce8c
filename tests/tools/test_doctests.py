"""Parameters without a type take theirs from the examples of the docstring, which are read and never run."""

from __future__ import annotations

from pathlib import Path

import pytest

from tooltune.generate import generate_examples
from tooltune.tools.doctests import schema_of
from tooltune.tools.python_file import read_python_file

FILE = '''
import os

def mean(data, scale=None, *, exact):
    """Return the arithmetic mean of data.

    >>> mean([1, 2.5, 4], exact=True)
    2.5
    >>> data = [3, 5]
    >>> round(mean(data, 2, exact=False), 1)
    8.0
    >>> mean(os.remove("all"), exact=True)  # no literal
    >>> mean(*data)
    >>> mean([)
    """

def greet(name, size):
    """Greet somebody.

    >>> mean([1, 2])
    >>>greet("Ann")
    """

def mixed(value, word: str):
    """Something.

    >>> mixed(1, 2)
    >>> mixed("a", 2)
    """
'''


@pytest.fixture
def tools(tmp_path: Path):
    (tmp_path / "figures.py").write_text(FILE, encoding="utf-8")
    return {tool.name: tool for tool in read_python_file(tmp_path / "figures.py").tools}


def test_types_and_examples_come_of_the_docstrings_calls(tools):
    data, scale, exact = tools["mean"].parameters
    assert data.to_schema() == {"type": "array", "items": {"type": "number"}, "examples": [[1, 2.5, 4], [3, 5]]}
    assert scale.to_schema()["type"] == ["integer", "null"]
    assert exact.to_schema() == {"type": "boolean", "examples": [True, False]}
    assert data.required
    assert exact.required


def test_what_examples_do_not_tell_stays_open_and_a_type_hint_wins(tools):
    assert [parameter.to_schema() for parameter in tools["greet"].parameters] == [{}, {}]
    assert [parameter.to_schema() for parameter in tools["mixed"].parameters] == [{}, {"type": "string"}]


def test_schemas_of_values():
    assert schema_of([[1], []]) == {"type": "array", "items": {"type": "integer"}}
    assert schema_of([[]]) == {"type": "array"}
    assert schema_of([{"a": 1}]) == {"type": "object"}
    assert schema_of([1, True]) == {}
    assert schema_of([]) == {}


def test_numbers_are_said_where_the_description_speaks_of_data(tools):
    shares = {"single": 1, "no_tool": 0, "chat": 0, "missing_argument": 0, "multi_turn": 0}
    mean = tools["mean"]
    for example in generate_examples([mean], 20, 3, shares=shares):
        calls = [call for message in example.messages for call in message.tool_calls]
        assert all(isinstance(figure, int | float) for call in calls for figure in call.arguments["data"])
        assert all("data" not in message.content for message in example.messages if message.role == "user")
