"""Group Sequence Policy Optimization as Table 1 prints it, without geometric mean; the method: gspo.py."""

from __future__ import annotations

from torch import Tensor

from numerics.objectives.common import (
    centred,
    clipped_surrogate,
    group_std,
    lengths,
    masked_sum,
    sequence_log_ratio,
)


def gspo_table1(
    logp: Tensor,
    old_logp: Tensor,
    rewards: Tensor,
    mask: Tensor,
    epsilon_low: float = 0.2,
    epsilon_up: float = 0.2,
    ddof: int = 1,
    sigma_eps: float = 0.0,
) -> Tensor:
    """Every token carries the value of its whole sequence's ratio, and the gradient of its own probability.

    Table 1 as printed: α = α^S_i = 1/(G |o_i| σ(r)), s = sg[(π_θ(y_i|x_i)/π_old(y_i|x_i)) / π_θ] · π_θ, no R.
    Row: Table 1 of arXiv 2601.05002. Method: GSPO, arXiv 2507.18071, from which the row differs: there the
    ratio is the |o_i|-th root of π_θ(y_i|x_i)/π_old(y_i|x_i).

    Differs from the paper in:
    1. The bare π_θ of s is read as the token's own probability π_θ(y_{i,t}|x, y_{i,<t}).
    2. s is computed as exp(sg[log ratio - log π_θ] + log π_θ): the same value and gradient.

    Shapes: logp, old_logp, mask (G, T); rewards (G,). Returns the loss -J, a scalar.
    """
    s = ((sequence_log_ratio(logp, old_logp, mask) - logp).detach() + logp).exp()
    surrogate = clipped_surrogate(s, centred(rewards), epsilon_low, epsilon_up)
    return -masked_sum(surrogate / (rewards.shape[0] * lengths(mask) * group_std(rewards, ddof, sigma_eps)), mask)
