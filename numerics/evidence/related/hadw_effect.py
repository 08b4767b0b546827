"""HA-DW's reweighting in numbers: errors per kind of completion, the update of a real policy, the anchor, Lemma 1 in use."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from itertools import product
from math import log, sqrt
from random import Random

import torch

from numerics.advantages.ha_dw import ha_dw, next_anchor
from numerics.evidence import evidence
from numerics.related.hadw import bias, bias_given_reward, given_both, law
from theory.verdict import Evidence

F = Fraction


def weighted_bias(size: int, p: F, right: int, scale: float, anchor: float = 0.5) -> tuple[float, float]:
    """Errors E[Ahat_i | S, r_i] - A_i and E[Ahat_i Φ_i | S, r_i] - A_i, with the audited estimator."""

    def advantage(j: int) -> float:
        rewards = torch.tensor([1.0] * j + [0.0] * (size - j), dtype=torch.float64)
        out = ha_dw(rewards, torch.zeros(size, dtype=torch.long), anchor, scale)
        return (out[0] if right else out[-1]).item()

    others = law(size - 1, p)
    kept = [(j + right, float(c)) for j, c in enumerate(others) if 0 < j + right < size]
    mean = sum(c * advantage(j) for j, c in kept) / sum(c for _, c in kept)
    return -float(bias_given_reward(size, p, bool(right))), mean - (right - float(p))


@evidence("hadw.theorem3.recommended", "hadw.theorem3.given_reward", "hadw.theorem3.repaired", "hadw.theorem3")
def recommended() -> Evidence:
    """λ = 1.3, C = 1/2, G = 8: errors per kind of completion, before and after."""
    cases = [(F(1, 10), 1), (F(3, 10), 1), (F(9, 20), 1), (F(9, 10), 0)]
    found = [tuple(round(x, 4) for x in weighted_bias(8, p, right, 1.3)) for p, right in cases]
    one = [round(weighted_bias(8, p, 1, 1.0)[1], 4) for p in (F(1, 10), F(3, 10))]
    ok = found == [(-0.1125, 0.4876), (-0.0874, 0.2343), (-0.0669, 0.1095), (0.1125, -0.4876)] and one == [0.1674, 0.0187]
    detail = (
        "G = 8, λ = 1.3, C = 1/2: the error of right completions goes from -0.1125 to 0.4876 at p = 0.1, "
        "from -0.0874 to 0.2343 at 0.3, from -0.0669 to 0.1095 at 0.45; with λ = 1 to 0.1674 and 0.0187"
    )
    return Evidence("numeric", detail, ok=ok)


@evidence("hadw.eq17.direction", "hadw.eq17.centred.repaired", "hadw.eq14", "hadw.eq16.sign")
def direction() -> Evidence:
    """A softmax over four answers, two of them right: the expected reweighted update over all groups of 3, by autograd."""
    ok, worst = True, 0.0
    right = torch.tensor([1.0, 0.0, 1.0, 0.0], dtype=torch.float64)
    for seed in range(5):
        logits = torch.randn(4, dtype=torch.float64, generator=torch.Generator().manual_seed(seed)).requires_grad_()
        logp = torch.log_softmax(logits, 0)
        p = (logp.exp() * right).sum()
        (slope,) = torch.autograd.grad(p, logits, retain_graph=True)
        surrogate, ids = torch.zeros((), dtype=torch.float64), torch.zeros(3, dtype=torch.long)
        for answers in product(range(4), repeat=3):
            rewards = right[list(answers)]
            if 0 < rewards.sum() < 3:
                weights = ha_dw(rewards, ids)
                shift = rewards.mean() - 0.5
                total = 1.3 * 3 * rewards.mean() * (1 - rewards.mean()) * (torch.exp(-shift) - torch.exp(shift))
                ok &= abs((weights.sum() - total).item()) < 1e-12 and bool((weights * (rewards - rewards.mean()) > 0).all())
                surrogate = surrogate + logp[list(answers)].sum().detach().exp() * (weights * logp[list(answers)]).sum()
        (update,) = torch.autograd.grad(surrogate, logits)
        cosine = torch.cosine_similarity(update, slope, dim=0).item()
        worst = max(worst, 1 - cosine)
    detail = "5 softmax policies, all groups of 3 by autograd: the expected HA-DW update is parallel to ∇p within 1e-12"
    return Evidence("numeric", detail, ok=ok and worst < 1e-12)


@evidence("hadw.eq11.frozen", "hadw.eq10", "hadw.eq8.range")
def anchors() -> Evidence:
    """The running anchor itself: frozen once constant; η σ is at most η/2 on random windows."""
    constant = torch.full((4,), 0.3, dtype=torch.float64)
    draw = torch.Generator().manual_seed(0)
    windows = torch.rand(200, 6, dtype=torch.float64, generator=draw).round()
    ok = all(next_anchor(constant, y, eta=1.0) == constant[-1].item() for y in (0.0, 1.0))
    ok &= bool((windows.std(1, correction=0) <= 0.5 + 1e-12).all()) and all(0 <= next_anchor(w, 1.0) <= 1 for w in windows)
    detail = "a window of 0.3 keeps the anchor for accuracies 0 and 1; σ ≤ 1/2 on 200 windows of 0/1"
    return Evidence("numeric", detail, ok=ok)


def improvable(size: int, edge: float, p: float) -> float:
    """P(c_low < c_high | S) of Lemma 1 for the largest useful ε, |E[phat | S] - p|, and δ = 0.05; p in [edge, 1 - edge]."""

    def baseline_of(x: float) -> float:
        return x * (1 - x ** (size - 1)) / (1 - (1 - x) ** size - x**size)

    width = sqrt(log(2 / (0.05 * (1 - (1 - edge) ** size - edge**size))) / (2 * size))
    eps, helped, total = abs(baseline_of(p) - p) - 1e-9, 0.0, 0.0
    for right, chance in enumerate(map(float, law(size, F(p)))):
        low, high = max(edge, right / size - width), min(1 - edge, right / size + width)
        if 0 < right < size:
            points = [low + (high - low) * i / 50 for i in range(51)] if low <= high else []
            c_low = max(((x - eps) / baseline_of(x) for x in points), default=1.0)
            c_high = min(((x + eps) / baseline_of(x) for x in points), default=0.0)
            total, helped = total + chance, helped + chance * (c_low < c_high)
    return helped / total


@evidence("hadw.theorem3.repaired", "hadw.lemma1")
def seldom() -> Evidence:
    """How often some factor c is guaranteed to reduce the bias, G = 8."""
    at_edge = [round(improvable(8, edge, edge), 4) for edge in (0.05, 0.1)]
    inside = [improvable(8, edge, p) for edge, p in ((0.05, 0.1), (0.05, 0.2), (0.1, 0.2), (0.1, 0.3), (0.1, 0.4))]
    ok = at_edge == [0.9989, 0.9919] and max(inside) < 1e-3
    detail = (
        "G = 8, δ = 0.05: the bounds of Lemma 1 leave room for a smaller bias in 0.9989 (Δ = 0.05) and 0.9919 (Δ = 0.1) of the "
        "groups at p = Δ, and in less than 0.001 at p = 0.1, 0.2 (Δ = 0.05) and 0.2, 0.3, 0.4 (Δ = 0.1)"
    )
    return Evidence("numeric", detail, ok=ok)


def scaled(factors: list[F]) -> Callable[[int], F]:
    """c(R) phat."""
    return lambda j: factors[j] * F(j, len(factors))


@evidence("hadw.lemma3", "hadw.lemma1.random", "hadw.theorem3.eq88", "hadw.theorem3.no_common")
def rectified() -> Evidence:
    """Random factors within the bounds of Lemma 3, one per number of right completions, in exact rationals."""
    ok, cases = True, 0
    draw = Random(0)
    for size, p, eps in product((2, 3, 8), (F(1, 10), F(1, 3), F(3, 4)), (F(1, 20), F(1, 5))):
        scale = (1 - (1 - p) ** size - p**size) / (p * (1 - p ** (size - 1)))
        low, high = (p - eps) * scale, (p + eps) * scale
        factors = [low + (high - low) * F(draw.randrange(1, 100), 100) for _ in range(size)]
        value = given_both(size, p, scaled(factors))
        ok &= abs(value - p) < eps and abs(factors[0] * (bias(size, p) + p) - p) < eps
        for right in range(1, size):
            mean, c = F(right, size), factors[0]
            needed = (1 + (1 - c) * mean / (1 - mean), c)  # λ e^{DM} for right and for wrong completions
            ok &= needed[0] * (1 - mean) == 1 - c * mean and (c >= 1 or needed[0] > 1 > needed[1])
            cases += 1
    detail = (
        f"{cases} groups: factors within the bounds, also one per R, keep the mean within ε; for c < 1 right completions need "
        "λ e^(DM) above 1, wrong ones below 1"
    )
    return Evidence("numeric", detail, ok=ok)
