"""DisCO in numbers: Proposition 1 on tabular policies, weights of groups in exact rationals, gradients by autograd.

Tolerance: sums of at most a few hundred terms of size below 50, each with a relative error below 100 u, u = 2^-53: below 1e-10.
"""

from __future__ import annotations

from fractions import Fraction
from itertools import product

import torch
from flint import arb, fmpq
from torch import Tensor

from numerics.evidence import evidence
from numerics.objectives.common import clipped_surrogate
from numerics.objectives.disco import disco
from numerics.objectives.disco_b import disco_b
from numerics.policies import TabularPolicy
from numerics.related.disco import difficulty, in_groups, law, population
from theory.verdict import Evidence

F = Fraction
TOL = 1e-10
POINTS = [F(1, 100), F(1, 20), F(1, 10), F(3, 10), F(1, 2), F(4, 5), F(99, 100)]


def close(a: float, b: float) -> bool:
    return abs(a - b) < TOL * (1 + abs(b))


@evidence("disco.prop1", "disco.prop1.dr_grpo", "disco.prop1.grpo", "disco.weight.group")
@torch.no_grad()
def discriminative_form() -> Evidence:
    """Both sides of Prop. 1 over all completions of two policies, random rewards and ε; σ any number."""
    good = total = 0
    for seed in range(20):
        now, old = (TabularPolicy.random(3, 2, 7 * seed + k) for k in (0, 1))
        tokens, mask = now.completions()
        logp, old_logp = (policy.log_probs(tokens, mask) for policy in (now, old))
        q = (old_logp * mask).sum(1).exp()
        torch.manual_seed(seed)
        r = (torch.rand(len(q)) < 0.5).double()
        r[0], r[1] = 0.0, 1.0
        p, eps = float(q @ r), 0.05 + 0.3 * float(torch.rand(1))
        ratio, n = (logp - old_logp).exp(), mask.sum(1)
        plus = (ratio.clamp(max=1 + eps) * mask).sum(1) / n
        minus = (ratio.clamp(min=1 - eps) * mask).sum(1) / n
        contrast = float((q * r / p) @ plus - (q * (1 - r) / (1 - p)) @ minus)
        for sigma in ((p * (1 - p)) ** 0.5, 1.0, 0.3):
            surrogate = clipped_surrogate(ratio, ((r - p) / sigma)[:, None], eps, eps)
            good += close(float(q @ ((surrogate * mask).sum(1) / n)), p * (1 - p) / sigma * contrast)
            total += 1
    return Evidence(
        "numeric", f"weights √(p(1-p)), p(1-p) and p(1-p)/0.3 within {TOL:g} in {good} of {total} cases", ok=good == total
    )


QUOTED = {8: (0.260, 0.539, 0.698, 0.899, 0.928), 64: (0.670, 0.945, 0.976)}


@evidence("disco.weight.finite", "disco.weight.finite.repaired", "disco.weight.dr_grpo_finite", "lossproof.disco_weight")
def weights_in_groups() -> Evidence:
    """E√(phat(1-phat)) by rigorous balls, E[phat(1-phat)] in rationals, and the ratios that notes on the paper quote."""
    ok = True
    for size in (2, 3, 5, 8, 16, 64):
        for p in POINTS:
            chances = law(p, size)
            roots = sum((ball(c) * ball(F(k * (size - k), size**2)).sqrt() for k, c in enumerate(chances)), arb(0))
            products = sum((c * F(k * (size - k), size**2) for k, c in enumerate(chances)), F(0))
            shrunk = (1 - F(1, size)) * p * (1 - p)
            ok &= products == shrunk and bool(roots <= ball(shrunk).sqrt() * (1 + arb(2) ** -100))
            ok &= bool(roots <= ball(F(size - 1)).sqrt() * ball(min(p, 1 - p)) * (1 + arb(2) ** -100))
    for size, ratios in QUOTED.items():
        found = [in_groups(p, size).weights["GRPO"] / population(p).weights["GRPO"] for p in POINTS[: len(ratios)]]
        ok &= [round(x, 3) for x in found] == list(ratios)
    detail = (
        "G = 2..64, 7 values of p: both bounds hold, Dr. GRPO's weight is (1-1/G) p(1-p) exactly; ratios to √(p(1-p)) at G = 8: "
    )
    return Evidence("numeric", detail + "0.260, 0.539, 0.698, 0.899, 0.928; at G = 64: 0.670, 0.945, 0.976", ok=ok)


def ball(x: F) -> arb:
    return arb(fmpq(x.numerator, x.denominator))


