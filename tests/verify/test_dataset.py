"""`verify_dataset` and the command that prints and writes what it finds."""

import json
from dataclasses import replace

import pytest

from tooltune.cli import main
from tooltune.example_tools import execute, is_example_tool
from tooltune.files import file_hash
from tooltune.formats.documented import write_examples
from tooltune.types import Example, Message
from tooltune.verify import verify_dataset, without_near_duplicates


@pytest.fixture(scope="module")
def clean(generated):
    return list(without_near_duplicates(generated))


@pytest.fixture
def data(clean, tmp_path):
    path = tmp_path / "data.jsonl"
    write_examples(path, clean)
    return path


def code(arguments):
    try:
        return main([str(argument) for argument in arguments])
    except SystemExit as done:
        return done.code


def test_a_clean_dataset(clean):
    report = verify_dataset(clean, execute, is_example_tool)
    assert report.accepted
    assert report.contamination is None
    found = json.loads(json.dumps(report.to_dict()))
    assert found["examples"] == len(clean) == sum(found["scenarios"].values())
    assert found["near_duplicates"]["count"] == found["failed"] == 0
    assert found["diversity"]["sample"] > 200
    text = report.to_text()
    assert text.startswith(f"{len(clean)} examples, {len(clean)} hold, 0 fail")
    assert "Warning" not in text
    assert "scenario single" in text
    assert "argument entropy" in text


def test_near_duplicates_only_warn(clean):
    report = verify_dataset([*clean, *clean[:20]], execute, is_example_tool)
    assert report.accepted
    assert len(report.duplicates.pairs) == 20
    assert "Warning: more than 3% of the examples resemble an earlier one" in report.to_text()


def test_failures_are_numbered(clean):
    broken = replace(clean[1], messages=(*clean[1].messages[:-1], Message("assistant", "That makes 98765.4321.")))
    report = verify_dataset([clean[0], broken], execute, is_example_tool)
    assert not report.accepted
    assert report.failing == [2]


def test_against_a_file_the_command_tells_and_fails(data, clean, tmp_path, capsys):
    held_out = tmp_path / "held_out.json"
    first = next(m.content for m in clean[0].messages if m.role == "user")
    held_out.write_text(json.dumps([{"query": first}, {"query": "Something that nobody ever asked of anyone"}]))
    report = tmp_path / "new" / "report.json"
    assert code(["validate", data, "--against", held_out, "--report", report]) == 1
    shown = capsys.readouterr().out
    assert "0 fail" in shown
    assert "against 2 questions and 0 tools" in shown
    assert f"in {held_out}, example 1 (line 1)" in shown
    found = json.loads(report.read_text())
    assert not found["accepted"]
    assert 1 in found["contamination"]["examples"]["equal_query"]
    assert found["contamination"]["counts"]["equal_query"] == len(found["contamination"]["examples"]["equal_query"])
    assert found["sha256"] == file_hash(data)
    assert found["against"] == [str(held_out)]


def test_the_same_tools_can_be_allowed(data, tmp_path, clean, capsys):
    held_out = tmp_path / "tools.json"
    held_out.write_text(json.dumps([tool.to_dict() for tool in clean[0].tools]))
    assert code(["validate", data, "--against", held_out]) == 1
    assert "same_tool" in capsys.readouterr().out
    assert code(["validate", data, "--against", held_out, "--allow-same-tools"]) == 0
    other = tmp_path / "other.jsonl"
    other.write_text('"How many bees live in a hive?"\n')
    assert code(["validate", data, "--against", other, "--against", other]) == 0


def test_a_dataset_made_elsewhere(tmp_path, capsys):
    path = tmp_path / "foreign.json"
    write_examples(path, [Example((Message("user", "Hi"), Message("assistant", "Hello!")))])
    assert code(["validate", path]) == 0
    assert "scenario unnamed" in capsys.readouterr().out


def test_what_cannot_work_is_said_at_once(data, tmp_path, capsys):
    (tmp_path / "file").write_text("")
    for arguments, part in (
        (["--against", tmp_path / "absent.json"], "absent.json"),
        (["--against", tmp_path / "file"], "an empty file"),
        (["--report", data], "a file that is read"),
        (["--report", tmp_path / "file" / "report.json"], "file"),
        (["--report", tmp_path], str(tmp_path)),
    ):
        assert code(["validate", data, *arguments]) == 2, arguments
        message = capsys.readouterr().err
        assert message.startswith("error: ")
        assert part in message
