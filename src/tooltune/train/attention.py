"""Attention for packs: one prefix, computed once, and branches that each continue it.

A pack lies in one row: [prefix][branch 1][branch 2]..., without padding, positions restarting after
the prefix in each branch. A branch sees the prefix and itself, never another
branch, so every hidden state equals the one of the plain row [prefix][branch].

Registered through transformers' attention interface, so it works for every architecture that
uses it without sliding windows, soft capping or attention sinks (`unsupported` says which).
Splitting attention into the prefix's own and the branches' is described in "Prefix Grouper"
(arXiv:2506.05433).

On CUDA a pack takes FlexAttention (`flex`). Not covered: tensor parallelism.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch.nn.functional import scaled_dot_product_attention
from transformers import AttentionInterface
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.masking_utils import AttentionMaskInterface

from tooltune.train.flex import flex
from tooltune.train.matmul_attention import MatmulAttention, pays

NAME = "tooltune_shared_prefix"


@dataclass(frozen=True)
class Geometry:
    """The shape of a pack: the lengths of its prefix and of each branch, in tokens."""

    prefix: int
    branches: tuple[int, ...]


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
        query: shape (1, heads, tokens, head size); key and value likewise, with their own number of
            heads. The tokens are the prefix's and then every branch's.
        geometry: the pack's shape, passed to the model's forward as a keyword.

    Returns:
        Shape (1, tokens, heads, head size), and None in place of weights.
    """
    if geometry is None:
        return sdpa_attention_forward(module, query, key, value, attention_mask, scaling=scaling, **kwargs)
    lengths = (geometry.prefix, *geometry.branches)
    if pays(query):
        scale = query.shape[3] ** -0.5 if scaling is None else scaling
        layers: Any = getattr(module.config, "num_hidden_layers", 1)
        out = MatmulAttention.apply(query, key, value, lengths, scale, layers)  # type: ignore[no-untyped-call]
        return out.transpose(1, 2).contiguous(), None
    if query.is_cuda:
        return flex(query, key, value, lengths, scaling).transpose(1, 2).contiguous(), None
    return _by_branch(query, key, value, lengths, scaling).transpose(1, 2).contiguous(), None


def _by_branch(
    query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, lengths: tuple[int, ...], scaling: float | None
) -> torch.Tensor:
    """torch's own attention, for the prefix and then for each branch."""
    groups = query.shape[1] // key.shape[1]
    key, value = (tensor.repeat_interleave(groups, dim=1) for tensor in (key, value))
    queries, keys, values = (tensor.split(lengths, dim=2) for tensor in (query, key, value))
    parts = [scaled_dot_product_attention(queries[0], keys[0], values[0], is_causal=True, scale=scaling)]
    for q, k, v in zip(queries[1:], keys[1:], values[1:], strict=True):
        k, v = torch.cat([keys[0], k], dim=2), torch.cat([values[0], v], dim=2)
        mask = torch.ones(q.shape[2], k.shape[2], dtype=torch.bool, device=q.device).tril(lengths[0])
        parts.append(scaled_dot_product_attention(q, k, v, attn_mask=mask, scale=scaling))
    return torch.cat(parts, dim=2)


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


@contextmanager
def packing(model: Any, shared: bool) -> Iterator[None]:
    """Within, the model's attention understands packs."""
    if not shared:
        yield
        return
    register()
    base = model.get_base_model()
    before = base.config._attn_implementation
    base.set_attn_implementation(NAME)
    try:
        yield
    finally:
        base.set_attn_implementation(before)
