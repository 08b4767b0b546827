"""Section 5 and Appendix D in numbers: what real optimisers do once every token is past the clip.

Synthetic runs set `.grad` by hand, ten seeds as the rows of one parameter; inner loops run on a clipped loss.

Tolerances. A moment without gradient loses at most 4 roundings per step, and so does its closed form, so after
T + k <= 210 steps both are within 2000 * 2^-53 of the exact one; root, bias corrections, quotient and product add fewer
than 100. A step is read off as a difference of parameters below 300 steps in size, which costs 600 roundings of a step,
and later steps are at least 0.3 of the one they are compared with: 1e4 * 2^-53 = 1.1e-12 bounds the relative error of
all ratios below. TOL = 1e-10 leaves a factor of 90.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from functools import partial
from itertools import product
from math import sqrt

import torch
from torch import Tensor

from numerics.evidence import evidence
from numerics.evidence.prefix_bias import by_parameter, distance, inputs_of, shared_groups
from numerics.groups import Group, noise_reward, sample_group, score_group
from numerics.objectives import TABLE1, call
from numerics.objectives.dr_grpo import dr_grpo
from numerics.optimizers import OptimizerFactory, Trajectory, adamw, importance_ratios, inner_loop, rmsprop, sgd
from numerics.policies import Completions, Policy, TabularPolicy
from numerics.transformer import TinyTransformer
from theory.verdict import Evidence

TOL = 1e-10 leaves a factor of 90.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from functools import partial
from itertools import product
from math import sqrt

import torch
from torch import Tensor

from numerics.calling import call_objective
from numerics.evidence import evidence
from numerics.groups import Group, noise_reward, sample_group, score_group
from numerics.objectives import TABLE1
from numerics.objectives.dr_grpo import dr_grpo
from numerics.optimizers import OptimizerFactory, Trajectory, adamw, inner_loop, rmsprop, sgd
from numerics.policies import Completions, Policy, TabularPolicy, flatten
from numerics.transformer import TinyTransformer
from theory.verdict import Evidence

TOL = 1e-10
SEEDS, WIDTH, LR = 10, 6, 0.01
PAPER, PYTORCH = (0.9, 0.95), (0.9, 0.999)
NO_EPS = 1e-30  # negligible against every root of a second moment that is not zero, and 0/ε = 0 where one is


@dataclass(frozen=True)
class Run:
    """A run on given gradients (steps, ..): parameters and moments after each step, `parameters[0]` the start."""

    parameters: Tensor
    m: Tensor
    v: Tensor

    def update(self, step: int) -> Tensor:
        return self.parameters[step] - self.parameters[step - 1]


def synthetic(
    gradients: Tensor,
    betas: tuple[float, float],
    eps: float = NO_EPS,
    weight_decay: float = 0.0,
    lr: float = LR,
    start: float | Tensor = 0.0,
    steps_before: int = 0,
) -> Run:
    """`torch.optim.AdamW` with these gradients put into `.grad`. `steps_before` claims that many earlier steps,
    with the moments of a constant gradient 1."""
    parameter = (torch.zeros_like(gradients[0]) + start).requires_grad_()
    running = torch.optim.AdamW([parameter], lr, betas, eps, weight_decay)
    if steps_before:
        moment = [torch.ones_like(parameter) * (1 - beta**steps_before) for beta in betas]
        state = {"step": torch.tensor(float(steps_before)), "exp_avg": moment[0], "exp_avg_sq": moment[1]}
        running.state[parameter].update(state)
    path, moments = [parameter.detach().clone()], []
    for gradient in gradients:
        parameter.grad = gradient.clone()
        running.step()
        path.append(parameter.detach().clone())
        moments.append([running.state[parameter][name].clone() for name in ("exp_avg", "exp_avg_sq")])
    first, second = zip(*moments, strict=True)
    nothing = torch.zeros_like(path[0])
    return Run(torch.stack(path), torch.stack([nothing, *first]), torch.stack([nothing, *second]))


def history(last: int, after: int, sign: bool = False) -> Tensor:
    """(last + after, SEEDS, WIDTH): random gradients in steps 1..last, negative if `sign`, then zero."""
    generator = torch.Generator().manual_seed(last)
    gradients = torch.randn(last + after, SEEDS, WIDTH, generator=generator, dtype=torch.float64)
    gradients = -gradients.abs() - 0.01 if sign else gradients + 0.3
    gradients[last:] = 0
    return gradients


def closed_form(betas: tuple[float, float], T: int, k: int) -> float:
    """Eq. 36; Eq. 32 for k = 0."""
    b1, b2 = betas
    shrink = (1 - b2 ** (T + k)) / (b2 ** (k + 1) * (1 - b2 ** (T - 1)))
    return b1 ** (k + 1) * (1 - b1 ** (T - 1)) / (1 - b1 ** (T + k)) * sqrt(shrink)


def close(a: Tensor, b: Tensor | float, tolerance: float = TOL) -> bool:
    """Equal, each row up to the tolerance times its largest entry."""
    scale = torch.as_tensor(b).abs() if a.dim() < 2 else torch.as_tensor(b).abs().amax(-1, keepdim=True)
    return bool(((a - b).abs() <= tolerance * scale).all())


# -- the equations, on gradients put in by hand --------------------------------------------------------------------------


@evidence("fontana2026.eq29", "fontana2026.eq30", "fontana2026.eq34")
def decay_of_moments() -> Evidence:
    """Random gradients for t < T, then none: moments against Eq. 34, steps against Eq. 29 and 30, off by one step too."""
    ok, T, after = True, 6, 10
    for betas in (PAPER, PYTORCH):
        for eps, decay in ((1e-8, 0.0), (1e-3, 0.1)):
            run = synthetic(history(T - 1, after), betas, eps, decay, start=1.0)
            for k in range(after):
                m, v = betas[0] ** (k + 1) * run.m[T - 1], betas[1] ** (k + 1) * run.v[T - 1]
                root = (v / (1 - betas[1] ** (T + k))).sqrt() + eps
                step = -LR * m / (1 - betas[0] ** (T + k)) / root - LR * decay * run.parameters[T + k - 1]
                ok = ok and close(run.m[T + k], m) and close(run.v[T + k], v) and close(run.update(T + k), step)
            ok = ok and not close(run.m[T], betas[0] ** 2 * run.m[T - 1], 0.01)
    detail = (
        f"torch.optim.AdamW on 10 random histories, T = {T}, k < {after}, betas (0.9, 0.95) and (0.9, 0.999), "
        f"eps 1e-8 and 1e-3, with and without weight decay: moments and steps within {TOL} of Eq. 29, 30, 34"
    )
    return Evidence("numeric", detail, ok=ok)


@evidence(
    "fontana2026.eq31",
    "fontana2026.eq32",
    "fontana2026.eq35",
    "fontana2026.eq36",
    "fontana2026.prop3.repaired",
    "lossproof.total_overshoot",
)
def lengths_of_steps() -> Evidence:
    """ε = 0, λ = 0, gradients of mixed signs: every later step is C_{T,k} times the last one, coordinate by coordinate."""
    ok = True
    for betas in (PAPER, PYTORCH):
        rho = betas[0] / sqrt(betas[1])
        for T in (2, 3, 10, 100):
            run = synthetic(history(T - 1, 10), betas)
            last, total = run.update(T - 1), 0.0
            for k in range(10):
                ratio = closed_form(betas, T, k)
                ok = ok and close(run.update(T + k).norm(dim=1) / last.norm(dim=1), ratio)
                ok = ok and close(run.update(T + k), ratio * last)
                total += ratio
            series = sum(rho ** (k + 1) for k in range(10))
            drift = (run.parameters[T + 9] - run.parameters[T - 1]).norm(dim=1) / last.norm(dim=1)
            low, high = (1 - betas[0] ** (T - 1)) * series, series / sqrt(1 - betas[1] ** (T - 1))
            ok = ok and close(drift, total) and low <= total <= high
    detail = (
        "torch.optim.AdamW on 10 random histories of mixed signs, T = 2, 3, 10, 100, k < 10, betas (0.9, 0.95) and "
        f"(0.9, 0.999): steps are Eq. 36 times the last one within {TOL}, and their sum lies between its bounds"
    )
    return Evidence("numeric", detail, ok=ok)


@evidence("fontana2026.eq33", "fontana2026.eq33.number", "fontana2026.eq37", "fontana2026.eq37.limit", "fontana2026.eq37.repaired")
def limits() -> Evidence:
    """An AdamW that is a million steps old: one more gradient, then none."""
    gradients, ok = torch.zeros(7, 1, dtype=torch.float64), True
    gradients[0] = 1
    rounded = {PAPER: (0.923, 0.67), PYTORCH: (0.9, 0.59)}
    for betas, (first, fifth) in rounded.items():
        run = synthetic(gradients, betas, steps_before=10**6)
        ratios = [float(run.update(2 + k) / run.update(1)) for k in range(5)]
        rho = betas[0] / sqrt(betas[1])
        ok = ok and all(abs(ratio - rho ** (k + 1)) < TOL for k, ratio in enumerate(ratios))
        ok = ok and round(ratios[0], 3) == first and round(ratios[4], 2) == fifth
    detail = (
        f"torch.optim.AdamW from step 10^6: C_T = 0.923 and C_T,4 = 0.67 (not 0.66) for (0.9, 0.95), "
        f"0.900 and 0.59 for (0.9, 0.999), within {TOL} of the limits"
    )
    return Evidence("numeric", detail, ok=ok)


@evidence("lossproof.total_overshoot.paper_rates", "lossproof.total_overshoot.pytorch_rates")
def total_drift() -> Evidence:
    """The same, 400 steps without gradient: the whole drift in last steps."""
    gradients, drifts = torch.zeros(401, 1, dtype=torch.float64), []
    gradients[0] = 1
    for betas in (PAPER, PYTORCH):
        run = synthetic(gradients, betas, steps_before=10**6)
        drifts.append(float((run.parameters[-1] - run.parameters[1]) / run.update(1)))
    ok = [round(x, 2) for x in drifts] == [12.05, 9.05]
    detail = "torch.optim.AdamW from step 10^6, 400 steps without gradient: 12.05 last steps for (0.9, 0.95), 9.05 for (0.9, 0.999)"
    return Evidence("numeric", detail, ok=ok)


@evidence("fontana2026.eq38", "fontana2026.eq38.repaired", "fontana2026.eq38.coordinates")
def epsilon() -> Evidence:
    """ε of the size of the roots: the repaired factor holds, the printed product is off, and coordinates differ."""
    ok, T, after = True, 4, 5
    for betas in (PAPER, PYTORCH):
        for eps in (1e-3, 1.0):
            run = synthetic(history(T - 1, after), betas, eps)
            for k in range(after):
                before, now = ((run.v[t] / (1 - betas[1] ** t)).sqrt() + eps for t in (T - 1, T + k))
                moments = betas[0] ** (k + 1) * (1 - betas[0] ** (T - 1)) / (1 - betas[0] ** (T + k))
                ratio, plain, factor = run.update(T + k) / run.update(T - 1), closed_form(betas, T, k), before / now
                ok = ok and bool(((ratio - moments * factor).abs() < TOL).all()) and bool((ratio < plain).all())
                ok = ok and bool((plain * factor > 1.05 * ratio).all()) and float(factor.std()) > 1e-5
    detail = (
        "torch.optim.AdamW on 10 random histories of 6 coordinates, T = 4, k < 5, eps 1e-3 and 1: the ratio of the first moments "
        f"times the factor is the ratio of steps within {TOL}, and below Eq. 36; Eq. 36 times the factor is more than 5 % too long"
    )
    return Evidence("numeric", detail, ok=ok)


@evidence("fontana2026.prop3", "fontana2026.prop3.no_decay", "fontana2026.prop7")
def counterexamples() -> Evidence:
    """The stored counterexamples through the real AdamW, and PyTorch's defaults, which turn back too, only later."""
    one = torch.tensor([-1.0, 0.0], dtype=torch.float64)
    decay = synthetic(one, (0.5, 1 / 3), 0.0, 0.5, 1.0, 1.0)
    mixed = synthetic(torch.tensor([-1.0, 3.0, 0.0], dtype=torch.float64), (0.5, 0.6), 0.0, 0.0, 1.0)
    ok = close(decay.parameters, torch.tensor([1, 3 / 2, 17 / 12], dtype=torch.float64))
    steps = torch.tensor([1, -5 / 3 / sqrt(6), -5 / 12], dtype=torch.float64)
    ok = ok and close(mixed.parameters.diff(), steps) and 0 < float(mixed.parameters[2])
    gradients = torch.zeros(200, dtype=torch.float64)
    gradients[:10] = -1
    default = synthetic(gradients, PYTORCH, 1e-8, 0.01, 1e-3, 1.0)
    falls = [step for step in range(1, 201) if float(default.update(step)) < 0]
    turn = falls[0] if falls else 0
    ok = ok and turn > 11 and falls == list(range(turn, 201))
    detail = (
        "torch.optim.AdamW: theta = 1, 3/2, 17/12 with weight decay; steps 1, -0.680, -5/12 without; with PyTorch's defaults, theta = 1 "
        f"and 10 gradients of one sign the update turns around in step {turn}"
    )
    return Evidence("numeric", detail, ok=ok)


