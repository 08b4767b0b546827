"""DPO and GAC: the few numbers in their notes."""

from __future__ import annotations

import torch

from numerics.related.dpo import dpo
from numerics.related.gac import return_conditioned_policy

from .row import Row


def weight_at_reference() -> list[float]:
    """-∂loss/∂h over β where π = π_ref, for three pairs."""
    logp = torch.tensor([-1.0, -2.0, -0.5], dtype=torch.float64)
    out = []
    for n in range(3):
        winner = logp[n : n + 1].clone().requires_grad_()
        (slope,) = torch.autograd.grad(dpo(winner, logp[:1], logp[n : n + 1], logp[:1], beta=0.7), winner)
        out.append(float(-slope) / 0.7)
    return out


def arms() -> list[float]:
    """Two arms, alike often; A returns .6, B 1 or 0: P(B given y = 1), then the return of B and of A."""
    returns = torch.tensor([0.6, 1.0, 0.0], dtype=torch.float64)
    joint = torch.tensor([[0.5, 0.0, 0.0], [0.0, 0.25, 0.25]], dtype=torch.float64)
    policy = return_conditioned_policy(joint, (returns == 1).double())
    return [float(policy[1]), *(float(row @ returns / row.sum()) for row in joint.flip(0))]


ROWS = [
    Row("dpo", "weight of each pair at θ = ref", ("0.5", "0.5", "0.5"), weight_at_reference, ("dpo.gradient.at_reference",),
        remark="1/2 in the source"),
    Row("gac", "P(B given y = 1), E[y given B], E[y given A]", ("1", ".5", ".6"), arms, ("gac.improvement",)),
]  # fmt: skip
