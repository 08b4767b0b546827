"""equal-rewards-silent: a group without a reward signal gives no gradient."""

from typing import Any

import numpy as np

from ..world import Claim
from . import Property


def claims(w: Any) -> list[Claim]:
    x = w.inputs()
    rewards = x.rewards.copy()
    rewards[:] = w.dyadic(rewards[0])
    g = w.gradient(x.but(rewards=rewards))
    return w.same_gradient(g, np.full(g.shape, w.number(0)), "all rewards are equal; the weight")


PROPERTY = Property("equal-rewards-silent", "all rewards equal => g = 0, and finite", claims, harm=12)
