"""sample-local and permutation-equivariant: who influences whose weight."""

from typing import Any

from ..world import Claim
from . import Property


def local(w: Any) -> list[Claim]:
    out = []
    x = w.free_reference(w.inputs())
    w.not_all_equal(x.rewards)
    g, other = w.gradient(x), w.inputs(prefix="other_")
    for i in range(w.G):
        logp, old = other.logp.copy(), other.old_logp.copy()
        logp[i], old[i] = x.logp[i], x.old_logp[i]
        h = w.gradient(x.but(logp=logp, old_logp=old))
        says = f"other completions' log-probabilities move; the weight of completion {i}, token"
        out += [w.equal(h[i, t], g[i, t], f"{says} {t}") for t in range(w.T)]
    return out


def equivariant(w: Any) -> list[Claim]:
    """Neighbour swaps generate every reordering; of a loss on pairs, a pair moves as a whole."""
    out = []
    x = w.free_reference(w.inputs())
    w.not_all_equal(x.rewards)
    g = w.gradient(x)
    for who, order in w.swaps(x):
        out += w.same_gradient(w.gradient(x.of(order)), g[order], f"{who} change places; the weight")
    return out


PROPERTY = [
    Property("sample-local", "g[i,:] does not depend on logp[j,:] or old_logp[j,:], j != i", local, harm=55),
    Property("permutation-equivariant", "reordering the group reorders g", equivariant, harm=8),
]
