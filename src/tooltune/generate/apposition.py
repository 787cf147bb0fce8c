"""Names as they stand in a sentence: with the word for what they name, "the song Hurt" or "the Ajax team".

The call holds the name alone, and only examples of both teach where it begins and ends.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from random import Random

from tooltune.generate.templates import Gap

_SHARE = 0.45
_BEFORE = re.compile(
    r"actor|airline|airport|album|artist|asteroid|author|band|book|branch|brand|breed|channel|"
    r"company|composer|course|customer|director|dish|document|employee|enzyme|event|exam|film|folder|"
    r"game|gene|hero|hotel|ingredient|island|league|medication|moon|movie|novel|painter|"
    r"painting|planet|plant|player|playlist|product|project|protein|report|repository|"
    r"restaurant|river|school|series|ship|show|singer|song|species|star|station|stock|team|ticker|"
    r"topic|town|track|university|village|writer"
)
"""Nouns that stand before the name: "the song Hurt"."""
_OF = re.compile(r"city|state|country|region|island|village|town")
""" "the city of Oslo"."""
_AFTER = re.compile(
    r"airline|airport|album|area|branch|brand|breed|channel|clinic|course|district|festival|folder|"
    r"gym|hotel|lake|league|library|marathon|mountain|museum|park|playlist|project|race|region|"
    r"repository|restaurant|road|series|station|stock|team|tournament|trail"
)
"""Nouns that stand behind it: "the Ajax team"."""
_NAME = re.compile(r"[A-Z\d][\w.'&-]*(?: (?:[A-Z\d&][\w.'-]*|of|the|and|de|la)){0,4}")
_GOES_ON = re.compile(r"[.,;:?!)]|$| (?:and|on|in|at|for|with|from|to|by|until|since|please|is|are|was|has|over|as)\b")
_ENDS_OPEN = re.compile(r"(?:^|\b(?:in|of|for|to|from|at|on|by|about|with|and|than|near|into|against|play|book|find|is|"
                        r"check|show|follow|add|watch|see|visit|open|get|between|like)) $", re.IGNORECASE)  # fmt: skip


def in_place(said: str, value: str, noun: str, at: int, parts: Sequence[str | Gap], rng: Random) -> str:
    """How a value is said in its gap.

    Args:
        said: how it is said alone: "Ajax", "the Prado".
        value: as it stands in the call: "Prado".
        noun: what it is called: "team".
        at: the place of its gap among the parts.
        parts: literal texts and gaps of the sentence.
        rng: the only source of chance.
    """
    before, after = (parts[i] if 0 <= i < len(parts) else "" for i in (at - 1, at + 1))
    before, after = (text if isinstance(text, str) else "." for text in (before, after))
    words = re.findall(r"[a-z]+", noun.lower().partition(" or ")[0])[-1:]
    if not words:
        return said
    bare = value if said.endswith(f" {value}") else said
    if re.search(rf'(?:"|\b{words[0]}s?:?) ?$', before, re.IGNORECASE):
        return bare  # "the museum Prado"
    literals = " ".join(part for part in parts if isinstance(part, str)).lower()
    fits = _ENDS_OPEN.search(before) and _GOES_ON.match(after) and words[0] not in f"{literals} {said.lower()}"
    if not fits or not _NAME.fullmatch(bare) or rng.random() >= _SHARE:
        return said
    forms = [form for nouns, form in ((_BEFORE, f"the {words[0]} {bare}"), (_OF, f"the {words[0]} of {bare}"),
                                      (_AFTER, f"the {bare} {words[0]}")) if nouns.fullmatch(words[0])]  # fmt: skip
    return rng.choice(forms) if forms else said
