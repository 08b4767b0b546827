"""GSPO's clipped sequence ratio weighted by the length of the completion (TRL's loss type `luspo`)."""

from __future__ import annotations

from torch import Tensor

from numerics.objectives.common import centred, clipped_surrogate, group_std, lengths, sequence_log_ratio


def luspo(
    logp: Tensor,
    old_logp: Tensor,
    rewards: Tensor,
    mask: Tensor,
    epsilon_low: float = 3e-4,
    epsilon_up: float = 4e-4,
    sigma_eps: float = 0.0,
) -> Tensor:
    """One clipped term per token, all with the completion's sequence ratio: length times GSPO's term.

    J = (1/G) Σ_i |o_i| min(s_i A_i, clip(s_i) A_i),  s_i the geometric mean of the completion's ratios.
    Method: Length-Unbiased Sequence Policy Optimization, as the loss type of that name in TRL's documentation.

    Shapes: logp, old_logp, mask (G, T); rewards (G,). Returns the loss, a scalar.
    """
    s = (sequence_log_ratio(logp, old_logp, mask) / lengths(mask)).exp()
    advantages = centred(rewards) / group_std(rewards, 1, sigma_eps)
    return -(lengths(mask) * clipped_surrogate(s, advantages, epsilon_low, epsilon_up)).sum() / rewards.shape[0]
