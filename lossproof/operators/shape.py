"""Views, constructors, indexing, joining, matrix products. Views share memory, so that in-place operations reach them."""

from typing import Any

import numpy as np

from .reduce import total
from .scalars import Array, Poison, Scalars


def same(s: Scalars, a: Any, *_: Any, **__: Any) -> Array:
    return s.array(a)


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


def view(s: Scalars, a: Any, size: Any, *_: Any) -> Array:
    return s.array(a).reshape([int(n) for n in size])


def expand(s: Scalars, a: Any, size: Any, implicit: bool = False) -> Array:
    a = s.array(a)
    lead = len(size) - a.ndim
    return np.broadcast_to(a, [a.shape[d - lead] if n == -1 else n for d, n in enumerate(size)])


def transpose(s: Scalars, a: Any, d0: int = 0, d1: int = 1) -> Array:
    a = s.array(a)
    return np.swapaxes(a, d0, d1) if a.ndim > 1 else a


def unsqueeze(s: Scalars, a: Any, dim: int) -> Array:
    a = s.array(a)
    return np.expand_dims(a, dim if dim >= 0 else dim + a.ndim + 1)


def squeeze(s: Scalars, a: Any, dim: Any = None) -> Array:
    a = s.array(a)
    dims = range(a.ndim) if dim is None else [d % a.ndim for d in (dim if isinstance(dim, (list, tuple)) else [dim])] if a.ndim else []
    return a.reshape([n for d, n in enumerate(a.shape) if not (d in dims and n == 1)])


def select(s: Scalars, a: Any, dim: int, index: int) -> Array:
    a = s.array(a)
    where = [slice(None)] * a.ndim
    where[dim] = slice(index, index + 1 or None)
    return np.squeeze(a[tuple(where)], axis=dim)


def sliced(s: Scalars, a: Any, dim: int = 0, start: Any = None, end: Any = None, step: int = 1) -> Array:
    a = s.array(a)
    where = [slice(None)] * a.ndim
    where[dim] = slice(start, end, step)
    return a[tuple(where)]


def split(s: Scalars, a: Any, size: Any, dim: int = 0) -> list[Array]:
    a = s.array(a)
    n = a.shape[dim]
    sizes = size if isinstance(size, (list, tuple)) else [min(size, n - k) for k in range(0, n, size)]
    edges = np.cumsum([0, *sizes])
    return [sliced(s, a, dim, int(lo), int(hi)) for lo, hi in zip(edges[:-1], edges[1:], strict=True)]


def unbind(s: Scalars, a: Any, dim: int = 0) -> list[Array]:
    return [select(s, a, dim, k) for k in range(s.array(a).shape[dim])]


def as_strided(s: Scalars, a: Any, size: Any, stride: Any, offset: int = 0) -> Array:
    flat = s.array(a)
    base = flat.base if isinstance(flat.base, np.ndarray) and flat.base.dtype == object else flat
    if not base.flags.c_contiguous:
        raise NotImplementedError("as_strided of memory that is not contiguous")
    step = base.itemsize
    return np.lib.stride_tricks.as_strided(base.reshape(-1)[offset:], tuple(size), [n * step for n in stride])


def integers(s: Scalars, index: Any) -> Array:
    """An index tensor as plain integers: it must be constant."""
    out = np.empty(np.shape(index), dtype=int)
    for at in np.ndindex(out.shape):
        value = np.asarray(index, dtype=object)[at]
        plain = value.args[0] if getattr(value, "op", "") == "num" else value
        try:
            out[at] = int(plain)
        except (TypeError, ValueError) as e:
            raise NotImplementedError("indexing with an index that depends on the data") from e
    return out


def gather(s: Scalars, a: Any, dim: int, index: Any, sparse_grad: bool = False) -> Array:
    return np.take_along_axis(s.array(a), integers(s, index), dim)


