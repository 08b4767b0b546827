"""Direct Preference Optimization: a logistic loss on the difference of two log-ratios."""

from __future__ import annotations

from torch import Tensor
from torch.nn.functional import logsigmoid


def dpo(
    chosen_logp: Tensor,
    rejected_logp: Tensor,
    ref_chosen_logp: Tensor,
    ref_rejected_logp: Tensor,
    beta: float = 0.1,
    smoothing: float = 0.0,
) -> Tensor:
    """-(1-ε) log σ(β h) - ε log σ(-β h), h = log π_θ/π_ref(chosen) - log π_θ/π_ref(rejected), averaged over the pairs.

    ε = `smoothing` is the chance that a label is wrong (cDPO).
    Method: DPO, arXiv 2305.18290, Eq. 7.

    Shapes: all log-probabilities (P,), of whole completions. Returns the loss, a scalar.
    """
    h = beta * ((chosen_logp - ref_chosen_logp) - (rejected_logp - ref_rejected_logp))
    return -((1 - smoothing) * logsigmoid(h) + smoothing * logsigmoid(-h)).mean()
