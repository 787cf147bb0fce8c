"""--gradient_checkpointing: less memory, the same weights, and by itself where memory is short."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.train.conftest import settings
from tests.train.test_trainer import adapter, run
from tooltune.engine.fuse import fused
from tooltune.train import memory
from tooltune.train.attention import packing
from tooltune.train.batching import Pack, shared_tensors
from tooltune.train.lora import add_lora
from tooltune.train.loss import pack_loss


@pytest.mark.parametrize("shared", [True, False])
def test_the_weights_are_the_same(
    tiny_model: Callable[..., Any], packs: list[Pack], tmp_path: Path, shared: bool
) -> None:
    passes: dict[str, int] = {}

    def trained(mode: str) -> dict[str, torch.Tensor]:
        model = tiny_model("Llama", 400)
        layer = model.model.layers[0].input_layernorm
        layer.register_forward_pre_hook(lambda *_: passes.update({mode: passes.get(mode, 0) + 1}))
        config = settings(tmp_path / mode, gradient_checkpointing=mode, shared_prefix=shared, save_strategy="no")
        return adapter(run(model, packs, config))

    once, twice = trained("never"), trained("always")
    assert passes["always"] - passes["never"] == 8  # passes in the run: each layer is computed once more
    assert all(torch.equal(weights, twice[name]) for name, weights in once.items())


def test_it_comes_by_itself_where_memory_is_short(
    tiny_model: Callable[..., Any], packs: list[Pack], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not run(tiny_model("Llama", 400), packs, settings(tmp_path / "roomy", save_strategy="no")).notices
    monkeypatch.setattr(memory, "free_bytes", lambda device: 1000)
    trained = run(tiny_model("Llama", 400), packs, settings(tmp_path / "short", save_strategy="no"))
    assert any("--gradient_checkpointing" in notice for notice in trained.notices)
    assert not trained.model.get_base_model().is_activation_checkpointing


def test_the_estimate_is_about_what_a_pass_keeps(tiny_model: Callable[..., Any], packs: list[Pack]) -> None:
    model = add_lora(tiny_model("Llama", 400, hidden_size=64, intermediate_size=128), settings(Path("unused"))).train()
    pack = max(packs, key=lambda pack: pack.tokens)
    kept: dict[int, int] = {}
    weights = {p.untyped_storage().data_ptr() for p in model.parameters()}

    def keep(tensor: torch.Tensor) -> torch.Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in weights:
            kept[storage.data_ptr()] = storage.nbytes()
        return tensor

    with packing(model, True), fused(model) as head, torch.autograd.graph.saved_tensors_hooks(keep, lambda t: t):
        loss = pack_loss(model, shared_tensors(pack), head)
    loss.backward()
    estimate = memory.activation_bytes(model, pack.tokens)
    assert estimate / 2 < sum(kept.values()) < estimate * 2


def test_free_memory_is_known_here() -> None:
    free = memory.free_bytes(torch.device("cpu"))
    assert free is None or free > 2**20
