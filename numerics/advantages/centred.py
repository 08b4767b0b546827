"""Rewards minus the mean of their group."""

from __future__ import annotations

from torch import Tensor

from numerics.advantages.groups import group_mean


def centred(rewards: Tensor, group: Tensor) -> Tensor:
    """A_i = r_i - mean(r), Eq. 2 of arXiv 2601.05002; Dr. GRPO, arXiv 2503.20783.

    Shapes: rewards, group (N,). Returns (N,).
    """
    return rewards - group_mean(rewards, group)
