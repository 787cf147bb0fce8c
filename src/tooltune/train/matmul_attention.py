"""A pack's attention as matrix products, for bfloat16 on CPU.

torch's CPU flash attention keeps memory small, and its backward pass makes no use of the processor's
bfloat16 units (AMX, AVX512-BF16). A pack's score matrices are small enough to keep: the prefix has
few tokens, and a branch sees only itself and the prefix. Measured by `python benchmarks/engine.py`.

Scores are rounded to bfloat16 before the softmax, as in transformers' "eager" attention.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function

from tooltune.engine.fused import kernels_for

MOST_BYTES = 2**30
"""Most memory for the kept probabilities of all layers; a pack that needs more takes flash attention."""


def pays(query: Tensor, prefix: int, branches: Sequence[int], layers: int) -> bool:
    """Whether these products are the better way for a pack."""
    if query.device.type != "cpu" or query.dtype != torch.bfloat16:
        return False
    scores = prefix**2 + sum(branch * (prefix + branch) for branch in branches)
    return scores * query.shape[1] * layers * query.element_size() <= MOST_BYTES


@dataclass(frozen=True)
class _Block:
    """The prefix, or one branch: its place in the pack, and what its tokens attend to."""

    own: slice
    queries: Tensor
    """(key heads, query heads of each x tokens, size)."""
    keys: Tensor
    """(key heads, prefix and own tokens, size)."""
    values: Tensor


def _blocks(query: Tensor, key: Tensor, value: Tensor, lengths: Sequence[int]) -> Iterator[_Block]:
    heads, prefix, start = key.shape[1], lengths[0], 0
    for length in lengths:
        own = slice(start, start + length)
        rows = query[0, :, own].reshape(heads, -1, query.shape[3])
        keys, values = key[0, :, own], value[0, :, own]
        if start:
            keys = torch.cat([key[0, :, :prefix], keys], dim=1)
            values = torch.cat([value[0, :, :prefix], values], dim=1)
        if length:
            yield _Block(own, rows, keys, values)
        start += length


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
    def forward(ctx: Any, query: Tensor, key: Tensor, value: Tensor, lengths: Sequence[int], scaling: float) -> Tensor:
        """query: (1, heads, tokens, size); key and value with their own number of heads.

        `lengths` are those of the prefix (0 if there is none) and of each branch. Returns query's shape.
        """
        out, kept = torch.empty_like(query), []
        for block in _blocks(query, key, value, lengths):
            tokens = block.own.stop - block.own.start
            probabilities = _softmax(torch.bmm(block.queries, block.keys.transpose(1, 2)), tokens, scaling)
            out[0, :, block.own] = torch.bmm(probabilities, block.values).view(out.shape[1], tokens, -1)
            kept.append(probabilities)
        ctx.save_for_backward(query, key, value, *kept)
        ctx.lengths, ctx.scaling = lengths, scaling
        return out

    @staticmethod
    def backward(ctx: Any, d_out: Tensor) -> tuple[Tensor | None, ...]:
        query, key, value, *kept = ctx.saved_tensors
        d_query, d_key, d_value = (torch.empty_like(tensor) for tensor in (query, key, value))
        prefix, heads = ctx.lengths[0], key.shape[1]
        # The prefix's gradient is a sum over the branches: in float32.
        prefix_key = torch.zeros(heads, prefix, key.shape[3])
        prefix_value = torch.zeros_like(prefix_key)
        blocks = _blocks(query, key, value, ctx.lengths)
        for block, probabilities in zip(blocks, kept, strict=True):
            d = d_out[0, :, block.own].reshape(heads, -1, d_out.shape[3])
            d_values = torch.bmm(probabilities.transpose(1, 2), d)
            tokens = block.own.stop - block.own.start
            d_scores = torch.bmm(d, block.values.transpose(1, 2))
            d_scores = _softmax_backward(d_scores, probabilities, tokens, ctx.scaling)
            d_query[0, :, block.own] = torch.bmm(d_scores, block.keys).view(query.shape[1], tokens, -1)
            d_keys = torch.bmm(d_scores.transpose(1, 2), block.queries)
            d_key[0, :, block.own], d_value[0, :, block.own] = d_keys[:, -tokens:], d_values[:, -tokens:]
            if prefix:
                prefix_key += d_keys[:, :prefix]
                prefix_value += d_values[:, :prefix]
        if prefix:
            d_key[0, :, :prefix], d_value[0, :, :prefix] = prefix_key, prefix_value
        return d_query, d_key, d_value, None, None
