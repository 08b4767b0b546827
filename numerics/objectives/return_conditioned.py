"""The return-conditioned policy of Generative Actor Critic, as a loss: likelihood of what reached the target."""

from __future__ import annotations

from torch import Tensor

from numerics.objectives.common import masked_sum


def return_conditioned(
    logp: Tensor,
    rewards: Tensor,
    mask: Tensor,
    target: float = 0.5,
) -> Tensor:
    """J = mean of log π_θ(y_i|x) over the completions with r_i >= target; 0 where none reaches it.

    Over completions of π_old its maximiser is π_old(y | r >= target): conditioning a model of completions and returns on
    a target is one step of expectation maximisation with utility 1[r >= target] (gac.improvement.reweighting).
    Method: reconstruction of GAC, arXiv 2512.21527, whose text was not at hand.

    Shapes: logp, mask (G, T); rewards (G,). Returns the loss -J, a scalar.
    """
    reached = (rewards >= target).to(logp.dtype)
    return -masked_sum(reached[:, None] * logp, mask) / reached.sum().clamp(min=1)
