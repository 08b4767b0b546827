"""Group-centred rewards, reweighted by how much better than an anchor the group is."""

from __future__ import annotations

import torch
from torch import Tensor

from numerics.advantages.groups import group_mean


def ha_dw(rewards: Tensor, group: Tensor, anchor: float = 0.5, scale: float = 1.3) -> Tensor:
    """A_i Φ_i, A_i = r_i - mean r, Φ_i = λ exp(D_i M), D_i = -sgn(A_i) sgn(mean r - C), M = |mean r - C|.

    Method: HA-DW, Eqs. 13-16 of arXiv 2601.08521, with λ = `scale` and the anchor C_t = `anchor`, a running mean of
    batch accuracies that the caller keeps: `next_anchor`.
    Shapes: rewards, group (N,). Returns (N,).
    """
    average = group_mean(rewards, group)
    centred, difference = rewards - average, average - anchor
    direction = -torch.sign(centred) * torch.sign(difference)
    return centred * scale * torch.exp(direction * difference.abs())


def next_anchor(anchors: Tensor, accuracy: float, eta: float = 0.1) -> float:
    """C_t^+ = (1 - η_t) C_t^- + η_t y_t with η_t = η σ(last m anchors), Eqs. 8-11.

    Shapes: anchors (m,), the latest last. A constant window has σ = 0 and keeps the anchor where it is, for ever.
    """
    step = eta * anchors.std(correction=0).item()
    return (1 - step) * anchors[-1].item() + step * accuracy
