"""Sums over the members of a completion's own group, as matrix products: no loop over prompts, no sorting."""

from __future__ import annotations

from torch import Tensor


def membership(group: Tensor, like: Tensor) -> Tensor:
    """(N, N): 1 where two completions answer the same prompt. `group` (N,) integer prompt ids."""
    return (group[:, None] == group[None, :]).to(like.dtype)


def sizes(group: Tensor, like: Tensor) -> Tensor:
    """(N,): how many completions the own group has."""
    return membership(group, like).sum(dim=1)


def group_mean(x: Tensor, group: Tensor) -> Tensor:
    """(N,): the mean of x over the own group."""
    return (membership(group, x) * x[None, :]).sum(dim=1) / sizes(group, x)


def group_variance(x: Tensor, group: Tensor, ddof: int) -> Tensor:
    """(N,): the variance of x over the own group; 0 for a group of at most ddof members."""
    squares = (membership(group, x) * (x[None, :] - group_mean(x, group)[:, None]) ** 2).sum(dim=1)
    return squares / (sizes(group, x) - ddof).clamp(min=1)
