"""Appendix A, Eq. 7-11 in numbers: the values of the losses of Table 1, on policy and off.

Tolerance: a value is a sum of at most 40 products of at most ten rounded factors, so its error is below 100 u times the
sum of their absolute values, u = 2^-53: about 1e-14 of it. TOL = 1e-12 leaves a factor of 100.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import torch
from torch import Tensor

from numerics.evidence import evidence
from numerics.groups import Group, sample_group
from numerics.objectives import TABLE1, call
from numerics.objectives.regularisers import k3
from numerics.policies import Policy, TabularPolicy
from numerics.transformer import TinyTransformer
from theory.verdict import Evidence

TOL = 1e-12
SEEDS = 10
VALUE_BLIND = ("grpo_r1", "grpo_v32", "gspo")  # ω̃ = C/|o_i|
LENGTH_TRACKING = ("dapo", "dr_grpo", "gcpo")  # ω̃ = C
RATIO_ROWS = (*VALUE_BLIND, *LENGTH_TRACKING, "gtpo", "cppo")  # s = 1 on policy
Inputs = dict[str, Any]


def normal(*shape: int, seed: int) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def policies(seed: int) -> tuple[Policy, Policy]:
    return TabularPolicy.random(3, 3, seed), TinyTransformer(3, 3, seed)


def random_group(policy: Policy, seed: int, reference: Policy | None = None) -> Group:
    """Six sampled completions with standard normal rewards."""
    draw = torch.Generator().manual_seed(seed)
    return sample_group(policy, 6, lambda tokens, mask: normal(6, seed=seed), draw, reference)


@cache
def on_policy_inputs() -> list[Inputs]:
    """What an objective reads off groups of six, sampled from ten tabular policies and ten transformers."""
    return [
        inputs_of(policy, random_group(policy, seed, reference))
        for seed in range(SEEDS)
        for policy, reference in zip(policies(seed), policies(seed + 100), strict=True)
    ]


@torch.no_grad()
def inputs_of(policy: Policy, group: Group) -> Inputs:
    return {
        "logp": policy.log_probs(group.tokens, group.mask),
        "entropy": policy.entropies(group.tokens, group.mask),
        "advantages": group.advantages,
    } | {name: getattr(group, name) for name in ("tokens", "mask", "rewards", "old_logp", "ref_logp")}


def rewarded(inputs: Inputs, rewards: Tensor) -> Inputs:
    return inputs | {"rewards": rewards, "advantages": (rewards - rewards.mean())[:, None]}


def settings(label: str) -> Inputs:
    """Parameters that let a row's masks take both values here: mean entropies reach log 3, and |A| is about 1."""
    return {"gtpo": {"entropy_threshold": 0.95}, "cppo": {"gamma": 0.4}}.get(label, {})


def value(label: str, inputs: Inputs, beta: float = 0.0) -> float:
    """J of a row of Table 1: the loss with its sign turned."""
    return -float(call(TABLE1[label].loss, inputs | settings(label) | {"beta": beta}))


def token_weights(label: str, inputs: Inputs) -> Tensor:
    """α_{i,t} from the closed form of the row, (G, T)."""
    return TABLE1[label].alpha(inputs | settings(label))


@evidence("fontana2026.eq7")
def unclipped_value() -> Evidence:
    """-loss = Σ_i A_i Σ_t α ρ where no token is in R_clip, and less where one is."""
    inside = clipped = 0
    ok = True
    for seed in range(SEEDS):
        for policy in policies(seed):
            group = random_group(policy, seed)
            for size in (0.02, 0.5):
                with torch.no_grad():
                    for parameter in policy.parameters():
                        parameter += size * normal(*parameter.shape, seed=seed)
                inputs = inputs_of(policy, group)
                for label in ("grpo_r1", "dapo", "dr_grpo"):
                    row = TABLE1[label]
                    terms = inputs["advantages"] * row.alpha(inputs) * row.s(inputs)
                    gap, scale = float(terms.sum()) - value(label, inputs), float(terms.abs().sum())
                    if bool(row.clipped(inputs).any()):
                        clipped += 1
                        ok &= gap > TOL * scale
                    else:
                        inside += 1
                        ok &= abs(gap) < TOL * scale
    ok &= inside >= SEEDS and clipped >= SEEDS
    detail = f"-loss = Σ A_i Σ_t α ρ within {TOL:g} in {inside} losses without a clipped token, less in {clipped}"
    return Evidence("numeric", detail, ok=ok)


