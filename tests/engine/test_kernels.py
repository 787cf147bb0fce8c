"""The compiled loops give what torch gives in float64, to bfloat16's precision."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch.nn.functional import cross_entropy, rms_norm, silu
from transformers.models.llama.modeling_llama import apply_rotary_pos_emb

from tests.conftest import ARCHITECTURES
from tests.train.test_packs import gradients, group, with_lora
from tooltune.engine import fused as fused_module
from tooltune.engine import kernels
from tooltune.engine.fuse import fused
from tooltune.engine.fused import Product, kernels_for
from tooltune.train.attention import packing
from tooltune.train.batching import make_packs, shared_tensors


def numbers(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed)).bfloat16()


def exact(tensor: torch.Tensor) -> torch.Tensor:
    return tensor.detach().double().requires_grad_()


def near(ours: torch.Tensor, exact: torch.Tensor) -> None:
    """Each number is the nearest bfloat16, or next to it."""
    torch.testing.assert_close(ours.double(), exact.detach(), rtol=2**-8 * 1.01, atol=1e-4)


def test_swiglu() -> None:
    gate, up, dy = numbers(7, 19) * 4, numbers(7, 19, seed=1), numbers(7, 19, seed=2)
    g, u = exact(gate), exact(up)
    out = silu(g) * u
    near(kernels.swiglu(gate, up), out)
    for ours, theirs in zip(
        kernels.swiglu_backward(gate, up, dy), torch.autograd.grad(out, (g, u), dy.double()), strict=True
    ):
        near(ours, theirs)


def test_silu_far_from_zero_is_the_number_or_nothing() -> None:
    far = torch.tensor([-1e30, -200.0, 200.0, 1e30]).bfloat16()
    torch.testing.assert_close(kernels.swiglu(far, torch.ones_like(far)), far.clamp(min=0), rtol=0, atol=1e-30)


def test_rms_norm() -> None:
    x, weight, dy = numbers(2, 5, 48), numbers(48, seed=1), numbers(2, 5, 48, seed=2)
    e = exact(x)
    out = rms_norm(e, (48,), weight.double(), 1e-5)
    ours, inverse = kernels.rms_norm(x, weight, 1e-5)
    torch.testing.assert_close(
        ours.double(), out.detach(), rtol=2**-7, atol=1e-4
    )  # rounded twice, as transformers does
    (theirs,) = torch.autograd.grad(out, e, dy.double())
    torch.testing.assert_close(
        kernels.rms_norm_backward(dy, x, weight, inverse).double(), theirs, rtol=2**-7, atol=2**-9
    )


def test_rotation_and_back() -> None:
    x, angle = numbers(1, 6, 3, 16).transpose(1, 2), numbers(1, 6, 8, seed=1)
    cos, sin = (torch.cat([turn(angle)] * 2, dim=-1) for turn in (torch.cos, torch.sin))
    e = exact(x)
    out, _ = apply_rotary_pos_emb(e, e, cos.double(), sin.double())
    torch.testing.assert_close(kernels.rotate(x, cos, sin).double(), out.detach(), rtol=2**-7, atol=2**-8)
    dy = numbers(1, 3, 6, 16, seed=2)
    (theirs,) = torch.autograd.grad(out, e, dy.double())
    torch.testing.assert_close(kernels.rotate_back(dy, cos, sin).double(), theirs, rtol=2**-7, atol=2**-8)


@pytest.mark.parametrize(("tokens", "before"), [(5, 0), (4, 7), (1, 30)])
def test_causal_softmax(tokens: int, before: int) -> None:
    scores = numbers(2, 3 * tokens, before + tokens) * 9
    e = exact(scores)
    ahead = torch.ones(tokens, tokens, dtype=torch.bool).triu(1)
    ahead = torch.cat([torch.zeros(tokens, before, dtype=torch.bool), ahead], dim=1).repeat(3, 1)
    out = (e * 0.3).masked_fill(ahead, float("-inf")).softmax(-1)
    ours = kernels.causal_softmax(scores.clone(), tokens, 0.3)
    near(ours, out)
    assert (ours[:, ahead] == 0).all()
    d = numbers(*scores.shape, seed=3)
    (theirs,) = torch.autograd.grad(out, e, d.double())
    back = kernels.causal_softmax_backward(d.clone(), ours, tokens, 0.3)
    torch.testing.assert_close(back.double(), theirs, rtol=2**-6, atol=2**-8)


def test_cross_entropy_and_its_gradient_in_place() -> None:
    logits, labels, weights = numbers(5, 301) * 5, torch.tensor([0, 300, 7, 7, 150]), torch.rand(5) + 0.1
    e = exact(logits)
    loss = cross_entropy(e, labels, reduction="none") @ weights.double()
    (theirs,) = torch.autograd.grad(loss, e)
    assert kernels.cross_entropy(logits, labels, weights) == pytest.approx(loss.item(), rel=1e-5)
    near(logits, theirs)


def test_a_weight_in_the_processors_order_gives_the_same_product() -> None:
    x, weight, bias = numbers(33, 24), numbers(40, 24, seed=1), numbers(40, seed=2)
    product = Product(weight, bias)
    assert product.pays == torch.ops.mkldnn._is_mkldnn_bf16_supported()  # elsewhere oneDNN refuses to order it
    torch.testing.assert_close(product(x), torch.nn.functional.linear(x, weight, bias))


def errors(model: Any, tensors: dict[str, Any], wanted: dict[str, torch.Tensor]) -> float:
    """The mean relative error of a bfloat16 model's gradients."""
    with packing(model, True), fused(model) as head:
        _, ours = gradients(model, tensors, head)
    off = [(ours[name].float() - wanted[name]).norm() / wanted[name].norm() for name in wanted]
    return float(sum(off)) / len(off)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_a_bfloat16_model_is_as_exact_with_them_as_without(
    tiny_model: Callable[..., Any], architecture: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (pack,) = make_packs(group(40), ["tools"] * 4, 4, seed=0)
    tensors = shared_tensors(pack)
    model = with_lora(tiny_model(architecture))
    model.get_base_model().to(torch.bfloat16).float()  # the weights that both have
    with packing(model, True):
        _, wanted = gradients(model, tensors)
    model.to(torch.bfloat16)
    with_kernels = errors(model, tensors, wanted)
    monkeypatch.setattr(fused_module, "_kernels", lambda: None)
    assert with_kernels <= 1.3 * errors(model, tensors, wanted)
    assert with_kernels < 0.1


def test_without_numba_torch_does_it(monkeypatch: pytest.MonkeyPatch) -> None:
    fused_module._kernels.cache_clear()
    monkeypatch.setitem(sys.modules, "tooltune.engine.kernels", None)
    monkeypatch.delattr("tooltune.engine.kernels", raising=False)
    try:
        assert kernels_for(numbers(2, 2)) is None
    finally:
        fused_module._kernels.cache_clear()
    monkeypatch.undo()
    assert kernels_for(numbers(2, 2)) is not None
    assert kernels_for(numbers(2, 2).float()) is None
