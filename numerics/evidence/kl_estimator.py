"""D_KL in numbers: its expectation on and off policy, and its gradient, over all tokens and completions of a policy.

Tolerance: log-probabilities lie in [-20, 0] and have an error of at most 40 u, u = 2^-53; sums have at most 15 terms of
at most 60 roundings, each below 70 after its probability, so their error is below 75 * 15 * 70 u = 9e-12; TOL = 1e-11.
Two numbers are called different only if they differ by more than GAP.
"""

from __future__ import annotations

from functools import cache

import torch
from torch import Tensor

from numerics.evidence import evidence
from numerics.objectives.regularisers import k1, k2, k3
from numerics.policies import Policy, TabularPolicy
from numerics.transformer import TinyTransformer
from theory.verdict import Evidence

TOL, GAP = 1e-11, 1e-4
SEEDS = 10


@cache
def triples() -> list[tuple[Policy, Policy, Policy]]:
    """π_θ, π_ref, π_old: independent random policies over three tokens, completions of at most three."""
    return [
        (kind(3, 3, 10 * seed), kind(3, 3, 10 * seed + 1), kind(3, 3, 10 * seed + 2))
        for seed in range(SEEDS)
        for kind in (TabularPolicy.random, TinyTransformer)
    ]


@torch.no_grad()
def states(*policies: Policy) -> list[Tensor]:
    """log π(·|prefix), (S, V), of each policy at each position of each completion."""
    tokens, mask = policies[0].completions()
    return [policy.next_log_probs(tokens)[mask != 0] for policy in policies]


def kl(pi: Tensor, ref: Tensor) -> Tensor:
    """KL(π‖ref) at each state, from log-probabilities (.., V)."""
    return (pi.exp() * (pi - ref)).sum(-1)


@evidence("fontana2026.dkl.nonneg")
def never_negative() -> Evidence:
    """k3 as it is computed, on a grid of log-ratios from 1e-12 to 20, of both signs, and at 0."""
    x = 10 ** torch.linspace(-12, 1.3, 2000, dtype=torch.float64)
    logp = torch.cat([x, -x, torch.zeros(1, dtype=torch.float64)])
    D = k3(torch.zeros(1, dtype=torch.float64), logp)  # exp(x) - 1 - x: each rounding is below u (1 + |x| + exp(x))
    error = 2**-52 * (1 + logp.abs() + logp.exp())
    far = logp.abs() > 1e-6
    ok = bool((D >= -error).all()) and bool((D[far] > 0).all()) and float(D[-1]) == 0
    detail = "k3 > 0 for log-ratios of 1e-6 to 20, 0 at 0, and above -2^-52 (1 + |x| + exp x) in between"
    return Evidence("numeric", detail, ok=ok)


@evidence(
    "fontana2026.dkl.unbiased",
    "fontana2026.dkl.unbiased_off_policy",
    "fontana2026.dkl.unbiased_off_policy.repaired",
)
def expectation_at_states() -> Evidence:
    """Σ_v π D_KL, Σ_v π_old D_KL and Σ_v π_old I D_KL against KL(π‖π_ref), at every state of every policy."""
    exact = biased = weighted = total = 0
    for policies in triples():
        pi, ref, old = states(*policies)
        D, wanted = k3(pi, ref), kl(pi, ref)
        exact += int(((pi.exp() * D).sum(1) - wanted).abs().lt(TOL).sum())
        biased += int(((old.exp() * D).sum(1) - wanted).abs().gt(GAP).sum())
        weighted += int(((old.exp() * (pi - old).exp() * D).sum(1) - wanted).abs().lt(TOL).sum())
        total += len(pi)
    detail = f"E[D_KL] = KL within {TOL:g} at {exact} of {total} positions under π_θ, {weighted} under π_old with I"
    ok = exact == weighted == total and biased > 0.9 * total
    return Evidence("numeric", f"{detail}; under π_old it is off by more than {GAP:g} in {biased}", ok=ok)


