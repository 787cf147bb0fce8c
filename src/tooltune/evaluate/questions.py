"""Whether a reply asks for a parameter that the user has not given."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from tooltune.types import Tool

_ABBREVIATION = re.compile(r"\b(?:e\.g|i\.e)\.", re.IGNORECASE)
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+")
_NEED = re.compile(r"\b(?:need|require|miss|lack|know|tell|give|provide)", re.IGNORECASE)
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_WORD = re.compile(r"[^\W\d_]+")
_SUFFIXES = ("ations", "ation", "ures", "ure", "ings", "ing", "ies", "ed", "es", "s", "e", "y")
_STOP_WORDS = frozenset(
    """
    a about all an and any are as at be by can could course do does e each for from g give given
    happy has have help how i if in into is it its know let like may me mean more need no not of on
    one only or other our please provide should some specify still such sure tell than that the
    their them then there these they this to two up use used using want was we what which will with
    would you your
    """.split()  # noqa: SIM905
)
_PEOPLE = {"contact", "customer", "passenger", "person", "recipient"}
_ASKED_BY = {
    "day": {"date"},
    "when": {"date", "day", "time"},
    "where": {"address", "city", "country", "location", "place", "room"},
    "who": _PEOPLE,
    "whom": _PEOPLE,
    "whose": _PEOPLE,
    "much": {"amount", "price", "quantity"},
    "many": {"amount", "count", "number", "quantity"},
}
"""Question words that ask for a thing without naming it."""


def asks_for(text: str, parameter: str, tools: Sequence[Tool], reference: str = "") -> bool:
    """Whether a question in `text` is about the parameter.

    It is if it has a word of the parameter's name or description, a question word that stands for
    one, such as when for a date, or a word of the question in `reference`.

    Args:
        text: what the assistant says.
        parameter: name of the missing parameter; its descriptions come from the `tools` in view.
        reference: a text known to ask for it and for nothing else.
    """
    asked = {stem(word) for question in _questions(text) for word in _words(question)}
    found = (tool.parameter(parameter) for tool in tools)
    named = _keywords(parameter, *(p.description for p in found if p))
    named |= {stem(word) for word, things in _ASKED_BY.items() if named & {stem(thing) for thing in things}}
    return bool(asked & (named | _keywords(*_questions(reference))))


def _keywords(*texts: str) -> set[str]:
    """Stems of the words that carry meaning; of all words where none does."""
    words = {word for text in texts for word in _words(text)}
    return {stem(word) for word in words - _STOP_WORDS or words}


def _questions(text: str) -> Iterator[str]:
    """The sentences with a question mark, and those before one that say what is needed.

    "I still need the date. Could you tell me?" asks for the date, and "Booked for that date. Anything
    else?" does not. A list belongs to the sentence that it continues.
    """
    sentences = _SENTENCE_END.split(_ABBREVIATION.sub("", text))
    for before, sentence in zip(["", *sentences], sentences, strict=False):
        if "?" in sentence:
            yield sentence
            yield before if _NEED.search(before) else ""


def _words(text: str) -> Iterator[str]:
    """The words of a text or of an identifier, in lower case."""
    return (word.lower() for word in _WORD.findall(_CAMEL.sub(" ", text)))


def stem(word: str) -> str:
    """A word without its ending, so that dates, dated and date are one. Crude, but the same on both sides."""
    for suffix in _SUFFIXES:
        if word.endswith(suffix) and len(word) - len(suffix) >= 3:
            return word.removesuffix(suffix)
    return word
