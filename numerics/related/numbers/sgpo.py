"""SGPO: the two-step model, by enumeration of groups."""

from __future__ import annotations

from fractions import Fraction
from functools import cache, partial

from numerics.evidence.related.sgpo import noted_grid
from numerics.related.sgpo import expected_update, growth

from .row import Row

TABLE = {  # p1, p2 -> P(all wrong); updates of GRPO, of SGPO; dJ of both
    (0.3, 0.05): ".913 .0232 .0315 .3734 .0140 6.9e-4 4.1e-3",
    (0.5, 0.05): ".859 .0274 .0520 .4113 .0328 1.6e-3 5.9e-3",
    (0.2, 0.2): ".783 .0693 .0693 .2848 .0262 4.4e-3 1.0e-2",
    (0.8, 0.02): ".908 .0071 .0346 .2924 .0289 5.7e-4 1.4e-3",
}
GRID = "of the ranges in the source: p1 = .05, .07, .., .99, p2 = .01, .02, .05, .1, .2, .3, .5, .7; all four numbers come out"


def line(p1: float, p2: float) -> list[float]:
    plain, graded = (expected_update(p1, p2, 6, 0.5, way) for way in ("none", "all wrong"))
    return [(1 - p1 * p2) ** 6, *plain, *graded, growth(p1, p2, plain), growth(p1, p2, graded)]


@cache
def slower(way: str) -> list[float]:
    """Share of the grid; worst ratio, and its G, p1, p2."""
    return list(noted_grid(way))


ROWS = [
    Row("sgpo", "groups without a right answer, p = .05, G = 8", (".663",), lambda: [float(Fraction(19, 20) ** 8)],
        ("sgpo.all_negative.probability",)),
    *(Row("sgpo", f"p1 = {p1}, p2 = {p2}: all wrong; (g1, g2) of GRPO, of SGPO; dJ of both", tuple(quoted.split()),
          partial(line, p1, p2), ("sgpo.acceleration",)) for (p1, p2), quoted in TABLE.items()),
    Row("sgpo", "all-wrong groups graded: share of the grid that is slower; worst ratio, its G, p1, p2",
        ("12%", ".972", "4", ".89", ".3"), partial(slower, "all wrong"), ("sgpo.acceleration",), remark=GRID),
    Row("sgpo", "all groups graded: the same", ("25%", ".751", "32", ".91", ".05"), partial(slower, "all groups"),
        ("sgpo.acceleration",), remark=GRID),
]  # fmt: skip
