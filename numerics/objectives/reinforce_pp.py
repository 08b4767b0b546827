"""REINFORCE++: PPO's clip over advantages that are whitened over the batch."""

from __future__ import annotations

from torch import Tensor

from numerics.objectives.common import centred, clipped_surrogate, group_std, importance_ratio, masked_sum, total_length


def reinforce_pp(
    logp: Tensor,
    old_logp: Tensor,
    ref_logp: Tensor,
    rewards: Tensor,
    mask: Tensor,
    epsilon_low: float = 0.2,
    epsilon_up: float = 0.2,
    beta: float = 0.0,
    sigma_eps: float = 1e-8,
) -> Tensor:
    """Rewards minus a KL penalty (k1 of the sampled tokens), whitened over the batch; one mean over all tokens.

    J = (1/Σ|o|) Σ_i Σ_t min(I A_i, clip(I) A_i),  A = whiten(r_i - β Σ_t log(π_old/π_ref)).
    Method: REINFORCE++, arXiv 2501.03262.

    Differs from the paper in:
    1. The batch is the one group at hand.
    2. The penalty of a completion is summed, not spread over the remaining tokens.

    Shapes: logp, old_logp, ref_logp, mask (G, T); rewards (G,). Returns the loss, a scalar.
    """
    penalised = rewards - beta * ((old_logp - ref_logp) * mask).sum(dim=1).detach()
    advantages = centred(penalised) / group_std(penalised, 1, sigma_eps)
    surrogate = clipped_surrogate(importance_ratio(logp, old_logp), advantages, epsilon_low, epsilon_up)
    return -masked_sum(surrogate, mask) / total_length(mask)
