"""The rubric generator of Rubric-ARM: the score function of rubrics, weighted by whether the judge was right with them."""

from __future__ import annotations

from torch import Tensor

from numerics.objectives.common import masked_sum


def rubric_generator(
    logp: Tensor,
    rewards: Tensor,
    mask: Tensor,
    baseline: float | Tensor = 0.0,
) -> Tensor:
    """J = (1/G) Σ_i (R_i - b) log π_r(r_i|x), R_i = 1 where the judge decides rightly when it is given rubric r_i.

    The estimate g_B of the paper's analysis has b = 0; what is run there is GRPO (numerics.objectives.grpo) on these rewards.
    The judge's own phase is the same estimate for its decisions.
    Method: Rubric-ARM, arXiv 2602.01511, Eq. 18.

    Shapes: logp (of the tokens of each rubric), mask (G, T); rewards (G,). Returns the loss -J, a scalar.
    """
    return -masked_sum((rewards - baseline)[:, None] * logp, mask) / rewards.shape[0]
