"""Which parameters can be said at all."""

from __future__ import annotations

from random import Random

from tooltune.errors import ToolDefinitionError
from tooltune.generate.names import words
from tooltune.generate.phrasing.actions import noun_of
from tooltune.generate.phrasing.spoken import is_told
from tooltune.generate.phrasing.wording import wording
from tooltune.generate.slots import choose_value, is_guessed
from tooltune.types import Tool, ToolParameter
from tooltune.verify.schema import argument_problem

_MARKS = frozenset("{}=+")
"""What has a meaning inside a gap of a template."""


def is_writable(name: str) -> bool:
    """Whether a template can hold a gap of that name."""
    return not _MARKS.intersection(name)


def _is_unspeakable(parameter: ToolParameter) -> bool:
    """Whether nothing that a person would say comes of a name such as `must_not_match`."""
    own = words(parameter.name)
    if parameter.type == "boolean":
        return not is_told(parameter)
    return (
        len(own) > 1
        and own[0] in wording().no_nouns
        and not wording().attachment(parameter.name, ("", "text", "list", "number", "enum"))
    )


def sayable(tool: Tool, parameter: ToolParameter) -> bool:
    """Whether a value for an optional parameter is known."""
    if len(parameter.name) == 1 or not is_writable(parameter.name) or _is_unspeakable(parameter):
        return False
    if is_guessed(parameter, noun_of(tool)):
        return False
    alone = Tool(tool.name, "", [parameter], {k: v for k, v in tool.extra.items() if k in ("$defs", "definitions")})
    for seed in range(2):
        try:
            value = choose_value(parameter, Random(seed))
            if argument_problem(alone, {parameter.name: value}, formats=True) is None:
                return True
        except (ToolDefinitionError, ValueError):
            return False
    return False
