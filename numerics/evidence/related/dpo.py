"""DPO and relatives in numbers: tabular problems of four responses, autograd for gradients, gradient descent for optima.

Tolerance: sums of a few terms below 50 with relative errors below 100 u, u = 2^-53: below 1e-10.
"""

from __future__ import annotations

from collections.abc import Callable
from math import exp

import torch
from torch import Tensor
from torch.nn.functional import logsigmoid

from numerics.evidence import evidence
from numerics.related.dpo import dpo, ipo, r_dpo, simpo
from theory.verdict import Evidence

TOL = 1e-10
SEEDS = 20


def problem(seed: int, size: int = 4) -> tuple[Tensor, Tensor, Tensor, float]:
    """log π_ref, rewards, log π of a random policy, β."""
    torch.manual_seed(seed)
    ref, pi = (torch.randn(size, dtype=torch.float64).log_softmax(0) for _ in range(2))
    return ref, torch.randn(size, dtype=torch.float64), pi, 0.1 + float(torch.rand(1))


def kl(a: Tensor, b: Tensor) -> Tensor:
    return (a.exp() * (a - b)).sum()


def verdict(detail: str, good: int, total: int) -> Evidence:
    return Evidence("numeric", f"{detail}: {good} of {total} within {TOL:g}", ok=good == total)


@evidence("dpo.eq4", "dpo.eq4.gap", "dpo.eq4.unique", "dpo.eq5", "dpo.theorem1", "dpo.theorem1.projection", "dpo.lemma2")
def optimal_policy() -> Evidence:
    """J(π*) - J(π) = β KL(π‖π*) for random problems, and the reward from the optimal policy."""
    good = 0
    for seed in range(SEEDS):
        ref, r, pi, beta = problem(seed)
        log_z = (ref + r / beta).logsumexp(0)
        star = ref + r / beta - log_z

        def J(p: Tensor, r: Tensor = r, beta: float = beta, ref: Tensor = ref) -> Tensor:
            return (p.exp() * r).sum() - beta * kl(p, ref)

        shifted = (ref + (r + 3.0) / beta).log_softmax(0)
        projected = (ref + (r - beta * log_z) / beta).exp().sum()
        errors = [
            J(star) - beta * log_z,
            J(star) - J(pi) - beta * kl(pi, star),
            (r - beta * (star - ref) - beta * log_z).abs().max(),
            (shifted - star).abs().max(),
            projected - 1,
        ]
        good += all(abs(float(e)) < TOL for e in errors) and float(J(star) - J(pi)) > 1e-6
    return verdict("value, gap, reward, shift and projection of random problems", good, SEEDS)


@evidence("dpo.eq6", "dpo.lemma1", "dpo.lemma1.converse", "dpo.eq7.population", "dpo.prop1")
def preferences() -> Evidence:
    """σ(r_i - r_j) from the optimal policy; choices among what is left; cross-entropy over a grid of σ."""
    good = 0
    for seed in range(SEEDS):
        ref, r, _, beta = problem(seed)
        star = (ref + r / beta).log_softmax(0)
        implicit = beta * (star - ref)
        pairs = (logsigmoid(r[:, None] - r) - logsigmoid(implicit[:, None] - implicit)).abs().max()
        ranked = max(float((r[m:].softmax(0) - (r[m:] + 2.0).softmax(0)).abs().max()) for m in range(4))
        q = torch.rand(1, dtype=torch.float64).clamp(0.05, 0.95)
        s = torch.linspace(0.001, 0.999, 999, dtype=torch.float64)
        loss = -q * s.log() - (1 - q) * (1 - s).log()
        least = -q * q.log() - (1 - q) * (1 - q).log()
        good += (
            float(pairs) < TOL and ranked < TOL and bool((loss >= least - TOL).all()) and abs(float(s[loss.argmin()] - q)) < 1e-3
        )
    return verdict("preferences of π*, shifts of Plackett-Luce choices, the optimum of the loss on a grid", good, SEEDS)


