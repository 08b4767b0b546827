"""Kernel terms as z3 expressions.

The encoding is exact over the reals: 1/d is the number w with w d = 1, sqrt x the number q >= 0 with q q = x. That d is
not zero and x not negative is never assumed: each is a domain condition of its own, to be proved from what comes before it.
`exp` is some positive number per argument and `log` some number: an over-approximation, so `unsat` is a proof and `sat`
only a candidate. Mask entries (integer variables) are truth values: 1 up to the length of a completion, then 0, and a
length of one completion is a case distinction, not a product.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import z3

from theory.kernel import Term
from theory.kernel.ring import Monomial, canon, plus, poly, term, times
from theory.kernel.terms import ONE, ZERO, le, lt, mk, ne, num

from ..meanings import Unsupported
from .steps import column, completion_of, depends_on_rewards, flags_of, folded, lengths, log_bounds, row_of, squares


def rational(q: Fraction) -> Any:
    return z3.Q(q.numerator, q.denominator)


@dataclass
class Encoder:
    """Translates terms. What it has to name (1/d, roots, exp, log) is in `opaque`, inner ones first, with the `facts` that
    hold of the name in its `domains` and the cheap ones among them, `signs`. `uses`: the names that a term depends on."""

    facts: dict[Term, list[Any]] = field(default_factory=dict)
    signs: dict[Term, list[Any]] = field(default_factory=dict)
    domains: dict[Term, Term] = field(default_factory=dict)
    cache: dict[Term, Any] = field(default_factory=dict)
    opaque: dict[Term, Any] = field(default_factory=dict)
    uses: dict[Term, set[Term]] = field(default_factory=dict)
    positive: frozenset[Term] = frozenset()
    marks: tuple[Fraction, ...] = ()  # values of exp that claims speak of: where they are reached is bracketed
    _open: list[set[Term]] = field(default_factory=lambda: [set()])

    def encode(self, t: Term) -> Any:
        if t not in self.cache:
            self._open.append(set())
            try:
                self.cache[t] = self._encode(t)
            finally:
                self.uses[t] = self._open.pop()
        self._open[-1] |= self.uses[t]
        return self.cache[t]

    def named(self, key: Term, prefix: str, inner: Term) -> tuple[Any, Any]:
        """A fresh symbol for an opaque term, and its encoded argument; None for the latter where the symbol is there already."""
        if key in self.opaque:
            self._open[-1] |= self.uses[key]
            return self.opaque[key], None
        self._open.append(set())
        argument = self.encode(inner)
        self.uses[key] = self._open.pop() | {key}
        self._open[-1] |= self.uses[key]
        self.opaque[key] = z3.Real(f"{prefix}{len(self.opaque)}")
        self.signs[key], self.facts[key] = [], []
        return self.opaque[key], argument

    def known(self, terms: list[Term]) -> list[Term]:
        """The opaque terms that these depend on, inner ones first."""
        used = set[Term]().union(*(self.uses[t] for t in terms))
        return [key for key in self.opaque if key in used]

    def _encode(self, t: Term) -> Any:
        op, args = t.op, t.args
        if op == "num":
            return rational(args[0])
        if op == "var":
            return z3.If(z3.Bool(args[0]), z3.RealVal(1), z3.RealVal(0)) if args[1] == "Z" else z3.Real(args[0])
        if op == "add":
            plain = t.free and all(
                v.args[0].startswith(("reward", "other_reward")) or v in self.positive or v.args[0] == "c" for v in t.free
            )
            return self.encode(canon(t)) if plain and canon(t) is not t else self.sum(t)
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
            if self.positive & t.free:
                d, k = self.stripped(mk("add", args[1], mk("mul", num(-1), args[0])))
                args = (ZERO, d) if k and d.op != "num" else args
            a, b = self.encode(args[0]), self.encode(args[1])
            return a == b if op == "eq" else a <= b if op == "le" else a < b
        if op == "not":
            return z3.Not(self.encode(args[0]))
        if op == "and":
            return z3.And([self.encode(a) for a in args]) if args else z3.BoolVal(True)  # SMT-LIB has no empty `and`
        if op == "imp":
            return z3.Implies(self.encode(args[0]), self.encode(args[1]))
        raise NotImplementedError(f"no SMT encoding of {op}")

    def sum(self, t: Term) -> Any:
        """What the addends of one completion come to is a case distinction on its length."""
        addends, rows = [], dict[str, list[Term]]()
        todo = list(t.args)
        while todo:
            a = todo.pop()
            if a.op == "add":
                todo += a.args
            elif len(own := {row_of(v) for v in flags_of(a)}) == 1:
                rows.setdefault(own.pop(), []).append(a)
            else:
                addends.append(self.encode(a))
        for parts in rows.values():
            whole = self.by_length(mk("add", *parts), lambda x: x) if len(parts) > 1 else None
            addends += [self.encode(a) for a in parts] if whole is None else [whole]
        return addends[0] if len(addends) == 1 else z3.Sum(addends)  # cvc5 reads no sum of one

    def by_length(self, x: Term, f: Callable[[Term], Term]) -> Any:
        """f(x) by the length of the one completion whose mask entries x depends on; None where it has no value at one of them.

        Of entries that a step of diffusion masks, each a row of its own, by the first one: f(x) is then encoded by the next.
        """
        first = min(map(row_of, flags_of(x)))
        ordered = sorted((v for v in flags_of(x) if row_of(v) == first), key=column)
        try:
            values = [
                self.encode(f(canon(folded(x, {v: ONE if n < k else ZERO for n, v in enumerate(ordered)}))))
                for k in range(len(ordered) + 1)
            ]  # fmt: skip
        except Unsupported:
            return None
        out = values[0]
        for v, value in zip(ordered, values[1:], strict=True):
            out = out if value.eq(out) else z3.If(z3.Bool(v.args[0]), value, out)
        return out

    def product(self, t: Term) -> Any:
        """Products with mask entries are conditionals."""
        flags, rest, chains = [], [], []
        powers = dict[Term, int]()
        todo = list(t.args)
        while todo:
            a = todo.pop(0)
            if a.op == "mul":
                todo[:0] = a.args
            elif a.op == "var" and a.args[1] == "Z":
                flags.append(z3.Bool(a.args[0]))
            elif a.op == "inv" and (chain := lengths(a.args[0])) is not None:
                chains.append(chain)
            else:
                if self.positive & a.free:
                    inner, found = self.stripped(a.args[0] if a.op == "inv" else a)
                    for c, k in found.items():
                        powers[c] = powers.get(c, 0) + (-k if a.op == "inv" else k)
                    a = mk("inv", inner) if a.op == "inv" and found else inner if found else a
                rest.append(self.encode(a))
        for c, k in powers.items():
            rest += [self.encode(c if k > 0 else mk("inv", c))] * abs(k)
        whole = z3.Product(rest) if len(rest) > 1 else rest[0] if rest else z3.RealVal(1)
        for chain in chains:
            whole = self.chosen(chain, whole)
        return z3.If(z3.And(flags), whole, z3.RealVal(0)) if flags else whole

    def inverse(self, d: Term) -> Any:
        key = mk("inv", canon(d))
        if key.op == "num":
            return rational(key.args[0])
        chain = lengths(key.args[0])
        if chain is not None:
            return self.chosen(chain, z3.RealVal(1))
        inner, powers = self.stripped(key.args[0]) if self.positive & key.free and key.args[0] not in self.positive else (d, {})
        if powers:
            return self.product(mk("mul", key, ONE))
        w, argument = self.named(key, "inv", key.args[0])
        if argument is not None:
            self.facts[key].append(w * argument == 1)
            self.domains[key] = ne(d if d.op == "mul" else key.args[0], ZERO)  # as it was written: factor by factor
        return w

    def stripped(self, x: Term) -> tuple[Term, dict[Term, int]]:
        """x without the powers of positive symbols that all of it has, and these: phi r / sqrt(phi^2 y) is r / sqrt(y)."""
        found = dict[Term, int]()
        for c in sorted(self.positive & x.free, key=repr):
            scaled = [(self.scale(m, c), q) for m, q in poly(x).items()]
            if not scaled or all(not e and m == old for ((e, m), _), old in zip(scaled, poly(x), strict=True)):
                continue
            least, parts = min(e for (e, _), _ in scaled), dict[Monomial, Fraction]()
            for (e, m), q in scaled:
                parts = plus(parts, times({m: q}, {frozenset([(c, e - least)] if e > least else []): Fraction(1)}))
            lower = term(parts)
            if least or lower is not canon(x):
                x, found[c] = lower, least
        return x, found

    def scale(self, m: Monomial, c: Term) -> tuple[int, Monomial]:
        """The power of c in a monomial, in its roots and inverses too, and the monomial without it."""
        total, rest = 0, dict[Term, int]()
        for a, k in m:
            e, plain = 0, a
            if a is c:
                total += k
                continue
            if a.op == "app" and a.args[0] == "sqrt" and c in a.free:
                outside, inside = self.square_factor(a.args[2])
                if outside is c:
                    e, plain = 1, canon(mk("app", "sqrt", "R", inside))
            elif a.op == "inv" and c in a.free:
                inner, powers = self.stripped(a.args[0])
                e, plain = -powers.get(c, 0), canon(mk("inv", inner)) if c in powers and not (powers.keys() - {c}) else a
                e = e if plain is not a else 0
            total += e * k
            rest[plain] = rest.get(plain, 0) + k
        return total, frozenset(rest.items())

    def chosen(self, cases: list[tuple[Term | None, Fraction]], factor: Any) -> Any:
        """factor times the value of the first case that holds."""
        out = None
        for flag, q in reversed(cases):
            value = factor * rational(q)
            out = value if out is None or flag is None else z3.If(z3.Bool(flag.args[0]), value, out)
        return out

    def application(self, t: Term) -> Any:
        name, inner = t.args[0], [canon(a) for a in t.args[2:]]
        split = None
        if len({completion_of(v) for v in flags_of(inner[0])}) == 1:
            split = self.by_length(inner[0], lambda x: mk("app", name, "R", x))
        split = self.branches(name, inner[0]) if split is None else split
        if split is not None:
            return split
        if name == "sqrt":
            outside, inside = self.square_factor(inner[0])
            if outside is not None:
                return self.encode(mk("mul", outside, mk("app", "sqrt", "R", inside)))
        known = {("exp", ZERO): ONE, ("log", ONE): ZERO, ("sqrt", ZERO): ZERO, ("sqrt", ONE): ONE}.get((name, inner[0]))
        if known is not None:
            return self.encode(known)
        key = mk("app", name, t.args[1], *inner)
        x, y = self.named(key, name, inner[0])
        if y is None:
            return x
        if name == "exp":
            self.signs[key].append(x > 0)
            self.facts[key] += [(x > 1) == (y > 0), (x < 1) == (y < 0)]
            for mark in self.marks:
                low, high = log_bounds(mark)
                self.facts[key] += [
                    z3.Implies(x > rational(mark), y > rational(low)),
                    z3.Implies(x < rational(mark), y < rational(high)),
                ]
        elif name == "sqrt":
            self.signs[key].append(x >= 0)
            self.facts[key].append(x * x == y)
            parts = squares(poly(inner[0]))
            if parts is None:
                self.domains[key] = le(ZERO, inner[0])
            else:  # a sum of squares is never negative, and 0 only where all of them are
                self.signs[key].append((x == 0) == z3.And([self.encode(term(p)) == 0 for p in parts]))
        elif name == "log":
            self.domains[key] = lt(ZERO, inner[0])
        else:
            raise NotImplementedError(f"no SMT encoding of {name}")
        return x

    def branches(self, name: str, x: Term) -> Any:
        """f(x) by the outcome of a condition inside x, on rewards or the only one, so that equal branches get equal values."""
        every = [a for m in poly(x) for a, _ in m if a.op == "ite"]
        ites = [a for a in every if depends_on_rewards(a.args[0])] or (every if len(every) == 1 else [])
        if not ites:
            return None
        condition = min((a.args[0] for a in ites), key=repr)

        def taken(which: int) -> Term:
            chosen = {a: a.args[which] for a in ites if a.args[0] is condition}
            parts = [mk("mul", num(c), *(mk("pow", chosen.get(a, a), k) for a, k in m)) for m, c in poly(x).items()]
            return canon(mk("add", *parts))

        yes, no = (self.encode(mk("app", name, "R", taken(which))) for which in (1, 2))
        return z3.If(self.encode(condition), yes, no)

    def square_factor(self, x: Term) -> tuple[Term | None, Term]:
        """sqrt(c^2 y) = c sqrt(y) for the positive symbols c."""
        p = poly(x)
        for c in sorted(self.positive, key=repr):
            if p and all(dict(m).get(c, 0) >= 2 for m in p):
                lowered = {frozenset((a, k - 2 if a is c else k) for a, k in m if a is not c or k > 2): q for m, q in p.items()}
                return c, term(lowered)
        return None, x
