"""Attention for one new token a row, without copying the cache.

Models with grouped key-value heads (Llama, Mistral, Qwen: several query heads read one) make
transformers copy the whole cache once a query head before each step's attention. For a single query
position the heads of a group can take the place of positions instead: the same products, and the
cache is read as it lies.
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
    """transformers' SDPA, computed without copies where there is one query position.

    Args:
        query: shape (rows, heads, positions, head size).
        key: shape (rows, key-value heads, columns, head size); value likewise.
        attention_mask: shape (rows, 1, positions, columns), or None.

    Returns:
        Shape (rows, positions, heads, head size), and None in place of weights.
    """
    rows, heads, positions, size = query.shape
    if positions != 1 or heads == key.shape[1]:
        return sdpa_attention_forward(module, query, key, value, attention_mask, scaling=scaling, **kwargs)
    grouped = query.reshape(rows, key.shape[1], heads // key.shape[1], size)
    out = scaled_dot_product_attention(grouped, key, value, attn_mask=attention_mask, scale=scaling)
    return out.reshape(rows, 1, heads, size), None


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
