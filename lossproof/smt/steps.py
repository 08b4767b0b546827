"""Small exact steps on terms: values for variables, quadratic forms as squares, rational bounds of a logarithm."""

from fractions import Fraction
from functools import reduce
from typing import Any, cast

from theory.kernel import Term
from theory.kernel.ring import UNIT, Poly, plus, poly, times
from theory.kernel.terms import mk

from ..meanings.exact import Exact

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


def lengths(d: Term) -> list[tuple[Term | None, Fraction]] | None:
    """1/d by cases, where d is a constant plus mask entries of one completion: (the last live one, value), longest first."""
    p = poly(d)
    flags = {next(iter(m))[0] for m in p if len(m) == 1}
    masks = all(a.op == "var" and a.args[1] == "Z" for a in flags) and all(k == 1 for m in p for _, k in m)
    steps = {c for m, c in p.items() if m}
    rows = {row_of(a) for a in flags} if masks else set()
    if not masks or any(len(m) > 1 for m in p) or len(steps) != 1 or len(rows) != 1:
        return None
    base, step = p.get(UNIT, Fraction(0)), steps.pop()
    ordered = sorted(flags, key=column)
    values = [base + step * n for n in range(len(ordered), -1, -1)]  # padding is on the right
    last: list[Term | None] = [*reversed(ordered), None]
    return None if 0 in values else [(flag, 1 / v) for flag, v in zip(last, values, strict=True)]


def depends_on_rewards(p: Term) -> bool:
    return any(v.args[0].startswith(("reward", "adv", "other_reward")) for v in p.free)
