"""How often GSPO clips, by length, exactly: completions of independent binary tokens. Data for a figure.

A completion of L tokens is drawn from π_old with P(1) = old; its ratio s is the geometric mean of its tokens' ratios
(GSPO, arXiv 2507.18071). Its variance falls as 1/L (gspo.variance), the clip range does not.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from math import comb, exp, log


@dataclass(frozen=True)
class ClipRate:
    """Length, the share of completions with s outside of the clip range, and the mean of s, under π_old."""

    length: int
    outside: Fraction
    mean_ratio: float


def clip_rate(length: int, pi: Fraction, old: Fraction, low: Fraction, up: Fraction) -> ClipRate:
    """For π(1) = pi, π_old(1) = old and the range 1-low..1+up: s > 1+up is decided as s^L > (1+up)^L in rationals."""
    one, zero = pi / old, (1 - pi) / (1 - old)
    outside, mean = Fraction(0), 0.0
    for ones in range(length + 1):
        chance = comb(length, ones) * old**ones * (1 - old) ** (length - ones)
        power = one**ones * zero ** (length - ones)
        outside += chance if power > (1 + up) ** length or power < (1 - low) ** length else 0
        mean += float(chance) * exp((ones * log(one) + (length - ones) * log(zero)) / length)
    return ClipRate(length, outside, mean)


def clip_rates(
    lengths: Iterable[int] = (1, 2, 5, 10, 20, 50, 100, 200, 400),
    pi: Fraction = Fraction(55, 100),
    old: Fraction = Fraction(1, 2),
    low: Fraction = Fraction(2, 100),
    up: Fraction = Fraction(2, 100),
) -> list[ClipRate]:
    """Rows for a figure: by default tokens that drift from 1/2 to 0.55, and a range of ±0.02."""
    return [clip_rate(n, pi, old, low, up) for n in lengths]
