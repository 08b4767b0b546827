"""GDPO with several rewards, arXiv 2601.05242, beside the two estimators that it is compared with.

Inputs: `rewards` (N, n), one column per reward; `group` (N,) integer prompt ids; `weights` (n,), 1 each if not given.
Each returns (N,). A reward that is constant in a group counts as 0/eps = 0. With one column and unit weights, `gdpo` is
the estimator of that name in numerics/advantages.
"""

from __future__ import annotations

import torch
from torch import Tensor

from numerics.advantages.groups import group_mean, group_variance


def decoupled(rewards: Tensor, group: Tensor, weights: Tensor | None = None, eps: float = 1e-4) -> Tensor:
    """Σ_k w_k (r_k - mean of the group)/(std of the group + eps): Eq. 4, 5 and 7."""
    w = torch.ones(rewards.shape[1], dtype=rewards.dtype) if weights is None else weights
    return sum((w[k] * standardised(rewards[:, k], group, eps) for k in range(len(w))), torch.zeros_like(rewards[:, 0]))


def gdpo(rewards: Tensor, group: Tensor, weights: Tensor | None = None, eps: float = 1e-4) -> Tensor:
    """`decoupled`, then whitened over the batch: Eq. 6."""
    total = decoupled(rewards, group, weights, eps)
    return (total - total.mean()) / (total.std() + eps)


def grpo_of_total(rewards: Tensor, group: Tensor, eps: float = 1e-4) -> Tensor:
    """The total reward standardised in its group: Eq. 1 and 2."""
    return standardised(rewards.sum(dim=1), group, eps)


def centred_total(rewards: Tensor, group: Tensor) -> Tensor:
    """The total reward minus its mean: GRPO without the deviation."""
    total = rewards.sum(dim=1)
    return total - group_mean(total, group)


def standardised(reward: Tensor, group: Tensor, eps: float) -> Tensor:
    """(r - mean)/(std + eps) of one reward (N,), in the own group."""
    return (reward - group_mean(reward, group)) / (group_variance(reward, group, 1).sqrt() + eps)


def conditioned(reward: Tensor, condition: Tensor, threshold: float) -> Tensor:
    """Eq. 8: the reward where the conditioning reward reaches the threshold, else 0. Shapes (N,)."""
    return torch.where(condition >= threshold, reward, 0.0)
