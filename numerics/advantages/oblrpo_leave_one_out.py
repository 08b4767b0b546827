"""Rewards minus the mean of the others in their group, weighted by the squared norms of the scores."""

from __future__ import annotations

import torch
from torch import Tensor

from numerics.advantages.groups import membership, sizes


def oblrpo_leave_one_out(rewards: Tensor, group: Tensor, squared_norms: Tensor) -> Tensor:
    """A_i = r_i - Σ_{j≠i} w_j r_j / Σ_{j≠i} w_j, w_j = ‖∇log π(y_j)‖²: unbiased (oblrpo.unbiased). A group of one gets 0.

    Method: OBLR-PO, arXiv 2511.23310, without the own response. Shapes: rewards, group, squared_norms (N,). Returns (N,).
    """
    others = membership(group, rewards) - torch.eye(len(rewards), dtype=rewards.dtype)
    alone = sizes(group, rewards) == 1
    baseline = (others * (squared_norms * rewards)).sum(dim=1) / torch.where(alone, 1.0, (others * squared_norms).sum(dim=1))
    return torch.where(alone, 0.0, rewards - baseline)
