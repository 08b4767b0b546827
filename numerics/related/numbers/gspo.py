"""GSPO: the mean of its ratio under π_old for independent tokens."""

from __future__ import annotations

from fractions import Fraction
from math import exp, log

from numerics.related.gspo import clip_rate

from .row import Row

PI, OLD = Fraction(7, 10), Fraction(1, 2)


def mean_ratios() -> list[float]:
    return [clip_rate(length, PI, OLD, Fraction(1, 2), Fraction(1, 2)).mean_ratio for length in (1, 2, 5, 20, 100)]


def limit() -> list[float]:
    """exp(-KL(π_old‖π))."""
    return [exp(-sum(float(q) * log(q / p) for p, q in ((PI, OLD), (1 - PI, 1 - OLD))))]


ROWS = [
    Row("gspo", "E_old s for tokens (.7, .3) against (.5, .5), L = 1, 2, 5, 20, 100", ("1", ".958", ".933", ".921", ".917"),
        mean_ratios, ("gspo.importance_weight",)),
    Row("gspo", "its limit", (".9165",), limit, ("gspo.importance_weight",)),
]  # fmt: skip
