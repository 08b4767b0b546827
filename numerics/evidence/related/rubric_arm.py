"""Rubric-ARM in numbers: exact variances by enumeration over rubrics and answers, with and without baselines.

All but the gradients are exact rationals. TOL, for autograd on at most 4 rubrics: 50 roundings of numbers below 1, 1e-13.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from fractions import Fraction
from itertools import product
from math import exp, sqrt

import numpy as np
import torch

from numerics.evidence import evidence
from numerics.related.rubric_arm import accuracy, generator_loss, pair_reward, total_variance
from theory.verdict import Evidence

TOL, SEEDS = 1e-13, 20
F, ZERO = Fraction, Fraction(0)
Game = tuple[list[Fraction], list[Fraction], list[list[Fraction]]]


def games(rubrics: int = 4) -> Iterator[Game]:
    """w, p and generator scores u that average to 0, as scores do."""
    for seed in range(SEEDS):
        rng = random.Random(seed)
        parts = [F(rng.randint(1, 9)) for _ in range(rubrics)]
        w = [x / sum(parts) for x in parts]
        p = [F(rng.randint(2, 9), 10) for _ in range(rubrics)]
        u = [[F(rng.randint(-5, 5)) for _ in range(2)] for _ in range(rubrics)]
        means = [sum((a * x[d] for a, x in zip(w, u, strict=True)), F(0)) for d in range(2)]
        yield w, p, [[x[d] - means[d] for d in range(2)] for x in u]


def norm(x: list[Fraction]) -> Fraction:
    return sum((c * c for c in x), F(0))


def scaled(c: Fraction, x: list[Fraction]) -> list[Fraction]:
    return [c * y for y in x]


def answers(game: Game, b: Fraction = ZERO) -> tuple[list[Fraction], list[list[Fraction]]]:
    """The law of (R - b) u_r over rubrics and right or wrong answers."""
    w, p, u = game
    chances = [x for a, q in zip(w, p, strict=True) for x in (a * q, a * (1 - q))]
    return chances, [g for x in u for g in (scaled(1 - b, x), scaled(-b, x))]


def mean(w: list[Fraction], values: list[Fraction]) -> Fraction:
    return sum((a * x for a, x in zip(w, values, strict=True)), F(0))


@evidence(
    "rubric_arm.prop5_1",
    "rubric_arm.prop5_2",
    "rubric_arm.prop5_1.chain",
    "rubric_arm.inconsistency",
    "rubric_arm.inconsistency.repaired",
    "rubric_arm.c1",
    "rubric_arm.c1.repaired",
    "rubric_arm.conditional",
)
def variances_by_enumeration() -> Evidence:
    """Both propositions on random games; (I), (II) and C1 with p constant, where (II) should be 0 by its name."""
    split = coin = largest = 0
    for game in games():
        w, p, u = game
        one = mean(w, [q * (1 - q) * norm(x) for q, x in zip(p, u, strict=True)])
        two = total_variance(w, [scaled(q, x) for q, x in zip(p, u, strict=True)])
        split += total_variance(*answers(game)) == one + two and two > 0
        coin += all(total_variance([q, 1 - q], [x, scaled(F(0), x)]) == q * (1 - q) * norm(x) for q, x in zip(p, u, strict=True))
        flat = [F(3, 5)] * len(p)
        between = total_variance(w, [scaled(q, x) for q, x in zip(flat, u, strict=True)])
        largest += between == F(9, 25) * mean(w, [norm(x) for x in u])
    detail = f"{SEEDS} games of 4 rubrics, exact: Var(g_B) = (I) + (II) in {split}, Var(g_A|r) = p (1-p) ‖u‖² in {coin}; "
    detail += f"with p = 3/5 everywhere (II) = p² E‖u‖², C1 = 1, in {largest}"
    return Evidence("numeric", detail, ok=split == coin == largest == SEEDS)


@evidence(
    "rubric_arm.baseline.generator", "rubric_arm.baseline.judge", "rubric_arm.baseline.score", "rubric_arm.theorem5_5.baseline"
)
def with_baselines() -> Evidence:
    """(II) with the mean of p as baseline; the judge's variance by enumeration of its two answers."""
    removed = smaller = judge = 0
    for w, p, u in games():
        flat = [F(3, 5)] * len(p)
        removed += total_variance(w, [scaled(q - F(3, 5), x) for q, x in zip(flat, u, strict=True)]) == 0
        b = mean(w, p)
        plain, centred = (total_variance(w, [scaled(q - c, x) for q, x in zip(p, u, strict=True)]) for c in (F(0), b))
        smaller += centred < plain / 2
        ok = True
        for q, x in zip(p, u, strict=True):
            wrong = scaled(-q / (1 - q), x)
            for c in (F(0), q, 1 - q, F(1, 3)):
                law = total_variance([q, 1 - q], [scaled(1 - c, x), scaled(-c, wrong)])
                ok &= law == q * (1 - q) * (1 - c - c * q / (1 - q)) ** 2 * norm(x) and (c != 1 - q or law == 0)
        judge += ok
    detail = f"{SEEDS} games, exact: (II) is 0 with b = p constant in {removed}, less than half with b = E p in {smaller}; "
    detail += f"the judge's variance with baseline, 0 at b = 1 - p, in {judge}"
    return Evidence("numeric", detail, ok=removed == judge == SEEDS and smaller > 0.8 * SEEDS)


