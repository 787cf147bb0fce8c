"""Whole conversations in the report."""

import io
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from tests.evaluate.test_by_state import CREATE, DROP, RENAME, SHOW, TALK, reference_steps, scripted
from tooltune.evaluate.by_state import Outcome, StateEvaluation, by_state_data, evaluate_by_state
from tooltune.evaluate.conversations import Conversation
from tooltune.evaluate.statistics import clustered_difference, mcnemar
from tooltune.report import print_by_state, rewrite_report, write_report
from tooltune.report.by_state import by_state_section, failure_rows, rate_head, rate_rows
from tooltune.report.comparison import difference_rows
from tooltune.report.html.conversations import SHOWN
from tooltune.report.html.page import html_page
from tooltune.types import Example, Message, ToolCall

GOOD = evaluate_by_state(scripted({TALK.id: reference_steps(TALK)}), [TALK], label="tuned")
BAD = evaluate_by_state(scripted({TALK.id: ([CREATE], "M|ade.", [SHOW, RENAME, DROP])}), [TALK], label="base")


def test_rates_and_failures_of_both_models() -> None:
    data = by_state_data([BAD, GOOD])
    rates = ["0.0 % (0.0 to 79.3), 0/1", "100.0 % (20.7 to 100.0), 1/1"]
    assert rate_rows(data) == [
        ["all", *rates, "1.000", "", "too small"],
        ["multi_turn", *rates, "1.000", "1.000", "too small"],
    ]
    assert rate_head(data) == ["Scenario", "base", "tuned", "p", "p, corrected", ""]
    assert [row[1:] for row in failure_rows(data)] == [["1", "0"]]


def models(scenarios: Sequence[str], wrong: set[int], label: str) -> StateEvaluation:
    """A model that holds one conversation of each scenario, and those with these numbers wrongly."""
    talks = [
        Conversation(str(n), replace(TALK.example, metadata={"scenario": name})) for n, name in enumerate(scenarios)
    ]
    steps = {talk.id: () if int(talk.id) in wrong else reference_steps(talk) for talk in talks}
    return evaluate_by_state(scripted(steps), talks, label=label)


def test_the_difference_of_two_models_is_tested_over_the_same_conversations() -> None:
    scenarios = ["chain"] * 10 + ["tool_error"] * 10
    before, after = models(scenarios, set(range(9)) | {12}, "base"), models(scenarios, {9, 12}, "tuned")
    found = by_state_data([before, models(scenarios, set(), "base, constrained"), after])["p_values"]
    assert found["models"] == ["base", "tuned"]
    assert found["all"] == found["scenarios"]["chain"] == pytest.approx(mcnemar(1, 9))  # 0.021
    assert found["scenarios"]["tool_error"] == 1.0
    assert found["scenarios_holm"] == {"chain": pytest.approx(2 * mcnemar(1, 9)), "tool_error": 1.0}
    assert by_state_data([before])["p_values"] == by_state_data([before])["differences"] == {}
    text = "\n".join(by_state_section(by_state_data([before, after])))
    assert "| p | p, corrected |" in text
    assert "| chain |" in text
    assert "| 0.021 | 0.043 |" in text


def of_tools(number: int, names: Sequence[str]) -> Conversation:
    """A conversation whose reference calls these tools."""
    calls = tuple(ToolCall(name, {}) for name in names)
    reply = (Message("assistant", "", calls), *(Message("tool", "{}", name=name) for name in names))
    messages = (Message("user", "Please."), *reply, Message("assistant", "Done."))
    return Conversation(str(number), Example(messages, TALK.tools, {"scenario": "chain"}))


def judged(talks: Sequence[Conversation], right: Sequence[bool], label: str) -> StateEvaluation:
    return StateEvaluation(
        label,
        tuple(
            Outcome(talk, (), None if verdict else "missing_call", "", (), ())
            for talk, verdict in zip(talks, right, strict=True)
        ),
    )


