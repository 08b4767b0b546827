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
from numerics.objectives.dr_grpo import dr_grpo
from numerics.objectives.grpo import grpo
from numerics.optimizers import OptimizerFactory, Trajectory, adamw, inner_loop, rmsprop, sgd
from numerics.policies import Policy, TabularPolicy
from numerics.transformer import TinyTransformer
from theory.verdict import Evidence

SEEDS, STEPS, LR, DECAY = range(10), 3, 0.05, 0.1
EXPONENTS = (-20, -10, 10, 20)
NO_EPS = 1e-300  # absorbed by every √v̂ above 1e-284, so it is ε = 0 there; and 0/ε = 0 where a gradient is 0
BETAS = (0.9, 0.999)
Check = Callable[[], Evidence]
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


def all_cases() -> list[Case]:
    return cases(transformer=False) + cases(transformer=True)


def run(case: Case, objective: Objective, optimizer: OptimizerFactory, exponent: int = 0) -> Trajectory:
    return inner_loop(deepcopy(case.policy), case.scaled(exponent), objective, optimizer, STEPS)


def parameters(case: Case, objective: Objective, optimizer: OptimizerFactory, exponent: int = 0) -> Tensor:
    return run(case, objective, optimizer, exponent).parameters


def with_eps(eps: float) -> OptimizerFactory:
    return adamw(LR, BETAS, eps, DECAY)


@cache
def default_runs() -> list[Trajectory]:
    """Every case with AdamW and PyTorch's ε, without a regulariser."""
    return [run(case, ADVANTAGE_ONLY, with_eps(1e-8)) for case in all_cases()]


def moments(step: Any) -> tuple[Tensor, Tensor]:
    assert step.first_moment is not None and step.second_moment is not None
    return step.first_moment, step.second_moment


# -- Eq. 4-6 -----------------------------------------------------------------------------------------------------------
# The moments and the parameters that the optimiser recorded, against one step of a recursion from those it recorded
# before: at most 20 roundings, of numbers that are at most the largest of the coordinate's gradients (squares of them,
# parameters below 8). A TOL of 1e-13 is 900 roundings.

TOL = 1e-13


def close(a: Tensor, b: Tensor, scale: Tensor) -> bool:
    return bool(((a - b).abs() <= TOL * scale).all())


def apart(a: Tensor, b: Tensor, scale: Tensor) -> bool:
    """More than 5 % of the scale apart, in norm."""
    return bool((a - b).norm() >= 0.05 * scale.norm())


@evidence(
    "fontana2026.eq4",
    "fontana2026.eq4.repaired",
    "fontana2026.eq5",
    "fontana2026.eq5.raw",
    "fontana2026.eq5.excess",
    "fontana2026.eq5.repaired",
    "fontana2026.eq6",
    "fontana2026.eq6.raw",
    "fontana2026.eq6.repaired",
)
def recorded_moments() -> Evidence:
    """The optimiser follows Appendix C; the printed Eq. 4, 5 and 6 miss it, in either reading."""
    ok = True
    for trajectory in default_runs():
        ok = ok and all(follows(trajectory, which, rate) for which, rate in enumerate(BETAS))
        for t, step in enumerate(trajectory.steps, start=1):
            m, v = (moment / (1 - rate**t) for moment, rate in zip(moments(step), BETAS, strict=True))
            move = -LR * m / (v.sqrt() + 1e-8)  # of the loss: + of J
            decay = LR * DECAY * step.before
            ok = ok and close(step.after, step.before + move - decay, torch.tensor(8.0))
            printed = step.before + move + decay
            ok = ok and bool(((step.after - printed).abs() >= 1.9 * decay.abs()).all())
    detail = (
        f"torch.optim.AdamW, {STEPS} steps on 10 tabular and 10 transformer groups: moments and parameters follow "
        f"Appendix C and the averages of eq5.repaired and eq6.repaired within {TOL}; Eq. 4 misses the parameters by "
        "2 ξ λ |θ|, Eq. 5 and 6 the corrected and the raw moments of step 2 by more than 5 % in both readings"
    )
    return Evidence("numeric", detail, ok=ok)


