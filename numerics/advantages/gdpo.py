"""Standardised in the group per reward, summed, whitened over the batch."""

from __future__ import annotations

from torch import Tensor

from numerics.advantages.groups import group_mean, group_variance


def gdpo(rewards: Tensor, group: Tensor, eps: float = 1e-4) -> Tensor:
    """Group reward-decoupled normalisation: each reward is standardised in its group before they are added up.

    Method: GDPO (group reward-decoupled normalization policy optimization), here with one reward per completion.
    Shapes: rewards, group (N,). Returns (N,).
    """
    decoupled = (rewards - group_mean(rewards, group)) / (group_variance(rewards, group, 1).sqrt() + eps)
    return (decoupled - decoupled.mean()) / (decoupled.std() + eps)
