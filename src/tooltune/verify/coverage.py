"""The other direction: is everything that was said used, and everything answered known?"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from tooltune.types import Example
from tooltune.verify.facts import PERCENT, Facts
from tooltune.verify.grounding import is_said, leaves

_DIGITS = re.compile(r"\d+")


def unused(example: Example) -> Iterator[str]:
    """Dates, times and numbers that the user states and no call uses.

    Nothing is unused in a conversation without calls: there it is the assistant that asks or
    declines.
    """
    calls = [call for message in example.messages for call in message.tool_calls]
    if not calls:
        return
    values = [leaf for call in calls for _, leaf, _ in leaves("", dict(call.arguments), {})]
    used = Facts.read(" ".join(str(value) for value in values))
    for message in example.messages:
        if message.role == "user":
            yield from _unused_in(Facts.read(message.content), used)


def _unused_in(said: Facts, used: Facts) -> Iterator[str]:
    yield from sorted(said.dates - used.dates)
    yield from sorted(said.times - used.times)
    for number in sorted(said.numbers):
        # A percentage stands twice in `said.numbers`; a number word may be part of a text.
        known = used.numbers | {round(n / 100, 6) for n in used.numbers}
        if any(PERCENT.match(said.text, found.end()) for found in re.finditer(rf"\b{number:g}", said.text)):
            known |= {round(n * 100, 6) for n in used.numbers}
        if number not in known and not is_said(f"{number:g}", "", {}, used) and number > 12:
            yield f"{number:g}"


def unknown_in_answer(example: Example) -> Iterator[str]:
    """Numbers of an assistant text that stand nowhere earlier in the conversation."""
    known: set[str] = set()
    for message in example.messages:
        numbers = _numbers(message.content)
        if message.role == "assistant" and known:
            yield from sorted(numbers - known)
        known |= numbers
        for call in message.tool_calls:
            known |= _numbers(json.dumps(dict(call.arguments)))
        # So that a conversation that begins without numbers is checked as well.
        known.add("")


def _numbers(text: str) -> set[str]:
    return {digits.lstrip("0") for digits in _DIGITS.findall(text)}
