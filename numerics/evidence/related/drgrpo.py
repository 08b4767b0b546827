"""Dr. GRPO in numbers: the audited objectives on tabular policies with two lengths, all groups of two enumerated."""

from __future__ import annotations

from functools import partial

import torch
from torch import Tensor

from numerics.calling import Objective, call_objective
from numerics.evidence import evidence
from numerics.groups import score_group
from numerics.objectives.dapo import dapo
from numerics.objectives.dr_grpo import dr_grpo
from numerics.objectives.grpo import grpo
from numerics.objectives.rloo import rloo
from numerics.policies import Completions, TabularPolicy, completion_probabilities, expected_reward_gradient, flatten
from theory.verdict import Evidence


def even_sum(tokens: Tensor, mask: Tensor) -> Tensor:
    """Reward 1 if the tokens of the completion add up to an even number."""
    return ((tokens * mask).sum(1) % 2 == 0).to(torch.float64)


def expected_update(loss: Objective, policy: TabularPolicy) -> Tensor:
    """-E[∂loss/∂θ] over all groups of two with different rewards; with equal rewards the update is 0, or 0/0 for 1/σ."""
    every = policy.completions()
    chances, rewards = completion_probabilities(policy).detach(), even_sum(*every)
    total = torch.zeros((), dtype=torch.float64)
    for i in range(len(rewards)):
        for j in range(len(rewards)):
            if rewards[i] != rewards[j]:
                pair = score_group(policy, Completions(every.tokens[[i, j]], every.mask[[i, j]]), even_sum)
                total = total - chances[i] * chances[j] * call_objective(loss, policy, pair)
    return flatten(torch.autograd.grad(total, list(policy.parameters())))


@evidence("drgrpo.unbiased", "lossproof.group_factor", "drgrpo.token_mean", "drgrpo.length_bias", "lossproof.length_trilemma")
def directions() -> Evidence:
    """Dr. GRPO gives half the gradient, GRPO and token means another direction."""
    ok = True
    for seed in range(3):
        policy = TabularPolicy.random(3, 2, seed)
        truth = expected_reward_gradient(policy, even_sum)
        exact = expected_update(partial(dr_grpo, beta=0.0), policy)
        ok &= bool(torch.allclose(2 * exact, truth, atol=1e-12))
        for other in (partial(grpo, beta=0.0), dapo):
            ok &= torch.cosine_similarity(expected_update(other, policy), truth, dim=0).item() < 1 - 1e-5
    detail = (
        "3 tabular policies, lengths 1 and 2, all groups of two: Dr. GRPO gives 1 - 1/G = 1/2 of the "
        "gradient within 1e-12, GRPO and DAPO (token mean) another direction"
    )
    return Evidence("numeric", detail, ok=ok)


@evidence("drgrpo.appendix_a", "drgrpo.independent_baseline")
def leave_one_out() -> Evidence:
    """RLOO's weights are G/(G-1) times Dr. GRPO's, and its expected update is the gradient."""
    policy = TabularPolicy.random(3, 2, 0)
    truth = expected_reward_gradient(policy, even_sum)
    update = expected_update(rloo, policy)
    ok = bool(torch.allclose(update, truth, atol=1e-12))
    return Evidence(
        "numeric", "a tabular policy, all groups of two: the expected update of RLOO is the gradient within 1e-12", ok=ok
    )


@evidence("drgrpo.difficulty_bias")
def difficulty() -> Evidence:
    """GRPO's weights over Dr. GRPO's, Σ|g| by number of correct completions of 8: 1/σ grows towards the ends."""
    ratios = []
    for right in range(1, 8):
        rewards = torch.tensor([1.0] * right + [0.0] * (8 - right), dtype=torch.float64)
        logp = torch.zeros(8, 1, dtype=torch.float64, requires_grad=True)
        ones, centred = torch.ones(8, 1, dtype=torch.float64), (rewards - rewards.mean())[:, None]
        inputs = (logp, logp.detach(), logp.detach())
        (scaled,) = torch.autograd.grad(grpo(*inputs, rewards, ones, beta=0.0, ddof=0), logp)
        (plain,) = torch.autograd.grad(dr_grpo(*inputs, centred, ones), logp)
        ratios.append((scaled.abs().sum() / plain.abs().sum()).item())
    ok = all(abs(x * (p / 8 * (1 - p / 8)) ** 0.5 - 1) < 1e-12 for p, x in enumerate(ratios, 1)) and min(ratios) == ratios[3]
    detail = "groups of 8: GRPO's weights are 1/sqrt(p (1-p)) times Dr. GRPO's, the least at p = 1/2"
    return Evidence("numeric", detail, ok=ok)
