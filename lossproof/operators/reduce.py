"""Reductions: sums, means, spreads, norms, extrema, softmax and its relatives."""

from fractions import Fraction
from typing import Any

import numpy as np

from .pointwise import div, sub
from .scalars import Array, Poison, Scalars


def axes(a: Array, dim: Any) -> tuple[int, ...]:
    """The reduced dimensions: all of them for None and for an empty list."""
    if dim is None or dim == [] or dim == ():
        return tuple(range(a.ndim))
    return tuple(d % max(a.ndim, 1) for d in (dim if isinstance(dim, (list, tuple)) else [dim])) if a.ndim else ()


def reduced(s: Scalars, a: Any, dim: Any, keepdim: bool, f: Any) -> Array:
    """Apply f (a list of scalars to a scalar) along the dimensions."""
    a = s.array(a)
    over = axes(a, dim)
    kept = [d for d in range(a.ndim) if d not in over]
    moved = np.transpose(a, [*kept, *over]).reshape(*(a.shape[d] for d in kept), -1)
    out = np.empty(moved.shape[:-1], dtype=object)
    for index in np.ndindex(out.shape):
        row = list(moved[index])
        bad = next((x for x in row if isinstance(x, Poison) and type(x) is Poison), None)
        out[index] = bad if bad is not None else f(row)
    return out.reshape([1 if d in over else n for d, n in enumerate(a.shape)]) if keepdim else out


def total(s: Scalars, a: Any, dim: Any = None, keepdim: bool = False, dtype: Any = None) -> Array:
    return reduced(s, a, dim, keepdim, s.total)


def mean(s: Scalars, a: Any, dim: Any = None, keepdim: bool = False, dtype: Any = None) -> Array:
    return reduced(s, a, dim, keepdim, lambda xs: s.div(s.total(xs), s.constant(len(xs))) if xs else Poison("mean of nothing"))


def product(s: Scalars, a: Any, dim: Any = None, keepdim: bool = False, dtype: Any = None) -> Array:
    def times(xs: list[Any]) -> Any:
        out = s.one
        for x in xs:
            out = s.mul(out, x)
        return out

    return reduced(s, a, dim, keepdim, times)


def variance(s: Scalars, a: Any, dim: Any = None, correction: Any = 1, keepdim: bool = False, unbiased: Any = None) -> Array:
    def spread(xs: list[Any]) -> Any:
        free = len(xs) - (correction if correction is not None else 1)
        if free <= 0:
            return Poison("variance of too few values")
        centre = s.div(s.total(xs), s.constant(len(xs)))
        squares = [s.mul(d, d) for d in (s.sub(x, centre) for x in xs)]
        return s.div(s.total(squares), s.constant(free))

    return reduced(s, a, dim, keepdim, spread)


def deviation(s: Scalars, a: Any, dim: Any = None, correction: Any = 1, keepdim: bool = False) -> Array:
    return s.lift(s.sqrt, variance(s, a, dim, correction, keepdim))


def var_mean(s: Scalars, a: Any, dim: Any = None, correction: Any = 1, keepdim: bool = False) -> tuple[Array, Array]:
    return variance(s, a, dim, correction, keepdim), mean(s, a, dim, keepdim)


def std_mean(s: Scalars, a: Any, dim: Any = None, correction: Any = 1, keepdim: bool = False) -> tuple[Array, Array]:
    return deviation(s, a, dim, correction, keepdim), mean(s, a, dim, keepdim)


def norm(s: Scalars, a: Any, ord: Any = 2, dim: Any = None, keepdim: bool = False, dtype: Any = None) -> Array:
    def length(xs: list[Any]) -> Any:
        if ord == 1:
            return s.total(s.maximum(x, s.neg(x)) for x in xs)
        sizes = [s.maximum(x, s.neg(x)) for x in xs]
        if ord in (float("inf"), -float("inf")):
            out = sizes[0]
            for x in sizes[1:]:
                out = s.maximum(out, x) if ord > 0 else s.minimum(out, x)
            return out
        if ord == 0:
            return s.total(s.num(s.not_(s.equal(x, s.zero))) for x in xs)
        if ord != 2:
            return s.power(s.total(s.power(x, ord) for x in sizes), 1 / Fraction(repr(ord)))
        return s.sqrt(s.total(s.mul(x, x) for x in xs))

    return reduced(s, a, dim, keepdim, length)


def extremum(name: str) -> Any:
    def pick(s: Scalars, a: Any, dim: Any = None, keepdim: bool = False) -> Array:
        def best(xs: list[Any]) -> Any:
            out = xs[0]
            for x in xs[1:]:
                out = getattr(s, name)(out, x)
            return out

        return reduced(s, a, dim, keepdim, best)

    return pick


