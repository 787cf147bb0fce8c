"""Attention for packs: one prefix, computed once, and branches that each continue it.

A pack lies in one row: [prefix][branch 1][branch 2]..., every branch padded to the same length,
positions restarting after the prefix in each. A branch sees the prefix and itself, never another
branch, so every hidden state equals the one of the plain row [prefix][branch].

Registered through transformers' attention interface, so it works for every architecture that
uses it without sliding windows, soft capping or attention sinks (`unsupported` says which).
Splitting attention into the prefix's own and the branches' is described in "Prefix Grouper"
(arXiv:2506.05433).

Not covered: FlexAttention block masks on CUDA, tensor parallelism.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch.nn.functional import scaled_dot_product_attention
from transformers import AttentionInterface
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.masking_utils import AttentionMaskInterface

NAME = "tooltune_shared_prefix"


@dataclass(frozen=True)
class Geometry:
    """The shape of a pack: prefix length, number of branches, padded branch length, in tokens."""

    prefix: int
    branches: int
    length: int


def shared_prefix_attention(
    module: torch.nn.Module,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    scaling: float | None = None,
    geometry: Geometry | None = None,
    **kwargs: Any,
) -> tuple[torch.Tensor, None]:
    """Attention of a pack; without a geometry, transformers' own SDPA.

    Args:
        query: shape (1, heads, prefix + branches x length, head size); key and value likewise,
            with their own number of heads.
        geometry: the pack's shape, passed to the model's forward as a keyword.

    Returns:
        Shape (1, tokens, heads, head size), and None in place of weights.
    """
    if geometry is None:
        return sdpa_attention_forward(module, query, key, value, attention_mask, scaling=scaling, **kwargs)
    groups = query.shape[1] // key.shape[1]
    key, value = (tensor.repeat_interleave(groups, dim=1) for tensor in (key, value))
    parts = [_branches(query, key, value, scaling, geometry)]
    if geometry.prefix:
        q, k, v = (tensor[:, :, : geometry.prefix] for tensor in (query, key, value))
        parts.insert(0, scaled_dot_product_attention(q, k, v, is_causal=True, scale=scaling))
    return torch.cat(parts, dim=2).transpose(1, 2).contiguous(), None


def _branches(
    query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, scaling: float | None, shape: Geometry
) -> torch.Tensor:
    def split(tensor: torch.Tensor) -> torch.Tensor:
        own = tensor[0, :, shape.prefix :].unflatten(1, (shape.branches, shape.length))
        return own.transpose(0, 1)

    def with_prefix(tensor: torch.Tensor) -> torch.Tensor:
        prefix = tensor[:, :, : shape.prefix].expand(shape.branches, -1, -1, -1)
        return torch.cat([prefix, split(tensor)], dim=2)

    mask = torch.ones(shape.length, shape.prefix + shape.length, dtype=torch.bool, device=query.device)
    out = scaled_dot_product_attention(
        split(query), with_prefix(key), with_prefix(value), attn_mask=mask.tril(shape.prefix), scale=scaling
    )
    return out.transpose(0, 1).flatten(1, 2).unsqueeze(0)


def register() -> None:
    """Make the attention known to transformers; calling it again changes nothing.

    It needs no mask: transformers' own would hold tokens x tokens values for a pack.
    """
    AttentionInterface.register(NAME, shared_prefix_attention)
    AttentionMaskInterface.register(NAME, lambda *args, **kwargs: None)


def unsupported(config: Any, max_length: int) -> str | None:
    """Why packs would not be exact for a model, or None when they are."""
    window = getattr(config, "sliding_window", None)
    if window is not None and getattr(config, "use_sliding_window", True) and window < max_length:
        return f"its sliding window of {window} tokens is shorter than --max_length {max_length}"
    if getattr(config, "attn_logit_softcapping", None):
        return "it caps attention logits"
    kinds = set(getattr(config, "layer_types", None) or ["full_attention"])
    odd = kinds - {"full_attention", "sliding_attention"}
    return f"it has {sorted(odd)[0]} layers" if odd else None