@evidence("disco.weight.ddof", "disco.kl_estimate.negative", "disco.code.denominator")
def small_groups() -> Evidence:
    """The sample deviation of every binary group of 2..6; one output's estimate of KL; shares of valid questions."""
    ok = True
    for size in range(2, 7):
        for k in range(1, size):
            r = torch.tensor([1.0] * k + [0.0] * (size - k), dtype=torch.float64)
            spread = k * (size - k) / size**2
            ok &= close(spread / float(r.std()), ((1 - 1 / size) * spread) ** 0.5)
            losses = torch.arange(size, dtype=torch.float64) + 3
            ok &= close(float((r * losses).mean()), k / size * float(losses[r == 1].mean()))
    old, pi = torch.tensor([0.25, 0.75], dtype=torch.float64), torch.tensor([0.5, 0.5], dtype=torch.float64)
    each = old.log() - pi.log()
    ok &= float(each.min()) < 0 < float(old @ each)
    return Evidence("numeric", "all binary groups of 2..6: √(1-1/G) √(phat(1-phat)); a negative estimate of KL", ok=ok)


@evidence("lossproof.disco_group_weight", "disco.difficulty.unbounded", "disco.difficulty.relative")
def group_weight() -> Evidence:
    """P(S)/(p(1-p)) against its series, in rationals; and the rows for the figure."""
    ok = True
    for size in range(2, 20):
        for p in POINTS:
            chances = law(p, size)
            weight = (1 - chances[0] - chances[-1]) / (p * (1 - p))
            ok &= weight == sum(p**m + (1 - p) ** m for m in range(size - 1)) and weight <= size
    for row in difficulty(POINTS, (8,)):
        relative = row.of_accuracy()
        ok &= relative["DisCO-b"] <= (row.group or 1e9) and relative["Dr. GRPO"] <= 1 + TOL
        ok &= row.group is not None or (relative["GRPO"] >= 2 - TOL and row.weights["GRPO"] <= 0.5 + TOL)
    return Evidence("numeric", "G = 2..19, 7 values of p: P(S)/(p(1-p)) is its series exactly, and at most G", ok=ok)


def softmax_case(seed: int, arms: int) -> tuple[Tensor, Tensor, Tensor]:
    """Logits, log-probabilities and binary rewards of a bandit."""
    torch.manual_seed(seed)
    logits = torch.randn(arms, dtype=torch.float64, requires_grad=True)
    r = torch.zeros(arms, dtype=torch.float64)
    r[: 1 + seed % (arms - 1)] = 1
    return logits, logits.log_softmax(0), r


def gradient(x: Tensor, logits: Tensor) -> Tensor:
    return torch.autograd.grad(x, logits, retain_graph=True)[0]


@evidence("disco.logit", "disco.logit.grpo", "disco.logit.dr_grpo", "disco.difficulty.eliminated", "disco.group.gradient")
def log_odds() -> Evidence:
    """∇ of the contrast against ∇logit p; groups of 2, 3, 4 enumerated against P(S) ∇logit p."""
    good = grouped = total = groups = 0
    for seed in range(6):
        logits, logp, r = softmax_case(seed, 4)
        pi = logp.exp()
        p = (pi * r).sum()
        w = pi.detach()
        contrast = (w * r * logp).sum() / p.detach() - (w * (1 - r) * logp).sum() / (1 - p.detach())
        found, odds = gradient(contrast, logits), gradient((p / (1 - p)).log(), logits)
        arcsin = gradient(2 * p.sqrt().asin(), logits)
        spread = float((p * (1 - p)).detach())
        good += bool((found - odds).abs().max() < TOL) and bool((found * spread - gradient(p, logits)).abs().max() < TOL)
        good += bool((found * spread**0.5 - arcsin).abs().max() < TOL)
        total += 2
        rows = torch.stack([gradient(x, logits) for x in logp])
        for size in (2, 3, 4):
            every = torch.tensor(list(product(range(4), repeat=size)))
            right = r[every]
            kept = (right.sum(1) > 0) & (right.sum(1) < size)
            chosen, right = every[kept], right[kept]
            plus = (rows[chosen] * right[..., None]).sum(1) / right.sum(1, keepdim=True)
            minus = (rows[chosen] * (1 - right)[..., None]).sum(1) / (1 - right).sum(1, keepdim=True)
            chance = w[chosen].prod(1)
            grouped += bool(((chance[:, None] * (plus - minus)).sum(0) - chance.sum() * odds).abs().max() < TOL)
            groups += 1
    detail = f"∇logit p, 2∇arcsin√p and ∇p within {TOL:g} in {good} of {total} checks on bandits; groups of 2..4 enumerated: "
    return Evidence("numeric", detail + f"P(S) ∇logit p in {grouped} of {groups}", ok=good == total and grouped == groups)


