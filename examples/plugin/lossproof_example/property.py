"""negatives-silent: completions with a negative advantage are left alone."""

from typing import Any

import numpy as np

from lossproof.properties import Property
from lossproof.world import Claim


def claims(w: Any) -> list[Claim]:
    """Written once: evaluated on symbols for a proof, and on numbers, with the function itself, to refute."""
    x = w.free_advantages(w.inputs().on_policy())
    g = w.gradient(x)
    out = []
    for i, t in np.ndindex(g.shape):
        negative = w.condition(x.advantages[i, 0], "<", 0)
        out.append(w.equal(g[i, t], 0, f"a negative advantage; the weight of completion {i}, token {t}", [negative]))
    return out


PROPERTY = Property(
    "negatives-silent",
    "on policy, completions with a negative advantage have g = 0",
    claims,
    needs=("advantages",),
)
