"""Scalar operations derived from the few that a meaning must have, lifted to NumPy object arrays.

A scalar that has no value in the meaning (an operator it lacks, a constant infinity) is a `Poison`: it spreads to what is
computed from it, and costs only the results that it reaches.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from ..meanings import Meaning, Unsupported

Array = Any  # np.ndarray of dtype object


@dataclass(frozen=True)
class Poison:
    """A value that the meaning does not have, and why."""

    reason: str


@dataclass(frozen=True)
class Infinite(Poison):
    """A constant infinity: known to minima, maxima and comparisons only."""

    positive: bool = True


class Scalars:
    """Scalar operations of one meaning, and their lifting to arrays."""

    def __init__(self, meaning: Meaning):
        self.m = meaning
        self.zero, self.one = meaning.number(Fraction(0)), meaning.number(Fraction(1))

    # -- constants ------------------------------------------------------------------------------------------------

    def constant(self, x: Any) -> Any:
        """A Python or NumPy number as a scalar: floats as the decimal they print as."""
        if isinstance(x, (bool, np.bool_)):
            return self.m.truth(bool(x))
        if isinstance(x, (int, np.integer)):
            return self.m.number(Fraction(int(x)))
        if x != x:
            return Poison("a constant NaN")
        if x in (float("inf"), float("-inf")):
            return Infinite("a constant infinity", x > 0)
        return self.m.number(Fraction(repr(float(x))))

    def array(self, x: Any) -> Array:
        """Anything an operator may be given as a tensor, as an object array."""
        if isinstance(x, np.ndarray) and x.dtype == object:
            return x
        raw = np.asarray(x)
        if raw.dtype == object and raw.ndim == 0:  # a scalar of the meaning
            return raw
        out = np.empty(raw.shape, dtype=object)
        for index in np.ndindex(raw.shape):
            out[index] = self.constant(raw[index])
        return out

    def full(self, shape: Any, x: Any) -> Array:
        out = np.empty(tuple(shape), dtype=object)
        plain = x[()] if isinstance(x, np.ndarray) else x
        out.fill(self.constant(plain) if type(plain) in (int, float, bool) else plain)
        return out

    # -- lifting --------------------------------------------------------------------------------------------------

    def lift(self, f: Callable[..., Any], *tensors: Any) -> Array:
        """Apply a scalar function elementwise, with broadcasting; poison spreads, unless f handles it."""

        def guarded(*xs: Any) -> Any:
            for x in xs:
                if isinstance(x, Poison) and not (isinstance(x, Infinite) and f in self.takes_infinite):
                    return x
            try:
                return f(*xs)
            except Unsupported as e:
                return Poison(str(e))

        out = np.frompyfunc(guarded, len(tensors), 1)(*(self.array(t) for t in tensors))
        if not isinstance(out, np.ndarray):
            scalar = np.empty((), dtype=object)
            scalar[()] = out
            return scalar
        return out

    def elementwise(self, f: Callable[[Any], Any], a: Any) -> Array:
        """f of every element, poison included."""
        out = np.frompyfunc(f, 1, 1)(self.array(a))
        return out if isinstance(out, np.ndarray) else self.full((), out)

    def plain(self, x: Any) -> Fraction | None:
        """The value of a scalar that is a constant, None for what is none."""
        if isinstance(x, Poison) or self.m.is_truth(x):
            return None
        if isinstance(x, Fraction):
            return x
        if isinstance(x, float):
            return Fraction(repr(x)) if math.isfinite(x) else None
        if getattr(x, "op", "") == "num":
            return x.args[0]
        q = getattr(x, "unique_fmpz", lambda: None)()
        return None if q is None else Fraction(int(q))

    @property
    def takes_infinite(self) -> tuple[Callable[..., Any], ...]:
        return (self.minimum, self.maximum, self.less, self.equal, self.less_equal, self.exp)

    # -- scalar operations ----------------------------------------------------------------------------------------

    def num(self, x: Any) -> Any:
        """A truth value as 0 or 1, a number as it is."""
        return self.m.where(x, self.one, self.zero) if self.m.is_truth(x) else x

    def truth(self, x: Any) -> Any:
        return x if self.m.is_truth(x) else self.m.not_(self.m.equal(x, self.zero))

    def add(self, a: Any, b: Any) -> Any:
        return self.m.add(self.num(a), self.num(b))

    def mul(self, a: Any, b: Any) -> Any:
        return self.m.mul(self.num(a), self.num(b))

    def neg(self, a: Any) -> Any:
        return self.m.mul(self.m.number(Fraction(-1)), self.num(a))

    def sub(self, a: Any, b: Any) -> Any:
        return self.add(a, self.neg(b))

    def div(self, a: Any, b: Any) -> Any:
        return self.mul(a, self.m.inv(self.num(b)))

    def exp(self, a: Any) -> Any:
        if isinstance(a, Infinite):
            return a if a.positive else self.zero
        return self.m.exp(self.num(a))

    def log(self, a: Any) -> Any:
        return self.m.log(self.num(a))

    def sqrt(self, a: Any) -> Any:
        return self.m.sqrt(self.num(a))

    def less(self, a: Any, b: Any) -> Any:
        if isinstance(a, Infinite) or isinstance(b, Infinite):
            ranks = [(1 if x.positive else -1) if isinstance(x, Infinite) else 0 for x in (a, b)]
            return self.m.truth(ranks[0] < ranks[1])
        return self.m.less(self.num(a), self.num(b))

    def equal(self, a: Any, b: Any) -> Any:
        if isinstance(a, Infinite) or isinstance(b, Infinite):
            return self.m.truth(a == b)
        return self.m.equal(self.num(a), self.num(b))

    def less_equal(self, a: Any, b: Any) -> Any:
        return self.m.not_(self.less(b, a))

    def and_(self, a: Any, b: Any) -> Any:
        return self.m.and_(self.truth(a), self.truth(b))

    def or_(self, a: Any, b: Any) -> Any:
        return self.m.not_(self.m.and_(self.m.not_(self.truth(a)), self.m.not_(self.truth(b))))

    def xor(self, a: Any, b: Any) -> Any:
        p, q = self.truth(a), self.truth(b)
        return self.or_(self.m.and_(p, self.m.not_(q)), self.m.and_(q, self.m.not_(p)))

    def not_(self, a: Any) -> Any:
        return self.m.not_(self.truth(a))

    def minimum(self, a: Any, b: Any) -> Any:
        if isinstance(a, Infinite) or isinstance(b, Infinite):
            other, bound = (b, a) if isinstance(a, Infinite) else (a, b)
            return other if bound.positive else bound
        a, b = self.num(a), self.num(b)
        return a if a is b else self.m.where(self.m.less(b, a), b, a)

    def maximum(self, a: Any, b: Any) -> Any:
        if isinstance(a, Infinite) or isinstance(b, Infinite):
            other, bound = (b, a) if isinstance(a, Infinite) else (a, b)
            return bound if bound.positive else other
        a, b = self.num(a), self.num(b)
        return a if a is b else self.m.where(self.m.less(a, b), b, a)

    def where(self, p: Any, a: Any, b: Any) -> Any:
        """Chooses before it looks: a poisoned branch that is not taken does no harm."""
        if isinstance(p, Poison):
            return p
        p = self.truth(p)
        marks = object(), object()
        try:
            chosen = self.m.where(p, *marks) if isinstance(a, Poison) or isinstance(b, Poison) else None
        except (AttributeError, TypeError, Unsupported):
            chosen = None
        if chosen in marks:
            return a if chosen is marks[0] else b
        for x in (a, b):
            if isinstance(x, Poison):
                return x
        if not (self.m.is_truth(a) and self.m.is_truth(b)):
            a, b = self.num(a), self.num(b)
        return self.m.where(p, a, b)

    def power(self, a: Any, n: Any) -> Any:
        """a to an exact power: integers by multiplication, halves by roots, else exp(n log a)."""
        n = n if isinstance(n, Fraction) else Fraction(repr(n))
        a = self.num(a)
        if n.denominator == 2:
            a, n = self.sqrt(a), n * 2
        if n.denominator != 1:
            return self.exp(self.mul(self.m.number(n), self.log(a)))
        out = self.one
        for _ in range(abs(int(n))):
            out = self.mul(out, a)
        return out if n >= 0 else self.m.inv(out)

    def sigmoid(self, a: Any) -> Any:
        return self.m.inv(self.add(self.one, self.exp(self.neg(a))))

    def total(self, xs: Any) -> Any:
        """The sum of scalars, poison included."""
        out = self.zero
        for x in xs:
            if isinstance(x, Poison):
                return x
            out = self.add(out, x)
        return out
