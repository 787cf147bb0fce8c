"""BFCL's rows as items: a folder written here, in BFCL's form."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tooltune.errors import ConfigError, DataError, MissingExtraError
from tooltune.evaluate.suites import CATEGORIES, load_bfcl
from tooltune.types import ToolCall

FUNCTION = {
    "name": "park.book",
    "description": "Book a pitch.",
    "parameters": {
        "type": "dict",
        "required": ["site", "days"],
        "properties": {
            "site": {"type": "string", "description": "Which site"},
            "days": {"type": "integer", "default": 1},
            "price": {"type": "float"},
            "corner": {"type": "tuple", "items": {"type": "float"}},
            "tent": {"type": "dict", "properties": {"type": {"type": "any"}, "width": {"type": "float"}}},
            "note": {"type": "any", "optional": True},
        },
    },
}
ROW = {"id": "simple_python_0", "question": [[{"role": "user", "content": "A pitch please"}]], "function": [FUNCTION]}
ANSWER = {
    "id": "simple_python_0",
    "ground_truth": [
        {"park.book": {"site": ["North", "N"], "days": ["", 2], "price": ["", 9.5], "tent": [{"width": [2.0, ""]}]}}
    ],
}


def write(folder: Path, row: Any = ROW, answer: Any = ANSWER, category: str = "simple_python") -> Path:
    (folder / "possible_answer").mkdir(exist_ok=True)
    (folder / f"BFCL_v4_{category}.json").write_text(json.dumps(row) + "\n")
    (folder / "possible_answer" / f"BFCL_v4_{category}.json").write_text(json.dumps(answer) + "\n")
    return folder


def test_types_in_json_schemas_words_and_nothing_lost(tmp_path: Path) -> None:
    (item,) = load_bfcl(["simple_python"], write(tmp_path))
    assert item.tools[0].to_dict() == {
        "name": "park.book",
        "description": "Book a pitch.",
        "parameters": {
            "type": "object",
            "properties": {
                "site": {"type": "string", "description": "Which site"},
                "days": {"type": "integer", "default": 1},
                "price": {"type": "number"},
                "corner": {"type": "array", "items": {"type": "number"}},
                "tent": {"type": "object", "properties": {"type": {}, "width": {"type": "number"}}},
                "note": {"optional": True},
            },
            "required": ["site", "days"],
        },
    }


def test_an_item(tmp_path: Path) -> None:
    (item,) = load_bfcl(["simple_python"], write(tmp_path))
    assert (item.id, item.scenario, item.outcome, item.scorer) == ("simple_python_0", "simple_python", "call", "bfcl")
    assert item.answers == tuple(ANSWER["ground_truth"])
    assert item.calls == (ToolCall("park.book", {"site": "North", "days": 2, "tent": {}}),)
    assert type(item).from_dict(json.loads(json.dumps(item.to_dict()))).to_dict() == item.to_dict()


def test_categories_without_answers(tmp_path: Path) -> None:
    (item,) = load_bfcl(["irrelevance"], write(tmp_path, category="irrelevance"))
    assert (item.outcome, item.calls, item.answers) == ("abstain", (), ())
    (item,) = load_bfcl(["live_relevance"], write(tmp_path, category="live_relevance"))
    assert (item.outcome, item.calls, item.answers) == ("call", (), ())


@pytest.mark.parametrize(
    ("row", "answer", "message"),
    [
        (ROW, ANSWER | {"id": "other"}, "no answer to 'simple_python_0'"),
        (ROW, ANSWER | {"ground_truth": ["x"]}, "key ground_truth"),
        (ROW | {"question": []}, ANSWER, "not a row of one turn"),
        ([1], ANSWER, "line 1"),
    ],
)
def test_another_form_is_named(tmp_path: Path, row: Any, answer: Any, message: str) -> None:
    with pytest.raises(DataError, match=message):
        load_bfcl(["simple_python"], write(tmp_path, row, answer))


def test_what_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigError, match="multi_turn_base"):
        load_bfcl(["multi_turn_base"], tmp_path)
    with pytest.raises(DataError, match="suite_folder"):
        load_bfcl(["simple_python"], tmp_path)
    monkeypatch.setattr("sys.path", [])
    monkeypatch.setattr("sys.path_importer_cache", {})
    monkeypatch.delitem(__import__("sys").modules, "bfcl_eval", raising=False)
    with pytest.raises(MissingExtraError, match="pip install --no-deps bfcl-eval"):
        load_bfcl()


def test_the_whole_benchmark_is_read() -> None:
    items = load_bfcl()
    assert {item.scenario for item in items} == set(CATEGORIES)
    assert len({item.id for item in items}) == len(items) == 3491
