"""Elementwise operators."""

from fractions import Fraction
from typing import Any

import numpy as np

from ..meanings import Unsupported
from .scalars import Array, Infinite, Poison, Scalars


def add(s: Scalars, a: Any, b: Any, alpha: Any = 1) -> Array:
    return s.lift(s.add, a, b if alpha == 1 else s.lift(s.mul, b, alpha))


def sub(s: Scalars, a: Any, b: Any, alpha: Any = 1) -> Array:
    return s.lift(s.sub, a, b if alpha == 1 else s.lift(s.mul, b, alpha))


def rsub(s: Scalars, a: Any, b: Any, alpha: Any = 1) -> Array:
    return sub(s, b, a, alpha)


def div(s: Scalars, a: Any, b: Any, rounding_mode: str | None = None) -> Array:
    if rounding_mode is None:
        return s.lift(s.div, a, b)
    floor = rounding_mode == "floor"

    def whole(x: Any, y: Any) -> Any:
        p, q = s.plain(x), s.plain(y)
        if p is None or q is None or q == 0:
            return integral(s, s.div(x, y))
        return s.constant(p // q if floor else int(p / q))

    return s.lift(whole, a, b)


def remainder(s: Scalars, a: Any, b: Any) -> Array:
    """a % b, with the sign of b, of constants only."""

    def rest(x: Any, y: Any) -> Any:
        p, q = s.plain(x), s.plain(y)
        return Poison("the remainder of what is no constant") if p is None or not q else s.m.number(p % q)

    return s.lift(rest, a, b)


def integral(s: Scalars, x: Any) -> Any:
    x = s.num(x)
    return x if s.m.is_integer(x) else Poison("rounding of a number that may not be an integer")


def rounded(s: Scalars, a: Any, decimals: int = 0) -> Array:
    """floor, ceil, round, trunc: of integers only, where they do nothing."""

    return s.lift(lambda x: integral(s, x), a)


def log1p(s: Scalars, a: Any) -> Array:
    return s.lift(s.log, add(s, a, 1))


def expm1(s: Scalars, a: Any) -> Array:
    return sub(s, s.lift(s.exp, a), 1)


def power(s: Scalars, a: Any, b: Any) -> Array:
    if isinstance(b, np.ndarray) and b.ndim == 0 and (constant := s.plain(b[()])) is not None:
        b = constant
    if isinstance(b, (int, float, Fraction)) and not isinstance(b, bool):
        if isinstance(b, float) and b in (float("inf"), -float("inf")):
            raise NotImplementedError("an infinite exponent")
        n = b if isinstance(b, Fraction) else Fraction(repr(b))
        return s.lift(lambda x: s.power(x, n), a)
    return s.lift(lambda x, n: s.exp(s.mul(n, s.log(x))), a, b)


def tanh(s: Scalars, a: Any) -> Array:
    return s.lift(lambda x: s.sub(s.mul(s.constant(2), s.sigmoid(s.mul(s.constant(2), x))), s.one), a)


def softplus(s: Scalars, a: Any, beta: Any = 1, threshold: Any = 20) -> Array:
    """log(1 + exp(beta x)) / beta; PyTorch's switch to x above the threshold is rounding, not meaning."""
    return div(s, log1p(s, s.lift(s.exp, s.lift(s.mul, a, beta))), beta)


def log_sigmoid(s: Scalars, a: Any) -> tuple[Array, Poison]:
    return s.lift(lambda x: s.log(s.sigmoid(x)), a), Poison("a buffer")


def sign(s: Scalars, a: Any) -> Array:
    return s.lift(lambda x: s.sub(s.num(s.less(s.zero, x)), s.num(s.less(x, s.zero))), a)


def absolute(s: Scalars, a: Any) -> Array:
    return s.lift(lambda x: s.maximum(x, s.neg(x)), a)


def clamp(s: Scalars, a: Any, min: Any = None, max: Any = None) -> Array:
    out = s.array(a)
    if min is not None:
        out = s.lift(s.maximum, out, min)
    return out if max is None else s.lift(s.minimum, out, max)


def where(s: Scalars, p: Any, a: Any, b: Any) -> Array:
    out = np.frompyfunc(s.where, 3, 1)(s.array(p), s.array(a), s.array(b))
    return out if isinstance(out, np.ndarray) else s.full((), out)


def masked_fill(s: Scalars, a: Any, mask: Any, value: Any) -> Array:
    return where(s, mask, value, a)


def comparison(name: str, swap: bool = False, negate: bool = False) -> Any:
    def compare(s: Scalars, a: Any, b: Any) -> Array:
        out = s.lift(getattr(s, name), *((b, a) if swap else (a, b)))
        return s.lift(s.not_, out) if negate else out

    return compare


def unary(name: str) -> Any:
    return lambda s, a: s.lift(getattr(s, name), a)


def binary(name: str) -> Any:
    return lambda s, a, b: s.lift(getattr(s, name), a, b)


def infinite(s: Scalars, a: Any) -> Array:
    """isinf: only constants are infinite."""
    return s.elementwise(lambda x: x if type(x) is Poison else s.m.truth(isinstance(x, Infinite)), a)


def nan(s: Scalars, a: Any) -> Array:
    """isnan: no meaning has NaN, and a constant one is poison."""
    return s.elementwise(lambda x: x if isinstance(x, Poison) and not isinstance(x, Infinite) else s.m.truth(False), a)


def nan_to_num(s: Scalars, a: Any, nan: Any = None, posinf: Any = None, neginf: Any = None) -> Array:
    largest = 1.7976931348623157e308
    up, down = (largest if posinf is None else posinf), (-largest if neginf is None else neginf)
    return s.elementwise(lambda x: s.constant(up if x.positive else down) if isinstance(x, Infinite) else x, a)


def logical(name: str) -> Any:
    """bitwise_and and its like: of truth values only."""

    def operate(s: Scalars, a: Any, b: Any) -> Array:
        def both(x: Any, y: Any) -> Any:
            if not (s.m.is_truth(x) and s.m.is_truth(y)):
                return Poison(f"bitwise_{name.strip('_')} of integers")
            return getattr(s, name)(x, y)

        return s.lift(both, a, b)

    return operate


def bitwise_not(s: Scalars, a: Any) -> Array:
    return s.lift(lambda x: s.not_(x) if s.m.is_truth(x) else s.sub(s.neg(s.one), x), a)


def silu(s: Scalars, a: Any) -> Array:
    """silu: x sigmoid(x)."""
    return s.lift(lambda x: s.mul(x, s.sigmoid(x)), a)


def logaddexp(s: Scalars, a: Any, b: Any) -> Array:
    return s.lift(lambda x, y: s.log(s.add(s.exp(x), s.exp(y))), a, b)


def logarithm(base: int) -> Any:
    return lambda s, a: s.lift(lambda x: s.div(s.log(x), s.log(s.constant(base))), a)


def xlogy(s: Scalars, a: Any, b: Any) -> Array:
    """x log y, and 0 where x is 0, whatever y is."""

    def product(x: Any, y: Any) -> Any:
        try:
            return s.mul(x, s.log(y))
        except Unsupported:
            if s.plain(x) == 0:
                return s.zero
            raise

    return s.lift(product, a, b)


TABLE = {
    "add": add, "sub": sub, "rsub": rsub, "mul": binary("mul"), "div": div, "neg": unary("neg"),
    "reciprocal": lambda s, a: s.lift(lambda x: s.div(s.one, x), a), "exp": unary("exp"), "log": unary("log"),
    "log1p": log1p, "expm1": expm1, "sqrt": unary("sqrt"), "rsqrt": lambda s, a: s.lift(lambda x: s.div(s.one, s.sqrt(x)), a),
    "pow": power, "sigmoid": unary("sigmoid"), "tanh": tanh, "softplus": softplus,
    "log_sigmoid_forward": log_sigmoid, "sign": sign, "sgn": sign, "abs": absolute, "minimum": binary("minimum"),
    "maximum": binary("maximum"), "fmin": binary("minimum"), "fmax": binary("maximum"), "clamp": clamp,
    "clamp_min": lambda s, a, b: clamp(s, a, min=b), "clamp_max": lambda s, a, b: clamp(s, a, max=b),
    "where": where, "masked_fill": masked_fill, "lt": comparison("less"), "gt": comparison("less", swap=True),
    "le": comparison("less_equal"), "ge": comparison("less_equal", swap=True), "eq": comparison("equal"),
    "ne": comparison("equal", negate=True), "logical_and": binary("and_"), "logical_or": binary("or_"),
    "logical_not": unary("not_"), "logical_xor": binary("xor"), "bitwise_and": logical("and_"), "bitwise_or": logical("or_"),
    "bitwise_xor": logical("xor"), "bitwise_not": bitwise_not,
    "remainder": remainder, "threshold": lambda s, a, t, v: where(s, s.lift(s.less_equal, a, t), v, a),
    "isnan": nan, "isinf": infinite, "nan_to_num": nan_to_num, "xlogy": xlogy, "floor": rounded, "ceil": rounded,
    "round": rounded, "trunc": rounded, "floor_divide": lambda s, a, b: div(s, a, b, "floor"), "silu": silu,
    "logaddexp": logaddexp, "log2": logarithm(2), "log10": logarithm(10), "relu": lambda s, a: s.lift(s.maximum, a, 0),
    "exp2": lambda s, a: s.lift(lambda x: s.exp(s.mul(x, s.log(s.constant(2)))), a),
    "addcmul": lambda s, a, b, c, value=1: add(s, a, s.lift(s.mul, b, c), value),
    "addcdiv": lambda s, a, b, c, value=1: add(s, a, s.lift(s.div, b, c), value),
    "lerp": lambda s, a, b, w: s.lift(s.add, a, s.lift(s.mul, w, sub(s, b, a))),
    "hardtanh": lambda s, a, lo=-1, hi=1: clamp(s, a, lo, hi),
    "leaky_relu": lambda s, a, slope=0.01: where(s, s.lift(s.less, 0, a), a, s.lift(s.mul, a, slope)),
}  # fmt: skip
