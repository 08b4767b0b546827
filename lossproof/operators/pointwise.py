"""Elementwise operators."""

from fractions import Fraction
from typing import Any

from .scalars import Array, Infinite, Scalars


def add(s: Scalars, a: Any, b: Any, alpha: Any = 1) -> Array:
    return s.lift(s.add, a, b if alpha == 1 else s.lift(s.mul, b, alpha))


def sub(s: Scalars, a: Any, b: Any, alpha: Any = 1) -> Array:
    return s.lift(s.sub, a, b if alpha == 1 else s.lift(s.mul, b, alpha))


def rsub(s: Scalars, a: Any, b: Any, alpha: Any = 1) -> Array:
    return sub(s, b, a, alpha)


def div(s: Scalars, a: Any, b: Any, rounding_mode: str | None = None) -> Array:
    if rounding_mode is not None:
        raise NotImplementedError(f"div with rounding_mode={rounding_mode}")
    return s.lift(s.div, a, b)


def log1p(s: Scalars, a: Any) -> Array:
    return s.lift(s.log, add(s, a, 1))


def expm1(s: Scalars, a: Any) -> Array:
    return sub(s, s.lift(s.exp, a), 1)


def power(s: Scalars, a: Any, b: Any) -> Array:
    if isinstance(b, (int, float)):
        return s.lift(lambda x: s.power(x, Fraction(repr(b))), a)
    return s.lift(lambda x, n: s.exp(s.mul(n, s.log(x))), a, b)


def tanh(s: Scalars, a: Any) -> Array:
    return s.lift(lambda x: s.sub(s.mul(s.constant(2), s.sigmoid(s.mul(s.constant(2), x))), s.one), a)


def softplus(s: Scalars, a: Any, beta: Any = 1, threshold: Any = 20) -> Array:
    """log(1 + exp(beta x)) / beta; PyTorch's switch to x above the threshold is rounding, not meaning."""
    return div(s, log1p(s, s.lift(s.exp, s.lift(s.mul, a, beta))), beta)


def log_sigmoid(s: Scalars, a: Any) -> tuple[Array, Array]:
    return s.lift(lambda x: s.log(s.sigmoid(x)), a), s.array([])


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
    import numpy as np

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


def false_everywhere(s: Scalars, a: Any) -> Array:
    """isnan, isinf: the meanings have neither."""
    return s.lift(lambda x: s.m.truth(isinstance(x, Infinite)), a)


def bitwise_not(s: Scalars, a: Any) -> Array:
    return s.lift(s.not_, a)


TABLE = {
    "add": add, "sub": sub, "rsub": rsub, "mul": binary("mul"), "div": div, "true_divide": div, "neg": unary("neg"),
    "reciprocal": lambda s, a: s.lift(lambda x: s.div(s.one, x), a), "exp": unary("exp"), "log": unary("log"),
    "log1p": log1p, "expm1": expm1, "sqrt": unary("sqrt"), "rsqrt": lambda s, a: s.lift(lambda x: s.div(s.one, s.sqrt(x)), a),
    "pow": power, "square": lambda s, a: s.lift(s.mul, a, a), "sigmoid": unary("sigmoid"), "tanh": tanh, "softplus": softplus,
    "log_sigmoid_forward": log_sigmoid, "sign": sign, "sgn": sign, "abs": absolute, "minimum": binary("minimum"),
    "maximum": binary("maximum"), "fmin": binary("minimum"), "fmax": binary("maximum"), "clamp": clamp,
    "clamp_min": lambda s, a, b: clamp(s, a, min=b), "clamp_max": lambda s, a, b: clamp(s, a, max=b),
    "where": where, "masked_fill": masked_fill, "lt": comparison("less"), "gt": comparison("less", swap=True),
    "le": comparison("less_equal"), "ge": comparison("less_equal", swap=True), "eq": comparison("equal"),
    "ne": comparison("equal", negate=True), "logical_and": binary("and_"), "logical_or": binary("or_"),
    "logical_not": bitwise_not, "logical_xor": comparison("equal", negate=True), "bitwise_and": binary("and_"),
    "bitwise_or": binary("or_"), "bitwise_not": bitwise_not, "isnan": false_everywhere, "isinf": false_everywhere,
    "isfinite": lambda s, a: s.lift(s.not_, false_everywhere(s, a)), "nan_to_num": lambda s, a, *_, **__: s.array(a),
    "xlogy": lambda s, a, b: s.lift(lambda x, y: s.mul(x, s.log(y)), a, b), "heaviside": None,
}  # fmt: skip
TABLE = {name: f for name, f in TABLE.items() if f is not None}
