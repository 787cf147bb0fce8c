"""Packs: the examples that one forward pass takes, and the tensors made of them.

Examples with the same tools in view start with the same tokens. A pack computes that prefix once
and continues it in branches; its loss and gradients equal those of the plain rows. The prefix ends
before the first trained token of any of its examples, so that every trained token belongs to
exactly one branch.

A pack whose examples share little is nothing special: its prefix is short, its branches long.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch.utils.data import Sampler

from tooltune.chat.encode import Encoded
from tooltune.train.attention import Geometry


@dataclass(frozen=True)
class Pack:
    """Examples of one forward pass, and the length in tokens of the prefix they share."""

    examples: tuple[Encoded, ...]
    prefix: int

    @property
    def tokens(self) -> int:
        """How many tokens are computed: the prefix once, and each branch."""
        return self.prefix + sum(len(example.input_ids) - self.prefix for example in self.examples)

    @property
    def padded_tokens(self) -> int:
        """How many tokens are computed where the examples are padded rows."""
        return len(self.examples) * max(len(example.input_ids) for example in self.examples)


def make_packs(
    examples: Sequence[Encoded], keys: Sequence[str], size: int, seed: int, max_tokens: int | None = None
) -> list[Pack]:
    """Group examples into packs, by key.

    Args:
        examples: encoded examples.
        keys: what each example's prefix is made of (its tools, as text); examples with the same
            key go together.
        size: most examples in a pack, where there is no `max_tokens`.
        seed: decides which examples of a key meet, and the order of packs.
        max_tokens: most tokens that a pack computes; a longer example is a pack of its own.

    Returns:
        Packs that hold every example exactly once. Examples left over from their key's packs are
        packed with others of about their length.
    """
    rng = random.Random(seed)
    groups: dict[str, list[Encoded]] = defaultdict(list)
    for example, key in zip(examples, keys, strict=True):
        groups[key].append(example)
    packs: list[Pack] = []
    rest: list[Encoded] = []
    for group in groups.values():
        rng.shuffle(group)
        *whole, last = _filled(group, size, max_tokens)
        packs += whole
        # Two that share their tools are worth a pack where tokens are what counts.
        if len(last.examples) >= (2 if max_tokens else size):
            packs.append(last)
        else:
            rest += last.examples
    rest.sort(key=lambda example: (len(example.input_ids), example.input_ids))
    packs += _filled(rest, size, max_tokens)
    rng.shuffle(packs)
    return packs


def _filled(examples: Sequence[Encoded], size: int, max_tokens: int | None) -> list[Pack]:
    """Packs of the examples in their order, each as full as it may be."""
    packs: list[Pack] = []
    for example in examples:
        wider = _pack([*packs[-1].examples, example]) if packs else None
        if wider and (wider.tokens <= max_tokens if max_tokens else len(wider.examples) <= size):
            packs[-1] = wider
        else:
            packs.append(_pack([example]))
    return packs


def _pack(examples: Sequence[Encoded]) -> Pack:
    limit = min(min(example.trained.index(True), len(example.input_ids) - 1) for example in examples)
    # What the first and the last in order share, all share.
    first, last = (pick(example.input_ids for example in examples) for pick in (min, max))
    prefix = 0
    while prefix < limit and first[prefix] == last[prefix]:
        prefix += 1
    return Pack(tuple(examples), prefix)


class GroupedSampler(Sampler[int]):
    """A random order in which packs of about one length follow each other, `size` at a time.

    What is computed side by side then ends at about the same time. With a size of 1 the order is
    plainly random. An epoch's order depends on the seed and the epoch alone, so that training resumes.
    """

    WINDOW = 16
    """Lengths are compared within so many groups, so that an epoch's order stays random."""

    def __init__(self, lengths: Sequence[int], size: int, seed: int) -> None:
        self.lengths, self.size, self.seed, self.epoch = lengths, size, seed, 0

    def set_epoch(self, epoch: int) -> None:
        """Make the order that of another epoch."""
        self.epoch = epoch

    def __len__(self) -> int:
        return len(self.lengths)

    def __iter__(self) -> Iterator[int]:
        rng = random.Random(f"{self.seed} {self.epoch}")
        order = rng.sample(range(len(self.lengths)), len(self.lengths))
        if self.size == 1:
            return iter(order)
        groups, rest = self._groups(order)
        rng.shuffle(groups)
        return iter([index for group in [*groups, rest] for index in group])

    def _groups(self, order: Sequence[int]) -> tuple[list[Sequence[int]], Sequence[int]]:
        """Groups of like length, and what is left over."""
        window, whole = self.WINDOW * self.size, len(order) - len(order) % self.size
        near = [
            sorted(order[i : min(i + window, whole)], key=self.lengths.__getitem__) for i in range(0, whole, window)
        ]
        return [part[i : i + self.size] for part in near for i in range(0, len(part), self.size)], order[whole:]


