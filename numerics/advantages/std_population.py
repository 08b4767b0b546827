"""Standardised within the group by the population deviation."""

from __future__ import annotations

from torch import Tensor

from numerics.advantages.groups import group_mean, group_variance


def std_population(rewards: Tensor, group: Tensor, eps: float = 1e-6) -> Tensor:
    """A_i = (r_i - mean(r)) / (σ(r) + eps) with ddof = 0.

    Method: GRPO, arXiv 2402.03300, which leaves ddof open. Shapes: rewards, group (N,). Returns (N,).
    """
    return (rewards - group_mean(rewards, group)) / (group_variance(rewards, group, 0).sqrt() + eps)
