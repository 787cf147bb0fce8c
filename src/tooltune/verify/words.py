"""Texts and names reduced to what is compared when looking for duplicates and contamination.

Not covered: scripts without spaces other than Chinese and Japanese; there a sentence is one word,
and only equal sentences are found.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterator, Sequence
from functools import lru_cache

from tooltune.types import Example

Words = tuple[str, ...]

# Chinese and Japanese are written without spaces: each character is a word.
_CJK = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff"
_WORD = re.compile(rf"[{_CJK}]|[^\W_{_CJK}]+")
_APOSTROPHES = re.compile("['\u2019\u02bc]")


def words(text: str) -> Words:
    """The words of a text: lower case, compatibility forms unified, no punctuation."""
    if not text.isascii():
        # Folding can undo composition and the other way round; once more makes the result stable.
        text = _folded(_folded(text))
    return tuple(_WORD.findall(_APOSTROPHES.sub("", text.casefold())))


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text.casefold())


def normalise_query(text: str) -> str:
    """The words of a text with single spaces; equal for texts that differ in case and punctuation only."""
    return " ".join(words(text))


@lru_cache(maxsize=1 << 16)
def normalise_name(name: str) -> str:
    """A tool's or parameter's name without style: `getWeather`, `get_weather` and `get-weather` are one."""
    return "".join(words(name))


def grams(text: Words, size: int) -> Iterator[Words]:
    """The runs of `size` words, in order; none in a shorter text."""
    return (text[i : i + size] for i in range(len(text) - size + 1))


def shingles(text: Words, size: int) -> Iterator[Words]:
    """Like `grams`, but a shorter text that is not empty counts as one run."""
    return grams(text, min(size, len(text)) or 1)


def jaccard(first: Collection[object], second: Collection[object]) -> float:
    """Size of the intersection by size of the union; 0 if both are empty."""
    ours, theirs = set(first), set(second)
    union = len(ours | theirs)
    return len(ours & theirs) / union if union else 0.0


def user_texts(example: Example) -> Sequence[Words]:
    """What the user says, message by message, as words; messages without words are left out."""
    texts = (words(message.content) for message in example.messages if message.role == "user")
    return [text for text in texts if text]


def called(example: Example) -> set[str]:
    """The names of the tools that the example calls."""
    return {call.name for message in example.messages for call in message.tool_calls}