def target_weights(first: Sequence[bool], first_weight: float) -> torch.Tensor:
    """The weight of each trained token in the loss, their mean 1 in the pack.

    Args:
        first: whether the token begins a reply: there the model decides to call, ask or talk.
        first_weight: the weight of such a token, where others have 1.

    Returns:
        Shape (targets,).
    """
    weights = torch.where(torch.tensor(first), first_weight, 1.0)
    return weights / weights.mean()


def shared_tensors(pack: Pack, first_weight: float = 1.0) -> dict[str, Any]:
    """A pack as one row: the prefix, then every branch; no padding.

    Returns:
        input_ids, position_ids: shape (1, tokens).
        logits_to_keep: shape (targets,), the positions whose logits predict a trained token.
        labels: shape (targets,), those tokens.
        weights: shape (targets,), see `target_weights`.
        geometry: the pack's shape, for the attention.
    """
    branches = [example.input_ids[pack.prefix :] for example in pack.examples]
    ids = list(pack.examples[0].input_ids[: pack.prefix])
    positions = list(range(pack.prefix))
    keep: list[int] = []
    labels: list[int] = []
    first: list[bool] = []
    for branch, example in zip(branches, pack.examples, strict=True):
        start = len(ids)
        ids += branch
        positions += range(pack.prefix, pack.prefix + len(branch))
        for offset, token in enumerate(branch):
            if example.trained[pack.prefix + offset]:
                # A branch's first token is predicted by the end of the prefix, all branches' alike.
                keep.append(start + offset - 1 if offset else pack.prefix - 1)
                labels.append(token)
                first.append(not example.trained[pack.prefix + offset - 1])
    return {
        "input_ids": torch.tensor([ids]),
        "position_ids": torch.tensor([positions]),
        "logits_to_keep": torch.tensor(keep),
        "labels": torch.tensor(labels),
        "weights": target_weights(first, first_weight),
        "geometry": Geometry(pack.prefix, tuple(map(len, branches))),
    }


def plain_tensors(pack: Pack, pad_id: int, first_weight: float = 1.0) -> dict[str, Any]:
    """A pack as ordinary right-padded rows, for models that cannot share prefixes.

    Returns:
        input_ids, attention_mask: shape (examples, length).
        logits_to_keep: shape (positions,), every position that predicts a trained token in any row.
        rows, columns: shape (targets,), where in the kept logits each target's logits lie.
        labels, weights: shape (targets,).
    """
    length = max(len(example.input_ids) for example in pack.examples)
    targets = [
        (row, position - 1, token, not example.trained[position - 1])
        for row, example in enumerate(pack.examples)
        for position, (token, trained) in enumerate(zip(example.input_ids, example.trained, strict=True))
        if trained
    ]
    keep = sorted({position for _, position, _, _ in targets})
    column = {position: index for index, position in enumerate(keep)}
    padding = [length - len(example.input_ids) for example in pack.examples]
    pairs = list(zip(pack.examples, padding, strict=True))
    return {
        "input_ids": torch.tensor([e.input_ids + [pad_id] * pad for e, pad in pairs]),
        "attention_mask": torch.tensor([[1] * len(e.input_ids) + [0] * pad for e, pad in pairs]),
        "logits_to_keep": torch.tensor(keep),
        "rows": torch.tensor([row for row, *_ in targets]),
        "columns": torch.tensor([column[position] for _, position, _, _ in targets]),
        "labels": torch.tensor([token for _, _, token, _ in targets]),
        "weights": target_weights([first for *_, first in targets], first_weight),
    }
