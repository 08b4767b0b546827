"""advantage-signed and never-silent: a token is pushed up where its advantage is positive, down where it is negative."""

from dataclasses import replace
from typing import Any

import numpy as np

from ..decide import Finding, decide, refute, refuted
from ..subject import Subject
from ..witness import make
from ..world import Claim
from . import Property


def signed(w: Any) -> list[Claim]:
    x = w.free_advantages(w.inputs().on_policy())
    g, out = w.gradient(x), []
    for i, t in np.ndindex(g.shape):
        a, live, where = x.advantages[i, 0], w.predicted(x, i, t), f"the weight of completion {i}, token {t}"
        out.append(w.less(0, g[i, t], f"a positive advantage; 0 and {where}", [w.condition(0, "<", a), *live]))
        out.append(w.less(g[i, t], 0, f"a negative advantage; {where}", [w.condition(a, "<", 0), *live]))
        out.append(w.equal(g[i, t], 0, f"advantage 0; {where}", [w.condition(a, "=", 0), *live]))
    return out


def pushed(w: Any) -> list[Claim]:
    x = w.inputs()
    w.not_all_equal(x.rewards)
    g, centre, out = w.gradient(x), x.rewards.sum() / w.number(w.G), []
    for i, t in np.ndindex(g.shape):
        given = [w.condition(x.rewards[i], "!=", centre), *w.predicted(x, i, t)]
        out.append(w.different(g[i, t], 0, f"the weight of token {t} of completion {i}, at some ratio,", given))
    return out


def judge_silent(p: Property, subject: Subject, G: int, T: int) -> Finding:
    """Ratios far out come first: there a smooth gate may be 0 in floating point, which no proof over the reals sees."""
    plain = replace(p, decide=None)
    far = [make(list(r), [1, 1], 1, s) for r in ((1, 0), (0, 1)) for s in (40.0, 1e3, 1e-3)]
    found = refute(plain, subject, far)
    return refuted(plain, subject, found) if found is not None else decide(plain, subject, G, T)


PROPERTY = [
    Property(
        "advantage-signed",
        "on policy, g[i,t] has the sign of the advantage of completion i, and is 0 where that is 0, for any advantages",
        signed,
        needs=("advantages",),
        harm=5,
        on_request=True,
    ),
    Property(
        "never-silent",
        "a live token of a completion whose reward is not the mean has g != 0, whatever the ratios are",
        pushed,
        decide=judge_silent,
        needs=("old_logp",),
        harm=63,
        on_request=True,
    ),
]
