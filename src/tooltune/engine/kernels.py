"""Element-wise work on bfloat16 numbers in one pass over memory each, compiled when first used.

A small model's element-wise steps take longer on a CPU than its matrix products: torch reads and
writes all hidden states once an operation, and casts them to float32 and back. These loops read once,
compute in float32 and write once. numba compiles them for the processor at hand and keeps the result
beside this file (or where NUMBA_CACHE_DIR says), so no compiler has to be installed.

Not covered: other number formats, GPUs, several threads inside one loop (processes share the cores,
see `side`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic as numba_intrinsic
from torch import Tensor

_f4, _u4, _u2, _i4 = np.float32, np.uint32, np.uint16, np.int32


def _intrinsic(function: Callable[..., Any]) -> Any:
    return numba_intrinsic(function)


def _inline(function: Callable[..., Any]) -> Any:
    """Part of a loop. "numpy": division by zero gives infinity; a check would keep a loop from being vectorised."""
    return njit(fastmath=True, error_model="numpy", inline="always")(function)


def _loop(function: Callable[..., Any]) -> Any:
    return njit(fastmath=True, error_model="numpy", cache=True, nogil=True)(function)


@_intrinsic
def _from_bits(context: Any, bits: Any) -> Any:
    """The float32 of 32 bits."""
    return types.float32(types.uint32), lambda c, builder, s, args: builder.bitcast(args[0], ir.FloatType())


@_intrinsic
def _to_bits(context: Any, number: Any) -> Any:
    """The 32 bits of a float32."""
    return types.uint32(types.float32), lambda c, builder, s, args: builder.bitcast(args[0], ir.IntType(32))


@_inline
def _load(bits: Any) -> Any:
    """bfloat16 is the upper half of a float32."""
    return _from_bits(_u4(_u4(bits) << _u4(16)))


@_inline
def _store(number: Any) -> Any:
    """Rounded to the nearest, ties to even."""
    bits = _to_bits(number)
    return _u2((bits + _u4(0x7FFF) + ((bits >> _u4(16)) & _u4(1))) >> _u4(16))


@_inline
def _exp(x: Any) -> Any:
    """e^x as 2^n · 2^f with f in [-½, ½], the latter a polynomial; relative error below 3e-6, far under bfloat16's."""
    power = min(max(x * _f4(1.4426950408889634), _f4(-126.0)), _f4(126.0))
    whole = np.floor(power + _f4(0.5))
    f = power - whole
    p = _f4(1.3333558146428443e-3) * f + _f4(9.618129107628477e-3)
    p = p * f + _f4(5.550410866482158e-2)
    p = p * f + _f4(2.402265069591007e-1)
    p = p * f + _f4(6.931471805599453e-1)
    return (p * f + _f4(1.0)) * _from_bits(_u4(_i4(whole) + _i4(127)) << _u4(23))


@_loop
def _swiglu(gate: Any, up: Any, out: Any) -> None:
    for i in range(gate.size):
        g = _load(gate[i])
        out[i] = _store(g / (_f4(1.0) + _exp(-g)) * _load(up[i]))


@_loop
def _swiglu_backward(gate: Any, up: Any, dy: Any, d_gate: Any, d_up: Any) -> None:
    for i in range(gate.size):
        g, d = _load(gate[i]), _load(dy[i])
        sigmoid = _f4(1.0) / (_f4(1.0) + _exp(-g))
        silu = g * sigmoid
        d_up[i] = _store(d * silu)
        d_gate[i] = _store(d * _load(up[i]) * (sigmoid + silu * (_f4(1.0) - sigmoid)))


@_loop
def _rms_norm(x: Any, weight: Any, eps: Any, out: Any, inverse: Any) -> None:
    width = x.shape[1]
    for row in range(x.shape[0]):
        squares = _f4(0.0)
        for i in range(width):
            squares += _load(x[row, i]) * _load(x[row, i])
        factor = _f4(1.0) / np.sqrt(squares / _f4(width) + eps)
        inverse[row] = factor
        for i in range(width):
            out[row, i] = _store(_load(weight[i]) * _load(_store(_load(x[row, i]) * factor)))


