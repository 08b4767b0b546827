"""The baseline of least variance and the step size of OBLR-PO, arXiv 2511.23310, as its abstract announces them.

Inputs: `rewards` (G,) of the responses to one prompt; `weights` (G,), the squared norms ‖∇log π(y_j)‖² of their scores;
`estimates` (n, D), independent estimates of the same gradient, n >= 2; `smoothness`, L of the objective.
"""

from __future__ import annotations

import torch
from torch import Tensor

from numerics.advantages.oblrpo import oblrpo
from numerics.advantages.oblrpo_leave_one_out import oblrpo_leave_one_out


def weighted_baseline(rewards: Tensor, weights: Tensor) -> Tensor:
    """(G,): Σ w r/Σ w over the group, own response included. Biases the direction of the gradient: oblrpo.plug_in."""
    return rewards - oblrpo(rewards, torch.zeros(len(rewards)), weights)


def weighted_leave_one_out(rewards: Tensor, weights: Tensor) -> Tensor:
    """(G,): the same over the other responses, for each. Leaves the gradient unbiased: oblrpo.unbiased."""
    return rewards - oblrpo_leave_one_out(rewards, torch.zeros(len(rewards)), weights)


def logit_norm(log_probs: Tensor, tokens: Tensor) -> Tensor:
    """(G,): 1 - 2 π(a) + Σ π², the squared norm of ∇log π(a) in the logits. `log_probs` (G, V), `tokens` (G,)."""
    p = log_probs.exp()
    return 1 - 2 * p.gather(-1, tokens[..., None]).squeeze(-1) + (p**2).sum(-1)


def step_size(estimates: Tensor, smoothness: float) -> Tensor:
    """(): (1/L) signal/(signal + noise), signal = ‖∇J‖² from products of different estimates, 0 where that is negative."""
    n = len(estimates)
    second_moment = (estimates**2).sum(-1).mean()
    signal = ((estimates.sum(0) ** 2).sum() - n * second_moment) / (n * (n - 1))
    return torch.clamp(signal, min=0) / (second_moment * smoothness)
