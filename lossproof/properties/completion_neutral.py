"""completion-neutral: equal rewards give completions equal weight in total, however long they are. No loss with lengths is both
this and length-neutral: a mean over completions of token means is the one, a sum or a mean over all tokens the other."""

from typing import Any

from ..world import Claim
from . import Property


def claims(w: Any) -> list[Claim]:
    out = []
    for i in range(w.G):
        for j in range(i + 1, w.G):
            x = w.same_reward(w.inputs().on_policy(), i, j)
            if x is None:
                continue
            g = w.gradient(x)
            says = f"completions {i} and {j} have the same reward; in total they weigh"
            out.append(w.equal(g[i].sum(), g[j].sum(), says, [w.any_differ(x.rewards)]))
    return out


PROPERTY = Property(
    "completion-neutral",
    "on policy, equal rewards give completions equal weight in total: r_i = r_j => sum_t g[i,t] = sum_t g[j,t]",
    claims,
    harm=62,
    on_request=True,
)