@_loop
def _rms_norm_backward(dy: Any, x: Any, weight: Any, inverse: Any, dx: Any) -> None:
    width = x.shape[1]
    for row in range(x.shape[0]):
        factor, along = inverse[row], _f4(0.0)
        for i in range(width):
            along += _load(dy[row, i]) * _load(weight[i]) * _load(x[row, i])
        along = along * factor * factor / _f4(width)
        for i in range(width):
            d = _load(dy[row, i]) * _load(weight[i]) - along * _load(x[row, i])
            dx[row, i] = _store(d * factor)


@_inline
def _turn(x: Any, cos: Any, sin: Any, sign: Any, out: Any) -> None:
    half = x.size // 2
    for i in range(half):
        a, b, c, s = _load(x[i]), _load(x[i + half]), _load(cos[i]), sign * _load(sin[i])
        out[i] = _store(a * c - b * s)
        out[i + half] = _store(b * c + a * s)


@_loop
def _rotate_to_heads(x: Any, cos: Any, sin: Any, out: Any) -> None:
    for token in range(x.shape[0]):
        for head in range(x.shape[1]):
            _turn(x[token, head], cos[token], sin[token], _f4(1.0), out[head, token])


@_loop
def _rotate_to_tokens(x: Any, cos: Any, sin: Any, out: Any) -> None:
    for token in range(x.shape[1]):
        for head in range(x.shape[0]):
            _turn(x[head, token], cos[token], sin[token], _f4(-1.0), out[token, head])


@_inline
def _ordered(bits: Any) -> Any:
    """An integer that is larger where the bfloat16 is, or back: loops over integers find a largest one vectorised."""
    number = _i4(np.int16(bits))
    return number ^ ((number >> _i4(15)) & _i4(0x7FFF))


@_inline
def _exponentials(row: Any, count: Any, scale: Any, powers: Any) -> Any:
    """Fill `powers` with e^(scale · (number - largest)) of a row's first numbers; returns their sum and the largest."""
    largest, total = _i4(-0x8000), _f4(0.0)
    for i in range(count):
        largest = max(largest, _ordered(row[i]))
    most = _load(_u2(_ordered(largest)))
    for i in range(count):
        powers[i] = _exp((_load(row[i]) - most) * scale)
        total += powers[i]
    return total, most


@_loop
def _softmax(scores: Any, tokens: Any, scale: Any) -> None:
    width = scores.shape[1]
    powers = np.empty(width, dtype=np.float32)
    for row in range(scores.shape[0]):
        visible = width - tokens + row % tokens + 1
        total, _ = _exponentials(scores[row], visible, scale, powers)
        share = _f4(1.0) / total
        for i in range(visible):
            scores[row, i] = _store(powers[i] * share)
        for i in range(visible, width):
            scores[row, i] = _u2(0)


@_loop
def _softmax_backward(d: Any, probabilities: Any, tokens: Any, scale: Any) -> None:
    width = d.shape[1]
    for row in range(d.shape[0]):
        visible, along = width - tokens + row % tokens + 1, _f4(0.0)
        for i in range(visible):
            along += _load(d[row, i]) * _load(probabilities[row, i])
        for i in range(visible):
            d[row, i] = _store((_load(d[row, i]) - along) * _load(probabilities[row, i]) * scale)
        for i in range(visible, width):
            d[row, i] = _u2(0)


@_loop
def _cross_entropy(logits: Any, labels: Any, weights: Any) -> Any:
    width, loss = logits.shape[1], 0.0
    powers = np.empty(width, dtype=np.float32)
    for row in range(logits.shape[0]):
        label, weight = labels[row], weights[row]
        total, most = _exponentials(logits[row], width, _f4(1.0), powers)
        right = _load(logits[row, label]) - most
        share = weight / total
        for i in range(width):
            logits[row, i] = _store(powers[i] * share)
        logits[row, label] = _store(powers[label] * share - weight)
        loss += weight * (np.log(total) - right)
    return loss


def _bits(tensor: Tensor, *shape: int) -> Any:
    """The numbers' bits as a numpy array of that shape, on the same memory."""
    return tensor.detach().view(torch.uint16).numpy().reshape(shape)


