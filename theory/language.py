"""The language of statements: SymPy, and its translation into the kernel's terms.

A statement is an equation, an inequality or a combination of them over real and integer symbols, indexed families
(`r(i)`), finite sums, `exp`, `log`, `sqrt`, powers, `Min`, `Max`, `Piecewise`; `Eq(Derivative(f, x), g)` says that f is
differentiable in x with derivative g, `Eq(Limit(f, n, oo), L)` that f tends to L. The translation is not trusted: what it
yields is what is proved, printed and searched, and a statement that SymPy has already decided is refused.
"""

from fractions import Fraction
from typing import Any

import sympy as sp
from sympy.logic.boolalg import BooleanAtom, BooleanFunction

from .kernel import Refused, Term, mk, num, var
from .kernel.terms import add, app, eq, inv, le, lt, mul, ne, neg


class ForAll(BooleanFunction):
    """`ForAll(i, lo, hi, p)`: p for every integer i in lo..hi. `ForAll(x, p)`: p for every value of x."""

    @classmethod
    def eval(cls, *args: Any) -> None:
        return None

    def _sympystr(self, printer: Any) -> str:
        i, *bounds, p = self.args
        over = f" in {printer._print(bounds[0])}..{printer._print(bounds[1])}" if bounds else ""
        return f"for all {printer._print(i)}{over}: {printer._print(p)}"


def reals(names: str) -> Any:
    """Real symbols."""
    return sp.symbols(names, real=True)


def integers(names: str) -> Any:
    """Integer symbols."""
    return sp.symbols(names, integer=True)


def family(name: str) -> Any:
    """A real family or function: `r = family("r")`, then `r(i)`."""
    return sp.Function(name, real=True)


def int_family(name: str) -> Any:
    """An integer family, such as the lengths n(i)."""
    return sp.Function(name, integer=True)


def mean(f: Any, i: Any, size: Any) -> sp.Expr:
    """The mean of f(i) over i = 1..size."""
    return sp.Sum(f, (i, 1, size)) / size


def equals(a: Any, b: Any) -> sp.Basic:
    """An equation that SymPy leaves alone."""
    return sp.Eq(a, b, evaluate=False)


def minimum(a: Any, b: Any) -> sp.Expr:
    """The minimum as it stands. SymPy would first try to tell which is smaller, which costs more than any other step."""
    return sp.Min(a, b, evaluate=False)


def maximum(a: Any, b: Any) -> sp.Expr:
    """The maximum as it stands, like `minimum`."""
    return sp.Max(a, b, evaluate=False)


def derivative(f: Any, x: sp.Symbol, slope: Any) -> sp.Basic:
    """f is differentiable in x, with this derivative at x."""
    return sp.Eq(sp.Derivative(f, x), slope, evaluate=False)


def tends(f: Any, x: sp.Symbol, to: Any, limit: Any) -> sp.Basic:
    """f tends to `limit` as x tends to oo, or to 0 from above."""
    return sp.Eq(sp.Limit(f, x, to, dir="+" if to == 0 else "-"), limit, evaluate=False)


OPAQUE = {"exp", "log", "sqrt", "pow"}
RELATIONS = {sp.Eq: eq, sp.Le: le, sp.Lt: lt, sp.Ne: ne}
FLIPPED = {sp.Ge: le, sp.Gt: lt}


