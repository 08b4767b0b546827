"""HA-DW: biases, probabilities and thresholds of groups, in exact rationals, rigorous integrals or float64 sums."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import cache
from math import exp, log, sqrt

import numpy as np
from scipy.integrate import quad
from scipy.stats import norm

from numerics.evidence.related.hadw import average, beta_bias, larger
from numerics.evidence.related.hadw_effect import improvable, weighted_bias
from numerics.related.hadw import bias, bias_given_reward, given_both, share_too_small

from .row import Row

F = Fraction
HALF, SIZES = F(1, 2), range(2, 9)
CUT = "the source cuts digits off where it does not round"


def sign_change(size: int, right: bool) -> float:
    """The p in (0, 1) where the bias given the own reward changes its sign, by bisection in rationals."""
    low, high = F(1, 64), F(63, 64)
    for _ in range(20):
        mid = (low + high) / 2
        low, high = (mid, high) if bias_given_reward(size, mid, right) > 0 else (low, mid)
    return float(low)


@cache
def plain(limit: F) -> list[float]:
    """The share, averaged plainly over p below the limit, G = 2..8."""
    return [float(average(size, limit).mid()) for size in SIZES]


@cache
def to_two_over_g() -> list[float]:
    return [float(average(size, F(2, size)).mid()) for size in range(6, 21)]


def lowest(limit: F) -> float:
    """G = 8: the least chance of an estimate that is too small, on a grid that goes just above each k/8."""
    points = [F(n, 1000) + F(1, 10**9) for n in range(1, 1000) if F(n, 1000) < limit]
    return float(min(given_both(8, p, larger(8, p)) for p in points))


def poisson() -> list[float]:
    """(1 + ∫_1^2 h)/2, h(x) = 1 - x/(e^x - 1)."""
    return [(1 + quad(lambda x: 1 - x / (exp(x) - 1), 1, 2)[0]) / 2]


def width(edge: float) -> float:
    """ε_δ for G = 8, δ = 0.05, Δ = edge."""
    return sqrt(log(2 / (0.05 * (1 - (1 - edge) ** 8 - edge**8))) / 16)


def errors() -> list[float]:
    """Before and after reweighting with λ = 1.3."""
    cases = [(F(1, 10), 1), (F(3, 10), 1), (F(9, 20), 1), (F(9, 10), 0)]
    return [x for p, right in cases for x in weighted_bias(8, p, right, 1.3)]


def growth() -> list[float]:
    ratios = [abs(after / before) for before, after in zip(errors()[::2], errors()[1::2], strict=True)]
    return [min(ratios), max(ratios)]


def mixture() -> list[float]:
    """p and E[phat | S] of 0.6 N(.65, sd .01) + 0.4 U(0, .3), G = 4, σ = .1: Theorem 4's integrals as sums over a grid."""
    x, dx = np.linspace(0, 1, 100_001, retstep=True)
    f = 0.6 * norm.pdf(x, 0.65, 0.01) + 0.4 * (x <= 0.3) / 0.3
    mass, moment = np.cumsum(f) * dx, np.cumsum(x * f) * dx
    q, m = (np.interp(x + 0.1, x, y) - y for y in (mass, moment))
    alike, inside = 4 * (f * q**3).sum() * dx, ((x * q + 3 * m) * q**2 * f).sum() * dx
    return [moment[-1], (moment[-1] - inside) / (1 - alike)]


def of(what: str, quoted: str, found: Callable[[], Sequence[float]], *ids: str, error: float = 0.0, remark: str = "") -> Row:
    return Row("hadw", what, tuple(quoted.split()), found, tuple(f"hadw.{id}" for id in ids), error, remark)


