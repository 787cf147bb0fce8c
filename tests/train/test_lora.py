"""Every way to start and shape the adapter trains, and what is saved gives the trained outputs on the original base."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from peft import PeftModel

from tests.train.conftest import settings
from tooltune.chat import TextEncoder
from tooltune.engine.fuse import fused
from tooltune.errors import ConfigError, ModelError
from tooltune.export.save import save_adapter
from tooltune.train.batching import Pack
from tooltune.train.lora import CHECKPOINTS, INITIAL, add_lora
from tooltune.train.trainer import train

IDS = torch.arange(3, 60)[None]
WAYS: tuple[dict[str, Any], ...] = (
    {"use_rslora": True},
    {"use_dora": True},
    {"init_lora_weights": "gaussian"},
    {"init_lora_weights": "pissa"},
    {"init_lora_weights": "pissa_niter_4", "use_rslora": True},
    {"init_lora_weights": "olora"},
)


def logits(model: Any) -> torch.Tensor:
    with torch.no_grad():
        result: torch.Tensor = model.eval()(IDS).logits
    return result


@pytest.mark.parametrize("way", WAYS, ids=lambda way: "-".join(str(value) for value in way.values()))
def test_the_saved_adapter_gives_the_trained_outputs_on_the_original_base(
    tiny_model: Callable[..., Any], byte_tokenizer: Any, packs: list[Pack], tmp_path: Path, way: dict[str, Any]
) -> None:
    config = settings(tmp_path, save_strategy="no", learning_rate=3e-3, **way)
    model = add_lora(tiny_model("Llama", 400), config)
    assert torch.allclose(logits(model), logits(tiny_model("Llama", 400)), atol=1e-4)
    trained = train(model, packs, [], config, pad_id=0).model
    outputs = logits(trained)
    assert not torch.allclose(outputs, logits(tiny_model("Llama", 400)), atol=1e-2)
    save_adapter(trained, TextEncoder(byte_tokenizer), tmp_path)
    loaded = PeftModel.from_pretrained(tiny_model("Llama", 400), str(tmp_path))
    assert torch.allclose(logits(loaded), outputs, atol=1e-4)
    assert torch.allclose(logits(trained), outputs)  # saving changes nothing
    assert (tmp_path / CHECKPOINTS / INITIAL).exists() == ("olora" in str(way) or "pissa" in str(way))


def test_pissa_is_fused_and_dora_is_not(tiny_model: Callable[..., Any], tmp_path: Path) -> None:
    for way, expected in (({"init_lora_weights": "pissa"}, True), ({"use_dora": True}, False)):
        model = add_lora(tiny_model("Llama", 400), settings(tmp_path, **way))
        with fused(model):
            layer = model.get_base_model().model.layers[0].self_attn.q_proj
            assert ("forward" in vars(layer)) == expected


@pytest.fixture
def saved(tiny_model: Callable[..., Any], byte_tokenizer: Any, tmp_path: Path) -> Path:
    """A folder with an adapter of rank 4 that changes what the model says."""
    model = add_lora(tiny_model("Llama", 400), settings(tmp_path))
    for parameter in model.parameters():
        if parameter.requires_grad:
            torch.nn.init.normal_(parameter, std=0.1)
    save_adapter(model, TextEncoder(byte_tokenizer), tmp_path / "first")
    return tmp_path / "first"


def test_training_goes_on_from_an_adapter(
    tiny_model: Callable[..., Any], packs: list[Pack], saved: Path, tmp_path: Path
) -> None:
    config = settings(tmp_path / "second", save_strategy="no", adapter=saved)
    model = add_lora(tiny_model("Llama", 400), config)
    before = logits(PeftModel.from_pretrained(tiny_model("Llama", 400), str(saved)))
    assert not torch.allclose(before, logits(tiny_model("Llama", 400)), atol=1e-3)
    assert torch.equal(logits(model), before)
    assert not torch.allclose(logits(train(model, packs, [], config, pad_id=0).model), before, atol=1e-3)


@pytest.mark.parametrize(
    ("values", "parts"),
    [
        ({"lora_rank": 8}, ("--lora_rank 4", "expected 8")),
        ({"lora_alpha": 16}, ("--lora_alpha 32", "expected 16")),
        ({"use_rslora": True}, ("--use_rslora False", "expected True")),
        ({"lora_from_layer": 1}, ("layers.0.", "shape [", "--lora_from_layer")),
        ({"lora_target_modules": ("q_proj",)}, ("none, as this model is adapted", "--lora_target_modules")),
    ],
    ids=str,
)
def test_an_adapter_of_another_shape_is_refused(
    tiny_model: Callable[..., Any], saved: Path, tmp_path: Path, values: dict[str, Any], parts: tuple[str, ...]
) -> None:
    with pytest.raises(ConfigError) as caught:
        add_lora(tiny_model("Llama", 400), settings(tmp_path, adapter=saved, **values))
    assert all(part in str(caught.value) for part in (*parts, f"--adapter {saved}"))


def test_an_adapter_of_another_base_or_none_is_refused(
    tiny_model: Callable[..., Any], saved: Path, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError, match="--model_name"):
        add_lora(tiny_model("Llama", 400, intermediate_size=96), settings(tmp_path, adapter=saved))
    with pytest.raises(ModelError, match=r"no readable LoRA adapter.*finished run"):
        add_lora(tiny_model("Llama", 400), settings(tmp_path, adapter=tmp_path))
    (saved / "adapter_model.safetensors").write_bytes(b"broken")
    with pytest.raises(ModelError, match=r"adapter_model.safetensors: cannot be read"):
        add_lora(tiny_model("Llama", 400), settings(tmp_path, adapter=saved))


@pytest.mark.parametrize(
    "values",
    [
        {"neftune_noise_alpha": 5.0},
        {"optim": "adafactor"},
        {"optim": "sgd", "lr_scheduler_type": "linear", "warmup_ratio": 0.5},
        {"adam_beta2": 0.9},
        {"loraplus_lr_ratio": 8.0},
    ],
    ids=str,
)
def test_trainers_own_options_reach_it(
    tiny_model: Callable[..., Any], packs: list[Pack], tmp_path: Path, values: dict[str, Any]
) -> None:
    def weights(**settings_: Any) -> torch.Tensor:
        config = settings(tmp_path, save_strategy="no", **settings_)
        trained = train(add_lora(tiny_model("Llama", 400), config), packs, [], config, pad_id=0)
        return torch.cat([p.detach().flatten() for p in trained.model.parameters() if p.requires_grad])

    changed = weights(**values)
    assert changed.isfinite().all()
    assert not torch.equal(changed, weights())


def test_lora_plus_moves_b_so_many_times_faster(
    tiny_model: Callable[..., Any], packs: list[Pack], tmp_path: Path
) -> None:
    """Adam's first step has the size of the learning rate; A does not move in it, for B starts at zero."""

    def first_step(ratio: float) -> torch.Tensor:
        config = settings(tmp_path, save_strategy="no", num_train_epochs=1, loraplus_lr_ratio=ratio, warmup_ratio=0)
        model = add_lora(tiny_model("Llama", 400), config)
        train(model, packs[:1], [], config, pad_id=0)
        return torch.cat([p.detach().flatten() for n, p in model.named_parameters() if "lora_B" in n])

    once, eightfold = first_step(1), first_step(8)
    assert once.abs().max() > 0
    torch.testing.assert_close(eightfold, 8 * once)
