"""Puts an argument in the place of the words that stand for it: "the time in a city" -> "the time in {city}".

Gaps that are placed stand between zero characters until the text is whole, so that no later parameter finds its
noun inside the name of an earlier one.
"""

from __future__ import annotations

import re
from functools import lru_cache

from tooltune.generate.phrasing.actions import head
from tooltune.generate.phrasing.mentions import Mention, plural
from tooltune.generate.phrasing.wording import wording

_EXISTING = ("code",)
"""What such a mention names is not made by the call that names it."""
_SHORT = 3
_ASKING = frozenset({"if", "whether", "all", "back", "that", "who"})
_LIST_OF = re.compile(r"\b(?:an?|the) (?:list|set) of $")
_RELATIVE = frozenset({"parent", "child", "previous", "next", "latest", "last", "first", "root", "related"})
_NUMBERED = frozenset({"issue", "pull request"})
_AFTER = (
    r"(?=$|[\x00',]| (?:in|of|to|from|for|with|at|on|by|into|and|or|using|as|that|within|under|between|about|per|is|"
    r"onto|inside|against|where|whose|follows|watches|owns|likes|uses|has)\b)"
)
_OBVIOUS = frozenset({"path", "location", "url", "link", "text", "string", "sentence", "passage", "question", "query",
                      "command", "code", "search"})  # fmt: skip
_PREPOSITIONS = r"(?:in|for|to|of|from|at|about|into|on|by|with|and|or|between) "


def place(text: str, mention: Mention, many: bool = False, makes: bool = False) -> str | None:
    """The text with the gap where the noun stood; None where the noun does not stand alone.

    Args:
        text: the object of a command; gaps in it stand between zero characters.
        mention: what takes the place.
        many: whether for several values.
        makes: whether the first noun is something that is yet to be made, which no value names.
    """
    found = _place(text, mention, many, makes)
    return found[0] if found else None


def noun_in(text: str, mention: Mention, makes: bool = False) -> str:
    """The noun whose place a mention takes: "label" of "a label from an issue"; "" where it takes none."""
    found = _place(text, mention, False, makes)
    return found[1] if found else ""


def _place(text: str, mention: Mention, many: bool, makes: bool) -> tuple[str, str] | None:
    """The text with the gap, and the noun that it took the place of."""
    if mention.style == "":
        return None
    first = head(text)[0]
    makes = makes and mention.style not in _EXISTING
    for noun in sorted(mention.stands_for, key=len, reverse=True):
        if makes and noun.removesuffix("s") == first.removesuffix("s"):
            return None
        for found in _pattern(noun).finditer(text):
            if (makes and found.start() == 0) or not _can_take(mention, found):
                continue
            said = (found["before"] or "") + _in_place(mention, noun, found, many)
            before = _LIST_OF.sub("", text[: found.start()]) if mention.is_list else text[: found.start()]
            said = said.removeprefix("the ") if _behind_adjective(text[: found.start()]) else said
            return before + said + text[found.end() :], noun
    return None


def _can_take(mention: Mention, found: re.Match[str]) -> bool:
    """One value stands for no plural ("a specific timezones" is a slip), a choice only for "another format"."""
    det = found["det"].lower().split()
    if _RELATIVE.intersection(det):
        return False  # the parent issue of issue 5 is not issue 5
    if mention.style == "choice":
        return bool(found["before"]) and bool({"another", "different", "given", "specified", "target"} & set(det))
    is_plural = found["noun"].lower().endswith("s") and not found["noun"].lower().endswith("ss")
    return (
        mention.is_list
        or mention.style == "pair"
        or not is_plural
        or bool({"a", "specific", "given", "specified"} & set(det[:2]))
    )


def _behind_adjective(before: str) -> bool:
    """ "outside collaborator" and "custom labels" take no article in their middle."""
    said = before.split()
    last = said[-1:]
    if said and len(said) < _SHORT and all(word.isalpha() for word in said):
        return not wording().determiners.union(wording().boundaries, _ASKING).intersection(said)  # "team member"
    adjective = last in (["outside"], ["custom"]) or (bool(last) and last[0].endswith(("ed", "al", "ic", "ive")))
    return adjective and "\x00" not in last[0]


@lru_cache(maxsize=2048)
def _pattern(noun: str) -> re.Pattern[str]:
    """Finds the noun with what stands before it; the noun must end what it belongs to."""
    determiners = "|".join(sorted(wording().determiners))
    ending = "s?"
    written = re.escape(noun).replace(r"\ ", "[ -]")  # "sub-issue" is the `sub_issue_id`
    return re.compile(
        r"(?P<before>\b(?:in|for|to|of|from|at|about|into|onto|on|by|with|between|inside|within|under|across) )?"
        rf"(?<!\w)(?P<det>(?:(?:{determiners}) )*(?:(?<=an )|(?<=a )|(?<=the ))"
        rf"(?:(?!{_PREPOSITIONS}|an? |the )[\w-]+ ){{0,3}}|"
        rf"(?:(?:{determiners}) )*)(?<![\w-])(?P<noun>{written}{ending})"
        rf"(?P<tail> (?:id|name|number|path|url|code|string|symbol))?{_AFTER}",
        re.IGNORECASE,
    )


def _in_place(mention: Mention, noun: str, found: re.Match[str], many: bool) -> str:
    gap = f"\x00{mention.many() if many else mention.gap}\x00"
    single = found["noun"]
    shown = plural(single) if many else single
    alone = found["before"] or mention.is_list
    match mention.style:
        case "itself" | "choice":
            return gap
        case "the":
            return f"the {gap}"
        case "thing":
            return gap if alone else f"the {shown} {gap}"
        case "count":
            return f"{gap} {noun.removeprefix('number of ')}"
        case "pair":
            return gap if alone or "repo" not in noun else f"the repository {gap}"
        case "path":
            return gap if alone or " or " in noun or noun in _OBVIOUS else f"the {shown} {gap}"
        case "code":
            mark = "#" if noun in _NUMBERED and not many and mention.names[0].endswith("number") else ""
            return f"{shown} {mark}{gap}"
        case "quoted":
            return gap if noun in _OBVIOUS else f"the {shown} {gap}"
    return f"the {shown} {gap}"


def aside(text: str, mention: Mention) -> tuple[str, str]:
    """For an optional thing: the text without the phrase that speaks of it, and the phrase with its gap.

    "a track on a device" becomes "a track" and "on the device {device}"; where there is no such phrase, the text
    and "" come back.
    """
    placed = place(text, mention)
    if placed is None:
        return text, ""
    gap = re.escape(f"\x00{mention.gap}\x00")
    found = re.search(rf" {_PREPOSITIONS}(?:(?!{_PREPOSITIONS})[\w-]+ ){{0,3}}#?{gap}", placed)
    if found is None or "\x00" in placed.replace(found[0], ""):
        return text, ""
    return placed.replace(found[0], "", 1), found[0].replace("\x00", "").strip()