@evidence("fontana2026.prop7.repaired", "fontana2026.s5c.repaired")
def one_sign() -> Evidence:
    """λ = 0 and gradients of one sign before the clip: every later step goes on; so does any history by its last step."""
    ok = True
    for betas in (PAPER, PYTORCH):
        for eps in (NO_EPS, 1e-8, 1e-2):
            run = synthetic(history(9, 50, sign=True), betas, eps)
            ok = ok and bool((run.parameters.diff(dim=0) > 0).all())
            run = synthetic(history(9, 50), betas, eps)
            ok = ok and bool((run.parameters.diff(dim=0)[9:].sign() == run.update(9).sign()).all())
    detail = (
        "torch.optim.AdamW, weight decay 0, 10 random histories of 9 gradients, 6 coordinates, eps negligible, 1e-8, 1e-2: for 50 steps "
        "without gradient every coordinate goes on in the direction of its last step"
    )
    return Evidence("numeric", detail, ok=ok)


# -- inner loops on policies ---------------------------------------------------------------------------------------------


def two_completions(policy: Policy) -> Group:
    """The two completions of one token that there are, with the rewards 1 and 0; π_ref is the starting policy."""
    completions = Completions(torch.tensor([[1], [0]]), torch.ones(2, 1, dtype=torch.float64))
    return score_group(policy, completions, lambda tokens, mask: (tokens[:, 0] == 1).double())


