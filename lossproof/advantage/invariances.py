"""What changes of the rewards, of their order and of padding do to the advantages of one prompt's group.

Rewards are (G,), or (G, K) of an estimator of several: a shift is then added to all of them, a factor multiplies all, equal
rewards are equal vectors, and a higher reward is one at least as high in every component and higher in one.
"""

from itertools import permutations
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


def component_scale_invariant(w: Any) -> list[Claim]:
    x = w.inputs()
    w.not_all_equal(x.rewards)
    phi, out = w.scalar("phi", positive=True), []
    for k in range(x.rewards.shape[1]):
        rewards = x.rewards.copy()
        rewards[:, k] = rewards[:, k] * phi
        out += pairs(w, w.advantages(x.but(rewards=rewards)), w.advantages(x), f"A with reward {k} times phi, and A(r),")
    return out


def silent(w: Any) -> list[Claim]:
    x = w.inputs()
    rewards = x.rewards.copy()
    rewards[:] = w.dyadic(rewards[0])
    a = w.advantages(x.but(rewards=rewards))
    return pairs(w, a, [w.number(0)] * w.G, "all rewards are equal; the advantage")


def monotone(w: Any) -> list[Claim]:
    x = w.inputs()
    w.not_all_equal(x.rewards)
    a, rows, out = w.advantages(x), x.rewards.reshape(w.G, -1), []
    for i, j in permutations(range(w.G), 2):
        for k in range(rows.shape[1]):
            others = [w.condition(rows[j, m], "<=", rows[i, m]) for m in range(rows.shape[1]) if m != k]
            says = f"completion {j} has the lower reward; its advantage and that of {i}"
            out.append(w.at_most(a[j], a[i], says, [w.condition(rows[j, k], "<", rows[i, k]), *others]))
    return out


def independent(w: Any) -> list[Claim]:
    """What is subtracted from a reward does not move with it: then it leaves the expected gradient unbiased."""
    x = w.inputs()
    w.not_all_equal(x.rewards)
    c, out = w.scalar("c"), []
    for i in range(w.G):
        rewards = x.rewards.copy()
        rewards[i] = rewards[i] + c
        says = f"the advantage of completion {i} where its reward grows by c, and c more than before"
        out.append(w.equal(w.advantages(x.but(rewards=rewards))[i], w.advantages(x)[i] + c, says))
    return out


def equivariant(w: Any) -> list[Claim]:
    x = w.inputs()
    w.not_all_equal(x.rewards)
    a, out = w.advantages(x), []
    for i in range(w.G - 1):
        order = np.arange(w.G)
        order[[i, i + 1]] = order[[i + 1, i]]
        swapped = w.advantages(x.of(order))
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
    Property(
        "adv-component-scale-invariant",
        "A does not change when one of the rewards is multiplied by phi > 0",
        component_scale_invariant,
        needs=("reward_components",),
        harm=55,
        on_request=True,
        about=("reward_components",),
    ),
    Property("adv-zero-on-equal", "all rewards equal => A = 0", silent, harm=12),
    Property("adv-monotone", "a higher reward never gets a lower advantage", monotone, harm=5),
    Property("adv-permutation-equivariant", "reordering the group reorders A", equivariant, harm=8),
    Property(
        "adv-baseline-independent",
        "A_i = r_i - b_i with a baseline b_i that does not depend on r_i",
        independent,
        needs=("rewards",),
        harm=35,
        on_request=True,
    ),
    Property("adv-padding-invariant", "one more padded column changes nothing", unpadded, needs=("mask",), harm=15),
]
