"""Exact ring arithmetic over QQ: a term as a polynomial in its atoms, and the canonical form this gives.

Atoms are variables, applications, inverses, sums and conditionals, themselves in canonical form; nothing is
cancelled and nothing is known about them. Equal canonical forms mean equal values, never the other way round.
"""

from fractions import Fraction
from functools import cache

from .terms import Term, add, inv, mk, mul, num

Monomial = frozenset[tuple[Term, int]]
Poly = dict[Monomial, Fraction]
UNIT: Monomial = frozenset()

def times(p: Poly, q: Poly) -> Poly:
    out: Poly = {}
    for m, a in p.items():
        for n, b in q.items():
            powers = dict(m)
            for atom, k in n:
                powers[atom] = powers.get(atom, 0) + k
            key = frozenset(powers.items())
            out[key] = out[key] + a * b if key in out else a * b
    return {m: c for m, c in out.items() if c}
def plus(p: Poly, q: Poly, c: Fraction = Fraction(1)) -> Poly:
    """p + c q."""
    out = dict(p)
    for m, a in q.items():
        out[m] = out[m] + c * a if m in out else c * a
    return {m: a for m, a in out.items() if a}
def power(p: Poly, n: int) -> Poly:
    return times(p, power(p, n - 1)) if n else {UNIT: Fraction(1)}
@cache
def poly(t: Term) -> Poly:
    """The polynomial of a term. The result is cached: do not change it."""
    if t.op == "num":
        return {UNIT: t.args[0]} if t.args[0] else {}
    if t.op == "pow":
        return power(poly(t.args[0]), t.args[1])
    if t.op in ("add", "mul"):
        out: Poly = {} if t.op == "add" else {UNIT: Fraction(1)}
        for a in t.args:
            out = (plus if t.op == "add" else times)(out, poly(a))
        return out
    atom = canon(t)
    return {frozenset([(atom, 1)]): Fraction(1)} if atom.op != "num" else poly(atom)
def difference(a: Term, b: Term) -> Poly:
    return plus(poly(a), poly(b), Fraction(-1))

def term(p: Poly) -> Term:
    """The canonical term of a polynomial: monomials and factors in the order of their rendering."""
    def factors(m: Monomial) -> list[Term]:
        return [a if k == 1 else mk("pow", a, k) for a, k in sorted(m, key=lambda f: (repr(f[0]), f[1]))]
    def product(m: Monomial, c: Fraction) -> Term:
        parts = ([num(c)] if c != 1 or not m else []) + factors(m)
        return parts[0] if len(parts) == 1 else mul(*parts)
    parts = [product(m, c) for m, c in sorted(p.items(), key=lambda mc: repr(factors(mc[0])))]
    return num(0) if not parts else parts[0] if len(parts) == 1 else add(*parts)
@cache
def canon(t: Term) -> Term:
    """Canonical form of a term or formula: every maximal ring subterm is normalised, bodies of binders included."""
    if t.op in ("num", "var"):
        return t
    if t.op in ("add", "mul", "pow"):
        return term(poly(t))
    parts = [canon(a) if isinstance(a, Term) else a for a in t.args]
    if t.op == "inv" and parts[0].op == "num" and parts[0].args[0]:
        return num(1 / parts[0].args[0])
    return mk(t.op, *parts)

def clear(p: Poly, d: Term) -> Poly:
    """p times the power of d that removes every 1/d from it; vanishes where p does, if d is not zero."""
    top = max((k for m in p for a, k in m if a is inv(d)), default=0)
    out: Poly = {}
    for m, c in p.items():
        rest = frozenset((a, e) for a, e in m if a is not inv(d))
        out = plus(out, times({rest: c}, power(poly(d), top - dict(m).get(inv(d), 0))))
    return out
