"""Sums over the members of a completion's own group, as matrix products: no loop over prompts, no sorting."""

from __future__ import annotations

import torch
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


def varies(x: Tensor, group: Tensor) -> Tensor:
    """(N,): whether x takes two values in the own group. Compares values: a deviation of 0 may round to 1e-17."""
    same = group[:, None] == group[None, :]
    unlike = (same & (x[:, None] != x[None, :])).any(dim=1)  # its value is not everyone's
    return (same & unlike[None, :]).any(dim=1)


def standardised(x: Tensor, group: Tensor) -> Tensor:
    """(N,): (x - mean)/σ in the own group, ddof = 1, nothing added to σ; 0, up to rounding, where x is constant there."""
    spread = torch.where(varies(x, group), group_variance(x, group, 1), 1.0).sqrt()
    return (x - group_mean(x, group)) / spread
