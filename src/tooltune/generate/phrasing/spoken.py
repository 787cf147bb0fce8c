"""Everyday words for flags and for values of enums."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tooltune.generate.names import words
from tooltune.generate.phrasing.actions import NOT_PAST, Action, imperative
from tooltune.generate.phrasing.wording import by_suffix, wording
from tooltune.generate.slots import listed_values
from tooltune.generate.surfaces import spaced
from tooltune.types import Tool, ToolParameter
from tooltune.verify.lexicon import MONTHS

_WHETHER_TO = re.compile(
    r"^(?:whether(?: or not)?|if true,?|set(?: to true)?|true|flag|option|boolean)"
    r"(?: it should| this should)? ?(?:to )(.+)$",
    re.I,
)
_WHETHER_IS = re.compile(
    r"^(?:whether|if|indicates (?:if|whether)) (?:or not )?(the [\w ]+?|it|this) (?:is|should be|are) (.+)$", re.I
)
_IF_TRUE = re.compile(r"^(?:if|when) (?:true|set|enabled|this is true),? (?:the \w+ (?:is|will be) )?(.+)$", re.I)
_ONLY = re.compile(
    r"^(?:if true,? |whether to )?(?:returns? |shows? |lists? |includes? )?only (?:return |show |list |include )?(.+)$",
    re.I,
)
_END = re.compile(r"\s*\([^)]*\)|[.;:,].*| (?:default|defaults)\b.*| if (?:true|set)\b.*|\n.*")
_LEAVING_OUT = ("exclude", "skip", "ignore", "omit", "hide", "no", "without", "disable")
_DOES = frozenset(
    {
        *("include", "exclude", "return", "use", "allow", "follow", "keep", "ignore", "leave", "interpret", "preview"),
        *("expand", "treat", "wait", "require", "force", "display", "omit", "hide", "load", "process"),
    }
)
_LONGEST_FLAG = 9
_MOST_WORDS = 3
_UNTELLING = "strictly"
""" "Update the protection, strictly": what becomes different?"""
_WHICH = frozenset({"old", "new", "hidden", "open", "empty", "private", "public", "inactive", "active", "overdue"})
_IN = ("include", "with", "show", "return", "add", "has")


def spoken_words(tool: Tool, action: Action) -> dict[str, dict[str, tuple[str, ...]]]:
    """Parameter -> value as text -> the words that say it; only where they are not the value itself."""
    found = {path: _said(path, parameter, action) for path, parameter in _all(tool)}
    month = tool.parameter("month")
    if month is not None and month.type == "integer" and tool.parameter("year"):
        found["month"] = {str(number): (name,) for number, name in enumerate(MONTHS, 1)}  # "for March 2025"
    return {path: said for path, said in found.items() if said}


def _all(tool: Tool) -> Iterator[tuple[str, ToolParameter]]:
    for parameter in tool.parameters:
        yield parameter.name, parameter
        if parameter.required and parameter.type == "object":
            for key, part in (parameter.properties or {}).items():
                if isinstance(part, Mapping):
                    yield f"{parameter.name}.{key}", ToolParameter.from_schema(f"{parameter.name}.{key}", part)


def _said(path: str, parameter: ToolParameter, action: Action) -> dict[str, tuple[str, ...]]:
    if parameter.type == "boolean":
        yes, no = flag(parameter)
        return {"True": yes, "False": no}
    values = parameter.enum or listed_values(parameter.description)
    if values and parameter.type == "string" and all(isinstance(value, str) for value in values):
        return dict(_enum_words(values, _noun(parameter), selects(path, action) and "." not in path))
    return {}


def selects(name: str, action: Action) -> bool:
    """Whether a parameter sorts out some of several: "only the open ones" of issues, but not of one package."""
    several = bool(re.search(r"\w(?<!s)s\b", action.object)) or action.is_a("find")
    return several and action.is_a("look") and words(name)[-1:] != () and words(name)[-1] in wording().selecting


def is_told(parameter: ToolParameter) -> bool:
    """Whether a flag is more than a bare word that its description explains in words of its own: "months"."""
    own = words(parameter.name)
    known = by_suffix(parameter.name, wording().flags) or _from_name(own) or _from_description(parameter.description)
    return bool(known) or len(own) > 1 or not parameter.description


def sounds_right(parameter: ToolParameter, looks: bool) -> bool:
    """Whether people would say a flag: words that are written for the whole name, or a short phrase made of it.

    Args:
        parameter: a flag.
        looks: whether its tool only looks at things; "the archived ones" are looked at, "and keep it private" changes.
    """
    own = words(parameter.name)
    known = by_suffix(parameter.name, wording().flags) if len(own) < 4 else None
    if known is not None and " ".join(own) in wording().flags:
        said = known.yes[0]
        return (
            not said.startswith(("and ", "as ", "marked "))
            if looks
            else not said.endswith(" ones") and said != _UNTELLING
        )
    if known is not None or own[:1] in (("has",), ("use",)):
        return False
    described = _from_description(parameter.description)
    if described:
        return len(described[0][0].split()) <= _LONGEST_FLAG and " this " not in described[0][0]
    return 1 < len(own) <= _MOST_WORDS and _from_name(own) is not None


def _noun(parameter: ToolParameter) -> str:
    return spaced(parameter.name.rpartition(".")[2]).lower()


def _enum_words(values: Sequence[Any], noun: str, selects: bool) -> Iterator[tuple[str, tuple[str, ...]]]:
    for value in values:
        plain = wording().enum_words.get(value) or _when(value, noun)
        if selects and value.lower() in ("all", "any", "both", "everything"):
            yield value, ("all of them", "every one of them")
        elif selects and not plain and " " in _lower(value):
            yield value, (f"only those with the {noun} {_lower(value)}",)
        elif selects:
            yield value, (f"only the {plain or _lower(value)} ones", f"just the {plain or _lower(value)} ones")
        elif plain:
            yield value, (plain,)


def _when(value: str, noun: str) -> str:
    """ "sorted by when they were indexed"."""
    done = re.fullmatch(r"(\w+ed)(?:_at|_on)?", value)
    when = re.fullmatch(r"(\w+)s_(?:at|on)", value)  # "ends_at"
    if when and {"sort", "order by"} & {noun, *noun.split()[:1]}:
        return f"when they {when[1]}"
    return f"when they were {done[1]}" if done and {"sort", "order by"} & {noun, *noun.split()[:1]} else ""


def _lower(value: str) -> str:
    return spaced(value) if not value.isupper() or len(value) > 3 else value


def flag(parameter: ToolParameter) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What is said, behind a comma, for true and for false."""
    own = words(parameter.name)
    known = by_suffix(parameter.name, wording().flags) if len(own) < 4 else None
    if known is not None:
        return known.yes, known.no
    return _from_description(parameter.description) or _from_name(own) or _switched(" ".join(own))


