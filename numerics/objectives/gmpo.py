"""Geometric-Mean Policy Optimization."""

from __future__ import annotations

from torch import Tensor

from numerics.objectives.common import centred, group_std, lengths


def gmpo(
    logp: Tensor,
    old_logp: Tensor,
    rewards: Tensor,
    mask: Tensor,
    epsilon: float = 0.4,
    sigma_eps: float = 0.0,
) -> Tensor:
    """The geometric mean of the token ratios, each clipped in log space on the side that its advantage favours.

    J = (1/G) Σ_i (Π_t min or max (I, clip(I, e^-ε, e^ε)))^(1/|o_i|) A_i.
    Method: GMPO, arXiv 2507.20673.

    Shapes: logp, old_logp, mask (G, T); rewards (G,). Returns the loss, a scalar.
    """
    advantages = centred(rewards) / group_std(rewards, 1, sigma_eps)
    step = logp - old_logp
    clipped = step.clamp(-epsilon, epsilon)
    pessimistic = step.minimum(clipped).where(advantages > 0, step.maximum(clipped))
    s = ((pessimistic * mask).sum(dim=1, keepdim=True) / lengths(mask)).exp()
    return -(s * advantages).sum() / rewards.shape[0]
