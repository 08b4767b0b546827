"""Backward operators that autograd calls by name; all others come down to forward operators."""

from typing import Any

import numpy as np

from .pointwise import div, sub, where
from .reduce import total
from .scalars import Array, Scalars
from .shape import select, sliced


def select_backward(s: Scalars, g: Any, sizes: Any, dim: int, index: int) -> Array:
    out = s.full(sizes, 0)
    select(s, out, dim, index)[...] = s.array(g)
    return out


def slice_backward(s: Scalars, g: Any, sizes: Any, dim: int, start: int, end: int, step: int) -> Array:
    out = s.full(sizes, 0)
    sliced(s, out, dim, start, end, step)[...] = s.array(g)
    return out


def diagonal_backward(s: Scalars, g: Any, sizes: Any, offset: int, dim1: int, dim2: int) -> Array:
    out = s.full(sizes, 0)
    places = np.diagonal(np.arange(out.size).reshape(out.shape), offset, dim1, dim2)
    out.reshape(-1)[places.reshape(-1)] = s.array(g).reshape(-1)
    return out


def times(s: Scalars, *factors: Any) -> Array:
    out = s.array(factors[0])
    for f in factors[1:]:
        out = s.lift(s.mul, out, f)
    return out


def sigmoid_backward(s: Scalars, g: Any, y: Any) -> Array:
    return times(s, g, y, sub(s, 1, y))


def tanh_backward(s: Scalars, g: Any, y: Any) -> Array:
    return times(s, g, sub(s, 1, times(s, y, y)))


def log_sigmoid_backward(s: Scalars, g: Any, x: Any, buffer: Any) -> Array:
    return times(s, g, s.lift(lambda a: s.sigmoid(s.neg(a)), x))


def softplus_backward(s: Scalars, g: Any, x: Any, beta: Any, threshold: Any) -> Array:
    return times(s, g, s.lift(s.sigmoid, s.lift(s.mul, x, beta)))


def softmax_backward(s: Scalars, g: Any, y: Any, dim: int, dtype: Any = None) -> Array:
    weighted = times(s, g, y)
    return sub(s, weighted, times(s, y, total(s, weighted, dim, True)))


def log_softmax_backward(s: Scalars, g: Any, y: Any, dim: int, dtype: Any = None) -> Array:
    return sub(s, g, times(s, s.lift(s.exp, y), total(s, g, dim, True)))


def threshold_backward(s: Scalars, g: Any, x: Any, threshold: Any) -> Array:
    return where(s, s.lift(s.less_equal, x, threshold), 0, g)


def mse_backward(s: Scalars, g: Any, a: Any, b: Any, reduction: int) -> Array:
    out = times(s, g, 2, sub(s, a, b))
    return div(s, out, s.array(a).size) if reduction == 1 else out


def silu_backward(s: Scalars, g: Any, x: Any) -> Array:
    y = s.lift(s.sigmoid, x)
    return times(s, g, y, s.lift(s.add, 1, times(s, x, sub(s, 1, y))))


def hardtanh_backward(s: Scalars, g: Any, x: Any, lo: Any, hi: Any) -> Array:
    outside = s.lift(s.or_, s.lift(s.less_equal, x, lo), s.lift(s.less_equal, hi, x))
    return where(s, outside, 0, g)


def leaky_relu_backward(s: Scalars, g: Any, x: Any, slope: Any, self_is_result: bool) -> Array:
    return where(s, s.lift(s.less, 0, x), g, times(s, g, slope))


TABLE = {
    "select_backward": select_backward, "slice_backward": slice_backward, "diagonal_backward": diagonal_backward,
    "sigmoid_backward": sigmoid_backward,
    "tanh_backward": tanh_backward, "log_sigmoid_backward": log_sigmoid_backward, "softplus_backward": softplus_backward,
    "_softmax_backward_data": softmax_backward, "_log_softmax_backward_data": log_softmax_backward,
    "threshold_backward": threshold_backward,
    "mse_loss_backward": mse_backward, "silu_backward": silu_backward, "hardtanh_backward": hardtanh_backward,
    "leaky_relu_backward": leaky_relu_backward,
}  # fmt: skip
