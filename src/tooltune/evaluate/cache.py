"""Key-value caches of rows that share their beginning.

The library's cache concatenates all keys and values anew for each token, which is most of the work
of a small model's step. Here a full-attention layer keeps spare columns and writes in place.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import pad
from transformers.cache_utils import DynamicCache, DynamicLayer

SPARE_COLUMNS = 64


class GrowingLayer(DynamicLayer):  # type: ignore[no-untyped-call, unused-ignore]
    """The cache of a full-attention layer, [rows, heads, tokens, width], that grows in steps."""

    _buffers: tuple[Tensor, Tensor] | None = None

    def update(self, key_states: Tensor, value_states: Tensor, *args: Any, **kwargs: Any) -> tuple[Tensor, Tensor]:
        """Append new columns, and return all."""
        seen = self.get_seq_length()
        end = seen + key_states.shape[-2]
        if self._buffers is None or self._buffers[0].shape[-2] < end:
            self._buffers = _grown(self.keys, key_states, end), _grown(self.values, value_states, end)
        keys, values = self._buffers
        keys[..., seen:end, :] = key_states
        values[..., seen:end, :] = value_states
        self.keys, self.values, self.is_initialized = keys[..., :end, :], values[..., :end, :], True
        return self.keys, self.values

    def batch_select_indices(self, indices: Tensor) -> None:
        """Keep only some rows."""
        super().batch_select_indices(indices)
        self._buffers = None


@dataclass
class Beginning:
    """Keys and values of a beginning that all rows share, [1, heads, tokens, width], and how often they were used."""

    keys: Tensor
    values: Tensor
    used: int = 0


class ContinuedLayer(GrowingLayer):
    """The columns that follow a shared beginning. Keys bear the beginning as an attribute (see `attention`)."""

    def __init__(self, beginning: Beginning) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.beginning = beginning

    def update(self, key_states: Tensor, value_states: Tensor, *args: Any, **kwargs: Any) -> tuple[Tensor, Tensor]:
        """Append new columns, and return all that are not the beginning's."""
        keys, values = super().update(key_states, value_states, *args, **kwargs)
        keys.beginning = self.beginning  # type: ignore[attr-defined]
        return keys, values


def _grown(old: Tensor | None, new: Tensor, columns: int) -> Tensor:
    rows, heads, _, width = new.shape
    buffer = new.new_empty(rows, heads, columns + SPARE_COLUMNS, width)
    if old is not None:
        buffer[..., : old.shape[-2], :] = old
    return buffer


def new_cache(config: Any) -> DynamicCache:
    """An empty cache for a model of this configuration."""
    cache = DynamicCache(config=config)
    growing: Any = GrowingLayer
    cache.layers = [growing() if type(layer) is DynamicLayer else layer for layer in cache.layers]
    return cache


def continued(beginning: DynamicCache, config: Any) -> DynamicCache | None:
    """A cache for rows that continue the same beginning, which is not copied; None where a layer is of another kind."""
    layers: list[Any] = beginning.layers
    if not all(type(layer) is GrowingLayer for layer in layers):
        return None
    cache = DynamicCache(config=config)
    cache.layers = [ContinuedLayer(Beginning(layer.keys, layer.values)) for layer in layers]
    return cache


def joined(caches: Sequence[DynamicCache], config: Any) -> DynamicCache:
    """One cache with the rows of all, in their order; shorter ones are padded on the left.

    Args:
        caches: all rows continue one beginning (`continued`), or none does. More than one are emptied on the way.
        config: the model's configuration.
    """
    if len(caches) == 1:
        return caches[0]
    whole = new_cache(config)
    for number in range(len(whole.layers)):
        parts: list[Any] = [cache.layers[number] for cache in caches]
        if isinstance(parts[0], ContinuedLayer):
            whole.layers[number] = ContinuedLayer(parts[0].beginning)
        columns = max(part.keys.shape[2] for part in parts)
        keys, values = zip(*(_widened(part, columns) for part in parts), strict=True)
        whole.update(torch.cat(keys), torch.cat(values), number)
        for cache in caches:
            cache.layers[number] = DynamicLayer()  # type: ignore[no-untyped-call, unused-ignore]
    return whole


def attention_window(config: Any) -> float:
    """The shortest attention window of any layer, in tokens; infinite where all is seen."""
    layers: list[Any] = DynamicCache(config=config).layers
    return min((layer.sliding_window for layer in layers if layer.is_sliding), default=math.inf)


def gather(
    prefixes: Sequence[tuple[int, ...]], caches: Mapping[tuple[int, ...], DynamicCache], config: Any
) -> DynamicCache:
    """One cache with a row for each prefix; shorter prefixes are padded on the left.

    Args:
        prefixes: token ids of the beginning of each row; rows may share theirs.
        caches: the cache of one row for each prefix. They are not changed.
        config: the model's configuration.
    """
    longest = max(prefixes, key=len)
    if len(prefixes) == 1 or not longest:
        return copy.deepcopy(caches[longest])
    gathered = new_cache(config)
    for number, layer in enumerate(caches[longest].layers):
        states = [_padded(prefix, caches[prefix].layers[number], layer) for prefix in prefixes]
        keys, values = zip(*states, strict=True)
        gathered.update(torch.cat(keys), torch.cat(values), number)
    return gathered


def _padded(prefix: Sequence[int], layer: Any, longest: Any) -> tuple[Tensor, Tensor]:
    """Keys and values of one row and layer, with as many columns as those of `longest`."""
    if not prefix:
        return torch.zeros_like(longest.keys), torch.zeros_like(longest.values)
    return _widened(layer, longest.keys.shape[2])


def _widened(layer: Any, columns: int) -> tuple[Tensor, Tensor]:
    """A layer's keys and values, with empty columns on the left."""
    gap = columns - layer.keys.shape[2]
    return pad(layer.keys, (0, 0, gap, 0)), pad(layer.values, (0, 0, gap, 0))
