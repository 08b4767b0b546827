"""REINFORCE on the better completions alone."""

from torch import Tensor


def positives_only(logp: Tensor, advantages: Tensor, mask: Tensor) -> Tensor:
    """Completions below the mean are dropped, as in rejection sampling. Shapes: (G, T), advantages (G, 1)."""
    return -(advantages.clamp(min=0) * logp * mask).sum() / logp.shape[0]
