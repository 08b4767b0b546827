"""Soft Adaptive Policy Optimization: a smooth gate instead of a clip."""

from __future__ import annotations

from torch import Tensor

from numerics.objectives.common import centred, group_std, importance_ratio, lengths, masked_sum


def sapo(
    logp: Tensor,
    old_logp: Tensor,
    rewards: Tensor,
    mask: Tensor,
    temperature_pos: float = 1.0,
    temperature_neg: float = 1.05,
    sigma_eps: float = 0.0,
) -> Tensor:
    """The ratio goes through a sigmoid that is centred at 1, sharper for negative advantages.

    J = (1/G) Σ_i (1/|o_i|) Σ_t f(I) A_i,  f(I) = (4/τ) sigmoid(τ (I - 1)),  τ by the sign of A_i.
    Method: SAPO, arXiv 2511.20347.

    Shapes: logp, old_logp, mask (G, T); rewards (G,). Returns the loss, a scalar.
    """
    advantages = centred(rewards) / group_std(rewards, 1, sigma_eps)
    positive = (advantages > 0).to(logp.dtype)
    temperature = temperature_pos * positive + temperature_neg * (1 - positive)
    gate = (temperature * (importance_ratio(logp, old_logp) - 1)).sigmoid() * 4 / temperature
    return -masked_sum(gate * advantages / lengths(mask), mask) / rewards.shape[0]
