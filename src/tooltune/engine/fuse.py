"""Puts the fused functions into a model for the time of training, or of asking it.

Nothing is taken on trust: a module is replaced only when its class, its settings and a probe with
random numbers say that the fused function computes the same. Whatever does not match stays as it is,
so an unknown architecture trains a little slower, and never differently.

On CPU only: nobody has measured these against a GPU's own kernels here. Not where weights are sharded: the fused
functions read whole weights, past the hooks that would put them together.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from peft.tuners.lora import Linear as PeftLinear
from torch import Tensor, nn
from torch.nn.functional import linear

from tooltune.engine.fused import LoraLinear, Product, RmsNorm, Rotation, Swiglu, kernels_for
from tooltune.engine.memory import free_bytes

Forward = Callable[[Tensor], Tensor]
ROOM = 3
"""So many times a model's size has to be free before its weights are kept in a second order."""


@contextmanager
def fused(model: Any) -> Iterator[Tensor | None]:
    """Within, the model's parts are fused. Yields the output layer's weight where the head is fused too.

    Then the model's `logits` are the hidden states that go into its output layer, and `HeadLoss`
    takes them and the weight.
    """
    if asked_to_shard() or next(model.parameters()).device.type != "cpu":
        yield None
        return
    products = _products(model)
    with _replaced(model, lambda module: _replacement(module) or products(module)), _rotation(model):
        head = _plain_head(model)
        if head is None:
            yield None
            return
        _replace(head, lambda hidden: hidden)
        try:
            yield head.weight
        finally:
            del head.forward


@contextmanager
def fused_to_ask(model: Any) -> Iterator[None]:
    """Within, linear layers and the adapter of a bfloat16 model on a CPU are computed as in training.

    For the adapter's sake peft casts all hidden states to float32 and back in every layer, which is half the time of
    decoding. Norms, MLPs and attention gain nothing there.
    """
    first = next(model.parameters())
    if first.device.type != "cpu" or first.dtype != torch.bfloat16 or asked_to_shard():
        yield
        return
    products = _products(model, asked=True)
    with _replaced(model, lambda module: _lora(module) if type(module) is PeftLinear else products(module)):
        yield


@contextmanager
def _replaced(model: Any, choose: Callable[[nn.Module], Forward | None]) -> Iterator[None]:
    """Within, each module has the forward that is chosen for it, if one is."""
    replaced: list[nn.Module] = []
    try:
        for module in model.modules():
            forward = choose(module)
            if forward:
                _replace(module, forward)
                replaced.append(module)
        yield
    finally:
        for module in replaced:
            del module.forward  # the class's own shows again


@contextmanager
def _rotation(model: Any) -> Iterator[None]:
    """Within, the function by which the model's attention classes rotate queries and keys is ours for single rows."""
    homes = {sys.modules[type(m).__module__] for m in model.modules() if type(m).__name__.endswith("Attention")}
    theirs = {home: vars(home)["apply_rotary_pos_emb"] for home in homes if "apply_rotary_pos_emb" in vars(home)}
    rotations = {home: _rotate(function) for home, function in theirs.items() if _rotates_halves(function)}
    try:
        for home, function in rotations.items():
            vars(home)["apply_rotary_pos_emb"] = function
        yield
    finally:
        for home in rotations:
            vars(home)["apply_rotary_pos_emb"] = theirs[home]


def _rotate(theirs: Callable[..., tuple[Tensor, Tensor]]) -> Callable[..., tuple[Tensor, Tensor]]:
    """Theirs, but where one row of bfloat16 numbers is rotated whole."""

    def rotate(q: Tensor, k: Tensor, cos: Tensor, sin: Tensor, *args: Any, **kwargs: Any) -> tuple[Tensor, Tensor]:
        kernels = kernels_for(q)
        if not kernels or args or kwargs or q.shape[0] != 1 or cos.shape != (1, *q.shape[2:]) or cos.dtype != q.dtype:
            return theirs(q, k, cos, sin, *args, **kwargs)
        return tuple(Rotation.apply(x, cos, sin, kernels) for x in (q, k))  # type: ignore[no-untyped-call]

    return rotate


def _rotates_halves(theirs: Callable[..., tuple[Tensor, Tensor]]) -> bool:
    """Whether a function computes what ours does."""
    q, k, angle = (
        torch.randn(shape, generator=torch.Generator().manual_seed(0)).bfloat16()
        for shape in ((1, 2, 3, 8), (1, 1, 3, 8), (1, 3, 4))
    )
    cos, sin = (torch.cat([turn(angle)] * 2, dim=-1) for turn in (torch.cos, torch.sin))
    try:
        pairs = zip(_rotate(theirs)(q, k, cos, sin), theirs(q, k, cos, sin), strict=True)
    except (TypeError, RuntimeError):  # another function of this name
        return False
    return all(torch.allclose(ours, other, rtol=2**-6, atol=2**-6) for ours, other in pairs)


