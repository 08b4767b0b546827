"""Losses on pairs with a slip."""

from torch import Tensor
from torch.nn.functional import logsigmoid


def swapped(
    policy_chosen_logps: Tensor,
    policy_rejected_logps: Tensor,
    reference_chosen_logps: Tensor,
    reference_rejected_logps: Tensor,
    beta: float = 0.1,
) -> Tensor:
    """DPO with the pairs the wrong way round."""
    chosen = policy_chosen_logps - reference_chosen_logps
    rejected = policy_rejected_logps - reference_rejected_logps
    return -logsigmoid(beta * (rejected - chosen)).mean()
