"""Near-duplicates: examples whose user says almost the same and that call the same tools.

Two examples are near-duplicates if the word 3-shingles of the user's messages, together with the
names of the tools called, have a Jaccard similarity of at least 0.7. Candidates come from MinHash
with locality-sensitive hashing (`rensa`) and are then compared exactly, so that no pair is reported
that is not one; a pair at exactly 0.7 is missed about once in 6,500 times. The same words with other calls
are no near-duplicate: such pairs teach when to call, when to ask and when to decline.

Not covered: paraphrases with other words.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import rensa

from tooltune.types import Example
from tooltune.verify.words import called, jaccard, shingles, user_texts

THRESHOLD = 0.7
SHINGLE = 3
# 32 bands of 4 rows find a pair of similarity 0.7 with probability 1 - (1 - 0.7^4)^32 = 0.99985.
_HASHES, _BANDS = 128, 32
_SEED = 1


@dataclass(frozen=True)
class NearDuplicate:
    """An example that resembles an earlier one; examples are counted from 1."""

    example: int
    first: int
    similarity: float

    def to_dict(self) -> dict[str, Any]:
        return {"example": self.example, "first": self.first, "similarity": round(self.similarity, 3)}


class DuplicateIndex:
    """Finds near-duplicates in a stream; first seen wins.

    Memory per kept example: its signature, and 8 bytes for each of its shingles.
    """

    def __init__(self, threshold: float = THRESHOLD) -> None:
        self.threshold = threshold
        self._index = rensa.RMinHashLSH(threshold=threshold, num_perm=_HASHES, num_bands=_BANDS)
        self._kept: dict[int, array[int]] = {}
        self._called: dict[int, frozenset[str]] = {}

    def add(self, number: int, example: Example) -> NearDuplicate | None:
        """The earlier example that this one resembles most; or None, and it is kept.

        Args:
            number: the example's number in its dataset; each number once.
            example: the example. One without any word and call resembles nothing.
        """
        calls = frozenset(called(example))
        features = _said(example) | {f"call:{name}" for name in calls}
        if not features:
            return None
        signature = rensa.RMinHash(_HASHES, _SEED)
        signature.update(sorted(features))
        # The hash differs between processes; two features of one process share one by chance only.
        hashes = array("q", map(hash, features))
        alike = [other for other in self._index.query(signature) if self._called[other] == calls]
        found = self._nearest(number, hashes, alike)
        if found is None:
            self._kept[number], self._called[number] = hashes, calls
            self._index.insert(number, signature)
        return found

    def _nearest(self, number: int, hashes: array[int], candidates: Iterable[int]) -> NearDuplicate | None:
        best: NearDuplicate | None = None
        for candidate in sorted(candidates):
            similarity = jaccard(hashes, self._kept[candidate])
            if similarity >= self.threshold and (best is None or similarity > best.similarity):
                best = NearDuplicate(number, candidate, similarity)
        return best


def _said(example: Example) -> set[str]:
    """The word 3-shingles of the user's messages."""
    return {" ".join(part) for text in user_texts(example) for part in shingles(text, SHINGLE)}


@dataclass
class DuplicateReport:
    """The near-duplicates of a dataset."""

    examples: int = 0
    pairs: list[NearDuplicate] = field(default_factory=list)

    def add(self, found: NearDuplicate | None) -> None:
        """Count an example and what `DuplicateIndex.add` found for it."""
        self.examples += 1
        if found is not None:
            self.pairs.append(found)

    @property
    def share(self) -> float:
        """Share of the examples that resemble an earlier one, from 0 to 1."""
        return len(self.pairs) / max(1, self.examples)

    def to_dict(self) -> dict[str, Any]:
        return {
            "count": len(self.pairs),
            "share": round(self.share, 4),
            "threshold": THRESHOLD,
            "pairs": [pair.to_dict() for pair in self.pairs],
        }


def without_near_duplicates(examples: Iterable[Example], report: DuplicateReport | None = None) -> Iterator[Example]:
    """The examples that resemble no earlier one, in order.

    Args:
        examples: a dataset, read as a stream.
        report: filled in on the way.
    """
    report = DuplicateReport() if report is None else report
    index = DuplicateIndex()
    for number, example in enumerate(examples, start=1):
        found = index.add(number, example)
        report.add(found)
        if found is None:
            yield example
