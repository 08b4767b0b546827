"""SGPO's graded reward, and its expected updates in the two-step model of `theory.related.sgpo.two_steps`, by enumeration.

SGPO: arXiv 2505.11595. The text says nowhere clearly which groups are graded: both readings are here.
"""

from __future__ import annotations

from itertools import product
from math import sqrt

import torch

from numerics.advantages.sgpo import graded


def graded_reward(correct: bool, right_share: float, beta: float, gamma: float, sign: int = -1) -> float:
    """`graded` of one answer, RTS = `right_share` the share of steps before the first error."""
    answer = torch.tensor([float(correct), right_share], dtype=torch.float64)
    return graded(answer[0], answer[1], beta, gamma, sign).item()


def advantages(rewards: tuple[float, ...]) -> list[float]:
    """(r - mean)/std over G; zeros where all rewards are equal."""
    mean = sum(rewards) / len(rewards)
    std = sqrt(sum((r - mean) ** 2 for r in rewards) / len(rewards))
    return [(r - mean) / std if std > 1e-12 else 0.0 for r in rewards]


def expected_update(p1: float, p2: float, group: int, grade: float, graded: str) -> tuple[float, float]:
    """E[(1/G) Σ A_i ∂log π(o_i)/∂(θ1, θ2)] for p = σ(θ). graded: "none" (GRPO), "all wrong" or "all groups".

    Groups are enumerated by how many of them fail at step 1, fail at step 2, succeed.
    """
    scores = [(-p1, 0.0), (1 - p1, -p2), (1 - p1, 1 - p2)]
    chances = [1 - p1, p1 * (1 - p2), p1 * p2]
    g1 = g2 = 0.0
    for fails, halves in product(range(group + 1), repeat=2):
        wins = group - fails - halves
        if wins < 0:
            continue
        outcome = [0] * fails + [1] * halves + [2] * wins
        chance = multinomial(fails, halves, wins) * chances[0] ** fails * chances[1] ** halves * chances[2] ** wins
        use = graded == "all groups" or (graded == "all wrong" and wins == 0)
        value = (0.0, grade if use else 0.0, 1.0)
        a = advantages(tuple(value[o] for o in outcome))
        g1 += chance * sum(x * scores[o][0] for x, o in zip(a, outcome, strict=True)) / group
        g2 += chance * sum(x * scores[o][1] for x, o in zip(a, outcome, strict=True)) / group
    return g1, g2


def multinomial(*counts: int) -> int:
    """(Σ counts)!/Π counts!."""
    from math import factorial, prod

    return factorial(sum(counts)) // prod(factorial(c) for c in counts)


def growth(p1: float, p2: float, update: tuple[float, float]) -> float:
    """dJ for J = p1 p2 along an update of the two logits."""
    return p1 * p2 * ((1 - p1) * update[0] + (1 - p2) * update[1])
