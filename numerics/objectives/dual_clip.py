"""PPO with a second clip for negative advantages."""

from __future__ import annotations

from torch import Tensor

from numerics.objectives.common import clipped_surrogate, importance_ratio, masked_sum, total_length


def dual_clip(
    logp: Tensor,
    old_logp: Tensor,
    advantages: Tensor,
    mask: Tensor,
    epsilon_low: float = 0.2,
    epsilon_up: float = 0.2,
    c: float = 3.0,
) -> Tensor:
    """A ratio above c stops to push where the advantage is negative: the surrogate is at least c A there.

    J = (1/Σ|o|) Σ_i Σ_t max(min(I A_i, clip(I) A_i), c A_i) where A_i < 0, PPO's term elsewhere.
    Method: Ye et al., Mastering Complex Control in MOBA Games with Deep Reinforcement Learning, arXiv 1912.09729.

    Shapes: logp, old_logp, mask (G, T); advantages (G, 1) or (G, T). Returns the loss, a scalar.
    """
    surrogate = clipped_surrogate(importance_ratio(logp, old_logp), advantages, epsilon_low, epsilon_up)
    floored = surrogate.maximum(c * advantages).where(advantages < 0, surrogate)
    return -masked_sum(floored, mask) / total_length(mask)
