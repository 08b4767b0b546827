"""Rewards minus the mean of the others in their group."""

from __future__ import annotations

from torch import Tensor

from numerics.advantages.groups import group_mean, sizes


def leave_one_out(rewards: Tensor, group: Tensor) -> Tensor:
    """A_i = r_i - mean_{j≠i} r_j = (G/(G-1)) (r_i - mean r): RLOO, arXiv 2402.14740. A group of one gets 0.

    Shapes: rewards, group (N,). Returns (N,).
    """
    count = sizes(group, rewards)
    return (rewards - group_mean(rewards, group)) * count / (count - 1).clamp(min=1)
