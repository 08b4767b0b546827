"""The U-statistic view in numbers: the real estimator against pairs, exact variances by enumeration, finite groups."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import combinations, product
from math import comb, prod, sqrt

import torch

from numerics.advantages.std_population import std_population
from numerics.evidence import evidence
from numerics.objectives.rloo import rloo
from theory.verdict import Evidence

F = Fraction
Outcome = tuple[F, F, F]  # chance, score W, reward Z
LAWS: list[list[Outcome]] = [
    [(F(1, 2), F(1), F(1)), (F(1, 2), F(-1), F(0))],
    [(F(1, 4), F(3), F(1)), (F(1, 2), F(-1), F(0)), (F(1, 4), F(-1), F(2))],
    [(F(1, 6), F(4), F(-1)), (F(1, 3), F(-1), F(1, 2)), (F(1, 2), F(-2, 3), F(1))],
]


def mean(law: list[Outcome], f: str) -> F:
    """E of a product of W and Z, named by its letters."""
    return sum((p * prod((w if x == "W" else z for x in f), start=F(1)) for p, w, z in law), F(0))


def groups(law: list[Outcome], size: int) -> Iterator[tuple[F, list[tuple[F, F]]]]:
    for chosen in product(law, repeat=size):
        yield prod((p for p, _, _ in chosen), start=F(1)), [(w, z) for _, w, z in chosen]


def over_pairs(group: list[tuple[F, F]]) -> F:
    pairs = list(combinations(group, 2))
    return sum(((w - v) * (z - y) / 2 for (w, z), (v, y) in pairs), F(0)) / len(pairs)


@evidence("ustat.lemma1")
def pairs() -> Evidence:
    """The gradient of the RLOO objective in logp, weighted by random scores, against the mean over pairs."""
    draw, worst = torch.Generator().manual_seed(0), 0.0
    for size in (2, 3, 5, 8, 16):
        for _ in range(5):
            rewards, scores = (torch.randn(size, dtype=torch.float64, generator=draw) for _ in range(2))
            logp = torch.zeros(size, 1, dtype=torch.float64, requires_grad=True)
            (slope,) = torch.autograd.grad(-rloo(logp, rewards, torch.ones(size, 1, dtype=torch.float64)), logp)
            kernel = (scores[:, None] - scores) * (rewards[:, None] - rewards) / 2
            worst = max(worst, abs((slope[:, 0] @ scores - kernel.triu(1).sum() / comb(size, 2)).item()))
    return Evidence(
        "numeric", "25 groups of 2..16: autograd of RLOO and the mean over pairs agree within 1e-12", ok=worst < 1e-12
    )


@evidence("ustat.theorem2", "ustat.theorem2.remainder", "ustat.zeta1", "ustat.corollary4")
def variance() -> Evidence:
    """All groups of 2, 3, 4: the exact variance and its closed form with the remainder (E[W²] Var Z + g²)/(G (G-1))."""
    ok = True
    for law in LAWS:
        v, g = mean(law, "Z"), mean(law, "WZ")
        oracle = sum((p * (w * (z - v)) ** 2 for p, w, z in law), F(0)) - g**2
        rest = mean(law, "WW") * (mean(law, "ZZ") - v**2) + g**2
        for size in (2, 3, 4):
            found = sum((p * (over_pairs(group) - g) ** 2 for p, group in groups(law, size)), F(0))
            ok &= mean(law, "W") == 0 and found == oracle / size + rest / (size * (size - 1))
            ok &= 0 <= found - oracle / size <= 4 * mean(law, "WW") * (mean(law, "ZZ") - v**2) / size**2
    detail = "3 laws, all groups of 2, 3, 4: the mean squared error is the closed form, exactly"
    return Evidence("numeric", detail, ok=ok)


@evidence("ustat.corollary5", "ustat.corollary5.without", "lossproof.value_baseline")
def baselines() -> Evidence:
    """Softmax bandits: the variance by baseline; E[w r]/E[w] is the least on a grid, the mean reward only if Cov = 0."""
    ok, draw = True, torch.Generator().manual_seed(0)
    for _ in range(10):
        p = torch.softmax(torch.randn(4, dtype=torch.float64, generator=draw), 0)
        r = torch.rand(4, dtype=torch.float64, generator=draw)
        w = ((torch.eye(4, dtype=torch.float64) - p) ** 2).sum(1)
        best, value = (p * w * r).sum() / (p * w).sum(), (p * r).sum()
        cost = [(p * w * (r - b) ** 2).sum().item() for b in (best, value, *torch.linspace(0, 1, 21, dtype=torch.float64))]
        loss = ((p * w * r).sum() - (p * w).sum() * value) ** 2 / (p * w).sum()
        ok &= min(cost) == cost[0] and abs(cost[1] - cost[0] - loss.item()) < 1e-12
    return Evidence(
        "numeric", "10 softmax bandits of four arms: the mean reward costs Cov(‖s‖², r)²/E‖s‖² more, within 1e-12", ok=ok
    )


@evidence("ustat.lemma6", "ustat.lemma6.step")
def descent() -> Evidence:
    """A quadratic with noise of variance M: its exact expected gap under the step stays below the bound of Lemma 6."""
    ok, cases = True, 0
    for beta, noise, low in product((F(1, 10), F(1, 4), F(2, 5)), (F(0), F(1), F(3)), (F(1), F(1, 2))):
        gap, start = F(5), F(5)  # J = -(low x²)/2, so μ = low ≤ L = 1
        rho = 1 - 2 * low * beta + low * beta**2
        floor = beta**2 * noise / (4 * low * beta - 2 * low * beta**2)
        for n in range(1, 30):
            gap = (1 - low * beta) ** 2 * gap + low * beta**2 * noise / 2
            ok &= gap <= rho**n * start + floor
            cases += 1
    detail = f"{cases} steps on noisy quadratics, exactly: the gap stays below the bound"
    return Evidence("numeric", detail, ok=ok)


@evidence("ustat.theorem7")
def budget() -> Evidence:
    """The bound over whole group sizes: the best one is next to sqrt(c_3/c_1) for every budget."""
    ok = True
    for c_1, c_2, c_3, total in product((1, 3), (0, 5), (4, 100), (64, 1024)):
        cost = {g: F(c_1 * g, total) + F(c_2, total) + F(c_3, total * g) for g in range(1, 65)}
        best = min(cost, key=lambda g: cost[g])
        ok &= abs(best - sqrt(c_3 / c_1)) < 1
    detail = "16 settings, G = 1..64: the best whole G is within 1 of sqrt(c_3/c_1), for both budgets"
    return Evidence("numeric", detail, ok=ok)


def normalised_factor(size: int, p: float) -> float:
    """κ with E[(1/G) Σ_i W_i (Z_i - mean)/std] = κ ∇p, from the estimator that is audited (std over 1/G, eps = 0)."""
    total, ids = 0.0, torch.zeros(size, dtype=torch.long)
    for right in range(1, size):
        rewards = torch.tensor([1.0] * right + [0.0] * (size - right), dtype=torch.float64)
        advantages = std_population(rewards, ids)
        share = advantages[:right].sum() / p - advantages[right:].sum() / (1 - p)
        total += comb(size, right) * p**right * (1 - p) ** (size - right) * share.item() / size
    return total


@evidence("ustat.prop13", "ustat.prop13.group_of_two", "ustat.prop13.finite")
def finite_groups() -> Evidence:
    """The factor of ∇p in finite groups: 1 for G = 2, near 1/sqrt(p (1-p)) for G = 64."""
    points = (0.1, 0.3, 0.5)
    two = [normalised_factor(2, p) for p in points]
    many = [normalised_factor(64, p) * sqrt(p * (1 - p)) for p in points]
    ok = all(abs(x - 1) < 1e-3 for x in two) and all(0.93 < x < 1.02 for x in many)
    detail = "p = 0.1, 0.3, 0.5: the factor of ∇p is 1 in groups of two, and 1/sqrt(p (1-p)) within 7 % in groups of 64"
    return Evidence("numeric", detail, ok=ok)


@evidence("ustat.lemma11")
def third_difference() -> Evidence:
    """The mixed third difference: 0 for the mean over pairs, not for the normalised estimate, on random rewards."""
    draw, ok = torch.Generator().manual_seed(1), True
    for _ in range(20):
        ends = torch.rand(2, 3, dtype=torch.float64, generator=draw)
        plain = scaled = 0.0
        for corner in product((0, 1), repeat=3):
            z = torch.stack([ends[bit, e] for e, bit in enumerate(corner)])
            sign = (-1) ** sum(corner)
            plain += sign * ((z[0] - z[1]) / 2 + (z[0] - z[2]) / 2).item() / 3
            scaled += sign * std_population(z, torch.zeros(3, dtype=torch.long))[0].item() / 3
        ok &= abs(plain) < 1e-12 and abs(scaled) > 1e-6
    detail = "20 random corners: 0 within 1e-12 over pairs, above 1e-6 after division by the std"
    return Evidence("numeric", detail, ok=ok)
