"""Reads the hand-written wording."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any

import yaml

from tooltune.generate.phrasing.model import Split, ToolPhrasing
from tooltune.generate.templates import parse_template


@dataclass(frozen=True)
class Chain:
    """Two calls, of which the second needs values from the first one's result."""

    first: str
    second: str
    link: Mapping[str, str]
    """Argument of the second call -> field of the first result."""
    frames: Split
    values: Mapping[str, str | Sequence[str]]


@dataclass(frozen=True)
class Library:
    """The wording of the YAML files beside this module."""

    tools: Mapping[str, ToolPhrasing]
    chains: tuple[Chain, ...]
    splits: Mapping[str, Split]
    """Wording of the user that belongs to no tool: `joiners`, `chat`, `no_tool`, ..."""
    lines: Mapping[str, tuple[str, ...]]
    """Wording of the assistant, and system messages."""


@lru_cache(maxsize=1)
def library() -> Library:
    """The whole library, read once."""
    conversation = _read("conversation.yaml")
    split_keys = {key for key, value in conversation.items() if isinstance(value, dict)}
    return Library(
        tools={name: _tool(name, data) for name, data in _read("example_tools.yaml").items()},
        chains=tuple(_chain(data) for data in _read("chains.yaml")),
        splits={key: Split.read(key, conversation[key]) for key in split_keys},
        lines={key: tuple(conversation[key]) for key in conversation.keys() - split_keys},
    )


def _read(name: str) -> Any:
    return yaml.safe_load(files(__package__).joinpath(name).read_text("utf-8"))


def _tool(name: str, data: Mapping[str, Any]) -> ToolPhrasing:
    def frames(kind: str) -> Split:
        return Split.read(f"{name}.{kind}", data[kind])

    return ToolPhrasing(
        does=data["does"],
        requests=frames("requests"),
        several=frames("several"),
        clauses=frames("clauses"),
        missing=frames("missing"),
        answers=tuple(parse_template(text) for text in data["answers"]),
        nouns=data["nouns"],
        ask=data["ask"],
        values=data["values"],
        words=data.get("words", {}),
        alone=data.get("alone", {}),
        retry=data["retry"],
        similar=tuple(data.get("similar", ())),
    )


def _chain(data: Mapping[str, Any]) -> Chain:
    frames = Split.read(f"chain.{data['first']}.{data['second']}", data["frames"])
    return Chain(data["first"], data["second"], data["link"], frames, data.get("values", {}))
