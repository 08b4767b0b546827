"""Length impossibility and Dr. GRPO: shares of long completions, the size of scores, expected updates of a toy."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import product
from math import comb, sqrt

import numpy as np
import torch

from numerics.evidence.related.length_impossibility import Stopper, expected_pair, expected_update

from .row import Row

PAIRS = [(10, 1), (100, 1), (8206, 4965), (10_000, 10)]


def shares(size: Callable[[int], float], pairs: list[tuple[int, int]]) -> list[float]:
    """Of the longer completion, if scores have this size."""
    return [size(a) / (size(a) + size(b)) for a, b in pairs]


def mean_square_over_length() -> list[float]:
    """E‖S‖²/L of L independent tokens, L = 2, 5, 10, 20, 40: the count of each token is binomial."""
    logits = np.random.default_rng(0).standard_normal(5)
    law = np.exp(logits) / np.exp(logits).sum()
    return [
        sum(comb(n, c) * p**c * (1 - p) ** (n - c) * (c - n * p) ** 2 for p in law.tolist() for c in range(n + 1)) / n
        for n in (2, 5, 10, 20, 40)
    ]


def toy() -> list[float]:
    """Continue .7, at most 8 tokens, reward 1 from 5 on: 1/(1 - 1/G) times the expected update, α = 0, 1/2, 1."""
    rewards = torch.tensor([0.0] * 4 + [1.0] * 4, dtype=torch.float64)
    return [2 * expected_update(Stopper(0.7, 8), rewards, alpha, 2) for alpha in (0.0, 0.5, 1.0)]


def noise() -> list[float]:
    """Coin-toss rewards: the expected update, α = 0, 1/2, 1."""
    policy, coins = Stopper(0.6, 4), [torch.tensor(pair, dtype=torch.float64) for pair in product((0.0, 1.0), repeat=2)]
    return [sum(expected_pair(policy, pair, alpha) for pair in coins) / 4 for alpha in (0.0, 0.5, 1.0)]


def factor(size: int) -> float:
    """E ĝ / ∇J with the group mean as the baseline."""
    policy, rewards = Stopper(0.7, 4), torch.tensor([0.0, 1.0, 1.0, 0.0], dtype=torch.float64)
    (slope,) = torch.autograd.grad(policy.logp().exp() @ rewards, policy.x)
    return expected_update(policy, rewards, 1.0, size) / float(slope)


def of(what: str, quoted: str, found: Callable[[], Sequence[float]], *ids: str, remark: str = "", error: float = 0.0) -> Row:
    return Row("length_impossibility", what, tuple(quoted.split()), found, ids, error, remark)


ROWS = [
    of("Γ ∝ L: 8206 against 4965 tokens, 10,000 against 10", "62.3% 99.9%", lambda: shares(float, PAIRS[2:]),
       "length_impossibility.example11", "length_impossibility.example10"),
    of("Γ ∝ √L: 10:1, 100:1, 8206:4965, 10,000:10", "76% 91% 56.2% 96.9%", lambda: shares(sqrt, PAIRS),
       "length_impossibility.corollary9.mean_square"),
    of("E‖S‖²/L, 5-way softmax, L = 2, 5, 10, 20, 40", ".77 .78 .76 .75 .74", mean_square_over_length,
       "length_impossibility.martingale", error=0.03,
       remark="sampled in the source, for a softmax that it does not give; here exactly, for normal logits of NumPy's "
       "default_rng(0): the same number for every L"),
    of("expected update of the toy, α = 0, 1/2, 1", ".09167 .14662 .28812", toy, "length_impossibility.corollary12"),
    Row("drgrpo", "expected update with noise for rewards, α = 0, 1/2, 1", ("0", "0", "0"), noise, ("drgrpo.drift.repaired",)),
    Row("drgrpo", "E of the centred update over the gradient, toy with groups of 2 and 3", ("0.5", "0.667"),
        lambda: [factor(size) for size in (2, 3)], ("drgrpo.unbiased",), remark="the formula 1 - 1/G in the source"),
]  # fmt: skip