def noted_game() -> Game:
    """A generator over 4 rubrics with normal logits, scores in its logits, and p uniform on [.2, .9]: NumPy's seed 0."""
    rng = np.random.default_rng(0)
    parts = [F(exp(x)) for x in rng.standard_normal(4)]
    p = [F(1, 5) + F(7, 10) * F(float(x)) for x in rng.random(4)]
    w = [x / sum(parts) for x in parts]
    return w, p, [[F(i == j) - w[j] for j in range(4)] for i in range(4)]


def terms(game: Game, b: Fraction = ZERO) -> tuple[Fraction, Fraction]:
    """(I) and (II) of Proposition 5.2 with a baseline."""
    w, p, u = game
    one = mean(w, [q * (1 - q) * norm(x) for q, x in zip(p, u, strict=True)])
    return one, total_variance(w, [scaled(q - b, x) for q, x in zip(p, u, strict=True)])


@evidence("rubric_arm.baseline.generator", "rubric_arm.inconsistency")
def noted_numbers() -> Evidence:
    """The numbers that the notes give for 4 rubrics: p = .6 everywhere, and random p without and with the baseline E p."""
    w, p, u = game = noted_game()
    b = mean(w, p)
    flat = terms((w, [F(3, 5)] * 4, u))
    plain, centred = terms(game), terms(game, b)
    ok = [f"{float(x):.3f}" for x in flat] == ["0.174", "0.262"]
    ok &= total_variance(*answers(game)) == sum(plain) and total_variance(*answers(game, b)) == sum(centred)
    ok &= [f"{float(x):.3f}" for x in (sum(plain), sum(centred), centred[1])] == ["0.529", "0.141", "0.003"]
    detail = "a softmax over 4 rubrics: with p = .6 everywhere (I) = .174, (II) = .262; with random p in [.2, .9] the baseline "
    return Evidence("numeric", detail + "E p takes Var(g_B) from .529 to .141, (II) to .003", ok=ok)


def applies(w: list[Fraction], p: list[Fraction], u: list[list[Fraction]], v: list[list[Fraction]]) -> tuple[bool, bool]:
    """Assumption 5.3 for every rubric, and in expectation."""
    second = mean(w, [q * q * norm(x) for q, x in zip(p, u, strict=True)])
    c1 = total_variance(w, [scaled(q, x) for q, x in zip(p, u, strict=True)]) / second
    lefts = [sqrt(norm(x) / norm(y)) for x, y in zip(u, v, strict=True)]
    rights = [sqrt((1 - q) / (1 - q + c1 * q)) for q in p]
    averages = (sum(float(a) * x for a, x in zip(w, side, strict=True)) for side in (lefts, rights))
    left, right = averages
    return all(x > y for x, y in zip(lefts, rights, strict=True)), left > right


