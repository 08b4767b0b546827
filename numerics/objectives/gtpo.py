"""Group-relative Trajectory-based Policy Optimization, the row "GTPO" of Table 1."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from numerics.objectives.common import clipped_surrogate, importance_ratio, lengths, masked_sum


def conflict_weights(tokens: Tensor, advantages: Tensor, mask: Tensor, weight: float) -> Tensor:
    """λ_{i,t}, (G, T), for token ids (G, T).

    A conflict token stands at one position in completions of both signs of advantage: there λ is `weight`
    in the positive ones and 0 in the negative ones. Elsewhere it is 1.
    """
    live = mask > 0
    positive, negative = live & (advantages > 0), live & (advantages < 0)
    same = tokens[:, None, :] == tokens[None, :, :]  # [i, j, t]: completions i and j agree at position t
    conflict = (same & positive).any(dim=1) & (same & negative).any(dim=1)
    lam = torch.ones_like(mask, dtype=advantages.dtype)
    return lam.masked_fill(conflict & positive, weight).masked_fill(conflict & negative, 0.0)


def gtpo(
    logp: Tensor,
    old_logp: Tensor,
    advantages: Tensor,
    mask: Tensor,
    entropy: Tensor,
    tokens: Tensor | None = None,
    conflict_weight: float = 2.0,
    entropy_threshold: float = math.log(2),
    epsilon_low: float = 0.2,
    epsilon_up: float = 0.2,
    beta: float = 0.1,
) -> Tensor:
    """Spares tokens shared by good and bad completions, drops completions of high entropy, penalises it.

    Table 1 as printed: α = δ_i λ_{i,t}/(G |o_i|), s = I, R = (1/G) Σ_i (δ_i ⟨H⟩_i/|o_i|) Σ_t I λ_{i,t}.
    δ_i is 1 if the completion's mean entropy ⟨H⟩_i is at most the threshold, else 0; λ: `conflict_weights`.
    Method: GTPO, arXiv 2508.03772. Row: Table 1 of arXiv 2601.05002.

    Differs from the paper in:
    1. Without token ids (tokens=None) no conflict can be seen, and λ = 1.
    2. A conflict is looked for at every position, as the row says; the released code keeps only the runs of
       conflicts at the start and the end of a completion.
    3. The released code has no π_old: its ratio is π_θ/sg[π_θ]; here it is I, as printed.
    4. ⟨H⟩_i is not detached, as printed; the released code has no gradient through it. It is constant in logp
       here, but not for a caller who computes it from θ.

    Shapes: logp, old_logp, mask, entropy, tokens (G, T); advantages (G, 1). Returns the loss -J, a scalar.
    """
    lam = 1.0 if tokens is None else conflict_weights(tokens, advantages, mask, conflict_weight)
    mean_entropy = (entropy * mask).sum(dim=1, keepdim=True) / lengths(mask)
    kept = mean_entropy <= entropy_threshold
    per_token = mask.shape[0] * lengths(mask)  # G |o_i|
    ratio = importance_ratio(logp, old_logp)
    surrogate = clipped_surrogate(ratio, advantages, epsilon_low, epsilon_up)
    objective = masked_sum(kept * lam * surrogate / per_token, mask)
    return -objective + beta * masked_sum(kept * lam * mean_entropy * ratio / per_token, mask)
