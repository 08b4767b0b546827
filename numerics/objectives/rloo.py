"""REINFORCE leave-one-out."""

from __future__ import annotations

from torch import Tensor

from numerics.objectives.common import masked_sum


def rloo(
    logp: Tensor,
    rewards: Tensor,
    mask: Tensor,
) -> Tensor:
    """REINFORCE whose baseline is the mean of the other rewards of the group: G/(G-1) times the centred advantage.

    J = (1/G) Σ_i (r_i - mean_{j≠i} r_j) Σ_t log π_θ(y_{i,t}|·).
    Method: Ahmadian et al., Back to Basics, arXiv 2402.14740; Kool et al. (2019).

    Shapes: logp, mask (G, T); rewards (G,). Returns the loss -J, a scalar.
    """
    group = rewards.shape[0]
    others = (rewards.sum() - rewards) / (group - 1)
    return -masked_sum((rewards - others)[:, None] * logp, mask) / group
