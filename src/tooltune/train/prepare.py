"""From examples to packs, with a count of everything that was shortened or left out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from tooltune.chat.encode import Encoded, Encoder, encode_example
from tooltune.chat.render import render_system
from tooltune.errors import DataError
from tooltune.train.batching import Pack, make_packs
from tooltune.types import Example


@dataclass
class EncodingReport:
    """What became of the examples; nothing is lost silently."""

    examples: int = 0
    kept: int = 0
    too_long: int = 0
    """Left out: longer than the maximum even when shortened, or with nothing to train."""
    shortened: int = 0
    tools_dropped: int = 0
    turns_dropped: int = 0
    tokens: int = 0
    trained_tokens: int = 0
    longest: int = 0
    computed_tokens: int = 0
    """Tokens that one epoch computes where prefixes are shared."""

    def to_dict(self) -> dict[str, int]:
        return asdict(self)

    def count(self, encoded: Encoded | None) -> None:
        """Add one example."""
        self.examples += 1
        if encoded is None:
            self.too_long += 1
            return
        self.kept += 1
        self.shortened += bool(encoded.tools_dropped or encoded.turns_dropped)
        self.tools_dropped += encoded.tools_dropped
        self.turns_dropped += encoded.turns_dropped
        self.tokens += len(encoded.input_ids)
        self.trained_tokens += sum(encoded.trained)
        self.longest = max(self.longest, len(encoded.input_ids))


def prepare(
    examples: Sequence[Example], encoder: Encoder, *, max_length: int, batch_size: int, seed: int
) -> tuple[list[Pack], EncodingReport]:
    """Encode examples and group them into packs.

    Raises:
        DataError: no example is left.
    """
    report, kept, keys = EncodingReport(), [], []
    for example in examples:
        encoded = encode_example(encoder, example, max_length)
        report.count(encoded)
        if encoded is not None:
            kept.append(encoded)
            keys.append(render_system(example.tools))
    if not kept:
        raise DataError(
            "training data",
            f"none of the {len(examples)} examples fits in {max_length} tokens",
            fix="Raise --max_length.",
        )
    packs = make_packs(kept, keys, batch_size, seed)
    report.computed_tokens = sum(pack.tokens for pack in packs)
    return packs, report
