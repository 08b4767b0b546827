"""Numbers are terms of the proof kernel: exact formulas that a theorem, a solver or SymPy can take over.

The constructors fold constants and drop neutral elements, nothing more: no cancellation, no domain is assumed.
"""

from fractions import Fraction
from functools import cache

from theory.kernel import Term, mk, num
from theory.kernel.terms import FORMULAS, ONE, ZERO, add, app, eq, inv, is_int, lt, mul, neg

from . import Unsupported

TRUE, FALSE = mk("and"), neg(mk("and"))


@cache
def total(t: Term) -> bool:
    """Whether a term is defined for all values of its variables: no division, logarithm or root in it."""
    partial = t.op == "inv" or t.op == "app" and t.args[0] in ("log", "sqrt")
    return not partial and all(total(x) for x in t.args if isinstance(x, Term))


class Exact:
    """The exact meaning; stateless."""

    def number(self, q: Fraction) -> Term:
        return num(q)

    def is_truth(self, x: Term) -> bool:
        return x.op in FORMULAS

    def truth(self, b: bool) -> Term:
        return TRUE if b else FALSE

    def add(self, a: Term, b: Term) -> Term:
        if a.op == "num" and b.op == "num":
            return num(a.args[0] + b.args[0])
        return b if a is ZERO else a if b is ZERO else add(a, b)

    def mul(self, a: Term, b: Term) -> Term:
        if a.op == "num" and b.op == "num":
            return num(a.args[0] * b.args[0])
        if (a is ZERO and total(b)) or (b is ZERO and total(a)):
            return ZERO  # 0 * (x / d) stays as it is: it has no value where d = 0
        return b if a is ONE else a if b is ONE else mul(a, b)

    def inv(self, a: Term) -> Term:
        if a is ZERO:
            raise Unsupported("division by the constant 0")
        return num(1 / a.args[0]) if a.op == "num" else inv(a)

    def exp(self, a: Term) -> Term:
        return ONE if a is ZERO else app("exp", a)

    def log(self, a: Term) -> Term:
        return ZERO if a is ONE else app("log", a)

    def sqrt(self, a: Term) -> Term:
        return a if a is ZERO or a is ONE else app("sqrt", a)

    def less(self, a: Term, b: Term) -> Term:
        if a.op == "num" and b.op == "num":
            return self.truth(a.args[0] < b.args[0])
        return FALSE if a is b else lt(a, b)

    def equal(self, a: Term, b: Term) -> Term:
        if a.op == "num" and b.op == "num":
            return self.truth(a.args[0] == b.args[0])
        return TRUE if a is b else eq(a, b)

    def not_(self, p: Term) -> Term:
        return p.args[0] if p.op == "not" else neg(p)

    def and_(self, p: Term, q: Term) -> Term:
        if FALSE in (p, q):
            return FALSE
        return q if p is TRUE else p if q is TRUE else mk("and", p, q)

    def where(self, p: Term, a: Term, b: Term) -> Term:
        if p is TRUE or p is FALSE or a is b:
            return b if p is FALSE else a
        if self.is_truth(a):
            return self.not_(self.and_(self.not_(self.and_(p, a)), self.not_(self.and_(self.not_(p), b))))
        return mk("ite", p.args[0], b, a) if p.op == "not" else mk("ite", p, a, b)

    def is_integer(self, a: Term) -> bool:
        return is_int(a)
