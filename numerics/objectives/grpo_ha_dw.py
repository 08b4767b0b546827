"""GRPO with the history-aware difficulty weights of HA-DW."""

from __future__ import annotations

import torch
from torch import Tensor

from numerics.advantages.ha_dw import ha_dw
from numerics.objectives.common import clipped_surrogate, importance_ratio, lengths, masked_sum


def grpo_ha_dw(
    logp: Tensor,
    old_logp: Tensor,
    rewards: Tensor,
    mask: Tensor,
    anchor: float = 0.5,
    scale: float = 1.3,
    epsilon_low: float = 0.2,
    epsilon_up: float = 0.2,
) -> Tensor:
    """J = (1/G) Σ_i (1/|o_i|) Σ_t min(I A_i Φ_i, clip(I) A_i Φ_i), A_i = r_i - mean r.

    Method: HA-DW, Eq. 17 of arXiv 2601.08521, over GRPO's surrogate; `anchor` is C_t, `scale` is λ.

    Differs from the paper in:
    1. The advantage is not divided by σ(r), which is the same number for a whole group of given accuracy.
    2. The anchor is a constant here: its running mean (Eqs. 7-11) is the caller's.

    Shapes: logp, old_logp, mask (G, T); rewards (G,). Returns the loss -J, a scalar.
    """
    advantages = ha_dw(rewards, torch.zeros_like(rewards, dtype=torch.long), anchor, scale)[:, None]
    surrogate = clipped_surrogate(importance_ratio(logp, old_logp), advantages, epsilon_low, epsilon_up)
    return -masked_sum(surrogate / lengths(mask), mask) / mask.shape[0]
