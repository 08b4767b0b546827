"""Compares two objectives as functions of rewards, log-probabilities and lengths: equal, proportional, or different.

What training sees is the gradient, so that is what is compared; the note says whether the values of the loss agree too.
"""

import random
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from .decide import Finding, prove, refute, refuted, scope
from .properties import Property
from .subject import BadTarget, Subject, example
from .witness import Case, corners, drawn, make, shapes_up_to
from .world import Claim, ConcreteWorld, SymbolicWorld

SHAPES = [(2, 2), (3, 2), (4, 3)]


@dataclass(frozen=True)
class Comparison:
    """relation: equal, proportional, different or unknown; factor: of A's gradient over B's; finding: proof or witness."""

    relation: str
    factor: str
    finding: Finding | None
    note: str = ""


class Pair:
    """Claims `gradient of A = factor * gradient of B` in a world."""

    def __init__(self, a: Subject, b: Subject, factor: Fraction):
        self.a, self.b, self.factor = a, b, factor

    def __call__(self, w: Any) -> list[Claim]:
        x = w.free_reference(w.inputs())
        w.not_all_equal(x.rewards)
        g = w.gradient(x)
        h = other(w, self.b).gradient(x)
        return w.same_gradient(g, h * w.number(self.factor), "the weight")


def other(w: Any, subject: Subject) -> Any:
    """The same world for another subject, on the same symbols or numbers."""
    if isinstance(w, SymbolicWorld):
        twin = SymbolicWorld(subject, w.G, w.T)
        twin.given, twin.positive = w.given, w.positive
        return twin
    return ConcreteWorld(subject, w.case, w.scalars)


def runs(subject: Subject, G: int, T: int) -> bool:
    """Whether the function takes groups of a shape: an even split into micro-batches does not take every one."""
    try:
        subject.run(example(G, T))
    except Exception:
        return False
    return True


def factor_at(a: Subject, b: Subject, case: Case) -> float | None:
    """The common ratio of the two gradients on a case, None where there is none (or nothing to compare)."""
    wa, wb = ConcreteWorld(a, case), ConcreteWorld(b, case)
    g, h = (w.gradient(w.free_reference(w.inputs())) for w in (wa, wb))
    live = np.abs(h) > 1e-12
    if not (np.isfinite(g).all() and np.isfinite(h).all()) or not live.any():
        return None
    ratios = g[live] / h[live]
    return float(ratios[0]) if np.allclose(ratios, ratios[0], rtol=1e-9) else float("nan")


def compare(a: Subject, b: Subject, shapes: list[tuple[int, int]] | None = None) -> Comparison:
    """The relation between two objectives at several shapes, proved at each, or the smallest witness that tells them apart."""
    shapes = [s for s in shapes or SHAPES if runs(a, *s) and runs(b, *s)]
    if not shapes:
        raise BadTarget(f"{a.name} and {b.name} take no group of one shape among {', '.join(f'{g} by {t}' for g, t in SHAPES)}")
    factors: dict[tuple[int, int], Fraction] = {}
    for G, T in shapes:
        case = make([2.0, 0.5, 1.0, 0.0][:G], [1 + i % T for i in range(G)], T, 1.02, spread=0.2)
        at = factor_at(a, b, case)
        factors[G, T] = Fraction(at).limit_denominator(100_000) if at is not None and np.isfinite(at) and at else Fraction(1)
    for G, T in shapes:
        p = Property("compare", f"gradient of {a.name} = {factors[G, T]} gradient of {b.name}", Pair(a, b, factors[G, T]))
        rng = random.Random(3)
        cases = [
            c for g, t in shapes_up_to(G, T) for c in corners(g, t) if (len(c["rewards"]), len(c["logp"][0])) == (G, T) or g == G
        ]
        broken = refute(p, a, [*(c for c in cases if len(c["rewards"]) == G), *(drawn(G, T, rng) for _ in range(60))])
        if broken is not None:
            whole = Property("compare", f"gradient of {a.name} = gradient of {b.name}", Pair(a, b, Fraction(1)))
            return Comparison("different", "", refuted(p if factors[G, T] != 1 else whole, a, broken))
    reasons: list[str] = []
    for G, T in shapes:
        p = Property("compare", "", Pair(a, b, factors[G, T]))
        proof = prove(p, a, G, T)
        broken = refute(p, a, [proof.candidate]) if proof.candidate else None
        if broken is not None:
            return Comparison("different", "", refuted(p, a, broken))
        if not proof.proved:
            reasons.append(f"G = {G}, T = {T}: {proof.reason}")
    values = set(factors.values())
    factor = str(values.pop()) if len(values) == 1 else ", ".join(f"{f} at G={G}, T={T}" for (G, T), f in factors.items())
    relation = "unknown" if reasons else "equal" if factor == "1" else "proportional"
    where = "; ".join(scope(G, T) for G, T in shapes[-1:])
    verdict = "unknown" if reasons else "proved"
    finding = Finding(
        "compare",
        verdict,
        f"{relation} {factor}",
        where,
        "unsat at every shape tried",
        reason="; ".join(reasons) or None,
    )
    return Comparison(relation, factor, finding, "" if same_value(a, b) else "the gradients agree, the values of the loss do not")


def same_value(a: Subject, b: Subject) -> bool:
    for case in (make([2, 0.5, 1, 0], [1, 2, 2, 1], 2, 1.1, spread=0.3), make([1, 0], [1, 1], 1, 0.9)):
        values = [w.loss(w.free_reference(w.inputs())) for w in (ConcreteWorld(a, case), ConcreteWorld(b, case))]
        if abs(values[0] - values[1]) > 1e-9 * max(1.0, abs(values[0])):
            return False
    return True


def matches(subject: Subject, builtins: dict[str, Subject]) -> list[dict[str, str]]:
    """The built-in objectives that the subject's gradient equals or is proportional to."""
    out = []
    probe = make([2.0, 0.5, 1.0], [1, 2, 2], 2, 1.02, spread=0.2)
    for name, other_subject in builtins.items():
        at = factor_at(subject, other_subject, probe)
        if at is None or not np.isfinite(at) or not at:
            continue
        found = compare(subject, other_subject, [(2, 2), (3, 2)])
        if found.relation in ("equal", "proportional"):
            out.append({"objective": name, "relation": found.relation, "factor": found.factor})
    return out
