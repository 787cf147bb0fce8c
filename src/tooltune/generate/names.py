"""What a parameter's name, its tool and its description say about its values: the rules of `names.yaml`.

The longest name that is known decides: `commit_message` before `message`, and `title` of a tool that is
about issues ("issue title") before any `title`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any, TypeVar

import yaml

# Words that alone say nothing: the word before them, or the tool's noun, decides.
EMPTY_WORDS = frozenset({"name", "type", "id", "ids", "value", "code", "number", "key", "kind", "object", "uid", "ref"})
CODE_WORDS = frozenset({"id", "ids", "code", "number", "key", "reference", "uid", "no", "serial", "sku", "barcode"})
CAPITALS = {"id": "ID", "ids": "IDs", "url": "URL", "urls": "URLs", "sku": "SKU", "iso": "ISO", "ip": "IP",
              "pat": "PAT", "api": "API", "ssh": "SSH", "gpg": "GPG", "oidc": "OIDC", "dns": "DNS",
              "copilot": "Copilot", "github": "GitHub", "codeql": "CodeQL", "dependabot": "Dependabot"}  # fmt: skip
"""Words that are written otherwise than other words of a name."""
_PREPOSITIONS = frozenset({"to", "from", "the", "a", "an", "of", "in", "by", "for", "at", "on", "with"})
_WRAPPERS = (["body"], ["data"], ["payload"], ["input"], ["params"], ["request"])
"""Objects that only hold what a tool takes."""
_PLACES = frozenset({"owner", "repo", "repo_path", "org", "enterprise", "project", "workspace", "database", "account",
                     "repository", "channel", "team", "bucket", "cluster", "namespace", "username"})  # fmt: skip
_NAMED = frozenset({"location", "city", "country", "place", "destination", "origin", "region", "airport", "station",
                    "language", "author", "artist", "brand", "month", "day", "weekday"})  # fmt: skip
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_WORD = re.compile(r"[a-z]+")
_T = TypeVar("_T")


@dataclass(frozen=True)
class NumberRule:
    """Usual numbers: one of `values`, or from `low` to `high` in steps, or with digits after the point."""

    values: tuple[float, ...] = ()
    low: float = 0
    high: float = 0
    step: int = 1
    digits: int = 0


@lru_cache(maxsize=1)
def _table() -> Any:
    return yaml.safe_load(files(__package__).joinpath("names.yaml").read_text("utf-8"))


def with_capitals(plain: str) -> str:
    """ "repository ID" of "repository id"."""
    return " ".join(CAPITALS.get(word, word) for word in plain.split())


def _split(names: str) -> list[str]:
    return [" ".join(name.split()) for name in names.split(",")]


@lru_cache(maxsize=1)
def _kinds() -> dict[str, str]:
    return {name: kind for kind, names in _table()["kinds"].items() for name in _split(names)}


@lru_cache(maxsize=1)
def _numbers() -> dict[str, NumberRule]:
    return {name: _rule(entry) for entry in _table()["numbers"] for name in _split(entry["names"])}


def _rule(entry: Mapping[str, Any]) -> NumberRule:
    low, high = entry.get("from", 0), entry.get("to", 0)
    return NumberRule(tuple(entry.get("of", ())), low, high, entry.get("step", 1), entry.get("digits", 0))


@lru_cache(maxsize=8192)
def words(name: str) -> tuple[str, ...]:
    """The words of a name written as in code: `maxResults` -> max, results. Of a path, the last name."""
    return tuple(_WORD.findall(_CAMEL.sub(" ", name.rpartition(".")[2]).lower().replace("e-mail", "email")))


@lru_cache(maxsize=8192)
def kind_of(name: str, noun: str = "") -> str | None:
    """The kind of text that a name asks for, of a tool that is about `noun`; None when it says nothing."""
    own = _without_prepositions(words(name))
    above = _WORD.findall(name.rpartition(".")[0].lower()) or _WORD.findall(noun.lower())
    above = _WORD.findall(noun.lower()) if above in _WRAPPERS else above
    found = _found(_phrases(own, above), _kinds())
    if found or not own or own[-1] not in EMPTY_WORDS | CODE_WORDS:
        return found
    if own[-1] in CODE_WORDS:  # "user_id" is a code, not a user
        return None
    return _found(_phrases(own[:-1] or tuple(above), []), _kinds())


@lru_cache(maxsize=8192)
def kind_with_noun(name: str, noun: str) -> str | None:
    """The kind that a name has only in a tool that is about `noun`: "place query"."""
    own, above = words(name)[-1:], _WORD.findall(noun.lower())
    return _found((" ".join((*above[-count:], *own)) for count in (2, 1) if len(above) >= count), _kinds())


@lru_cache(maxsize=8192)
def number_rules(name: str, noun: str = "") -> tuple[NumberRule, ...]:
    """The usual numbers of a name, those of the longest name first."""
    phrases = _phrases(words(name), _WORD.findall(noun.lower()))
    found = [_found(iter((phrase,)), _numbers()) for phrase in phrases]
    return tuple(rule for rule in found if rule is not None)


@lru_cache(maxsize=8192)
def kind_in(text: str) -> str | None:
    """The kind of the first word of a description that is known: "Name of the city" -> city."""
    said = _WORD.findall(text.lower().partition(". ")[0].replace("e-mail", "email"))
    for i, word in enumerate(said):
        for phrase in (" ".join(said[i : i + 2]), word):
            if phrase not in EMPTY_WORDS and phrase not in _PREPOSITIONS and _singular(phrase) in _kinds():
                return _kinds()[_singular(phrase)]
    return None


def is_proper(name: str, value: str) -> bool:
    """Whether a choice is a name: "New York" of a location, and not "In Progress" of a status."""
    return words(name)[-1:] != () and words(name)[-1] in _NAMED and value[:1].isupper()


def is_place(name: str) -> bool:
    """Whether a parameter says where a thing is, and not which."""
    return name in _PLACES


def _without_prepositions(own: tuple[str, ...]) -> tuple[str, ...]:
    while len(own) > 1 and (own[-1] in _PREPOSITIONS or len(own[-1]) == 1):
        own = own[:-1]
    return own


def _phrases(own: tuple[str, ...], above: list[str]) -> Iterator[str]:
    """The names to look for, the longest first."""
    for count in (4, 3, 2):
        if len(own) >= count:
            yield " ".join(own[-count:])
    if own:
        for count in (2, 1) if len(own) == 1 or own[-1] not in EMPTY_WORDS else ():
            if len(above) >= count:
                yield " ".join((*above[-count:], own[-1]))
        yield own[-1]
    if len(own) > 1 and own[-1] not in CODE_WORDS:
        yield own[0] if own[-1] in EMPTY_WORDS else ""


def _found(phrases: Iterator[str], table: Mapping[str, _T]) -> _T | None:
    for phrase in phrases:
        if phrase in table:
            return table[phrase]
        if _singular(phrase) in table:
            return table[_singular(phrase)]
    return None


def _singular(word: str) -> str:
    if word in _kinds() or word.endswith(("ss", "us", "is")):
        return word
    if word.endswith("ies"):
        return word[:-3] + "y"
    return word[:-2] if word.endswith(("ches", "shes", "xes")) else word.removesuffix("s")
