"""GRPO as in DeepSeek-V3.2, the row "GRPO v3.2" of Table 1."""

from __future__ import annotations

from torch import Tensor

from numerics.objectives.common import (
    clipped_surrogate,
    importance_ratio,
    lengths,
    masked_sum,
    sequence_log_ratio,
)
from numerics.objectives.regularisers import k3


def grpo_v32(
    logp: Tensor,
    old_logp: Tensor,
    ref_logp: Tensor,
    advantages: Tensor,
    mask: Tensor,
    epsilon_low: float = 0.2,
    epsilon_up: float = 0.2,
    beta: float = 0.04,
    delta: float = 0.1,
) -> Tensor:
    """GRPO without σ(r), with an off-policy sequence mask and a KL penalty weighted by the ratio.

    Table 1 as printed: α = M_{i,t}/(G |o_i|), s = I, R = I · D_KL.
    M is 0 where A_i < 0 and (1/|o_i|) Σ_t log(π_old/π_θ) > δ, else 1: the same for all t.
    Method: DeepSeek-V3.2, arXiv 2512.02556. Row: Table 1 of arXiv 2601.05002.

    Differs from the paper in:
    1. R is the mean of I · D_KL per completion, then over the group, without M; Table 1 does not say.
    2. delta and beta are parameters, to which Table 1 gives no value.

    Shapes: logp, old_logp, ref_logp, mask (G, T); advantages (G, 1). Returns the loss -J, a scalar.
    """
    ratio = importance_ratio(logp, old_logp)
    drift = -sequence_log_ratio(logp, old_logp, mask) / lengths(mask)
    off_policy_mask = ~((advantages < 0) & (drift > delta))
    per_token = mask.shape[0] * lengths(mask)  # G |o_i|
    surrogate = clipped_surrogate(ratio, advantages, epsilon_low, epsilon_up)
    objective = masked_sum(off_policy_mask * surrogate / per_token, mask)
    return -objective + beta * masked_sum(ratio * k3(logp, ref_logp) / per_token, mask)
