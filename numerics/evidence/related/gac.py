"""GAC in numbers: finite models of p(τ, y), Fisher's identity by autograd, plan posteriors, luck, Langevin moments.

TOL: at most 30 terms below 30 in float64, relative errors of 40 u each, u = 2^-53: below 1e-11.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from math import log, pi

import torch
from torch import Tensor

from numerics.evidence import evidence
from numerics.related.gac import exploit, langevin_moments, plan_posterior, return_conditioned_policy
from theory.verdict import Evidence

TOL, SEEDS = 1e-11, 20


def generators() -> Iterator[torch.Generator]:
    for seed in range(SEEDS):
        yield torch.Generator().manual_seed(seed)


def normal(gen: torch.Generator, *shape: int) -> Tensor:
    return torch.randn(shape, generator=gen, dtype=torch.float64)


@evidence(
    "gac.evaluation", "gac.evaluation.unique", "gac.evaluation.bound", "gac.evaluation.delta", "gac.evaluation.delta.repaired"
)
def likelihoods() -> Evidence:
    """Likelihood against KL over random finite models; mixtures of normal returns against their bound and their variance."""
    ok = True
    for gen in generators():
        data, model, other = (normal(gen, 6).log_softmax(0) for _ in range(3))
        kl = [float(data.exp() @ (data - x)) for x in (model, other)]
        ok &= abs(float(data.exp() @ (model - other)) - (kl[1] - kl[0])) < TOL and kl[0] > 0
        q, r, sigma = normal(gen, 5).softmax(0), normal(gen, 5), 0.3
        y = normal(gen, 50)
        density = (-((y[:, None] - r) ** 2) / (2 * sigma**2)).exp() @ q / (sigma * (2 * pi) ** 0.5)
        ok &= float(density.log().max()) <= -log(sigma) - log(2 * pi) / 2 + TOL
        variance = float(q @ (sigma**2 + r**2) - (q @ r) ** 2)
        ok &= variance >= sigma**2 and abs(variance - sigma**2 - float(q @ (r - q @ r) ** 2)) < TOL
    detail = f"{SEEDS} models of 6 outcomes: likelihood gaps are KL gaps within {TOL:g}, KL > 0; mixtures of 5 plans stay under "
    return Evidence("numeric", detail + "-log(σ √(2π)) and have a variance of at least σ²", ok=ok)


@evidence("gac.lpt1", "gac.lpt4", "gac.lpt4.approximate", "gac.lpt7", "gac.lpt9")
def latent_plans() -> Evidence:
    """Posterior means, Fisher's identity against autograd, the slope in the power w, the chain rule, 4 plans."""
    exact = other = 0
    for gen in generators():
        prior, like = normal(gen, 4).softmax(0), normal(gen, 4).sigmoid()
        logits = normal(gen, 4, 5).requires_grad_()
        paths = logits.log_softmax(1)
        joint = prior * paths[:, 2].exp() * like
        (whole,) = torch.autograd.grad(joint.sum().log(), logits, retain_graph=True)
        posterior = (joint / joint.sum()).detach()
        (mean,) = torch.autograd.grad(posterior @ paths[:, 2], logits, retain_graph=True)
        (flat,) = torch.autograd.grad(prior @ paths[:, 2], logits, retain_graph=True)
        ok = float((whole - mean).abs().max()) < TOL
        other += float((whole - flat).abs().max()) > 1e-4
        f = like.log()
        w = torch.tensor(1.5, dtype=torch.float64, requires_grad=True)
        tilt = (prior.log() + w * f).softmax(0)
        (slope,) = torch.autograd.grad(tilt @ f, w)
        t = tilt.detach()
        ok &= abs(float(slope) - float(t @ f**2 - (t @ f) ** 2)) < TOL
        data, c, q = normal(gen, 3).log_softmax(0), normal(gen, 3, 4).log_softmax(1), normal(gen, 3, 4).log_softmax(1)
        h = normal(gen, 3).log_softmax(0)
        joint_kl = float(((data[:, None] + c).exp() * (data[:, None] + c - h[:, None] - q)).sum())
        parts = float(data.exp() @ (data - h) + data.exp() @ (c.exp() * (c - q)).sum(1))
        exact += ok and abs(joint_kl - parts) < TOL
    detail = f"{SEEDS} models: Fisher's identity, d/dw = Var and the chain rule within {TOL:g} in {exact}; plans from the prior "
    return Evidence("numeric", detail + f"give another gradient in {other}", ok=exact == other == SEEDS)


@evidence("gac.posterior", "gac.posterior.covariance", "gac.exploration", "gac.exploration.repaired", "gac.exploration.guidance")
def plans_for_a_target() -> Evidence:
    """Mean and covariance against conditioning of the joint normal law of (z, y); what the plans achieve."""
    ok = True
    for gen in generators():
        a, y, noise = normal(gen, 3), 2.0, 0.5
        for w in (1.0, 4.0, 1e4):
            mean, cov = plan_posterior(a, y, noise, w)
            precision = torch.eye(3, dtype=torch.float64) + w * torch.outer(a, a) / noise
            ok &= float((precision @ cov - torch.eye(3)).abs().max()) < TOL * w * (1 + float(a @ a)) / noise
            ok &= float((precision @ mean - w * a * y / noise).abs().max()) < TOL * w * (1 + float(a @ a)) / noise
            size = float(a @ a)
            ok &= abs(float(a @ mean) - w * size * y / (noise + w * size)) < TOL and float(a @ mean) < y
    mean, _ = plan_posterior(torch.ones(1, dtype=torch.float64), 2.0, 1.0)
    ok &= float(mean) == 1.0
    return Evidence("numeric", f"{SEEDS} directions in 3 dimensions, w = 1, 4, 1e4: closed forms, always below the target", ok=ok)


