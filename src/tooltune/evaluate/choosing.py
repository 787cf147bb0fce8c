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
    """How one row's tokens are picked. At temperature 0 without a guide it is what argmax does."""

    temperature: float = 0.0
    generator: torch.Generator | None = None
    """The row's own source of chance, so that a sample does not depend on the rows beside it."""
    guide: Guide | None = None

    def chance(self) -> float:
        """The next number of the row's chance, at least 0 and short of 1 by more than rounding."""
        return min(float(torch.rand((), generator=self.generator)), 1 - 1e-6)


def choose(logits: Tensor, picking: Sequence[Picker | None]) -> Tensor:
    """The next token of each row, shape (rows,).

    Args:
        logits: shape (rows, vocabulary); what a guide does not allow is set to minus infinity in place.
        picking: one for each row; None takes the likeliest token.
    """
    guided = [(row, picker, picker.guide) for row, picker in enumerate(picking) if picker and picker.guide]
    for row, _, guide in guided:
        if (allowed := guide.allowed()) is not None:
            logits[row].masked_fill_(_banned(allowed, logits.shape[1]).to(logits.device), -torch.inf)
    chosen = _draw(logits, picking)
    for row, picker, guide in guided:
        while not guide.accept(int(chosen[row])):
            logits[row, chosen[row]] = -torch.inf
            chosen[row] = _draw(logits[row : row + 1], [picker])[0]
    return chosen


def _banned(allowed: bytes, vocabulary: int) -> Tensor:
    """True for each token that may not come."""
    banned = torch.ones(vocabulary, dtype=torch.bool)
    banned[: len(allowed)] = torch.frombuffer(bytearray(allowed), dtype=torch.uint8)[:vocabulary] == 0
    return banned


def _draw(logits: Tensor, picking: Sequence[Picker | None]) -> Tensor:
    """The likeliest token of each row, a sampled one in rows with a temperature; all rows in one operation."""
    chosen = logits.argmax(-1)
    sampled = [(row, picker) for row, picker in enumerate(picking) if picker and picker.temperature]
    if sampled:
        rows = torch.tensor([row for row, _ in sampled], device=logits.device)
        temperatures = torch.tensor([[picker.temperature] for _, picker in sampled], device=logits.device)
        chances = torch.tensor([[picker.chance()] for _, picker in sampled], device=logits.device)
        shares = (logits[rows].float() / temperatures).softmax(-1).cumsum(-1)
        # The first token at which the shares so far pass the row's chance; one without a share never is.
        chosen[rows] = torch.searchsorted(shares, chances * shares[:, -1:], right=True)[:, 0]
    return chosen


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
