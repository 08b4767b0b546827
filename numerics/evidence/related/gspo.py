"""GSPO in numbers: gradients by autograd, its ratio as a weight by enumeration, how often it clips."""

from __future__ import annotations

from fractions import Fraction

import torch

from numerics.evidence import evidence
from numerics.objectives.gspo import gspo
from numerics.objectives.gspo_token import gspo_token
from numerics.policies import TabularPolicy
from numerics.related.gspo import clip_rate, clip_rates
from theory.verdict import Evidence

F = Fraction
TOL = 1e-10  # sums of at most a hundred terms below 10, each with a relative error below 100 * 2^-53


@evidence("gspo.gradient", "gspo.gradient.grpo", "gspo.token", "gspo.on_policy", "gspo.length_neutral")
def gradients() -> Evidence:
    """Autograd of s and of GSPO-token on random groups of two lengths, off and on policy."""
    good = total = 0
    for seed in range(10):
        torch.manual_seed(seed)
        old, mask = -torch.rand(3, 4, dtype=torch.float64), torch.ones(3, 4, dtype=torch.float64)
        mask[0, 2:] = 0
        rewards = torch.rand(3, dtype=torch.float64)
        n = mask.sum(1, keepdim=True)
        for drift in (0.2, 0.0):
            logp = (old + drift * torch.randn(3, 4, dtype=torch.float64)).requires_grad_()
            s = (((logp - old) * mask).sum(1, keepdim=True) / n).exp()
            (found,) = torch.autograd.grad(s.sum(), logp, retain_graph=True)
            good += bool((found - s.detach() * mask / n).abs().max() < TOL)
            one, other = (f(logp, old, rewards, mask, epsilon_low=0.9, epsilon_up=9.0) for f in (gspo, gspo_token))
            a, b = (torch.autograd.grad(x, logp, retain_graph=True)[0] for x in (one, other))
            good += bool((a - b).abs().max() < TOL) and abs(float((one - other).detach())) < TOL
            total += 2
            if drift == 0.0:  # weights of equal advantages differ with the length
                good += bool((found[0, 0] - found[1, 0]).abs() > 0.1)
                total += 1
    return Evidence("numeric", f"s (1/|y|) Σ ∇log π and GSPO-token within {TOL:g}: {good} of {total}", ok=good == total)


@evidence("gspo.importance_weight", "gspo.importance_weight.repaired", "gspo.importance_weight.one_length")
@evidence("gspo.importance_weight.below_one")
@torch.no_grad()
def mean_ratio() -> Evidence:
    """E_old[s] for iid tokens, as quoted; for completions of one and of several lengths, against the bound."""
    quoted = [round(clip_rate(n, F(7, 10), F(1, 2), F(1, 2), F(1, 2)).mean_ratio, 3) for n in (1, 2, 5, 20, 100)]
    ok = quoted == [1.0, 0.958, 0.933, 0.921, 0.917] and round((4 * 0.7 * 0.3) ** 0.5, 4) == 0.9165  # its limit, exp(-KL)
    bounded = total = above = 0
    for seed in range(20):
        policies = [TabularPolicy.random(3, 3, 2 * seed + k) for k in (0, 1)]
        tokens, mask = policies[0].completions()
        logp, old = ((p.log_probs(tokens, mask) * mask).sum(1) for p in policies)
        n = mask.sum(1)
        mean = float(old.exp() @ ((logp - old) / n).exp())
        bounded += mean <= 1 + float((logp.exp() - old.exp()) @ (1 / n)) + TOL
        above += mean > 1 + 1e-3
        total += 1
    detail = f"iid tokens (.7, .3) against (.5, .5): 1, .958, .933, .921, .917; {bounded} of {total} policies below the bound, "
    return Evidence("numeric", detail + f"{above} above 1", ok=ok and bounded == total and above > 0)


@evidence("gspo.variance", "gspo.variance.order_one", "gspo.clip_rate")
def clipping() -> Evidence:
    """Var(log s) for iid binary tokens by enumeration in the count of ones; the clip rate falls with the length."""
    from math import comb, log

    ok = True
    pi, old = F(55, 100), F(1, 2)
    one, zero = log(pi / old), log((1 - pi) / (1 - old))
    v = float(old * (1 - old)) * (one - zero) ** 2
    for n in (1, 2, 7, 50):
        chances = [comb(n, k) * float(old) ** k * float(1 - old) ** (n - k) for k in range(n + 1)]
        logs = [(k * one + (n - k) * zero) / n for k in range(n + 1)]
        mean = sum(c * x for c, x in zip(chances, logs, strict=True))
        ok &= abs(sum(c * (x - mean) ** 2 for c, x in zip(chances, logs, strict=True)) - v / n) < TOL
        for eps in (0.01, 0.05, 0.2):
            ok &= sum(c for c, x in zip(chances, logs, strict=True) if abs(x - mean) >= eps) <= v / (n * eps**2) + TOL
    rates = [row.outside for row in clip_rates((1, 10, 50, 100, 400))]
    ok &= rates == sorted(rates, reverse=True) and rates[0] == 1 and rates[-1] < F(1, 10)
    detail = "Var(log s) = v/L and Chebyshev for L = 1, 2, 7, 50; tokens at 0.55 against 0.5, range ±0.02: "
    return Evidence("numeric", detail + "all single tokens are clipped, of completions of 400 less than a tenth", ok=ok)
