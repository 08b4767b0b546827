"""length-neutral: equal rewards give equal token weights, however long the completions are."""

from dataclasses import replace
from typing import Any

from ..decide import Finding, decide
from ..subject import Subject
from ..world import Claim
from . import Property


def claims(w: Any) -> list[Claim]:
    out = []
    for i in range(w.G):
        for j in range(i + 1, w.G):
            x = w.inputs().on_policy()
            rewards = x.rewards.copy()
            rewards[j] = rewards[i]
            apart = [w.any_differ(rewards)]
            # first tokens are always live, so comparing with them covers every pair of live tokens
            x = x.but(rewards=rewards)
            g = w.gradient(x)
            for t in range(w.T):
                a, b = w.live(x, i, t), w.live(x, j, t)
                says = f"completions {i} and {j} have the same reward, their tokens"
                out.append(w.equal(g[i, t], g[j, 0], f"{says} {t} and 0 weigh", a + apart))
                out.append(w.equal(g[i, 0], g[j, t], f"{says} 0 and {t} weigh", b + apart))
    return out


def judged(p: Property, subject: Subject, G: int, T: int) -> Finding:
    if G < 3:
        why = "in a group of two, two completions of the same reward are all rewards, which are not all equal"
        return Finding(p.id, "not-applicable", p.statement, reason=why)
    return decide(replace(p, decide=None), subject, G, T)


PROPERTY = Property(
    "length-neutral",
    "on policy, equal rewards give equal token weights: r_i = r_j => g[i,t] = g[j,u] for all live t, u",
    claims,
    decide=judged,
    harm=15,
)
