"""`tooltune evaluate --by_state`, as a user types it, on a tiny model that gets nothing right."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.commands.conftest import lines
from tests.commands.test_evaluate_suite import example, report, without_seconds
from tooltune.cli import main


@pytest.fixture
def talk(tmp_path: Path) -> Path:
    """One conversation of two turns, and one question that is no conversation."""
    one, other = example("Weather in Oslo?"), example("And what is it like there now?")
    answer = [{"role": "tool", "content": "{}", "name": "weather"}, {"role": "assistant", "content": "Fine."}]
    talk = one | {"messages": [*one["messages"], *answer, *other["messages"]], "scenario": "multi_turn"}
    lines(tmp_path / "talk.jsonl", [talk, other])
    return tmp_path / "talk.jsonl"


def test_conversations_stand_beside_decisions_and_a_killed_run_goes_on(
    tiny_model_folder: Path, talk: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "out"
    command = ["evaluate", str(tiny_model_folder), "--data", str(talk), "--output_dir", str(output),
               "--max_new_tokens", "4", "--by_state"]  # fmt: skip
    assert main(command) == 0
    assert "Whole conversations" in capsys.readouterr().out
    found = without_seconds(report(output))
    assert found["models"]["base"]["overall"]["right"]["n"] == 3
    assert (found["run"]["items"], found["run"]["conversations"]) == (3, 1)
    rates = found["by_state"]["models"]["base"]["rates"]
    assert {name: (rate["successes"], rate["n"]) for name, rate in rates.items()} == {
        "all": (0, 1),
        "multi_turn": (0, 1),
    }
    assert sum(found["by_state"]["models"]["base"]["failures"].values()) == 1
    page = (output / "report.md").read_text()
    assert "## Whole conversations, by the state they end in" in page
    assert 'id="conversations"' in (output / "report.html").read_text()

    kept = (output / "outputs.jsonl").read_text().splitlines()
    assert len(kept) == 4  # the tiny model's first reply is cut off, which ends the conversation
    assert main(["rescore", str(output)]) == 0
    assert (without_seconds(report(output)), (output / "report.md").read_text()) == (found, page)
    (output / "outputs.jsonl").write_text("\n".join(kept[:3]))
    assert main(["rescore", str(output)]) == 2
    assert "no reply of 'base' to 0/1" in capsys.readouterr().err
    assert main(command) == 0
    assert without_seconds(report(output)) == found
    assert len((output / "outputs.jsonl").read_text().splitlines()) == 4
    assert main(["report", str(output)]) == 0
    assert "Whole conversations" in (output / "report.md").read_text()


def test_what_cannot_be_held(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate", "smollm2-135m", "--suite", "bfcl", "--by_state"]) == 2
    assert "--by_state holds conversations of a dataset" in capsys.readouterr().err
    lines(tmp_path / "single.jsonl", [example("Weather in Oslo?")])
    given = ["--data", str(tmp_path / "single.jsonl"), "--output_dir", str(tmp_path / "out"), "--by_state"]
    assert main(["evaluate", "smollm2-135m", *given]) == 2
    assert "a conversation to judge by state" in capsys.readouterr().err
