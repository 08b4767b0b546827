"""adv-bounded and adv-finite: how large an advantage can get."""

import random
from dataclasses import replace
from fractions import Fraction
from math import sqrt
from typing import Any

import numpy as np

from theory.kernel import Term
from theory.kernel.ring import UNIT, Poly, plus, poly, times

from ..decide import Finding, prove, scope
from ..properties import Property
from ..smt import squares
from ..witness import make
from ..world import Claim, ConcreteWorld, SymbolicWorld
from .invariances import scale_linear


def extremes(G: int) -> Any:
    for top in range(1, G):
        for size in (1.0, 1e3, 1e6):
            yield [size] * top + [0.0] * (G - top)
    rng = random.Random(0)
    for _ in range(100):
        yield [rng.gauss(0, 1) ** 3 * 10 ** rng.randint(-3, 5) for _ in range(G)]


def largest(subject: Any, G: int, T: int) -> tuple[float, list[float]]:
    best = (0.0, [0.0] * G)
    for rewards in extremes(G):
        w = ConcreteWorld(subject, make(rewards, [T] * G, T))
        a = np.abs(w.advantages(w.inputs()))
        if not np.isfinite(a).all():
            return float("inf"), rewards
        best = max(best, (float(a.max()), rewards))
    return best


def within(square: Fraction) -> Any:
    def claims(w: Any) -> list[Claim]:
        x = w.inputs()
        w.not_all_equal(x.rewards)
        a = w.advantages(x)
        return [w.at_most(v * v, w.number(square), f"the square of the advantage of completion {i}") for i, v in enumerate(a)]

    return claims


def judge_bounded(p: Property, subject: Any, G: int, T: int) -> Finding:
    size, rewards = largest(subject, G, T)
    linear = prove(replace(p, decide=None, claims=scale_linear), subject, G, T)
    witness = {
        "property": p.id,
        "claim": "the largest advantage in size",
        "left": size,
        "right": 1e4,
        "relation": "within",
        "group": {"rewards": rewards, "lengths": [T] * G},
    }
    if linear.proved and size > 0:
        return Finding(p.id, "refuted", p.statement, scope(G, T), f"A(phi r) = phi A(r): {linear.method}", witness=witness)
    if size > 1e4:
        return Finding(p.id, "refuted", p.statement, f"G = {G}", "re-executed in float64 PyTorch", witness=witness)
    square = Fraction(size**2 * (1 + 1e-9)).limit_denominator(1000)
    for bound in (square, square + Fraction(1, 1000)):
        if sums_of_squares(subject, G, T, bound):
            how = f"{bound} sigma^2 - (sigma A)^2 is a sum of squares, found exactly"
            return Finding(p.id, "proved", p.statement, scope(G, T), how, formula=f"|A| <= {sqrt(bound):.6g} at G = {G}")
    pole = near_pole(p, subject, T)
    if pole is not None:
        value = ConcreteWorld(subject, make(pole, [T] * 2, T))
        witness |= {
            "left": float(np.abs(value.advantages(value.inputs())).max()),
            "group": {"rewards": pole, "lengths": [T] * 2},
        }
        return Finding(
            p.id,
            "refuted",
            p.statement,
            scope(2, T),
            "where its denominator is 1/M, |A| > M/4 for every M > 4 (unsat)",
            witness=witness,
        )
    for g in dict.fromkeys([G, min(G, 3), 2]):
        square = Fraction(largest(subject, g, T)[0] ** 2 * (1 + 1e-9)).limit_denominator(1000)
        for bound in (square, square + Fraction(1, 1000)):
            proof = prove(replace(p, decide=None, claims=within(bound)), subject, g, T)
            if proof.proved:
                where = scope(g, T) + (f"; only at G = {g}, larger groups are undecided" if g < G else "")
                return Finding(
                    p.id,
                    "proved",
                    p.statement,
                    where,
                    f"unsat of A^2 > {bound}",
                    formula=f"|A| <= {sqrt(bound):.6g} at G = {g}",
                )
    return Finding(p.id, "tested", p.statement, f"G = {G}", "extreme and random rewards", formula=f"largest found: {size:.6g}")


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


