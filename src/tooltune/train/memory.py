"""Whether a training pass fits in memory as it is, or has to compute its activations again on the way back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tooltune.engine.memory import free_bytes
from tooltune.train.model import device

SHARE = 0.6
"""How much of the free memory activations may take: gradients, the loss and other processes need some."""


def activation_bytes(model: Any, tokens: int) -> int:
    """About what a pass over `tokens` keeps for its way back.

    Of every layer the inputs of both norms and of the linear layers, queries, keys, values and what attention
    gives (8 times the hidden size), and the MLP's gate, its other half and their product (3 times its inner size).
    """
    config = model.config.get_text_config()
    width = 8 * config.hidden_size + 3 * config.intermediate_size
    size = next(model.parameters()).element_size()
    return int(tokens * config.num_hidden_layers * width * size)


def needs_checkpointing(model: Any, tokens: int) -> bool:
    """Whether the longest pass, of `tokens`, asks for more memory than there is."""
    free = free_bytes(device())  # the model itself may be there only later, in parts
    return free is not None and activation_bytes(model, tokens) > SHARE * free


@contextmanager
def checkpointing(model: Any, wanted: str, tokens: int) -> Iterator[bool]:
    """Within, each layer keeps its input alone and is computed again for its gradients, where that is wanted.

    Args:
        model: the model with its adapter.
        wanted: auto, always or never.
        tokens: of the longest pass.

    Yields:
        Whether it is so (activation checkpointing: Chen et al. 2016, arXiv:1604.06174).
    """
    used = wanted == "always" or (wanted == "auto" and needs_checkpointing(model, tokens))
    base = model.get_base_model()
    if not used or not base.supports_gradient_checkpointing:
        yield False
        return
    base.activation_checkpointing_enable()
    try:
        yield True
    finally:
        base.activation_checkpointing_disable()
