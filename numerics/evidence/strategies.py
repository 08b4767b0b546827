"""What a symbol or a family of rewards, lengths or ratios may look like: exact values to draw from, by tag.

A tag is drawn once per family, then its members: ties, all equal, binary, heavy tails for reals; degenerate and skewed
for lengths; near-clip for ratios. `BY_NAME` is what a proposition's `hints` may ask for. Each gives pools of values, the
simplest first: one pool is drawn, then one of its members.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from math import ceil, floor, isqrt
from typing import Any

from theory.numbers import number

Pools = tuple[Sequence[Any], ...]
CORNERS = [Fraction(x) for x in ("0", "1", "-1", "1/2", "2", "-1/2", "3", "1/3", "-2")]
FAR = [Fraction(sign * x) for x in (5, 6, 7, 8, 10, 100, 1000) for sign in (1, -1)]
CLIP = [Fraction(x) for x in ("1", "4/5", "6/5", "32/25", "79/100", "81/100", "119/100", "121/100", "1/4", "4", "2", "1/2")]


@dataclass(frozen=True)
class Bounds:
    """The range that the assumptions leave for a symbol or a family; None where it is open-ended."""

    low: Fraction | None = None
    high: Fraction | None = None
    low_open: bool = False
    high_open: bool = False

    def admits(self, x: Fraction) -> bool:
        above = self.low is None or x > self.low or (x == self.low and not self.low_open)
        return above and (self.high is None or x < self.high or (x == self.high and not self.high_open))

    def with_low(self, x: Fraction, is_open: bool) -> "Bounds":
        higher = self.low is None or (x, is_open) > (self.low, self.low_open)
        return Bounds(x, self.high, is_open, self.high_open) if higher else self

    def with_high(self, x: Fraction, is_open: bool) -> "Bounds":
        lower = self.high is None or (-x, is_open) > (-self.high, self.high_open)
        return Bounds(self.low, x, self.low_open, is_open) if lower else self


def pools(*found: Sequence[Any]) -> Pools:
    """Those that are not empty, as numbers of `theory.numbers`."""
    return tuple(pool if isinstance(pool, range) else [number(x) for x in pool] for pool in found if pool)


@lru_cache(4096)
def generic(bounds: Bounds) -> Pools:
    """Any small rational in range: corners, or fractions with denominators to 12; the simplest first, as it shrinks."""
    low = bounds.low if bounds.low is not None else (bounds.high - 8 if bounds.high is not None else Fraction(-4))
    high = bounds.high if bounds.high is not None else low + 8
    top = min(high, low + 16)  # of a wide range: its first part, and twelfths of the whole
    finest = 12 if low.denominator == high.denominator == 1 else 4  # odd bounds come one by one, from other draws
    small = {Fraction(n, d) for d in range(1, finest + 1) for n in range(ceil(low * d), floor(top * d) + 1)}
    small |= {low + (high - low) * k / 12 for k in range(13)}
    small |= set(FAR) if bounds.low is None else {low + x for x in FAR if x > 0} if bounds.high is None else set()
    anywhere = sorted(filter(bounds.admits, small), key=lambda x: (x.denominator, abs(x), x < 0))
    corners = [x for x in CORNERS if bounds.admits(x)]
    return pools(corners, anywhere)  # none for contradictory bounds: no case satisfies them


@lru_cache(4096)
def integers(bounds: Bounds) -> Pools:
    """Small integers in range (sizes, lengths, step counts)."""
    low, high = -1, None
    if bounds.low is not None:
        low = floor(bounds.low) + 1 if bounds.low_open else ceil(bounds.low)
    if bounds.high is not None:
        high = ceil(bounds.high) - 1 if bounds.high_open else floor(bounds.high)
        low = low if bounds.low is not None else high - 4
    if high is None:  # mostly up to five, sometimes eight: few claims need more, and sums get long
        return pools([Fraction(low + k) for k in (0, 1, 2, 3, 4, 7)])
    few = sorted(map(Fraction, range(low, min(high, low + 15) + 1)), key=lambda x: (abs(x), x < 0))
    return pools(few, range(low, high + 1) if high > low + 15 else ())


@lru_cache(4096)
def ratios(bounds: Bounds) -> Pools:
    """Importance ratios: on, just inside and just outside the usual clip bounds, and far away."""
    near = [x for x in CLIP if bounds.admits(x)]
    return pools(near) + generic(bounds)


@lru_cache(4096)
def unit(bounds: Bounds) -> Pools:
    """Numbers strictly between 0 and 1: decay rates, probabilities, clip widths."""
    usual = [Fraction(x) for x in ("1/2", "9/10", "1/4", "1/10", "19/20", "2/3", "1/100")]
    within = bounds.with_low(Fraction(0), True).with_high(Fraction(1), True)
    usual = [x for x in usual if within.admits(x)]
    return pools(usual) + generic(within)


@lru_cache(4096)
def squares(bounds: Bounds) -> Pools:
    """Squares of rationals, whose roots stay exact."""
    start = isqrt(max(0, floor(bounds.low or 0)))
    roots = {Fraction(n, d) for d in range(1, 13) for n in range(start * d, (start + 8) * d + 1)}
    found = sorted((x * x for x in roots if bounds.admits(x * x)), key=lambda x: (x.denominator, x))
    return pools(found) or generic(bounds)


@lru_cache(4096)
def heavy_tailed(bounds: Bounds) -> Pools:
    far = [x for k in (3, 6) for x in (Fraction(10**k), Fraction(-(10**k)), Fraction(1, 10**k)) if bounds.admits(x)]
    return pools(far) + generic(bounds)


@lru_cache(4096)
def binary(bounds: Bounds) -> Pools:
    values = [x for x in (Fraction(0), Fraction(1)) if bounds.admits(x)]
    return pools(values) or generic(bounds)


BY_NAME = {"generic": generic, "ratio": ratios, "unit": unit, "square": squares, "binary": binary, "integer": integers}
REAL_FAMILY_TAGS = ("generic", "all-equal", "binary", "ties", "heavy-tail")
INT_FAMILY_TAGS = ("generic", "all-equal", "degenerate")
MEMBERS = {"generic": generic, "binary": binary, "ties": generic, "heavy-tail": heavy_tailed, "all-equal": generic}
