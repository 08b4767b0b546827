"""adv-bounded and adv-finite: how large an advantage can get."""

import random
from dataclasses import replace
from fractions import Fraction
from math import sqrt
from typing import Any

import numpy as np

from ..decide import Finding, prove, scope
from ..properties import Property
from ..witness import make
from ..world import Claim, ConcreteWorld
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
    witness = {"property": p.id, "claim": "the largest advantage in size", "left": size, "right": 1e4, "relation": "within",
               "group": {"rewards": rewards, "lengths": [T] * G}}  # fmt: skip
    if linear.proved and size > 0:
        return Finding(p.id, "refuted", p.statement, scope(G, T), f"A(phi r) = phi A(r): {linear.method}", witness=witness)
    if size > 1e4:
        return Finding(p.id, "refuted", p.statement, f"G = {G}", "re-executed in float64 PyTorch", witness=witness)
    for g in dict.fromkeys([G, 3, 2]):
        if g > G:
            continue
        square = Fraction(largest(subject, g, T)[0] ** 2 * (1 + 1e-9)).limit_denominator(1000)
        for bound in (square, square + Fraction(1, 1000)):
            if prove(replace(p, decide=None, claims=within(bound)), subject, g, T).proved:
                return Finding(p.id, "proved", p.statement, scope(g, T), f"unsat of A^2 > {bound}", formula=f"|A| <= {sqrt(bound):.6g} at G = {g}")
    return Finding(p.id, "tested", p.statement, f"G = {G}", "extreme and random rewards", formula=f"largest found: {size:.6g}")


def judge_finite(p: Property, subject: Any, G: int, T: int) -> Finding:
    tried = 0
    for rewards in [*extremes(G), [0.0] * G, [1e3] * G, [1e3, -1e3] + [0.0] * (G - 2), [1.0] + [0.0] * (G - 1)]:
        clipped = [max(-1e3, min(1e3, r)) for r in rewards]
        tried += 1
        w = ConcreteWorld(subject, make(clipped, [T] * G, T))
        a = w.advantages(w.inputs())
        if not np.isfinite(a).all():
            witness = {"property": p.id, "claim": "an advantage, and another", "left": float(a[0]), "right": float(a[-1]), "relation": "finite",
                       "group": {"rewards": clipped, "lengths": [T] * G}}  # fmt: skip
            return Finding(p.id, "refuted", p.statement, f"G = {G}", "re-executed in float64 PyTorch", witness=witness)
    return Finding(p.id, "tested", p.statement, f"G = {G}", f"{tried} reward vectors in [-1e3, 1e3]")


PROPERTY = [
    Property("adv-bounded", "there is a bound on |A| that depends on G alone", decide=judge_bounded, harm=30),
    Property("adv-finite", "finite rewards (also all equal) give finite advantages", decide=judge_finite, harm=14),
]
