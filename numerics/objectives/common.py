"""What the objectives share: the factors of Eq. 1 of arXiv 2601.05002, one short function each.

Shapes: G completions of at most T tokens; mask (G, T) is 1 on completion tokens and 0 on right padding.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from torch import Tensor

Objective = Callable[..., Tensor]


def lengths(mask: Tensor) -> Tensor:
    """|o_i|, (G, 1); 1 for an empty completion, whose sum over tokens is empty: so it adds 0 and not 0/0."""
    return mask.sum(dim=1, keepdim=True).clamp(min=1)


def total_length(mask: Tensor) -> Tensor:
    """Σ_i |o_i|, a scalar; 1 for a group without any token."""
    return mask.sum().clamp(min=1)


def masked_sum(x: Tensor, mask: Tensor) -> Tensor:
    """Σ_i Σ_t x_{i,t} over completion tokens, a scalar; x broadcasts to (G, T)."""
    return (x * mask).sum()


def centred(rewards: Tensor) -> Tensor:
    """A_i = r_i - mean(r) (Eq. 2), (G, 1)."""
    return (rewards - rewards.mean())[:, None]


def group_std(rewards: Tensor, ddof: int = 1, eps: float = 0.0) -> Tensor:
    """σ(r) + eps, a scalar; the paper says neither ddof nor eps. All rewards equal and eps = 0 give 0."""
    return rewards.std(correction=ddof) + eps


def importance_ratio(logp: Tensor, old_logp: Tensor) -> Tensor:
    """I_{i,t} = π_θ/π_old of each token, (G, T)."""
    return (logp - old_logp).exp()


def sequence_log_ratio(logp: Tensor, old_logp: Tensor, mask: Tensor) -> Tensor:
    """log π_θ(y_i|x)/π_old(y_i|x) = Σ_t log I_{i,t}, (G, 1)."""
    return ((logp - old_logp) * mask).sum(dim=1, keepdim=True)


def clipped_surrogate(s: Tensor, advantages: Tensor, low: float, up: float) -> Tensor:
    """min(s A, clip(s, 1-low, 1+up) A): the inner term of Eq. 1, and of PPO (arXiv 1707.06347)."""
    return (s * advantages).minimum(s.clamp(1 - low, 1 + up) * advantages)


def call(function: Objective, inputs: Mapping[str, Any]) -> Tensor:
    """Calls `function` with those of the inputs that it asks for by name; the others are ignored."""
    return function(**{name: inputs[name] for name in _asked(function) if name in inputs})


@cache  # reading a signature takes longer than most of these losses
def _asked(function: Objective) -> tuple[str, ...]:
    return tuple(inspect.signature(function).parameters)