def policies(seed: int) -> list[tuple[Policy, float]]:
    """A tabular policy and a transformer over two tokens, with learning rates that clip both within 13 steps."""
    return [(TabularPolicy.random(2, 1, seed, scale=0.5), 0.05), (TinyTransformer(2, 1, seed), 3e-4)]


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
    with torch.no_grad():
        for parameter, part in zip(other.parameters(), parameters.split([p.numel() for p in other.parameters()]), strict=True):
            parameter.copy_(part.view_as(parameter))
    return other


@evidence("fontana2026.eq36", "fontana2026.prop3.repaired", "fontana2026.prop7.repaired", "fontana2026.s5c.repaired")
def clipped_inner_loops() -> Evidence:
    """AdamW without weight decay past the clip: steps against Eq. 36, and the ratio that it predicts at the end."""
    ok, highest, lowest = True, 0.0, 1.0
    for seed, betas, which in product(range(SEEDS), (PAPER, PYTORCH), (0, 1)):
        policy, lr = policies(seed)[which]
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
        "14 AdamW steps on clipped Dr. GRPO, 10 tabular policies and 10 transformers, betas (0.9, 0.95) and (0.9, 0.999): once both "
        f"tokens are clipped each step is Eq. 36 times the last one and the ratios it predicts are reached, both within {TOL}; every "
        "step takes both ratios further, beyond 2.5 and below 0.4 at most, from bounds of 1.2 and 0.8"
    )
    return Evidence("numeric", detail, ok=ok)