@evidence(
    "rubric_arm.theorem5_5",
    "rubric_arm.theorem5_5.in_expectation",
    "rubric_arm.theorem5_5.total",
    "rubric_arm.theorem5_5.units",
    "rubric_arm.assumption5_3",
)
def domination() -> Evidence:
    """Var(g_B) against E Var(g_A|r) wherever the assumption holds pointwise; the example where it holds in the mean only."""
    held = kept = 0
    for w, p, u in games():
        for size in (F(1, 2), F(1), F(3, 2)):
            v = [[size * (1 + q), F(0)] for q in p]
            if all(norm(x) > 0 for x in u) and applies(w, p, u, v)[0]:
                held += 1
                kept += total_variance(*answers((w, p, u))) > mean(w, [q * (1 - q) * norm(y) for q, y in zip(p, v, strict=True)])
    half, p, u, v = [F(1, 2)] * 2, [F(1, 2), F(999, 1000)], [[F(1)], [F(-1)]], [[F(3)], [F(1, 100)]]
    pointwise, averaged = applies(half, p, u, v)
    ours = total_variance(*answers((half, p, u)))
    theirs = mean(half, [q * (1 - q) * norm(y) for q, y in zip(p, v, strict=True)])
    quoted = (f"{float(ours):.3f}", f"{float(theirs):.3f}") == ("0.687", "1.125") and averaged and not pointwise
    p, judge = [F(4, 5)] * 2, [[F(4, 5)], [F(-4, 5)]]
    inside = mean(half, [q * (1 - q) * norm(y) for q, y in zip(p, judge, strict=True)])
    total = total_variance(*answers((half, p, judge)))
    quoted &= (f"{float(inside):.3f}", f"{float(total):.3f}") == ("0.102", "0.512")
    detail = f"pointwise: Var(g_B) > E Var(g_A|r) in {kept} of {held} games; in the mean only: 0.687 < 1.125; "
    detail += "judge with scores ±0.8, p = 0.8: 0.102 given the rubric, 0.512 in all"
    return Evidence("numeric", detail, ok=quoted and held == kept and held >= 10)


@evidence("rubric_arm.reuse", "rubric_arm.reuse.repaired")
def reused_rubrics() -> Evidence:
    """The variance of a mean of n samples, by enumeration of all rubrics and answers, n = 1, 2, 3; the quoted numbers."""
    ok = True
    for w, p, u in list(games(2))[:5]:
        inner = mean(w, [q * (1 - q) * norm(x) for q, x in zip(p, u, strict=True)])
        outer = total_variance(w, [scaled(q, x) for q, x in zip(p, u, strict=True)])
        for n in (1, 2, 3):
            for shared in (True, False):
                chances, vectors = [], []
                for rubrics in product(range(2), repeat=1 if shared else n):
                    picks = rubrics * n if shared else rubrics
                    for right in product((0, 1), repeat=n):
                        chance = F(1)
                        for r in rubrics:
                            chance *= w[r]
                        for r, hit in zip(picks, right, strict=True):
                            chance *= p[r] if hit else 1 - p[r]
                        chances.append(chance)
                        pairs = list(zip(picks, right, strict=True))
                        vectors.append([sum((hit * u[r][d] for r, hit in pairs), F(0)) / n for d in (0, 1)])
                ok &= total_variance(chances, vectors) == (inner / n + outer if shared else (inner + outer) / n)
    within, between = F(5, 100), F(9, 100)
    quoted = [(f"{float(within / n + between):.4f}", f"{float((within + between) / n):.4f}") for n in (1, 4, 16)]
    ok &= quoted == [("0.1400", "0.1400"), ("0.1025", "0.0350"), ("0.0931", "0.0088")]
    return Evidence(
        "numeric", "exact for n = 1, 2, 3 on 5 games; 0.1025 against 0.0350 for n = 4, 0.0931 against 0.0088 for 16", ok=ok
    )


