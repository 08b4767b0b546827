"""Compares two objectives as functions of rewards, log-probabilities and lengths: equal, proportional, or different.

What training sees is the gradient, so that is what is compared; the note says whether the values of the loss agree too.
"""

import random
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from .decide import Finding, prove, refute, refuted, scope, scope_of
from .properties import Property
from .subject import STEP_INPUTS, BadTarget, Subject, example
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
        g, h = ((w if s is w.subject else other(w, s)).gradient(x) for s in (self.a, self.b))
        return w.same_gradient(g, h * w.number(self.factor), "the weight")


def other(w: Any, subject: Subject) -> Any:
    """The same world for another subject, on the same symbols or numbers."""
    if isinstance(w, SymbolicWorld):
        twin = SymbolicWorld(subject, w.G, w.T)
        twin.given, twin.positive = w.given, w.positive
        return twin
    return ConcreteWorld(subject, w.case, w.scalars)


def leading(a: Subject, b: Subject) -> Subject | None:
    """The one whose inputs are those of both; None where there is none."""
    if a.paired != b.paired:
        return None
    extra = [{n for n in STEP_INPUTS if s.takes(n)} for s in (a, b)]
    return a if extra[0] >= extra[1] else b if extra[1] >= extra[0] else None


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


def compare(
    a: Subject, b: Subject, shapes: list[tuple[int, int]] | None = None, searched: list[tuple[int, int]] | None = None
) -> Comparison:
    """The relation between two objectives at several shapes, proved at each, or the smallest witness that tells them apart.

    At the shapes `searched` a witness is looked for, nothing is proved.
    """
    shapes, searched = ([s for s in some if runs(a, *s) and runs(b, *s)] for some in (shapes or SHAPES, searched or []))
    if not shapes:
        raise BadTarget(f"{a.name} and {b.name} take no group of one shape among {', '.join(f'{g} by {t}' for g, t in SHAPES)}")
    lead = leading(a, b)
    if lead is None:
        pairs = "one of them is told pairs, the other rewards: no input is one of both"
        why = pairs if a.paired != b.paired else "each takes an input of a step of diffusion that the other does not take"
        return Comparison("unknown", "", Finding("compare", "unknown", "", method="nothing was compared", reason=why))
    factors: dict[tuple[int, int], Fraction] = {}
    for G, T in [*shapes, *searched]:
        case = make([(2.0, 0.5, 1.0, 0.0)[i % 4] for i in range(G)], [1 + i % T for i in range(G)], T, 1.02, spread=0.2)
        at = factor_at(a, b, case)
        factors[G, T] = Fraction(at).limit_denominator(100_000) if at is not None and np.isfinite(at) and at else Fraction(1)
    for G, T in [*shapes, *searched]:
        p = Property("compare", f"gradient of {a.name} = {factors[G, T]} gradient of {b.name}", Pair(a, b, factors[G, T]))
        rng = random.Random(3)
        cases = [
            c for g, t in shapes_up_to(G, T) for c in corners(g, t) if (len(c["rewards"]), len(c["logp"][0])) == (G, T) or g == G
        ]
        broken = refute(p, lead, [*(c for c in cases if len(c["rewards"]) == G), *(drawn(G, T, rng) for _ in range(60))])
        if broken is not None:
            whole = Property("compare", f"gradient of {a.name} = gradient of {b.name}", Pair(a, b, Fraction(1)))
            return Comparison("different", "", refuted(p if factors[G, T] != 1 else whole, lead, broken))
    reasons: list[str] = []
    for G, T in shapes:
        p = Property("compare", "", Pair(a, b, factors[G, T]))
        proof = prove(p, lead, G, T)
        broken = refute(p, lead, [proof.candidate]) if proof.candidate else None
        if broken is not None:
            return Comparison("different", "", refuted(p, lead, broken))
        if not proof.proved:
            reasons.append(f"G = {G}, T = {T}: {proof.reason}")
    values = set(factors.values())
    factor = str(values.pop()) if len(values) == 1 else ", ".join(f"{f} at G={G}, T={T}" for (G, T), f in factors.items())
    relation = "unknown" if reasons else "equal" if factor == "1" else "proportional"
    where = "; ".join(scope_of(lead, scope(G, T)) for G, T in shapes[-1:])
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


def matches(subject: Subject, builtins: dict[str, Subject], group: int, length: int) -> list[dict[str, str]]:
    """The built-in objectives that the subject's gradient equals or is proportional to: proved for short groups, and not
    told apart by a search at the audited shape."""
    out = []
    probe = make([2.0, 0.5, 1.0], [1, 2, 2], 2, 1.02, spread=0.2)
    for name, other_subject in builtins.items():
        if leading(subject, other_subject) is None:
            continue
        at = factor_at(subject, other_subject, probe)
        if at is None or not np.isfinite(at) or not at:
            continue
        found = compare(subject, other_subject, [(2, 2), (3, 2)], [(group, length)])
        if found.relation in ("equal", "proportional"):
            out.append({"objective": name, "relation": found.relation, "factor": found.factor})
    return out
