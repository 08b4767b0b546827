"""length-neutral: equal rewards give equal token weights, however long the completions are."""

from dataclasses import replace
from typing import Any

from ..decide import Finding, decide
from ..subject import NotApplicable, Subject
from ..world import Claim
from . import Property


def claims(w: Any) -> list[Claim]:
    out = []
    for i in range(w.G):
        for j in range(i + 1, w.G):
            x = w.same_reward(w.inputs().on_policy(), i, j)
            if x is None:
                continue
            apart, g = [w.any_differ(x.rewards)], w.gradient(x)
            # first tokens are always live, so comparing with them covers every pair of live tokens; not so in a diffusion
            first = [0] if x.masked is None else range(w.T)
            for t, u in dict.fromkeys((t, u) for a in range(w.T) for b in first for t, u in ((a, b), (b, a))):
                given = [*w.predicted(x, i, t), *w.predicted(x, j, u), *apart]
                says = f"completions {i} and {j} have the same reward, their tokens {t} and {u} weigh"
                out.append(w.equal(g[i, t], g[j, u], says, given))
    return out


def judged(p: Property, subject: Subject, G: int, T: int) -> Finding:
    if G < 3:
        why = "in a group of two, two completions of the same reward are all rewards, which are not all equal"
        return Finding(p.id, "not-applicable", p.statement, reason=why)
    if G < 4 and subject.paired:
        raise NotApplicable("a single pair has no two completions that are both chosen, or both rejected")
    return decide(replace(p, decide=None), subject, G, T)


PROPERTY = Property(
    "length-neutral",
    "on policy, equal rewards give equal token weights: r_i = r_j => g[i,t] = g[j,u] for all live t, u",
    claims,
    decide=judged,
    harm=15,
)
