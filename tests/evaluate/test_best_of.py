"""Of several replies the one that says what was said; what is expected is never looked at."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence

import pytest

from tooltune.chat import parse_reply, render_reply
from tooltune.chat.parse import Reply
from tooltune.evaluate import Item, Output
from tooltune.evaluate.best_of import best_of
from tooltune.evaluate.doubts import doubts
from tooltune.evaluate.outputs import Finished, collect
from tooltune.types import Message, Tool, ToolCall, ToolParameter

BOOK = Tool(
    "book",
    "Book a table.",
    [
        ToolParameter("place", "Restaurant", "string", required=True),
        ToolParameter("guests", "Guests", "integer", minimum=1),
        ToolParameter("time", "Time, HH:MM", "string"),
        ToolParameter("where", "Part of the restaurant", "string"),
    ],
)
ASKED = Message("user", "A table at Denver Grill for 14 people at half past nothing, I mean 7:30 pm.")
ITEM = Item("1", "single", (ASKED,), (BOOK,), "call")


def call(**arguments: object) -> ToolCall:
    return ToolCall("book", arguments)


def text(*calls: ToolCall) -> str:
    return render_reply("", calls)


RIGHT = call(place="Denver Grill", guests=14, time="19:30")
NAME = call(place="Bistro Sole", guests=14, time="19:30")
SHORT = call(place="Denver Grill", guests=14)
PATIO = call(place="Denver Grill", guests=14, time="19:30", where="patio")
WORST = call(place="Bistro Sole", guests=4)


@pytest.mark.parametrize(
    ("calls", "found"),
    [
        ([RIGHT], []),
        ([], []),
        ([NAME], ["book.place was not said"]),
        ([SHORT], ["19:30 is not used"]),
        ([WORST], ["book.place was not said", "book.guests was not said", "19:30 is not used", "14 is not used"]),
        ([RIGHT, RIGHT], ["book is called twice alike"]),
        ([call(place=" Denver Grill", guests=14, time="19:30")], ["book.place has spaces around it"]),
        ([ToolCall("reserve")], ["reserve is not in view", "19:30 is not used", "14 is not used"]),
        ([call(place="Denver Grill", guests="14", time="19:30")], ['book: guests: "14" is not of type "integer"']),
    ],
)
def test_each_doubt_is_named(calls: list[ToolCall], found: list[str]) -> None:
    assert doubts(ITEM, parse_reply(text(*calls))) == found


def test_a_further_call_that_cannot_be_read() -> None:
    assert len(doubts(ITEM, parse_reply(text(RIGHT) + "\n<tool_call>\nname: book"))) == 1


def test_a_schema_that_is_none_says_nothing() -> None:
    tool = Tool("book", "Book", [ToolParameter("place", "Place", "string", extra={"minLength": "long"})])
    item = Item("1", "single", (ASKED,), (tool,), "call")
    assert doubts(item, parse_reply(text(call(place="Denver Grill", guests=14, time="19:30")))) == []


def test_after_a_result_only_what_the_call_says_is_doubted() -> None:
    called = (ASKED, Message("assistant", "", (RIGHT,)), Message("tool", '{"free": "Bistro 5"}', name="book"))
    item = Item("1", "chain", called, (BOOK,), "call")
    assert doubts(item, parse_reply(text(call(place="Bistro 5")))) == []
    assert doubts(item, parse_reply(text(call(place="Bistro 6")))) == ["book.place was not said"]


def test_relative_dates_count_as_said() -> None:
    tool = Tool("see", "See", [ToolParameter("date", "Day", "string", format="date")])
    said = (Message("system", "Today is 2026-11-28, a Saturday."), Message("user", "What's on tomorrow?"))
    item = Item("1", "relative_date", said, (tool,), "call")
    assert doubts(item, parse_reply(text(ToolCall("see", {"date": "2026-11-29"})))) == []
    assert doubts(item, parse_reply(text(ToolCall("see", {"date": "2026-11-30"})))) == ["see.date was not said"]


class Source:
    """Replies with one output after the other, and remembers what it was asked."""

    def __init__(self, *outputs: Output | str) -> None:
        self.outputs = [Output(o, tokens=5, seconds=0.5) if isinstance(o, str) else o for o in outputs]
        self.asked: list[tuple[str, int]] = []

    def __call__(self, items: Sequence[Item], finished: Finished) -> None:
        for place, item in enumerate(items):
            finished(place, self.outputs[len(self.asked)])
            self.asked.append((item.id, item.sample))


def best(first: str | Output, *others: str | Output) -> Output:
    (output,) = collect(best_of(1 + len(others), Source(first), Source(*others), parse_reply), [ITEM])
    return output


@pytest.mark.parametrize(
    ("replies", "taken"),
    [
        ([text(NAME), text(WORST), text(SHORT), text(RIGHT)], text(RIGHT)),
        ([text(WORST), text(NAME), text(SHORT)], text(NAME)),
        ([text(NAME), text(SHORT), text(SHORT)], text(SHORT)),
        ([text(WORST), text(NAME), text(NAME), "Sorry, no."], text(NAME)),
        ([text(NAME), "Which one?", "Sorry, no."], "Which one?"),
        ([text(WORST), "<tool_call>\nname: book"], text(call(place="Bistro Sole"))),
        ([text(NAME), Output(text(RIGHT), truncated=True)], text(NAME)),
        (["<tool_call>\nname: book", text(RIGHT)], "<tool_call>\nname: book"),
        ([text(NAME)], text(NAME)),
        ([text(PATIO), text(RIGHT)], text(RIGHT)),
        ([text(NAME), text(NAME), text(PATIO)], text(RIGHT)),
    ],
    ids=[
        "no doubt",
        "fewest doubts",
        "most often",
        "words once",
        "words as often",
        "unreadable",
        "cut off",
        "unreadable first",
        "one try",
        "left out",
        "left out of a sample",
    ],
)
def test_the_best_is_taken(replies: list[str | Output], taken: str) -> None:
    assert best(*replies).text == taken


@pytest.mark.parametrize(
    "calls", [[PATIO], [RIGHT, RIGHT], [call(place="Denmark Grill", guests=14, time="19:30")]], ids=str
)
def test_what_a_rule_mends_is_not_asked_again(calls: list[ToolCall]) -> None:
    again = Source(text(WORST))
    (output,) = collect(best_of(2, Source("Sure.\n\n" + text(*calls)), again, parse_reply), [ITEM])
    assert (output.text, again.asked) == ("Sure.\n\n" + text(RIGHT), [])


def test_a_reply_in_another_format_keeps_its_words() -> None:
    """Its calls are read with another parser, which does not know the documented format."""

    def parse(text: str) -> Reply:
        return Reply(calls=tuple(ToolCall("book", arguments) for arguments in json.loads(text)))

    reply = json.dumps([PATIO.arguments])
    (output,) = collect(best_of(2, Source(reply), Source(reply), as_data(parse)), [ITEM])
    assert output.text == reply


def as_data(parse: Callable[[str], Reply]) -> Callable[[str], Reply]:
    """What cannot be read is an error in the reply, as from any parser."""

    def safe(text: str) -> Reply:
        try:
            return parse(text)
        except ValueError as error:
            return Reply(error=str(error))

    return safe


def test_it_costs_what_all_tries_cost() -> None:
    assert best(text(NAME), text(RIGHT)) == Output(text(RIGHT), tokens=10, seconds=1.0)
    assert best(text(NAME), Output(text(RIGHT), tokens=1)).seconds is None


def test_only_what_is_in_doubt_is_asked_again() -> None:
    items = [Item(name, "single", (ASKED,), (BOOK,), "call") for name in "abcd"]
    failed = Output(failed="too_long")
    first, other = Source(text(RIGHT), text(NAME), "How many?", failed), Source(text(RIGHT))
    outputs = collect(best_of(2, first, other, parse_reply), items)
    assert [output.text for output in outputs] == [text(RIGHT), text(RIGHT), "How many?", ""]
    assert (outputs[3], other.asked) == (failed, [("b#1", 1)])
