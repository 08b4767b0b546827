"""Section 3: Eq. 1-3 and the claims on all ten methods, on the code of `numerics/objectives` and exact enumeration."""

from __future__ import annotations

from itertools import product
from typing import Any

import torch
from torch import Tensor

from numerics.calling import Objective, call_objective
from numerics.evidence import evidence
from numerics.groups import Group, noise_reward, shared_prefix_group
from numerics.objectives import TABLE1, call
from numerics.objectives.common import centred, clipped_surrogate, importance_ratio, sequence_log_ratio
from numerics.objectives.dr_grpo import dr_grpo
from numerics.objectives.grpo_v32 import grpo_v32
from numerics.policies import Completions, RewardFn, TabularPolicy, expected_reward
from theory.verdict import Evidence

SEEDS = range(10)
# Sums of at most 64 products of a few rounded factors: below 1e3 u = 1e-13 relative to the largest term.
RTOL = 1e-11
PREFIX = 2


@evidence("fontana2026.eq1")
def term_by_sign() -> Evidence:
    """The code's min and clip, on a grid with every tie, against A min(s, 1+ε_up) and A max(s, 1-ε_low)."""
    grid = torch.tensor([0.0, 0.5, 0.8, 0.9, 1.0, 1.1, 1.2, 1.28, 2.0, 40.0], dtype=torch.float64)
    s, a = (x.flatten() for x in torch.meshgrid(grid, torch.cat([-grid, grid]), indexing="ij"))
    ok, count = True, 0
    for low, up in product((0.0, 0.2, 0.5), (0.0, 0.2, 0.28)):
        ours = clipped_surrogate(s, a, low, up)
        by_sign = torch.where(a > 0, a * s.clamp(max=1 + up), a * s.clamp(min=1 - low))
        one = clipped_surrogate(torch.ones_like(a), a, low, up)
        ok = ok and torch.equal(ours, by_sign) and torch.equal(one, a) and bool((ours <= s * a).all())
        count += len(s)
    return Evidence(
        "numeric", f"clipped_surrogate is the form by the sign of A, bit for bit, in {count} cases with all ties", ok=ok
    )


