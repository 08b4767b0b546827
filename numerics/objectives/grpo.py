"""Group Relative Policy Optimization, the row "GRPO R1" of Table 1."""

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


def grpo(
    logp: Tensor,
    old_logp: Tensor,
    ref_logp: Tensor,
    rewards: Tensor,
    mask: Tensor,
    epsilon_low: float = 0.2,
    epsilon_up: float = 0.2,
    beta: float = 0.04,
    ddof: int = 1,
    sigma_eps: float = 0.0,
) -> Tensor:
    """GRPO with a token-level ratio, a per-completion mean over tokens and a k3 penalty.

    Table 1 as printed: α = α^S_i = 1/(G |o_i| σ(r)), s = I, R = D_KL.
    Method: DeepSeekMath, arXiv 2402.03300; DeepSeek-R1, arXiv 2501.12948. Row: Table 1 of arXiv 2601.05002.

    Differs from the paper in:
    1. R is the mean of D_KL per completion, then over the group, as in DeepSeekMath; Table 1 does not say.
    2. σ(r) has ddof = 1, which the paper leaves open. With sigma_eps = 0, as printed, equal rewards give 0/0.

    Shapes: logp, old_logp, ref_logp, mask (G, T); rewards (G,). Returns the loss -J, a scalar.
    """
    per_token = rewards.shape[0] * lengths(mask)  # G |o_i|
    surrogate = clipped_surrogate(importance_ratio(logp, old_logp), centred(rewards), epsilon_low, epsilon_up)
    objective = masked_sum(surrogate / (per_token * group_std(rewards, ddof, sigma_eps)), mask)
    return -objective + beta * masked_sum(k3(logp, ref_logp) / per_token, mask)
