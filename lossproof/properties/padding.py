"""padding-invariant: what stands at masked positions, and how many of them there are, changes nothing."""

from typing import Any

import numpy as np

from ..world import Claim
from . import Property


def claims(w: Any) -> list[Claim]:
    x = w.free_reference(w.inputs())
    w.not_all_equal(x.rewards)
    other = w.inputs(prefix="other_")
    junk = {n: x.mask * getattr(x, n) + (1 - x.mask) * getattr(other, n) for n in ("logp", "old_logp", "entropy")}
    y = x.but(**junk, ref_logp=x.mask * x.ref_logp + (1 - x.mask) * other.logp)
    g, h = w.gradient(x), w.gradient(y)
    loss = w.loss(x)
    # one position at a time is enough in general: the others already hold arbitrary values
    changed = [one_changed(x, y, at) for at in np.ndindex(g.shape)] if w.symbolic else [y]
    out = [w.equal(w.loss(z, like=x), loss, "values at masked positions change; the loss is") for z in changed]
    for at in np.ndindex(g.shape):
        live, here = w.live(x, *at), f"completion {at[0]}, token {at[1]}"
        out.append(w.equal(h[at], g[at], f"values at masked positions change; the weight of {here}", live))
        out.append(w.equal(g[at], 0, f"the masked {here} has weight", w.padded(x, *at)))
    wide = w.widened(x, other)
    k = w.gradient(wide)
    out.append(w.equal(w.loss(wide), loss, "one more padded column; the loss is"))
    out += [
        w.equal(k[at], g[at], f"one more padded column; the weight of completion {at[0]}, token {at[1]}")
        for at in np.ndindex(g.shape)
    ]
    return out


def one_changed(x: Any, y: Any, at: tuple[int, ...]) -> Any:
    """x with what y has at one position."""
    arrays = {}
    for name in ("logp", "old_logp", "ref_logp", "entropy"):
        arrays[name] = getattr(x, name).copy()
        arrays[name][at] = getattr(y, name)[at]
    return x.but(**arrays)


PROPERTY = Property(
    "padding-invariant",
    "loss and live g do not depend on values at masked positions, g = 0 there, one more padded column changes nothing",
    claims,
    harm=6,
)
