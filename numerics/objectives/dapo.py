"""Decoupled Clip and Dynamic sAmpling Policy Optimization, the row "DAPO" of Table 1."""

from __future__ import annotations

from torch import Tensor

from numerics.objectives.common import (
    centred,
    clipped_surrogate,
    group_std,
    importance_ratio,
    masked_sum,
    total_length,
)


def dapo(
    logp: Tensor,
    old_logp: Tensor,
    rewards: Tensor,
    mask: Tensor,
    epsilon_low: float = 0.2,
    epsilon_up: float = 0.28,
    ddof: int = 1,
    sigma_eps: float = 0.0,
) -> Tensor:
    """GRPO with one mean over all tokens of the group, a higher upper clip and no KL.

    Table 1 as printed: α = 1/(σ(r) Σ|o_i|), s = I, no R.
    Method: DAPO, arXiv 2503.14476. Row: Table 1 of arXiv 2601.05002.

    Differs from the paper in:
    1. Only the loss: the resampling of groups without signal and the overlong penalty happen before it.
    2. σ(r) has ddof = 1, which the paper leaves open.

    Shapes: logp, old_logp, mask (G, T); rewards (G,). Returns the loss -J, a scalar.
    """
    surrogate = clipped_surrogate(importance_ratio(logp, old_logp), centred(rewards), epsilon_low, epsilon_up)
    return -masked_sum(surrogate, mask) / (group_std(rewards, ddof, sigma_eps) * total_length(mask))
