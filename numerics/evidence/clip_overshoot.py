"""Appendix D in numbers: the real AdamW on gradients put into `.grad` by hand, ten seeds as the rows of a parameter.

Tolerance. A moment without gradient loses at most 4 roundings per step, and so does its closed form, so after
T + k <= 210 steps both are within 2000 * 2^-53 of the exact one; root, bias corrections, quotient and product add fewer
than 100. A step is read off as a difference of parameters below 300 steps in size, which costs 600 roundings of a step,
and later steps are at least 0.3 of the one they are compared with: 1e4 * 2^-53 = 1.1e-12 bounds the relative error of
the ratios below. TOL = 1e-10 leaves a factor of 90.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

import torch
from torch import Tensor

from numerics.evidence import evidence
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


def close(a: Tensor, b: Tensor, tolerance: float = TOL) -> bool:
    """Equal up to the tolerance times the largest entry of the row."""
    return bool(((a - b).abs() <= tolerance * b.abs().amax(-1, keepdim=True)).all())


def near(a: Tensor, b: float) -> bool:
    """Every entry equal to a number, up to the tolerance."""
    return bool(((a - b).abs() <= TOL * abs(b)).all())


@evidence("fontana2026.eq29", "fontana2026.eq30", "fontana2026.eq34")
def decay_of_moments() -> Evidence:
    """Random gradients for t < T, then none: moments against Eq. 34, steps against Eq. 29 and 30."""
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
    """ε = 0, λ = 0, gradients of mixed signs: every later step is C_{T,k} times the last one, in each coordinate."""
    ok = True
    for betas in (PAPER, PYTORCH):
        rho = betas[0] / sqrt(betas[1])
        for T in (2, 3, 10, 100):
            run = synthetic(history(T - 1, 10), betas)
            last, total = run.update(T - 1), 0.0
            for k in range(10):
                ratio = closed_form(betas, T, k)
                ok = ok and near(run.update(T + k).norm(dim=1) / last.norm(dim=1), ratio)
                ok = ok and close(run.update(T + k), ratio * last)
                total += ratio
            series = sum(rho ** (k + 1) for k in range(10))
            drift = (run.parameters[T + 9] - run.parameters[T - 1]).norm(dim=1) / last.norm(dim=1)
            low, high = (1 - betas[0] ** (T - 1)) * series, series / sqrt(1 - betas[1] ** (T - 1))
            ok = ok and near(drift, total) and low <= total <= high
    detail = (
        "torch.optim.AdamW on 10 random histories of mixed signs, T = 2, 3, 10, 100, k < 10, betas (0.9, 0.95) and "
        f"(0.9, 0.999): steps are Eq. 36 times the last one within {TOL}, and their sum lies between its bounds"
    )
    return Evidence("numeric", detail, ok=ok)


@evidence(
    "fontana2026.eq33",
    "fontana2026.eq33.number",
    "fontana2026.eq37",
    "fontana2026.eq37.limit",
    "fontana2026.eq37.repaired",
)
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
    detail = (
        "torch.optim.AdamW from step 10^6, 400 steps without gradient: 12.05 last steps for (0.9, 0.95), 9.05 for (0.9, 0.999)"
    )
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
        "torch.optim.AdamW on 10 random histories of 6 coordinates, T = 4, k < 5, eps 1e-3 and 1: the ratio of the "
        f"first moments times the factor is the ratio of steps within {TOL}, and below Eq. 36; Eq. 36 times the factor "
        "is more than 5 % too long"
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
        "torch.optim.AdamW: theta = 1, 3/2, 17/12 with weight decay; steps 1, -0.680, -5/12 without; with PyTorch's "
        f"defaults, theta = 1 and 10 gradients of one sign the update turns around in step {turn}"
    )
    return Evidence("numeric", detail, ok=ok)


@evidence("fontana2026.prop7.repaired", "fontana2026.s5c.repaired")
def one_sign() -> Evidence:
    """λ = 0: gradients of one sign make every later step go on; any history goes on as its last step did."""
    ok = True
    for betas in (PAPER, PYTORCH):
        for eps in (NO_EPS, 1e-8, 1e-2):
            run = synthetic(history(9, 50, sign=True), betas, eps)
            ok = ok and bool((run.parameters.diff(dim=0) > 0).all())
            run = synthetic(history(9, 50), betas, eps)
            ok = ok and bool((run.parameters.diff(dim=0)[9:].sign() == run.update(9).sign()).all())
    detail = (
        "torch.optim.AdamW, weight decay 0, 10 random histories of 9 gradients, 6 coordinates, eps negligible, 1e-8, "
        "1e-2: for 50 steps without gradient every coordinate goes on in the direction of its last step"
    )
    return Evidence("numeric", detail, ok=ok)
