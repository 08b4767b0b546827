"""Small exact steps on terms: values for variables, quadratic forms as squares, rational bounds of a logarithm."""

from fractions import Fraction
from functools import reduce
from itertools import product
from typing import Any, cast

from theory.kernel import Term
from theory.kernel.ring import UNIT, Monomial, Poly, poly
from theory.kernel.terms import mk

from ..meanings.exact import Exact

EXACT = Exact()


def flags_of(t: Term) -> list[Term]:
    return [v for v in t.free if v.args[1] == "Z"]


def row_of(flag: Term) -> str:
    return str(flag.args[0].rpartition("_")[0])


def completion_of(flag: Term) -> str:
    return row_of(flag).rpartition("_")[2]


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
    """Forms l_k with p = sum of d_k l_k^2, all d_k > 0, where p is such a quadratic form; None where it is not.

    Linear in real variables, or in products of them with roots, inverses and conditionals whose squares are monomials of p.
    """
    roots = [frozenset((a, k // 2) for a, k in m) for m in p if m and all(k % 2 == 0 for _, k in m)]
    roots.sort(key=lambda b: sorted(repr(f) for f in b))
    form = dict[frozenset[tuple[int, int]], Fraction]()
    for m, c in p.items():
        pairs = ((i, roots.index(rest)) for i, b in enumerate(roots) if (rest := without(m, b)) in roots)
        pair = None if any(a.op == "var" and a.args[1] != "R" for a, _ in m) else next(pairs, None)
        if pair is None:
            return None
        form[frozenset({(pair[0], 2)} if pair[0] == pair[1] else {(i, 1) for i in pair})] = c
    lines = completed(form) if form else None
    return None if lines is None else [{roots[i]: c for i, c in line.items()} for line in lines]


def without(m: Monomial, b: Monomial) -> Monomial | None:
    """m / b, None where b does not divide m."""
    powers = dict(m)
    for a, k in b:
        powers[a] = powers.get(a, 0) - k
    return None if min(powers.values()) < 0 else frozenset((a, k) for a, k in powers.items() if k)


def completed(form: dict[frozenset[tuple[int, int]], Fraction]) -> list[dict[int, Fraction]] | None:
    """Squares completed, one variable of a quadratic form after the other; None where one would count negative."""
    parts: list[dict[int, Fraction]] = []
    while form:
        pivot = min((i for m in form for i, k in m if k == 2), default=None)
        if pivot is None or (d := form[frozenset({(pivot, 2)})]) < 0:
            return None
        line = {i: c / (2 * d) for m, c in form.items() if (pivot, 1) in m for i, _ in m if i != pivot} | {pivot: Fraction(1)}
        parts.append(line)
        for i, j in product(line, repeat=2):
            m = frozenset({(i, 2)} if i == j else {(i, 1), (j, 1)})
            form[m] = form.get(m, Fraction(0)) - d * line[i] * line[j]
        form = {m: c for m, c in form.items() if c}
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
