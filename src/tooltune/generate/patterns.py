"""A string that matches a regular expression.

Look-ahead is skipped while writing and checked at the end. Not covered: look-behind, back-references, and
Unicode classes.
"""

from __future__ import annotations

import re
from functools import lru_cache
from random import Random
from string import ascii_letters, ascii_lowercase, digits

_CLASSES = {"d": digits, "w": ascii_letters + digits, "s": " ", ".": ascii_lowercase + digits,
            "D": ascii_lowercase, "W": "-", "S": ascii_lowercase + digits}  # fmt: skip
_COUNT = re.compile(r"\{(\d*)(,?)(\d*)\}")
_MOST = 2_000
"""Greatest count that is written out."""


def matching(pattern: str, rng: Random) -> str | None:
    """A string that `pattern` finds, or None when the pattern is beyond this module."""
    try:
        text = _Reader(pattern, rng).alternatives()
        compiled = compiled_pattern(pattern)
        return text if compiled is not None and compiled.search(text) else None
    except (IndexError, ValueError, RecursionError):
        return None


@lru_cache(maxsize=1024)
def compiled_pattern(pattern: str) -> re.Pattern[str] | None:
    """A pattern of a schema, or None where it is not one of Python's as well (`\\p{L}`)."""
    try:
        return re.compile(pattern)
    except re.error:
        return None


class _Reader:
    """Reads a pattern from left to right and writes a matching text on the way."""

    def __init__(self, pattern: str, rng: Random) -> None:
        self.pattern, self.rng, self.at = pattern, rng, 0

    def alternatives(self) -> str:
        options = [self.sequence()]
        while self.at < len(self.pattern) and self.pattern[self.at] == "|":
            self.at += 1
            options.append(self.sequence())
        return self.rng.choice(options)

    def sequence(self) -> str:
        text = ""
        while self.at < len(self.pattern) and self.pattern[self.at] not in "|)":
            start = self.at
            first = self.atom()
            end = self.at
            text += self.repeated(first, start, end)
            if len(text) > 10 * _MOST:
                raise ValueError("too long a text")
        return text

    def repeated(self, first: str, start: int, end: int) -> str:
        """The atom read from `start` to `end`, as often as the quantifier after it says."""
        times = self.times()
        after = self.at
        text = first if times else ""
        for _ in range(times - 1):
            self.at = start
            text += self.atom()
        self.at = after
        return text

    def times(self) -> int:
        times = self._counted()
        if self.at > 0 and self.pattern[self.at - 1] in "*+?}" and self.pattern[self.at : self.at + 1] in ("?", "+"):
            self.at += 1  # lazy or possessive: the same texts
        if times > _MOST:
            raise ValueError(f"{times} times")
        return times

    def _counted(self) -> int:
        rest = self.pattern[self.at : self.at + 24]
        if rest[:1] in ("*", "+", "?"):
            self.at += 1
            return self.rng.randint(0 if rest[0] != "+" else 1, 1 if rest[0] == "?" else 4)
        counted = _COUNT.match(rest)
        if not counted or not (counted[1] or counted[3]):
            return 1
        self.at += counted.end()
        low = int(counted[1] or 0)
        return self.rng.randint(low, min(int(counted[3] or low + 4), low + 12)) if counted[2] else low

    def atom(self) -> str:
        char = self.pattern[self.at]
        self.at += 1
        if char in "^$":
            return ""
        if char == "(":
            return self.group()
        if char == "[":
            return self.rng.choice(self.characters())
        if char == "\\":
            return self.escaped()
        return self.rng.choice(_CLASSES["."]) if char == "." else char

    def group(self) -> str:
        ahead = self.pattern.startswith(("?=", "?!"), self.at)
        if ahead or self.pattern.startswith("?:", self.at):
            self.at += 2
        elif self.pattern.startswith(("?P<", "?<"), self.at) and self.pattern[self.at + 2 : self.at + 3] not in "=!":
            self.at = self.pattern.index(">", self.at) + 1
        elif self.pattern.startswith("?", self.at):
            raise ValueError("look-behind or flags")
        text = self.alternatives()
        self.at += 1
        return "" if ahead else text

    def escaped(self) -> str:
        char = self.pattern[self.at]
        self.at += 1
        if char in "bB":
            return ""
        if not char.isalnum():
            return char
        if char not in _CLASSES:
            raise ValueError(f"escape {char!r}")
        return self.rng.choice(_CLASSES[char])

    def characters(self) -> str:
        """The characters of a class, its opening bracket read already."""
        end = self.at + 1
        while self.pattern[end] != "]" or self.pattern[end - 1] == "\\":
            end += 1
        inside = self.pattern[self.at : end]
        self.at = end + 1
        members = _members(inside.removeprefix("^"))
        if inside.startswith("^"):
            return "".join(c for c in ascii_letters + digits if c not in members)
        return members


@lru_cache(maxsize=1024)
def _members(inside: str) -> str:
    """The characters that stand for themselves, in a range, or in a class such as \\d."""
    plain = re.sub(r"\\([dws])", lambda m: _CLASSES[m[1]], inside)
    plain = re.sub(r"([^\\])-(.)", lambda m: "".join(map(chr, range(ord(m[1]), ord(m[2]) + 1))), plain)
    return plain.replace("\\", "")
