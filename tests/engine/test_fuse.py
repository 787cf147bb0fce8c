"""Fused parts compute what transformers and peft compute, and are left out where they would not."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn
from torch.nn.functional import cross_entropy, scaled_dot_product_attention

from tests.conftest import ARCHITECTURES
from tests.train.test_packs import gradients, group, with_lora
from tooltune.engine import fuse
from tooltune.engine.fuse import fused, fused_to_ask
from tooltune.engine.fused import HeadLoss, LoraLinear, Product, RmsNorm, Swiglu
from tooltune.train import matmul_attention
from tooltune.train.attention import packing
from tooltune.train.batching import make_packs, plain_tensors, shared_tensors
from tooltune.train.matmul_attention import MatmulAttention, pays


def random(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def leaf(*shape: int, seed: int = 0) -> torch.Tensor:
    return random(*shape, seed=seed).requires_grad_()


class TestGradients:
    """Against finite differences, in float64."""

    @pytest.mark.parametrize("bias", [None, random(4)])
    def test_lora_linear(self, bias: torch.Tensor | None) -> None:
        x, weight, a, b = leaf(2, 3, 5), random(4, 5, seed=1), leaf(2, 5, seed=2), leaf(4, 2, seed=3)
        base, back = Product(weight, bias), Product(weight.T)
        assert torch.autograd.gradcheck(lambda x, a, b: LoraLinear.apply(x, base, back, a, b, 0.7), (x, a, b))

    def test_swiglu(self) -> None:
        assert torch.autograd.gradcheck(Swiglu.apply, (leaf(3, 4), leaf(3, 4, seed=1)))

    def test_rms_norm(self) -> None:
        # Its root is taken in float32, so it is set beside autograd's own gradient, not finite differences.
        x, weight = leaf(3, 8).float().detach().requires_grad_(), random(8, seed=1).float()
        (ours,) = torch.autograd.grad(RmsNorm.apply(x, weight, 1e-6).square().sum(), x)
        (theirs,) = torch.autograd.grad(torch.nn.functional.rms_norm(x, (8,), weight, 1e-6).square().sum(), x)
        torch.testing.assert_close(ours, theirs, rtol=1e-5, atol=1e-5)

    def test_head_loss_over_several_blocks(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("tooltune.engine.fused.LOGITS_AT_A_TIME", 22)
        hidden, weight = random(5, 6).float().requires_grad_(), random(11, 6, seed=1).float()
        labels = torch.tensor([0, 10, 3, 3, 7])
        weights = torch.tensor([1.0, 2.0, 0.5, 3.0, 1.0])
        ours = HeadLoss.apply(hidden, weight, labels, weights)
        theirs = cross_entropy(hidden @ weight.T, labels, reduction="none") @ weights
        torch.testing.assert_close(ours, theirs)
        torch.testing.assert_close(*(torch.autograd.grad(loss, hidden)[0] for loss in (ours, theirs)))
        with torch.no_grad():
            torch.testing.assert_close(HeadLoss.apply(hidden, weight, labels, weights), theirs)


class TestAttention:
    @pytest.mark.parametrize("lengths", [(7, 4, 1, 6), (0, 4, 3), (1, 5)])
    @pytest.mark.parametrize(("tile", "most_bytes"), [(256, 2**28), (3, 2**28), (3, 0)])
    def test_equals_sdpa_on_each_plain_row(
        self, lengths: tuple[int, ...], tile: int, most_bytes: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(matmul_attention, "TILE", tile)
        monkeypatch.setattr(matmul_attention, "MOST_BYTES", most_bytes)
        total, prefix = sum(lengths), lengths[0]
        query, key, value = leaf(1, 6, total, 8), leaf(1, 2, total, 8, seed=1), leaf(1, 2, total, 8, seed=2)
        ours = MatmulAttention.apply(query, key, value, lengths, 0.3, 30)
        rows, start = [], prefix
        for length in lengths[1:]:
            at = torch.tensor([*range(prefix), *range(start, start + length)])
            k, v = (t[:, :, at].repeat_interleave(3, dim=1) for t in (key, value))
            row = scaled_dot_product_attention(query[:, :, at], k, v, is_causal=True, scale=0.3)
            torch.testing.assert_close(ours[:, :, start : start + length], row[:, :, prefix:])
            torch.testing.assert_close(ours[:, :, :prefix], row[:, :, :prefix])
            rows.append(row[:, :, prefix:])
            start += length
        theirs = torch.cat(rows, dim=2)
        wanted = random(*theirs.shape, seed=3)
        for a, b in zip(
            torch.autograd.grad((ours[:, :, prefix:] * wanted).sum(), (query, key, value)),
            torch.autograd.grad((theirs * wanted).sum(), (query, key, value)),
            strict=True,
        ):
            torch.testing.assert_close(a[:, :, :prefix], b[:, :, :prefix])
            torch.testing.assert_close(a, b)

    def test_keeps_probabilities_while_their_memory_is_small(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(matmul_attention, "MOST_BYTES", 30 * 2 * 6 * (7 * 7 + 4 * 11))
        query, key = leaf(1, 6, 11, 8), leaf(1, 2, 11, 8, seed=1)
        small, large = (MatmulAttention.apply(query, key, key, (7, 4), 0.3, layers) for layers in (30, 31))
        assert [len(out.grad_fn.saved_tensors) for out in (small, large)] == [5, 3]

    def test_is_chosen_for_bfloat16(self) -> None:
        query = torch.zeros(1, 9, 1, 64, dtype=torch.bfloat16)
        assert pays(query)
        assert not pays(query.float())


@pytest.mark.parametrize("architecture", ARCHITECTURES)
@pytest.mark.parametrize("shared", [True, False])
def test_gradients_of_a_fused_model_equal_the_plain_ones(
    tiny_model: Callable[..., Any], architecture: str, shared: bool
) -> None:
    model = with_lora(tiny_model(architecture))
    (pack,) = make_packs(group(40), ["tools"] * 4, 4, seed=0)
    plain_loss, plain = gradients(model, plain_tensors(pack, pad_id=0))
    tensors = shared_tensors(pack) if shared else plain_tensors(pack, pad_id=0)
    with packing(model, shared), fused(model) as head:
        loss, ours = gradients(model, tensors, head)
    assert loss == pytest.approx(plain_loss, rel=1e-5)
    for name, gradient in plain.items():
        assert (gradient - ours[name]).norm() <= 1e-5 * gradient.norm() + 1e-9, name


def test_a_llama_is_fused_whole_and_whole_again_afterwards(tiny_model: Callable[..., Any]) -> None:
    model = with_lora(tiny_model("Llama"))
    with fused(model) as head:
        kinds = {type(module).__name__ for module in model.modules() if "forward" in vars(module)}
        assert head is not None
    assert {"Linear", "LlamaRMSNorm", "LlamaMLP"} <= kinds
    assert not any("forward" in vars(module) for module in model.modules())


def test_what_computes_something_else_stays(tiny_model: Callable[..., Any]) -> None:
    model = with_lora(tiny_model("Gemma"))  # its norm multiplies by 1 + weight, its MLP uses GELU
    with fused(model):
        kinds = {type(module).__name__ for module in model.modules() if "forward" in vars(module)}
    assert not {"GemmaRMSNorm", "GemmaMLP"} & kinds


def test_a_head_whose_logits_are_changed_afterwards_stays(tiny_model: Callable[..., Any]) -> None:
    model = with_lora(tiny_model("Llama"))
    head = model.get_base_model().lm_head
    hook = head.register_forward_hook(lambda module, inputs, output: output.tanh())
    with fused(model) as weight:
        assert weight is None
    hook.remove()


def test_dropout_and_variants_stay_with_peft(tiny_model: Callable[..., Any]) -> None:
    from peft import LoraConfig, get_peft_model

    for settings in ({"lora_dropout": 0.1}, {"use_dora": True}):
        lora = LoraConfig(r=4, target_modules="all-linear", task_type="CAUSAL_LM", **settings)
        model = get_peft_model(tiny_model("Llama"), lora)
        with fused(model):
            assert "forward" not in vars(model.get_base_model().model.layers[0].self_attn.q_proj)


@pytest.mark.parametrize("adapter", ["active", "disabled", "none"])
def test_a_bfloat16_model_that_is_asked_is_as_exact_as_before(tiny_model: Callable[..., Any], adapter: str) -> None:
    model = tiny_model("Llama")
    model = (model if adapter == "none" else with_lora(model)).to(torch.bfloat16).eval()
    ids = torch.arange(3, 43).view(2, 20)
    disabled = model.disable_adapter() if adapter == "disabled" else contextlib.nullcontext()
    with torch.inference_mode(), disabled:
        plain = model(input_ids=ids).logits.float()
        with fused_to_ask(model):
            replaced = any("forward" in vars(module) for module in model.modules())
            assert replaced == (adapter == "active" or Product(model.get_output_embeddings().weight).pays)
            ours = model(input_ids=ids).logits.float()
        assert replaced or torch.equal(ours, plain)
        exact = model.float()(input_ids=ids).logits
    assert (ours - exact).norm() <= 1.3 * (plain - exact).norm()
    assert not torch.equal(ours, exact)
    assert not any("forward" in vars(module) for module in model.modules())


def test_weights_lie_in_a_second_order_only_where_there_is_room(
    tiny_model: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    model = tiny_model("Llama").to(torch.bfloat16)
    monkeypatch.setattr(fuse, "free_bytes", lambda device: 1000)
    with fused_to_ask(model):
        assert not any("forward" in vars(module) for module in model.modules())


def test_a_frozen_layer_passes_gradients_on() -> None:
    """Below the first adapter there are none, unless checkpointing asks the embedding for them."""
    layer = nn.Linear(64, 32).to(torch.bfloat16).requires_grad_(False)
    ours = fuse._linear(layer)
    x = torch.randn(3, 5, 64).to(torch.bfloat16)
    if ours is not None:
        assert (ours(x) - layer(x)).norm() <= 2**-7 * layer(x).norm()
        ours(x.requires_grad_()).sum().backward()
        assert x.grad is not None


def test_a_float32_model_is_asked_as_it_is(tiny_model: Callable[..., Any]) -> None:
    model = tiny_model("Llama")
    with fused_to_ask(model):
        assert not any("forward" in vars(module) for module in model.modules())
