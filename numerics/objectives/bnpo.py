"""The token mean of the local batch over std-normalised advantages (TRL's loss type `bnpo`)."""

from __future__ import annotations

from torch import Tensor

from numerics.objectives.common import centred, clipped_surrogate, group_std, importance_ratio, masked_sum, total_length


def bnpo(
    logp: Tensor,
    old_logp: Tensor,
    rewards: Tensor,
    mask: Tensor,
    epsilon_low: float = 0.2,
    epsilon_up: float = 0.2,
    sigma_eps: float = 1e-4,
) -> Tensor:
    """GRPO's advantages, averaged over all tokens of the batch at hand: so its weights change with the micro-batch.

    J = (1/Σ|o|) Σ_i Σ_t min(I A_i, clip(I) A_i),  A_i = (r_i - mean r)/(σ(r) + eps).
    Method: the loss type of that name in TRL's documentation; eps as there.

    Shapes: logp, old_logp, mask (G, T); rewards (G,). Returns the loss, a scalar.
    """
    advantages = centred(rewards) / group_std(rewards, 1, sigma_eps)
    surrogate = clipped_surrogate(importance_ratio(logp, old_logp), advantages, epsilon_low, epsilon_up)
    return -masked_sum(surrogate, mask) / total_length(mask)
