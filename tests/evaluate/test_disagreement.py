"""Where the two scorers disagree on one reply."""

from __future__ import annotations

from typing import Any

import pytest

from tooltune.chat.parse import parse_reply
from tooltune.chat.render import render_reply
from tooltune.evaluate.disagreement import Disagreements
from tooltune.evaluate.items import Item
from tooltune.evaluate.outputs import Output
from tooltune.evaluate.results import Evaluation
from tooltune.evaluate.suites import load_bfcl
from tooltune.evaluate.suites.bfcl import CATEGORIES
from tooltune.types import Message, Tool, ToolCall, ToolParameter

TOOL = Tool(
    "book",
    "",
    [
        ToolParameter("city", "", required=True),
        ToolParameter("nights", "", "integer", default=1),
        ToolParameter("prices", "", "array", items={"type": "number"}),
        ToolParameter("who", "", "object", properties={"name": {"type": "string"}, "age": {"type": "integer"}}),
    ],
)


def judged(item: Item, *texts: str) -> Disagreements:
    return Disagreements.of(Evaluation.of("m", [item] * len(texts), [Output(text) for text in texts], parse_reply))


def item(scorer: Any, *answers: dict[str, Any]) -> Item:
    expected = tuple(ToolCall("book", {k: v[0] for k, v in answer.items()}) for answer in answers)
    found = tuple({"book": answer} for answer in answers)
    return Item("1", "parallel", (Message("user", "Book"),), (TOOL,), "call", expected, scorer=scorer, answers=found)


def call(**arguments: Any) -> str:
    return render_reply("", (ToolCall("book", arguments),))


@pytest.mark.parametrize(
    ("text", "by"),
    [
        (call(city="New York"), None),
        (call(city="new-york"), "bfcl"),
        (call(city="New York", nights=1), "semantic"),
        (call(city="New York", nights=1.0), "semantic"),
        (call(city="New York", prices=[3]), None),
        (call(city="New York", prices=[3.0]), None),
        (call(city="New York", who={"name": "Ana"}), None),
        (call(city="New York", who={"name": "ana", "age": 3}), "bfcl"),
        (call(city="Oslo"), None),
        ("Where to?", None),
        ("<tool_call>", None),
    ],
)
def test_an_item_of_bfcl(text: str, by: str | None) -> None:
    answer = {"city": ["New York", "NYC"], "prices": ["", [3.0]], "who": ["", {"name": ["Ana"], "age": [3, ""]}]}
    assert [one.by for one in judged(item("bfcl", answer), text).found] == ([by] if by else [])


@pytest.mark.parametrize(
    ("text", "by"),
    [
        (call(city="Oslo", nights=2), None),
        (call(city="oslo", nights=2), "bfcl"),
        (call(city="Oslo", nights=2.0), "semantic"),
        (call(city="Rome", nights=2), None),
    ],
)
def test_an_item_of_another_source(text: str, by: str | None) -> None:
    found = judged(item("semantic", {"city": ["Oslo"], "nights": [2]}), text)
    assert found.compared == 1
    assert [one.by for one in found.found] == ([by] if by else [])


def test_calls_are_paired_as_well_as_can_be_and_by_bfcl_greedily() -> None:
    two = item("bfcl", {"city": ["Oslo", "Rome"]}, {"city": ["Oslo"]})
    text = render_reply("", (ToolCall("book", {"city": "Oslo"}), ToolCall("book", {"city": "Rome"})))
    assert [one.by for one in judged(two, text).found] == ["semantic"]
    assert judged(two, render_reply("", (ToolCall("book", {"city": "Rome"}),) * 2)).found == ()


def test_what_cannot_be_compared_is_not_counted() -> None:
    found = judged(item("bfcl", {"city": ["Oslo"]}), "Words.", "", "<tool_call>", call(city="Oslo"))
    assert (found.compared, found.found) == (1, ())
    assert found.to_dict() == {"compared": 1, "found": []}


def test_on_the_accepted_answers_of_bfcl_they_hardly_disagree() -> None:
    items = [one for one in load_bfcl([name for name in CATEGORIES if "relevance" not in name]) if one.calls]
    outputs = [Output(render_reply("", one.calls)) for one in items]
    found = Disagreements.of(Evaluation.of("m", items, outputs, parse_reply))
    assert found.compared > 2300
    assert len(found.found) < 10
