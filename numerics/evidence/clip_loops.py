"""Section 5 and Appendix D in numbers: inner loops of real optimisers on clipped losses, past the clip.

Tolerances: `clip_overshoot` for steps and ratios; a gradient entry is a sum over at most 20 tokens of a weight times a
back-propagated derivative, fewer than 1e4 roundings of numbers below 1e2, so within 1e4 * 1e2 * 2^-53 = 1.1e-10; 1e-9
leaves a factor of nine.
"""

from __future__ import annotations

import copy
from functools import cache, partial
from itertools import product

import torch
from torch import Tensor

from numerics.evidence import evidence
from numerics.evidence.clip_overshoot import NO_EPS, PAPER, PYTORCH, SEEDS, TOL, close, closed_form
from numerics.evidence.prefix_bias import by_parameter, distance, inputs_of, shared_groups
from numerics.groups import Group, noise_reward, sample_group, score_group
from numerics.objectives import TABLE1, call
from numerics.objectives.dr_grpo import dr_grpo
from numerics.optimizers import OptimizerFactory, Trajectory, adamw, importance_ratios, inner_loop, rmsprop, sgd
from numerics.policies import Completions, Policy, TabularPolicy
from numerics.transformer import TinyTransformer
from theory.verdict import Evidence


def two_completions(policy: Policy) -> Group:
    """The two completions of one token that there are, with the rewards 1 and 0; π_ref is the starting policy."""
    completions = Completions(torch.tensor([[1], [0]]), torch.ones(2, 1, dtype=torch.float64))
    return score_group(policy, completions, lambda tokens, mask: (tokens[:, 0] == 1).double())


@cache
def subject(kind: str, seed: int) -> tuple[Policy, float]:
    """A tabular policy or a transformer over two tokens, with a learning rate that clips both within 13 steps."""
    if kind == "tabular":
        return TabularPolicy.random(2, 1, seed, scale=0.5), 0.05
    return TinyTransformer(2, 1, seed), 3e-4


KINDS = ("tabular", "transformer")


def loop(policy: Policy, optimizer: OptimizerFactory, steps: int, beta: float = 0.0) -> Trajectory:
    """Dr. GRPO, clipped at 0.8 and 1.2, on a copy of the policy."""
    return inner_loop(copy.deepcopy(policy), two_completions(policy), partial(dr_grpo, beta=beta), optimizer, steps)


def silent_from(trajectory: Trajectory) -> int:
    """T: the first step without any gradient, counted from 1, if it saw some before and no later step does; else 0."""
    silent = [bool((step.gradient == 0).all()) for step in trajectory.steps]
    first = silent.index(True) if True in silent else 0
    return first + 1 if first > 0 and all(silent[first:]) else 0


def moved_to(policy: Policy, parameters: Tensor) -> Policy:
    """A copy with these parameters, flattened as an inner loop records them."""
    other = copy.deepcopy(policy)
    own = list(other.parameters())
    parts = torch.split(parameters, [parameter.numel() for parameter in own])
    with torch.no_grad():
        for parameter, part in zip(own, parts, strict=True):
            parameter.copy_(part.view_as(parameter))
    return other


@evidence("fontana2026.eq36", "fontana2026.prop3.repaired", "fontana2026.prop7.repaired", "fontana2026.s5c.repaired")
def clipped_inner_loops() -> Evidence:
    """AdamW without weight decay past the clip: steps against Eq. 36, and the ratio that it predicts at the end."""
    ok, highest, lowest = True, 0.0, 1.0
    for seed, betas, kind in product(range(SEEDS), (PAPER, PYTORCH), KINDS):
        policy, lr = subject(kind, seed)
        trajectory = loop(policy, adamw(lr, betas, NO_EPS, 0.0), 14)
        T, path = silent_from(trajectory), trajectory.parameters
        if T < 2:
            return Evidence("numeric", f"the run of seed {seed} is not clipped within 14 steps", ok=False)
        last, ratios = path[T - 1] - path[T - 2], [closed_form(betas, T, k) for k in range(15 - T)]
        ok = ok and all(close(path[T + k] - path[T + k - 1], ratio * last) for k, ratio in enumerate(ratios))
        predicted = importance_ratios(moved_to(policy, path[T - 1] + sum(ratios) * last), two_completions(policy))
        ok = ok and close(predicted, trajectory.final_ratios)
        up, down = trajectory.ratios[T - 1 :, 0, 0], trajectory.ratios[T - 1 :, 1, 0]
        ok = ok and float(up[0]) > 1.2 and float(down[0]) < 0.8
        ok = ok and bool((up.diff() > 0).all()) and bool((down.diff() < 0).all())
        highest, lowest = max(highest, float(up[-1])), min(lowest, float(down[-1]))
    ok = ok and highest > 2.5 and lowest < 0.4
    detail = (
        "14 AdamW steps on clipped Dr. GRPO, 10 tabular policies and 10 transformers, betas (0.9, 0.95) and "
        "(0.9, 0.999): once both tokens are clipped each step is Eq. 36 times the last one and the ratios it predicts "
        f"are reached, both within {TOL}; every step takes both ratios further from the bounds 1.2 and 0.8, at most "
        "beyond 2.5 and below 0.4"
    )
    return Evidence("numeric", detail, ok=ok)