@evidence("disco.j2.factor", "disco.j2.dro", "disco.j2.jensen", "disco.j2.range", "disco.j2.large_tau", "disco.j2.monotone")
@evidence("disco.j2.gradient", "disco.j1.identity")
def free_energy() -> Evidence:
    """F(τ) over random scores: order in τ, bounds, limits, the best Q, and the gradient by autograd."""
    good = total = 0
    for seed in range(10):
        torch.manual_seed(seed)
        P = torch.rand(5, dtype=torch.float64) + 0.05
        P = P / P.sum()
        z = torch.randn(5, dtype=torch.float64, requires_grad=True)
        taus = torch.tensor([0.01, 0.1, 1.0, 10.0, 100.0, 1e4], dtype=torch.float64)
        values = [float(F_of(P, z.detach(), tau)) for tau in taus]
        mean, largest = float(P @ z.detach()), float(z.detach().max())
        good += all(a >= b - TOL for a, b in zip(values, values[1:], strict=False)) and mean <= values[-1] + TOL
        good += abs(values[0] - largest) < 0.01 * 4 and values[-1] - mean <= 2 * float(P @ z.detach() ** 2) / 1e4 + TOL
        soft = (P.log() + z).softmax(0)
        good += bool((gradient(F_of(P, z, taus[2]), z) - soft).abs().max() < TOL)
        tilt = soft.detach()
        good += close(float(tilt @ z.detach() - (tilt * (tilt / P).log()).sum()), values[2])
        others = torch.rand(50, 5, dtype=torch.float64) + 1e-3
        others = others / others.sum(1, keepdim=True)
        good += bool(((others @ z) - (others * (others / P).log()).sum(1) <= values[2] + TOL).all())
        total += 5
    return Evidence(
        "numeric", f"order in τ, both ends, the gradient, the best Q and 50 others: {good} of {total} checks", ok=good == total
    )


def F_of(P: Tensor, z: Tensor, tau: Tensor) -> Tensor:
    return tau * (P.log() + z / tau).logsumexp(0)


@evidence("disco.penalty.gradient", "disco.penalty.kept", "disco.penalty.kept.repaired", "disco.code.half_slope")
@evidence("disco.code.log_mean_exp", "disco.penalty.first_step", "disco.kl_estimate.gradient", "disco.scores.on_policy")
def penalty() -> Evidence:
    """The penalty, its released form and the residual violation on J = θ, D = θ²; KL and scores by autograd."""
    ok = True
    for beta, delta in ((1e3, 1e-4), (2.0, 0.3), (50.0, 0.01)):
        for at in (0.005, 0.2, 0.9):
            x = torch.tensor(at, dtype=torch.float64, requires_grad=True)
            hinge = (x**2 - delta).clamp(min=0)
            printed, released = beta * hinge**2, (beta * hinge).detach() * x**2
            a, b = (float(torch.autograd.grad(f, x, retain_graph=True)[0]) for f in (printed, released))
            ok &= close(a, 2 * b) and (a == 0) == (at**2 <= delta)
        low, high = delta**0.5, 10.0
        for _ in range(200):  # 1 = 2 β (θ² - δ) 2 θ
            mid = (low + high) / 2
            low, high = (mid, high) if 4 * beta * (mid**2 - delta) * mid < 1 else (low, mid)
        ok &= abs((low**2 - delta) - 1 / (2 * low) / (2 * beta)) < 1e-9 and low**2 > delta
    for seed in range(5):
        logits, logp, _ = softmax_case(seed, 4)
        old = logp.detach()
        kl = (old.exp() * (old - logp)).sum()
        ok &= bool(gradient(kl, logits).abs().max() < TOL)
        S = logp.exp()[:2].sum()
        ok &= bool((gradient(S / S.detach(), logits) - gradient((S / 7).log(), logits)).abs().max() < TOL)
        ok &= bool((gradient((logp - old).exp()[0], logits) - gradient(logp[0], logits)).abs().max() < TOL)
    return Evidence("numeric", "half the slope, violation λ/(2β) at three optima, no slope of KL at θ_old: all as stated", ok=ok)


@evidence("disco.scores.off_policy", "disco.scores.off_policy.repaired", "disco.j1.identity")
def objectives() -> Evidence:
    """disco and disco_b as losses: equal where all negatives score alike, log-L and L-ratio equal on policy only."""
    torch.manual_seed(0)
    ok = True
    for _ in range(5):
        old = -torch.rand(4, 3, dtype=torch.float64)
        mask = torch.ones(4, 3, dtype=torch.float64)
        rewards = torch.tensor([1.0, 1.0, 0.0, 0.0], dtype=torch.float64)
        for drift in (0.0, 0.3):
            logp = (old + drift * torch.rand(4, 3, dtype=torch.float64)).requires_grad_()
            grads = [
                torch.autograd.grad(disco_b(logp, old, rewards, mask, ratio_score=score, beta=0.0), logp)[0]
                for score in (False, True)
            ]
            ok &= bool((grads[0] - grads[1]).abs().max() < TOL) == (drift == 0.0)
            ok &= bool((grads[1] - grads[0] * (logp - old).exp()).abs().max() < TOL)
        far = torch.autograd.grad(disco(logp, old, rewards, mask, tau=1e9, beta=0.0), logp)[0]
        ok &= bool((far - grads[0]).abs().max() < 1e-6)
    return Evidence(
        "numeric", "5 groups: L-ratio's gradient is the ratio times log-L's, J_2 at τ = 1e9 has the gradient of J_1", ok=ok
    )
