"""MaskGRPO as released: clipped ratios of the masked tokens, in place of the ratio of the whole completion."""

from __future__ import annotations

from torch import Tensor

from numerics.objectives.common import clipped_surrogate, importance_ratio, lengths
from numerics.objectives.regularisers import k3


def maskgrpo_token(
    logp: Tensor,
    old_logp: Tensor,
    ref_logp: Tensor,
    advantages: Tensor,
    masked: Tensor,
    epsilon_low: float = 0.2,
    epsilon_up: float = 0.2,
    beta: float = 0.01,
) -> Tensor:
    """J = (1/G) Σ_i (1/m_i) Σ_{masked} [min(I A_i, clip(I) A_i) - β k3], I = π_θ/π_old of a masked token, m_i of which there are.

    No 1/t weight: neither Eq. 9 nor an estimate of the ratio of the completion (maskgrpo.code.ratio).
    Method: the released code of MaskGRPO, arXiv 2510.02880; the size of its clip was not at hand, 0.2 is GRPO's.

    Shapes: logp, old_logp, ref_logp (of each token, given the noised copy), masked (G, T); advantages (G, 1).
    Returns the loss -J, a scalar.
    """
    surrogate = clipped_surrogate(importance_ratio(logp, old_logp), advantages, epsilon_low, epsilon_up)
    per_token = (surrogate - beta * k3(logp, ref_logp)) * masked
    return -(per_token.sum(1, keepdim=True) / lengths(masked)).mean()
