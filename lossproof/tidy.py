"""Terms made smaller before they are encoded: constants, branches that are decided, differences that cancel.

Every rewriting keeps the value wherever the term as it was written is defined, mask entries being 0 or 1. It may drop a
division; so whether terms are defined is asked of the terms as they were written too, never of these alone.
"""

from fractions import Fraction
from functools import cache
from typing import Any

from theory.kernel import Term, mk
from theory.kernel.ring import canon, plus, poly
from theory.kernel.terms import ZERO, num

from .meanings.exact import FALSE, TRUE, Exact

EXACT = Exact()
LARGE = 80  # addends and factors of a subterm up to which it is multiplied out


class Tidy:
    """Remembers what it made of each term."""

    def __init__(self) -> None:
        self.made: dict[Term, Term] = {}
        self.sizes: dict[Term, int] = {}

    def __call__(self, t: Term) -> Term:
        if t not in self.made:
            self.made[t] = self._tidy(t)
        return self.made[t]

    def _tidy(self, t: Term) -> Term:
        if t.op in ("num", "var"):
            return t
        args = [self(a) if isinstance(a, Term) else a for a in t.args]
        if t.op in ("add", "mul", "pow"):
            return self._ring(t.op, args)
        if t.op in ("lt", "le", "eq"):
            return self._comparison(t.op, args[0], args[1])
        if t.op == "and":
            out = TRUE
            for a in args:
                out = EXACT.and_(out, a)
            return out
        if t.op == "not":
            return EXACT.not_(args[0])
        if t.op == "ite":
            return EXACT.where(*args)
        if t.op == "inv":
            if args[0].op == "mul":
                return self(mk("mul", *(mk("inv", a) for a in args[0].args)))
            return mk("inv", args[0]) if args[0] is ZERO else EXACT.inv(args[0])
        if t.op == "app" and t.args[0] in ("exp", "log", "sqrt"):
            return getattr(EXACT, t.args[0])(args[2])
        return mk(t.op, *args)

    def _ring(self, op: str, args: list[Any]) -> Term:
        """Multiplied out where it is a short polynomial in real variables; lengths are told apart by the encoder."""
        t = mk(op, *args)
        if polynomial(t) and self.size(t) <= LARGE:
            return canon(t)
        if op == "pow":
            return t
        if op == "mul" and ZERO in args:
            return ZERO
        out = args[0] if args else t
        for a in args[1:]:
            out = EXACT.add(out, a) if op == "add" else EXACT.mul(out, a)
        return out

    def size(self, t: Term) -> int:
        """How many monomials t has at most, its conditionals and functions counted as one."""
        if t not in self.sizes:
            n = 1
            if t.op == "add":
                n = sum(self.size(a) for a in t.args)
            elif t.op == "mul":
                for a in t.args:
                    n *= self.size(a)
            elif t.op == "pow":
                n = self.size(t.args[0]) ** t.args[1]
            self.sizes[t] = min(n, LARGE + 1)
        return self.sizes[t]

    def _comparison(self, op: str, a: Term, b: Term) -> Term:
        """Decided where the bounds of b - a show it: a polynomial in mask entries with known bounds, else none."""
        if a is b:
            return TRUE if op != "lt" else FALSE
        a, b = without_common(a, b)
        if self.size(a) + self.size(b) <= LARGE and not any(v.args[1] != "Z" for v in a.free | b.free):
            low, high = bounds(a, b)
            if low is not None and high is not None:
                if op == "lt" and (low > 0 or high <= 0):
                    return TRUE if low > 0 else FALSE
                if op == "le" and (low >= 0 or high < 0):
                    return TRUE if low >= 0 else FALSE
                if op == "eq" and (low > 0 or high < 0):
                    return FALSE
        return mk(op, a, b)


def without_common(a: Term, b: Term) -> tuple[Term, Term]:
    """Two products without the factors 1/d that both have, d a positive number and roots: comparing them gives the same."""
    left, right = (list(t.args) if t.op == "mul" else [t] for t in (a, b))
    common = [w for w in dict.fromkeys(left) if w in right and w.op == "inv" and positive(w.args[0])]
    for w in common:
        left.remove(w)
        right.remove(w)
    return (mk("mul", *left, num(1)), mk("mul", *right, num(1))) if common else (a, b)


def positive(d: Term) -> bool:
    """Whether d is a positive number and roots, which are not negative, added up."""
    parts = d.args if d.op == "add" else ()
    roots = [t for t in parts if t.op == "app" and t.args[0] == "sqrt"]
    numbers = [t.args[0] for t in parts if t.op == "num"]
    return len(roots) + len(numbers) == len(parts) and sum(numbers) > 0


@cache
def polynomial(t: Term) -> bool:
    """Whether a term is made of real variables by adding and multiplying."""
    if t.op in ("num", "var"):
        return t.op == "num" or t.args[1] == "R"
    return t.op in ("add", "mul", "pow") and all(polynomial(a) for a in t.args if isinstance(a, Term))


def bounds(a: Term, b: Term) -> tuple[Fraction | None, Fraction | None]:
    """The least and the largest value that b - a may have, mask entries being 0 or 1; None for anything else."""
    low = high = Fraction(0)
    for m, c in plus(poly(b), poly(a), Fraction(-1)).items():
        if any(v.op != "var" or v.args[1] != "Z" for v, _ in m):
            return None, None
        low, high = (low + c, high + c) if not m else (low + min(c, Fraction(0)), high + max(c, Fraction(0)))
    return low, high
