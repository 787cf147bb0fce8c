"""Whether a reply asks for a parameter that the user has not given."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from tooltune.types import Tool

_ABBREVIATION = re.compile(r"\b(?:e\.g|i\.e)\.", re.IGNORECASE)
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_WORD = re.compile(r"[^\W\d_]+")
_SUFFIXES = ("ations", "ation", "ures", "ure", "ings", "ing", "ies", "ed", "es", "s", "e", "y")
_STOP_WORDS = frozenset(
    """
    a about all an and any are as at be by can could do does e each for from g given has have how i
    if in into is it its like may me more need no not of on one only or other our please should some
    such than that the their them then there these they this to two up use used using want was we
    what when where which who will with would you your
    """.split()  # noqa: SIM905
)


def asks_for(text: str, parameter: str, tools: Sequence[Tool]) -> bool:
    """Whether a question in `text` has a word of the parameter's name or description.

    Args:
        text: what the assistant says.
        parameter: name of the missing parameter; its descriptions come from the `tools` in view.
    """
    asked = {stem(word) for question in _questions(text) for word in _words(question)}
    return bool(asked & _keywords(parameter, tools))


def _questions(text: str) -> list[str]:
    """The sentences that hold a question mark; a list belongs to the sentence it continues."""
    return [part for part in _SENTENCE_END.split(_ABBREVIATION.sub("", text)) if "?" in part]


def _keywords(parameter: str, tools: Sequence[Tool]) -> set[str]:
    found = (tool.parameter(parameter) for tool in tools)
    texts = [parameter, *(p.description for p in found if p)]
    words = {word for text in texts for word in _words(text)}
    return {stem(word) for word in words - _STOP_WORDS or words}


def _words(text: str) -> Iterator[str]:
    """The words of a text or of an identifier, in lower case."""
    return (word.lower() for word in _WORD.findall(_CAMEL.sub(" ", text)))


def stem(word: str) -> str:
    """A word without its ending, so that dates, dated and date are one. Crude, but the same on both sides."""
    for suffix in _SUFFIXES:
        if word.endswith(suffix) and len(word) - len(suffix) >= 3:
            return word.removesuffix(suffix)
    return word
