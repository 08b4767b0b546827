"""Constructors, casts, indexing, joining, matrix products. Views need no operators: they are the same memory."""

from typing import Any

import numpy as np

from .pointwise import where
from .reduce import total
from .scalars import Array, Poison, Scalars


def copy(s: Scalars, a: Any, *_: Any, **__: Any) -> Array:
    return s.array(a).copy()


def cast(s: Scalars, a: Any, *rest: Any, dtype: Any = None, **_: Any) -> Array:
    """dtype casts: truth values and numbers are converted; rounding to floats is not modelled; to integers, must be exact."""
    dtype = dtype or next((x for x in rest if type(x).__name__ == "dtype"), None)
    if dtype is None:
        return s.array(a).copy()
    if str(dtype) == "torch.bool":
        return s.lift(s.truth, a)
    if dtype.is_floating_point:
        return s.lift(s.num, a)

    def whole(x: Any) -> Any:
        x = s.num(x)
        return x if s.m.is_integer(x) else Poison(f"a cast to {dtype} of a number that may not be an integer")

    return s.lift(whole, a)


def like(value: Any) -> Any:
    return lambda s, a, *_, dtype=None, **__: s.full(s.array(a).shape, _typed(s, value, dtype))


def _typed(s: Scalars, value: Any, dtype: Any) -> Any:
    return s.constant(bool(value) if str(dtype) == "torch.bool" else value)


def made(value: Any) -> Any:
    return lambda s, size, *_, dtype=None, **__: s.full(size, _typed(s, value, dtype))


def new(value: Any) -> Any:
    return lambda s, a, size, *_, dtype=None, **__: s.full(size, _typed(s, value, dtype))


def arange(s: Scalars, *bounds: Any, dtype: Any = None, **_: Any) -> Array:
    return s.array(np.arange(*bounds))


def expand(s: Scalars, a: Any, size: Any, implicit: bool = False) -> Array:
    a = s.array(a)
    lead = len(size) - a.ndim
    return np.broadcast_to(a, [a.shape[d - lead] if n == -1 else n for d, n in enumerate(size)])


def select(s: Scalars, a: Any, dim: int, index: int) -> Array:
    a = s.array(a)
    at = [slice(None)] * a.ndim
    at[dim] = slice(index, index + 1 or None)
    return np.squeeze(a[tuple(at)], axis=dim)


def sliced(s: Scalars, a: Any, dim: int = 0, start: Any = None, end: Any = None, step: int = 1) -> Array:
    a = s.array(a)
    at = [slice(None)] * a.ndim
    at[dim] = slice(start, end, step)
    return a[tuple(at)]


def integers(s: Scalars, index: Any) -> Array:
    """An index tensor as plain integers: it must be constant."""
    given = np.asarray(index, dtype=object)
    out = np.empty(given.shape, dtype=int)
    for at in np.ndindex(out.shape):
        x: Any = given[at]
        if isinstance(x, Poison):
            raise NotImplementedError(x.reason)
        q = s.plain(x)
        if q is None or q.denominator != 1:
            raise NotImplementedError("indexing with an index that depends on the data")
        out[at] = int(q)
    return out


def gather(s: Scalars, a: Any, dim: int, index: Any, sparse_grad: bool = False) -> Array:
    return np.take_along_axis(s.array(a), integers(s, index), dim)


def index(s: Scalars, a: Any, indices: Any) -> Array:
    return s.array(a)[tuple(slice(None) if i is None else integers(s, i) for i in indices)]


def index_put(s: Scalars, a: Any, indices: Any, values: Any, accumulate: bool = False) -> Array:
    out, values = s.array(a).copy(), s.array(values)
    first = indices[0] if len(indices) == 1 else None
    if first is not None and np.size(first) and values.size == 1 and s.m.is_truth(np.ravel(first)[0]):
        mask = first.reshape(first.shape + (1,) * (out.ndim - first.ndim))
        return where(s, mask, s.lift(s.add, out, values.reshape(())) if accumulate else values.reshape(()), out)
    at = tuple(slice(None) if i is None else integers(s, i) for i in indices)
    flat = np.arange(out.size).reshape(out.shape)[at]
    incoming = np.broadcast_to(values, flat.shape)
    for place, x in zip(flat.reshape(-1), incoming.reshape(-1), strict=True):
        out.reshape(-1)[place] = s.lift(s.add, out.reshape(-1)[place], x)[()] if accumulate else x
    return out


def put(s: Scalars, a: Any, which: Any, source: Any, accumulate: bool = False) -> Array:
    a = s.array(a)
    flat = index_put(s, a.reshape(-1), [s.array(which).reshape(-1)], s.array(source).reshape(-1), accumulate)
    return flat.reshape(a.shape)


def index_select(s: Scalars, a: Any, dim: int, which: Any) -> Array:
    return np.take(s.array(a), integers(s, which), axis=dim)


def scatter(s: Scalars, a: Any, dim: int, index: Any, src: Any, add: bool = False) -> Array:
    if not np.ndim(a):
        return scatter(s, s.array(a)[None], 0, s.array(index)[None], s.array(src).reshape(1), add)[0, ...]
    out, at = s.array(a).copy(), integers(s, index)
    src = np.broadcast_to(s.array(src), at.shape) if np.ndim(src) == 0 else s.array(src)
    for place in np.ndindex(at.shape):
        target = list(place)
        target[dim] = at[place]
        out[tuple(target)] = s.lift(s.add, out[tuple(target)], src[place])[()] if add else src[place]
    return out


