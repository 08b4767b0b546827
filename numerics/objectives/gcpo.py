"""Group Contrastive Policy Optimization, the row "GCPO" of Table 1."""

from __future__ import annotations

from torch import Tensor

from numerics.objectives.common import centred, clipped_surrogate, group_std, masked_sum, sequence_log_ratio


def gcpo(
    logp: Tensor,
    old_logp: Tensor,
    rewards: Tensor,
    mask: Tensor,
    epsilon_low: float = 0.2,
    epsilon_up: float = 0.2,
    ddof: int = 1,
    sigma_eps: float = 0.0,
) -> Tensor:
    """A sequence-level ratio, weighted 1/(σ(r) G), summed over tokens as Eq. 1 says.

    Table 1 as printed: α = 1/(σ(r) G), s = π_θ(y_i|x_i)/π_old(y_i|x_i), no R.
    Method: "GCPO: When Contrast Fails, Go Gold", arXiv 2510.07790. Row: Table 1 of arXiv 2601.05002.

    The sum over t of Eq. 1 is taken literally, with s_{i,t} the sequence's ratio for every t: completion i
    enters |o_i| times, and each of its tokens has the gradient weight α |o_i| s, not the α s of Eq. 18.

    Differs from the paper in:
    1. Only the loss: putting a reference answer into a group that failed happens before it.

    Shapes: logp, old_logp, mask (G, T); rewards (G,). Returns the loss -J, a scalar.
    """
    s = sequence_log_ratio(logp, old_logp, mask).exp()
    surrogate = clipped_surrogate(s, centred(rewards), epsilon_low, epsilon_up)
    return -masked_sum(surrogate, mask) / (group_std(rewards, ddof, sigma_eps) * rewards.shape[0])