@evidence(
    "gac.exploitation",
    "gac.exploitation.unbounded",
    "gac.exploitation.repaired",
    "gac.exploitation.steps",
    "gac.exploration.raised",
)
def ascent() -> Evidence:
    """Ascent without and with a penalty; the mean plan as the target is raised."""
    ok = True
    for gen in generators():
        a, start = normal(gen, 3), normal(gen, 3)
        for n in (1, 15, 150):
            z = exploit(a, start, 0.1, n)
            ok &= abs(float(a @ z) - float(a @ start) - n * 0.1 * float(a @ a)) < TOL * 1e2
        ok &= float((exploit(a, start, 0.1, 600, penalty=0.5) - a / 0.5).abs().max()) < 1e-9
        one, two = (plan_posterior(a, y, 0.5)[0] for y in (1.0, 3.0))
        ok &= abs(float((two - one) @ (two - one)) - 4 * float(a @ a) / (0.5 + float(a @ a)) ** 2) < TOL
    return Evidence("numeric", f"{SEEDS} directions: n s |a|² after n = 1, 15, 150 steps; a/λ with penalty λ = 1/2", ok=ok)


@evidence(
    "gac.improvement",
    "gac.improvement.repaired",
    "gac.improvement.expected",
    "gac.improvement.lucky",
    "gac.improvement.lucky.repaired",
    "gac.improvement.reweighting",
)
def luck() -> Evidence:
    """The two arms; deterministic arms at every threshold; a step of reweighting, exact."""
    joint = torch.tensor([[0.0, 0.5, 0.0], [0.25, 0.0, 0.25]], dtype=torch.float64)  # returns 0, 0.6, 1
    returns = torch.tensor([0.0, 0.6, 1.0], dtype=torch.float64)
    policy = return_conditioned_policy(joint, (returns == 1).double())
    arms = joint @ returns / joint.sum(1)
    ok = (
        policy.tolist() == [0.0, 1.0]
        and abs(float(policy @ arms) - 0.5) < TOL
        and abs(float(joint.sum(0) @ returns) - 0.55) < TOL
    )
    rises = 0
    for gen in generators():
        w, y = normal(gen, 6).softmax(0), normal(gen, 6)
        values = [float(w @ y)]
        for c in y.sort().values:
            policy = return_conditioned_policy(torch.diag(w), (y >= c).double())
            values.append(float(policy @ y))
        rises += all(x <= z + TOL for x, z in zip(values, values[1:], strict=False))
    weights, utility = [Fraction(1, 2), Fraction(1, 3), Fraction(1, 6)], [Fraction(0), Fraction(1, 2), Fraction(2)]
    mean = sum((a * u for a, u in zip(weights, utility, strict=True)), Fraction(0))
    after = sum((a * u / mean * u for a, u in zip(weights, utility, strict=True)), Fraction(0))
    spread = sum((a * (u - mean) ** 2 for a, u in zip(weights, utility, strict=True)), Fraction(0))
    ok &= after - mean == spread / mean
    detail = f"two arms: given the return 1 arm B, which returns 0.5 < 0.55; {SEEDS} policies over 6 deterministic arms: "
    return Evidence("numeric", detail + f"the return rises with every threshold in {rises}", ok=ok and rises == SEEDS)


@evidence("gac.lpt5", "gac.lpt5.repaired", "gac.lpt5.stable", "gac.lpt5.steps", "gac.lpt5.moments")
def sampler() -> Evidence:
    """Moments after 15 and 2000 steps against the closed forms; 2000 chains of 400 steps, with an interval."""
    ok = True
    for variance in (0.5, 1.0, 2.0):
        for step in (0.1, 0.5, 0.9):
            kept = variance / (1 - step / (2 * variance))
            m, v = langevin_moments(3.0, variance, step, 15, (0.0, 1.0))
            ok &= abs(m - 3 + 3 * (1 - step / variance) ** 15) < TOL
            ok &= abs(v - kept - (1 - kept) * (1 - step / variance) ** 30) < TOL
            ok &= abs(langevin_moments(3.0, variance, step, 2000, (0.0, 1.0))[1] - kept) < TOL
        ok &= langevin_moments(0.0, variance, 2.1 * variance, 2000, (0.0, 1.0))[1] > 1e6
    gen = torch.Generator().manual_seed(0)
    z, squares = torch.zeros(2000, dtype=torch.float64), []
    for n in range(400):
        z = 0.5 * z + torch.randn(2000, generator=gen, dtype=torch.float64)  # σ² = 1, s = 1/2
        if n >= 50 and n % 10 == 0:
            squares.append(z.square())
    chains = torch.stack(squares).mean(0)
    low, high = (float(chains.mean() + side * 5 * chains.std() / 2000**0.5) for side in (-1, 1))
    ok &= low < 4 / 3 < high and low > 1.2
    detail = "σ² = 1/2, 1, 2, s = 0.1, 0.5, 0.9: moments after 15 steps, stationary variance; blow-up above 2σ²; "
    return Evidence("numeric", detail + "2000 chains at σ² = 1, s = 1/2: 4/3 within 5 standard errors, 1 outside", ok=ok)
