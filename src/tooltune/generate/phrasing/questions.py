"""What the assistant asks when an argument is missing."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from tooltune.generate.phrasing.mentions import Mention, noun_for
from tooltune.generate.phrasing.wording import wording
from tooltune.generate.surfaces import join, spaced
from tooltune.types import Tool, ToolParameter

_MOST_CHOICES = 5
_CALLED = ("What should it be called?", "What name should it have?")


def questions(tool: Tool, said: Sequence[Mention], placed: Collection[str]) -> dict[str, tuple[str, ...]]:
    """Parameter -> questions for it.

    Args:
        tool: the tool.
        said: what there is to say for it.
        placed: the parameters that name something the command speaks of.
    """
    quoted = {name for mention in said if mention.gap.startswith('"') for name in mention.names}
    asks = {p.name: _for(p, p.name in quoted, p.name in placed) for p in tool.parameters if p.required}
    called = {m.names[0]: _CALLED for m in said if m.required and m.attach[0].startswith("called ")}
    return asks | called


def _plain(value: str) -> str:
    plain = spaced(value)
    return plain.lower() if len(plain) > 3 else plain


def _for(parameter: ToolParameter, quoted: bool, placed: bool) -> tuple[str, ...]:
    noun = noun_for(parameter)
    if parameter.enum and len(parameter.enum) <= _MOST_CHOICES:
        choices = [wording().enum_words.get(str(value), _plain(str(value))) for value in parameter.enum]
        return (f"Which {noun} would you like: {join(choices, 'or')}?",)
    verb = "are" if noun.endswith("s") and not noun.endswith(("ss", "us", "is")) else "is"
    if placed and not quoted:
        return f"Which {noun} do you mean?", f"Which {noun} should I use?", f"What {verb} the {noun}?"
    if quoted:
        return f"What should the {noun} be?", f"What {noun} should I use?"
    return f"Which {noun} should I use?", f"What {verb} the {noun}?"
