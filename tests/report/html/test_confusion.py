"""The table of expected and called tools."""

from __future__ import annotations

from typing import Any

from tooltune.evaluate.results import Evaluation
from tooltune.report.html.confusion import MOST_TOOLS, NO_CALL, OTHERS, UNREADABLE, Matrix, confusion
from tooltune.report.html.items import items_data
from tooltune.report.write import report_data


def counts(matrix: Matrix) -> dict[tuple[str, str], int]:
    return {(want, cell.called): cell.count for want, _, cells in matrix.rows for cell in cells if cell.count}


def test_the_tuned_model(tuned: Evaluation) -> None:
    items = items_data(report_data(None, tuned, {}))["items"]
    matrix = confusion(items, "tuned", "tuned")
    expected = sum(max(1, len(result.item.calls), len(result.reply.calls)) for result in tuned.results)
    assert sum(counts(matrix).values()) == expected
    assert counts(matrix)["get_weather", "get_weather"] == 20 + 2 * 9
    assert counts(matrix)[NO_CALL, "get_weather"] == 3
    assert counts(matrix)[NO_CALL, NO_CALL] == 5
    assert all(total == sum(cell.count for cell in cells) for _, total, cells in matrix.rows)
    assert matrix.columns[-1] == NO_CALL


def test_a_reply_that_cannot_be_read_is_not_an_answer_in_words(base: Evaluation) -> None:
    items = items_data(report_data(base, None, {}))["items"]
    found = counts(confusion(items, "base", "base"))
    assert found["get_weather", UNREADABLE] > found["get_weather", NO_CALL] > 0
    assert found["get_weather", "get_wheather"] > 0


def one(want: str, given: str) -> dict[str, Any]:
    reply = {"failure": None, "calls": [{"name": given}], "pairs": [[0, 0, {}]]}
    return {"calls": [{"name": want}], "replies": {"m": reply}}


def test_shades_are_shares_of_the_row() -> None:
    matrix = confusion([one("a", "a")] * 9 + [one("a", "b")], "m", "m")
    ((want, total, cells),) = matrix.rows
    assert (want, total) == ("a", 10)
    assert [(cell.called, cell.kind, cell.shade) for cell in cells] == [("a", "right", 5), ("b", "wrong", 1)]


def test_many_tools_are_merged_but_confusions_stay() -> None:
    items = [one(f"tool_{i}", f"tool_{i}") for i in range(60) for _ in range(2)] + [one("tool_58", "tool_59")] * 3
    matrix = confusion(items, "m", "m")
    assert len(matrix.rows) == MOST_TOOLS + 1
    assert matrix.rows[-1][0] == OTHERS
    assert counts(matrix)["tool_58", "tool_59"] == 3
    assert sum(counts(matrix).values()) == len(items)
