"""Rubric-ARM: variances of the generator's and the judge's gradients, exactly."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction

from numerics.evidence.related.rubric_arm import answers, mean, norm, noted_game, terms
from numerics.related.rubric_arm import total_variance

from .row import Row

F = Fraction
HALF = [F(1, 2)] * 2


def constant() -> list[float]:
    """(I), (II) and C1 with p = .6 everywhere."""
    w, _, u = noted_game()
    p = [F(3, 5)] * 4
    one, two = terms((w, p, u))
    return [float(one), float(two), float(two / mean(w, [q * q * norm(x) for q, x in zip(p, u, strict=True)]))]


def with_baseline() -> list[float]:
    """Var(g_B) without baseline and with E p, by enumeration of rubrics and answers; (II) of the latter."""
    w, p, _ = game = noted_game()
    b = mean(w, p)
    return [float(x) for x in (total_variance(*answers(game)), total_variance(*answers(game, b)), terms(game, b)[1])]


def judge() -> list[float]:
    """Two rubrics, p = .8, scores ±.8: variance given the rubric, and in all."""
    inside = [total_variance([F(4, 5), F(1, 5)], [[x], [F(0)]]) for x in (F(4, 5), F(-4, 5))]
    return [float(mean(HALF, inside)), float(total_variance(*answers((HALF, [F(4, 5)] * 2, [[F(4, 5)], [F(-4, 5)]]))))]


def reused() -> list[float]:
    """One rubric for k samples or a fresh one each, for the parts .05 and .09, k = 1, 4, 16: a two-point law of each part."""
    out = []
    for samples in (1, 4, 16):
        fresh, cached = (F(5, 100) + F(9, 100)) / samples, F(5, 100) / samples + F(9, 100)
        out += [float(fresh), float(cached)]
    return out


def in_expectation() -> list[float]:
    """Assumption 5.3 in expectation, left and right, then Var(g_B) and E Var(g_A | rubric)."""
    p, u, v = [F(1, 2), F(999, 1000)], [[F(1)], [F(-1)]], [[F(3)], [F(1, 100)]]
    ours = total_variance(*answers((HALF, p, u)))
    second = mean(HALF, [q * q for q in p])
    c1 = terms((HALF, p, u))[1] / second
    left = mean(HALF, [1 / x[0] for x in v])
    right = sum(float((1 - q) / (1 - q + c1 * q)) ** 0.5 for q in p) / 2
    theirs = mean(HALF, [q * (1 - q) * norm(x) for q, x in zip(p, v, strict=True)])
    return [float(left), right, float(ours), float(theirs)]


def of(what: str, quoted: str, found: Callable[[], Sequence[float]], *ids: str, remark: str = "") -> Row:
    return Row("rubric_arm", what, tuple(quoted.split()), found, tuple(f"rubric_arm.{id}" for id in ids), remark=remark)


SETUP = "4 rubrics: normal logits and uniform p of NumPy's default_rng(0), for which all three numbers come out"
ROWS = [
    of("(I), (II) and C1, p = .6 for each of 4 rubrics", ".174 .262 1.0", constant, "inconsistency", remark=SETUP),
    of("Var(g_B) for random p, with the baseline E p, and (II) of it", ".529 .141 .003", with_baseline, "baseline.generator",
       remark=SETUP),
    of("the judge's variance given the rubric, and in all", ".102 .512", judge, "theorem5_5.total"),
    of("fresh and cached rubrics, k = 1, 4, 16", ".140 .140 .035 .1025 .0088 .0931", reused, "reuse"),
    of("Assumption 5.3 in expectation: left, right; then Var(g_B), E Var(g_A given r)", "50.2 .38 .687 1.125", in_expectation,
       "theorem5_5.in_expectation"),
]  # fmt: skip
