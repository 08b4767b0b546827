"""Completion Pruning Policy Optimization, the row "CPPO" of Table 1."""

from __future__ import annotations

from torch import Tensor

from numerics.objectives.common import (
    centred,
    clipped_surrogate,
    group_std,
    importance_ratio,
    lengths,
    masked_sum,
)
from numerics.objectives.regularisers import k3


def cppo(
    logp: Tensor,
    old_logp: Tensor,
    ref_logp: Tensor,
    rewards: Tensor,
    mask: Tensor,
    epsilon_low: float = 0.2,
    epsilon_up: float = 0.2,
    beta: float = 0.04,
    gamma: float = 0.1,
    ddof: int = 1,
    sigma_eps: float = 0.0,
) -> Tensor:
    """GRPO in which completions with a small advantage are dropped. With gamma = 0 it is GRPO.

    Table 1 as printed: α = α^S_i · 1{|A_i| > γ}, s = I, R = D_KL.
    Method: CPPO, arXiv 2503.22342. Row: Table 1 of arXiv 2601.05002.

    Differs from the paper in:
    1. γ is compared with A_i = r_i - mean(r) of Eq. 2, as the row says, not with A_i/σ(r).
    2. R is the mean of D_KL over all completions, as in GRPO: the row puts the indicator in α alone.
    3. Table 1 gives γ no value.

    Shapes: logp, old_logp, ref_logp, mask (G, T); rewards (G,). Returns the loss -J, a scalar.
    """
    advantages = centred(rewards)
    kept = advantages.abs() > gamma
    per_token = rewards.shape[0] * lengths(mask)  # G |o_i|
    surrogate = clipped_surrogate(importance_ratio(logp, old_logp), advantages, epsilon_low, epsilon_up)
    objective = masked_sum(kept * surrogate / (per_token * group_std(rewards, ddof, sigma_eps)), mask)
    return -objective + beta * masked_sum(k3(logp, ref_logp) / per_token, mask)
