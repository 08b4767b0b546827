"""GRPO Done Right, the row "Dr. GRPO" of Table 1."""

from __future__ import annotations

from torch import Tensor

from numerics.objectives.common import clipped_surrogate, importance_ratio, masked_sum
from numerics.objectives.regularisers import k3


def dr_grpo(
    logp: Tensor,
    old_logp: Tensor,
    ref_logp: Tensor,
    advantages: Tensor,
    mask: Tensor,
    epsilon_low: float = 0.2,
    epsilon_up: float = 0.2,
    beta: float = 0.0,
) -> Tensor:
    """GRPO without 1/|o_i| and without σ(r).

    Table 1 as printed: α = 1/G, s = I, R = D_KL.
    Method: "Understanding R1-Zero-Like Training", arXiv 2503.20783. Row: Table 1 of arXiv 2601.05002.

    Differs from the paper in:
    1. beta = 0 by default, as the method is used; the row has D_KL.
    2. R sums D_KL over tokens with the weight 1/G, that of the advantages; Table 1 does not say.

    Shapes: logp, old_logp, ref_logp, mask (G, T); advantages (G, 1). Returns the loss -J, a scalar.
    """
    surrogate = clipped_surrogate(importance_ratio(logp, old_logp), advantages, epsilon_low, epsilon_up)
    return (-masked_sum(surrogate, mask) + beta * masked_sum(k3(logp, ref_logp), mask)) / mask.shape[0]