def formula(p: Any) -> Term:
    """A SymPy proposition as a kernel formula. Refuses what the kernel has no form for, and what SymPy decided itself."""
    if isinstance(p, (bool, BooleanAtom)):
        raise Refused("formula", "a statement", p, "SymPy decided it while it was built: write it with evaluate=False")
    if isinstance(p, sp.Eq) and isinstance(p.lhs, sp.Derivative):
        (x, order), *more = p.lhs.variable_count
        if order != 1 or more:
            raise Refused("formula", "a first derivative in one variable", p)
        return mk("deriv", term(x), term(p.lhs.expr), term(x), term(p.rhs))
    if isinstance(p, sp.Eq) and isinstance(p.lhs, sp.Limit):
        f, x, to, side = p.lhs.args
        if to not in (sp.oo, sp.Integer(0)) or (to == 0 and str(side) != "+"):
            raise Refused("formula", "a limit at oo, or at 0 from above", p)
        return mk("lim", term(x), term(f), "oo" if to is sp.oo else "0+", term(p.rhs))
    for kind, relation in RELATIONS.items():
        if isinstance(p, kind):
            return relation(term(p.lhs), term(p.rhs))
    for kind, relation in FLIPPED.items():
        if isinstance(p, kind):
            return relation(term(p.rhs), term(p.lhs))
    if isinstance(p, ForAll):
        i, *bounds, body = p.args
        if not bounds:
            return mk("all", term(i), formula(body))
        if len(bounds) != 2:
            raise Refused("formula", "ForAll(i, lo, hi, p) or ForAll(x, p)", p.args)
        lo, hi = map(term, bounds)
        return mk("all", term(i), mk("imp", mk("and", le(lo, term(i)), le(term(i), hi)), formula(body)))
    if isinstance(p, sp.And):
        return mk("and", *(formula(q) for q in p.args))
    if isinstance(p, sp.Not):
        return neg(formula(p.args[0]))
    if isinstance(p, sp.Implies):
        return mk("imp", *(formula(q) for q in p.args))
    if isinstance(p, sp.Equivalent) and len(p.args) == 2:
        a, b = (formula(q) for q in sorted(p.args, key=sp.default_sort_key))
        return mk("and", mk("imp", a, b), mk("imp", b, a))
    raise Refused("formula", "an equation, inequality, ForAll, And, Not, Implies, derivative or limit", p)


def term(e: Any) -> Term:
    """A SymPy expression as a kernel term. Floats are refused."""
    e = sp.sympify(e)
    if isinstance(e, sp.Rational):
        return num(Fraction(int(e.p), int(e.q)))
    if isinstance(e, sp.Symbol):
        return var(e.name, "Z" if e.is_integer else "R")
    if isinstance(e, (sp.Add, sp.Mul)):
        return (add if isinstance(e, sp.Add) else mul)(*map(term, e.args))
    if isinstance(e, sp.exp):
        return app("exp", term(e.exp))
    if isinstance(e, sp.Pow):
        return power(e.base, e.exp)
    if isinstance(e, sp.log):
        return app("log", term(e.args[0]))
    if isinstance(e, sp.Sum):
        body = term(e.function)
        for i, lo, hi in e.limits:
            body = mk("sum", term(i), term(lo), term(hi), body)
        return body
    if isinstance(e, (sp.Min, sp.Max)):
        first, *rest = map(term, e.args)
        for other in rest:
            low, high = (first, other) if isinstance(e, sp.Min) else (other, first)
            first = mk("ite", le(first, other), low, high)
        return first
    if isinstance(e, sp.Abs):
        x = term(e.args[0])
        return mk("ite", le(num(0), x), x, mul(num(-1), x))
    if isinstance(e, sp.Piecewise):
        *branches, (last, otherwise) = e.args
        if otherwise != sp.true:
            raise Refused("term", "a Piecewise with a last branch that is always taken", e)
        out = term(last)
        for value, condition in reversed(branches):
            out = mk("ite", formula(condition), term(value), out)
        return out
    if isinstance(e, sp.core.function.AppliedUndef):
        if e.func.__name__ in OPAQUE:
            raise Refused("term", f"a family not named {sorted(OPAQUE)}", e)
        return app(e.func.__name__, *map(term, e.args), sort="Z" if e.is_integer else "R")
    raise Refused("term", "a rational, symbol, sum, product, power, exp, log, family, Min, Max or Piecewise", e)


def power(base: Any, exponent: Any) -> Term:
    if exponent.is_Integer:
        return mk("pow", term(base), int(exponent)) if exponent >= 0 else inv(power_of(base, -exponent))
    if exponent.is_Rational and exponent.q == 2:
        root = app("sqrt", term(base))
        return mk("pow", root, int(exponent.p)) if exponent > 0 else inv(mk("pow", root, -int(exponent.p)))
    if exponent.is_integer:
        if exponent.could_extract_minus_sign():
            return inv(app("pow", term(base), term(-exponent)))
        return app("pow", term(base), term(exponent))
    raise Refused("term", "an integer or half-integer power", (base, exponent))


def power_of(base: Any, n: Any) -> Term:
    return term(base) if n == 1 else mk("pow", term(base), int(n))
