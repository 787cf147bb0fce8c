"""Datasets are made when absent, never overwritten in silence, and split without leaking wording."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tooltune import EXAMPLE_TOOLS, Example, Message
from tooltune.config import DataConfig
from tooltune.dataset import load_dataset, make_dataset, split_dataset
from tooltune.errors import DataError, OutputError
from tooltune.formats.streams import SUFFIXES


def config(path: Path, **values: object) -> DataConfig:
    return DataConfig(data_path=path, num_examples=60, **values)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["data.json", "data.jsonl"])
def test_the_same_seed_gives_the_same_bytes(tmp_path: Path, name: str) -> None:
    for folder in ("a", "b"):
        make_dataset(config(tmp_path / folder / name), EXAMPLE_TOOLS)
    make_dataset(config(tmp_path / "c" / name, seed=7), EXAMPLE_TOOLS)
    first, second, other = ((tmp_path / folder / name).read_bytes() for folder in "abc")
    assert first == second != other


def test_an_existing_dataset_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "data.json"
    path.write_text("mine")
    make_dataset(config(path), EXAMPLE_TOOLS)
    make_dataset(config(path), EXAMPLE_TOOLS)  # the same bytes: nothing to keep
    make_dataset(config(path, seed=1), EXAMPLE_TOOLS)
    assert (tmp_path / "data.previous-1.json").read_text() == "mine"
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        "data.json",
        "data.previous-1.json",
        "data.previous-2.json",
    ]


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_every_kind_of_file_holds_the_same_examples(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"data{suffix}"
    make_dataset(config(path), EXAMPLE_TOOLS)
    make_dataset(config(tmp_path / "plain.json"), EXAMPLE_TOOLS)
    assert load_dataset(path) == load_dataset(tmp_path / "plain.json")
    make_dataset(config(path, seed=1), EXAMPLE_TOOLS)
    assert load_dataset(tmp_path / f"data.previous-1{suffix}") == load_dataset(tmp_path / "plain.json")


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="file"):
        make_dataset(config(tmp_path / "file" / "data.json"), EXAMPLE_TOOLS)


def test_no_family_of_the_held_out_part_is_trained(tmp_path: Path) -> None:
    make_dataset(config(tmp_path / "data.jsonl", held_out_share=0.3), EXAMPLE_TOOLS)
    examples = load_dataset(tmp_path / "data.jsonl")
    without = [Example(e.messages, e.tools, {"families": e.metadata["families"]}) for e in examples]
    for part in (examples, without):
        split = split_dataset(part, 0.3, "data")
        sides = [{f for e in side for f in e.metadata["families"]} for side in (split.train, split.held_out)]
        assert not sides[0] & sides[1]
        assert len(split.train) + len(split.held_out) == len(examples)


def test_foreign_data_is_split_by_question() -> None:
    examples = [Example((Message("user", f"q{i % 20}"), Message("assistant", "a"))) for i in range(60)]
    split = split_dataset(examples, 0.3, "data")
    questions = [{e.messages[0].content for e in side} for side in (split.train, split.held_out)]
    assert split.by == "user message"
    assert not questions[0] & questions[1]


def test_one_example_cannot_be_split() -> None:
    with pytest.raises(DataError, match="no example for the"):
        split_dataset([Example((Message("user", "q"), Message("assistant", "a")))], 0.1, "data.json")


WEATHER = {"name": "f", "description": "", "parameters": {"type": "object", "properties": {}, "required": []}}
CALL = {"role": "assistant", "content": "", "tool_calls": [{"name": "f", "parameters": {}}]}
SAID = {"role": "assistant", "content": "hello"}
USER = {"role": "user", "content": "hi"}


@pytest.mark.parametrize(
    ("messages", "parts"),
    [
        ([USER, {"role": "robot", "content": ""}], ("example 1", "messages[1]", "key role", "'robot'")),
        ([USER, {**CALL, "tool_calls": [{"name": "g", "parameters": {}}]}], ("messages[1]", "'g'")),
        ([USER, {**CALL, "tool_calls": [{"name": "f", "parameters": {"x": 1}}]}], ("messages[1]", "x")),
        ([USER, {"role": "tool", "content": "1", "name": "f"}, SAID], ("messages[1]",)),
        ([USER, CALL, USER, CALL], ("messages[2]",)),
        ([], ("key messages", "an empty list")),
    ],
)
def test_a_dataset_that_cannot_be_trained_on(tmp_path: Path, messages: list[object], parts: tuple[str, ...]) -> None:
    path = tmp_path / "data.json"
    path.write_text(json.dumps([{"messages": messages, "tools": [WEATHER]}]))
    with pytest.raises(DataError) as caught:
        load_dataset(path)
    for part in (str(path), *parts):
        assert part in str(caught.value)
