"""sample-local and permutation-equivariant: who influences whose weight."""

from typing import Any

import numpy as np

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
    """Neighbour swaps generate every reordering."""
    out = []
    x = w.free_reference(w.inputs())
    w.not_all_equal(x.rewards)
    g = w.gradient(x)
    for i in range(w.G - 1):
        order = np.arange(w.G)
        order[[i, i + 1]] = order[[i + 1, i]]
        swapped = x.but(**{n: a[order] for n, a in x.arrays().items()})
        out += w.same_gradient(w.gradient(swapped), g[order], f"completions {i} and {i + 1} change places; the weight")
    return out


PROPERTY = [
    Property("sample-local", "g[i,:] does not depend on logp[j,:] or old_logp[j,:], j != i", local, harm=55),
    Property("permutation-equivariant", "reordering the group reorders g", equivariant, harm=8),
]
