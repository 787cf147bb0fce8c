"""The log of replies."""

from __future__ import annotations

from pathlib import Path

import pytest

from tooltune.errors import OutputError
from tooltune.evaluate.outputs import Output, OutputLog, model_hash, prompt_hash

HELLO = Output("Hello \ud800 <tool_call>", truncated=True, tokens=3, seconds=0.5)


def test_what_was_added_is_found_again_by_the_same_model_and_prompt(tmp_path: Path) -> None:
    path = tmp_path / "outputs.jsonl"
    OutputLog(path, "base", "m1").add("7", "p1", HELLO)
    log = OutputLog(path, "base", "m1")
    assert log.find("7", "p1") == log.last("7") == HELLO
    assert (log.find("7", "p2"), log.find("8", "p1"), log.last("8")) == (None, None, None)
    assert OutputLog(path, "base", "m2").find("7", "p1") is None


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
    assert prompt_hash([1, 2]) != prompt_hash([1, 3])
    assert model_hash("hub/name", {"dtype": "a"}) != model_hash("hub/name", {"dtype": "b"})
    (tmp_path / "model.safetensors").write_bytes(b"one")
    before = model_hash(str(tmp_path), {})
    (tmp_path / "model.safetensors").write_bytes(b"two")
    assert model_hash(str(tmp_path), {}) != before
