"""Kernel terms as z3 expressions, and decisions about them.

The encoding is exact over the reals: 1/d is the number w with w d = 1, sqrt x the number q >= 0 with q q = x. That d is
not zero and x not negative is never assumed: each is a domain condition of its own, to be proved from what comes before it.
`exp` is some positive number per argument and `log` some number: an over-approximation, so `unsat` is a proof and `sat`
only a candidate. Mask entries (integer variables) are truth values: 1 up to the length of a completion, then 0, and a
length of one completion is a case distinction, not a product.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from functools import reduce
from math import log
from typing import Any, cast

import z3

from theory.kernel import Term
from theory.kernel.ring import UNIT, Monomial, Poly, canon, plus, poly, term, times
from theory.kernel.terms import ONE, ZERO, le, lt, mk, ne, num

from .meanings import Unsupported
from .meanings.exact import Exact

EXACT = Exact()


def flags_of(t: Term) -> list[Term]:
    return [v for v in t.free if v.args[1] == "Z"]


def row_of(flag: Term) -> str:
    return str(flag.args[0].rpartition("_")[0])


def column(flag: Term) -> int:
    return int(flag.args[0].rpartition("_")[2])


def folded(t: Term, values: dict[Term, Term]) -> Term:
    """The term with values for some variables, constants folded. Raises Unsupported where it divides by the constant 0."""
    made: dict[Term, Term] = {}

    def fold(x: Term) -> Term:
        if x not in made:
            made[x] = x if not any(v in x.free for v in values) else build(x)
        return made[x]

    def build(x: Term) -> Term:
        if x.op == "var":
            return values[x]
        args = [fold(a) if isinstance(a, Term) else a for a in x.args]
        if x.op in ("add", "mul", "and"):
            return reduce({"add": EXACT.add, "mul": EXACT.mul, "and": EXACT.and_}[x.op], args)
        if x.op == "app":
            return getattr(EXACT, args[0])(args[2]) if args[0] in ("exp", "log", "sqrt") else mk(x.op, *args)
        simple: dict[str, Any] = {"inv": EXACT.inv, "ite": EXACT.where, "lt": EXACT.less, "eq": EXACT.equal, "not": EXACT.not_}
        if x.op == "le":
            return EXACT.not_(EXACT.less(args[1], args[0]))
        return cast(Term, simple[x.op](*args)) if x.op in simple else mk(x.op, *args)

    return fold(t)


def rational(q: Fraction) -> Any:
    return z3.Q(q.numerator, q.denominator)


def log_bounds(q: Fraction) -> tuple[Fraction, Fraction]:
    """Rationals around log q, from an enclosure in ball arithmetic."""
    import flint

    ball = (flint.arb(q.numerator) / q.denominator).log()
    scale = 10**12
    low, high = (ball * scale).floor().lower(), (ball * scale).ceil().upper()
    return Fraction(int(float(low)) - 1, scale), Fraction(int(float(high)) + 1, scale)


def squares(p: Poly) -> list[Poly] | None:
    """Linear forms l_k with p = sum of d_k l_k^2, all d_k > 0, where p is such a quadratic form; None where it is not."""
    if not p or any(sum(k for _, k in m) != 2 or any(a.op != "var" or a.args[1] != "R" for a, _ in m) for m in p):
        return None
    parts: list[Poly] = []
    while p:
        pivot = next((a for m in sorted(p, key=repr) for a, k in m if k == 2), None)
        if pivot is None or (d := p[frozenset([(pivot, 2)])]) < 0:
            return None
        line = {
            frozenset([(a, 1)]): c / (2 * d)
            for m, c in p.items()
            for a, _ in m
            if len(m) == 2 and pivot in dict(m) and a is not pivot
        }
        line[frozenset([(pivot, 1)])] = Fraction(1)
        parts.append(line)
        p = plus(p, times(line, line), -d)
    return parts


def depends_on_rewards(p: Term) -> bool:
    return any(v.args[0].startswith(("reward", "adv", "other_reward")) for v in p.free)


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
            return z3.Q(args[0].numerator, args[0].denominator)
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
            return z3.And([self.encode(a) for a in args])
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
        return z3.Sum(addends)

    def by_length(self, x: Term, f: Callable[[Term], Term]) -> Any:
        """f(x) by the length of the one completion whose mask entries x depends on; None where it has no value at one of them."""
        ordered = sorted(flags_of(x), key=column)
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
            elif a.op == "inv" and (chain := self.lengths(a.args[0])) is not None:
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
            return z3.Q(key.args[0].numerator, key.args[0].denominator)
        chain = self.lengths(key.args[0])
        if chain is not None:
            return self.chosen(chain, z3.RealVal(1))
        inner, powers = self.stripped(key.args[0]) if self.positive & key.free and key.args[0] not in self.positive else (d, {})
        if powers:
            return self.product(mk("mul", key, ONE))
        w, argument = self.named(key, "inv", key.args[0])
        if argument is not None:
            self.facts[key].append(w * argument == 1)
            self.domains[key] = ne(key.args[0], ZERO)
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

    def lengths(self, d: Term) -> "list[tuple[Any, Fraction]] | None":
        """1/d by cases, where d is a constant plus a few mask entries of one completion: (condition, value)."""
        p = poly(d)
        flags = {next(iter(m))[0] for m in p if len(m) == 1}
        masks = all(a.op == "var" and a.args[1] == "Z" for a in flags) and all(k == 1 for m in p for _, k in m)
        steps = {c for m, c in p.items() if m}
        rows = {row_of(a) for a in flags} if masks else set()
        if not masks or any(len(m) > 1 for m in p) or len(steps) != 1 or len(rows) != 1:
            return None
        base, step = p.get(UNIT, Fraction(0)), steps.pop()
        ordered = sorted(flags, key=column)
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
        split = None
        if len({row_of(v) for v in flags_of(inner[0])}) == 1:
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
        """f(x) by the outcome of a condition on rewards inside x, so that equal branches get equal values; None if none."""
        ites = [a for m in poly(x) for a, _ in m if a.op == "ite" and depends_on_rewards(a.args[0])]
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

    def place(self, key: Term, size: float, logp: Any, old: Any, ref: Any) -> None:
        """Move old or reference log-probabilities so that exp of (a difference of log-probabilities) has this value."""
        coefficients = {
            next(iter(m))[0].args[0]: c for m, c in poly(key.args[2]).items() if len(m) == 1 and next(iter(m))[0].op == "var"
        }
        tables = {"old": old, "ref": ref}
        for name in coefficients:
            kind, _, at = name.partition("_")
            if kind in tables:
                i, t = map(int, at.split("_"))
                tables[kind][i][t] = logp[i][t] + log(size) / float(coefficients[name])
                return
