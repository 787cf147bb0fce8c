"""A pack's attention as matrix products, for bfloat16 on CPU.

torch's CPU flash attention makes no use of the processor's bfloat16 units (AMX, AVX512-BF16) on the way back.
Here the prefix and each branch go tile by tile, each over the keys that it may see, so that half of what causal
attention leaves out is not computed and no score matrix is larger than a tile. The probabilities of all layers are kept
for the way back where they are small, and otherwise computed once more, as flash attention does (arXiv:2205.14135).
Measured by `python benchmarks/engine.py`.

Scores are rounded to bfloat16 before the softmax, as in transformers' "eager" attention.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function

from tooltune.engine.fused import kernels_for

MOST_BYTES = 2**28
"""Most memory for the kept probabilities of all layers; a pack that needs more computes them twice."""
TILE = 256
"""Tokens that ask at a time."""


def pays(query: Tensor) -> bool:
    """Whether these products are the better way."""
    return query.device.type == "cpu" and query.dtype == torch.bfloat16


@dataclass(frozen=True)
class _Tile:
    """Some tokens of the prefix, or of a branch."""

    asking: slice
    own: slice
    """Those of their part of the pack that they may see."""
    before: int
    """How many of the prefix's they see as well."""

    @property
    def tokens(self) -> int:
        return int(self.asking.stop - self.asking.start)

    def rows(self, states: Tensor, heads: int) -> Tensor:
        """What asks: (1, heads of all, tokens, size) -> (key heads, query heads of each x tokens, size)."""
        return states[0, :, self.asking].reshape(heads, -1, states.shape[3])

    def seen(self, states: Tensor) -> Tensor:
        """What is seen: (1, key heads, tokens, size) -> (key heads, tokens seen, size)."""
        own = states[0, :, self.own]
        return torch.cat([states[0, :, : self.before], own], dim=1) if self.before else own

    def add(self, gradient: Tensor, part: Tensor) -> None:
        """Add the gradient of what is seen to that of all, (key heads, tokens, size)."""
        if self.before:
            gradient[:, : self.before] += part[:, : self.before]
        gradient[:, self.own] += part[:, self.before :]


@functools.lru_cache(maxsize=64)
def _tiles(lengths: Sequence[int], tile: int) -> Sequence[_Tile]:
    """The tiles of the prefix, then of each branch."""
    tiles, start = [], 0
    for number, length in enumerate(lengths):
        for first in range(0, length, tile):
            stop = start + min(first + tile, length)
            tiles.append(_Tile(slice(start + first, stop), slice(start, stop), lengths[0] if number else 0))
        start += length
    return tiles


def _kept(lengths: Sequence[int], heads: int, layers: int) -> bool:
    """Whether the probabilities of all layers are few enough."""
    scores = sum(tile.tokens * (tile.before + tile.own.stop - tile.own.start) for tile in _tiles(lengths, TILE))
    return bool(2 * scores * heads * layers <= MOST_BYTES)


@functools.lru_cache(maxsize=256)
def _future(length: int) -> Tensor:
    """True where a token would look ahead."""
    return torch.ones(length, length, dtype=torch.bool).triu(1)


def _softmax(scores: Tensor, tokens: int, scaling: float) -> Tensor:
    """Of scaled scores, (key heads, queries, keys), where no token looks ahead; may be in place."""
    kernels = kernels_for(scores)
    if kernels:
        done: Tensor = kernels.causal_softmax(scores, tokens, scaling)
        return done
    by_head = scores.mul_(scaling).view(scores.shape[0], -1, tokens, scores.shape[2])
    by_head[..., -tokens:].masked_fill_(_future(tokens), float("-inf"))
    return scores.softmax(-1)


def _softmax_backward(d: Tensor, probabilities: Tensor, tokens: int, scaling: float) -> Tensor:
    kernels = kernels_for(d)
    if kernels:
        done: Tensor = kernels.causal_softmax_backward(d, probabilities, tokens, scaling)
        return done
    return torch._softmax_backward_data(d, probabilities, -1, probabilities.dtype).mul_(scaling)


class MatmulAttention(Function):
    """Attention of a pack with grouped key heads. Gradients: query, key, value."""

    @staticmethod
    def forward(
        ctx: Any, query: Tensor, key: Tensor, value: Tensor, lengths: Sequence[int], scaling: float, layers: int
    ) -> Tensor:
        """query: (1, heads, tokens, size); key and value with their own number of heads.

        `lengths` are those of the prefix (0 if there is none) and of each branch, `layers` those of the model.
        Returns query's shape.
        """
        out, kept, keeps = torch.empty_like(query), [], _kept(lengths, query.shape[1], layers)
        for tile in _tiles(lengths, TILE):
            scores = torch.bmm(tile.rows(query, key.shape[1]), tile.seen(key).transpose(1, 2))
            probabilities = _softmax(scores, tile.tokens, scaling)
            out[0, :, tile.asking] = torch.bmm(probabilities, tile.seen(value)).view(out.shape[1], tile.tokens, -1)
            if keeps:
                kept.append(probabilities)
        ctx.save_for_backward(query, key, value, *kept)
        ctx.lengths, ctx.scaling = lengths, scaling
        return out

    @staticmethod
    def backward(ctx: Any, d_out: Tensor) -> tuple[Tensor | None, ...]:
        query, key, value, *kept = ctx.saved_tensors
        d_query = torch.empty_like(query)
        # What the prefix gets is a sum over tiles and branches: in float32.
        d_key, d_value = (torch.zeros(key.shape[1:], dtype=torch.float32) for _ in range(2))
        for number, tile in enumerate(_tiles(ctx.lengths, TILE)):
            d, asking, keys = tile.rows(d_out, key.shape[1]), tile.rows(query, key.shape[1]), tile.seen(key)
            p = kept[number] if kept else _softmax(torch.bmm(asking, keys.transpose(1, 2)), tile.tokens, ctx.scaling)
            tile.add(d_value, torch.bmm(p.transpose(1, 2), d))
            d_scores = torch.bmm(d, tile.seen(value).transpose(1, 2))
            d_scores = _softmax_backward(d_scores, p, tile.tokens, ctx.scaling)
            d_query[0, :, tile.asking] = torch.bmm(d_scores, keys).view(query.shape[1], tile.tokens, -1)
            tile.add(d_key, torch.bmm(d_scores.transpose(1, 2), asking))
        return d_query, d_key.to(key.dtype)[None], d_value.to(value.dtype)[None], None, None, None
