"""Parts of a decoder layer, and the loss, as single autograd steps.

A frozen model with LoRA has few gradients to compute, but transformers and peft compute them from
many small steps, each of which reads and writes all hidden states, some after a cast to float32.
On a CPU that costs more time than the matrix products. Each function here does the same arithmetic
in as few passes as torch allows, with its gradient written out, and saves only what that needs.

Nothing here trains a weight other than LoRA's. `fuse` puts these functions into a model.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function
from torch.nn.functional import linear, silu

LOGITS_AT_A_TIME = 2**22
"""Values of one block of logits: 16 MB in float32, so that a block stays near the processor."""


class LoraLinear(Function):
    """y = x Wᵀ + bias + scale · x Aᵀ Bᵀ, in x's number format; A and B are cast once, x never.

    Gradients: x, A, B.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, bias: Tensor | None, a: Tensor, b: Tensor, scale: float) -> Tensor:
        """x: (..., in), weight: (out, in), a: (rank, in), b: (out, rank). Returns (..., out)."""
        rows = x.reshape(-1, x.shape[-1])
        low_a, low_b = a.to(x.dtype), (b * scale).to(x.dtype)
        inner = rows @ low_a.T
        y = linear(rows, weight, bias).addmm_(inner, low_b.T)
        ctx.save_for_backward(rows, weight, low_a, low_b, inner)
        ctx.scale, ctx.dtype = scale, a.dtype
        return y.view(*x.shape[:-1], -1)

    @staticmethod
    def backward(ctx: Any, dy: Tensor) -> tuple[Tensor | None, ...]:
        rows, weight, a, b, inner = ctx.saved_tensors
        d = dy.reshape(-1, dy.shape[-1])
        d_inner = d @ b
        dx = None
        if ctx.needs_input_grad[0]:
            dx = (d @ weight).addmm_(d_inner, a).view(*dy.shape[:-1], -1)
        da = (d_inner.T @ rows).to(ctx.dtype)
        db = (d.T @ inner).to(ctx.dtype).mul_(ctx.scale)
        return dx, None, None, da, db, None


class RmsNorm(Function):
    """weight · x / sqrt(mean(x²) + eps), the root in float32. Gradient: x."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, eps: float) -> Tensor:
        """x: (..., width), weight: (width,). Returns x's shape."""
        exact = x.float()
        squares: Tensor = torch.linalg.vector_norm(exact, dim=-1, keepdim=True).square_()
        inverse = squares.div_(x.shape[-1]).add_(eps).rsqrt_()
        normed = (exact * inverse).to(x.dtype)
        ctx.save_for_backward(normed, inverse, weight)
        return weight.mul(normed)

    @staticmethod
    def backward(ctx: Any, dy: Tensor) -> tuple[Tensor, None, None]:
        normed, inverse, weight = ctx.saved_tensors
        d, normed = (dy * weight).float(), normed.float()
        along = (d * normed).mean(-1, keepdim=True)
        return d.sub_(normed * along).mul_(inverse).to(dy.dtype), None, None


class Swiglu(Function):
    """silu(gate) · up, the middle of a gated MLP. Gradients: gate, up."""

    @staticmethod
    def forward(ctx: Any, gate: Tensor, up: Tensor) -> Tensor:
        ctx.save_for_backward(gate, up)
        out: Tensor = silu(gate).mul_(up)
        return out

    @staticmethod
    def backward(ctx: Any, dy: Tensor) -> tuple[Tensor, Tensor]:
        gate, up = ctx.saved_tensors
        d_gate: Tensor = torch.ops.aten.silu_backward(dy * up, gate)
        return d_gate, silu(gate).mul_(dy)


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
        for start in range(0, len(labels), block):
            part = slice(start, start + block)
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
