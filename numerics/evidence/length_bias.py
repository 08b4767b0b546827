"""S4.a and S4.b in numbers: what weights 1/|o| do to short completions, and what becomes of the expected length.

Tolerance: an expected update is a sum of at most 27 * 8 products of fewer than 100 rounded numbers below 1, so its
error is below 27 * 8 * 100 * 2^-53 = 2.4e-12. TOL = 1e-10 leaves a factor of 40.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import product
from math import prod, sqrt

import torch
from torch import Tensor

from numerics.calling import Objective, caller
from numerics.evidence import evidence
from numerics.evidence.prefix_bias import first_token_weights
from numerics.groups import Group, length_reward, noise_reward, sample_group
from numerics.objectives.dr_grpo import dr_grpo
from numerics.objectives.grpo import grpo
from numerics.objectives.grpo_v32 import grpo_v32
from numerics.optimizers import inner_loop, sgd
from numerics.policies import Completions, RewardFn, TabularPolicy, completion_probabilities
from theory.verdict import Evidence

TOL = 1e-10


@evidence("fontana2026.s4a")
def shorter_weighs_more() -> Evidence:
    """Lengths 1, 2, 2 and rewards 1, 1, 0: the weights of the two good completions on their first tokens."""
    factors = {"dr_grpo": 1.0} | dict.fromkeys(("grpo_r1", "grpo_v32", "gspo", "gtpo", "cppo"), 2.0)
    found = {label: first_token_weights(label, [1, 2, 2], [1.0, 1.0, 0.0]).tolist() for label in factors}
    ok = all(abs(short / long - factors[label]) < 1e-12 and long > 0 for label, (short, long, _) in found.items())
    detail = "lengths 1 and 2: twice the weight on the shorter in the five rows with 1/|o|; the same in Dr. GRPO"
    return Evidence("numeric", detail, ok=ok)


LOSSES: list[tuple[Objective, float]] = [(partial(grpo_v32, beta=0.0), 1 / 2), (dr_grpo, 1.0)]
"""A loss, and its weight on the first token of a completion of two tokens as a share of that of one token."""
Rewards = Callable[[Tensor], Tensor]  # of the lengths, (G,)


def exact_push(loss: Objective, policy: TabularPolicy, rewards: list[Rewards], size: int) -> float:
    """E[-∂loss/∂(stop logit)] over all groups of the size, and over equally likely ways to reward each."""
    tokens, mask = policy.completions()
    probabilities, mean = completion_probabilities(policy).tolist(), torch.zeros((), dtype=torch.float64)
    loss_of = caller(loss)
    for members in product(range(len(tokens)), repeat=size):
        picked = Completions(tokens[list(members)], mask[list(members)])
        logp = policy.log_probs(*picked)
        old, chance = logp.detach(), prod(probabilities[m] for m in members)
        for reward in rewards:
            group = Group(*picked, reward(picked.mask.sum(1)), old, old)
            mean = mean + chance / len(rewards) * loss_of(policy, group, logp)
    return -torch.autograd.grad(mean, policy.logits)[0][0, policy.eos].item()


def per_length(sign: float, lengths: Tensor) -> Tensor:
    return sign * (2 - lengths)


def coin_flips(size: int) -> list[Rewards]:
    """Every vector of rewards 0 and 1: noise that ignores the completions."""
    vectors = [torch.tensor(r, dtype=torch.float64) for r in product((0.0, 1.0), repeat=size)]
    return [partial(lambda r, lengths: r, r) for r in vectors]


@evidence("fontana2026.s4b", "fontana2026.s4b.repaired", "lossproof.length_drift")
def exact_length_drift() -> Evidence:
    """A policy that stops after its first token with probability p or goes on to two: the real losses, all groups."""
    ok = True
    for (logit, size), (loss, f_2) in product(((0.0, 2), (1.5, 3)), LOSSES):
        policy = TabularPolicy(torch.tensor([[logit, 0.0], [0.3, 0.0]], dtype=torch.float64), 2)
        p = torch.tensor(logit, dtype=torch.float64).sigmoid().item()
        for sign in (1.0, -1.0):  # the reward is 2 - |o|, or |o| - 2
            found = exact_push(loss, policy, [partial(per_length, sign)], size)
            closed = (1 - 1 / size) * p * (1 - p) * sign * ((1 - p) + p * f_2)
            ok = ok and abs(found - closed) < TOL and found * sign > 0
        ok = ok and abs(exact_push(loss, policy, coin_flips(size), size)) < TOL
    detail = (
        "all groups of 2 (p = 0.5) and 3 (p = 0.82), weights 1/|o| (GRPO v3.2) and constant (Dr. GRPO): "
        "the stop logit rises if the short completion is better, falls if the long one is, and stays for coin-flip "
        f"rewards; closed form within {TOL}"
    )
    return Evidence("numeric", detail, ok=ok)


RUNS, STEPS, STUDENT = 10, 8, 2.262  # t quantile of a two-sided 95 % interval over 10 runs


def length_change(reward: Callable[[int], RewardFn]) -> tuple[float, float]:
    """95 % interval, over 10 runs, of what 8 SGD steps of GRPO (β = 0, G = 16) change in the exact expected length."""
    changes = []
    for seed in range(RUNS):
        policy, draw, reward_fn = TabularPolicy.random(3, 3, seed), torch.Generator().manual_seed(seed), reward(seed)
        lengths = policy.completions().mask.sum(1)
        before = (completion_probabilities(policy) @ lengths).item()
        for _ in range(STEPS):
            group = sample_group(policy, 16, reward_fn, draw)
            inner_loop(policy, group, partial(grpo, beta=0.0, sigma_eps=1e-4), sgd(0.3), 1)
        changes.append((completion_probabilities(policy) @ lengths).item() - before)
    mean, spread = torch.tensor(changes).mean().item(), torch.tensor(changes).std().item() / sqrt(RUNS)
    return mean - STUDENT * spread, mean + STUDENT * spread


@evidence("fontana2026.s4b", "fontana2026.s4b.repaired")
def simulated_length() -> Evidence:
    """Real updates of GRPO, whose weights are 1/|o_i|: does the expected length fall?"""
    shorter, longer, noise = (
        length_change(reward) for reward in (lambda _: length_reward(-1.0), lambda _: length_reward(1.0), noise_reward)
    )
    ok = shorter[1] < -0.1 and longer[0] > 0.1 and noise[0] < 0 < noise[1] and noise[1] - noise[0] < 0.2
    detail = (
        "10 runs of 8 SGD steps of GRPO (weights 1/|o|): 95 % intervals of the change in expected length lie below "
        "-0.1 where shorter is better, above 0.1 where longer is better, and contain 0 (width < 0.2) where rewards "
        "are noise"
    )
    return Evidence("numeric", detail, ok=ok)
