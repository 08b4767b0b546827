"""Length weights in numbers: the real objectives on policies that decide when to stop, enumerated."""

from __future__ import annotations

from fractions import Fraction
from itertools import product
from math import sqrt

import torch
from torch import Tensor

from numerics.evidence import evidence
from numerics.objectives.length_power import length_power
from theory.verdict import Evidence

F = Fraction


class Stopper:
    """Stops after each token with probability 1 - sigmoid(x), at the latest after `longest`; x is the one parameter."""

    def __init__(self, proceed: float, longest: int):
        p = torch.tensor(proceed, dtype=torch.float64)
        self.x = torch.log(p / (1 - p)).requires_grad_()
        self.longest = longest

    def logp(self) -> Tensor:
        """(longest,): log-probability of each length."""
        go, stop = torch.nn.functional.logsigmoid(self.x), torch.nn.functional.logsigmoid(-self.x)
        steps = torch.arange(self.longest, dtype=torch.float64)
        return steps * go + torch.where(steps < self.longest - 1, stop, 0.0)


def expected_update(policy: Stopper, rewards: Tensor, alpha: float, size: int) -> float:
    """E over all groups of -∂loss/∂x of `length_power`; the log-probability of a completion sits on its first token."""
    logp, total = policy.logp(), torch.zeros((), dtype=torch.float64)
    for lengths in product(range(policy.longest), repeat=size):
        chosen = list(lengths)
        mask = (torch.arange(policy.longest) <= torch.tensor(chosen)[:, None]).to(torch.float64)
        tokens = torch.nn.functional.pad(logp[chosen][:, None], (0, policy.longest - 1))
        advantages = (rewards[chosen] - rewards[chosen].mean())[:, None]
        chance = logp[chosen].sum().exp().detach()
        total = total - chance * length_power(tokens, advantages, mask, alpha)
    (slope,) = torch.autograd.grad(total, policy.x)
    return slope.item()


@evidence("length_impossibility.corollary12", "lossproof.group_factor", "drgrpo.unbiased", "length_impossibility.theorem6")
def stopping() -> Evidence:
    """The toy of the source, continue 0.7, at most 8 tokens, reward 1 from 5 on: E = (1 - 1/G) Cov(f(L) S, R)."""
    policy, rewards = Stopper(0.7, 8), torch.tensor([0.0] * 4 + [1.0] * 4, dtype=torch.float64)
    found = {alpha: expected_update(policy, rewards, alpha, 2) * 2 for alpha in (0.0, 0.5, 1.0)}
    (slope,) = torch.autograd.grad((policy.logp().exp() * rewards).sum(), policy.x)
    three = expected_update(Stopper(0.7, 4), torch.tensor([0.0, 1.0, 1.0, 0.0], dtype=torch.float64), 1.0, 3)
    small = Stopper(0.7, 4)
    (truth,) = torch.autograd.grad((small.logp().exp()[1:3]).sum(), small.x)
    ok = [round(x, 5) for x in found.values()] == [0.09167, 0.14662, 0.28812] and abs(found[1.0] - slope.item()) < 1e-12
    ok &= abs(three - 2 / 3 * truth.item()) < 1e-12
    detail = (
        "2 Σ over all pairs of completions: 0.09167 (α = 0), 0.14662 (1/2), 0.28812 (1), the last of which "
        "is the gradient; groups of 3 give 2/3 of it"
    )
    return Evidence("numeric", detail, ok=ok)


@evidence("drgrpo.drift", "drgrpo.drift.repaired")
def noise() -> Evidence:
    """A reward that is a coin toss: the expected update of the stop parameter, over completions and rewards, is 0."""
    policy, worst = Stopper(0.6, 4), 0.0
    for alpha in (0.0, 0.5, 1.0):
        total = sum(
            expected_pair(policy, torch.tensor([float(a), float(b)], dtype=torch.float64), alpha) / 4
            for a, b in product((0, 1), repeat=2)
        )
        worst = max(worst, abs(total))
    detail = (
        "coin-toss rewards, all pairs of completions: the expected update of the stop parameter is 0 within "
        "1e-12 for α = 0, 1/2, 1"
    )
    return Evidence("numeric", detail, ok=worst < 1e-12)


def expected_pair(policy: Stopper, rewards: Tensor, alpha: float) -> float:
    """E over all pairs of completions that get these two rewards."""
    logp, total = policy.logp(), torch.zeros((), dtype=torch.float64)
    for pair in product(range(policy.longest), repeat=2):
        chosen = list(pair)
        mask = (torch.arange(policy.longest) <= torch.tensor(chosen)[:, None]).to(torch.float64)
        tokens = torch.nn.functional.pad(logp[chosen][:, None], (0, policy.longest - 1))
        centred = (rewards - rewards.mean())[:, None]
        total = total - logp[chosen].sum().exp().detach() * length_power(tokens, centred, mask, alpha)
    (slope,) = torch.autograd.grad(total, policy.x)
    return slope.item()


@evidence("length_impossibility.martingale", "length_impossibility.corollary9.mean_square", "length_impossibility.size_of_scores")
def growth() -> Evidence:
    """Completions of L independent tokens of a softmax: E‖Σ_t s_t‖² = L (1 - Σ π²), enumerated in rationals."""
    ok, pi = True, (F(1, 2), F(1, 3), F(1, 6))
    for length in (1, 2, 3, 5):
        total = F(0)
        for tokens in product(range(3), repeat=length):
            chance = F(1)
            for t in tokens:
                chance *= pi[t]
            score = [tokens.count(v) - length * pi[v] for v in range(3)]
            total += chance * sum((x * x for x in score), F(0))
        ok &= total == length * (1 - sum((x * x for x in pi), F(0)))
    detail = (
        "a softmax over 3 tokens, completions of 1, 2, 3, 5 tokens: the mean squared score is exactly proportional to the length"
    )
    return Evidence("numeric", detail, ok=ok)


@evidence("length_impossibility.example10", "length_impossibility.example11", "length_impossibility.corollary9",
          "length_impossibility.corollary9.mean_square")  # fmt: skip
def shares() -> Evidence:
    """The quoted shares under both laws of growth."""
    pairs = [(10, 1), (100, 1), (8206, 4965), (10000, 10)]
    linear = [round(100 * a / (a + b), 1) for a, b in pairs]
    root = [round(100 * sqrt(a) / (sqrt(a) + sqrt(b)), 1) for a, b in pairs]
    ok = linear[2:] == [62.3, 99.9] and root == [76.0, 90.9, 56.2, 96.9]
    detail = f"Γ ∝ L: {linear} %; Γ ∝ sqrt(L): {root} %, at 10:1, 100:1, 8206:4965, 10000:10"
    return Evidence("numeric", detail, ok=ok)
