"""DisCO: how much less groups of G weigh a question than Proposition 1 says."""

from __future__ import annotations

from fractions import Fraction

from numerics.related.disco import in_groups, population

from .row import Row

POINTS = [Fraction(x) for x in ("0.01", "0.05", "0.1", "0.3", "0.5")]


def ratios(size: int, method: str, points: list[Fraction]) -> list[float]:
    return [in_groups(p, size).weights[method] / population(p).weights[method] for p in points]


ROWS = [
    Row("disco", "E√(phat(1-phat)) / √(p(1-p)), G = 8, p = .01, .05, .1, .3, .5", (".260", ".539", ".698", ".899", ".928"),
        lambda: ratios(8, "GRPO", POINTS), ("disco.weight.finite",)),
    Row("disco", "the same, G = 64, p = .01, .05, .1", (".670", ".945", ".976"),
        lambda: ratios(64, "GRPO", POINTS[:3]), ("disco.weight.finite",)),
    Row("disco", "that of Dr. GRPO, (G-1)/G for every p: G = 8, p = .01, .5", (".875", ".875"),
        lambda: ratios(8, "Dr. GRPO", [POINTS[0], POINTS[-1]]), ("disco.weight.dr_grpo_finite",),
        remark="the formula (G-1)/G in the source"),
]  # fmt: skip
