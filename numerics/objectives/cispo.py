"""Clipped IS-weight Policy Optimization, the row "CISPO" of Table 1."""

from __future__ import annotations

from torch import Tensor

from numerics.objectives.common import centred, group_std, importance_ratio, masked_sum, total_length


def cispo(
    logp: Tensor,
    old_logp: Tensor,
    rewards: Tensor,
    mask: Tensor,
    epsilon_low: float = 1.0,
    epsilon_up: float = 0.28,
    ddof: int = 1,
    sigma_eps: float = 0.0,
    token_mask: Tensor | None = None,
) -> Tensor:
    """Policy gradient with a clipped, detached importance weight: no token is silenced by the clip.

    Table 1 as printed: α = M_{i,t}/(σ(r) Σ|o_i|), s = sg[I] · log π_θ, no R.
    M is a 0/1 token mask, 1 by default.
    Method: CISPO, MiniMax-M1, arXiv 2506.13585. Row: Table 1 of arXiv 2601.05002.

    Differs from the paper in:
    1. The clip acts on the detached weight, sg[clip(I)], as in MiniMax-M1. In the min and clip of Eq. 1,
       s = sg[I] log π_θ ≤ 0 would always be below the lower bound, and every completion of negative advantage
       would have gradient 0.
    2. epsilon_low = 1, that is no lower clip, as in MiniMax-M1.

    Shapes: logp, old_logp, mask, token_mask (G, T); rewards (G,). Returns the loss -J, a scalar.
    """
    kept = 1.0 if token_mask is None else token_mask
    weight = importance_ratio(logp, old_logp).clamp(1 - epsilon_low, 1 + epsilon_up).detach()
    objective = masked_sum(kept * weight * centred(rewards) * logp, mask)
    return -objective / (group_std(rewards, ddof, sigma_eps) * total_length(mask))
