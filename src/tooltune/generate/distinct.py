"""No example twice: settled in one pass in order, so that it does not matter who made the candidates, and when."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from tooltune.generate.report import GenerationReport

_AGAIN = 4
"""So often another example is tried in place of one that asks for the same as an earlier one, in other words."""
_TRIED, _TRIED_SHARE = 800, 0.1
"""At most so many such tries, and this share of the examples more: few tools have few requests, and many repeat."""
T = TypeVar("T")
U = TypeVar("U")


@dataclass(frozen=True)
class Candidate(Generic[T]):
    """An example that holds in itself; whether an earlier one is the same is not known yet."""

    index: int
    """Its number, from 0."""
    key: int
    """The same for examples that count as the same, see `sameness.identity`; 64 bits of a hash."""
    asked: int
    """The same for examples that ask for the same, in whatever words; see `sameness.asked`."""
    tries: int
    """The try to go on with, should it be a repetition."""
    dropped: Mapping[str, int]
    """Reason -> tries that it took the place of."""
    scenario: str
    split: str
    families: Sequence[str]
    called: Sequence[str]
    """The tools that are called, by their own names."""
    content: T
    """The example, or its text in a file's format."""

    def holding(self, content: U, key: int | None = None) -> Candidate[U]:
        """The same candidate with another content."""
        key = self.key if key is None else key
        facts = (self.scenario, self.split, self.families, self.called)
        return Candidate(self.index, key, self.asked, self.tries, self.dropped, *facts, content)


def distinct(
    candidates: Iterable[Candidate[T]], other: Callable[[Candidate[T]], Candidate[T]], report: GenerationReport
) -> Iterator[Candidate[T]]:
    """The examples that are kept; those that repeat an earlier one are replaced.

    Memory: two numbers an example, about 150 bytes.

    Args:
        candidates: in order.
        other: gives the candidate in place of one that is a repetition.
        report: filled in on the way.
    """
    seen: set[int] = set()
    asked: set[int] = set()
    left: float = _TRIED
    for candidate in candidates:
        report.dropped.update(candidate.dropped)
        again, left = 0, left + _TRIED_SHARE
        while candidate.key in seen or (candidate.asked in asked and again < min(_AGAIN, left)):
            candidate, again = other(candidate), again + 1
            report.dropped.update(candidate.dropped)
        left -= again
        seen.add(candidate.key)
        asked.add(candidate.asked)
        report.add(candidate.scenario, candidate.split, candidate.families, candidate.called)
        yield candidate
