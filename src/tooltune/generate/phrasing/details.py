"""What follows a command: the arguments that take no place in it, and which of them go together."""

from __future__ import annotations

import re
from collections.abc import Sequence
from random import Random

from tooltune.generate.names import is_place
from tooltune.generate.phrasing.actions import head
from tooltune.generate.phrasing.mentions import Mention

_MOST_OPTIONAL = 2
_OF_WHOLE = frozenset({"fork", "copy", "clone", "backup", "snapshot", "duplicate"})
"""Made of a thing, not in it."""


def pick(mention: Mention, variant: int) -> str:
    """One of the texts that may follow the command."""
    return mention.attach[variant % len(mention.attach)]


def details_of(
    verb: str, said: str, rest: Sequence[Mention], variant: int, rng: Random, optional: bool, changes: bool
) -> str:
    """What follows the command: required things, then optional ones in brackets.

    Args:
        verb: of the command.
        said: the command.
        rest: what it does not say yet.
        variant: which of the ways.
        rng: decides the order.
        optional: whether optional arguments may be said.
        changes: whether one of them must be.
    """
    required = [m for m in rest if m.required]
    so_far = " ".join([said, *(m.attach[0] for m in required)])
    chosen = _optional([m for m in rest if m.required or not _is_said_twice(m, so_far)], variant) if optional else []
    if chosen and changes:  # a change of nothing is no request
        required, chosen = [*required, chosen[0]], chosen[1:]
    near = [m for m in required if not m.apart and not _is_with(m, variant)]
    rng.shuffle(near)
    near.sort(key=_place_in_line)  # "hook 5 in acme", not "in acme hook 5"
    text = "".join(f" {pick(m, variant)}" for m in near)
    withs = [pick(m, variant).removeprefix("with ") for m in required if not m.apart and _is_with(m, variant)]
    text += f" with {_joined(withs)}" if withs else ""
    if head(said)[0] in _OF_WHOLE:
        text = re.sub(r" in (?=\{)", " of ", text, count=1)
    if verb == "remove" and " from " not in said:
        text = re.sub(r" in (?=\{)", " from ", text, count=1)  # "remove the collaborator x from acme/app"
    if verb == "add" and " to " not in said:
        text = re.sub(r" in (?=\{)", " to ", text, count=1)
    text += "".join(_option(m, variant, bool(withs)) for m in chosen if not m.apart)
    text += "".join(f", {pick(m, variant)}" for m in required if m.apart)
    return text + "".join(f"[, {pick(m, variant)}]" for m in chosen if m.apart)


def _place_in_line(mention: Mention) -> int:
    """What is meant comes first, then where it is, then what is said in quotation marks."""
    is_last = mention.style == "quoted" or mention.attach[0].startswith(("and ", "until "))
    return 2 if is_last else int(_is_where(mention))


def _is_where(mention: Mention) -> bool:
    return mention.attach[0].startswith("in ") and all(map(is_place, mention.names))


def _is_with(mention: Mention, variant: int) -> bool:
    return pick(mention, variant).startswith("with ")


def _is_said_twice(mention: Mention, said: str) -> bool:
    """ "budgets for acme for kim": one preposition, twice."""
    first = mention.attach[0].partition(" ")[0]
    return first in ("for", "in", "on", "at") and f" {first} " in f" {said} "


def _excludes(first: Mention, second: Mention) -> bool:
    """ "at most 20, page 3" and "containing x, not containing y" are forms that are filled in."""
    counted = all(any(word in m.attach[0] for word in ("at most", "page", "skipping")) for m in (first, second))
    said = sorted((first.noun, second.noun), key=len)
    alike = [m.attach[0].partition(m.gap)[0] for m in (first, second)]  # "assigned to ada assigned to kim"
    return counted or said[1] == f"not {said[0]}" or (alike[0] == alike[1] and len(alike[0].split()) > 1)


def _is_only(mention: Mention, variant: int) -> bool:
    """ "only the first 3 lines" goes with no "only the last 3 lines"."""
    return pick(mention, variant).startswith("only the ")


def _is_flag_alone(mention: Mention) -> bool:
    """ "and lock it, and hide it, and ..." reads like a form."""
    return mention.apart and mention.attach == (mention.gap,)


def _joined(items: Sequence[str]) -> str:
    return " and ".join(filter(None, [", ".join(items[:-1]), items[-1]]))


def _option(mention: Mention, variant: int, after_with: bool) -> str:
    said = pick(mention, variant)
    return f"[ and {said.removeprefix('with ')}]" if after_with and _is_with(mention, variant) else f"[ {said}]"


def _optional(rest: Sequence[Mention], variant: int) -> list[Mention]:
    """A few of the optional things, others in each variant; only one that begins with "with"."""
    all_of_them = [m for m in rest if not m.required]
    count = len(all_of_them)
    start = variant * 2 % count if count else 0
    turned = [*all_of_them[start:], *all_of_them[:start]]
    selected = any(m.required and _is_flag_alone(m) for m in rest)
    chosen: list[Mention] = []
    for mention in turned:
        taken = any(_is_with(m, variant) for m in chosen) and _is_with(mention, variant)
        taken = taken or (any(_is_only(m, variant) for m in chosen) and _is_only(mention, variant))
        taken = taken or any(_excludes(m, mention) for m in chosen)
        taken = taken or (_is_flag_alone(mention) and (selected or any(map(_is_flag_alone, chosen))))
        if len(chosen) < _MOST_OPTIONAL and not taken:
            chosen.append(mention)
    return chosen
