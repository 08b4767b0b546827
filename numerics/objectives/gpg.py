"""Group Policy Gradient, the row "GPG" of Table 1."""

from __future__ import annotations

from torch import Tensor

from numerics.objectives.common import centred, group_std, masked_sum, total_length


def gpg(
    logp: Tensor,
    rewards: Tensor,
    mask: Tensor,
    alpha_hat: float = 1.0,
    normalise: bool = False,
    ddof: int = 1,
    sigma_eps: float = 0.0,
) -> Tensor:
    """Plain policy gradient with the group's mean as baseline: no ratio, no clip, no KL.

    Table 1 as printed: α = α̂/(F_norm Σ|o_i|), s = log π_θ, no R. F_norm is σ(r) if `normalise`, else 1.
    Method: GPG, arXiv 2504.02546. Row: Table 1 of arXiv 2601.05002.

    Differs from the paper in:
    1. The term is A log π_θ, without the min and clip of Eq. 1. In those, s = log π_θ ≤ 0 would always be
       below the lower bound, and every completion of negative advantage would have gradient 0.
    2. α̂ (groups / groups with signal) depends on the batch, so it is a parameter here.

    Shapes: logp, mask (G, T); rewards (G,). Returns the loss -J, a scalar.
    """
    f_norm = group_std(rewards, ddof, sigma_eps) if normalise else 1.0
    return -alpha_hat * masked_sum(centred(rewards) * logp, mask) / (f_norm * total_length(mask))
