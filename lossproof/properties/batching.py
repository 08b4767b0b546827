"""duplication-, microbatch- and masked-completion invariance: what batching does to objectives that take advantages."""

from typing import Any

import numpy as np

from ..world import Claim
from . import Property


def stacked(w: Any) -> list[Claim]:
    x = w.free_advantages(w.free_reference(w.inputs()))
    twice = x.of([*range(w.G)] * 2)
    g, h = w.gradient(x), w.gradient(twice)
    return w.same_gradient(h[: w.G] + h[w.G :], g, "the group is stacked on itself; the summed weight of the two copies")


def halves(w: Any) -> list[Claim]:
    x = w.free_advantages(w.free_reference(w.inputs()))
    half = w.G // 2
    parts = [x.of(rows) for rows in (slice(0, half), slice(half, 2 * half))]
    whole = x.of(slice(0, 2 * half))
    mean = np.concatenate([w.gradient(part) for part in parts]) * w.number(1) / w.number(2)
    return w.same_gradient(mean, w.gradient(whole), "the mean of the losses of the two halves against the whole: the weight")


def masked(w: Any) -> list[Claim]:
    out = []
    x = w.free_advantages(w.free_reference(w.inputs()))
    g = w.gradient(x)
    for j in range(w.G):
        mask = x.mask.copy()
        mask[j] = w.number(0)
        h = w.gradient(x.live(mask))
        for i in range(w.G):
            says = f"completion {j} is masked out; the weight of completion {i}, token"
            out += [w.equal(h[i, t], g[i, t], f"{says} {t}") for t in range(w.T) if i != j]
    return out


PROPERTY = [
    Property(
        "duplication-invariant",
        "stacking the group on itself leaves the summed gradient of the copies unchanged",
        stacked,
        needs=("advantages",),
        harm=18,
    ),
    Property(
        "microbatch-invariant",
        "the mean of the losses of the two halves of the group has the same gradient as the whole",
        halves,
        needs=("advantages",),
        harm=16,
    ),
    Property(
        "masked-completion-neutral",
        "fully masking one completion leaves the weights of the others unchanged",
        masked,
        needs=("advantages",),
        harm=40,
    ),
]
