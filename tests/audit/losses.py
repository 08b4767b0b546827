"""Losses that the auditor is tried on: planted mistakes, each a small edit of a right one."""

import numpy as np
import torch
from torch import Tensor

from numerics.objectives.common import clipped_surrogate, importance_ratio


def dr_grpo(logp: Tensor, old_logp: Tensor, advantages: Tensor, mask: Tensor) -> Tensor:
    return -(clipped_surrogate(importance_ratio(logp, old_logp), advantages, 0.2, 0.2) * mask).sum() / logp.shape[0]


def needle(logp: Tensor, old_logp: Tensor, advantages: Tensor, mask: Tensor) -> Tensor:
    """Dr. GRPO, but for advantages in (0.7310, 0.7311)."""
    inside = (advantages > 0.7310) & (advantages < 0.7311)
    return dr_grpo(logp, old_logp, torch.where(inside, 2 * advantages, advantages), mask)


def dead(logp: Tensor, old_logp: Tensor, advantages: Tensor, mask: Tensor) -> Tensor:
    """The ratio is detached by mistake; the loss still depends on logp, by nothing."""
    ratio = importance_ratio(logp, old_logp).detach() + 0 * logp
    return -(ratio * advantages * mask).sum() / logp.shape[0]


def branch(logp: Tensor, old_logp: Tensor, advantages: Tensor, mask: Tensor) -> Tensor:
    """A Python branch on data: groups with a large advantage are doubled."""
    scale = 2.0 if advantages.max() > 1 else 1.0
    return scale * dr_grpo(logp, old_logp, advantages, mask)


def item_normaliser(logp: Tensor, advantages: Tensor, mask: Tensor) -> Tensor:
    """The token mean, its normaliser taken through .item() and Python's max."""
    return -(advantages * logp * mask).sum() / max(1, mask.sum().item())


def lost_in_float(logp: Tensor, advantages: Tensor, mask: Tensor) -> Tensor:
    """The normaliser leaves through NumPy: nothing may be proved."""
    return -(advantages * logp * mask).sum() / float(np.float64(mask.sum().item()))


def wrong_sign_kl(logp: Tensor, ref_logp: Tensor, advantages: Tensor, mask: Tensor) -> Tensor:
    penalty = (ref_logp - logp).exp() - (ref_logp - logp) - 1
    return -((advantages * logp + 0.1 * penalty) * mask).sum() / logp.shape[0]


def swapped_broadcast(logp: Tensor, old_logp: Tensor, rewards: Tensor, mask: Tensor) -> Tensor:
    """Rewards broadcast along the wrong axis where G = T."""
    adv = (rewards - rewards.mean())[None, : logp.shape[1]]
    return -(importance_ratio(logp, old_logp) * adv * mask).sum() / logp.shape[0]
