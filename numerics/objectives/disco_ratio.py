"""DisCO with its other score, L-ratio: the mean over tokens of the importance ratio."""

from __future__ import annotations

from torch import Tensor

from numerics.objectives.disco import disco


def disco_ratio(
    logp: Tensor,
    old_logp: Tensor,
    rewards: Tensor,
    mask: Tensor,
    tau: float = 1.0,
    beta: float = 1e3,
    delta: float = 1e-4,
) -> Tensor:
    """J_2 of DisCO with s(o) = (1/|o|) Σ_t π_θ/π_old, under the same constraint.

    Method: DisCO, arXiv 2505.12366, which uses L-ratio with τ = 1.

    Shapes: logp, old_logp, mask (G, T); rewards (G,). Returns the loss -J_2, a scalar.
    """
    return disco(logp, old_logp, rewards, mask, ratio_score=True, tau=tau, beta=beta, delta=delta)