def descend(logits: Tensor, loss: Callable[[Tensor], Tensor], steps: int = 400, rate: float = 1.0) -> Tensor:
    """log π after gradient descent on a loss of log π, from each start: (N, V) -> (N, V)."""
    x = logits.clone().requires_grad_()
    for _ in range(steps):
        (g,) = torch.autograd.grad(loss(x.log_softmax(1)), x)
        x = (x - rate * g).detach().requires_grad_()
    return x.log_softmax(1).detach()


@evidence("dpo.coverage", "dpo.coverage.repaired")
def coverage() -> Evidence:
    """Descent on Bradley-Terry preferences of three responses: one pair compared, two starts; then all pairs."""
    ref, r = torch.zeros(3, dtype=torch.float64) - torch.tensor(3.0).log(), torch.tensor([1.0, 0.0, 0.5], dtype=torch.float64)
    starts = torch.tensor([[0.0, 0.0, 2.0], [0.0, 0.0, -2.0]], dtype=torch.float64)
    q = (r[:, None] - r).sigmoid()

    def over(i: list[int], j: list[int]) -> Tensor:
        def loss(logp: Tensor) -> Tensor:
            h = (logp - ref)[:, i] - (logp - ref)[:, j]
            return -(q[i, j] * logsigmoid(h) + q[j, i] * logsigmoid(-h)).sum()

        return descend(starts, loss)

    one, every = over([0], [1]), over([0, 0, 1], [1, 2, 2])
    star = (ref + r).log_softmax(0)
    ok = float((one[0] - one[1]).abs().max()) > 0.5 and all(float((x[0] - x[1]) - 1) ** 2 < 1e-8 for x in one)
    ok &= all(float((x - star).abs().max()) < 1e-4 for x in every)
    return Evidence(
        "numeric", "one pair of three responses: two starts end at policies more than 0.5 apart in log π; all pairs: at π*", ok=ok
    )


@evidence("dpo.gradient", "dpo.gradient.at_reference", "dpo.gradient.printed_u", "dpo.label_smoothing")
def gradients() -> Evidence:
    """Autograd of the loss against the formula, at random policies and at the reference; and with u turned round."""
    good = 0
    for seed in range(SEEDS):
        ref, r, pi, beta = problem(seed)
        x = pi.clone().requires_grad_()
        logp = x.log_softmax(0)
        loss = dpo(logp[:1], logp[1:2], ref[:1], ref[1:2], beta)
        (found,) = torch.autograd.grad(loss, x, retain_graph=True)
        scores = torch.eye(4, dtype=torch.float64) - logp.detach().exp()
        h = float((logp[0] - ref[0] - logp[1] + ref[1]).detach())
        weight = float(torch.tensor(-beta * h, dtype=torch.float64).sigmoid())
        wanted = -beta * weight * (scores[0] - scores[1])
        turned = dpo(logp[1:2], logp[:1], ref[1:2], ref[:1], beta)
        (other,) = torch.autograd.grad(turned, x)
        y = ref.clone().requires_grad_()
        (start,) = torch.autograd.grad(dpo(y[:1], y[1:2], ref[:1], ref[1:2], beta), y)
        half = torch.tensor([-beta / 2, beta / 2, 0, 0], dtype=torch.float64)
        good += bool(
            (found - wanted).abs().max() < TOL and (other - wanted).abs().max() > 1e-3 and (start - half).abs().max() < TOL
        )
    return verdict("the gradient, its weight 1/2 at the reference, and another one with u turned round", good, SEEDS)


