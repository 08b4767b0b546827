"""Whitened over the whole batch, prompts mixed."""

from __future__ import annotations

from torch import Tensor


def whitened(rewards: Tensor, eps: float = 1e-8) -> Tensor:
    """A_i = (r_i - mean over the batch) / (deviation over the batch + eps): REINFORCE++, arXiv 2501.03262.

    Shapes: rewards (N,). Returns (N,).
    """
    return (rewards - rewards.mean()) / (rewards.std() + eps)
