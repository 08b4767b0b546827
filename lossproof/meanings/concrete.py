"""Numbers are plain: Python floats as PyTorch's float64 has them, or exact fractions where no exp, log or root enters."""

import math
from fractions import Fraction
from typing import Any


class Concrete:
    """The float64 meaning, with IEEE's division by zero; stateless."""

    def number(self, q: Fraction) -> Any:
        return float(q)

    def is_truth(self, x: Any) -> bool:
        return isinstance(x, bool)

    def truth(self, b: bool) -> bool:
        return b

    def add(self, a: Any, b: Any) -> Any:
        return a + b

    def mul(self, a: Any, b: Any) -> Any:
        return a * b

    def inv(self, a: Any) -> Any:
        return math.copysign(math.inf, a) if a == 0 else 1 / a

    def exp(self, a: Any) -> Any:
        return math.inf if a > 709.78 else math.exp(a)

    def log(self, a: Any) -> Any:
        return math.log(a) if a > 0 else -math.inf if a == 0 else math.nan

    def sqrt(self, a: Any) -> Any:
        return math.sqrt(a) if a >= 0 else math.nan

    def less(self, a: Any, b: Any) -> bool:
        return bool(a < b)

    def equal(self, a: Any, b: Any) -> bool:
        return bool(a == b)

    def not_(self, p: bool) -> bool:
        return not p

    def and_(self, p: bool, q: bool) -> bool:
        return p and q

    def where(self, p: bool, a: Any, b: Any) -> Any:
        return a if p else b

    def is_integer(self, a: Any) -> bool:
        return bool(a == math.floor(a)) if math.isfinite(a) else False


class Rational(Concrete):
    """Exact fractions; an irrational exp, log or root is refused."""

    def number(self, q: Fraction) -> Fraction:
        return q

    def inv(self, a: Fraction) -> Fraction:
        return 1 / a if a else _refuse("1/", a)

    def exp(self, a: Fraction) -> Fraction:
        return Fraction(1) if a == 0 else _refuse("exp", a)

    def log(self, a: Fraction) -> Fraction:
        return Fraction(0) if a == 1 else _refuse("log", a)

    def sqrt(self, a: Fraction) -> Fraction:
        if a >= 0:
            p, q = math.isqrt(a.numerator), math.isqrt(a.denominator)
            if p * p == a.numerator and q * q == a.denominator:
                return Fraction(p, q)
        return _refuse("sqrt", a)


def _refuse(name: str, a: Fraction) -> Fraction:
    from . import Unsupported

    raise Unsupported(f"{name}({a}) is no fraction")