def follows(trajectory: Trajectory, which: int, rate: float) -> bool:
    """One moment of a run (0: first, 1: second) against Appendix C, its closed form, and the printed Eq. 5 or 6."""
    recorded = [moments(step)[which] for step in trajectory.steps]
    new = [step.gradient ** (which + 1) for step in trajectory.steps]
    largest = torch.stack(new).abs().amax(0)
    ok, before = True, torch.zeros_like(new[0])
    for t, (now, g) in enumerate(zip(recorded, new, strict=True), start=1):
        ok = ok and close(now, rate * before + (1 - rate) * g, largest)
        weights = [(1 - rate) * rate ** (t - s) / (1 - rate**t) for s in range(1, t + 1)]
        average = sum((a * x for a, x in zip(weights, new[:t], strict=True)), start=torch.zeros_like(g))
        ok = ok and abs(sum(weights) - 1) <= 1e-12 and close(now / (1 - rate**t), average, largest / (1 - rate))
        before = now
    # step 2 as printed, on its own value g_1 of step 1 and on the recorded moment
    raw, hat = recorded[1], recorded[1] / (1 - rate**2)
    for previous in (new[0], recorded[0]):
        printed = rate * previous / (1 - rate) + (1 - rate) * new[1] / (1 - rate**2)
        ok = ok and all(apart(printed, x, new[0]) for x in (raw, hat))
    excess = rate * recorded[0] / (1 - rate) + (1 - rate) * new[1] / (1 - rate**2) - hat
    predicted = rate**2 * (1 - rate) / (1 - rate**2) * recorded[0] / (1 - rate)
    return ok and close(excess, predicted, largest / (1 - rate))


# -- whole runs --------------------------------------------------------------------------------------------------------


@evidence("fontana2026.prop2", "fontana2026.prop2.trajectory", "fontana2026.prop2.epsilon", "fontana2026.prop6")
def invariant_runs() -> Evidence:
    """Without ε a run does not see the scale, with ε it sees ε/φ and nothing else; moments scale with φ and φ²."""
    ok, separated = True, 0
    for number, (case, default) in enumerate(zip(all_cases(), default_runs(), strict=True)):
        tabular = number < len(SEEDS)
        free = run(case, ADVANTAGE_ONLY, with_eps(NO_EPS))
        for e in EXPONENTS[number % 2 :: 2] if tabular else EXPONENTS[number % 4 :][:1]:
            scaled = run(case, ADVANTAGE_ONLY, with_eps(NO_EPS), e)
            ok = ok and torch.equal(scaled.parameters, free.parameters)
            for x, y in zip(free.steps, scaled.steps, strict=True):
                (m, v), (m_, v_) = moments(x), moments(y)
                ok = ok and torch.equal(m_, m * 2.0**e) and torch.equal(v_, v * 4.0**e)
            equivalent = parameters(case, ADVANTAGE_ONLY, with_eps(1e-8 * 2.0**e), e)
            ok = ok and torch.equal(equivalent, default.parameters)
        if tabular:
            ok = ok and other_optimisers(case) and no_stabiliser(case)
            small = parameters(case, ADVANTAGE_ONLY, with_eps(1e-8), -20)
            separated += not torch.equal(small, default.parameters)
    ok = ok and separated == len(SEEDS)
    detail = (
        f"torch.optim.AdamW, {STEPS} steps of Dr. GRPO (β = 0) on 20 groups, φ from 2^-20 to 2^20, bit by bit: "
        "parameters for φ r are those for r where ε = 0, and those for r with ε/φ where ε = 1e-8; moments are times φ "
        "and φ². RMSprop likewise; SGD takes φ as a factor of its learning rate. With the same ε = 1e-8 the runs for r "
        "and 2^-20 r differ"
    )
    return Evidence("numeric", detail, ok=ok)


