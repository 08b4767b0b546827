"""CISPO in numbers: gradients by autograd in every corner of the clip, bias and drift by enumeration."""

from __future__ import annotations

from fractions import Fraction

import torch

from numerics.evidence import evidence
from numerics.objectives.cispo import cispo
from numerics.objectives.common import clipped_surrogate
from theory.verdict import Evidence

F = Fraction
TOL = 1e-12  # single products below 10, each with a relative error below 100 * 2^-53


@evidence("cispo.gradient", "cispo.against_ppo", "cispo.corners", "cispo.stop_gradient", "cispo.stop_gradient.repaired")
def corners() -> Evidence:
    """One token: CISPO, PPO and the loss without stop-gradient at ratios inside, above and below, A of both signs."""
    ok = True
    low, up = 0.2, 0.28
    for ratio in (0.5, 0.9, 1.1, 2.0):
        for advantage in (1.0, -1.0):
            old = torch.tensor([[-1.5], [-1.5]], dtype=torch.float64)
            logp = (old + torch.tensor(ratio, dtype=torch.float64).log()).requires_grad_()
            rewards, mask = torch.tensor([advantage, -advantage], dtype=torch.float64), torch.ones(2, 1, dtype=torch.float64)
            scale = float(rewards.std()) * 2  # σ(r) and Σ|o|
            (g,) = torch.autograd.grad(-cispo(logp, old, rewards, mask, low, up), logp)
            clipped = min(max(ratio, 1 - low), 1 + up)
            ok &= abs(float(g[0, 0]) * scale - clipped * advantage) < TOL
            r = (logp[0, 0] - old[0, 0]).exp()
            (ppo,) = torch.autograd.grad(clipped_surrogate(r, torch.tensor(advantage, dtype=torch.float64), low, up), logp)
            silent = (advantage > 0 and ratio > 1 + up) or (advantage < 0 and ratio < 1 - low)
            ok &= abs(float(ppo[0, 0]) - (0.0 if silent else ratio * advantage)) < TOL
            r = (logp[0, 0] - old[0, 0]).exp()
            (free,) = torch.autograd.grad(r * advantage * logp[0, 0], logp)
            ok &= abs(float(free[0, 0]) - ratio * advantage * (1 + float(logp[0, 0].detach()))) < TOL
    return Evidence(
        "numeric", "ratios 0.5, 0.9, 1.1, 2, both signs of A: CISPO, PPO and the loss without stop-gradient as stated", ok=ok
    )


def clip(x: F) -> F:
    return min(max(x, F(4, 5)), F(6, 5))


@evidence(
    "cispo.unbiased", "cispo.unbiased.repaired", "cispo.prefix", "cispo.prefix.repaired", "cispo.entropy", "cispo.entropy.ppo"
)
def expectations() -> Evidence:
    """In rationals, for a grid of policies over two tokens: bias, prefixes, random rewards; s is the score of the first logit."""
    ok, moved, biased, up = True, 0, 0, F(1, 5)
    for a in range(1, 10):
        for b in range(1, 10):
            pi, old = (F(a, 10), F(10 - a, 10)), (F(b, 10), F(10 - b, 10))
            s = (1 - pi[0], -pi[0])
            r = tuple(x / y for x, y in zip(pi, old, strict=True))
            A = (F(1), F(-1, 3))
            mean = sum(o * clip(x) * t * y for o, x, t, y in zip(old, r, A, s, strict=True))
            exact = sum(p * t * y for p, t, y in zip(pi, A, s, strict=True))
            bias = sum(o * (clip(x) - x) * t * y for o, x, t, y in zip(old, r, A, s, strict=True))
            ok &= mean - exact == bias and (bias == 0 or any(x != clip(x) for x in r))
            biased += bias != 0
            K = (F(1), F(0))
            ok &= sum(o * x * y for o, x, y in zip(old, r, K, strict=True)) == sum(p * y for p, y in zip(pi, K, strict=True))
            ok &= (sum(o * y for o, y in zip(old, K, strict=True)) == pi[0]) == (a == b)
            drift = sum(F(1, 2) * sign * o * clip(x) * y for sign in (1, -1) for o, x, y in zip(old, r, s, strict=True))
            kept = [(x if x < 1 + up else F(0)) - (x if x > 1 - up else F(0)) for x in r]
            ppo = sum(o * w * y / 2 for o, w, y in zip(old, kept, s, strict=True))
            ok &= drift == 0
            moved += ppo != 0
    detail = f"81 pairs of policies, exactly: the bias (not 0 in {biased}), prefixes, no drift of CISPO; PPO drifts in {moved}"
    return Evidence("numeric", detail, ok=ok and moved > 20 and biased > 40)
