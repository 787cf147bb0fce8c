"""The gate between training data and held-out questions and tools.

    gate = Gate.read(["benchmark.jsonl"])
    clean = without_contamination(examples, gate)

An example is contaminated, by kind, if

- `equal_query`: a user message, or all of them together, equals a held-out one in its words; a
  message of fewer than 5 words only counts if it is all that the user says;
- `shared_text`: it contains 13 words in a row of a held-out message, or the whole of one of 5 to 12;
- `similar_query`: a message shares more than half of its word 3-grams with a held-out one (Jaccard);
- `same_tool`: a tool in view has the name and the parameter names of a held-out one, whatever their
  style;
- `renamed_tool`: a tool in view has the parameter names and types of a held-out one, at least one,
  and more than half of the words of the description (Jaccard), under another name.

Every check looks its candidates up in an index of the held-out side: the time is linear in the
dataset, however many questions there are.

Not covered: paraphrases and translations of a question.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tooltune.types import Example, Tool
from tooltune.verify.held_out import HeldOut, ToolShape, read_held_out
from tooltune.verify.similar import SimilarTexts
from tooltune.verify.words import Words, grams, jaccard, user_texts, words

QUERY_KINDS = ("equal_query", "shared_text", "similar_query")
TOOL_KINDS = ("same_tool", "renamed_tool")
RUN = 13
SHORTEST = 5
THRESHOLD = 0.5


@dataclass(frozen=True)
class Overlap:
    """What an example shares with the held-out side."""

    kind: str
    where: str
    """The file and the place of the held-out entry."""
    shared: str
    """The words or the tool."""


@dataclass
class _Queries:
    """The held-out questions, indexed for each check; the first entry with a text stands for it."""

    equal: dict[Words, str] = field(default_factory=dict)
    runs: dict[Words, str] = field(default_factory=dict)
    """13 words in a row."""
    short: defaultdict[Words, list[tuple[Words, str]]] = field(default_factory=lambda: defaultdict(list))
    """The first 5 words -> messages of 5 to 12 words."""
    similar: SimilarTexts = field(default_factory=lambda: SimilarTexts(THRESHOLD))
    seen: set[Words] = field(default_factory=set)

    def add(self, texts: Sequence[Words], where: str) -> None:
        for query in _whole_queries(texts):
            self.equal.setdefault(query, where)
        for text in texts:
            if text in self.seen:
                continue
            self.seen.add(text)
            self.similar.add(text, where)
            for run in grams(text, RUN):
                self.runs.setdefault(run, where)
            if SHORTEST <= len(text) < RUN:
                self.short[text[:SHORTEST]].append((text, where))

    def overlaps(self, texts: Sequence[Words]) -> Iterator[Overlap]:
        for query in _whole_queries(texts):
            if query in self.equal:
                yield Overlap("equal_query", self.equal[query], " ".join(query))
        for text in texts:
            yield from self._shared(text)
            found = self.similar.nearest(text)
            if found is not None:
                yield Overlap("similar_query", found, " ".join(text))

    def _shared(self, text: Words) -> Iterator[Overlap]:
        for run in grams(text, RUN):
            if run in self.runs:
                yield Overlap("shared_text", self.runs[run], " ".join(run))
        for i, head in enumerate(grams(text, SHORTEST)):
            for short, where in self.short.get(head, ()):
                if text[i : i + len(short)] == short:
                    yield Overlap("shared_text", where, " ".join(short))


def _whole_queries(texts: Sequence[Words]) -> set[Words]:
    """What is compared as a whole: all messages together, and each that is not too short to tell."""
    together = tuple(word for text in texts for word in text)
    return ({together} if together else set()) | {text for text in texts if len(text) >= SHORTEST}


@dataclass
class _Tools:
    """The held-out tools, indexed by what must be equal."""

    by_name: dict[tuple[str, frozenset[str]], str] = field(default_factory=dict)
    by_parameters: defaultdict[frozenset[tuple[str, str]], dict[frozenset[str], tuple[str, str]]] = field(
        default_factory=lambda: defaultdict(dict)
    )
    """Names and types -> words of the description -> tool and place."""
    known: dict[Any, tuple[Overlap, ...]] = field(default_factory=dict)
    """What was found for a tool: a dataset shows the same tools again and again."""

    def add(self, tool: ToolShape, where: str) -> None:
        self.by_name.setdefault((tool.name, tool.parameter_names), where)
        if tool.parameters:
            described = frozenset(words(tool.description))
            self.by_parameters[tool.parameters].setdefault(described, (tool.name, where))

    def overlaps(self, tool: Tool) -> tuple[Overlap, ...]:
        key = (tool.name, tool.description, tuple((p.name, str(p.type)) for p in tool.parameters))
        if key not in self.known:
            self.known[key] = tuple(self._compare(tool))
        return self.known[key]

    def _compare(self, tool: Tool) -> Iterator[Overlap]:
        shape = ToolShape.of(tool)
        same = self.by_name.get((shape.name, shape.parameter_names))
        if same is not None:
            yield Overlap("same_tool", same, tool.name)
        described = words(tool.description)
        for others, (name, where) in self.by_parameters.get(shape.parameters, {}).items():
            if name != shape.name and jaccard(described, others) > THRESHOLD:
                yield Overlap("renamed_tool", where, f"{tool.name} = {name}")


class Gate:
    """Held-out questions and tools that training data is compared with.

    Args:
        entries: the held-out side.
        compare_tools: whether to compare tools too; a closed set of tools is meant to be the same.
    """

    def __init__(self, entries: Iterable[HeldOut], compare_tools: bool = True) -> None:
        self.questions = 0
        self.tools = 0
        self._queries, self._tools = _Queries(), _Tools()
        for entry in entries:
            self.questions += bool(entry.texts)
            self._queries.add(entry.texts, entry.where)
            for tool in entry.tools if compare_tools else ():
                self._tools.add(tool, entry.where)
        self.tools = len(self._tools.by_name)

    @classmethod
    def read(cls, paths: Iterable[str | Path], compare_tools: bool = True) -> Gate:
        """A gate against files, see `held_out`.

        Raises:
            DataError: a file cannot be read, or an entry holds no question and no tool.
        """
        return cls((entry for path in paths for entry in read_held_out(path)), compare_tools)

    def check(self, example: Example) -> list[Overlap]:
        """The first overlap of each kind, in the order of the kinds; none if the example is clean."""
        found: dict[str, Overlap] = {}
        for overlap in self._queries.overlaps(user_texts(example)):
            found.setdefault(overlap.kind, overlap)
        for tool in example.tools:
            for overlap in self._tools.overlaps(tool):
                found.setdefault(overlap.kind, overlap)
        return [found[kind] for kind in (*QUERY_KINDS, *TOOL_KINDS) if kind in found]


@dataclass
class ContaminationReport:
    """Which examples of a dataset are contaminated, and by what."""

    questions: int = 0
    tools: int = 0
    examples: list[int] = field(default_factory=list)
    """The contaminated examples, counted from 1."""
    by_kind: defaultdict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    """Kind -> examples; an example may stand under several."""
    first: dict[str, Overlap] = field(default_factory=dict)

    def add(self, number: int, overlaps: Sequence[Overlap]) -> None:
        """Count what `Gate.check` found for an example."""
        if overlaps:
            self.examples.append(number)
        for overlap in overlaps:
            self.by_kind[overlap.kind].append(number)
            self.first.setdefault(overlap.kind, overlap)

    def counts(self) -> Counter[str]:
        """Kind -> contaminated examples."""
        return Counter({kind: len(numbers) for kind, numbers in self.by_kind.items()})

    def to_dict(self) -> dict[str, Any]:
        return {
            "held_out": {"questions": self.questions, "tools": self.tools},
            "contaminated": len(self.examples),
            "counts": dict(self.counts()),
            "examples": dict(self.by_kind),
            "first": {kind: {"where": o.where, "shared": o.shared} for kind, o in self.first.items()},
        }


def without_contamination(
    examples: Iterable[Example], gate: Gate, report: ContaminationReport | None = None
) -> Iterator[Example]:
    """The examples that share nothing with the held-out side, in order.

    Args:
        examples: a dataset, read as a stream.
        gate: the held-out side.
        report: filled in on the way.
    """
    report = ContaminationReport() if report is None else report
    report.questions, report.tools = gate.questions, gate.tools
    for number, example in enumerate(examples, start=1):
        overlaps = gate.check(example)
        report.add(number, overlaps)
        if not overlaps:
            yield example
