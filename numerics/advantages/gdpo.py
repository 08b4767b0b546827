"""Several rewards, each standardised in its group before they are added up; then whitened over the batch."""

from __future__ import annotations

import torch
from torch import Tensor

from numerics.advantages.groups import standardised


def gdpo(reward_components: Tensor, group: Tensor, eps: float = 1e-4) -> Tensor:
    """A = (d - mean d)/(σ(d) + eps) over the batch, d = Σ_k (r_k - mean r_k)/σ(r_k) in the group: Eqs. 4-6.

    Method: GDPO, arXiv 2601.05242. Shapes: reward_components (N, K), group (N,). Returns (N,).
    """
    total = decoupled(reward_components, group)
    return (total - total.mean()) / (total.std() + eps)


def decoupled(reward_components: Tensor, group: Tensor, reward_weights: Tensor | None = None) -> Tensor:
    """(N,): Σ_k w_k (r_k - mean)/σ in the group, Eqs. 4, 5 and 7; a reward that is constant there counts as 0.

    Shapes: reward_components (N, K), group (N,), reward_weights (K,), 1 each if not given.
    """
    parts = torch.stack([standardised(r, group) for r in reward_components.unbind(1)])
    return (parts if reward_weights is None else reward_weights[:, None] * parts).sum(dim=0)


def conditioned(reward: Tensor, condition: Tensor, threshold: float) -> Tensor:
    """(N,): the reward where the conditioning reward reaches the threshold, else 0: Eq. 8. Shapes (N,)."""
    return torch.where(condition >= threshold, reward, 0.0)
