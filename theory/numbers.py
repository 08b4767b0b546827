"""The numbers of `theory.evaluate`: rationals as long as that is exact, then rigorous balls, and dual numbers for slopes.

Rationals are `int` or `flint.fmpq`, many times quicker than `Fraction`, to which `plain` turns them for the rest of the
world. Balls (`flint.arb`) enter with exp, log or a root that is not rational; a comparison of balls that overlap is
undecided (None), never a guess. Whatever is outside its domain raises `Undefined`, and `Unknown` where that is not known.
"""

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from math import isqrt
from typing import Any

from flint import arb, ctx, fmpq

ctx.prec = 160
Number = Any  # int | fmpq | arb | Dual
EXACT = frozenset([int, fmpq])


class Undefined(ArithmeticError):
    """The expression has no value here: division by zero, log or root outside its domain, a tie in a derivative."""


class Unknown(Undefined):
    """The case does not tell: a value is missing or of the wrong kind, or balls overlap. This says nothing of a claim."""


@dataclass(frozen=True)
class Dual:
    """value + slope * (a positive infinitesimal)."""

    value: Number
    slope: Number

    def __add__(self, other: Number) -> "Dual":
        o = dual(other)
        return Dual(plus(self.value, o.value), plus(self.slope, o.slope))

    def __mul__(self, other: Number) -> "Dual":
        o = dual(other)
        return Dual(times(self.value, o.value), plus(times(self.slope, o.value), times(self.value, o.slope)))

    __radd__, __rmul__ = __add__, __mul__

    def __neg__(self) -> "Dual":
        return self * -1

    def __sub__(self, other: Number) -> "Dual":
        return self + dual(other) * -1

    def __rsub__(self, other: Number) -> "Dual":
        return dual(other) - self


def number(x: Any) -> Number:
    """An int, a Fraction or text ("1/3") as a number of this module. Raises Unknown for floats."""
    if type(x) in EXACT or isinstance(x, arb):
        return x
    if isinstance(x, Dual):
        return Dual(number(x.value), number(x.slope))
    if isinstance(x, float):
        raise Unknown(f"{x!r} is a float: write it as a fraction")
    x = Fraction(x)
    return int(x.numerator) if x.denominator == 1 else fmpq(int(x.numerator), int(x.denominator))


def plain(x: Number) -> Any:
    """The number with its rationals as `Fraction`."""
    if isinstance(x, Dual):
        return Dual(plain(x.value), plain(x.slope))
    return Fraction(int(x.numerator), int(x.denominator)) if type(x) in EXACT else x


def dual(x: Any) -> Dual:
    return x if isinstance(x, Dual) else Dual(number(x), 0)


def ball(x: Number) -> arb:
    return x if isinstance(x, arb) else arb(x)


def mixed(f: Callable[[Any, Any], Any], x: Number, y: Number) -> Number:
    return f(dual(x), dual(y)) if isinstance(x, Dual) or isinstance(y, Dual) else f(ball(x), ball(y))


def plus(x: Number, y: Number) -> Number:
    if type(x) in EXACT and type(y) in EXACT:  # nearly always: searches live off this line
        return x + y
    return mixed(lambda a, b: a + b, x, y)


def times(x: Number, y: Number) -> Number:
    if type(x) in EXACT and type(y) in EXACT:
        return x * y
    return mixed(lambda a, b: a * b, x, y)


def sign(x: Number) -> int | None:
    """-1, 0 or 1; None where a ball does not tell."""
    if isinstance(x, Dual):
        return sign(x.value)
    return 1 if x > 0 else -1 if x < 0 else 0 if x == 0 else None


def need(found: int | None, signs: tuple[int, ...], what: str) -> None:
    if found not in signs:
        raise (Unknown if found is None else Undefined)(what)


def whole(x: Number) -> bool:
    return type(x) is int or (type(x) is fmpq and x.q == 1)


def inverse(x: Number) -> Number:
    need(sign(x), (-1, 1), f"division by {show(x)}")
    if isinstance(x, Dual):
        v = inverse(x.value)
        return Dual(v, times(times(x.slope, -1), times(v, v)))
    return fmpq(1) / x if type(x) in EXACT else 1 / x  # an int by an int would be a float


def exp(x: Number) -> Number:
    if isinstance(x, Dual):
        return Dual(exp(x.value), times(exp(x.value), x.slope))
    return 1 if x == 0 else ball(x).exp()


def log(x: Number) -> Number:
    need(sign(x), (1,), f"log of {show(x)}")
    if isinstance(x, Dual):
        return Dual(log(x.value), times(x.slope, inverse(x.value)))
    return 0 if x == 1 else ball(x).log()


def sqrt(x: Number) -> Number:
    need(sign(x), (0, 1), f"square root of {show(x)}")
    if isinstance(x, Dual):
        if sign(x) == 0:
            raise Unknown("the slope of a square root at 0")
        root = sqrt(x.value)
        return Dual(root, times(x.slope, inverse(times(2, root))))
    if type(x) in EXACT:
        p, q = isqrt(int(x.numerator)), isqrt(int(x.denominator))
        if p * p == x.numerator and q * q == x.denominator:
            return fmpq(p, q)
    return ball(x).sqrt()


def power(x: Number, n: int) -> Number:
    if type(x) in EXACT:
        return x**n
    out: Number = 1
    for _ in range(n):
        out = times(out, x)
    return out


def show(x: Number) -> str:
    """A value for people: fractions exactly, balls to 8 digits."""
    if isinstance(x, Dual):
        return f"{show(x.value)} with slope {show(x.slope)}"
    return x.str(8, radius=False) if isinstance(x, arb) else str(x)
