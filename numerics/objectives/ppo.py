"""PPO's clipped surrogate, one mean over all tokens."""

from __future__ import annotations

from torch import Tensor

from numerics.objectives.common import clipped_surrogate, importance_ratio, masked_sum, total_length


def ppo(
    logp: Tensor,
    old_logp: Tensor,
    advantages: Tensor,
    mask: Tensor,
    epsilon_low: float = 0.2,
    epsilon_up: float = 0.2,
) -> Tensor:
    """The clipped surrogate with the advantages it is given.

    J = (1/Σ|o|) Σ_i Σ_t min(I A_i, clip(I) A_i).
    Method: Schulman et al., arXiv 1707.06347; the token mean is the common default of RLHF code.

    Shapes: logp, old_logp, mask (G, T); advantages (G, 1) or (G, T). Returns the loss, a scalar.
    """
    surrogate = clipped_surrogate(importance_ratio(logp, old_logp), advantages, epsilon_low, epsilon_up)
    return -masked_sum(surrogate, mask) / total_length(mask)
