"""Identity Preference Optimization: DPO's difference of log-ratios, pulled to a target instead of pushed to infinity."""

from __future__ import annotations

from torch import Tensor


def ipo(
    chosen_logp: Tensor,
    rejected_logp: Tensor,
    ref_chosen_logp: Tensor,
    ref_rejected_logp: Tensor,
    tau: float = 0.1,
) -> Tensor:
    """(h - 1/(2τ))², h = log π_θ/π_ref(chosen) - log π_θ/π_ref(rejected), averaged over the pairs.

    Method: IPO, arXiv 2310.12036.

    Shapes: all log-probabilities (P,), of whole completions. Returns the loss, a scalar.
    """
    h = (chosen_logp - ref_chosen_logp) - (rejected_logp - ref_rejected_logp)
    return ((h - 1 / (2 * tau)) ** 2).mean()