@evidence("dpo.ipo.minimiser", "dpo.deterministic", "dpo.deterministic.log_rate", "dpo.psipo.logit", "dpo.label_smoothing")
def noise_free() -> Evidence:
    """Losses as functions of h on a grid; the flow of h by small steps."""
    zero = torch.zeros(1, dtype=torch.float64)
    grid = torch.linspace(-15, 15, 601, dtype=torch.float64)
    ok = True
    for q, tau in ((1.0, 0.1), (0.8, 0.5), (0.5, 1.0)):
        loss = torch.stack(
            [q * ipo(h[None], zero, zero, zero, tau) + (1 - q) * ipo(-h[None], zero, zero, zero, tau) for h in grid]
        )
        ok &= abs(float(grid[loss.argmin()]) - (q - 0.5) / tau) < 0.026
    for beta, eps in ((0.5, 0.1), (2.0, 0.25)):
        plain = torch.stack([dpo(h[None], zero, zero, zero, beta) for h in grid])
        smooth = torch.stack([dpo(h[None], zero, zero, zero, beta, eps) for h in grid])
        ok &= bool((plain[1:] < plain[:-1]).all()) and bool((plain <= (-beta * grid).exp() * (1 + TOL)).all())
        best = torch.tensor((1 - eps) / eps, dtype=torch.float64).log() / beta
        ok &= abs(float(grid[smooth.argmin()] - best)) < 0.026
        h, step = 0.0, 1e-3
        invariant = [1.0]
        for n in range(1, 5001):
            h += step * beta / (1 + exp(beta * h))
            if n % 2500 == 0:
                invariant.append(exp(beta * h) + beta * h)
        ok &= all(abs(x - 1 - beta**2 * 2.5 * k) < 2e-2 for k, x in enumerate(invariant))
    return Evidence(
        "numeric", "grids of h: optima at (q-1/2)/τ and (1/β) log((1-ε)/ε), none without noise; exp(βh) + βh rises by β² t", ok=ok
    )


@evidence("dpo.displacement.tabular", "dpo.displacement.linear", "dpo.displacement.margin", "dpo.displacement.never")
def displacement() -> Evidence:
    """Steps along the gradient of the margin: tabular of any size; with features, and the example in one dimension."""
    good = 0
    for seed in range(SEEDS):
        torch.manual_seed(seed)
        x, features = torch.randn(5, dtype=torch.float64), torch.randn(5, 3, dtype=torch.float64)
        s = torch.zeros(1, dtype=torch.float64, requires_grad=True)
        direction = torch.zeros(5, dtype=torch.float64)
        direction[0], direction[1] = 1, -1
        pi = x.softmax(0)
        along = torch.linspace(0, 20, 50, dtype=torch.float64)
        path = torch.stack([(x + t * direction).log_softmax(0) for t in along])
        rates = slope((x + s * direction).log_softmax(0), s)
        tabular = bool((path[1:, 0] > path[:-1, 0] - TOL).all() and (path[1:, 1] < path[:-1, 1]).all())
        tabular &= abs(float(rates[0] - (1 - pi[0] + pi[1]))) < TOL and abs(float(rates[1] - (-1 - pi[0] + pi[1]))) < TOL
        f = features @ (features[0] - features[1])
        linear = slope((x + s * f).log_softmax(0), s)
        good += tabular and abs(float(linear[0] - (f[0] - pi @ f))) < TOL and float(linear[0] - linear[1]) >= 0
    pi, f = torch.tensor([0.1, 0.1, 0.8], dtype=torch.float64), torch.tensor([1.0, 0.5, 3.0], dtype=torch.float64)
    s = torch.zeros(1, dtype=torch.float64, requires_grad=True)
    example = slope((pi.log() + s * f / 2).log_softmax(0), s)
    good += bool(example[0] < 0 and example[1] < 0 and example[2] > 0) and abs(float(example[0]) + 0.775) < TOL
    return verdict("tabular and linear rates; in the example winner and loser fall, the third response gains", good, SEEDS + 1)


def slope(values: Tensor, s: Tensor) -> Tensor:
    return torch.stack([torch.autograd.grad(v, s, retain_graph=True)[0][0] for v in values])


