"""Right answers get 1, wrong ones a grade for their right steps; then standardised in the group."""

from __future__ import annotations

import torch
from torch import Tensor

from numerics.advantages.groups import standardised


def sgpo(reward_components: Tensor, group: Tensor, beta: float = 5.0, gamma: float = 0.5) -> Tensor:
    """A = (r - mean r)/σ(r) in the group, r = `graded`: the components are whether the answer is correct, and the right share.

    Method: SGPO, arXiv 2505.11595, every wrong answer graded. Shapes: reward_components (N, 2), group (N,). Returns (N,).
    """
    correct, right_share = reward_components.unbind(1)
    return standardised(graded(correct, right_share, beta, gamma), group)


def graded(correct: Tensor, right_share: Tensor, beta: float, gamma: float, sign: int = -1) -> Tensor:
    """1 where `correct` > 0, else 1/(1 + exp(sign β (share - γ))), of the share of steps before the first error. Any shape.

    sign = -1 grows with the share, as intended; +1 is the formula as quoted from v1, Eq. 2 (sgpo.eq2.monotone).
    """
    return torch.where(correct > 0, 1.0, 1 / (1 + torch.exp(sign * beta * (right_share - gamma))))