def swiglu(gate: Tensor, up: Tensor) -> Tensor:
    """silu(gate) · up; all of one shape."""
    out = torch.empty_like(gate, memory_format=torch.contiguous_format)
    _swiglu(*(_bits(t.contiguous(), -1) for t in (gate, up)), _bits(out, -1))
    return out


def swiglu_backward(gate: Tensor, up: Tensor, dy: Tensor) -> tuple[Tensor, Tensor]:
    """Gradients of gate and up."""
    d_gate, d_up = (torch.empty_like(gate, memory_format=torch.contiguous_format) for _ in range(2))
    _swiglu_backward(*(_bits(t.contiguous(), -1) for t in (gate, up, dy)), _bits(d_gate, -1), _bits(d_up, -1))
    return d_gate, d_up


def rms_norm(x: Tensor, weight: Tensor, eps: float) -> tuple[Tensor, Tensor]:
    """weight · x / root, and 1 / root, float32 of shape (rows,); x: (..., width)."""
    width = x.shape[-1]
    out = torch.empty_like(x, memory_format=torch.contiguous_format)
    inverse = torch.empty(x.numel() // width)
    _rms_norm(_bits(x.contiguous(), -1, width), _bits(weight, -1), _f4(eps), _bits(out, -1, width), inverse.numpy())
    return out, inverse


def rms_norm_backward(dy: Tensor, x: Tensor, weight: Tensor, inverse: Tensor) -> Tensor:
    """Gradient of x."""
    width, dx = x.shape[-1], torch.empty_like(x, memory_format=torch.contiguous_format)
    arrays = [_bits(dy.contiguous(), -1, width), _bits(x.contiguous(), -1, width), _bits(weight, -1)]
    _rms_norm_backward(*arrays, inverse.numpy(), _bits(dx, -1, width))
    return dx


def rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Rotary position embedding of halves (not of pairs) of one row; see `rotate_back`.

    Args:
        x: (1, heads, tokens, size), a view of tokens before heads.
        cos, sin: (1, tokens, size), both halves alike.

    Returns:
        The same shape, heads before tokens in memory.
    """
    heads, tokens, size = x.shape[1:]
    out = torch.empty(1, heads, tokens, size, dtype=x.dtype)
    angles = [_bits(t.contiguous(), tokens, size) for t in (cos, sin)]
    _rotate_to_heads(
        _bits(x.transpose(1, 2).contiguous(), tokens, heads, size), *angles, _bits(out, heads, tokens, size)
    )
    return out


def rotate_back(d: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Gradient of `rotate`: the rotation the other way. Returns a view of tokens before heads."""
    heads, tokens, size = d.shape[1:]
    out = torch.empty(1, tokens, heads, size, dtype=d.dtype)
    angles = [_bits(t.contiguous(), tokens, size) for t in (cos, sin)]
    _rotate_to_tokens(_bits(d.contiguous(), heads, tokens, size), *angles, _bits(out, tokens, heads, size))
    return out.transpose(1, 2)


def causal_softmax(scores: Tensor, tokens: int, scale: float) -> Tensor:
    """Softmax of scaled scores, in place; what lies ahead of a token gets 0.

    Args:
        scores: (heads, queries, keys), contiguous; a head's queries are one or more times `tokens` of
            them, and the last `tokens` keys are those tokens' own.
        tokens: how many tokens ask.
        scale: what scores are multiplied by.
    """
    _softmax(_bits(scores, -1, scores.shape[-1]), tokens, _f4(scale))
    return scores


def causal_softmax_backward(d: Tensor, probabilities: Tensor, tokens: int, scale: float) -> Tensor:
    """Gradient of `causal_softmax`'s scores, in place of its result's gradient `d`."""
    width = d.shape[-1]
    _softmax_backward(_bits(d, -1, width), _bits(probabilities, -1, width), tokens, _f4(scale))
    return d


def cross_entropy(logits: Tensor, labels: Tensor, weights: Tensor) -> float:
    """The weighted sum over rows; `logits`, (rows, classes), become their gradient, in place.

    Args:
        labels: (rows,), int64.
        weights: (rows,), float32.
    """
    loss: float = _cross_entropy(_bits(logits, *logits.shape), labels.numpy(), weights.numpy())
    return loss
