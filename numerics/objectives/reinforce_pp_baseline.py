"""REINFORCE++ with a group baseline: centred in the group, whitened over the batch, k2 in the loss."""

from __future__ import annotations

from torch import Tensor

from numerics.objectives.common import centred, clipped_surrogate, group_std, importance_ratio, masked_sum, total_length


def reinforce_pp_baseline(
    logp: Tensor,
    old_logp: Tensor,
    ref_logp: Tensor,
    rewards: Tensor,
    mask: Tensor,
    epsilon_low: float = 0.2,
    epsilon_up: float = 0.2,
    beta: float = 1e-3,
    sigma_eps: float = 1e-8,
) -> Tensor:
    """As REINFORCE++, but the KL term stands in the loss, as the estimator k2.

    J = (1/Σ|o|) Σ_i Σ_t [min(I A_i, clip(I) A_i) - (β/2) (log π_θ/π_ref)²],  A = whiten(r_i - mean r).
    Method: REINFORCE++-baseline, arXiv 2501.03262.

    Differs from the paper in:
    1. The batch is the one group at hand, so that whitening follows centring at once.

    Shapes: logp, old_logp, ref_logp, mask (G, T); rewards (G,). Returns the loss, a scalar.
    """
    advantages = centred(rewards) / group_std(rewards, 1, sigma_eps)
    surrogate = clipped_surrogate(importance_ratio(logp, old_logp), advantages, epsilon_low, epsilon_up)
    penalty = beta * (logp - ref_logp) ** 2 / 2
    return -masked_sum(surrogate - penalty, mask) / total_length(mask)
