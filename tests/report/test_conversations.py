"""Whole conversations in the report."""

from pathlib import Path

from tests.evaluate.test_by_state import CREATE, DROP, RENAME, SHOW, TALK, reference_steps, scripted
from tooltune.evaluate.by_state import by_state_data, evaluate_by_state
from tooltune.report import rewrite_report, write_report
from tooltune.report.by_state import by_state_section, failure_rows, rate_rows

GOOD = evaluate_by_state(scripted({TALK.id: reference_steps(TALK)}), [TALK], label="tuned")
BAD = evaluate_by_state(scripted({TALK.id: ([CREATE], "M|ade.", [SHOW, RENAME, DROP])}), [TALK], label="base")


def test_rates_and_failures_of_both_models() -> None:
    data = by_state_data([BAD, GOOD])
    assert rate_rows(data)[0] == ["all", "0.0 % (0.0 to 79.3), 0/1", "100.0 % (20.7 to 100.0), 1/1", "too small"]
    assert [row[1:] for row in failure_rows(data)] == [["1", "0"]]


def test_a_conversation_that_went_wrong_is_shown_with_what_was_wrong() -> None:
    text = "\n".join(by_state_section(by_state_data([BAD])))
    assert "`extra_change`, did all that was required, and changed something more." in text
    assert "Changed without need" in text
    assert "[assistant] M|ade." in text
    assert "### Conversation" not in "\n".join(by_state_section(by_state_data([BAD, GOOD])))


def test_the_report_is_the_same_when_it_is_written_again(tmp_path: Path) -> None:
    write_report(tmp_path, None, None, {}, [BAD, GOOD])
    before = {name: (tmp_path / name).read_text() for name in ("report.md", "report.html")}
    rewrite_report(tmp_path)
    assert {name: (tmp_path / name).read_text() for name in before} == before
    assert "Conversations that end in the right state" in before["report.html"]


def test_without_conversations_nothing_is_said_of_them(tmp_path: Path) -> None:
    write_report(tmp_path, None, None, {})
    assert not any("onversations" in (tmp_path / name).read_text() for name in ("report.json", "report.md"))
    assert 'id="conversations"' not in (tmp_path / "report.html").read_text()
