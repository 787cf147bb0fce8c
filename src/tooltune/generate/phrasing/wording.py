"""Reads `generic.yaml`: words for tools that nobody wrote frames for."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any, TypeVar

import yaml

from tooltune.generate.names import words

_T = TypeVar("_T")
_WORD_LISTS = (
    "verbs",
    "determiners",
    "selecting",
    "boundaries",
    "also_nouns",
    "uncountable",
    "providers",
    "no_nouns",
    "marks",
    "hiding",
    "told",
    "measures",
    "own_kind",
    "secret",
    "jargon",
)


@dataclass(frozen=True)
class Attachment:
    """How a value is added to a request: texts in which {x} is the value."""

    texts: tuple[str, ...]
    only_for: str = ""
    """A type of value or a class of verbs; "" is any but numbers."""
    apart: bool = False
    """Whether it stands behind a comma."""


@dataclass(frozen=True)
class Pair:
    """Two parameters that are said as one."""

    names: tuple[str, str]
    text: str
    attach: str
    noun: str
    stands_for: tuple[str, ...] = ()


@dataclass(frozen=True)
class Flag:
    """What is said for true and for false."""

    yes: tuple[str, ...]
    no: tuple[str, ...]


@dataclass(frozen=True)
class Wording:
    """The whole of `generic.yaml`."""

    frames: Mapping[str, tuple[str, ...]]
    look_frames: Mapping[str, tuple[str, ...]]
    verbs: frozenset[str]
    classes: Mapping[str, frozenset[str]]
    """look, find, make -> verbs."""
    determiners: frozenset[str]
    stands_for: Mapping[str, tuple[str, ...]]
    pairs: tuple[Pair, ...]
    attach: Mapping[str, tuple[Attachment, ...]]
    nouns: Mapping[str, str]
    flags: Mapping[str, Flag]
    enum_words: Mapping[str, str]
    selecting: frozenset[str]
    kinds: Mapping[str, frozenset[str]]
    """places, things, paths, quoted -> kinds of values."""
    units: Mapping[str, str]
    """Unit as it stands in names -> as it is said."""
    boundaries: frozenset[str]
    also_nouns: frozenset[str]
    uncountable: frozenset[str]
    providers: frozenset[str]
    no_nouns: frozenset[str]
    marks: frozenset[str]
    hiding: frozenset[str]
    told: frozenset[str]
    measures: frozenset[str]
    own_kind: frozenset[str]
    secret: frozenset[str]
    jargon: frozenset[str]

    def attachment(self, name: str, fits: Collection[str]) -> Attachment | None:
        """The attachment of the longest name that has one for a value of that type, or such a verb.

        Args:
            name: the parameter; a name of the table that begins with "=" must be the whole of it.
            fits: what `only_for` may be; numbers accept nothing that is not for numbers or the verb.
        """
        for phrase in suffixes(name):
            exact = self.attach.get(f"={phrase}", ()) if phrase == " ".join(words(name)) else ()
            for rule in (*exact, *self.attach.get(phrase, ())):
                if rule.only_for in fits:
                    return rule
        return None


def suffixes(name: str) -> list[str]:
    """The last words of a name, the most first: "head branch", "branch"."""
    own = words(name)
    return [" ".join(own[-count:]) for count in range(min(4, len(own)), 0, -1)]


def by_suffix(name: str, table: Mapping[str, _T]) -> _T | None:
    """The entry of the longest suffix of a name."""
    return next((table[phrase] for phrase in suffixes(name) if phrase in table), None)


@lru_cache(maxsize=1)
def wording() -> Wording:
    """The wording, read once."""
    data = yaml.safe_load(files(__package__).joinpath("generic.yaml").read_text("utf-8"))
    return Wording(
        frames={part: tuple(texts) for part, texts in data["frames"].items()},
        look_frames={part: tuple(texts) for part, texts in data["look_frames"].items()},
        classes={name: frozenset(data[f"{name}_verbs"].split()) for name in ("look", "find", "make")},
        stands_for={name: tuple(nouns) for name, nouns in data["stands_for"].items()},
        pairs=tuple(_pair(entry) for entry in data["pairs"]),
        attach=_attachments(data["attach"]),
        nouns=data["nouns"],
        flags={n: Flag(tuple(e["if_true"]), tuple(e["if_false"])) for e in data["flags"] for n in _names(e["names"])},
        enum_words=data["enum_words"],
        kinds={name: frozenset(kinds.split()) for name, kinds in data["kinds"].items()},
        units=data["units"],
        **{name: frozenset(data[name].split()) for name in _WORD_LISTS},
    )


def _names(text: str) -> list[str]:
    return [" ".join(name.split()) for name in text.split(",")]


def _pair(entry: Mapping[str, Any]) -> Pair:
    first, second = entry["names"]
    return Pair((first, second), entry["text"], entry["attach"], entry["noun"], tuple(entry.get("as", ())))


def _attachments(entries: Sequence[Mapping[str, Any]]) -> dict[str, tuple[Attachment, ...]]:
    found: dict[str, tuple[Attachment, ...]] = {}
    for entry in entries:
        texts = [entry["text"]] if isinstance(entry["text"], str) else entry["text"]
        rule = Attachment(tuple(texts), entry.get("for", ""), entry.get("apart", False))
        for name in _names(entry["names"]):
            found[name] = (*found.get(name, ()), rule)
    return found
