"""Three ways to average over tokens; and one that is told how many tokens there are in all micro-batches."""

from torch import Tensor


def over_completions(logp: Tensor, advantages: Tensor, mask: Tensor) -> Tensor:
    return -((advantages * logp * mask).sum(1) / mask.sum(1)).mean()


def over_tokens(logp: Tensor, advantages: Tensor, mask: Tensor) -> Tensor:
    return -(advantages * logp * mask).sum() / mask.sum()


def over_a_constant(logp: Tensor, advantages: Tensor, mask: Tensor) -> Tensor:
    return -(advantages * logp * mask).sum() / (1024 * logp.shape[0])


def over_all_tokens(logp: Tensor, advantages: Tensor, mask: Tensor, num_items_in_batch: Tensor) -> Tensor:
    return -(advantages * logp * mask).sum() / num_items_in_batch
