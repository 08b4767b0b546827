"""The basic form of DisCO: the mean score of correct answers minus that of incorrect ones, under the same constraint."""

from __future__ import annotations

from torch import Tensor

from numerics.objectives.common import importance_ratio, lengths, masked_sum, total_length


def disco_b(
    logp: Tensor,
    old_logp: Tensor,
    rewards: Tensor,
    mask: Tensor,
    ratio_score: bool = False,
    beta: float = 1e3,
    delta: float = 1e-4,
) -> Tensor:
    """J_1 = E₊ s(o) - E₋ s(o') - β [KL(π_old‖π_θ) - δ]₊², the weight of every question 1 (disco.logit).

    The score s is the mean over tokens of log π_θ (log-L), or of π_θ/π_old (L-ratio). A completion counts as correct if its
    reward is above the group's mean; with equal rewards nothing is left but the penalty.
    Method: DisCO-b with ℓ the identity, arXiv 2505.12366.

    Shapes: logp, old_logp, mask (G, T); rewards (G,). Returns the loss -J_1, a scalar.
    """
    score = ((importance_ratio(logp, old_logp) if ratio_score else logp) * mask).sum(1) / lengths(mask)[:, 0]
    right = (rewards > rewards.mean()).to(logp.dtype)
    wrong = (1 - right) * right.amax()
    contrast = (score * right).sum() / right.sum().clamp(min=1) - (score * wrong).sum() / wrong.sum().clamp(min=1)
    divergence = masked_sum(old_logp - logp, mask) / total_length(mask)
    return -contrast + beta * (divergence - delta).clamp(min=0) ** 2
