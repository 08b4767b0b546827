"""uses-old-logp: does the importance ratio do anything? (The most repeated question: why is my ratio always 1?)"""

from dataclasses import replace
from itertools import chain
from typing import Any

from ..decide import Finding, prove, refute, scope
from ..subject import Subject
from ..witness import corners, make
from ..world import Claim
from . import Property


def unaffected(w: Any) -> list[Claim]:
    """The opposite: g is the same whatever old_logp is."""
    x = w.free_reference(w.inputs())
    w.not_all_equal(x.rewards)
    y = x.but(old_logp=w.inputs(prefix="other_").old_logp)
    return w.same_gradient(w.gradient(y), w.gradient(x), "old_logp changes; the weight")


def judged(p: Property, subject: Subject, G: int, T: int) -> Finding:
    if not subject.takes("old_logp"):
        return Finding(p.id, "refuted", p.statement, scope(G, T), "the objective does not take old_logp", reason=None,
                       witness={"property": p.id, "claim": "no parameter of the objective asks for old_logp"})  # fmt: skip
    opposite = replace(p, decide=None, claims=unaffected)
    far = (make([2, 0.5, 0], [1, 1, 1], 1, s) for s in (0.05, 20.0, 1e-3, 1e3))  # within bounds that leave out the ratio 1
    case = refute(opposite, subject, chain(corners(min(G, 3), min(T, 2)), far))
    if case is not None:
        example = {"property": p.id, "case": case, "claim": "g changes when old_logp does"}
        return Finding(
            p.id, "proved", p.statement, scope(G, T), "an input where g changes, re-executed in float64", witness=example
        )
    proof = prove(opposite, subject, G, T)
    if proof.proved:
        example = {"property": p.id, "case": next(corners(G, T)), "claim": "g stays the same whatever old_logp is"}
        return Finding(
            p.id, "refuted", p.statement, scope(G, T), f"g does not depend on old_logp: {proof.method}", witness=example
        )
    return Finding(p.id, "unknown", p.statement, scope(G, T), reason=proof.reason or "no input found where g changes")


PROPERTY = Property("uses-old-logp", "there is an input where changing old_logp changes g", decide=judged, exists=True, harm=7)
