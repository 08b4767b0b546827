"""adv-bounded and adv-finite: how large an advantage can get."""

import random
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from itertools import chain
from math import sqrt
from typing import Any

import numpy as np

from theory.kernel import Term
from theory.kernel.ring import UNIT, Poly, plus, poly, times

from ..decide import Finding, prove, scope
from ..meanings.exact import TRUE, Exact
from ..properties import Property
from ..smt import squares
from ..witness import Case, make
from ..world import Claim, ConcreteWorld, Inputs, SymbolicWorld
from .cases import fitting
from .invariances import scale_linear

EXACT = Exact()
SQUARE = "the square of the advantage of completion"


def extremes(subject: Any, G: int, T: int) -> Iterator[Case]:
    """Rewards far apart, far from 0, or of very different sizes."""
    rng = random.Random(0)
    far = ([size] * top + [0.0] * (G - top) for top in range(1, G) for size in (1.0, 1e3, 1e6))
    heavy = ([rng.gauss(0, 1) ** 3 * 10 ** rng.randint(-3, 5) for _ in range(G)] for _ in range(100))
    return fitting(subject, (make(rewards, [T] * G, T) for rewards in chain(far, heavy)))


def largest(subject: Any, G: int, T: int) -> tuple[float, Inputs]:
    """The largest advantage found, in size, and where; infinity where one is not finite."""
    found = list[tuple[float, Inputs]]()
    for case in extremes(subject, G, T):
        a, x = run(subject, case)
        found.append((float(np.abs(a).max()) if np.isfinite(a).all() else float("inf"), x))
    return max(found, key=lambda f: f[0])


def run(subject: Any, case: Case) -> tuple[Any, Inputs]:
    """The advantages of a case, and its inputs."""
    w = ConcreteWorld(subject, case)
    x = w.inputs()
    return w.advantages(x), x


def within(square: Fraction) -> Any:
    def claims(w: Any) -> list[Claim]:
        x = w.inputs()
        w.not_all_equal(x.rewards)
        return [w.at_most(v * v, w.number(square), f"{SQUARE} {i}") for i, v in enumerate(w.advantages(x))]

    return claims


def under_a_root(square: Fraction) -> Any:
    """Every A is defined, and is c / (sigma + eps), sigma the root of V, and square V - c^2 a sum of squares: A^2 <= square.

    Where V is a constant under a condition (all rewards equal, say), the solver is left with A^2 <= square there.
    """

    def claims(w: Any) -> list[Claim]:
        x = w.inputs()
        w.not_all_equal(x.rewards)
        out = []
        for i, v in enumerate(w.advantages(x)):
            out.append(w.equal(v, v, "the advantage"))
            top, cases = quotient(poly(v.term))
            for condition, variance in cases:
                rest = plus(times(variance, {UNIT: square}), times(top, top), Fraction(-1))
                if condition is not TRUE and not variance.keys() - {UNIT}:
                    out.append(w.at_most(v * v, w.number(square), f"{SQUARE} {i}", [condition]))
                elif rest and squares(rest) is None:
                    raise NotImplementedError("no sum of squares")
        return out

    return claims


def quotient(p: Poly) -> tuple[Poly, list[tuple[Term, Poly]]]:
    """c, and V by cases, where p is c / (sqrt V + eps), eps >= 0. Raises NotImplementedError where it is not."""
    below = set.intersection(*({a for a, k in m if a.op == "inv" and k == 1} for m in p)) if p else set()
    for d in sorted(below, key=lambda d: (len(repr(d)), repr(d)), reverse=True):
        bottom = poly(d.args[0])
        roots = [a for m in bottom for a, k in m if a.op == "app" and a.args[0] == "sqrt"]
        if len(roots) == 1 and bottom == {frozenset([(roots[0], 1)]): 1} | ({UNIT: e} if (e := bottom.get(UNIT, 0)) > 0 else {}):
            under = roots[0].args[2]
            cases = [(TRUE, under)]
            if under.op == "ite":
                cases = [(under.args[0], under.args[1]), (EXACT.not_(under.args[0]), under.args[2])]
            return {m - {(d, 1)}: c for m, c in p.items()}, [(condition, poly(v)) for condition, v in cases]
    raise NotImplementedError("no quotient by a root")


