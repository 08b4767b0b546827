"""Several rewards, added up before they are standardised."""

from __future__ import annotations

from torch import Tensor

from numerics.advantages.groups import standardised


def grpo_of_total(reward_components: Tensor, group: Tensor) -> Tensor:
    """A = (R - mean R)/σ(R) in the group, R = Σ_k r_k; 0 where R is constant there.

    Method: GRPO on the total reward, Eqs. 1 and 2 of arXiv 2601.05242, beside which GDPO is put.
    Shapes: reward_components (N, K), group (N,). Returns (N,).
    """
    return standardised(reward_components.sum(dim=1), group)