@evidence("fontana2026.eq2", "fontana2026.eq2.standardising", "fontana2026.eq2.standardising.repaired")
def centring() -> Evidence:
    """The code's advantages: their sum, and their standard deviation against that of the rewards and against 1."""
    sums, deviations, unit = 0.0, 0.0, False
    for seed, size, power in product(SEEDS, (2, 5, 64), (-6, 0, 6)):
        rewards = 10.0**power * torch.randn(size, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
        advantages, scale = centred(rewards).flatten(), float(rewards.abs().max())
        sums = max(sums, float(advantages.sum().abs()) / (size * scale))
        deviations = max(deviations, abs(float(advantages.std() / rewards.std()) - 1))
        standard = min(abs(float(advantages.std(correction=c)) - 1) for c in (0, 1)) < 0.1
        unit = unit or (power != 0 and standard)
    detail = f"Σ A = 0, σ(A) = σ(r) to {RTOL:g}; G = 2, 5, 64; scales 1e-6, 1, 1e6; σ(A) is near 1 at scale 1 only"
    return Evidence("numeric", detail, ok=max(sums, deviations) <= RTOL and not unit)


@evidence("fontana2026.eq3", "fontana2026.eq3.ratio_rows", "fontana2026.eq3.repaired")
def ratio_weights() -> Evidence:
    """∂s/∂log π of each column s of Table 1 by autograd, against the weight that Eq. 3 repaired gives it."""
    worst, proportional = 0.0, True
    for seed in SEEDS:
        draw = torch.Generator().manual_seed(seed)
        logp, old = (-3 * torch.rand(5, 4, generator=draw, dtype=torch.float64) - 0.1 for _ in range(2))
        logp.requires_grad_()
        mask = torch.ones_like(logp)
        ratio = importance_ratio(logp, old)
        sequence = sequence_log_ratio(logp, old, mask).exp()
        columns = {
            "I": (ratio, ratio),
            "GSPO": ((sequence / logp.exp()).detach() * logp.exp(), sequence.expand_as(logp)),
            "GPG": (logp, mask),
            "CISPO": (ratio.detach() * logp, ratio),
            "GCPO": (sequence, sequence.expand_as(logp)),
        }
        for name, (s, weight) in columns.items():
            (slope,) = torch.autograd.grad(s.sum(), logp, retain_graph=True)
            worst = max(worst, gap(slope, weight.detach()))
            if name in ("GPG", "CISPO"):
                proportional = proportional and bool((s < 0).all())
    detail = f"autograd: ∂s/∂log π = I, sg S, 1, sg[I], S for the five columns s of Table 1 to {RTOL:g}, {len(SEEDS)} seeds"
    return Evidence("numeric", detail + "; for GPG and CISPO s itself is negative", ok=worst <= RTOL and proportional)


def gap(actual: Tensor, expected: Tensor) -> float:
    """The largest relative difference of two tensors without zeros."""
    return float(((actual - expected) / expected).abs().max())


def prefix_gradients(seed: int, drift: float) -> dict[str, float]:
    """Per row: the gradient of the logits at the nodes of the shared prefix, relative to its largest one anywhere."""
    draw = torch.Generator().manual_seed(seed)
    policy = TabularPolicy.random(4, 5, seed)
    group = shared_prefix_group(policy, 6, PREFIX, noise_reward(seed), draw)
    with torch.no_grad():
        policy.logits += drift * torch.randn(policy.logits.shape, generator=draw, dtype=torch.float64)
    nodes, node = [0], 0
    for token in group.tokens[0, : PREFIX - 1].tolist():
        node = node * (policy.vocabulary - 1) + 1 + (token - (token > policy.eos))
        nodes.append(node)
    out = {}
    for label, row in TABLE1.items():
        loss = call_objective(fixed(row.loss, tokens=group.tokens), policy, group)
        (gradient,) = torch.autograd.grad(loss, policy.logits)
        out[label] = float(gradient[nodes].abs().max() / gradient.abs().max())
    return out


def fixed(loss: Objective, tokens: Tensor) -> Objective:
    """The loss with β = 0, all of γ, δ and the entropy threshold passed, and the tokens that GTPO asks for."""

    def objective(logp: Tensor, old_logp: Tensor, ref_logp: Tensor, rewards: Tensor, advantages: Tensor, mask: Tensor) -> Tensor:
        given: dict[str, Any] = {
            "logp": logp,
            "old_logp": old_logp,
            "ref_logp": ref_logp,
            "rewards": rewards,
            "advantages": advantages,
        }
        given |= {
            "mask": mask,
            "entropy": torch.zeros_like(mask),
            "tokens": tokens,
            "beta": 0.0,
            "gamma": 0.0,
            "delta": 1e9,
        }
        return call(loss, given)

    return objective


@evidence("fontana2026.s3a", "fontana2026.s3a.repaired", "fontana2026.s3a.biased_rows")
def prefixes() -> Evidence:
    """Groups of six that share two tokens: on policy, and inside the clip."""
    uniform = ("dr_grpo", "dapo", "gpg", "cispo")
    zero, biased = 0.0, dict.fromkeys(TABLE1, 0.0)
    for seed, drift in product(SEEDS, (0.0, 0.02)):
        for label, size in prefix_gradients(seed, drift).items():
            zero = max(zero, size if label in uniform else 0.0)
            biased[label] = max(biased[label], size)
    others = min(size for label, size in biased.items() if label not in uniform)
    detail = (
        f"autograd on groups that share {PREFIX} tokens, {len(SEEDS)} seeds, on policy and inside the clip: there the "
        f"gradient of Dr. GRPO, DAPO, GPG and CISPO is 0 to {RTOL:g}, that of each other row is not"
    )
    return Evidence("numeric", detail, ok=zero <= RTOL and others > 1e-2)


def tree(first: float, second: float) -> TabularPolicy:
    """Completions w = (eos), xy = (1, eos), xz = (1, 1): π(w) = `first`, π(y|x) = `second`."""
    table = torch.tensor([[first, 1 - first], [second, 1 - second]], dtype=torch.float64)
    return TabularPolicy(table.log(), max_length=2)


def one_token(tokens: Tensor, mask: Tensor) -> Tensor:
    """1 for w."""
    return (mask.sum(-1) == 1).double()


def only_xy(tokens: Tensor, mask: Tensor) -> Tensor:
    """1 for xy."""
    return ((mask.sum(-1) == 2) & (tokens[:, 1] == 0)).double()


def surrogate_value(policy: TabularPolicy, old: TabularPolicy, reward: RewardFn, loss: Objective) -> float:
    """E[J] over all groups of two from `old`, by enumeration."""
    every = old.completions()
    rewards, total = reward(*every), 0.0
    with torch.no_grad():
        logs = old.log_probs(*every)
        for pair in product(range(len(rewards)), repeat=2):
            index = torch.tensor(pair)
            members = Completions(every.tokens[index], every.mask[index])
            group = Group(*members, rewards[index], logs[index], logs[index])
            total -= float(logs[index].sum().exp() * call_objective(loss, policy, group))
    return total


@evidence("fontana2026.s3b")
def on_policy_value() -> Evidence:
    """The example on real losses: w has reward 1 and the two completions of two tokens have 0."""
    points = [
        (float(expected_reward(p, one_token).detach()), surrogate_value(p, p, one_token, dr_grpo))
        for p in (tree(0.5, 0.5), tree(0.25, 0.5))
    ]
    wanted = [(0.5, -1 / 8), (0.25, -3 / 32)]
    ok = max(abs(a - b) for x, y in zip(points, wanted, strict=True) for a, b in zip(x, y, strict=True)) <= RTOL
    detail = f"dr_grpo, enumerated: (E r, J) = (1/2, -1/8) and (1/4, -3/32) to {RTOL:g}"
    return Evidence("numeric", detail, ok=ok)


@evidence("fontana2026.s3b.fixed_old")
def fixed_old_value() -> Evidence:
    """The example on real losses: only xy is rewarded; GRPO without σ(r) is GRPO v3.2 without its mask."""

    def grpo(logp: Tensor, old_logp: Tensor, ref_logp: Tensor, advantages: Tensor, mask: Tensor) -> Tensor:
        return grpo_v32(logp, old_logp, ref_logp, advantages, mask, beta=0.0, delta=1e9)

    old, new = tree(0.5, 0.5), tree(0.4, 0.4)
    points = [(float(expected_reward(p, only_xy).detach()), surrogate_value(p, old, only_xy, grpo)) for p in (old, new)]
    wanted = [(1 / 4, 0.0), (6 / 25, 1 / 160)]
    ok = max(abs(a - b) for x, y in zip(points, wanted, strict=True) for a, b in zip(x, y, strict=True)) <= RTOL
    detail = f"grpo_v32 without mask, enumerated: (E r, J) = (1/4, 0) at π_old and (6/25, 1/160) at q to {RTOL:g}"
    return Evidence("numeric", detail, ok=ok)