def index_add(s: Scalars, a: Any, dim: int, which: Any, source: Any, alpha: Any = 1) -> Array:
    out = s.array(a).copy()
    moved = np.moveaxis(out, dim, 0)
    for k, row in zip(integers(s, which).reshape(-1), np.moveaxis(s.array(source), dim, 0), strict=True):
        moved[k, ...] = s.lift(s.add, moved[k], row if alpha == 1 else s.lift(s.mul, row, alpha))
    return out


def bincount(s: Scalars, a: Any, weights: Any = None, minlength: int = 0) -> Array:
    """How often each integer occurs, or the sum of its weights: of constant integers, whose largest is the shape."""
    ones = s.full(np.shape(a), 1) if weights is None else weights
    return scatter(s, s.full((max([minlength, *(integers(s, a) + 1)]),), 0), 0, a, ones, True)


def cat(s: Scalars, tensors: Any, dim: int = 0) -> Array:
    return np.concatenate([s.array(t) for t in tensors if s.array(t).shape != (0,)], axis=dim)


def matmul(s: Scalars, a: Any, b: Any) -> Array:
    a, b = s.array(a), s.array(b)
    if not a.shape[-1]:
        return s.full((*a.shape[:-1], b.shape[-1]), 0)
    return total(s, s.lift(s.mul, a[..., :, :, None], b[..., None, :, :]), a.ndim - 1)


def addmm(s: Scalars, c: Any, a: Any, b: Any, beta: Any = 1, alpha: Any = 1) -> Array:
    return s.lift(s.add, s.lift(s.mul, c, beta), s.lift(s.mul, matmul(s, a, b), alpha))


def triangle(upper: bool) -> Any:
    def keep(s: Scalars, a: Any, diagonal: int = 0) -> Array:
        out = s.array(a).copy()
        for at in np.ndindex(out.shape):
            offset = at[-1] - at[-2]
            if (offset < diagonal) if upper else (offset > diagonal):
                out[at] = s.zero
        return out

    return keep


def pad(s: Scalars, a: Any, widths: Any, value: Any = 0) -> Array:
    a = s.array(a)
    pairs = [(0, 0)] * (a.ndim - len(widths) // 2) + [tuple(widths[k : k + 2]) for k in range(len(widths) - 2, -1, -2)]
    out = s.full([n + lo + hi for n, (lo, hi) in zip(a.shape, pairs, strict=True)], value)
    inner = tuple(slice(max(lo, 0), n - max(hi, 0) if hi > 0 else n) for n, (lo, hi) in zip(out.shape, pairs, strict=True))
    outer = tuple(slice(max(-lo, 0), n + min(hi, 0)) for n, (lo, hi) in zip(a.shape, pairs, strict=True))
    out[inner] = a[outer]
    return out


def index_fill(s: Scalars, a: Any, dim: int, which: Any, value: Any) -> Array:
    out = s.array(a).copy()
    np.moveaxis(out, dim, 0)[integers(s, which).reshape(-1)] = s.array(value)
    return out


def index_copy(s: Scalars, a: Any, dim: int, which: Any, source: Any) -> Array:
    out = s.array(a).copy()
    np.moveaxis(out, dim, 0)[integers(s, which).reshape(-1)] = np.moveaxis(s.array(source), dim, 0)
    return out


def filled(s: Scalars, a: Any, x: Any, *_: Any, dtype: Any = None, **__: Any) -> Array:
    return s.full(s.array(a).shape, s.array(x)[()])


def full(s: Scalars, size: Any, x: Any, *_: Any, **__: Any) -> Array:
    return s.full(size, s.array(x)[()])


TABLE = {
    "clone": copy, "_to_copy": cast, "copy": lambda s, a, b, *_: expand(s, b, s.array(a).shape), "zeros_like": like(0),
    "ones_like": like(1), "full_like": filled, "fill": filled, "zero": like(0), "zeros": made(0), "ones": made(1), "full": full,
    "scalar_tensor": lambda s, x, **__: s.array(x), "new_zeros": new(0), "new_ones": new(1),
    "new_full": lambda s, a, size, x, *_, **__: full(s, size, x), "arange": arange,
    "eye": lambda s, n, m=None, **__: s.array(np.eye(n, m if isinstance(m, int) else None)), "gather": gather, "index": index,
    "index_put": index_put, "put": put,
    "index_select": index_select, "take": lambda s, a, i: s.array(a).reshape(-1)[integers(s, i)], "scatter": scatter,
    "scatter_add": lambda s, a, dim, i, src: scatter(s, a, dim, i, src, True), "index_add": index_add, "index_fill": index_fill,
    "index_copy": index_copy, "cat": cat, "bincount": bincount,
    "stack": lambda s, ts, dim=0: np.stack([s.array(t) for t in ts], axis=dim),
    "mm": matmul, "bmm": matmul, "mv": lambda s, a, b: matmul(s, a, s.array(b)[:, None])[:, 0], "addmm": addmm, "baddbmm": addmm,
    "repeat": lambda s, a, times: np.tile(s.array(a), times), "flip": lambda s, a, dims: np.flip(s.array(a), dims),
    "roll": lambda s, a, shifts, dims=(): np.roll(s.array(a), shifts, tuple(dims) or None), "tril": triangle(False),
    "triu": triangle(True), "constant_pad_nd": pad,
}  # fmt: skip
