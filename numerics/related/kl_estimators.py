"""How hard k1, k2 and k3 push at a token, as functions of its log-ratio x = log(π_θ/π_ref): data for a figure.

A token that is drawn from π_θ contributes weight · ∇log π_θ to the gradient: in the loss the derivative of the estimator
in log π_θ (kl_estimators.weights), in the reward its value. Only means over tokens compare: as E[∇log π_θ] = 0, a weight
may be shifted by any number. "A Comedy of Estimators", arXiv 2512.21852; estimators: `numerics.objectives.regularisers`.
"""

from __future__ import annotations

import torch
from torch import Tensor

from numerics.objectives.regularisers import k1, k2, k3


def weight_in_loss(x: Tensor) -> dict[str, Tensor]:
    """Weight of the score by estimator: 1, x, 1 - exp(-x). Any shape; each has the shape of x."""
    return {"k1": torch.ones_like(x), "k2": x, "k3": -torch.expm1(-x)}


def weight_in_reward(x: Tensor) -> dict[str, Tensor]:
    """Weight of the score by estimator: x, x²/2, exp(-x) - 1 + x. Any shape; each has the shape of x."""
    return {name: k(x, torch.zeros_like(x)) for name, k in (("k1", k1), ("k2", k2), ("k3", k3))}
