"""Standardised within the group, as GRPO does."""

from __future__ import annotations

from torch import Tensor

from numerics.advantages.groups import group_mean, group_variance


def std(rewards: Tensor, group: Tensor, ddof: int = 1, eps: float = 1e-4) -> Tensor:
    """A_i = (r_i - mean(r)) / (σ(r) + eps): GRPO, arXiv 2402.03300, with the ddof and eps of common code.

    Shapes: rewards, group (N,). Returns (N,).
    """
    return (rewards - group_mean(rewards, group)) / (group_variance(rewards, group, ddof).sqrt() + eps)
