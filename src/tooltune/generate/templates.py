"""Sentence templates: how hand-written wording with gaps is read and filled.

    "<What's|What is> the weather in {city}[ on {date}]?"

`{city}` is a gap for an argument, `{city+}` for several values ("Oslo and Bergen"),
`{state=on}` fixes an argument that the wording itself implies and prints nothing. `[...]` may be
left out, and `<a|b>` is one or the other.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from random import Random
from typing import Any

_TOKEN = re.compile(r"\{(?P<gap>[^{}]+)\}|(?P<open>\[)|(?P<close>\])|<(?P<choice>[^<>]*\|[^<>]*)>")
_ARTICLE = re.compile(r"\b([Aa])n? $")
_UNIT = re.compile(
    r"^ (second|minute|hour|day|week|month|year|night|euro|dollar|pound|mile|metre|kilometre|centimetre|millimetre|"
    r"gram|kilogram|litre|kilowatt hour|watt|volt|degree|adult|guest)s\b"
)
_VOWEL_SOUND = re.compile(r"(?!uni|use|eu|one)[aeiou]|8|11\b|18\b", re.IGNORECASE)


@dataclass(frozen=True)
class Gap:
    """A place for a value."""

    key: str
    many: bool = False
    fixed: Any = None
    """The value that the wording implies; nothing is printed then."""


@dataclass(frozen=True)
class Choice:
    """One of several literal texts."""

    options: tuple[str, ...]


@dataclass(frozen=True)
class Option:
    """A segment that may be left out."""

    parts: tuple[str | Gap | Choice, ...]

    def gaps(self) -> tuple[Gap, ...]:
        """The gaps in it, in order."""
        return tuple(part for part in self.parts if isinstance(part, Gap))

    def keys(self) -> frozenset[str]:
        """The keys of its gaps."""
        return frozenset(gap.key for gap in self.gaps())


@dataclass(frozen=True)
class Template:
    """A parsed template."""

    parts: tuple[str | Gap | Choice | Option, ...]

    def required(self) -> tuple[Gap, ...]:
        """The gaps outside of optional segments, in order."""
        return tuple(part for part in self.parts if isinstance(part, Gap))

    def gaps(self) -> tuple[Gap, ...]:
        """All gaps, those of optional segments as well, in order."""
        segments = (part.gaps() if isinstance(part, Option) else (part,) for part in self.parts)
        return tuple(part for segment in segments for part in segment if isinstance(part, Gap))

    def keys(self) -> frozenset[str]:
        """The keys of all gaps."""
        return frozenset(gap.key for gap in self.gaps())

    def select(self, rng: Random, rate: float, allowed: frozenset[str] | None = None) -> list[str | Gap]:
        """Decide every option and choice.

        Args:
            rng: decides.
            rate: the share of optional segments that stay.
            allowed: when given, a segment stays exactly if all its gaps are in here.
        """
        flat: list[str | Gap] = []
        for part in self.parts:
            if isinstance(part, Option):
                stays = rng.random() < rate if allowed is None else part.keys() <= allowed
                flat.extend(_decided(part.parts, rng) if stays else ())
            else:
                flat.extend(_decided((part,), rng))
        return flat


def _decided(parts: Sequence[str | Gap | Choice], rng: Random) -> Iterator[str | Gap]:
    for part in parts:
        yield rng.choice(part.options) if isinstance(part, Choice) else part


@lru_cache(maxsize=16384)
def parse_template(text: str) -> Template:
    """Read a template.

    Raises:
        ValueError: a segment is opened and not closed, or closed and not opened.
    """
    outer: list[Any] = []
    inner: list[Any] | None = None
    position = 0
    for token in _TOKEN.finditer(text):
        target = outer if inner is None else inner
        if token.start() > position:
            target.append(text[position : token.start()])
        position = token.end()
        if token["open"] or token["close"]:
            if (inner is None) == bool(token["close"]):
                raise ValueError(f"unbalanced brackets in {text!r}")
            inner = _toggle(outer, inner)
        else:
            target.append(_gap(token["gap"]) if token["gap"] else Choice(tuple(token["choice"].split("|"))))
    if inner is not None:
        raise ValueError(f"unbalanced brackets in {text!r}")
    return Template((*outer, text[position:]) if text[position:] else tuple(outer))


def _toggle(outer: list[Any], inner: list[Any] | None) -> list[Any] | None:
    if inner is None:
        return []
    outer.append(Option(tuple(inner)))
    return None


def _gap(text: str) -> Gap:
    key, equals, fixed = text.partition("=")
    if equals:
        return Gap(key, fixed=_literal(fixed))
    return Gap(key.rstrip("+"), many=key.endswith("+"))


def _literal(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def fill(parts: Sequence[str | Gap], says: Mapping[str, str]) -> str:
    """Put the spoken values into the gaps; "a" becomes "an" where the value asks for it, and "1 weeks" "1 week"."""
    text, said = "", ""
    for part in parts:
        if isinstance(part, str):
            text += _UNIT.sub(r" \1", part) if said == "1" else part
            said = ""
        elif part.fixed is None:
            said = says[part.key]
            text = _ARTICLE.sub(r"\1n " if _VOWEL_SOUND.match(said) else r"\1 ", text) + said
    return text
