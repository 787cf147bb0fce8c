"""What the assistant asks when an argument is missing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tooltune.generate.names import is_proper, with_capitals
from tooltune.generate.phrasing.actions import action_of
from tooltune.generate.phrasing.mentions import Mention, noun_for, plural
from tooltune.generate.phrasing.natural import TAKING
from tooltune.generate.phrasing.wording import wording
from tooltune.generate.surfaces import join, spaced
from tooltune.types import Tool, ToolParameter

_MOST_CHOICES = 5
_VAGUE = frozenset({"name", "value", "number", "ID", "path", "paths", "text", "string", "search term"})
"""Names that say less than the command does."""
_OF_WHAT_IS_THERE = frozenset({"add", "start", "open", "launch"})
"""Verbs like those that make something, of what has its name already."""
_CALLED = ("What should it be called?", "What name should it have?")


def questions(tool: Tool, said: Sequence[Mention], placed: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """Parameter -> questions for it; of two that are said as one, "owner+repo" -> questions for both.

    Args:
        tool: the tool.
        said: what there is to say for it.
        placed: parameter -> what the command calls it, for those that name something the command speaks of.
    """
    quoted = {name for mention in said if mention.gap.startswith('"') for name in mention.names}
    takes_away = action_of(tool).verb in TAKING  # nobody uses what is deleted
    asks = {p.name: _for(p, p.name in quoted, placed.get(p.name), takes_away) for p in tool.parameters if p.required}
    makes = action_of(tool).verb not in _OF_WHAT_IS_THERE
    called = {m.names[0]: _CALLED for m in said if m.required and makes and m.attach[0].startswith("called ")}
    pairs = {together(m.names): _which(m.noun) for m in said if m.required and len(m.names) == 2}
    return asks | called | pairs


def together(names: Sequence[str]) -> str:
    """The key under which the questions for two parameters stand."""
    return "+".join(names)


def _which(noun: str) -> tuple[str, ...]:
    if " and " in noun:
        return (f"What are the {noun}?",)
    return f"Which {with_capitals(noun)} do you mean?", f"Which {with_capitals(noun)} should I use?"


def _plain(name: str, value: str) -> str:
    if is_proper(name, value):
        return value
    plain = spaced(value)
    return plain.lower() if len(plain) > 3 else plain


def _for(parameter: ToolParameter, quoted: bool, placed: str | None, takes_away: bool) -> tuple[str, ...]:
    noun = noun_for(parameter)
    is_number = noun.startswith("number of the ") or noun.endswith((" number", " ID"))
    if placed and (noun in _VAGUE or is_number or noun.endswith((" name", " names"))):
        noun = plural(placed) if parameter.type == "array" else placed  # "which label", of "remove a label"
    if parameter.enum and len(parameter.enum) <= _MOST_CHOICES:
        choices = [wording().enum_words.get(str(value), _plain(parameter.name, str(value))) for value in parameter.enum]
        return (f"Which {noun} would you like: {join(choices, 'or')}?",)
    if noun.startswith("number of ") and not placed:
        return (f"How many {noun.removeprefix('number of ')} should it be?",)
    verb = "are" if noun.endswith("s") and not noun.endswith(("ss", "us", "is")) else "is"
    if placed and not quoted:
        return _which(noun)[:1] if takes_away else _which(noun)
    if quoted:
        return f"What should the {noun} be?", f"What {noun} should I use?"
    return (
        (f"What {verb} the {noun}?",) if noun in _VAGUE else (f"Which {noun} should I use?", f"What {verb} the {noun}?")
    )
