"""Per-token estimators of KL(π_θ ‖ π_ref) for tokens sampled from π_θ, with r = π_ref/π_θ.

k1, k2, k3: J. Schulman, "Approximating KL Divergence" (2020), http://joschu.net/blog/kl-approx.html, which
writes them for r = p/q and samples from q; here q = π_θ and p = π_ref. What each does as a loss is another
question than what it estimates ("A Comedy of Estimators", arXiv 2512.21852). Over the tokens of one state,
drawn from π_θ:

    E[∇k1] = 0,    E[∇k2] = ∇KL(π_θ ‖ π_ref),    E[∇k3] = ∇KL(π_ref ‖ π_θ).

Shapes: logp, ref_logp (G, T), or any that broadcast; each returns the same shape.
"""

from __future__ import annotations

from torch import Tensor


def k1(logp: Tensor, ref_logp: Tensor) -> Tensor:
    """k1 = -log r. Unbiased, of either sign; derivative in logp: 1. Schulman (2020)."""
    return logp - ref_logp


def k2(logp: Tensor, ref_logp: Tensor) -> Tensor:
    """k2 = (log r)²/2. Biased, never negative; derivative in logp: -log r. Schulman (2020)."""
    return (logp - ref_logp) ** 2 / 2


def k3(logp: Tensor, ref_logp: Tensor) -> Tensor:
    """k3 = r - 1 - log r. Unbiased, never negative; derivative in logp: 1 - r. Schulman (2020).

    This is D_KL of Table 1 of arXiv 2601.05002, and the penalty of GRPO (arXiv 2402.03300).
    """
    log_r = ref_logp - logp
    return log_r.exp() - 1 - log_r
