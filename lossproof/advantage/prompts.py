"""adv-group-by-id and adv-bounded-binary: ragged groups in any order, and success or failure as the reward."""

from dataclasses import replace
from itertools import product
from typing import Any

import numpy as np

from ..decide import Finding, decide
from ..properties import Property
from ..world import Claim

SMALL = "a group beside the completion of another prompt needs three completions"


def layouts(n: int) -> list[tuple[int, ...]]:
    """Prompt ids of n completions: interleaved, and one completion for the first prompt (the others were dropped)."""
    return [tuple(i % 2 for i in range(n)), (0,) + (1,) * (n - 1)]


def by_id(w: Any) -> list[Claim]:
    if w.G < 3:  # no claim at all would pass for a proof
        raise NotImplementedError(SMALL)
    x, out = w.inputs(), []
    other = w.inputs(prefix="other_")
    for group in layouts(w.G):
        for own in (0, 1):
            members = [i for i in range(w.G) if group[i] == own]
            moved = x.where(np.array(group) != own, other)
            if len(members) > 1:
                given = [w.any_differ(x.rewards[members])]
                a, b = w.advantages(x, group), w.advantages(moved, group)
                says = f"prompt ids {group}, the other prompt's rewards change; the advantage of completion"
                out += [w.equal(b[i], a[i], f"{says} {i}", given) for i in members]
    return out


def judge_by_id(p: Property, subject: Any, G: int, T: int) -> Finding:
    if G < 3:
        return Finding(p.id, "not-applicable", p.statement, reason=SMALL)
    return decide(replace(p, decide=None), subject, G, T)


def binary(w: Any) -> list[Claim]:
    """Every pattern of successes and failures; the size of each advantage is at most G."""
    x, out = w.inputs(), []
    for pattern in product((0, 1), repeat=w.G):
        if 0 < sum(pattern) < w.G:
            rewards = x.rewards.copy()
            rewards[:] = [w.number(r) for r in pattern]
            a = w.advantages(x.but(rewards=rewards))
            says = f"rewards {', '.join(map(str, pattern))}; the size of the advantage of completion"
            out += [w.at_most(w.absolute(v), w.number(w.G), f"{says} {i}") for i, v in enumerate(a)]
    return out


PROPERTY = [
    Property(
        "adv-group-by-id",
        "prompt ids say who belongs together, in any order and number: other prompts' rewards do not matter",
        by_id,
        decide=judge_by_id,
        needs=("group",),
        harm=7,
        on_request=True,
    ),
    Property(
        "adv-bounded-binary",
        "rewards in {0,1}, not all equal => |A_i| <= G",
        binary,
        needs=("rewards",),
        harm=29,
        on_request=True,
    ),
]
