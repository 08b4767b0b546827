"""MaskGRPO: GRPO for masked diffusion, on an estimate of the ratio of whole completions from one noised copy of each."""

from __future__ import annotations

from torch import Tensor

from numerics.objectives.common import lengths
from numerics.objectives.regularisers import k3


def maskgrpo(
    logp: Tensor,
    old_logp: Tensor,
    ref_logp: Tensor,
    advantages: Tensor,
    mask: Tensor,
    masked: Tensor,
    noise_level: Tensor,
    beta: float = 0.01,
) -> Tensor:
    """J = (1/G) Σ_i (A_i ρ̂_i - β D̂_i)/|o_i|, ρ̂_i = exp(l_θ - l_old), l_π = (1/t) Σ_{masked} log π(o_{i,j} | o_i^t).

    D̂_i is k3 of l_θ and l_ref. One noised copy o_i^t at level t serves all policies, so ρ̂ = 1 on policy.
    Method: MaskGRPO, arXiv 2510.02880, Eq. 9-10 at one level. The printed A_i before the bracket would reward the KL term
    of completions below the mean (maskgrpo.objective.kl); here it multiplies the ratio alone, as in the released code.

    Shapes: logp, old_logp, ref_logp (of each token, given the noised copy), mask, masked (G, T); advantages (G, 1);
    noise_level a scalar in (0, 1]. Returns the loss -J, a scalar.
    """
    new, old, ref = ((x * masked).sum(1, keepdim=True) / noise_level for x in (logp, old_logp, ref_logp))
    ratio = (new - old).exp()
    return -((advantages * ratio - beta * k3(new, ref)) / lengths(mask)).mean()
