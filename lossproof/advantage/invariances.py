"""What changes of the rewards, of their order and of padding do to the advantages of one prompt's group."""

from typing import Any

import numpy as np

from ..properties import Property
from ..world import Claim


def pairs(w: Any, a: Any, b: Any, says: str, given: Any = ()) -> list[Claim]:
    return [w.equal(x, y, f"{says} of completion {i}", given) for i, (x, y) in enumerate(zip(a, b, strict=True))]


def centred(w: Any) -> list[Claim]:
    x = w.inputs()
    w.not_all_equal(x.rewards)
    return [w.equal(w.advantages(x).sum(), 0, "the advantages sum to")]


def shifted(w: Any) -> list[Claim]:
    x = w.inputs()
    w.not_all_equal(x.rewards)
    moved = x.but(rewards=x.rewards + w.scalar("c"))
    return pairs(w, w.advantages(moved), w.advantages(x), "A(r + c) and A(r)")


def scaled(w: Any) -> tuple[Any, Any, Any]:
    x = w.inputs()
    w.not_all_equal(x.rewards)
    phi = w.scalar("phi", positive=True)
    return w.advantages(x.but(rewards=x.rewards * phi)), w.advantages(x), phi


def scale_invariant(w: Any) -> list[Claim]:
    at_scale, a, _ = scaled(w)
    return pairs(w, at_scale, a, "A(phi r) and A(r)")


def scale_linear(w: Any) -> list[Claim]:
    at_scale, a, phi = scaled(w)
    return pairs(w, at_scale, a * phi, "A(phi r) and phi A(r)")


def silent(w: Any) -> list[Claim]:
    x = w.inputs()
    rewards = x.rewards.copy()
    rewards[:] = w.dyadic(rewards[0])
    a = w.advantages(x.but(rewards=rewards))
    return pairs(w, a, [w.number(0)] * w.G, "all rewards are equal; the advantage")


def monotone(w: Any) -> list[Claim]:
    x = w.inputs()
    w.not_all_equal(x.rewards)
    a = w.advantages(x)
    return [
        w.at_most(
            a[j],
            a[i],
            f"completion {j} has the lower reward; its advantage and that of {i}",
            [w.condition(x.rewards[j], "<", x.rewards[i])],
        )
        for i in range(w.G)
        for j in range(w.G)
        if i != j
    ]


def equivariant(w: Any) -> list[Claim]:
    x = w.inputs()
    w.not_all_equal(x.rewards)
    a, out = w.advantages(x), []
    for i in range(w.G - 1):
        order = np.arange(w.G)
        order[[i, i + 1]] = order[[i + 1, i]]
        swapped = w.advantages(x.but(rewards=x.rewards[order], mask=x.mask[order]))
        out += pairs(w, swapped, a[order], f"completions {i} and {i + 1} change places; the advantage")
    return out


def unpadded(w: Any) -> list[Claim]:
    x = w.inputs()
    w.not_all_equal(x.rewards)
    return pairs(w, w.advantages(w.widened(x, x)), w.advantages(x), "one more padded column; the advantage")


PROPERTY = [
    Property("adv-centred", "the advantages of a group sum to 0", centred, harm=10),
    Property("adv-shift-invariant", "A(r + c) = A(r) for every c", shifted, harm=20),
    Property("adv-scale-invariant", "A(phi r) = A(r) for every phi > 0", scale_invariant, harm=60),
    Property("adv-scale-linear", "A(phi r) = phi A(r) for every phi > 0", scale_linear, harm=61),
    Property("adv-zero-on-equal", "all rewards equal => A = 0", silent, harm=12),
    Property("adv-monotone", "a higher reward never gets a lower advantage", monotone, harm=5),
    Property("adv-permutation-equivariant", "reordering the group reorders A", equivariant, harm=8),
    Property("adv-padding-invariant", "one more padded column changes nothing", unpadded, needs=("mask",), harm=15),
]
