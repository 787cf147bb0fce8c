"""Tools for a run, drawn from the catalogue, with their wording.

Some domains, and some tools of the other domains, are held out for good: a model trained on the
catalogue is measured on tools and fields that it has never seen.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from random import Random
from typing import Literal

from tooltune.errors import ConfigError
from tooltune.generate.catalogue.read import Entry, entries
from tooltune.generate.phrasing import Frame, Split, ToolPhrasing
from tooltune.generate.surfaces import spaced
from tooltune.generate.templates import parse_template
from tooltune.types import Tool

CataloguePart = Literal["train", "held_out_tools", "held_out_domains"]

HELD_OUT_DOMAINS = frozenset(
    {
        "board and card games",
        "genetics and biology",
        "insurance",
        "law and courts",
        "libraries and books",
        "sailing and tides",
    }
)
_ARTICLE = re.compile(r"^(?:the|an?|my|our|some) (?=\w)")
_COMMANDS = (
    ("<Can|Could|Would|Can> you <please |||>", "?"),
    ("<Please |Please |I need you to |I want you to |I'd like you to |Help me ||||>", "."),
)
"""What stands before and behind a clause that is a request of its own."""
EVERY = 10
"""In the other domains one of every so many tools is held out."""


@dataclass(frozen=True)
class Drawn:
    """Tools, and the wording that belongs to them."""

    tools: tuple[Tool, ...]
    wording: Mapping[str, ToolPhrasing]


def part_of(entry: Entry, place: int) -> CataloguePart:
    """Which part a tool belongs to; `place` is its number within its domain."""
    if entry.domain in HELD_OUT_DOMAINS:
        return "held_out_domains"
    return "held_out_tools" if place % EVERY == EVERY - 1 else "train"


def of_part(part: CataloguePart) -> list[Entry]:
    """The tools of a part."""
    found: list[Entry] = []
    places: dict[str, int] = {}
    for entry in entries():
        place = places.get(entry.domain, 0)
        places[entry.domain] = place + 1
        if part_of(entry, place) == part:
            found.append(entry)
    return found


@lru_cache(maxsize=4)  # a run asks for its tools, and again for their wording
def draw(count: int, seed: int, part: CataloguePart = "train") -> Drawn:
    """So many tools of a part, chosen by the seed, in the catalogue's order.

    Args:
        count: how many; a larger draw of the same seed holds the smaller one.
        seed: decides which.
        part: which part of the catalogue.

    Raises:
        ConfigError: the part has not so many.
    """
    able = of_part(part)
    if not 0 < count <= len(able):
        raise ConfigError("--catalogue", str(count), f"from 1 to {len(able)}, the tools of the part {part!r}")
    order = Random(f"{seed}:catalogue").sample(range(len(able)), len(able))
    chosen = [able[i] for i in sorted(order[:count])]
    return Drawn(tuple(map(as_tool, chosen)), {entry.name: as_phrasing(entry) for entry in chosen})


def as_tool(entry: Entry) -> Tool:
    """The tool's definition."""
    data = {"name": entry.name, "description": entry.description, "parameters": entry.input_schema()}
    return Tool.from_dict(data, f"catalogue, {entry.domain}")


def as_phrasing(entry: Entry) -> ToolPhrasing:
    """The tool's wording; the last line of each kind is held out."""
    missing = {path: texts for path, texts in entry.missing.items() if "." not in path}
    said = _said_with_article(entry)
    bare = {path: tuple(without_article(str(value)) for value in entry.values[path]) for path in said}
    return ToolPhrasing(
        does=entry.does,
        requests=_requests(entry),
        several=Split(),
        clauses=_split(f"{entry.name}.clauses", entry.clauses),
        missing=_split(f"{entry.name}.missing", [text for texts in missing.values() for text in texts]),
        nouns={name: entry.nouns.get(name, spaced(name)) for name in entry.parameters},
        values={**entry.values, **bare},
        words={**entry.words, **said},
        domain=entry.domain,
    )


def _requests(entry: Entry) -> Split:
    """The requests, and in training the clauses as plain questions and commands."""
    requests = _split(f"{entry.name}.requests", entry.requests)
    clauses = entry.clauses[:-1] or entry.clauses
    commands = (
        Frame(f"{entry.name}.clauses.{i}", parse_template(before + clause + after))
        for i, clause in enumerate(clauses)
        for before, after in _COMMANDS
    )
    return replace(requests, train=(*requests.train, *commands))


def without_article(text: str) -> str:
    """A value as it stands in a call: "Prado" for "the Prado", "violin case" for "my violin case"."""
    return _ARTICLE.sub("", text)


def _said_with_article(entry: Entry) -> dict[str, dict[str, tuple[str, ...]]]:
    """How such values are said: parameter -> value -> words."""
    said: dict[str, dict[str, tuple[str, ...]]] = {}
    for path, values in entry.values.items():
        if not isinstance(values, str) and path not in entry.verbatim:
            texts = [value for value in values if isinstance(value, str)]
            found: dict[str, tuple[str, ...]] = {
                without_article(text): (text,) for text in texts if without_article(text) != text
            }
            said |= {path: found} if found else {}
    return said


def _split(family: str, texts: Sequence[str]) -> Split:
    return Split.read(family, {"train": texts[:-1] or texts, "held_out": texts[-1:] if len(texts) > 1 else ()})
