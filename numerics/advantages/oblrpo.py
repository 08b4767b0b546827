"""Rewards minus the mean of their group, weighted by the squared norms of the scores."""

from __future__ import annotations

from torch import Tensor

from numerics.advantages.groups import group_mean


def oblrpo(rewards: Tensor, group: Tensor, squared_norms: Tensor) -> Tensor:
    """A_i = r_i - Σ_j w_j r_j / Σ_j w_j over the group, w_j = ‖∇log π(y_j)‖²: the baseline of least variance, plugged in.

    It contains the own reward, which bends the expected gradient (oblrpo.plug_in); `oblrpo_leave_one_out` does not.
    Method: OBLR-PO, arXiv 2511.23310, as its abstract announces it. Shapes: rewards, group, squared_norms (N,). Returns (N,).
    """
    return rewards - group_mean(squared_norms * rewards, group) / group_mean(squared_norms, group)
