import pytest

from tooltune.types import Example, Message, Tool, ToolCall, ToolParameter
from tooltune.verify.facts import Facts
from tooltune.verify.grounding import is_said, ungrounded


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("Oslo", "weather in oslo?"),
        ("2025-03-14", "on 14 March 2025"),
        ("2025-03-14", "on March 14th, 2025"),
        ("2025-03-04", "the 4th of Mar 2025"),
        ("2025-03-14", "2025-03-14 please"),
        ("15:00", "at 3 pm"),
        ("15:00", "at 3pm."),
        ("09:30", "9:30 am"),
        ("00:15", "at 12:15 am"),
        ("12:00", "at noon"),
        (1200, "about 1,200 of them"),
        (0.15, "15% of it"),
        (15, "15% of it"),
        (0.15, "15 percent of it"),
        (0.125, "12.5 % of it"),
        (2_500_000, "2.5 million euros"),
        (40_000, "40k of them"),
        (12_000, "12 thousand"),
        (-5, "it is -5 outside"),
        (3, "three of them"),
        (200.5, "200.50 euros"),
        ("USD", "250 US dollars"),
        ("km", "26 kilometres"),
        ("12 * 4", "what is 12 times 4"),
        ("2025-03-14T15:00:00Z", "14 March 2025 at 3 pm"),
        (None, ""),
        ("15:00:00Z", "at 3 pm UTC"),
        ("PT1H30M", "for an hour and a half"),
        ("PT1H30M", "for 1 hour and 30 minutes"),
        ("PT30M", "half an hour"),
        ("P2W", "in two weeks"),
        ("de", "into German"),
        ("NO", "in Norway"),
    ],
)
def test_said(value, text):
    assert is_said(value, "x", {}, Facts.read(text))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("Oslo", "weather in Bergen"),
        ("on", "a cat in London"),
        ("2025-03-14", "on 14 April 2025"),
        ("15:00", "at 3 am"),
        (3, "on 3 May 2025"),
        (12, "1200 of them"),
        (1200, "1,300 of them"),
        ("USD", "250 Canadian dollars"),
        ("12 * 4", "what is 12 plus 4"),
        ("urgent call", "an urgent matter"),
        ("PT1H30M", "for half an hour"),
        ("PT1H", "in 1 day"),
        ("de", "into French"),
    ],
)
def test_not_said(value, text):
    assert not is_said(value, "x", {}, Facts.read(text))


def test_an_enum_value_is_said_in_plain_words():
    schema = {"enum": ["NOT_STARTED", "DONE"]}
    assert is_said("NOT_STARTED", "state", schema, Facts.read("those that are not started"))
    assert not is_said("NOT_STARTED", "state", schema, Facts.read("those that are done"))


def test_a_flag_is_said_by_its_topic():
    schema = {"type": "boolean", "description": "Only places with outdoor seating"}
    assert is_said(True, "outdoor", schema, Facts.read("where I can sit outdoors"))
    assert not is_said(True, "outdoor", schema, Facts.read("somewhere nice"))


TOOL = Tool("book", "Book", [
    ToolParameter("name", required=True), ToolParameter("seats", type="integer", default=2),
    ToolParameter("guests", type="array", items={"type": "string"}),
])  # fmt: skip


def conversation(arguments, text="Book a table for Ada with Tom", before=()):
    call = Message("assistant", "", (ToolCall("book", arguments),))
    return Example((Message("user", text), *before, call, Message("tool", "{}", name="book")), (TOOL,))


def test_each_leaf_is_looked_for():
    assert list(ungrounded(conversation({"name": "Ada", "guests": ["Tom"]}))) == []
    assert list(ungrounded(conversation({"name": "Ada", "guests": ["Tom", "Eve"]}))) == ["book.guests.1"]


def test_a_declared_default_needs_no_mention_and_another_value_does():
    assert list(ungrounded(conversation({"name": "Ada", "seats": 2}))) == []
    assert list(ungrounded(conversation({"name": "Ada", "seats": 3}))) == ["book.seats"]


def test_only_what_was_said_before_the_call_counts_and_not_by_the_assistant():
    assistant = Message("assistant", "Do you mean Eve?")
    assert list(ungrounded(conversation({"name": "Eve"}, before=(assistant,)))) == ["book.name"]
    assert list(ungrounded(conversation({"name": "Eve"}, before=(assistant, Message("user", "Yes, Eve"))))) == []
