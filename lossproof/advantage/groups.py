"""adv-group-local and adv-singleton-zero: several prompts in a batch, and a prompt with one completion."""

from typing import Any

import numpy as np

from ..properties import Property
from ..world import Claim


def local(w: Any) -> list[Claim]:
    """Two prompts of half the batch each; the second one's rewards move."""
    x = w.inputs()
    half = w.G // 2
    group = tuple(int(i >= half) for i in range(w.G))
    moved = x.where(np.arange(w.G) >= half, w.inputs(prefix="other_"))
    w.not_all_equal(x.rewards[:half])
    w.not_all_equal(x.rewards[half:])
    w.not_all_equal(moved.rewards[half:])
    a, b = w.advantages(x, group), w.advantages(moved, group)
    return [w.equal(b[i], a[i], f"another prompt's rewards change; the advantage of completion {i}") for i in range(half)]


def alone(w: Any) -> list[Claim]:
    """The first completion is the only one of its prompt."""
    x = w.inputs()
    w.not_all_equal(x.rewards[1:])
    group = (1,) + (0,) * (w.G - 1)
    return [w.equal(w.advantages(x, group)[0], 0, "the only completion of its prompt has the advantage")]


PROPERTY = [
    Property("adv-group-local", "other prompts' rewards do not matter", local, harm=7),
    Property("adv-singleton-zero", "a group of one gets 0", alone, harm=40),
]