@evidence(
    "fontana2026.dkl.unbiased_off_policy.completion",
    "fontana2026.dkl.unbiased_off_policy.completion.repaired",
    "fontana2026.dkl.unbiased.mean_over_tokens",
)
def expectation_over_completions() -> Evidence:
    """Sums over all completions: the ratio of the token, of the prefix, and the mean over the tokens."""
    exact = token = mean = total = 0
    for policies in triples():
        tokens, mask = policies[0].completions()
        with torch.no_grad():
            pi, ref, old = (policy.log_probs(tokens, mask) for policy in policies)
        D, lengths = k3(pi, ref) * mask, mask.sum(1)
        p, q = pi.sum(1).exp(), old.sum(1).exp()
        wanted = float(p @ (pi - ref).sum(1))  # KL of completions
        exact += abs(float(q @ ((pi - old).cumsum(1).exp() * D).sum(1)) - wanted) < TOL
        token += abs(float(q @ ((pi - old).exp() * D).sum(1)) - wanted) > GAP
        mean += abs(float(p @ (D.sum(1) / lengths)) - float(p @ ((pi - ref).sum(1) / lengths))) > GAP
        total += 1
    detail = f"of {total} policies, weights I_1 ⋯ I_t give the KL of completions within {TOL:g} in {exact}; "
    detail += f"weights I_t are off by more than {GAP:g} in {token}, the mean over tokens in {mean}"
    return Evidence("numeric", detail, ok=exact == total and min(token, mean) > 0.9 * total)


def gradients(loss: Tensor, policy: Policy) -> Tensor:
    """All partial derivatives of a scalar, flattened."""
    found = torch.autograd.grad(loss, list(policy.parameters()), retain_graph=True, materialize_grads=True)
    return torch.cat([g.reshape(-1) for g in found])


@evidence("lossproof.k1_gradient", "lossproof.k2_gradient", "lossproof.k3_gradient", "lossproof.weighted_k3_gradient")
def gradients_of_losses() -> Evidence:
    """The regularisers of numerics/objectives as losses at the first state, against autograd of KL and closed forms."""
    ok, other, total = True, 0, 0
    for policies in triples():
        policy = policies[0]
        start = torch.zeros(1, policy.max_length, dtype=torch.long)
        pi = policy.next_log_probs(start)[0, 0]
        with torch.no_grad():
            ref, old = (x.next_log_probs(start)[0, 0] for x in policies[1:])
        drawn = pi.detach().exp()
        forward, reverse = gradients(kl(pi, ref), policy), gradients(kl(ref, pi), policy)
        of_k1, of_k2, of_k3 = (gradients(drawn @ k(pi, ref), policy) for k in (k1, k2, k3))
        weighted = gradients(old.exp() @ ((pi - old).exp() * k3(pi, ref)), policy)
        scale = TOL * (1 + float(forward.abs().max()) + float(reverse.abs().max()))
        pairs = ((of_k1, 0 * of_k1), (of_k2, forward), (of_k3, reverse), (weighted, forward))
        ok &= all(float((x - y).abs().max()) < scale for x, y in pairs)
        other += float((of_k3 - forward).abs().max()) > GAP
        if isinstance(policy, TabularPolicy):  # the logits of the first state are the first row of the parameter
            p, r = drawn, ref.exp()
            closed = (p * (p.log() - ref - kl(p.log(), ref)), p - r)
            ok &= all(float((x[:3] - y).abs().max()) < scale for x, y in zip((of_k2, of_k3), closed, strict=True))
        total += 1
    detail = f"{total} policies, autograd, within {TOL:g}: E[∇k1] = 0, E[∇k2] = E[∇(I k3)] = ∇KL(π‖π_ref), "
    detail += f"E[∇k3] = ∇KL(π_ref‖π), which differs from ∇KL(π‖π_ref) in {other}"
    return Evidence("numeric", detail, ok=ok and other == total)