def other_optimisers(case: Case) -> bool:
    """RMSprop loses the scale with ε; for SGD the scale is a factor of the learning rate."""
    e = 10
    rms = [rmsprop(LR, 0.99, eps) for eps in (NO_EPS, 1e-8, 1e-8 * 2.0**e)]
    ok = torch.equal(parameters(case, ADVANTAGE_ONLY, rms[0], e), parameters(case, ADVANTAGE_ONLY, rms[0]))
    ok = ok and torch.equal(parameters(case, ADVANTAGE_ONLY, rms[2], e), parameters(case, ADVANTAGE_ONLY, rms[1]))
    slow, fast = sgd(LR * 2.0**-e), sgd(LR)
    scaled = parameters(case, ADVANTAGE_ONLY, slow, e)
    ok = ok and torch.equal(scaled, parameters(case, ADVANTAGE_ONLY, fast))
    return ok and not torch.equal(scaled, parameters(case, ADVANTAGE_ONLY, slow))


def no_stabiliser(case: Case) -> bool:
    """ε = 0 itself, on the group of all completions: there every parameter has a gradient, so no update is 0/0."""
    everything = score_group(case.policy, case.policy.completions(), noise_reward(0))
    whole, exact = Case(case.policy, everything), adamw(LR, BETAS, eps=0.0, weight_decay=0.01)
    once, scaled = (parameters(whole, ADVANTAGE_ONLY, exact, e) for e in (0, -20))
    return bool(once.isfinite().all()) and torch.equal(once, scaled)


@evidence("fontana2026.prop6.premise")
def runs_separate() -> Evidence:
    """With ε = 1e-5 and rewards times 2^-10, g* = φ g at the first step and at no later one."""
    ok = True
    for case in cases(transformer=False):
        first, second = (run(case, ADVANTAGE_ONLY, with_eps(1e-5), e).steps for e in (0, -10))
        same = [torch.equal(y.gradient, x.gradient * 2.0**-10) for x, y in zip(first, second, strict=True)]
        ok = ok and same == [True] + [False] * (STEPS - 1)
    detail = f"AdamW with ε = 1e-5 on 10 tabular groups, r and 2^-10 r: g*_t = φ g_t at step 1 and at none of 2..{STEPS}"
    return Evidence("numeric", detail, ok=ok)


def first_step(case: Case, eps: float, exponent: int, objective: Objective = ADVANTAGE_ONLY) -> tuple[Tensor, Tensor]:
    """Gradient of the loss and update of the first step, without weight decay."""
    step = inner_loop(deepcopy(case.policy), case.scaled(exponent), objective, adamw(LR, BETAS, eps, 0.0), 1).steps[0]
    return step.gradient, step.update


# An update is read off as a difference of parameters below 8, to 2 roundings of those, and computed with some 20
# roundings of itself: 1e-14 is more than both.
UPDATE_TOL = 1e-14


@evidence("fontana2026.eq27", "fontana2026.eq27.repaired", "fontana2026.eq27.bound")
def limits() -> Evidence:
    """First steps at gradients of the size of ε: Δθ* against Δθ, their exact difference, its bound, and the limit."""
    ok, missed, phi, eps = True, 0, 2.0**10, 1e-5
    for case in cases(transformer=False):
        g, once = first_step(case, eps, -14)
        _, scaled = first_step(case, eps, -4)
        _, far = first_step(case, eps, 20)
        _, free = first_step(case, NO_EPS, 0)
        size, top = g.abs(), torch.tensor(max(eps, eps / phi))
        apart = -LR * g * (eps - eps / phi) / ((size + eps) * (size + eps / phi))
        ok = ok and bool((scaled - once - apart).abs().max() <= UPDATE_TOL)
        ok = ok and bool(((scaled - once).abs() <= LR * top / (size + top) + UPDATE_TOL).all())
        seen = size > 0
        left = LR * eps / (2.0**34 * size[seen] + eps)
        ok = ok and bool(((far - free)[seen].abs() - left).abs().max() <= UPDATE_TOL)
        missed += int(((once - free)[seen].abs() >= LR / 10).any())
    ok = ok and missed == len(SEEDS)
    detail = (
        "first steps of torch.optim.AdamW on 10 tabular groups, ε = 1e-5, gradients near ε: Δθ*(φ = 2^10) - Δθ is "
        f"eq27.repaired's to {UPDATE_TOL} and within eq27.bound; Δθ* for large φ is the ε-free step up to "
        "ξ ε/(φ|g|+ε), and Δθ_t misses that limit by 0.1 ξ and more, in 10 of 10 groups"
    )
    return Evidence("numeric", detail, ok=ok)


