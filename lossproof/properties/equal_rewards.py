"""equal-rewards-silent: a group without a reward signal gives no gradient."""

from typing import Any

from ..world import Claim
from . import Property


def claims(w: Any) -> list[Claim]:
    x = w.inputs()
    rewards = x.rewards.copy()
    rewards[:] = w.dyadic(rewards[0])
    g = w.gradient(x.but(rewards=rewards))
    return w.same_gradient(g, 0 * g, "all rewards are equal; the weight")


PROPERTY = Property("equal-rewards-silent", "all rewards equal => g = 0, and finite", claims, harm=12)
