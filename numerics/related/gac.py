"""Generative Actor Critic (arXiv 2512.21527): return-conditioned policies, plans of a linear-Gaussian model, its sampler.

Inputs beyond the calling convention: a joint table `p(τ, y)`, the returns' direction `a` (D,), the target `y`.
"""

from __future__ import annotations

import torch
from torch import Tensor


def return_conditioned_policy(joint: Tensor, reached: Tensor) -> Tensor:
    """π(τ | y reaches the target), (N,), from p(τ, y) (N, Y) and which returns reach it, (Y,) of 0 and 1."""
    hits = (joint * reached).sum(1)
    return hits / hits.sum()


def plan_posterior(a: Tensor, y: float, noise: float, guidance: float = 1.0) -> tuple[Tensor, Tensor]:
    """Mean (D,) and covariance (D, D) of p(z) p(y|z)^w for z ~ N(0, I), y|z ~ N(a·z, noise), w = guidance."""
    size = noise + guidance * a @ a
    return guidance * a * y / size, torch.eye(len(a), dtype=a.dtype) - guidance * torch.outer(a, a) / size


def exploit(a: Tensor, start: Tensor, step: float, steps: int, penalty: float = 0.0) -> Tensor:
    """Gradient ascent on a·z - (penalty/2) |z|² from `start` (D,)."""
    z = start
    for _ in range(steps):
        z = z + step * (a - penalty * z)
    return z


def langevin_moments(mean: float, variance: float, step: float, steps: int, start: tuple[float, float]) -> tuple[float, float]:
    """Mean and variance after unadjusted Langevin steps towards N(mean, variance), from those at the start."""
    m, v = start
    for _ in range(steps):
        m, v = m - step * (m - mean) / variance, (1 - step / variance) ** 2 * v + 2 * step
    return m, v