def judge_bounded(p: Property, subject: Any, G: int, T: int) -> Finding:
    size, x = largest(subject, G, T)
    linear = prove(replace(p, decide=None, claims=scale_linear), subject, G, T)
    witness = {"property": p.id, "claim": "the largest advantage in size", "left": size, "right": 1e4, "relation": "within"}
    witness["group"] = x.group()
    here = scope(G, T)
    if linear.proved and size > 0:
        return Finding(p.id, "refuted", p.statement, here, f"A(phi r) = phi A(r): {linear.method}", witness=witness)
    if size > 1e4:
        return Finding(p.id, "refuted", p.statement, f"G = {G}", "re-executed in float64 PyTorch", witness=witness)
    for bound in bounds(size):
        if prove(replace(p, decide=None, claims=under_a_root(bound)), subject, G, T).proved:
            how = f"{bound} sigma^2 - (sigma A)^2 is a sum of squares, found exactly"
            return Finding(p.id, "proved", p.statement, here, how, formula=f"|A| <= {sqrt(bound):.6g} at G = {G}")
    pole = None if subject.columns else near_pole(p, subject, T)
    if pole is not None:
        a, x = run(subject, next(fitting(subject, [make(pole, [T] * 2, T)])))
        witness |= {"left": float(np.abs(a).max()), "group": x.group()}
        how = "where its denominator is 1/M, |A| > M/4 for every M > 4 (unsat)"
        return Finding(p.id, "refuted", p.statement, scope(2, T), how, witness=witness)
    for g in dict.fromkeys([G, min(G, 3), 2]):
        for bound in bounds(largest(subject, g, T)[0]):
            if prove(replace(p, decide=None, claims=within(bound)), subject, g, T).proved:
                where = scope(g, T) + (f"; only at G = {g}, larger groups are undecided" if g < G else "")
                formula = f"|A| <= {sqrt(bound):.6g} at G = {g}"
                return Finding(p.id, "proved", p.statement, where, f"unsat of A^2 > {bound}", formula=formula)
    return Finding(p.id, "tested", p.statement, f"G = {G}", "extreme and random rewards", formula=f"largest found: {size:.6g}")


def bounds(size: float) -> list[Fraction]:
    """Bounds on A^2 that are worth a try, where this is the largest |A| found."""
    simple, square = (Fraction(size**2 * (1 + 1e-9)).limit_denominator(n) for n in (12, 1000))
    return [q for q in dict.fromkeys((simple, square, square + Fraction(1, 1000))) if q >= size**2 * (1 - 1e-9)]


def near_pole(p: Property, subject: Any, T: int) -> list[float] | None:
    """Rewards near which the advantage grows past every bound, where its denominator is linear in them; proved for all M."""
    if subject.escapes(2, T) or subject.differs(2, T):
        return None
    w = SymbolicWorld(subject, 2, T)
    x = w.inputs()
    below = {a.args[0] for m in poly(w.advantages(x)[0].term) for a, _ in m if a.op == "inv"}
    d = poly(below.pop()) if len(below) == 1 else {}
    one, two = (d.get(frozenset([(r.term, 1)]), Fraction(0)) for r in x.rewards)
    if not two or any(m not in ({UNIT} | {frozenset([(r.term, 1)]) for r in x.rewards}) for m in d):
        return None
    start = one + d.get(UNIT, Fraction(0))

    def claims(w: Any) -> list[Claim]:
        x, M = w.inputs(), w.scalar("M", positive=True)
        rewards = x.rewards.copy()
        rewards[0], rewards[1] = w.number(1), (w.number(1) / M - w.number(start)) * w.number(1 / two)
        a = w.advantages(x.but(rewards=rewards))[0]
        return [w.less(M * M, 16 * (a * a), "M^2 and 16 A^2", [w.condition(w.number(4), "<", M)])]

    proved = prove(replace(p, decide=None, claims=claims), subject, 2, T).proved
    return [1.0, float((Fraction(1, 10**6) - start) / two)] if proved else None


def defined(w: Any) -> list[Claim]:
    """Nothing but that the advantages have a value: where they have none, a solver's candidate comes back."""
    return [w.equal(a, a, "the advantage") for a in w.advantages(w.inputs())]


def judge_finite(p: Property, subject: Any, G: int, T: int) -> Finding:
    pole = prove(replace(p, decide=None, claims=defined), subject, G, T).candidate
    few = [[0.0] * G, [1e3] * G, [1e3, -1e3] + [0.0] * (G - 2), [1.0] + [0.0] * (G - 1)]
    cases = [*([] if pole is None else [pole]), *extremes(subject, G, T), *fitting(subject, (make(r, [T] * G, T) for r in few))]
    for case in cases:
        a, x = run(subject, case | {"rewards": np.clip(case["rewards"], -1e3, 1e3)})
        if not np.isfinite(a).all():
            witness: dict[str, Any] = {"property": p.id, "claim": "an advantage, and another", "relation": "finite"}
            witness |= {"left": float(a[0]), "right": float(a[-1]), "group": x.group()}
            return Finding(p.id, "refuted", p.statement, f"G = {G}", "re-executed in float64 PyTorch", witness=witness)
    return Finding(p.id, "tested", p.statement, f"G = {G}", f"{len(cases)} reward vectors in [-1e3, 1e3]")


PROPERTY = [
    Property("adv-bounded", "there is a bound on |A| that depends on G alone", decide=judge_bounded, harm=30),
    Property("adv-finite", "finite rewards (also all equal) give finite advantages", decide=judge_finite, harm=14),
]