def _from_name(own: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]] | None:
    if len(own) < 2:
        return None
    if special := _allowed_or_enabled(own):
        return special
    first, rest = own[0], _things(own[1:])
    if first in _IN:
        return (f"including the {rest}", f"with the {rest}"), (f"without the {rest}", f"leaving out the {rest}")
    if first in _LEAVING_OUT:
        return (f"leaving out the {rest}", f"without the {rest}"), (f"including the {rest}", f"with the {rest}")
    if first == "only" or own[-1] == "only":
        only = rest if first == "only" else " ".join(own[:-1])
        return (f"only {only}", f"{only} only"), (f"not only {only}",)
    if first == "use":
        return (f"using {rest}",), (f"without using {rest}",)
    if first == "allow":
        return (f"and allow {rest}",), (f"but don't allow {rest}",)
    if first in wording().verbs and own[1] not in wording().boundaries:
        return (f"and {first} the {rest}",), (f"but don't {first} the {rest}",)
    if first in wording().verbs or first in _DOES:
        return (f"and {first} {rest}",), (f"but don't {first} {rest}",)
    return None


def _things(own: Sequence[str]) -> str:
    """ "archived" -> "archived ones": what only tells which is no noun."""
    tells_which = len(own) == 1 and (own[0] in _WHICH or (own[0].endswith("ed") and own[0] not in NOT_PAST))
    return f"{own[0]} ones" if tells_which else " ".join(own)


def _allowed_or_enabled(own: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]] | None:
    """ "members can fork", "failover network enabled"."""
    if "can" in own[1:-1]:
        who, what = " ".join(own).split(" can ", 1)
        return (f"so that {who} can {what}",), (f"so that {who} cannot {what}",)
    if own[-1] == "enabled":
        thing = " ".join(own[:-1])
        return (f"with the {thing} enabled",), (f"with the {thing} disabled",)
    return None


def _from_description(description: str) -> tuple[tuple[str, ...], tuple[str, ...]] | None:
    text = description.strip()
    limited = _ONLY.match(_END.sub("", text))
    if limited and len(text.split()) < 9:
        return (f"only {limited[1]}", f"just {limited[1]}"), (f"not just {limited[1]}", f"not only {limited[1]}")
    found = _WHETHER_IS.match(text)
    if found:
        thing, how = found[1].lower(), _END.sub("", found[2])
        return (f"and {thing} should be {how}",), (f"and {thing} should not be {how}",)
    found = _WHETHER_TO.match(text) or _IF_TRUE.match(text)
    doing = _END.sub("", found[1] if found else text).split()
    if not doing or len(doing) > 12 or "`" in text:
        return None
    verb = imperative(doing[0].lower())
    if not _WHETHER_TO.match(text) and verb not in wording().verbs and verb not in _DOES:
        return None
    rest = " ".join([verb, *doing[1:]])
    return (f"and {rest}",), (f"but don't {rest}",)


def _switched(noun: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    noun = noun.removeprefix("is ").removeprefix("enable ")
    return (f"with {noun} switched on", f"with {noun} on"), (f"with {noun} switched off", f"with {noun} off")