ROWS = [
    of("E[phat given S], G = 8, p = .1", "0.1756", lambda: [float(bias(8, F(1, 10)) + F(1, 10))], "eq32"),
    of("bias, G = 8, p = .05, .1, .2, .3, .4", "0.0986 0.0756 0.0403 0.0183 0.0064",
       lambda: [float(bias(8, F(x))) for x in ("0.05", "0.1", "0.2", "0.3", "0.4")], "lemma2"),
    of("wrong completions: where the sign changes, G = 4, 8, 16", "0.370 0.257 0.168",
       lambda: [sign_change(size, False) for size in (4, 8, 16)], "theorem1.given_reward.wrong", remark=CUT),
    of("right completions: where the sign changes, G = 4, 8, 16", "0.629 0.742 0.831",
       lambda: [sign_change(size, True) for size in (4, 8, 16)], "theorem1.given_reward.right", remark=CUT),
    of("bias at p = 1/2 given a right completion, G = 4, 8, 16", "0.0714 0.0591 0.0312",
       lambda: [float(bias_given_reward(size, HALF, True)) for size in (4, 8, 16)], "theorem1.given_reward.right"),
    of("Corollary 1, plain average over p < 1/2, G = 2..8", "1 .8056 .7770 .7081 .6897 .6516 .6409",
       lambda: plain(HALF), "corollary1.averaged"),
    of("the same over p < 1/4", "1 1 1 .8872 .8278 .7964 .7811", lambda: plain(F(1, 4)), "corollary1.averaged"),
    of("the same over p < 1/8", "1 1 1 1 1 1 1", lambda: plain(F(1, 8)), "corollary1.eighth"),
    of("Corollary 1 conditioned on S, p < 1/2, G = 2..8", "1 .7199 .7031 .6267 .6194 .5826 .5799",
       lambda: [float(share_too_small(size, HALF)) for size in SIZES], "corollary1.half"),
    of("the same for p < 1/4", "1 1 1 .8208 .7455 .7157 .7080",
       lambda: [float(share_too_small(size, F(1, 4))) for size in SIZES], "corollary1.quarter"),
    of("the same for p < 1/8", "1 1 1 1 1 1 1",
       lambda: [float(share_too_small(size, F(1, 8))) for size in SIZES], "corollary1.eighth"),
    of("least chance at one p below 1/2 and below 1/4, G = 8", ".357 .402",
       lambda: [lowest(HALF), lowest(F(1, 4))], "corollary1.pointwise.half", "corollary1.pointwise.quarter"),
    of("Corollary 2, plain average, least and largest of G = 6..20", ".7811 .7814",
       lambda: [min(to_two_over_g()), max(to_two_over_g())], "corollary2.averaged"),
    of("its Poisson limit", ".7818", poisson, "corollary2.averaged"),
    of("Corollary 2 conditioned on S, least and largest of G = 6..20", ".708 .708",
       lambda: [f(float(share_too_small(n, F(2, n))) for n in range(6, 21)) for f in (min, max)], "corollary2", error=0.001,
       remark="the source says about .708"),
    of("a tie at p = 1/G, G = 8", ".598", lambda: [float(given_both(8, F(1, 8), lambda j: F(j == 1)))], "corollary3.boundary"),
    of("ε_δ, G = 8, δ = .05, Δ = .05 and .1", ".546 .515", lambda: [width(0.05), width(0.1)], "lemma1", "lemma5"),
    of("chance that some factor c helps, p = Δ = .05 and .1, G = 8", ".9989 .9919",
       lambda: [improvable(8, d, d) for d in (0.05, 0.1)], "theorem3.repaired"),
    of("the same for p = .1 (Δ = .05), .2, .3, .4 (Δ = .1)", "0 0 0 0",
       lambda: [improvable(8, d, p) for d, p in ((0.05, 0.1), (0.1, 0.2), (0.1, 0.3), (0.1, 0.4))], "theorem3.repaired",
       error=1e-3, remark="the source says about 0"),
    of("the same for G = 16: p = Δ = .05, and .2, .3, .4 (Δ = .1)", "1.0 0 0 0",
       lambda: [improvable(16, d, p) for d, p in ((0.05, 0.05), (0.1, 0.2), (0.1, 0.3), (0.1, 0.4))], "theorem3.repaired",
       error=1e-4, remark="the source says at most 1e-4 for the last three"),
    of("errors without and with λ = 1.3: p = .1, .3, .45 (right), .9 (wrong)",
       "-.1125 .4876 -.0874 .2343 -.0669 .1095 .1125 -.4876", errors, "theorem3.recommended"),
    of("how much these errors grow, least and most", "1.6 4.3", growth, "theorem3.recommended"),
    of("errors with λ = 1: p = .1, .3 (right)", ".1674 .0187",
       lambda: [weighted_bias(8, p, 1, 1.0)[1] for p in (F(1, 10), F(3, 10))], "theorem3.recommended"),
    of("mean reward and E[phat given S] of the mixture, G = 4, σ = .1", ".45 .421", mixture, "d5",
       remark="with .01 as the deviation of the normal part; as its variance the second is .448"),
    of("E[phat given S] - p of Beta(2, 5), σ = .1", ".0015", lambda: [float(beta_bias(4))], "d5", "corollary4",
       remark="exact for G = 4; the source does not state G, and the values for G = 3 and 5 are further off"),
    of("Fig. 6: shares that support the claim", "48% 30% 24% 42%", lambda: [24 / 50, 15 / 50, 12 / 50, 21 / 50], "fig6"),
]  # fmt: skip
