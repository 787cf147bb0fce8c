"""Several processes train one model, side by side, to the weights that one process reaches."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from tooltune import Message, Tool, ToolCall
from tooltune.chat import TextEncoder
from tooltune.config import TrainConfig
from tooltune.train.attention import packing
from tooltune.train.batching import GroupedSampler, Pack, make_packs, shared_tensors
from tooltune.train.lora import add_lora
from tooltune.train.loss import pack_loss
from tooltune.train.side import beside, useful_processes
from tooltune.train.trainer import train


@pytest.fixture
def packs(byte_tokenizer: Any, tools: list[Tool]) -> list[Pack]:
    encoder = TextEncoder(byte_tokenizer)
    examples = []
    for city in ("Oslo", "Bergen", "Rome", "Lima", "Cairo", "Delhi", "Paris"):
        call = Message("assistant", "", (ToolCall("get_weather", {"city": city}),))
        examples.append(encoder.encode([Message("user", f"Weather in {city}?"), call], tools))
    return make_packs(examples, ["tools"] * len(examples), 1, seed=0)


def settings(folder: Path, **values: Any) -> TrainConfig:
    return TrainConfig(
        output_dir=folder,
        num_train_epochs=1,
        save_strategy="no",
        lora_rank=4,
        **({"gradient_accumulation_steps": 4, "learning_rate": 1e-2} | values),
    )


def weights(model: Any) -> torch.Tensor:
    return torch.cat([p.detach().flatten() for p in model.parameters() if p.requires_grad])


def test_two_processes_reach_the_weights_of_one(
    tiny_model: Callable[..., Any], packs: list[Pack], tmp_path: Path
) -> None:
    reached = []
    for processes in (1, 2):
        config = settings(tmp_path, cpu_processes=processes)
        trained = train(add_lora(tiny_model("Llama", vocab_size=400), config), packs, [], config, pad_id=0)
        reached.append((weights(trained.model), [entry["loss"] for entry in trained.history if "loss" in entry]))
    (alone, losses), (together, losses_together) = reached
    torch.testing.assert_close(together, alone, rtol=1e-3, atol=1e-5)
    assert losses_together == pytest.approx(losses, rel=1e-3)


def test_a_failure_in_another_process_is_said_here(
    tiny_model: Callable[..., Any], packs: list[Pack], tmp_path: Path
) -> None:
    model = add_lora(tiny_model("Llama", vocab_size=400), settings(tmp_path))
    broken = {**shared_tensors(packs[0]), "input_ids": torch.tensor([[10_000]])}
    with beside(model, 2, True) as side:
        assert side is not None
        ours, theirs = side.dispatch([shared_tensors(packs[1]), broken], 1)
        with packing(model, True):
            assert pack_loss(model, ours).item() > 0
        with pytest.raises(RuntimeError, match="a training process failed: Traceback"):
            side.collect(theirs)


def test_how_many_processes_are_useful(tiny_model: Callable[..., Any], tmp_path: Path) -> None:
    model = add_lora(tiny_model("Llama", vocab_size=400), settings(tmp_path))
    assert useful_processes(model, 4, 1_000, wanted=0) == 1
    assert useful_processes(model, 1, 1_000_000, wanted=0) == 1
    assert useful_processes(model, 4, 1_000, wanted=2) == 2
    dropping = add_lora(tiny_model("Llama", vocab_size=400), settings(tmp_path, lora_dropout=0.1))
    assert useful_processes(dropping, 4, 1_000_000, wanted=2) == 1


def test_early_gradients_are_those_of_the_step_before(
    tiny_model: Callable[..., Any], packs: list[Pack], tmp_path: Path
) -> None:
    plain = {"optim": "sgd", "lr_scheduler_type": "constant", "warmup_ratio": 0, "gradient_accumulation_steps": 1}
    config = settings(tmp_path, cpu_processes=2, early_gradients=True, **plain)
    trained = train(add_lora(tiny_model("Llama", vocab_size=400), config), packs, [], config, pad_id=0)
    model = add_lora(tiny_model("Llama", vocab_size=400), config)
    parameters = [p for p in model.parameters() if p.requires_grad]
    order = list(GroupedSampler([pack.tokens for pack in packs], 2, config.seed))
    for pair in (order[i : i + 2] for i in range(0, len(order), 2)):
        with packing(model, True):
            losses = [
                pack_loss(model, batch) / batch["labels"].numel()
                for batch in map(shared_tensors, (packs[i] for i in pair))
            ]
            gradients = [torch.autograd.grad(loss, parameters) for loss in losses]
        for gradient in gradients:
            for parameter, part in zip(parameters, gradient, strict=True):
                parameter.grad = part.clone()
            torch.nn.utils.clip_grad_norm_(parameters, 1.0)
            with torch.no_grad():
                for parameter in parameters:
                    parameter -= config.learning_rate * parameter.grad
    torch.testing.assert_close(weights(trained.model), weights(model), rtol=1e-4, atol=1e-6)


def test_grouped_order_keeps_like_lengths_together() -> None:
    lengths = [7, 300, 20, 310, 8, 150, 21, 155, 9]
    sampler = GroupedSampler(lengths, 2, seed=1)
    first = list(sampler)
    assert sorted(first) == list(range(9))
    pairs = [{lengths[i] for i in first[k : k + 2]} for k in range(0, 8, 2)]
    assert all(max(pair) <= 2 * min(pair) + 20 for pair in pairs)
    assert first == list(sampler)
    sampler.set_epoch(1)
    assert first != list(sampler)
