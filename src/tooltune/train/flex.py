"""A pack's attention by FlexAttention, on CUDA: one kernel for the whole pack, which passes over blocks nobody sees.

FlexAttention (Dong et al. 2024, arXiv:2412.05496) comes with torch. The forward pass is tested on a CPU, where torch
has no backward pass for it. Not run on a GPU here.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from itertools import repeat
from typing import Any

import torch
from torch import Tensor
from torch.nn.attention.flex_attention import create_block_mask, flex_attention

Sees = Callable[[Tensor, Tensor, Tensor, Tensor], Tensor]


def flex(query: Tensor, key: Tensor, value: Tensor, lengths: tuple[int, ...], scale: float | None) -> Tensor:
    """Attention of a pack.

    Args:
        query: (1, heads, tokens, size); key and value likewise, with their own number of heads.
        lengths: tokens of the prefix and of each branch.
        scale: what scores are multiplied by; None is 1 / sqrt(size).

    Returns:
        (1, heads, tokens, size).
    """
    mask = _mask(lengths, query.device)
    grouped = query.shape[1] != key.shape[1]
    attend = _compiled("flex_attention") if query.is_cuda else flex_attention
    out: Tensor = attend(query, key, value, block_mask=mask, scale=scale, enable_gqa=grouped)
    return out


@functools.lru_cache(maxsize=2)
def _mask(lengths: tuple[int, ...], device: torch.device) -> Any:
    """The blocks that a pack's tokens see; all layers share them."""
    make = _compiled("create_block_mask") if device.type == "cuda" else create_block_mask
    total = sum(lengths)
    return make(sees(lengths, device), None, None, total, total, device=device)


def sees(lengths: tuple[int, ...], device: torch.device) -> Sees:
    """Whether a token sees another: an earlier one of the prefix or of its own branch."""
    parts = [part for number, length in enumerate(lengths) for part in repeat(number, length)]
    part = torch.tensor(parts, device=device)

    def seen(batch: Tensor, head: Tensor, q: Tensor, kv: Tensor) -> Tensor:
        return (kv <= q) & ((part[kv] == 0) | (part[kv] == part[q]))

    return seen


@functools.cache
def _compiled(name: str) -> Any:
    """torch's function, compiled once for all lengths; uncompiled, both hold tokens x tokens values."""
    function: Any = {"flex_attention": flex_attention, "create_block_mask": create_block_mask}[name]
    return torch.compile(function, dynamic=True)
