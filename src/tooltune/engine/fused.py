"""Parts of a decoder layer, and the loss, as single autograd steps.

A frozen model with LoRA has few gradients to compute, but transformers and peft compute them from
many small steps, each of which reads and writes all hidden states, some after a cast to float32.
On a CPU that costs more time than the matrix products. Each function here does the same arithmetic
in as few passes as torch allows, with its gradient written out, and saves only what that needs.

For bfloat16 on a CPU the element-wise ones are compiled loops (see `kernels`), where numba is installed.

Nothing here trains a weight other than LoRA's. `fuse` puts these functions into a model.
"""

from __future__ import annotations

import functools
from types import ModuleType
from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function
from torch.nn.functional import linear, silu

ROWS = 512
"""For so many rows of input the order of a weight is chosen; it serves every other number too."""
LOGITS_AT_A_TIME = 2**22
"""Values of one block of logits: 16 MB in float32, so that a block stays near the processor."""


def kernels_for(x: Tensor) -> ModuleType | None:
    """The compiled loops, where they are for numbers like these."""
    return _kernels() if x.dtype == torch.bfloat16 and x.device.type == "cpu" else None


@functools.cache
def _kernels() -> ModuleType | None:
    try:
        from tooltune.engine import kernels
    except ImportError:
        return None
    return kernels


@functools.cache
def _orders_bfloat16() -> bool:
    """Whether oneDNN orders bfloat16 weights for this processor: without AVX-512 it refuses to."""
    return torch.backends.mkldnn.is_available() and bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())


class Product:
    """x Wᵀ + bias for a frozen W; on a CPU in bfloat16, W lies ready in the processor's own order.

    Otherwise oneDNN puts it in that order for every single product, which at a few hundred rows costs a fifth
    of the time. That is done with the first product, and costs W's memory once more.
    """

    def __init__(self, weight: Tensor, bias: Tensor | None = None) -> None:
        self.weight, self.bias = weight.detach(), bias
        self.ready: Tensor | None = None
        self.pays = weight.device.type == "cpu" and weight.dtype == torch.bfloat16 and _orders_bfloat16()

    def __call__(self, x: Tensor) -> Tensor:
        """x: (rows, in). Returns (rows, out)."""
        if not self.pays:
            return linear(x, self.weight, self.bias)
        if self.ready is None:
            self.ready = torch.ops.mkldnn._reorder_linear_weight(self.weight.contiguous(), ROWS)
        out: Tensor = torch.ops.mkldnn._linear_pointwise(x, self.ready, self.bias, "none", [], "")
        return out


class LoraLinear(Function):
    """y = x Wᵀ + bias + scale · x Aᵀ Bᵀ, in x's number format; A and B are cast once, x never.

    Gradients: x, A, B.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, base: Product, back: Product, a: Tensor, b: Tensor, scale: float) -> Tensor:
        """x: (..., in), base: of W (out, in), back: of Wᵀ, a: (rank, in), b: (out, rank). Returns (..., out)."""
        rows = x.reshape(-1, x.shape[-1])
        low_a, low_b = a.to(x.dtype), (b * scale).to(x.dtype)
        inner = rows @ low_a.T
        y = base(rows).addmm_(inner, low_b.T)
        ctx.save_for_backward(rows, low_a, low_b, inner)
        ctx.back, ctx.scale, ctx.dtype = back, scale, a.dtype
        return y.view(*x.shape[:-1], -1)

    @staticmethod
    def backward(ctx: Any, dy: Tensor) -> tuple[Tensor | None, ...]:
        rows, a, b, inner = ctx.saved_tensors
        d = dy.reshape(-1, dy.shape[-1])
        d_inner = d @ b
        dx = None
        if ctx.needs_input_grad[0]:
            dx = ctx.back(d).addmm_(d_inner, a).view(*dy.shape[:-1], -1)
        da = (d_inner.T @ rows).to(ctx.dtype)
        db = (d.T @ inner).to(ctx.dtype).mul_(ctx.scale)
        return dx, None, None, da, db, None


class RmsNorm(Function):
    """weight · x / sqrt(mean(x²) + eps), the root in float32. Gradient: x."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, eps: float) -> Tensor:
        """x: (..., width), weight: (width,). Returns x's shape."""
        kernels = kernels_for(x)
        if kernels:
            out: Tensor
            out, inverse = kernels.rms_norm(x, weight, eps)
            ctx.save_for_backward(x, inverse, weight)
            return out
        exact = x.float()
        squares: Tensor = torch.linalg.vector_norm(exact, dim=-1, keepdim=True).square_()
        inverse = squares.div_(x.shape[-1]).add_(eps).rsqrt_()
        normed = (exact * inverse).to(x.dtype)
        ctx.save_for_backward(normed, inverse, weight)
        return weight.mul(normed)

    @staticmethod
    def backward(ctx: Any, dy: Tensor) -> tuple[Tensor, None, None]:
        normed, inverse, weight = ctx.saved_tensors
        kernels = kernels_for(dy)
        if kernels:
            return kernels.rms_norm_backward(dy, normed, weight, inverse), None, None
        d, normed = (dy * weight).float(), normed.float()
        along = (d * normed).mean(-1, keepdim=True)
        return d.sub_(normed * along).mul_(inverse).to(dy.dtype), None, None


