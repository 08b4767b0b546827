"""Maximum mean discrepancy per layer, weighted, as in OWMMD (arXiv 2501.12121; the rule of its weights was not at hand).

Inputs beyond the calling convention: `old` and `new`, the features of a layer on the same buffered inputs, (N, D) each;
`distances` (K,), one squared MMD per layer.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

Kernel = Callable[[Tensor, Tensor], Tensor]  # (N, D), (M, D) -> (N, M)


def gaussian_kernel(bandwidth: float) -> Kernel:
    """k(x, y) = exp(-|x - y|²/(2 h²))."""
    return lambda x, y: (-torch.cdist(x, y).square() / (2 * bandwidth**2)).exp()


def linear_kernel(x: Tensor, y: Tensor) -> Tensor:
    return x @ y.T


def mmd(old: Tensor, new: Tensor, kernel: Kernel) -> Tensor:
    """The V-statistic of the squared MMD, a scalar: never negative, 0 for equal features."""
    return kernel(old, old).mean() + kernel(new, new).mean() - 2 * kernel(old, new).mean()


def mmd_unbiased(old: Tensor, new: Tensor, kernel: Kernel) -> Tensor:
    """The U-statistic, without the pairs i = j within a sample, a scalar that may be negative."""

    def within(x: Tensor) -> Tensor:
        full = kernel(x, x)
        return (full.sum() - full.diagonal().sum()) / (len(x) * (len(x) - 1))

    return within(old) + within(new) - 2 * kernel(old, new).mean()


def entropy_weights(distances: Tensor, tau: float) -> Tensor:
    """softmax(-d/τ), (K,): the minimiser of Σ α_k d_k + τ Σ α_k log α_k; a negative τ gives the maximiser."""
    return (-distances / tau).softmax(0)


def quadratic_weights(distances: Tensor, tau: float) -> Tensor:
    """The projection of -d/τ onto the simplex, (K,): the minimiser of Σ α_k d_k + (τ/2) |α|²."""
    z = (-distances / tau).sort(descending=True).values
    level = (z.cumsum(0) - 1) / torch.arange(1, len(z) + 1)
    return (-distances / tau - level[z > level][-1]).clamp_min(0)


def weighted_mmd(old: Sequence[Tensor], new: Sequence[Tensor], weights: Tensor, kernel: Kernel) -> Tensor:
    """Σ_k α_k MMD²_k over layers, a scalar: the penalty beside the loss of the new task."""
    return weights @ torch.stack([mmd(x, y, kernel) for x, y in zip(old, new, strict=True)])
