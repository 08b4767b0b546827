"""reward-aligned: the better of two equally long completions never gets the smaller weight, and the loss is not dead."""

from dataclasses import replace
from itertools import permutations
from typing import Any

from ..decide import Finding, decide, prove, refuted, scope
from ..subject import Subject
from ..witness import corners
from ..world import Claim, ConcreteWorld
from . import Property


def ordered(w: Any) -> list[Claim]:
    out = []
    x = w.inputs().on_policy()
    for i, j in permutations(range(w.G), 2):
        y = x.alike(i, j)
        better = [w.condition(x.rewards[j], "<", x.rewards[i])]
        for t in range(w.T):
            lower, higher = (w.weight(y, (row, t), like=x) for row in (j, i))
            says = f"completion {j} has a lower reward than {i} and the same length; their weights at token {t} are"
            out.append(w.at_most(lower, higher, says, better + w.predicted(x, i, t)))
    return out


def dead(w: Any) -> list[Claim]:
    x = w.inputs().on_policy()
    w.not_all_equal(x.rewards)
    g = w.gradient(x)
    return [w.equal(g[at], 0, f"the weight of completion {at[0]}, token {at[1]}") for at in _cells(g)]


def alive(w: Any) -> list[Claim]:
    x = w.inputs().on_policy()
    w.not_all_equal(x.rewards)
    return [w.different(abs(w.gradient(x)).sum(), 0, "the gradient is zero everywhere: the weights sum in size to")]


def _cells(g: Any) -> list[tuple[int, int]]:
    return [(i, t) for i in range(g.shape[0]) for t in range(g.shape[1])]


def judged(p: Property, subject: Subject, G: int, T: int) -> Finding:
    """Refuted as dead where g is zero for every input (a proof of that, and one input to look at); else the order."""
    live = replace(p, claims=alive, decide=None)
    cases = list(corners(min(G, 3), min(T, 2)))
    worlds = [(c, ConcreteWorld(subject, c)) for c in cases]
    signals = [case for case, w in worlds if not w_dead(w)]
    if not signals and prove(replace(p, claims=dead, decide=None), subject, G, T).proved:
        found = refuted(live, subject, next(c for c in cases if len(set(c["rewards"])) > 1))
        return replace(found, scope=scope(G, T), method="g = 0 for all inputs by unsat; one of them re-executed in float64")
    finding = decide(replace(p, claims=ordered, decide=None), subject, G, T)
    if finding.verdict == "proved" and not signals:
        return replace(
            finding, verdict="unknown", reason="no input with a non-zero gradient was found, nor a proof that there is none"
        )
    return finding


def w_dead(w: ConcreteWorld) -> bool:
    return bool(abs(w.gradient(w.inputs().on_policy())).sum() == 0)


PROPERTY = Property(
    "reward-aligned",
    "on policy, of two completions of equal length the better one never gets the smaller weight, and g is not identically zero",
    ordered,
    decide=judged,
    harm=5,
)
