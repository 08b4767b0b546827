"""Discriminative Constrained Optimization: correct answers against the hardest incorrect ones, no clip."""

from __future__ import annotations

from torch import Tensor

from numerics.objectives.common import importance_ratio, lengths, masked_sum, total_length


def disco(
    logp: Tensor,
    old_logp: Tensor,
    rewards: Tensor,
    mask: Tensor,
    ratio_score: bool = False,
    tau: float = 10.0,
    beta: float = 1e3,
    delta: float = 1e-4,
) -> Tensor:
    """J_2 = E₊ s(o) - τ log E₋ exp(s(o')/τ) - β [KL(π_old‖π_θ) - δ]₊².

    The score s is the mean over tokens of log π_θ (log-L), or of π_θ/π_old (L-ratio, used with τ = 1). A completion counts
    as correct if its reward is above the group's mean; with equal rewards nothing is left but the penalty. KL is
    estimated by the mean of log π_old - log π_θ over the tokens.
    Method: DisCO, arXiv 2505.12366. The released code has half the slope of this penalty (disco.code.half_slope).

    Shapes: logp, old_logp, mask (G, T); rewards (G,). Returns the loss -J_2, a scalar.
    """
    score = ((importance_ratio(logp, old_logp) if ratio_score else logp) * mask).sum(1) / lengths(mask)[:, 0]
    right = (rewards > rewards.mean()).to(logp.dtype)
    wrong = (1 - right) * right.amax()
    negatives = wrong.sum().clamp(min=1)
    correct = (score * right).sum() / right.sum().clamp(min=1)
    partition = ((score / tau).exp() * wrong).sum() / negatives + (1 - right.amax())
    divergence = masked_sum(old_logp - logp, mask) / total_length(mask)
    return -correct + tau * partition.log() + beta * (divergence - delta).clamp(min=0) ** 2
