"""Section 5 and Appendix C in numbers: real optimisers on groups whose rewards are multiplied by φ.

Ten groups of six completions on tabular policies and ten on transformers, with random rewards and a reference policy of
its own. The scales φ are powers of two from 2^-20 to 2^20 (9.5e-7 to 1.0e6): multiplying by one is exact in binary
floating point and commutes with every rounding (short of under- and overflow), so that where the paper's algebra says
"equal", runs must be equal bit by bit, without any tolerance.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, replace
from functools import cache, partial
from typing import Any

import torch
from torch import Tensor

from numerics.calling import Objective
from numerics.evidence import evidence
from numerics.groups import Group, noise_reward, sample_group, score_group
from numerics.objectives import TABLE1, call
from numerics.objectives.cppo import cppo
from numerics.objectives.dr_grpo import dr_grpo
from numerics.objectives.gpg import gpg
from numerics.objectives.grpo import grpo
from numerics.optimizers import OptimizerFactory, Trajectory, adamw, inner_loop, rmsprop, sgd
from numerics.policies import Policy, TabularPolicy, flatten
from numerics.transformer import TinyTransformer
from theory.verdict import Evidence

SEEDS, STEPS, LR, DECAY = range(10), 3, 0.05, 0.1
EXPONENTS = (-20, -10, 10, 20)
NO_EPS = 1e-300  # absorbed by every √v̂ above 1e-284, so it is ε = 0 there; and 0/ε = 0 where a gradient is 0
BETAS = (0.9, 0.999)
ADVANTAGE_ONLY: Objective = partial(dr_grpo, beta=0.0)


@dataclass(frozen=True)
class Case:
    """A policy, π_old of its group."""

    policy: Policy
    group: Group

    def scaled(self, exponent: int) -> Group:
        """The group with rewards times 2^exponent."""
        return replace(self.group, rewards=self.group.rewards * 2.0**exponent)


@cache
def cases(transformer: bool) -> list[Case]:
    make: Callable[..., Policy] = TinyTransformer if transformer else TabularPolicy.random
    out = []
    for seed in SEEDS:
        policy, reference = make(4, 3, seed=seed), make(4, 3, seed=seed + 100)
        generator = torch.Generator().manual_seed(seed)
        out.append(Case(policy, sample_group(policy, 6, noise_reward(seed), generator, reference)))
    return out
