"""Group Sequence Policy Optimization, as in its own paper. See gspo_table1.py for the row of Table 1."""

from __future__ import annotations

from torch import Tensor

from numerics.objectives.common import centred, clipped_surrogate, group_std, lengths, sequence_log_ratio


def gspo(
    logp: Tensor,
    old_logp: Tensor,
    rewards: Tensor,
    mask: Tensor,
    epsilon_low: float = 3e-4,
    epsilon_up: float = 4e-4,
    ddof: int = 1,
    sigma_eps: float = 0.0,
) -> Tensor:
    """One clipped term per completion, whose ratio is the geometric mean of its tokens' ratios.

    J = (1/G) Σ_i min(s_i A_i/σ(r), clip(s_i) A_i/σ(r)),  s_i = (π_θ(y_i|x)/π_old(y_i|x))^(1/|y_i|).
    Table 1 as printed: α = 1/(G |o_i| σ(r)), s = sg[(π_θ(y_i|x_i)/π_old(y_i|x_i)) / π_θ] · π_θ, no R.
    Method: GSPO, arXiv 2507.18071. Row: Table 1 of arXiv 2601.05002.

    Differs from the paper in:
    1. The row has no |y_i|-th root; for completions of length 1 the two have the same value and gradient.
    2. One term per completion, not one per token: with the root in place the two agree, value and gradient.

    Shapes: logp, old_logp, mask (G, T); rewards (G,). Returns the loss -J, a scalar.
    """
    s = (sequence_log_ratio(logp, old_logp, mask) / lengths(mask)).exp()
    advantages = centred(rewards) / group_std(rewards, ddof, sigma_eps)
    return -clipped_surrogate(s, advantages, epsilon_low, epsilon_up).sum() / rewards.shape[0]
