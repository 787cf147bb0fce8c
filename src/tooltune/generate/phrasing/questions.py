"""What the assistant asks when an argument is missing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tooltune.generate.phrasing.mentions import Mention, noun_for, plural
from tooltune.generate.phrasing.wording import wording
from tooltune.generate.surfaces import join, spaced
from tooltune.types import Tool, ToolParameter

_MOST_CHOICES = 5
_VAGUE = frozenset({"name", "value", "number", "ID", "path", "paths", "text", "string", "search term"})
"""Names that say less than the command does."""
_CALLED = ("What should it be called?", "What name should it have?")


def questions(tool: Tool, said: Sequence[Mention], placed: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """Parameter -> questions for it; of two that are said as one, "owner+repo" -> questions for both.

    Args:
        tool: the tool.
        said: what there is to say for it.
        placed: parameter -> what the command calls it, for those that name something the command speaks of.
    """
    quoted = {name for mention in said if mention.gap.startswith('"') for name in mention.names}
    asks = {p.name: _for(p, p.name in quoted, placed.get(p.name)) for p in tool.parameters if p.required}
    called = {m.names[0]: _CALLED for m in said if m.required and m.attach[0].startswith("called ")}
    pairs = {together(m.names): _which(m.noun) for m in said if m.required and len(m.names) == 2}
    return asks | called | pairs


def together(names: Sequence[str]) -> str:
    """The key under which the questions for two parameters stand."""
    return "+".join(names)


def _which(noun: str) -> tuple[str, ...]:
    if " and " in noun:
        return (f"What are the {noun}?",)
    return f"Which {noun} do you mean?", f"Which {noun} should I use?"


def _plain(value: str) -> str:
    plain = spaced(value)
    return plain.lower() if len(plain) > 3 else plain


def _for(parameter: ToolParameter, quoted: bool, placed: str | None) -> tuple[str, ...]:
    noun = noun_for(parameter)
    is_number = noun.startswith("number of the ") or noun.endswith((" number", " ID"))
    if placed and (noun in _VAGUE or is_number or noun.endswith((" name", " names"))):
        noun = plural(placed) if parameter.type == "array" else placed  # "which label", of "remove a label"
    if parameter.enum and len(parameter.enum) <= _MOST_CHOICES:
        choices = [wording().enum_words.get(str(value), _plain(str(value))) for value in parameter.enum]
        return (f"Which {noun} would you like: {join(choices, 'or')}?",)
    verb = "are" if noun.endswith("s") and not noun.endswith(("ss", "us", "is")) else "is"
    if placed and not quoted:
        return _which(noun)
    if quoted:
        return f"What should the {noun} be?", f"What {noun} should I use?"
    return (
        (f"What {verb} the {noun}?",) if noun in _VAGUE else (f"Which {noun} should I use?", f"What {verb} the {noun}?")
    )