def sums_of_squares(subject: Any, G: int, T: int, bound: Fraction) -> bool:
    """Whether every A is c / (sigma + eps), eps >= 0, sigma > 0 the root of a form V, and bound V - c^2 a sum of squares.

    c and V may share a positive factor 1 / (sigma' + eps') and its square, where rewards were divided by a spread before.
    """
    if subject.escapes(G, T) or subject.differs(G, T):
        return False
    w = SymbolicWorld(subject, G, T)
    for a in w.advantages(w.inputs()):
        below, top = without_inverses(poly(a.term))
        outer = max(below, key=lambda d: len(repr(d)), default=None)
        if outer is None or below.pop(outer) != 1:
            return False
        inner, variance = without_inverses(under_root(outer.args[0]))
        if inner != {d: 2 * k for d, k in below.items()} or not all(is_spread(under_root(d.args[0]), G) for d in below):
            return False
        rest = plus(times(variance, {UNIT: bound}), times(top, top), Fraction(-1))
        if not is_spread(variance, G) or (rest and squares(rest) is None):
            return False
    return True


def without_inverses(p: Poly) -> tuple[dict[Term, int], Poly]:
    """The powers of inverses that all monomials of p share, and p without them; nothing where they differ."""
    powers = [{a: k for a, k in m if a.op == "inv"} for m in p]
    if any(one != powers[0] for one in powers):
        return {}, {}
    return (powers[0] if powers else {}), {frozenset(f for f in m if f[0].op != "inv"): c for m, c in p.items()}


def under_root(d: Term) -> Poly:
    """V where d is sqrt V + eps, eps >= 0; nothing where it is not."""
    p = poly(d)
    roots = [m for m in p if any(a.op == "app" and a.args[0] == "sqrt" for a, _ in m)]
    if len(roots) != 1 or p[roots[0]] != 1 or len(p) > 2 or p.get(UNIT, Fraction(0)) < 0 or (len(p) == 2 and UNIT not in p):
        return {}
    ((root, power),) = roots[0] if len(roots[0]) == 1 else ((d, 0),)
    return poly(root.args[2]) if power == 1 else {}


def is_spread(variance: Poly, G: int) -> bool:
    """Whether a form in the rewards is a sum of squares that is 0 only where all rewards are equal."""
    rewards = all(v.args[0].startswith("reward_") for m in variance for a, _ in m for v in a.free)
    return rewards and len(squares(variance) or []) == G - 1 and not sum(variance.values())  # V(1, .., 1) = 0


def defined(w: Any) -> list[Claim]:
    """Nothing but that the advantages have a value: where they have none, a solver's candidate comes back."""
    return [w.equal(a, a, "the advantage") for a in w.advantages(w.inputs())]


def judge_finite(p: Property, subject: Any, G: int, T: int) -> Finding:
    pole = prove(replace(p, decide=None, claims=defined), subject, G, T).candidate
    poles = [] if pole is None else [pole["rewards"]]
    tried = 0
    for rewards in [*poles, *extremes(G), [0.0] * G, [1e3] * G, [1e3, -1e3] + [0.0] * (G - 2), [1.0] + [0.0] * (G - 1)]:
        clipped = [max(-1e3, min(1e3, r)) for r in rewards]
        tried += 1
        w = ConcreteWorld(subject, make(clipped, [T] * G, T))
        a = w.advantages(w.inputs())
        if not np.isfinite(a).all():
            witness = {
                "property": p.id,
                "claim": "an advantage, and another",
                "left": float(a[0]),
                "right": float(a[-1]),
                "relation": "finite",
                "group": {"rewards": clipped, "lengths": [T] * G},
            }
            return Finding(p.id, "refuted", p.statement, f"G = {G}", "re-executed in float64 PyTorch", witness=witness)
    return Finding(p.id, "tested", p.statement, f"G = {G}", f"{tried} reward vectors in [-1e3, 1e3]")


PROPERTY = [
    Property("adv-bounded", "there is a bound on |A| that depends on G alone", decide=judge_bounded, harm=30),
    Property("adv-finite", "finite rewards (also all equal) give finite advantages", decide=judge_finite, harm=14),
]
