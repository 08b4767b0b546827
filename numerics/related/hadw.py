"""Groups of G completions, each right with probability p, in exact rationals: the quantities of HA-DW (arXiv 2601.08521).

S is the event that a group has a right and a wrong completion. Data of the figure "bias against p": `bias_rows`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from fractions import Fraction
from itertools import product
from math import comb


def law(size: int, p: Fraction) -> list[Fraction]:
    """P(R = j), j = 0..size."""
    return [comb(size, j) * p**j * (1 - p) ** (size - j) for j in range(size + 1)]


def given_both(size: int, p: Fraction, f: Callable[[int], Fraction]) -> Fraction:
    """E[f(R) | S]; 0 < p < 1, size >= 2."""
    chances = law(size, p)[1:size]
    return sum((c * f(j) for j, c in enumerate(chances, 1)), Fraction(0)) / sum(chances)


def bias(size: int, p: Fraction) -> Fraction:
    """E[A_i - Ahat_i | S] = E[phat | S] - p."""
    return given_both(size, p, lambda j: Fraction(j, size)) - p


def bias_given_reward(size: int, p: Fraction, right: bool) -> Fraction:
    """E[A_i - Ahat_i | S, r_i] = E[phat | S, r_i] - p."""
    own, others = int(right), law(size - 1, p)
    kept = [(j + own, c) for j, c in enumerate(others) if 0 < j + own < size]
    return sum((c * j for j, c in kept), Fraction(0)) / size / sum((c for _, c in kept), Fraction(0)) - p


def bias_rows(sizes: Iterable[int] = (2, 4, 8, 16), steps: int = 100) -> list[tuple[Fraction, int, Fraction]]:
    """(p, G, E[A_i - Ahat_i | S]) for p = 1/steps, ..., 1 - 1/steps: hadw.lemma2, hadw.eq32.direction.repaired."""
    return [(p, size, bias(size, p)) for size in sizes for p in (Fraction(n, steps) for n in range(1, steps))]


def bias_given_reward_rows(
    sizes: Iterable[int] = (2, 4, 8, 16), steps: int = 100
) -> list[tuple[Fraction, int, Fraction, Fraction]]:
    """(p, G, bias among the wrong, bias among the right): hadw.theorem1.given_reward.{wrong,right}.repaired."""
    points = [Fraction(n, steps) for n in range(1, steps)]
    return [(p, size, bias_given_reward(size, p, False), bias_given_reward(size, p, True)) for size in sizes for p in points]


def groups(size: int, p: Fraction) -> list[tuple[tuple[int, ...], Fraction]]:
    """Every sequence of rewards of a group, with its probability."""
    chances = [p**j * (1 - p) ** (size - j) for j in range(size + 1)]
    return [(rs, chances[sum(rs)]) for rs in product((0, 1), repeat=size)]


def share_too_small(size: int, limit: Fraction) -> Fraction:
    """P(phat > p | S, p < limit) for p uniform on [0, 1], conditioned on S as well: integrals of polynomials."""
    small = sum((_incomplete(size, j, min(Fraction(j, size), limit)) for j in range(1, size)), Fraction(0))
    return small / sum((_incomplete(size, j, limit) for j in range(1, size)), Fraction(0))


def _incomplete(size: int, j: int, x: Fraction) -> Fraction:
    """∫_0^x P(R = j | p) dp, term by term in powers of p."""
    terms = ((-1) ** i * comb(size - j, i) * x ** (i + j + 1) / (i + j + 1) for i in range(size - j + 1))
    return comb(size, j) * sum(terms, Fraction(0))
