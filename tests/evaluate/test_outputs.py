"""The log of replies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from tooltune.errors import OutputError
from tooltune.evaluate.items import Item
from tooltune.evaluate.outputs import Finished, Output, OutputLog, kept, model_hash, prompt_hash
from tooltune.types import Message, Tool

HELLO = Output("Hello \ud800 <tool_call>", truncated=True, tokens=3, seconds=0.5)
ITEMS = [Item(str(n), "chat", (Message("user", f"Hi {n}"),), (), "chat") for n in range(4)]


def test_what_was_added_is_found_again_by_the_same_model_and_prompt(tmp_path: Path) -> None:
    path = tmp_path / "outputs.jsonl"
    OutputLog(path, "base", "m1").add("7", "p1", HELLO)
    log = OutputLog(path, "base", "m1")
    assert log.find("7", "p1") == log.last("7") == HELLO
    assert (log.find("7", "p2"), log.find("8", "p1"), log.last("8")) == (None, None, None)
    assert OutputLog(path, "base", "m2").find("7", "p1") is None


def test_a_failure_is_kept_and_asked_again(tmp_path: Path) -> None:
    failed = Output(failed="timed_out", detail="late")
    log = OutputLog(tmp_path / "outputs.jsonl", "base", "m")
    log.add("7", "p1", failed)
    assert (log.find("7", "p1"), log.last("7")) == (None, failed)


def test_only_what_is_not_known_is_asked_and_each_output_finds_its_place(tmp_path: Path) -> None:
    asked: list[str] = []

    def replies(items: Sequence[Item], finished: Finished) -> None:
        asked.extend(item.id for item in items)
        for place in reversed(range(len(items))):
            finished(place, Output(f"to {items[place].id}"))

    for items in (ITEMS[1::2], ITEMS, ITEMS):
        told: dict[int, Output] = {}
        kept(replies, OutputLog(tmp_path / "outputs.jsonl", "base", "m"))(items, told.__setitem__)
        assert told == {place: Output(f"to {item.id}") for place, item in enumerate(items)}
    assert asked == ["1", "3", "0", "2"]


def test_a_line_that_was_not_finished_is_no_reply_and_harms_no_other(tmp_path: Path) -> None:
    path = tmp_path / "outputs.jsonl"
    OutputLog(path, "base", "m").add("1", "p", HELLO)
    path.write_bytes(path.read_bytes() + b'{"item": "2", "prompt": "p", "te')
    OutputLog(path, "base", "m").add("3", "p", HELLO)
    log = OutputLog(path, "base", "m")
    assert [log.find(item, "p") for item in "123"] == [HELLO, None, HELLO]


def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"outputs\.jsonl"):
        OutputLog(tmp_path / "absent" / "outputs.jsonl", "base", "m").add("1", "p", HELLO)


def test_hashes(tmp_path: Path) -> None:
    assert prompt_hash(ITEMS[0]) == prompt_hash(replace(ITEMS[0], id="9", scenario="other"))
    assert len({prompt_hash(item) for item in [*ITEMS, replace(ITEMS[0], tools=(Tool("a"),))]}) == 5
    assert model_hash("hub/name", {"dtype": "a"}) != model_hash("hub/name", {"dtype": "b"})
    (tmp_path / "model.safetensors").write_bytes(b"one")
    before = model_hash(str(tmp_path), {})
    (tmp_path / "model.safetensors").write_bytes(b"two")
    assert model_hash(str(tmp_path), {}) != before
