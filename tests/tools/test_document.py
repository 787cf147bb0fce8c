"""JSON and YAML files as JSON values."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tooltune.errors import ToolDefinitionError
from tooltune.tools.document import read_document


def read(folder: Path, text: str, name: str = "a.yaml") -> object:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return read_document(path)


def test_yaml_means_what_json_would(tmp_path: Path) -> None:
    text = "a: 2024-05-01\nb: &x [1, 2.5, true, null, 'yes']\nc: *x\n200: ok\ntrue: t\n"
    assert read(tmp_path, text) == {
        "a": "2024-05-01", "b": [1, 2.5, True, None, "yes"], "c": [1, 2.5, True, None, "yes"], "200": "ok", "true": "t",
    }  # fmt: skip
    value = {"tools": [{"name": "ä", "n": 1e3}]}
    assert read(tmp_path, json.dumps(value)) == read(tmp_path, json.dumps(value), "a.json") == value


BOMB = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]\n" for i in range(1, 9)
)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: [", "a.yaml, line 2, column 1: not YAML"),
        ("a: *b", "undefined alias"),
        ("&a [*a]", "contains itself"),
        ("a: .nan", "the number nan"),
        ("a: !!python/object:os.system {}", "not YAML: could not determine a constructor"),
        ("a: !!binary aGk=", "a YAML bytes"),
        ("[" * 5000, "not YAML|nested too deeply"),
        ("a: \x01", "not YAML"),
        ("? [1, 2]\n: 3", "not YAML"),
        (BOMB, "more than 2,000,000 values"),
    ],
)
def test_what_cannot_be_read_is_said(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ToolDefinitionError, match=said):
        read(tmp_path, text)
