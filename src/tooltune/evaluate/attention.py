"""Attention for new tokens after a cache, without copying the cache.

Models with grouped key-value heads (Llama, Mistral, Qwen: several query heads read one) make
transformers copy the whole cache once a query head before each step's attention. The heads of a group
can take the place of further positions instead: the same products, and the cache is read as it lies.

Where all rows continue one beginning, its keys and values lie in memory once, and the products with them are
those of one long row (shared-prefix attention: Juravsky et al. 2024, "Hydragen", arXiv:2402.05099).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention
from transformers import AttentionInterface
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.masking_utils import AttentionMaskInterface, sdpa_mask

from tooltune.evaluate.cache import Beginning

NAME = "tooltune_grouped_decoding"
MOST_SCORES = 2**26
"""Scores of attention that are held at once: 256 MB in float32."""


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
    beginning: Beginning | None = getattr(key, "beginning", None)
    if beginning is not None:
        beginning.used += 1
        return _continuing(query, key, value, beginning, attention_mask, scaling or query.shape[3] ** -0.5), None
    rows, heads, positions, size = query.shape
    if heads == key.shape[1] or (positions > 1 and attention_mask is None):
        return sdpa_attention_forward(module, query, key, value, attention_mask, scaling=scaling, **kwargs)
    together = heads // key.shape[1]
    grouped = query.reshape(rows, key.shape[1], together * positions, size)
    mask = attention_mask if attention_mask is None or positions == 1 else attention_mask.repeat(1, 1, together, 1)
    out = scaled_dot_product_attention(grouped, key, value, attn_mask=mask, scale=scaling)
    return out.reshape(rows, heads, positions, size).transpose(1, 2).contiguous(), None


def _continuing(
    query: Tensor, key: Tensor, value: Tensor, beginning: Beginning, mask: Tensor | None, scale: float
) -> Tensor:
    """Attention to a shared beginning and to each row's own columns, a few rows at a time; see `grouped_attention`."""
    rows, heads, positions, _ = query.shape
    if mask is None and positions > 1:
        mask = torch.ones(positions, key.shape[2], dtype=torch.bool, device=key.device).tril(key.shape[2] - positions)
        mask = mask.expand(rows, 1, -1, -1)
    most = max(1, MOST_SCORES // (heads * positions * (beginning.keys.shape[2] + key.shape[2])))
    masks: Sequence[Tensor | None] = [None] * -(-rows // most) if mask is None else mask.split(most)
    parts = zip(query.split(most), key.split(most), value.split(most), masks, strict=True)
    return torch.cat([_some_rows(q, k, v, beginning, m, scale) for q, k, v, m in parts])


def _some_rows(
    query: Tensor, key: Tensor, value: Tensor, beginning: Beginning, mask: Tensor | None, scale: float
) -> Tensor:
    """One softmax over two blocks of scores, which are never joined: the beginning's, and a row's own."""
    rows, heads, positions, size = query.shape
    kinds = key.shape[1]
    shape = (rows, kinds, heads // kinds, positions)
    q = query.reshape(*shape, size) * scale
    together = q.transpose(0, 1).reshape(kinds, -1, size)
    before = (together @ beginning.keys[0].transpose(1, 2)).float().view(kinds, rows, *shape[2:], -1)
    own = (q.reshape(rows, kinds, -1, size) @ key.transpose(2, 3)).float().view(*shape, -1)
    if mask is not None:
        own = own.masked_fill(~mask[:, :, None], -torch.inf)
    own = own.transpose(0, 1)
    highest = torch.maximum(before.amax(-1, keepdim=True), own.amax(-1, keepdim=True))
    before, own = before.sub_(highest).exp_(), (own - highest).exp_()
    total = before.sum(-1, keepdim=True) + own.sum(-1, keepdim=True)
    first = (before.to(value.dtype).view(kinds, -1, before.shape[-1]) @ beginning.values[0]).view(
        kinds, rows, *shape[2:], size
    )
    second = (own.transpose(0, 1).to(value.dtype).reshape(rows, kinds, -1, own.shape[-1]) @ value).view(*shape, size)
    out = (first + second.transpose(0, 1)) / total.to(value.dtype)
    return out.permute(1, 3, 0, 2, 4).reshape(rows, positions, heads, size)


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
