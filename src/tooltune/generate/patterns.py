"""A string that matches a regular expression.

Not covered: look-around, back-references, and anchors inside the pattern.
"""

from __future__ import annotations

import re
from random import Random
from string import ascii_letters, ascii_lowercase, digits

_CLASSES = {"d": digits, "w": ascii_letters + digits, "s": " ", ".": ascii_lowercase + digits}
_COUNT = re.compile(r"\{(\d+)(,?)(\d*)\}")


def matching(pattern: str, rng: Random) -> str | None:
    """A string that `pattern` finds, or None when the pattern is beyond this module."""
    try:
        text = _Reader(pattern, rng).alternatives()
        return text if re.search(pattern, text) else None
    except (IndexError, ValueError, re.error):
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
        rest = self.pattern[self.at :]
        if rest[:1] in ("*", "+", "?"):
            self.at += 1
            return self.rng.randint(0 if rest[0] != "+" else 1, 1 if rest[0] == "?" else 4)
        counted = _COUNT.match(rest)
        if not counted:
            return 1
        self.at += counted.end()
        low = int(counted[1])
        return self.rng.randint(low, int(counted[3] or low + 4) if counted[2] else low)

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
        if self.pattern.startswith("?:", self.at):
            self.at += 2
        elif self.pattern.startswith("?", self.at):
            raise ValueError("look-around or a named group")
        text = self.alternatives()
        self.at += 1
        return text

    def escaped(self) -> str:
        char = self.pattern[self.at]
        self.at += 1
        if char.isalnum() and char not in _CLASSES:
            raise ValueError(f"escape {char!r}")
        return self.rng.choice(_CLASSES.get(char, char))

    def characters(self) -> str:
        """The characters of a class, its opening bracket read already."""
        end = self.pattern.index("]", self.at + 1)
        inside = self.pattern[self.at : end]
        self.at = end + 1
        plain = re.sub(r"\\([dws])", lambda m: _CLASSES[m[1]], inside.removeprefix("^"))
        plain = re.sub(r"([^\\])-(.)", lambda m: "".join(map(chr, range(ord(m[1]), ord(m[2]) + 1))), plain)
        members = plain.replace("\\", "")
        if inside.startswith("^"):
            return "".join(c for c in ascii_letters + digits if c not in members)
        return members
