"""Rubric-ARM (arXiv 2602.01511) on finite models: a rubric generator, a judge, their gradients, and the pairwise reward.

Inputs beyond the calling convention: `rubrics` (K,), logits of the generator; `judge` (K,), the logit of the right answer
given each rubric. Functions of exact numbers take and return Fractions.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import torch
from torch import Tensor

from numerics.objectives.rubric_generator import rubric_generator

Vectors = Sequence[Sequence[Fraction]]


def accuracy(rubrics: Tensor, judge: Tensor) -> Tensor:
    """J = E_r[p(r)] of Eq. 4, a scalar: the objective of both phases. rubrics, judge (K,)."""
    return rubrics.softmax(0) @ judge.sigmoid()


def generator_loss(rubric_logp: Tensor, rewards: Tensor, baseline: Tensor | float = 0.0) -> Tensor:
    """-(R - b) log π_r(r|x), averaged over sampled rubrics: its gradient is that of g_B. rubric_logp, rewards (N,)."""
    return rubric_generator(rubric_logp[:, None], rewards, torch.ones_like(rubric_logp)[:, None], baseline)


def pair_reward(forward: Tensor, backward: Tensor) -> Tensor:
    """Eq. 16: R = (1[o_fwd = 0] + 1[o_bwd = 1])/2 from the judge's answers (0 or 1) in both orders, any shape.

    The answers are no rewards, higher being better: no estimator takes them. R is one, for any of them, GRPO's `std` say.
    """
    return ((forward == 0).double() + (backward == 1).double()) / 2


def total_variance(chances: Sequence[Fraction], vectors: Vectors) -> Fraction:
    """E‖g‖² - ‖E g‖² of a finite law: a vector per outcome."""
    size = sum((q * x * x for q, g in zip(chances, vectors, strict=True) for x in g), Fraction(0))
    means = (sum((q * g[d] for q, g in zip(chances, vectors, strict=True)), Fraction(0)) for d in range(len(vectors[0])))
    return size - sum((x * x for x in means), Fraction(0))
