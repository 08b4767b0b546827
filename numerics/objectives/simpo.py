"""SimPO: a logistic loss on the difference of two mean log-probabilities, without a reference policy."""

from __future__ import annotations

from torch import Tensor
from torch.nn.functional import logsigmoid


def simpo(
    chosen_logp: Tensor,
    rejected_logp: Tensor,
    chosen_length: Tensor,
    rejected_length: Tensor,
    beta: float = 2.0,
    gamma: float = 1.0,
) -> Tensor:
    """-log σ(β log π(w)/|w| - β log π(l)/|l| - γ), averaged over the pairs (w chosen, l rejected).

    Method: SimPO, arXiv 2405.14734.

    Shapes: all (P,), log-probabilities of whole completions and their lengths. Returns the loss, a scalar.
    """
    chosen, rejected = chosen_logp / chosen_length.clamp(min=1), rejected_logp / rejected_length.clamp(min=1)
    return -logsigmoid(beta * chosen - beta * rejected - gamma).mean()