@evidence("fontana2026.eq8", "fontana2026.eq8.clipped", "fontana2026.eq11.repaired", "fontana2026.eq11.pooled")
def on_policy_value_is_a_covariance() -> Evidence:
    """-loss = Σ A_i Ω_i = G Cov(r, Ω) on policy for the rows with a ratio, min and clip included, at β = 0."""
    ok, checked = True, 0
    for inputs in on_policy_inputs():
        for label in RATIO_ROWS:
            A, Omega, r = inputs["advantages"][:, 0], token_weights(label, inputs).sum(1), inputs["rewards"]
            covariance = ((r - r.mean()) * (Omega - Omega.mean())).sum()
            J, scale = value(label, inputs), TOL * float((A * Omega).abs().sum())
            ok &= abs(J - float(A @ Omega)) <= scale and abs(J - float(covariance)) <= 2 * scale
            checked += 1
    detail = f"-loss = Σ A_i Ω_i = G Cov(r, Ω) within {TOL:g} on {checked} on-policy losses of {len(RATIO_ROWS)} rows"
    return Evidence("numeric", detail, ok=ok)


@evidence("fontana2026.eq9", "fontana2026.eq11")
def value_blind() -> Evidence:
    """At ω̃ = C/|o_i| the value is -β R for all rewards; at ω̃ = C it is not."""
    blind = seen = total = 0
    for n, inputs in enumerate(on_policy_inputs()):
        mean_kl = (k3(inputs["logp"], inputs["ref_logp"]) * inputs["mask"]).sum(1) / inputs["mask"].sum(1)
        expected = {"grpo_r1": -0.5 * float(mean_kl.mean()), "grpo_v32": -0.5 * float(mean_kl.mean()), "gspo": 0.0}
        for scale in (1e-3, 1.0, 1e3):
            other = rewarded(inputs, scale * normal(6, seed=1000 + n))
            size = TOL * float(other["advantages"].abs().sum())
            total += 1
            blind += all(abs(value(x, other, beta=0.5) - expected[x]) <= size + TOL for x in VALUE_BLIND)
            seen += all(abs(value(x, other)) > size for x in LENGTH_TRACKING)
    detail = f"J = -β R for {', '.join(VALUE_BLIND)} in {blind} of {total} on-policy groups with random rewards"
    detail += f"; not so for {', '.join(LENGTH_TRACKING)} in {seen}"
    return Evidence("numeric", detail, ok=blind == total and seen > 0)


@evidence("fontana2026.eq10", "fontana2026.eq10.length_shift")
def length_tracking() -> Evidence:
    """At ω̃ = C the value is C Σ A_i |o_i|; two more tokens in every completion change nothing, if C stays."""
    ok, checked = True, 0
    for inputs in on_policy_inputs():
        A, lengths = inputs["advantages"][:, 0], inputs["mask"].sum(1)
        sigma, G = inputs["rewards"].std(), len(lengths)
        constants = {"dapo": 1 / (sigma * lengths.sum()), "dr_grpo": 1 / G, "gcpo": 1 / (sigma * G)}
        longer = {x: torch.nn.functional.pad(inputs[x], (2, 0), value=-1.0) for x in ("logp", "old_logp", "ref_logp")}
        longer["mask"] = torch.nn.functional.pad(inputs["mask"], (2, 0), value=1.0)
        for label in LENGTH_TRACKING:
            size = TOL * float(constants[label] * (A.abs() * (lengths + 2)).sum())
            J = value(label, inputs)
            ok &= abs(J - float(constants[label] * (A @ lengths))) <= size
            if label != "dapo":
                ok &= abs(value(label, inputs | longer) - J) <= size
            checked += 1
    detail = f"J = C Σ A_i |o_i| within {TOL:g} on {checked} on-policy losses of {', '.join(LENGTH_TRACKING)}"
    return Evidence("numeric", f"{detail}; two more tokens in every completion change nothing (dr_grpo, gcpo)", ok=ok)
