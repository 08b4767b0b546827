"""REINFORCE with the group mean as baseline: the plain policy gradient."""

from __future__ import annotations

from torch import Tensor

from numerics.objectives.common import masked_sum


def reinforce(
    logp: Tensor,
    advantages: Tensor,
    mask: Tensor,
) -> Tensor:
    """The score function times the advantage, summed over tokens, averaged over the group.

    J = (1/G) Σ_i A_i Σ_t log π_θ(y_{i,t}|·).
    Method: Williams (1992), Simple statistical gradient-following algorithms, Machine Learning 8.

    Shapes: logp, mask (G, T); advantages (G, 1). Returns the loss -J, a scalar.
    """
    return -masked_sum(advantages * logp, mask) / logp.shape[0]