class Swiglu(Function):
    """silu(gate) · up, the middle of a gated MLP. Gradients: gate, up."""

    @staticmethod
    def forward(ctx: Any, gate: Tensor, up: Tensor) -> Tensor:
        ctx.save_for_backward(gate, up)
        kernels = kernels_for(gate)
        out: Tensor = kernels.swiglu(gate, up) if kernels else silu(gate).mul_(up)
        return out

    @staticmethod
    def backward(ctx: Any, dy: Tensor) -> tuple[Tensor, Tensor]:
        gate, up = ctx.saved_tensors
        kernels = kernels_for(dy)
        if kernels:
            both: tuple[Tensor, Tensor] = kernels.swiglu_backward(gate, up, dy)
            return both
        d_gate: Tensor = torch.ops.aten.silu_backward(dy * up, gate)
        return d_gate, silu(gate).mul_(dy)


class Rotation(Function):
    """Rotary position embedding of one row, by compiled loops. Gradient: x."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, cos: Tensor, sin: Tensor, kernels: ModuleType) -> Tensor:
        """x: (1, heads, tokens, size), cos and sin: (1, tokens, size). Returns x's shape."""
        ctx.save_for_backward(cos, sin)
        ctx.kernels = kernels
        out: Tensor = kernels.rotate(x, cos, sin)
        return out

    @staticmethod
    def backward(ctx: Any, dy: Tensor) -> tuple[Tensor, None, None, None]:
        return ctx.kernels.rotate_back(dy, *ctx.saved_tensors), None, None, None


class HeadLoss(Function):
    """Cross-entropy, as a weighted sum, of a frozen output layer; its logits exist one block at a time.

    The gradient is made in the same pass, from the logits at hand, as Liger's fused linear
    cross-entropy does (arXiv:2410.10989). Gradient: hidden.
    """

    @staticmethod
    def forward(ctx: Any, hidden: Tensor, weight: Tensor, labels: Tensor, weights: Tensor) -> Tensor:
        """hidden: (targets, width), weight: (vocabulary, width), labels, weights: (targets,). Returns a scalar."""
        loss = torch.zeros((), device=hidden.device)
        gradient = torch.empty_like(hidden)
        block = max(1, LOGITS_AT_A_TIME // weight.shape[0])
        kernels = kernels_for(hidden) if ctx.needs_input_grad[0] else None
        for start in range(0, len(labels), block):
            part = slice(start, start + block)
            if kernels:
                logits = linear(hidden[part], weight)
                loss += kernels.cross_entropy(logits, labels[part], weights[part])
                gradient[part] = logits @ weight
                continue
            logits, target = linear(hidden[part], weight).float(), labels[part, None]
            log_sum = logits.logsumexp(-1, keepdim=True)
            loss += weights[part] @ (log_sum - logits.gather(1, target))[:, 0]
            if not ctx.needs_input_grad[0]:  # a measurement, not a training step
                continue
            error = logits.sub_(log_sum).exp_()
            error.scatter_add_(1, target, error.new_full(target.shape, -1.0))
            gradient[part] = error.mul_(weights[part, None]).to(hidden.dtype) @ weight
        ctx.save_for_backward(gradient)
        return loss

    @staticmethod
    def backward(ctx: Any, scale: Tensor) -> tuple[Tensor, None, None, None]:
        (gradient,) = ctx.saved_tensors
        return gradient * scale, None, None, None
