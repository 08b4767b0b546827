"""Hypothesis strategies for exact values, by tag: what a family of rewards, lengths or ratios may look like.

A tag is drawn once per family, then its members: ties, all equal, binary, heavy tails for reals; degenerate and skewed
for lengths; near-clip for ratios. `BY_NAME` is what a proposition's `hints` may ask for.
"""

from dataclasses import dataclass
from fractions import Fraction

from hypothesis import strategies as st

SearchStrategy = st.SearchStrategy[Fraction]
CORNERS = [Fraction(x) for x in ("0", "1", "-1", "1/2", "2", "-1/2", "3", "1/3", "-2")]
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


def generic(bounds: Bounds) -> SearchStrategy:
    """Any small rational in range: corner values first, then fractions with denominators to 12."""
    low = bounds.low if bounds.low is not None else (bounds.high - 8 if bounds.high is not None else Fraction(-4))
    high = bounds.high if bounds.high is not None else low + 8
    corners = [x for x in CORNERS if bounds.admits(x)]
    anywhere = st.fractions(low, high, max_denominator=12).filter(bounds.admits)
    return st.one_of(st.sampled_from(corners), anywhere) if corners else anywhere


def integers(bounds: Bounds) -> SearchStrategy:
    """Small integers in range (sizes, lengths, step counts)."""
    low = int(bounds.low) + bounds.low_open if bounds.low is not None else -1
    high = int(bounds.high) - bounds.high_open if bounds.high is not None else low + 4
    return st.integers(low, max(low, high)).map(Fraction)


def ratios(bounds: Bounds) -> SearchStrategy:
    """Importance ratios: on, just inside and just outside the usual clip bounds, and far away."""
    near = [x for x in CLIP if bounds.admits(x)]
    return st.one_of(st.sampled_from(near), generic(bounds)) if near else generic(bounds)


def unit(bounds: Bounds) -> SearchStrategy:
    """Numbers strictly between 0 and 1: decay rates, probabilities, clip widths."""
    return st.sampled_from([Fraction(x) for x in ("1/2", "9/10", "1/4", "1/10", "19/20", "2/3", "1/100")]) | st.fractions(
        0, 1, max_denominator=12
    ).filter(lambda x: 0 < x < 1)


def squares(bounds: Bounds) -> SearchStrategy:
    """Squares of rationals, whose roots stay exact."""
    return generic(Bounds(Fraction(0))).map(lambda x: x * x).filter(bounds.admits)


def heavy_tailed(bounds: Bounds) -> SearchStrategy:
    far = [x for k in (3, 6) for x in (Fraction(10**k), Fraction(-(10**k)), Fraction(1, 10**k)) if bounds.admits(x)]
    return st.one_of(st.sampled_from(far), generic(bounds)) if far else generic(bounds)


def binary(bounds: Bounds) -> SearchStrategy:
    values = [x for x in (Fraction(0), Fraction(1)) if bounds.admits(x)]
    return st.sampled_from(values) if values else generic(bounds)


def tied(bounds: Bounds) -> SearchStrategy:
    return generic(bounds).flatmap(lambda x: generic(bounds).flatmap(lambda y: st.sampled_from([x, y])))


BY_NAME = {"generic": generic, "ratio": ratios, "unit": unit, "square": squares, "binary": binary, "integer": integers}
REAL_FAMILY_TAGS = ("generic", "all-equal", "binary", "ties", "heavy-tail")
INT_FAMILY_TAGS = ("generic", "all-equal", "degenerate")
MEMBERS = {"generic": generic, "binary": binary, "ties": generic, "heavy-tail": heavy_tailed, "all-equal": generic}
