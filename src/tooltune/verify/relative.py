"""Which day a phrase such as "next Friday" means, for a reference date that the system message gives.

The generator goes from a day to a phrase by arithmetic; this goes from the phrase to the day by walking through
the calendar. A phrase that people read in two ways gives no day: "next Friday" on a Monday is one of them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta

from tooltune.types import Message
from tooltune.verify.facts import Facts, normalise
from tooltune.verify.lexicon import NUMBER_WORDS

_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_DAY = timedelta(days=1)
_COUNT = rf"(?P<n>\d{{1,2}}|an?|{'|'.join(NUMBER_WORDS)})"
_PATTERNS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str], date], date | None]], ...] = (
    (re.compile(r"\bthe day after tomorrow\b"), lambda found, today: today + 2 * _DAY),
    (re.compile(r"\bthe day before yesterday\b"), lambda found, today: today - 2 * _DAY),
    (re.compile(r"\btoday\b(?! is\b)(?<!from today)"), lambda found, today: today),
    (re.compile(r"\btomorrow\b"), lambda found, today: today + _DAY),
    (re.compile(r"\byesterday\b"), lambda found, today: today - _DAY),
    (re.compile(rf"\bin {_COUNT} (?P<unit>day|week)s?\b"), lambda found, today: today + _span(found)),
    (re.compile(rf"\b{_COUNT} (?P<unit>day|week)s? from (?:today|now)\b"), lambda found, today: today + _span(found)),
    (re.compile(rf"\b{_COUNT} (?P<unit>day|week)s? ago\b"), lambda found, today: today - _span(found)),
    (
        re.compile(rf"\b(?:(?P<which>this|next|last|coming) )?(?P<day>{'|'.join(_WEEKDAYS)})\b"),
        lambda found, today: _weekday(found["which"] or "", found["day"], today),
    ),
    (
        re.compile(r"\bthe (?P<n>\d{1,2})(?:st|nd|rd|th) of next month\b"),
        lambda found, today: _next_month(int(found["n"]), today),
    ),
)


def reference_date(messages: Sequence[Message]) -> date | None:
    """The day that the system message calls today: the only date in it; None where there is none or more than one."""
    if not messages or messages[0].role != "system":
        return None
    dates = Facts.read(messages[0].content).dates
    try:
        return date.fromisoformat(next(iter(dates))) if len(dates) == 1 else None
    except ValueError:
        return None


def relative_dates(text: str, today: date) -> set[str]:
    """The days that a text speaks of in relation to `today`, as YYYY-MM-DD."""
    return set(_days(normalise(text), today))


def _days(text: str, today: date) -> Iterator[str]:
    for pattern, meaning in _PATTERNS:
        for found in pattern.finditer(text):
            day = meaning(found, today)
            if day is not None:
                yield day.isoformat()
        text = pattern.sub(" ", text)


def _span(found: re.Match[str]) -> timedelta:
    word = found["n"]
    count = 1 if word in ("a", "an") else NUMBER_WORDS.get(word) or int(word)
    return count * (7 if found["unit"] == "week" else 1) * _DAY


def _weekday(which: str, name: str, today: date) -> date | None:
    """The first such day after today, or before it for "last"; None where "this" or "next" may mean another week."""
    step = -_DAY if which == "last" else _DAY
    day = today + step
    while _WEEKDAYS[day.weekday()] != name:
        day += step
    same_week = day.isocalendar()[:2] == today.isocalendar()[:2]
    if (which == "this" and not same_week) or (which in ("next", "last") and same_week):
        return None
    return day


def _next_month(number: int, today: date) -> date | None:
    day = today
    while day.month == today.month or day.day != number:
        day += _DAY
        if (day - today).days > 62:
            return None
    return day
