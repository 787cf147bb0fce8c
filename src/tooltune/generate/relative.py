"""Dates as people say them when today is known: "tomorrow", "next Friday", "in three weeks"."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random
from typing import Any

from tooltune.generate.phrasing import Split
from tooltune.generate.phrasing.model import Part
from tooltune.generate.slots import text_kind
from tooltune.generate.speech import Speaker
from tooltune.types import Tool, ToolParameter

_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_PARTS: tuple[Part, Part] = ("train", "held_out")
_NUMBERS = ("", "", "two", "three", "four", "five", "six")
_NEAR = (1, 1, 2, 2, 3, 4, 5, 6, 7, 8, 9, 10, 14, 21)


@dataclass(frozen=True)
class RelativeSpeaker(Speaker):
    """A speaker who says dates in relation to `today`."""

    today: date = field(default=date(2026, 1, 1))
    past: bool = False
    """Whether the days lie behind."""

    def value(self, name: str, rng: Random) -> Any:
        """A value; a date is one near today."""
        value = super().value(name, rng)
        if not (isinstance(value, str) and _DATE.fullmatch(value)):
            return value
        offset = rng.choice(_NEAR)
        return (self.today + timedelta(days=-offset if self.past else offset)).isoformat()

    def say(self, name: str, value: Any, rng: Random) -> str:
        """A value in everyday words, a date in relation to today."""
        if isinstance(value, str) and _DATE.fullmatch(value):
            return rng.choice(phrases(self.today, date.fromisoformat(value)))
        return super().say(name, value, rng)


def date_names(tool: Tool) -> frozenset[str]:
    """The parameters that take a day."""
    return frozenset(parameter.name for parameter in tool.parameters if _is_date(parameter))


def _is_date(parameter: ToolParameter) -> bool:
    if parameter.type != "string" or parameter.enum or "birth" in parameter.name.lower():
        return False
    described = parameter.format is None and text_kind(parameter.name, parameter.description, "") == "date"
    return parameter.format == "date" or described


def speaking_of_dates(tool: Tool, requests: Split) -> Split | None:
    """The requests that may state a date; None unless both parts have some."""
    dates = date_names(tool)
    parts = [tuple(f for f in requests.of(part) if dates & f.template.keys()) for part in _PARTS]
    return Split(*parts) if dates and all(parts) else None


def phrases(today: date, day: date) -> list[str]:
    """What a day may be called; only what means that day in every reading."""
    ahead = (day - today).days
    named = {1: ["tomorrow"], 2: ["the day after tomorrow"], -1: ["yesterday"], -2: ["the day before yesterday"],
             0: ["today"], 7: ["in a week", "a week from today"], 14: ["in two weeks", "two weeks from today"],
             21: ["in three weeks"], -7: ["a week ago"], -14: ["two weeks ago"], -21: ["three weeks ago"]}  # fmt: skip
    found = named.get(ahead, [])
    if 2 < abs(ahead) <= 10 and ahead not in named:
        count = rf"{_NUMBERS[abs(ahead)] if abs(ahead) < len(_NUMBERS) else abs(ahead)} days"
        found = [f"in {count}" if ahead > 0 else f"{count} ago"]
    return [*found, *_weekday(today, day, ahead)]


def _weekday(today: date, day: date, ahead: int) -> list[str]:
    if not 2 <= abs(ahead) <= 7:
        return []
    name = _DAYS[day.weekday()]
    next_week = (today.weekday() + ahead) // 7
    if ahead < 0:
        return [f"last {name}"] * 2 if next_week == -1 else []
    if next_week == 0:
        return [f"this {name}", name]
    return [f"next {name}"] * 2 if ahead == 7 else [f"next {name}", name]
