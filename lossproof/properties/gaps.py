"""gap-invariant: a masked span inside a completion, such as a tool's answer between two turns."""

from dataclasses import replace
from typing import Any

import numpy as np

from ..decide import Finding, decide
from ..subject import Subject
from ..world import Claim
from . import Property

SHORT = "a gap inside a completion needs three tokens"


def claims(w: Any) -> list[Claim]:
    """A completion with one token masked in its middle, against the same with that token moved behind the end."""
    if w.T < 3:  # no claim at all would pass for a proof
        raise NotImplementedError(SHORT)
    w.unsummed()
    out = []
    x = w.free_reference(w.inputs())
    w.not_all_equal(x.rewards)
    for i in range(w.G):
        for t in range(1, w.T - 1):
            mask = x.mask.copy()
            mask[i] = [w.number(int(u != t)) for u in range(w.T)]
            gap = x.live(mask)
            order = [*range(t), *range(t + 1, w.T), t]
            g, closed = w.gradient(gap), reordered(gap, i, order)
            h, where = w.gradient(closed), f"token {t} of completion {i} is masked out, or moved behind the end;"
            out.append(w.equal(w.loss(closed), w.loss(gap), f"{where} the loss is"))
            expected = g.copy()
            expected[i] = g[i, order]
            out += w.same_gradient(h, expected, f"{where} the weight")
    return out


def reordered(x: Any, i: int, order: list[int]) -> Any:
    """The tokens of completion i in another order."""
    names = ("logp", "old_logp", "ref_logp", "entropy", "mask", *(["masked"] if x.masked is not None else []))
    arrays = {n: np.array(getattr(x, n), copy=True) for n in names}
    for a in arrays.values():
        a[i] = a[i, order]
    return x.but(**arrays)


def judged(p: Property, subject: Subject, G: int, T: int) -> Finding:
    if T < 3:
        return Finding(p.id, "not-applicable", p.statement, reason=SHORT)
    return decide(replace(p, decide=None), subject, G, T)


PROPERTY = Property(
    "gap-invariant",
    "a masked token inside a completion counts as one behind its end: moving it there changes neither loss nor live g",
    claims,
    decide=judged,
    needs=("mask",),
    harm=6,
    on_request=True,
)
