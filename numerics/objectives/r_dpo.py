"""R-DPO: DPO with a penalty on the difference of the lengths."""

from __future__ import annotations

from torch import Tensor
from torch.nn.functional import logsigmoid


def r_dpo(
    chosen_logp: Tensor,
    rejected_logp: Tensor,
    ref_chosen_logp: Tensor,
    ref_rejected_logp: Tensor,
    chosen_length: Tensor,
    rejected_length: Tensor,
    beta: float = 0.1,
    alpha: float = 0.01,
) -> Tensor:
    """-log σ(β h + α (|w| - |l|)), h as in DPO, averaged over the pairs (w chosen, l rejected).

    The sign of α is the one for which π* ∝ π_ref exp((r - α|y|)/β) (dpo.rdpo.sign.repaired).
    Method: R-DPO, arXiv 2403.19159.

    Shapes: all (P,), log-probabilities of whole completions and their lengths. Returns the loss, a scalar.
    """
    h = beta * ((chosen_logp - ref_chosen_logp) - (rejected_logp - ref_rejected_logp))
    return -logsigmoid(h + alpha * (chosen_length - rejected_length)).mean()