def quantified(conjunction: bool) -> Any:
    def quantify(s: Scalars, a: Any, dim: Any = None, keepdim: bool = False) -> Array:
        def fold(xs: list[Any]) -> Any:
            out = s.m.truth(conjunction)
            for x in xs:
                out = s.and_(out, x) if conjunction else s.or_(out, x)
            return out

        return reduced(s, a, dim, keepdim, fold)

    return quantify


def logsumexp(s: Scalars, a: Any, dim: Any, keepdim: bool = False) -> Array:
    return reduced(s, a, dim, keepdim, lambda xs: s.log(s.total(s.exp(x) for x in xs)))


def log_softmax(s: Scalars, a: Any, dim: int, half_to_float: bool = False) -> Array:
    return sub(s, a, logsumexp(s, a, dim, True))


def softmax(s: Scalars, a: Any, dim: int, half_to_float: bool = False) -> Array:
    powers = s.lift(s.exp, a)
    return div(s, powers, total(s, powers, dim, True))


def cumsum(s: Scalars, a: Any, dim: int, dtype: Any = None) -> Array:
    a = s.array(a).copy()
    moved = np.moveaxis(a, dim, 0) if a.ndim else a
    for n in range(1, moved.shape[0] if a.ndim else 0):
        moved[n : n + 1] = s.lift(s.add, moved[n - 1 : n], moved[n : n + 1])
    return a


def cumprod(s: Scalars, a: Any, dim: int, dtype: Any = None) -> Array:
    a = s.array(a).copy()
    moved = np.moveaxis(a, dim, 0) if a.ndim else a
    for n in range(1, moved.shape[0] if a.ndim else 0):
        moved[n : n + 1] = s.lift(s.mul, moved[n - 1 : n], moved[n : n + 1])
    return a


def extremum_along(name: str) -> Any:
    """max(dim), min(dim): the values; which index attains them is not followed."""

    def pick(s: Scalars, a: Any, dim: int, keepdim: bool = False) -> tuple[Array, Array]:
        values = extremum(name)(s, a, dim, keepdim)
        return values, s.full(values.shape, Poison(f"the index of a {name}"))

    return pick


def topk(s: Scalars, a: Any, k: int, dim: int = -1, largest: bool = True, sorted: bool = True) -> tuple[Array, Array]:
    """The k largest or smallest values, in order, and where they stood. Of equal values torch may name any: 1/0 then."""
    moved = np.moveaxis(s.array(a), dim, -1)
    values, places = (np.empty((*moved.shape[:-1], k), dtype=object) for _ in range(2))
    for at in np.ndindex(moved.shape[:-1]):
        row = list(moved[at])
        before = [[s.less(y, x) if largest else s.less(x, y) for y in row] for x in row]  # x before y
        ties = [s.num(s.equal(x, y)) for i, x in enumerate(row) for y in row[:i]]
        unique = s.lift(lambda t: s.m.inv(s.m.where(s.m.equal(t, s.zero), s.one, s.zero)), s.full((), s.total(ties)))
        ahead = [s.total([*(b[i] for b in before), *(s.equal(x, y) for y in row[:i])]) for i, x in enumerate(row)]
        for n in range(k):
            chosen = [s.equal(r, s.constant(n)) for r in ahead]
            values[(*at, n)] = s.total(s.where(c, x, s.zero) for c, x in zip(chosen, row, strict=True))
            index = s.total(s.where(c, s.constant(i), s.zero) for i, c in enumerate(chosen))
            places[(*at, n)] = s.lift(s.mul, s.full((), index), unique)[()]
    return np.moveaxis(values, -1, dim), np.moveaxis(places, -1, dim)


def mse(s: Scalars, a: Any, b: Any, reduction: int = 1) -> Array:
    squares = s.lift(lambda x, y: s.power(s.sub(x, y), 2), a, b)
    return (lambda x: x, lambda x: mean(s, x), lambda x: total(s, x))[reduction](squares)


TABLE = {
    "sum": total, "mean": mean, "prod": product, "var": variance, "std": deviation, "var_mean": var_mean, "std_mean": std_mean,
    "linalg_vector_norm": norm,
    "amax": extremum("maximum"), "amin": extremum("minimum"), "max": extremum("maximum"), "min": extremum("minimum"),
    "any": quantified(False), "all": quantified(True), "logsumexp": logsumexp, "_log_softmax": log_softmax,
    "_softmax": softmax, "cumsum": cumsum,
    "dot": lambda s, a, b: total(s, s.lift(s.mul, a, b)), "nansum": total, "cumprod": cumprod, "mse_loss": mse,
    "max.dim": extremum_along("maximum"), "min.dim": extremum_along("minimum"),
    "topk": topk,
    "aminmax": lambda s, a, dim=None, keepdim=False: (
        extremum("minimum")(s, a, dim, keepdim), extremum("maximum")(s, a, dim, keepdim)),
    "count_nonzero": lambda s, a, dim=None: total(s, s.lift(s.truth, a), dim),
}  # fmt: skip