@evidence("fontana2026.s5a", "fontana2026.s5a.repaired", "fontana2026.s5a.first_step")
def with_regulariser() -> Evidence:
    """β = 0.04: GRPO R1 does not see the scale; Dr. GRPO does, and its first step reverses where the theorem says."""
    ok, reversed_, grpo_kl, dr_kl = True, 0, partial(grpo, beta=0.04), partial(dr_grpo, beta=0.04)
    for case in cases(transformer=False):
        for eps in (NO_EPS, 1e-8, 1e-5):
            runs = [parameters(case, grpo_kl, with_eps(eps), e) for e in (0, -20, 20)]
            ok = ok and all(torch.equal(runs[0], other) for other in runs[1:])
        g_a, _ = first_step(case, NO_EPS, 0)
        g, _ = first_step(case, NO_EPS, 0, dr_kl)
        g_r = g_a - g  # of the loss: -g = g_A - g_R
        low, high = (first_step(case, NO_EPS, e, dr_kl)[1].sign() for e in (-20, 20))
        # where g_R is not lost in rounding, and the scale c = g_R/g_A lies between those tried
        sure = (g_r.abs() > 1e-6 * g_a.abs()) & (g_a.abs() > 1e-5 * g_r.abs()) & (g_a != 0)
        ok = ok and torch.equal((low != high)[sure], (g_a * g_r > 0)[sure]) and bool(sure.any())
        reversed_ += int((low != high)[sure].any())
        smaller, larger = (first_step(case, NO_EPS, e, dr_kl)[0] for e in (-2, 2))
        ok = ok and float(smaller @ larger) < (1 - 1e-6) * float(smaller.norm() * larger.norm())
    ok = ok and reversed_ == len(SEEDS)
    detail = (
        f"10 tabular groups with a reference policy, β = 0.04, φ = 2^±20: runs of {STEPS} AdamW steps on GRPO R1 are "
        "equal bit by bit for ε = 0, 1e-8 and 1e-5; Dr. GRPO's gradient turns, and its first ε-free step reverses "
        "between the two scales in exactly the coordinates where g_A and g_R have the same sign (some in 10 of 10 groups)"
    )
    return Evidence("numeric", detail, ok=ok)


@evidence("fontana2026.s5b", "fontana2026.s5b.elasticity")
def stabilisers() -> Evidence:
    """PyTorch's default ε, and what rewards times 8 do to a first step whose gradient has the median 1e-6."""
    default = inspect.signature(torch.optim.AdamW).parameters["eps"].default
    ok, told = default == 1e-8, []
    for eps in (1e-8, 1e-5):
        growth = []
        for case in cases(transformer=False):
            g, _ = first_step(case, NO_EPS, 0)
            shrunk = replace(case.group, rewards=case.group.rewards * (1e-6 / float(g[g != 0].abs().median())))
            small, large = Case(case.policy, shrunk), Case(case.policy, replace(shrunk, rewards=shrunk.rewards * 8))
            (g, once), (_, more) = first_step(small, eps, 0), first_step(large, eps, 0)
            size = g.abs()
            for update, phi in ((once, 1.0), (more, 8.0)):
                ok = ok and bool((update.abs() - LR * phi * size / (phi * size + eps)).abs().max() <= UPDATE_TOL)
            growth.append(float(more.abs().sum() / once.abs().sum()))
        told.append(f"{min(growth):.2f} to {max(growth):.2f} times for ε = {eps:.0e}")
    detail = (
        "torch.optim.AdamW has ε = 1e-08 by default; on 10 tabular groups with a median gradient of 1e-6, rewards "
        f"times 8 make the first step longer by {' and '.join(told)} (in the 1-norm), each coordinate as φ|g|/(φ|g|+ε) says"
    )
    return Evidence("numeric", detail, ok=ok)
