"""Centred and divided by the mean reward of the group."""

from __future__ import annotations

from torch import Tensor

from numerics.advantages.groups import group_mean


def mean_normalised(rewards: Tensor, group: Tensor, eps: float = 1e-6) -> Tensor:
    """A_i = (r_i - mean(r)) / (mean(r) + eps): for binary rewards the weight 1/p of maximum likelihood (MaxRL).

    Shapes: rewards, group (N,). Returns (N,).
    """
    mean = group_mean(rewards, group)
    return (rewards - mean) / (mean + eps)
