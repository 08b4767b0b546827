"""Schulman's estimators of the KL divergence, used as a penalty in the loss."""

from torch import Tensor


def policy_loss(logp: Tensor, advantages: Tensor, mask: Tensor) -> Tensor:
    return -(advantages * logp * mask).sum() / logp.shape[0]


def k1(logp: Tensor, ref_logp: Tensor, advantages: Tensor, mask: Tensor) -> Tensor:
    return policy_loss(logp, advantages, mask) + 0.05 * ((logp - ref_logp) * mask).sum() / logp.shape[0]


def k2(logp: Tensor, ref_logp: Tensor, advantages: Tensor, mask: Tensor) -> Tensor:
    return policy_loss(logp, advantages, mask) + 0.05 * ((logp - ref_logp) ** 2 / 2 * mask).sum() / logp.shape[0]


def k3(logp: Tensor, ref_logp: Tensor, advantages: Tensor, mask: Tensor, beta: float = 0.05) -> Tensor:
    gap = ref_logp - logp
    return policy_loss(logp, advantages, mask) + beta * ((gap.exp() - gap - 1) * mask).sum() / logp.shape[0]


def reversed_k3(logp: Tensor, ref_logp: Tensor, advantages: Tensor, mask: Tensor) -> Tensor:
    return k3(logp, ref_logp, advantages, mask, beta=-0.05)
