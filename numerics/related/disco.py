"""How much each objective weighs a question of accuracy p, exactly, for policies and for groups of G: data for a figure.

The gradient for one question is, on policy, weight · (E₊∇log π - E₋∇log π) = weight/(p(1-p)) · ∇p (disco.logit), for
scores without length normalisation. DisCO: arXiv 2505.12366; GRPO: arXiv 2402.03300; Dr. GRPO: arXiv 2503.20783.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from math import comb, sqrt


@dataclass(frozen=True)
class Difficulty:
    """Accuracy p, group size (None for the population), objective -> weight of the difference of the class means."""

    p: Fraction
    group: int | None
    weights: dict[str, float]

    def of_accuracy(self) -> dict[str, float]:
        """Objective -> weight of ∇p: 1 is the gradient of expected accuracy."""
        return {name: w / float(self.p * (1 - self.p)) for name, w in self.weights.items()}


def law(p: Fraction, group: int) -> list[Fraction]:
    """P(R = 0..G), R the number of correct completions."""
    return [comb(group, k) * p**k * (1 - p) ** (group - k) for k in range(group + 1)]


def population(p: Fraction) -> Difficulty:
    """GRPO √(p(1-p)), Dr. GRPO p(1-p), DisCO-b 1: disco.prop1, disco.prop1.dr_grpo, disco.j1.identity."""
    spread = p * (1 - p)
    return Difficulty(p, None, {"GRPO": sqrt(spread), "Dr. GRPO": float(spread), "DisCO-b": 1.0})


def in_groups(p: Fraction, group: int) -> Difficulty:
    """The means over groups: E√(phat(1-phat)), E[phat(1-phat)], P(both outcomes occur); the last two are exact rationals."""
    chances = law(p, group)
    roots = sum(float(c) * sqrt(k * (group - k)) / group for k, c in enumerate(chances))
    products = sum(c * k * (group - k) for k, c in enumerate(chances)) / group**2
    both = 1 - chances[0] - chances[-1]
    return Difficulty(p, group, {"GRPO": roots, "Dr. GRPO": float(products), "DisCO-b": float(both)})


def difficulty(points: Iterable[Fraction], groups: Iterable[int] = (8, 64)) -> list[Difficulty]:
    """Rows for a figure: the population and each group size, at each accuracy 0 < p < 1."""
    sizes = list(groups)
    return [row for p in points for row in (population(p), *(in_groups(p, size) for size in sizes))]