@evidence("dpo.simpo.minimiser", "dpo.simpo.minimiser.only", "dpo.simpo.normaliser", "dpo.simpo.monotone", "dpo.simpo.gradient")
@evidence("dpo.rdpo.sign", "dpo.rdpo.sign.repaired")
def lengths() -> Evidence:
    """SimPO's policy from the root c: its preferences, and a long response of high reward that is rare; R-DPO's signs."""
    ok = True
    for seed in range(5):
        torch.manual_seed(seed)
        n, r, beta = torch.tensor([1.0, 3.0, 8.0], dtype=torch.float64), torch.randn(3, dtype=torch.float64), 2.0
        low, high = -50.0, 50.0
        for _ in range(200):
            c = (low + high) / 2
            low, high = (c, high) if float((n * (r + c) / beta).exp().sum()) < 1 else (low, c)
        logp = n * (r + low) / beta
        x = logp.clone().requires_grad_()
        pairs = [(i, j) for i in range(3) for j in range(3) if i != j]
        q = (r[:, None] - r).sigmoid()
        loss = sum(
            q[i, j] * simpo(x.log_softmax(0)[i : i + 1], x.log_softmax(0)[j : j + 1], n[i], n[j], beta, 0.0) for i, j in pairs
        )
        (g,) = torch.autograd.grad(loss, x)  # type: ignore[arg-type]
        ok &= float(g.abs().max()) < 1e-8
    a, b = torch.tensor([0.25, 0.75], dtype=torch.float64).log()
    ok &= bool(a / 8 > b) and bool(a < b)
    ref = torch.zeros(2, dtype=torch.float64) - torch.tensor(2.0).log()
    r, n, alpha, beta = torch.tensor([1.0, 2.0], dtype=torch.float64), torch.tensor([1.0, 2.0], dtype=torch.float64), 1.0, 1.0
    star = (ref + (r - alpha * n) / beta).log_softmax(0)
    fitted = r_dpo(star[:1], star[1:], ref[:1], ref[1:], n[:1], n[1:], beta, alpha)
    turned = r_dpo(star[:1], star[1:], ref[:1], ref[1:], n[:1], n[1:], beta, -alpha)
    wanted = -logsigmoid(r[0] - r[1])
    ok &= abs(float(fitted - wanted)) < TOL and abs(float(turned - wanted)) > 0.5
    return Evidence(
        "numeric", "5 problems: no gradient at log π = |y| (r+c)/β; higher reward, lower probability; R-DPO with + α", ok=ok
    )


@evidence("dpo.online", "dpo.online.repaired", "dpo.fdpo.reverse_kl", "dpo.fdpo.forward_kl", "dpo.length.sum", "dpo.simpo.gamma")
def others() -> Evidence:
    """Drawing from the policy itself; optima under other divergences, as points without gradient; γ in both orders."""
    ok = True
    for seed in range(SEEDS):
        ref, r, pi, beta = problem(seed)
        x = pi.clone().requires_grad_()
        logp = x.log_softmax(0)
        L = (logp - ref) ** 2
        drawn, inside = (logp.exp() * L).sum(), (logp.exp().detach() * L).sum()
        of_drawing = (logp.exp() * L.detach()).sum()
        whole, part, rest = (torch.autograd.grad(f, x, retain_graph=True)[0] for f in (drawn, inside, of_drawing))
        ok &= bool((whole - part - rest).abs().max() < TOL and rest.abs().max() > 1e-4)
        low, high = float(r.max()), float(r.max()) + 100.0  # π = β π_ref/(c - r) sums to 1
        for _ in range(200):
            c = (low + high) / 2
            low, high = (c, high) if float((beta * ref.exp() / (c - r)).sum()) > 1 else (low, c)
        best = (beta * ref.exp() / (high - r)).log()
        y = best.clone().requires_grad_()
        p = y.log_softmax(0)
        (g,) = torch.autograd.grad((p.exp() * r).sum() + beta * (ref.exp() * (p - ref)).sum(), y)
        z = (ref + r / beta).clone().requires_grad_()
        q = z.log_softmax(0)
        (f,) = torch.autograd.grad((q.exp() * r).sum() - beta * kl(q, ref), z)
        ok &= float(g.abs().max()) < 1e-8 and float(f.abs().max()) < TOL
        u = 0.1 + torch.rand(7, dtype=torch.float64)
        ok &= float(beta * u.sum()) >= beta * 7 * 0.1
    grid = torch.linspace(-5, 5, 1001, dtype=torch.float64)
    loss = -(0.7 * logsigmoid(grid - 0.5) + 0.3 * logsigmoid(-grid - 0.5))
    ok &= abs(float(grid[loss.argmin()]) - float(torch.tensor(0.7 / 0.3, dtype=torch.float64).log())) > 0.05
    return Evidence("numeric", "20 problems: what drawing adds, optima for both KLs; with γ the optimum is not BT's", ok=ok)
