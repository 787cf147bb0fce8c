"""Which token a row takes next: the likeliest, a sampled one, or what a guide allows."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor


class Guide(Protocol):
    """What limits one reply while it is written; see `constrained`."""

    def allowed(self) -> bytes | None:
        """One byte for each token id, 0 where it may not come next; None where anything may."""

    def accept(self, token: int) -> bool:
        """Take the chosen token; False when another must be chosen, and then nothing has changed."""


@dataclass(frozen=True)
class Picker:
    """Picks one row's tokens. At temperature 0 without a guide it picks what argmax does."""

    temperature: float = 0.0
    generator: torch.Generator | None = None
    """The row's own source of chance, so that a sample does not depend on the rows beside it."""
    guide: Guide | None = None

    def pick(self, logits: Tensor) -> int:
        """The next token, from logits of shape (vocabulary,)."""
        logits = logits.float().cpu().clone()
        if self.guide is not None and (allowed := self.guide.allowed()) is not None:
            mask = torch.zeros(len(logits), dtype=torch.bool)
            mask[: len(allowed)] = torch.frombuffer(bytearray(allowed), dtype=torch.uint8)[: len(logits)] > 0
            logits[~mask] = -torch.inf
        token = self._one(logits)
        while self.guide is not None and not self.guide.accept(token):
            logits[token] = -torch.inf
            token = self._one(logits)
        return token

    def _one(self, logits: Tensor) -> int:
        if not self.temperature:
            return int(logits.argmax())
        weights = torch.softmax(logits / self.temperature, dim=-1)
        return int(torch.multinomial(weights, 1, generator=self.generator))


def pickers(
    prompts: Sequence[Sequence[int]],
    temperature: float,
    seed: int | Sequence[int],
    guides: Sequence[Guide | None] | None,
) -> list[Picker | None]:
    """A picker for each prompt that needs one; None where argmax over the whole batch will do."""
    seeds = [seed] * len(prompts) if isinstance(seed, int) else seed
    made: list[Picker | None] = []
    for number, prompt in enumerate(prompts):
        guide = guides[number] if guides else None
        generator = _chance(prompt, seeds[number]) if temperature else None
        made.append(Picker(temperature, generator, guide) if temperature or guide else None)
    return made


def _chance(prompt: Sequence[int], seed: int) -> torch.Generator:
    """Chance that depends on the prompt alone, so that a reply is the same whichever others are asked with it."""
    digest = hashlib.sha256(f"{seed} {list(prompt)}".encode()).digest()
    return torch.Generator().manual_seed(int.from_bytes(digest[:7]))