@evidence("fontana2026.prop3", "fontana2026.prop7")
def without_momentum() -> Evidence:
    """SGD and RMSprop: past the clip nothing moves, so that what moves AdamW there is its momentum."""
    ok = True
    for seed, kind in product(range(SEEDS), KINDS):
        policy, lr = subject(kind, seed)
        for optimizer in (sgd(100 * lr), rmsprop(lr)):
            trajectory = loop(policy, optimizer, 6)
            T = silent_from(trajectory)
            ok = ok and T > 0 and all(torch.equal(step.after, step.before) for step in trajectory.steps[T - 1 :])
    detail = (
        "SGD and RMSprop on clipped Dr. GRPO, 10 tabular policies and 10 transformers: once both tokens are clipped nothing moves"
    )
    return Evidence("numeric", detail, ok=ok)


@evidence("fontana2026.s5c", "fontana2026.s5c.pull")
def corrected() -> Evidence:
    """The stored counterexample through autograd and AdamW; then β = 0.1 in inner loops."""
    theta = torch.tensor([0.25], dtype=torch.float64, requires_grad=True)
    running, path = torch.optim.AdamW([theta], 0.25, (0.5, 1 / 3), 0.0, 0.0), [0.25]
    for _ in range(2):
        ratio, inverse = theta / 0.25, 0.25 / theta
        surrogate = torch.minimum(ratio * 0.25, ratio.clamp(0.8, 1.2) * 0.25)
        theta.grad = torch.autograd.grad((-surrogate + inverse - inverse.log() - 1).sum(), theta)[0]
        running.step()
        path.append(theta.item())
    ok = close(torch.tensor(path, dtype=torch.float64), torch.tensor([1 / 4, 1 / 2, 5 / 12], dtype=torch.float64))
    for seed, kind in product(range(SEEDS), KINDS):
        policy, lr = subject(kind, seed)
        steps = 24 if kind == "tabular" else 20
        ratios = loop(policy, adamw(lr, PYTORCH, 1e-8, 0.0), steps, beta=0.1).ratios[:, :, 0]
        up, down = ratios[:, 0], ratios[:, 1]
        ok = ok and float(up.max()) > max(1.2, float(up[-1]) + 1e-3)
        ok = ok and float(down.min()) < min(0.8, float(down[-1]) - 1e-3)
    detail = (
        "clipped surrogate and D_KL through autograd and torch.optim.AdamW: theta = 1/4, 1/2, 5/12; Dr. GRPO with "
        "beta = 0.1 on 10 tabular policies and 10 transformers: both ratios leave the bounds and turn back within "
        "24 steps"
    )
    return Evidence("numeric", detail, ok=ok)


@evidence("fontana2026.eq28", "fontana2026.eq28.one_token")
def gradient_by_region() -> Evidence:
    """Autograd in the parameters against A ω outside R_clip and -β ∂R inside, by token; then all tokens inside."""
    ok, mixed, BETA = True, 0, 0.1
    for policy, group in shared_groups(0.3):
        x = inputs_of(policy, group, beta=BETA)
        inside = x | {"old_logp": x["logp"].detach() - x["advantages"].sign() * 0.5}
        first = x["mask"].bool() & (torch.arange(len(x["mask"]))[:, None] == 0)
        one_out = inside | {"old_logp": inside["old_logp"].where(~first, x["logp"].detach())}
        for label in ("grpo_r1", "dr_grpo"):
            row = TABLE1[label]
            for case in (x, inside, one_out):
                data = {name: v.detach() if isinstance(v, Tensor) else v for name, v in case.items()}
                loss = by_parameter(policy, call(row.loss, case))
                ok = ok and distance(loss, -by_parameter(policy, (row.gradient(data) * x["logp"]).sum())) < 1e-9
                pull = by_parameter(policy, (BETA * row.regulariser_gradient(data) * x["logp"]).sum())
                ok = ok and (distance(loss, pull) < 1e-9) == (case is inside)
                mixed += int(0 < int(row.clipped(data).sum()) < int(x["mask"].sum()))
    ok = ok and mixed > 40
    detail = (
        "GRPO and Dr. GRPO with beta = 0.1 on 20 groups, tabular and transformer: autograd is A omega outside R_clip "
        "and -beta grad R inside, within 1e-9; with every token inside it is -beta grad R, with one completion outside "
        "it is not"
    )
    return Evidence("numeric", detail, ok=ok)


@evidence("fontana2026.s5d.inactive")
def one_step() -> Evidence:
    """μ = 1: on the policy that sampled the group every ratio is 1, and clipping changes nothing in the gradient."""
    ok = True
    for seed in range(SEEDS):
        for policy in (TabularPolicy.random(3, 4, seed), TinyTransformer(3, 4, seed)):
            group = sample_group(policy, 6, noise_reward(seed), torch.Generator().manual_seed(seed))
            free = partial(dr_grpo, epsilon_low=1.0, epsilon_up=1e6)
            runs = [inner_loop(copy.deepcopy(policy), group, loss, adamw(), 1) for loss in (dr_grpo, free)]
            ok = ok and bool((runs[0].ratios[0] == 1).all()) and not runs[0].clipped[0].any()
            ok = ok and torch.equal(*(run.steps[0].gradient for run in runs))
    detail = "one step on 20 groups, tabular and transformer: every ratio is 1 and the gradient is the unclipped one"
    return Evidence("numeric", detail, ok=ok)
