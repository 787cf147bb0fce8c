from datetime import date, timedelta

import pytest

from tooltune.types import Example, Message, Tool, ToolCall, ToolParameter
from tooltune.verify import verify_example
from tooltune.verify.relative import reference_date, relative_dates

TUESDAY = date(2026, 11, 24)


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("today", ["2026-11-24"]),
        ("The forecast for tomorrow, please", ["2026-11-25"]),
        ("the day after tomorrow", ["2026-11-26"]),
        ("yesterday", ["2026-11-23"]),
        ("in three weeks", ["2026-12-15"]),
        ("in 9 days", ["2026-12-03"]),
        ("a week from today", ["2026-12-01"]),
        ("two weeks ago", ["2026-11-10"]),
        ("on Friday", ["2026-11-27"]),
        ("this Friday", ["2026-11-27"]),
        ("next Monday", ["2026-11-30"]),
        ("last Sunday", ["2026-11-22"]),
        ("the 1st of next month", ["2026-12-01"]),
        ("from tomorrow to next Tuesday", ["2026-11-25", "2026-12-01"]),
        ("no date at all", []),
    ],
)
def test_a_phrase_means_one_day(text, days):
    assert relative_dates(text, TUESDAY) == set(days)


@pytest.mark.parametrize("text", ["next Friday", "this Monday", "last Monday"])
def test_a_phrase_that_people_read_in_two_ways_means_none(text):
    assert relative_dates(text, TUESDAY) == set()


def test_the_reference_date_is_the_only_date_of_the_system_message():
    assert reference_date([Message("system", "Today is Tuesday, 24 November 2026.")]) == TUESDAY
    assert reference_date([Message("system", "From 2026-11-24 to 2026-11-25")]) is None
    assert reference_date([Message("user", "Today is 2026-11-24.")]) is None


@pytest.mark.parametrize(("day", "problem"), [("2026-11-25", None), ("2026-11-26", "grounding: remind.date")])
def test_an_argument_must_be_the_day_that_was_meant(day, problem):
    messages = (
        Message("system", "Today is 2026-11-24."),
        Message("user", "Remind me tomorrow."),
        Message("assistant", "", (ToolCall("remind", {"date": day}),)),
        Message("tool", "{}", name="remind"),
        Message("assistant", "Done."),
    )
    tool = Tool("remind", "Remind me", [ToolParameter("date", format="date", required=True)])
    assert verify_example(Example(messages, (tool,))) == problem


def test_every_phrase_of_the_generator_is_read_back_as_its_day():
    from tooltune.generate.relative import phrases

    for start in range(14):
        today = TUESDAY + timedelta(days=start)
        for ahead in (*range(-10, 11), 14, 21, -14, -21):
            day = today + timedelta(days=ahead)
            for phrase in phrases(today, day):
                assert relative_dates(phrase, today) == {day.isoformat()}, (today, phrase)
