"""Policy gradient with the length weights L^(α-1): GRPO's at α = 0, Dr. GRPO's at α = 1."""

from __future__ import annotations

from torch import Tensor

from numerics.objectives.common import lengths, masked_sum


def length_power(
    logp: Tensor,
    advantages: Tensor,
    mask: Tensor,
    alpha: float = 0.5,
) -> Tensor:
    """J = (1/G) Σ_i |o_i|^(α-1) A_i Σ_t log π_θ(y_{i,t}|·): unbiased at α = 1; α = 1/2 suits scores that grow like sqrt(|o|).

    Method: the family f_α of "On the Impossibility of Unbiased and Length-Invariant Policy Optimization with Outcome
    Rewards", arXiv 2607.23364 (Corollary 8), without ratio and clipping.

    Shapes: logp, mask (G, T); advantages (G, 1). Returns the loss -J, a scalar.
    """
    return -masked_sum(lengths(mask) ** (alpha - 1) * advantages * logp, mask) / mask.shape[0]
