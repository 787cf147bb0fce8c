"""Texts whose word 3-grams have a Jaccard similarity above a threshold, found without comparing all pairs.

Two sets that are that similar share an element among the rarest of each (prefix filtering: Chaudhuri
et al., "A Primitive Operator for Similarity Joins", 2006), so only the rarest 3-grams are indexed
and looked up. The candidates are compared exactly: no pair is missed, and none is reported wrongly.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict

from tooltune.verify.words import Words, grams, jaccard

SIZE = 3


class SimilarTexts:
    """An index of texts, each with a label.

    Args:
        threshold: the similarity, from 0 to 1, that must be exceeded.
    """

    def __init__(self, threshold: float) -> None:
        self.threshold = threshold
        self._texts: list[tuple[frozenset[Words], str]] = []
        self._counts: Counter[Words] = Counter()
        self._index: dict[Words, list[int]] | None = None

    def add(self, text: Words, label: str) -> None:
        """Take in a text; one of fewer than 3 words resembles nothing."""
        parts = frozenset(grams(text, SIZE))
        if parts:
            self._texts.append((parts, label))
            self._counts.update(parts)
            self._index = None

    def nearest(self, text: Words) -> str | None:
        """The label of the most similar text above the threshold, the first of equals; or None."""
        parts = frozenset(grams(text, SIZE))
        if sum(part in self._counts for part in parts) <= self.threshold * len(parts):
            return None
        index = self._indexed()
        candidates = {number for part in self._rarest(parts) for number in index.get(part, ())}
        best, label = self.threshold, None
        for number in sorted(candidates):
            similarity = jaccard(parts, self._texts[number][0])
            if similarity > best:
                best, label = similarity, self._texts[number][1]
        return label

    def _indexed(self) -> dict[Words, list[int]]:
        """The index; made when it is first asked, since how rare a 3-gram is depends on all texts."""
        if self._index is None:
            index: defaultdict[Words, list[int]] = defaultdict(list)
            for number, (parts, _) in enumerate(self._texts):
                for part in self._rarest(parts):
                    index[part].append(number)
            self._index = dict(index)
        return self._index

    def _rarest(self, parts: frozenset[Words]) -> list[Words]:
        """As many of the rarest 3-grams as a similar set must share one of."""
        # A similar set shares at least ceil(threshold * size) of them, so one among all but that many, less one.
        size = len(parts) - math.ceil(self.threshold * len(parts)) + 1
        return sorted(parts, key=lambda part: (self._counts[part], part))[:size]