def index(s: Scalars, a: Any, indices: Any) -> Array:
    return s.array(a)[tuple(slice(None) if i is None else integers(s, i) for i in indices)]


def index_put(s: Scalars, a: Any, indices: Any, values: Any, accumulate: bool = False) -> Array:
    out, at = s.array(a).copy(), tuple(slice(None) if i is None else integers(s, i) for i in indices)
    flat = np.arange(out.size).reshape(out.shape)[at]
    incoming = np.broadcast_to(s.array(values), flat.shape)
    for place, x in zip(flat.reshape(-1), incoming.reshape(-1), strict=True):
        out.reshape(-1)[place] = s.lift(s.add, out.reshape(-1)[place], x)[()] if accumulate else x
    return out


def index_select(s: Scalars, a: Any, dim: int, which: Any) -> Array:
    return np.take(s.array(a), integers(s, which), axis=dim)


def scatter(s: Scalars, a: Any, dim: int, index: Any, src: Any, add: bool = False) -> Array:
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
        moved[k] = s.lift(s.add, moved[k], row if alpha == 1 else s.lift(s.mul, row, alpha))
    return out


def cat(s: Scalars, tensors: Any, dim: int = 0) -> Array:
    return np.concatenate([s.array(t) for t in tensors if s.array(t).shape != (0,)], axis=dim)


def matmul(s: Scalars, a: Any, b: Any) -> Array:
    a, b = s.array(a), s.array(b)
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


VIEWS = {
    "view": view, "_unsafe_view": view, "reshape": view, "_reshape_alias": view, "expand": expand, "t": transpose,
    "transpose": transpose, "permute": lambda s, a, dims: np.transpose(s.array(a), dims), "unsqueeze": unsqueeze,
    "squeeze": squeeze, "select": select, "slice": sliced, "split": split, "split_with_sizes": split, "unbind": unbind,
    "as_strided": as_strided, "detach": same, "alias": same, "lift_fresh": same, "lift": same, "view_as": same,
    "diagonal": lambda s, a, offset=0, dim1=0, dim2=1: np.diagonal(s.array(a), offset, dim1, dim2),
}  # fmt: skip

TABLE = {
    **VIEWS, "clone": copy, "contiguous": copy, "_to_copy": cast, "to": cast, "zeros_like": like(0), "ones_like": like(1),
    "full_like": lambda s, a, x, *_, **__: s.full(s.array(a).shape, x), "empty_like": like(0), "zeros": made(0), "ones": made(1),
    "empty": made(0), "full": lambda s, size, x, *_, **__: s.full(size, x), "scalar_tensor": lambda s, x, **__: s.array(x),
    "new_zeros": new(0), "new_ones": new(1), "new_empty": new(0), "new_full": lambda s, a, size, x, *_, **__: s.full(size, x),
    "new_empty_strided": new(0), "empty_strided": made(0), "arange": arange, "copy": lambda s, a, b, *_: expand(s, b, s.array(a).shape),
    "fill": lambda s, a, x: expand(s, s.array(x), s.array(a).shape), "zero": like(0), "gather": gather, "index": index,
    "index_put": index_put, "_unsafe_index": index, "index_select": index_select, "scatter": scatter,
    "scatter_add": lambda s, a, dim, i, src: scatter(s, a, dim, i, src, True), "index_add": index_add, "cat": cat,
    "stack": lambda s, ts, dim=0: np.stack([s.array(t) for t in ts], axis=dim), "mm": matmul, "bmm": matmul, "addmm": addmm,
    "repeat": lambda s, a, times: np.tile(s.array(a), times), "flip": lambda s, a, dims: np.flip(s.array(a), dims),
    "tril": triangle(False), "triu": triangle(True),
    "eye": lambda s, n, m=None, **__: s.array(np.eye(n, m)),
    "repeat_interleave": None,
}  # fmt: skip
TABLE = {name: f for name, f in TABLE.items() if f is not None}
