"""value-blind: on policy the loss has the same value for all rewards (Fontana et al., Eq. 9: why the loss is zero)."""

from typing import Any

from ..world import Claim
from . import Property


def claims(w: Any) -> list[Claim]:
    x = w.inputs().on_policy()
    w.not_all_equal(x.rewards)
    other = w.inputs(prefix="other_").rewards
    w.not_all_equal(other)
    return [w.equal(w.loss(x.but(rewards=other)), w.loss(x), "the rewards change; the loss is")]


PROPERTY = Property("value-blind", "on policy the loss has the same value for all rewards", claims, harm=70)