@evidence("rubric_arm.eq18.gradient", "rubric_arm.snr")
def gradients() -> Evidence:
    """g_B, averaged over rubrics and answers, against autograd of the accuracy; signal to noise of the judge."""
    ok = True
    for seed in range(SEEDS):
        gen = torch.Generator().manual_seed(seed)
        rubrics, judge = (torch.randn(4, generator=gen, dtype=torch.float64) for _ in range(2))
        rubrics.requires_grad_()
        (exact,) = torch.autograd.grad(accuracy(rubrics, judge), rubrics)
        logp, p = rubrics.log_softmax(0), judge.sigmoid()
        w, total = logp.detach().exp(), torch.zeros(4, dtype=torch.float64)
        for r in range(4):
            for hit in (0.0, 1.0):
                (g,) = torch.autograd.grad(-generator_loss(logp[r : r + 1], torch.tensor([hit])), rubrics, retain_graph=True)
                total += w[r] * (p[r] if hit else 1 - p[r]) * g
        ok &= float((total - exact).abs().max()) < TOL
    for q in (F(1, 4), F(1, 2), F(4, 5)):
        law = [q, 1 - q], [[F(3)], [F(0)]]
        ok &= (q * 3) ** 2 / total_variance(*law) == q / (1 - q)
    return Evidence("numeric", f"E g_B = ∇J within {TOL:g} for {SEEDS} games of 4 rubrics; p/(1-p) at p = 1/4, 1/2, 4/5", ok=ok)


@evidence("rubric_arm.greedy.term", "rubric_arm.greedy.objective", "rubric_arm.greedy.objective.repaired")
def greedy_judging() -> Evidence:
    """(I) and the accuracy with p rounded to 0 or 1, as greedy decoding does."""
    silent = other = exact = 0
    for w, p, u in games():
        hard = [F(int(q >= F(1, 2))) for q in p]
        silent += mean(w, [q * (1 - q) * norm(x) for q, x in zip(hard, u, strict=True)]) == 0
        other += mean(w, hard) != mean(w, p)
        exact += total_variance(*answers((w, hard, u))) == total_variance(w, [scaled(q, x) for q, x in zip(hard, u, strict=True)])
    detail = f"{SEEDS} games: (I) = 0 in {silent}, Var(g_B) = (II) in {exact}; greedy accuracy differs from E p in {other}"
    return Evidence("numeric", detail, ok=silent == exact == SEEDS and other > 0.8 * SEEDS)


@evidence("rubric_arm.em.step", "rubric_arm.em.collapse", "rubric_arm.eq16")
def posterior_and_pairs() -> Evidence:
    """The posterior over rubrics, iterated; the pair reward over all answers."""
    rises = best = 0
    for w, p, _ in games():
        values, law = [mean(w, p)], w
        for _step in range(20):
            law = [a * q / mean(law, p) for a, q in zip(law, p, strict=True)]
            values.append(mean(law, p))
        rises += values == sorted(values) and values[1] == mean(w, [q * q for q in p]) / values[0]
        best += values[-1] <= max(p)
    f, b = torch.tensor([0, 0, 1, 1]), torch.tensor([0, 1, 0, 1])
    pairs = pair_reward(f, b).tolist() == [0.5, 1.0, 0.0, 0.5]
    detail = f"{SEEDS} games, 20 posterior steps: accuracy never falls in {rises}, stays at most max p in {best}; "
    return Evidence(
        "numeric", detail + "answers (0,0), (0,1), (1,0), (1,1) give 1/2, 1, 0, 1/2", ok=rises == best == SEEDS and pairs
    )