def test_the_interval_of_the_difference_is_of_sets_of_tools() -> None:
    """Half of 60 conversations are won: on tools of their own, or all of those of two sets of four."""
    alone = [of_tools(n, [f"tool_{n}", "other"]) for n in range(60)]
    four = [of_tools(n, ["other", f"tool_{n % 4}"]) for n in range(60)]
    before, half, two_of_four = [False] * 60, [n % 2 == 0 for n in range(60)], [n % 4 < 2 for n in range(60)]

    def difference(talks: Sequence[Conversation], after: Sequence[bool]) -> dict[str, float]:
        data = by_state_data([judged(talks, before, "base"), judged(talks, after, "tuned")])["differences"]
        assert data["scenarios"] == {"chain": data["overall"]}
        return dict(data["overall"])

    narrow, wide = difference(alone, half), difference(four, two_of_four)
    assert (narrow["difference"], narrow["clusters"]) == (wide["difference"], 60) == (0.5, 60)
    pairs = [(n, False, right) for n, right in enumerate(half)]
    assert narrow == pytest.approx(clustered_difference(pairs).to_dict())  # type: ignore[union-attr]
    assert wide["clusters"] == 4
    assert (wide["low"], wide["high"]) == (0, 1)
    assert 0.3 < narrow["low"] < 0.4


def test_the_difference_is_shown_in_every_form_of_the_report() -> None:
    scenarios = ["chain"] * 10 + ["tool_error"] * 10
    before, after = models(scenarios, set(range(9)) | {12}, "base"), models(scenarios, {9, 12}, "tuned")
    data = by_state_data([before, after])
    assert difference_rows(data)[0] == ["all", "+40.0", "+40.0 to +40.0", "1", "-"]
    text = "\n".join(by_state_section(data))
    assert "How much better tuned holds conversations than base:" in text
    assert "| chain | +80.0 | +80.0 to +80.0 | 1 | 0.043 |" in text
    page = html_page({"run": {}, "models": {}, "items": [], "by_state": data})
    assert "How much better tuned holds conversations than base" in page
    assert "+80.0 to +80.0" in page
    alone = by_state_data([before])
    assert "How much better" not in "\n".join(by_state_section(alone))
    assert "How much better" not in html_page({"run": {}, "models": {}, "items": [], "by_state": alone})


def test_the_terminal_shows_p_values_of_two_models() -> None:
    scenarios = ["chain"] * 10 + ["multi_turn_long_context"] * 10
    before, after = models(scenarios, set(range(9)) | {12}, "base"), models(scenarios, {9, 12}, "tuned")

    def printed(*evaluations: StateEvaluation) -> str:
        stream = io.StringIO()
        print_by_state(evaluations, Console(file=stream, width=80))
        return stream.getvalue()

    lines = printed(before, after).splitlines()
    rows = {line.split()[0]: line.split()[-1] for line in lines if "/" in line}
    assert sorted(rows.values()) == ["0.021", "0.043", "1.000"]
    assert (rows["all"], rows["chain"]) == ("0.021", "0.043")
    assert not any("…" in line for line in lines), "a long name goes on in the next line"
    assert any("p: base against tuned" in line for line in lines)
    assert max(map(len, lines)) <= 80
    assert " p" not in printed(before).partition("those that")[0]
    labels = ["base", "base, 3 examples", "base, constrained", "tuned", "tuned, constrained"]
    five = printed(*(models(scenarios, {9, 12} if "tuned" in name else set(range(9)) | {12}, name) for name in labels))
    rows = [line.strip().split("  ") for line in five.splitlines() if "/20" in line]
    assert [row[0] for row in rows] == labels, "each name whole, in a terminal of 80 columns"
    assert next(row[-1].strip() for row in rows if "tuned" in row[0]) == "0.021"
    assert ["18/20*" in "".join(row) for row in rows] == [False, False, False, True, True]
    assert printed() == ""


def test_the_page_shows_what_was_said_and_what_was_wrong() -> None:
    data = {"run": {}, "models": {}, "items": [], "by_state": by_state_data([BAD])}
    page = html_page(data)
    assert "<h1>Evaluation of base</h1>" in page
    assert "<b>base</b> holds 0 of 1 whole conversations rightly: <b>0.0 %</b>" in page
    assert "M|ade." in page
    assert "No model was evaluated" not in page
    many = models(["chain"] * (SHOWN + 3), set(range(SHOWN + 2)), "m")
    page = html_page(data | {"by_state": by_state_data([many])})
    assert page.count('<details class="talk">') == SHOWN
    assert "2 more stand in report.json" in page


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
    assert "Conversations held rightly" in before["report.html"]


def test_without_conversations_nothing_is_said_of_them(tmp_path: Path) -> None:
    write_report(tmp_path, None, None, {})
    assert not any("onversations" in (tmp_path / name).read_text() for name in ("report.json", "report.md"))
    assert 'id="conversations"' not in (tmp_path / "report.html").read_text()
