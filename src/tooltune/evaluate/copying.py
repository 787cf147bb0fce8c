"""Copying: while the string value of a call is written, what goes on with the conversation's own words is favoured.

In JSON a name is made of other tokens than in the question (`C`, `ardiff` behind a quote, ` Cardiff` behind a space),
so a small model that knows which words to take may still misspell them. What stands in the conversation needs no
spelling: from the beginning of a value on, and as long as it agrees with a stretch of the conversation that begins
with a word, the tokens that continue such a stretch, or end the value where a word ends, get a bonus. A value that
stands nowhere, such as a date in another form, only has to outweigh the bonus once, at its beginning.

It is the copying of pointer networks (See et al. 2017, arXiv:1704.04368) at decoding time, without any training.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

_LONGEST = 16
"""Letters of a token that are looked up; longer ones are hardly words."""


class Vocabulary:
    """The tokens by their text."""

    def __init__(self, texts: Sequence[str]) -> None:
        """`texts`: of each token id."""
        self._ids: dict[str, list[int]] = defaultdict(list)
        for token, text in enumerate(texts):
            if 0 < len(text) <= _LONGEST and "\ufffd" not in text:
                self._ids[text].append(token)
        self.closing = [token for token, text in enumerate(texts) if text.startswith('"')]
        """The tokens that end a string."""

    def beginnings(self, text: str) -> Iterator[int]:
        """The tokens that a text begins with."""
        for end in range(1, min(len(text), _LONGEST) + 1):
            yield from self._ids.get(text[:end], ())


class Copying:
    """Follows the JSON of one call, and knows what goes on with the conversation's words."""

    def __init__(self, texts: Iterable[str], vocabulary: Vocabulary) -> None:
        """`texts`: what users and tools said."""
        self._texts, self._vocabulary = tuple(texts), vocabulary
        self.restart()

    def restart(self) -> None:
        """A new call begins."""
        self._inside: list[str] = []
        self._before = ""
        self._value: str | None = None
        """What is written of the string value that is open."""
        self._is_key = False

    def accept(self, text: str) -> None:
        """Take the text of the next token."""
        for char in text:
            if self._value is None and not self._is_key:
                self._outside(char)
            elif char == '"' and not (self._value or "").endswith("\\"):
                self._value, self._is_key, self._before = None, False, '"'
            elif self._value is not None:
                self._value += char

    def _outside(self, char: str) -> None:
        if char == '"':
            is_value = self._before == ":" or self._inside[-1:] == ["["]
            self._value, self._is_key = ("", False) if is_value else (None, True)
        elif char in "{[":
            self._inside.append(char)
        elif char in "}]":
            self._inside = self._inside[:-1]
        if not char.isspace():
            self._before = char

    def favoured(self) -> list[int]:
        """The tokens that go on with words of the conversation; none outside of a string value."""
        if self._value is None:
            return []
        found: set[int] = set()
        for rest in self._rests(self._value):
            found.update(self._vocabulary.beginnings(rest))
            if self._value and not rest[:1].isalnum():
                found.update(self._vocabulary.closing)
        return sorted(found)

    def _rests(self, begun: str) -> set[str]:
        """What may follow, wherever the conversation has what is begun, in any case, at the beginning of a word."""
        found = re.compile(f"(?={re.escape(begun)})", re.IGNORECASE)
        starts = ((text, at.start()) for text in self._texts for at in found.finditer(text))
        ends = ((text, at + len(begun)) for text, at in starts if _begins_word(text, at))
        return {text[end : end + _LONGEST] for text, end in ends}


def _begins_word(text: str, at: int) -> bool:
    """Whether a word begins there, or a path such as /home."""
    before, first = text[max(at - 1, 0) : at], text[at : at + 1]
    if before.isalnum() or not first or first.isspace():
        return False
    return first.isalnum() or before in ("", " ", "\n", '"', "'")