def _replace(module: nn.Module, forward: Forward) -> None:
    """Give one module its own forward; deleting that attribute takes it away again."""
    module.forward = forward


def _replacement(module: nn.Module) -> Forward | None:
    """The fused forward for a module, or None."""
    if type(module) is PeftLinear:
        return _lora(module)
    if type(module).__name__.endswith("RMSNorm"):
        return _norm(module)
    return _mlp(module) if type(module).__name__.endswith("MLP") else None


def _lora(module: Any) -> Forward | None:
    """Plain LoRA on a plain linear layer: one adapter, no dropout, no variant such as DoRA."""
    base, names = module.base_layer, module.active_adapters
    if type(base) is not nn.Linear or len(names) != 1 or names[0] not in module.lora_A or base.weight.requires_grad:
        return None
    name = names[0]
    a, b = module.lora_A[name], module.lora_B[name]
    odd = module.merged or module.disable_adapters or module.fan_in_fan_out or name in module.lora_variant
    if odd or b.bias is not None or not isinstance(module.lora_dropout[name], nn.Identity):
        return None

    product, back = Product(base.weight, base.bias), Product(base.weight.T)

    def forward(x: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        result: Tensor = LoraLinear.apply(x, product, back, a.weight, b.weight, module.scaling[name])  # type: ignore[no-untyped-call]
        return result

    return forward


def _products(model: Any, asked: bool = False) -> Callable[[nn.Module], Forward | None]:
    """Chooses for linear layers without an adapter, where there is room for their weights once more.

    Args:
        model: which one.
        asked: nothing is trained: also layers that could be, and the output layer, which training takes into the loss.
    """
    first, head = next(model.parameters()), model.get_output_embeddings()
    size = sum(p.numel() * p.element_size() for p in model.parameters())
    room = (free_bytes(first.device) or 0) > ROOM * size

    def choose(module: nn.Module) -> Forward | None:
        if not room or type(module) is not nn.Linear:
            return None
        return _linear(module) if asked or not (module is head or module.weight.requires_grad) else None

    return choose


def _linear(module: Any) -> Forward | None:
    """A linear layer whose weight stays as it is and lies in the processor's own order."""
    product = Product(module.weight, module.bias)

    def forward(x: Tensor) -> Tensor:
        if x.requires_grad:  # there is no way back through that product
            return linear(x, module.weight, module.bias)
        return product(x.reshape(-1, x.shape[-1])).view(*x.shape[:-1], -1)

    return forward if product.pays else None


def _norm(module: Any) -> Forward | None:
    weight = getattr(module, "weight", None)
    eps = getattr(module, "variance_epsilon", getattr(module, "eps", None))
    if weight is None or weight.requires_grad or not isinstance(eps, float):
        return None

    def forward(x: Tensor) -> Tensor:
        result: Tensor = RmsNorm.apply(x, weight, eps)  # type: ignore[no-untyped-call]
        return result

    return forward if _same(module, forward, weight.shape[0], weight.dtype) else None


def _mlp(module: Any) -> Forward | None:
    gate, up, down = (getattr(module, name, None) for name in ("gate_proj", "up_proj", "down_proj"))
    if gate is None or up is None or down is None:
        return None

    def forward(x: Tensor) -> Tensor:
        result: Tensor = down(Swiglu.apply(gate(x), up(x)))  # type: ignore[no-untyped-call]
        return result

    weight: Any = getattr(gate, "weight", None)
    known = weight is not None and weight.dim() == 2
    return forward if known and _same(module, forward, weight.shape[1], weight.dtype) else None


def _same(module: nn.Module, forward: Forward, width: int, dtype: torch.dtype) -> bool:
    """Whether both give the same for random numbers, to the precision of their format."""
    x = torch.randn(4, width, generator=torch.Generator().manual_seed(0)).to(dtype)
    with torch.no_grad():
        ours, theirs = forward(x), module(x)
    off = (ours.float() - theirs.float()).norm()  # single numbers near 0 may differ by much more than they are
    return bool(off <= 8 * torch.finfo(dtype).eps * theirs.float().norm())


def asked_to_shard(by: tuple[str, ...] = ("FSDP", "DEEPSPEED")) -> bool:
    """Whether a process may come to hold only a part of a weight: the launcher's word, before there is a model."""
    return any(os.environ.get(f"ACCELERATE_USE_{name}", "").lower() == "true" for name in by)


def _plain_head(model: Any) -> nn.Linear | None:
    """The output layer, when logits are nothing but its product with the last hidden states."""
    head = model.get_base_model().get_output_embeddings()
    if type(head) is not nn.Linear or head.bias is not None or head.weight.requires_grad:
        return None
    ids = torch.arange(4)[None]
    with torch.no_grad():
        logits = model(input_ids=ids, use_cache=False).logits
        _replace(head, lambda hidden: hidden)
        try:
            hidden = model(input_ids=ids, use_cache=False).logits
        finally:
            del head.forward
    return head if torch.equal(linear(hidden, head.weight), logits) else None
