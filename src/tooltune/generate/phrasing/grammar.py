"""Small rules of English for commands that are made of descriptions."""

from __future__ import annotations

import re
from itertools import pairwise

from tooltune.generate.phrasing.wording import wording

_LOOKING = frozenset({"get", "show", "view", "fetch", "retrieve", "display", "see", "check", "update", "edit",
                      "delete", "remove", "set", "enable", "disable", "download", "export", "re-run", "rerun",
                      "cancel"})  # fmt: skip
_ONE_OF_MANY = re.compile(r"^an? (?:\w+ )?(?:random|new|list|sample|short|brief|detailed|few|set|summary|number)\b")
_LEADING = re.compile(r"^an? ")
_WHOSE = re.compile(r" for (the|that|this) ([a-z]{3,})\b")
_GAPS = re.compile(r"\{[^}]*\}|\[[^\]]*\]|\bwith (?:the|an?) [a-z ]+")
""" "Add a note with the note ..." names what is written, and no thing twice."""
_NO_THING = r"(?:from|in|of|for|to|with|on|by|at|and) "
_MAKING = ("create ", "add ", "make ", "start ")
_LONG_WORD = re.compile(r"\b[a-z]{4,}\b")
_MAY_REPEAT = frozenset({"with", "that", "from", "them", "into"})
_HEAP = 4
_NO_PLURAL = re.compile(r"(?:ss|us|is|ics|news|sales|sports|goods|savings|series|always|across|https|towards|as)$")
_NO_NOUN = re.compile(r"(?:ed|ing|able|ible|ly)$")
_OTHERS = frozenset({"is", "are", "was", "has", "have", "each", "me", "my", "you", "it", "them", "not", "only", "so",
                     "if", "when", "while", "be", "can", "does", "do", "will", "i", "due", "there", "who"})  # fmt: skip


def definite(verb: str, text: str) -> str:
    """ "get a site in a/b" -> "get the site in a/b": there is one of it, and it is told where.

    Args:
        verb: the verb of the command.
        text: what follows it; gaps in it stand between zero characters.
    """
    if verb not in _LOOKING or _ONE_OF_MANY.match(text) or not _LEADING.match(text):
        return text
    return _LEADING.sub("the ", text, count=1)


def is_heap(said: str) -> bool:
    """Whether four nouns and more stand before a value: "approve fork pull request run 5"."""
    before = said.partition("{")[0].split()[1:]
    known = wording().boundaries | wording().determiners
    return len(before) >= _HEAP and "{" in said and known.isdisjoint(word.lower() for word in before)


def is_pile(text: str) -> bool:
    """Whether nouns are heaped up with a plural among them: "organization users usage metrics"."""
    return any(_is_plural(word) and _is_noun(then) for word, then in pairwise(text.split()))


def _is_plural(word: str) -> bool:
    is_word = word.isalpha() and word.islower() and len(word) > 3
    known = wording().boundaries | wording().determiners | wording().verbs
    return is_word and word.endswith("s") and not _NO_PLURAL.search(word) and word not in known


def _is_noun(word: str) -> bool:
    is_word = word.replace("-", "").isalpha() and word.islower()
    return is_word and not _NO_NOUN.search(word) and word not in wording().boundaries | wording().determiners | _OTHERS


def said_once(text: str) -> str:
    """ "list team members for the team x" -> "list members of the team x"."""
    for found in _WHOSE.finditer(text):
        before = re.search(rf"(?<= )(?:(?P<an>an?) )?{found[2]} (?=([a-z]))(?!{_NO_THING})", text[: found.start()])
        if before is None or "{" in text[before.end() : found.start()]:
            continue
        article = ("an " if before[2] in "aeiou" else "a ") if before["an"] else ""
        between, whose = text[before.end() : found.start()], text[found.start() :]
        whose = whose if text.startswith(_MAKING) else whose.replace(" for ", " of ", 1)
        return text[: before.start()] + article + between + whose
    return text


def repeats(text: str) -> bool:
    """Whether a noun is said twice: "an enterprise configuration in the enterprise x"."""
    said = [word.removesuffix("s") for word in _LONG_WORD.findall(_GAPS.sub("", text)) if word not in _MAY_REPEAT]
    return len({*said}) < len(said)
