"""Numbers are rigorous balls (`flint.arb`): bounds that hold for every value of the inputs in their ranges.

A truth value is True, False or None (the balls do not tell); a conditional on None is the union of both branches.
"""

from fractions import Fraction
from typing import Any

from flint import arb, fmpq

from . import Unsupported


class Interval:
    """The interval meaning; stateless."""

    def number(self, q: Fraction) -> arb:
        return arb(fmpq(q.numerator, q.denominator))

    def is_truth(self, x: Any) -> bool:
        return x is None or isinstance(x, bool)

    def truth(self, b: bool) -> bool:
        return b

    def add(self, a: arb, b: arb) -> arb:
        return a + b

    def mul(self, a: arb, b: arb) -> arb:
        return a * b

    def inv(self, a: arb) -> arb:
        if a.contains(0):
            raise Unsupported(f"division by a ball that contains 0: {a.str(5)}")
        return 1 / a

    def exp(self, a: arb) -> arb:
        return a.exp()

    def log(self, a: arb) -> arb:
        if not a > 0:
            raise Unsupported(f"log of a ball that is not positive: {a.str(5)}")
        return a.log()

    def sqrt(self, a: arb) -> arb:
        if not a >= 0:
            raise Unsupported(f"square root of a ball that may be negative: {a.str(5)}")
        return a.sqrt()

    def less(self, a: arb, b: arb) -> bool | None:
        return True if a < b else False if a >= b else None

    def equal(self, a: arb, b: arb) -> bool | None:
        return True if a == b else None if a.overlaps(b) else False

    def not_(self, p: bool | None) -> bool | None:
        return None if p is None else not p

    def and_(self, p: bool | None, q: bool | None) -> bool | None:
        return False if p is False or q is False else None if p is None or q is None else True

    def where(self, p: bool | None, a: Any, b: Any) -> Any:
        if p is not None:
            return a if p else b
        if self.is_truth(a):
            return a if a == b else None
        return a.union(b)

    def is_integer(self, a: arb) -> bool:
        return bool(a.is_integer())
