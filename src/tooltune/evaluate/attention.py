"""Attention for new tokens after a cache, without copying the cache.

Models with grouped key-value heads (Llama, Mistral, Qwen: several query heads read one) make
transformers copy the whole cache once a query head before each step's attention. The heads of a group
can take the place of further positions instead: the same products, and the cache is read as it lies.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch.nn.functional import scaled_dot_product_attention
from transformers import AttentionInterface
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.masking_utils import AttentionMaskInterface, sdpa_mask

NAME = "tooltune_grouped_decoding"


def grouped_attention(
    module: torch.nn.Module,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    scaling: float | None = None,
    **kwargs: Any,
) -> tuple[torch.Tensor, None]:
    """transformers' SDPA, computed without copies of keys and values.

    Args:
        query: shape (rows, heads, positions, head size).
        key: shape (rows, key-value heads, columns, head size); value likewise.
        attention_mask: shape (rows, 1, positions, columns), or None.

    Returns:
        Shape (rows, positions, heads, head size), and None in place of weights.
    """
    rows, heads, positions, size = query.shape
    if heads == key.shape[1] or (positions > 1 and attention_mask is None):
        return sdpa_attention_forward(module, query, key, value, attention_mask, scaling=scaling, **kwargs)
    together = heads // key.shape[1]
    grouped = query.reshape(rows, key.shape[1], together * positions, size)
    mask = attention_mask if attention_mask is None or positions == 1 else attention_mask.repeat(1, 1, together, 1)
    out = scaled_dot_product_attention(grouped, key, value, attn_mask=mask, scale=scaling)
    return out.reshape(rows, heads, positions, size).transpose(1, 2).contiguous(), None


@contextmanager
def grouped_decoding(model: Any) -> Iterator[None]:
    """Within, a model that uses SDPA decodes without copying its cache."""
    base = model.get_base_model() if hasattr(model, "get_base_model") else model
    if getattr(base.config, "_attn_implementation", None) != "sdpa":
        yield
        return
    AttentionInterface.register(NAME, grouped_attention)
    AttentionMaskInterface.register(NAME, sdpa_mask)
    base.set_attn_implementation(NAME)
    try:
        yield
    finally:
        base.set_attn_implementation("sdpa")
