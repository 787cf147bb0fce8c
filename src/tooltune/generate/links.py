"""Which tools need what another tool's result holds: an order's id, from `create_order` to `cancel_order`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from tooltune.generate.deeds import deed_of, key_of, named_by, singular, usual_fields
from tooltune.generate.slots import text_kind
from tooltune.generate.surfaces import spaced
from tooltune.types import Tool, ToolParameter

KINDS = {"email": "email address", "phone": "phone number"}
"""Kinds of values by which a person is reached, as people call them."""
_REACHING = frozenset({"send", "email", "text", "call", "message", "invite", "notify", "remind", "forward", "mail"})


_MOVING = frozenset({"move", "transfer", "assign", "unassign", "add", "link", "attach", "share"})
_OTHERS = frozenset({"sub", "parent", "base", "target", "source", "other", "related", "previous", "next", "new"})


@dataclass(frozen=True)
class Link:
    """A call of `first` gives a thing; `second` takes it in `parameter`."""

    first: str
    second: str
    parameter: str
    thing: str
    """In plain words, as the first tool's result speaks of it."""
    field: str = ""
    """The field of the first tool's result; "" is the one that identifies the thing."""


def links_between(tools: Sequence[Tool]) -> tuple[Link, ...]:
    """All links, in the order of the tools."""
    by_thing: dict[str, list[Tool]] = defaultdict(list)
    by_kind: dict[str, list[tuple[Tool, str]]] = defaultdict(list)
    for tool in tools:
        deed = deed_of(tool)
        if deed.thing and (deed.kind in ("make", "find") or (deed.kind == "show" and not asks_for(tool))):
            by_thing[deed.thing.split()[-1]].append(tool)
        if deed.kind in ("find", "show"):
            for field, kind in usual_fields(deed.thing).items():
                by_kind[str(kind)].append((tool, field))
    found = [link for tool in tools for link in _links_to(tool, by_thing, by_kind)]
    return tuple(link for link in found if link.first != link.second)


def _links_to(
    second: Tool, by_thing: Mapping[str, Sequence[Tool]], by_kind: Mapping[str, Sequence[tuple[Tool, str]]]
) -> Iterator[Link]:
    about = f"{spaced(second.name)} {second.description}".lower()
    for name, thing in asks_for(second).items():
        for first in by_thing.get(thing, ()):
            given = deed_of(first).thing
            whole = " " not in given or given in about  # a standing order is no order
            if whole and _is_that(name, given) and not _is_inside(second, name):
                yield Link(first.name, second.name, name, given)
    for parameter in second.parameters if deed_of(second).verb in _REACHING else ():
        if parameter.required and _is_plain(parameter):
            kind = text_kind(parameter.name, parameter.description, "")
            for first, field in by_kind.get(kind, ()) if kind in KINDS else ():
                yield Link(first.name, second.name, parameter.name, deed_of(first).thing, field)


def _is_that(name: str, given: str) -> bool:
    """Whether a parameter names such a thing and no other one: the sub-issue of `sub_issue_id` is no issue."""
    named = named_by(name) or ""
    return " " not in named or named.split()[0] not in _OTHERS


def _is_inside(second: Tool, name: str) -> bool:
    """Whether a thing holds what is meant: whoever knows the number of a suggestion knows its issue."""
    deed = deed_of(second)
    key = key_of(second, deed.thing) if deed.thing and deed.kind in ("show", "change", "remove") else None
    return key is not None and key.required and key.name != name and deed.verb not in _MOVING


def asks_for(tool: Tool) -> Mapping[str, str]:
    """Required parameter that identifies a thing -> that thing's last word."""
    deed = deed_of(tool)
    gives = deed.kind in ("make", "find")
    found = {p.name: _named(p, "" if gives else deed.thing) for p in tool.parameters if p.required and _is_plain(p)}
    own = deed.thing.split()[-1:] if gives else []
    return {name: thing for name, thing in found.items() if thing and [thing] != own}


def _named(parameter: ToolParameter, own: str) -> str:
    named = named_by(parameter.name)
    if named is None:
        return ""
    whole = own if own.startswith(f"{named} ") else named or own
    return singular(whole.split()[-1]) if whole else ""


def _is_plain(parameter: ToolParameter) -> bool:
    return parameter.type in ("string", "integer") and not parameter.enum
