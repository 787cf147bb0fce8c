"""Whether a call and its result can be made of what is known: no code of any form, no record of which nothing is told.

In a long list of foreign tools only such tools are asked for (`scene.Catalogue`): what comes back for the others is
a number and a date, and their arguments are words that nobody would say.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from tooltune.generate.deeds import Deed, deed_of, things, usual_fields
from tooltune.generate.names import is_place, number_rules, words
from tooltune.generate.phrasing.actions import noun_of
from tooltune.generate.slots import is_made_up, text_kind
from tooltune.types import Tool

_PATHS = ("file_path", "text_file", "code_file", "plain_file")
_NAMES = ("name", "title")


def in_repositories(tools: Sequence[Tool]) -> bool:
    """Whether tools are about repositories, where many words mean something of their own: a task, an event."""
    return any(p.name in ("owner", "repo", "repository") for tool in tools for p in tool.parameters)


def is_known(tool: Tool, hosted: bool = False) -> bool:
    """Whether neither what a tool must be given nor what it gives back has to be made up.

    Args:
        tool: the tool.
        hosted: whether the tools beside it are about repositories.
    """
    required = [parameter for parameter in tool.parameters if parameter.required]
    ids = sum(words(p.name)[-1:] == ("id",) and p.type == "integer" for p in required)
    if ids > 1 and deed_of(tool).kind in ("show", "find", "remove"):
        return False  # nobody has two of them at hand
    return _gives(tool, hosted) and not any(is_made_up(parameter, noun_of(tool)) for parameter in required)


def _gives(tool: Tool, hosted: bool) -> bool:
    """Whether something is known of what a tool finds, shows or works out."""
    deed = deed_of(tool)
    if deed.kind == "write":
        return False  # a translation of any text
    if deed.kind == "compute":
        return is_measure(deed.thing) or bool(usual_fields(deed.thing))
    if deed.kind not in ("find", "show"):
        return True
    if deed.verb == "read" and any(text_kind(p.name, p.description, "") in _PATHS for p in tool.parameters):
        return True
    return _tells(deed, _fields(deed, tool, hosted)) or (deed.kind == "show" and is_measure(deed.thing))


def is_measure(thing: str) -> bool:
    """Whether what is asked for is a number, as far as the word tells."""
    return bool(number_rules(thing)) or thing.rpartition(" ")[2] in things()["measures"].split()


def _fields(deed: Deed, tool: Tool, hosted: bool) -> Mapping[str, Any]:
    """What is known of the thing; nothing of a word that means something else in a repository or a team."""
    senses = things()["other_senses"]
    elsewhere = deed.thing in senses or (deed.thing.rpartition(" ")[2] in senses and deed.thing not in _compounds())
    hosted = hosted or any(is_place(p.name) for p in tool.parameters)
    return {} if elsewhere and hosted else usual_fields(deed.thing)


@lru_cache(maxsize=1)
def _compounds() -> frozenset[str]:
    """Things of two words that have fields of their own: "pull request"."""
    return frozenset(name.strip() for names in things()["fields"] for name in names.split(",") if " " in name.strip())


def _tells(deed: Deed, fields: Mapping[str, Any]) -> bool:
    """Whether there is more to say than a date, and of a single thing more than its name."""
    news = [name for name, source in fields.items() if source != "date"]
    if deed.kind == "show":
        return any(name not in _NAMES for name in news)
    return any(name in _NAMES or not isinstance(fields[name], Mapping) for name in news)  # not "admin, since 3 May"
