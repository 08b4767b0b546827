"""GSPO-token: the sequence ratio's value with a gradient through each token."""

from __future__ import annotations

from torch import Tensor

from numerics.objectives.common import centred, clipped_surrogate, group_std, lengths, masked_sum, sequence_log_ratio


def gspo_token(
    logp: Tensor,
    old_logp: Tensor,
    rewards: Tensor,
    mask: Tensor,
    epsilon_low: float = 3e-4,
    epsilon_up: float = 4e-4,
    sigma_eps: float = 0.0,
) -> Tensor:
    """s_{i,t} = sg[s_i] π_θ/sg[π_θ], s_i the geometric mean of the completion's ratios.

    J = (1/G) Σ_i (1/|o_i|) Σ_t min(s_{i,t} A_i, clip(s_{i,t}) A_i). With one advantage per completion its
    gradient is GSPO's.
    Method: GSPO, arXiv 2507.18071, Eq. 13-14.

    Shapes: logp, old_logp, mask (G, T); rewards (G,). Returns the loss, a scalar.
    """
    s = (sequence_log_ratio(logp, old_logp, mask) / lengths(mask)).exp().detach() * (logp - logp.detach()).exp()
    advantages = centred(rewards) / group_std(rewards, 1, sigma_eps)
    surrogate = clipped_surrogate(s, advantages, epsilon_low, epsilon_up)
    return -masked_sum(surrogate / lengths(mask), mask) / rewards.shape[0]