@evidence("fontana2026.prop3", "fontana2026.prop7")
def without_momentum() -> Evidence:
    """SGD and RMSprop: past the clip nothing moves, so that what moves AdamW there is its momentum."""
    ok = True
    for seed, which in product(range(SEEDS), (0, 1)):
        policy, lr = policies(seed)[which]
        for optimizer in (sgd(30 * lr), rmsprop(lr)):
            trajectory = loop(policy, optimizer, 12)
            silent = [step for step in trajectory.steps if bool((step.gradient == 0).all())]
            ok = ok and len(silent) > 0 and all(torch.equal(step.after, step.before) for step in silent)
    detail = "SGD and RMSprop on clipped Dr. GRPO, 10 tabular policies and 10 transformers: once both tokens are clipped nothing moves"
    return Evidence("numeric", detail, ok=ok)


@evidence("fontana2026.s5c", "fontana2026.s5c.pull")
def corrected() -> Evidence:
    """The stored counterexample through autograd and AdamW; then β of GRPO, 0.04, in inner loops."""
    theta = torch.tensor([0.25], dtype=torch.float64, requires_grad=True)
    running, path = torch.optim.AdamW([theta], 0.25, (0.5, 1 / 3), 0.0, 0.0), [0.25]
    for _ in range(2):
        running.zero_grad()
        ratio = theta / 0.25
        (-torch.minimum(ratio * 0.25, ratio.clamp(0.8, 1.2) * 0.25) + 0.25 / theta - (0.25 / theta).log() - 1).sum().backward()
        running.step()
        path.append(theta.item())
    ok = close(torch.tensor(path), torch.tensor([1 / 4, 1 / 2, 5 / 12]))
    for seed, which in product(range(SEEDS), (0, 1)):
        policy, lr = policies(seed)[which]
        ratios = loop(policy, adamw(lr, PYTORCH, 1e-8, 0.0), 28, beta=0.04).ratios[:, :, 0]
        up, down = ratios[:, 0], ratios[:, 1]
        ok = ok and float(up.max()) > max(1.2, float(up[-1]) + 0.005) and float(down.min()) < min(0.8, float(down[-1]) - 0.005)
    detail = (
        "clipped surrogate and D_KL through autograd and torch.optim.AdamW: theta = 1/4, 1/2, 5/12; Dr. GRPO with beta = 0.04 on 10 "
        "tabular policies and 10 transformers: both ratios leave the bounds and turn back within 28 steps"
    )
    return Evidence("numeric", detail, ok=ok)


# -- the gradient in the clipped region ----------------------------------------------------------------------------------


@evidence("fontana2026.eq28", "fontana2026.eq28.one_token")
def gradient_by_region() -> Evidence:
    """Autograd in the parameters against A ω outside R_clip and -β ∂R inside, token by token; then all tokens inside."""
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
        "GRPO and Dr. GRPO with beta = 0.1 on 20 groups, tabular and transformer: autograd is A omega outside R_clip and -beta grad R "
        "inside, within 1e-9; with every token inside it is -beta grad R, with one completion outside it is not"
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
