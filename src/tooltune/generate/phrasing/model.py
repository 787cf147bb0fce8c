"""What wording consists of: frames, each a family of its own, in a training and a held-out part."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from tooltune.generate.templates import Template, parse_template

Part = Literal["train", "held_out"]


@dataclass(frozen=True)
class Frame:
    """One way to put something."""

    family: str
    template: Template
    unless: tuple[str, ...] = ()
    """Tools that must not be in view, because with them another reaction would be right."""
    reply: str = ""
    """What belongs to it on the assistant's side, for talk and for requests that no tool serves."""


@dataclass(frozen=True)
class Split:
    """Frames, in two parts that share no family."""

    train: tuple[Frame, ...] = ()
    held_out: tuple[Frame, ...] = ()

    def of(self, part: Part) -> tuple[Frame, ...]:
        """The frames of a part."""
        return self.train if part == "train" else self.held_out

    @classmethod
    def read(cls, family: str, data: Mapping[str, Sequence[Any]] | None) -> Split:
        """From `{train: [...], held_out: [...]}`; families are numbered below `family`."""
        data = data or {}
        return cls(
            tuple(_frame(f"{family}.{i}", entry) for i, entry in enumerate(data.get("train", ()))),
            tuple(_frame(f"{family}.held_out.{i}", entry) for i, entry in enumerate(data.get("held_out", ()))),
        )


def _frame(family: str, entry: Any) -> Frame:
    if isinstance(entry, str):
        return Frame(family, parse_template(entry))
    if isinstance(entry, list):
        return Frame(family, parse_template(entry[0]), reply=entry[1])
    return Frame(family, parse_template(entry["text"]), tuple(entry.get("unless", ())))


@dataclass(frozen=True)
class ToolPhrasing:
    """All wording of one tool; the keys of `phrasing/example_tools.yaml` say what each field is."""

    does: str
    requests: Split
    several: Split
    clauses: Split
    missing: Split
    nouns: Mapping[str, str]
    answers: tuple[Template, ...] = ()
    """Written answers; where there are none, the result is told as `telling.py` does."""
    opening: Split = Split()
    """Clauses to which others are joined, where those differ: without details behind a comma."""
    noun: str = ""
    """What the tool is about, for parameters that are only called `id` or `name`."""
    ask: Mapping[str, Sequence[str]] = field(default_factory=dict)
    values: Mapping[str, str | Sequence[Any]] = field(default_factory=dict)
    words: Mapping[str, Mapping[str, Sequence[str]]] = field(default_factory=dict)
    many: frozenset[str] = frozenset()
    """Lists of which two or more are drawn: their noun is said in the plural."""
    alone: Mapping[str, str] = field(default_factory=dict)
    retry: str | None = None
    similar: tuple[str, ...] = ()
    domain: str = ""
    """The field it belongs to, for tools of the catalogue."""
    clear: bool = True
    """Whether its requests are what a person might say."""

    def saying(self, name: str, values: Sequence[Any], words: Mapping[str, Sequence[str]]) -> ToolPhrasing:
        """The same with other values of a parameter, and words that say them."""
        return replace(self, values={**self.values, name: tuple(values)}, words={**self.words, name: words})

    @property
    def joined(self) -> Split:
        """The clauses to which others are joined."""
        return self.opening if self.opening.train else self.clauses
