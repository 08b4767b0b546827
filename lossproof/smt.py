"""Kernel terms as z3 expressions, and decisions about them.

The encoding is exact over the reals: 1/d is the number w with w d = 1 (its d must be non-zero, which is asserted and
reported as a domain condition), sqrt x is the number q >= 0 with q q = x. `exp` is some positive number per argument
and `log` some number: an over-approximation, so `unsat` is a proof and `sat` only a candidate. Mask entries (integer
variables) are truth values: 1 up to the length of a completion, then 0, and a length of one completion is a case distinction, not a product.
"""

from dataclasses import dataclass, field
from fractions import Fraction
from math import log
from typing import Any

import z3

from theory.kernel import Term, subst
from theory.kernel.ring import UNIT, canon, poly, term
from theory.kernel.terms import ONE, ZERO, le, lt, mk, ne


@dataclass
class Encoder:
    """Translates terms; `facts` are the constraints that the translation itself needs."""

    facts: list[Any] = field(default_factory=list)
    signs: list[Any] = field(default_factory=list)
    domains: dict[Term, None] = field(default_factory=dict)
    cache: dict[Term, Any] = field(default_factory=dict)
    opaque: dict[Term, Any] = field(default_factory=dict)
    positive: frozenset[Term] = frozenset()

    def encode(self, t: Term) -> Any:
        if t not in self.cache:
            self.cache[t] = self._encode(t)
        return self.cache[t]

    def _encode(self, t: Term) -> Any:
        op, args = t.op, t.args
        if op == "num":
            return z3.Q(args[0].numerator, args[0].denominator)
        if op == "var":
            return z3.If(z3.Bool(args[0]), z3.RealVal(1), z3.RealVal(0)) if args[1] == "Z" else z3.Real(args[0])
        if op == "add":
            return z3.Sum([self.encode(a) for a in args])
        if op == "mul":
            return self.product(t)
        if op == "pow":
            return z3.Product([self.encode(args[0])] * args[1]) if args[1] else z3.RealVal(1)
        if op == "inv":
            return self.inverse(args[0])
        if op == "ite":
            return z3.If(self.encode(args[0]), self.encode(args[1]), self.encode(args[2]))
        if op == "app":
            return self.application(t)
        if op in ("eq", "le", "lt"):
            a, b = self.encode(args[0]), self.encode(args[1])
            return a == b if op == "eq" else a <= b if op == "le" else a < b
        if op == "not":
            return z3.Not(self.encode(args[0]))
        if op == "and":
            return z3.And([self.encode(a) for a in args])
        if op == "imp":
            return z3.Implies(self.encode(args[0]), self.encode(args[1]))
        raise NotImplementedError(f"no SMT encoding of {op}")

    def product(self, t: Term) -> Any:
        """Products with mask entries are conditionals."""
        flags, rest, chains = [], [], []
        todo = list(t.args)
        while todo:
            a = todo.pop(0)
            if a.op == "mul":
                todo[:0] = a.args
            elif a.op == "var" and a.args[1] == "Z":
                flags.append(z3.Bool(a.args[0]))
            elif a.op == "inv" and (chain := self.lengths(a.args[0])) is not None:
                chains.append(chain)
            else:
                rest.append(self.encode(a))
        whole = z3.Product(rest) if len(rest) > 1 else rest[0] if rest else z3.RealVal(1)
        for chain in chains:
            whole = self.chosen(chain, whole)
        return z3.If(z3.And(flags), whole, z3.RealVal(0)) if flags else whole

    def inverse(self, d: Term) -> Any:
        key = mk("inv", canon(d))
        if key.op == "num":
            return z3.Q(key.args[0].numerator, key.args[0].denominator)
        if key not in self.opaque:
            chain = self.lengths(key.args[0])
            if chain is not None:
                self.opaque[key] = self.chosen(chain, z3.RealVal(1))
            else:
                w = self.opaque[key] = z3.Real(f"inv{len(self.opaque)}")
                self.facts.append(w * self.encode(d) == 1)
                self.domains[ne(key.args[0], ZERO)] = None
        return self.opaque[key]

    def lengths(self, d: Term) -> "list[tuple[Any, Fraction]] | None":
        """1/d by cases, where d is a constant plus a few mask entries of one completion: (condition, value)."""
        p = poly(d)
        flags = sorted({next(iter(m))[0] for m in p if len(m) == 1}, key=repr)
        masks = all(a.op == "var" and a.args[1] == "Z" for a in flags) and all(k == 1 for m in p for _, k in m)
        steps = {c for m, c in p.items() if m}
        rows = {a.args[0].rpartition("_")[0] for a in flags} if masks else set()
        if not masks or any(len(m) > 1 for m in p) or len(steps) != 1 or len(rows) != 1:
            return None
        base, step = p.get(UNIT, Fraction(0)), steps.pop()
        ordered = sorted(flags, key=lambda v: int(v.args[0].rpartition("_")[2]))
        out: list[tuple[Any, Fraction]] = []
        for n in range(len(ordered), -1, -1):  # the longest first: padding is on the right
            if not base + step * n:
                return None
            out.append((z3.Bool(ordered[n - 1].args[0]) if n else z3.BoolVal(True), 1 / (base + step * n)))
        return out

    def chosen(self, chain: "list[tuple[Any, Fraction]]", factor: Any) -> Any:
        """factor times the value of the first case that holds."""
        *cases, (_, last) = chain
        out = factor * z3.Q(last.numerator, last.denominator)
        for condition, q in reversed(cases):
            out = z3.If(condition, factor * z3.Q(q.numerator, q.denominator), out)
        return out

    def application(self, t: Term) -> Any:
        name, inner = t.args[0], [canon(a) for a in t.args[2:]]
        by_length = self.cases(name, inner[0])
        if by_length is not None:
            return by_length
        if name == "sqrt":
            outside, inside = self.square_factor(inner[0])
            if outside is not None:
                return self.encode(mk("mul", outside, mk("app", "sqrt", "R", inside)))
        known = {("exp", ZERO): ONE, ("log", ONE): ZERO, ("sqrt", ZERO): ZERO, ("sqrt", ONE): ONE}.get((name, inner[0]))
        if known is not None:
            return self.encode(known)
        key = mk("app", name, t.args[1], *inner)
        if key not in self.opaque:
            x = self.opaque[key] = z3.Real(f"{name}{len(self.opaque)}")
            if name in ("exp", "sqrt"):
                self.signs.append(x > 0 if name == "exp" else x >= 0)
                self.facts.append(self.signs[-1])
            if name == "sqrt":
                self.facts.append(x * x == self.encode(inner[0]))
                self.domains[le(ZERO, inner[0])] = None
            if name == "log":
                self.domains[lt(ZERO, inner[0])] = None
            if name == "exp":
                y = self.encode(inner[0])
                self.facts += [(x > 1) == (y > 0), (x < 1) == (y < 0)]
        return self.opaque[key]

    def cases(self, name: str, x: Term) -> Any:
        """f(x) by the length of the one completion whose mask entries x depends on; None where that is not the case."""
        flags = [v for v in x.free if v.op == "var" and v.args[1] == "Z"]
        rows = {v.args[0].rpartition("_")[0] for v in flags}
        if len(rows) != 1:
            return None
        ordered = sorted(flags, key=lambda v: int(v.args[0].rpartition("_")[2]))
        values = [
            self.encode(mk("app", name, "R", canon(subst(x, {v: ONE if n < k else ZERO for n, v in enumerate(ordered)}))))
            for k in range(len(ordered) + 1)
        ]
        out = values[0]
        for v, value in zip(ordered, values[1:], strict=True):
            out = z3.If(z3.Bool(v.args[0]), value, out)
        return out

    def square_factor(self, x: Term) -> tuple[Term | None, Term]:
        """sqrt(c^2 y) = c sqrt(y) for the positive symbols c."""
        p = poly(x)
        for c in sorted(self.positive, key=repr):
            if p and all(dict(m).get(c, 0) >= 2 for m in p):
                lowered = {frozenset((a, k - 2 if a is c else k) for a, k in m if a is not c or k > 2): q for m, q in p.items()}
                return c, term(lowered)
        return None, x

    def place(self, key: Term, size: float, logp: Any, old: Any, ref: Any) -> None:
        """Move old or reference log-probabilities so that exp of (a difference of log-probabilities) has this value."""
        coefficients = {next(iter(m))[0].args[0]: c for m, c in poly(key.args[2]).items() if len(m) == 1 and next(iter(m))[0].op == "var"}
        tables = {"old": old, "ref": ref}
        for name in coefficients:
            kind, _, at = name.partition("_")
            if kind in tables:
                i, t = map(int, at.split("_"))
                tables[kind][i][t] = logp[i][t] + log(size) / float(coefficients[name])
                return
