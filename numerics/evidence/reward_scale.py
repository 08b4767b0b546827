"""Appendix C, Prop. 5 and Eq. 21-23 in numbers: the gradient of each row of Table 1 at rewards times φ.

The groups of `adamw_runs`, and the scales: powers of two, so that what should be equal is equal bit by bit.
"""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass
from functools import cache
from typing import Any

import torch
from torch import Tensor

from numerics.evidence import evidence
from numerics.evidence.adamw_runs import EXPONENTS, SEEDS, all_cases
from numerics.groups import Group
from numerics.objectives import TABLE1, call
from numerics.policies import Policy, flatten
from theory.verdict import Evidence

Configured = tuple[str, dict[str, Any]]
HOMOGENEOUS: list[Configured] = [("dr_grpo", {"beta": 0.0}), ("grpo_v32", {"beta": 0.0}), ("gpg", {})]
HOMOGENEOUS += [("gtpo", {"beta": 0.0, "entropy_threshold": 9.0})]
WITHOUT_SCALE: list[Configured] = [("grpo_r1", {"beta": 0.0}), ("gpg", {"normalise": True})]
WITHOUT_SCALE += [(row, {}) for row in ("gspo", "dapo", "cispo", "gcpo")]


@dataclass(frozen=True)
class Seen:
    """A group, and a policy that has moved away from π_old, so that ratios differ and some tokens are clipped."""

    policy: Policy
    group: Group
    logp: Tensor
    entropy: Tensor

    def inputs(self, exponent: int = 0) -> dict[str, Any]:
        rewards = self.group.rewards * 2.0**exponent
        given = {"old_logp": self.group.old_logp, "ref_logp": self.group.ref_logp, "mask": self.group.mask}
        given |= {"tokens": self.group.tokens, "entropy": self.entropy, "rewards": rewards}
        return given | {"advantages": (rewards - rewards.mean())[:, None]}


@cache
def moved(step: float) -> list[Seen]:
    out = []
    for number, case in enumerate(all_cases()):
        policy, generator = deepcopy(case.policy), torch.Generator().manual_seed(number)
        with torch.no_grad():
            for parameter in policy.parameters():
                parameter += step * torch.randn(parameter.shape, generator=generator, dtype=torch.float64)
        tokens = case.group.tokens, case.group.mask
        out.append(Seen(policy, case.group, policy.log_probs(*tokens), policy.entropies(*tokens).detach()))
    return out


def of_tokens(row: str, seen: Seen, exponent: int = 0, **given: Any) -> Tensor:
    """∂J/∂log π of every token, by autograd on the loss."""
    logp = seen.logp.detach().requires_grad_()
    loss = call(TABLE1[row].loss, {**seen.inputs(exponent), "logp": logp, **given})
    return -torch.autograd.grad(loss, logp)[0]


@evidence(
    "fontana2026.prop5",
    "fontana2026.eq23",
    "fontana2026.eq23.repaired",
    "fontana2026.eq23.sigma",
    "fontana2026.eq23.cppo",
    "fontana2026.eq23.cppo.repaired",
    "fontana2026.s5a",
)
def degrees() -> Evidence:
    """The gradient of each row's loss at rewards times φ: φ times as large, the same, or (CPPO) neither."""
    ok, neither = True, 0
    for seen in moved(0.5):
        advantages = seen.inputs()["advantages"]
        middle = float(advantages.abs().median())  # of |A_i|, as CPPO's γ: some completions are dropped
        same = [*WITHOUT_SCALE, ("grpo_r1", {"beta": 0.04})]
        once = [of_tokens(row, seen, **given) for row, given in (*HOMOGENEOUS, *same)]
        fixed, ok = of_tokens("cppo", seen, beta=0.0, gamma=middle), ok and all(bool(g.any()) for g in once)
        for e in EXPONENTS:
            ok = ok and torch.equal(seen.inputs(e)["advantages"], advantages * 2.0**e)
            scaled = [of_tokens(row, seen, e, **given) for row, given in (*HOMOGENEOUS, *same)]
            factors = [2.0**e] * len(HOMOGENEOUS) + [1.0] * len(same)
            ok = ok and all(torch.equal(y, x * f) for x, y, f in zip(once, scaled, factors, strict=True))
            other = of_tokens("cppo", seen, e, beta=0.0, gamma=middle)
            neither += not torch.equal(other, fixed) and not torch.equal(other, fixed * 2.0**e)
            ok = ok and torch.equal(of_tokens("cppo", seen, e, beta=0.0, gamma=middle * 2.0**e), fixed)
    ok = ok and neither == 2 * len(SEEDS) * len(EXPONENTS)
    detail = (
        "autograd on 20 groups, φ from 2^-20 to 2^20, bit by bit: g*_A = φ g_A for Dr. GRPO, GRPO v3.2, GTPO and GPG, "
        "g*_A = g_A for GRPO R1 (with β = 0.04 too), GSPO, DAPO, CISPO, GCPO and GPG with F_norm = σ(r); neither for "
        f"CPPO with a fixed γ in {neither} of {2 * len(SEEDS) * len(EXPONENTS)} cases, g*_A = g_A with γ in units of σ(r)"
    )
    return Evidence("numeric", detail, ok=ok)


@evidence("fontana2026.eq21", "fontana2026.eq22")
def parts_of_the_gradient() -> Evidence:
    """The gradient in the parameters is Σ A α s ∇log π - β ∇R with the closed forms of Table 1; R ignores the rewards.

    Policies near π_old, so that no token is clipped. Both sides carry a gradient in log π, good to some hundred
    roundings, through the same linear map with sums of at most a few hundred terms: 1e-10 of the largest entry is 1e6
    roundings.
    """
    ok, compared = True, 0
    for number, seen in enumerate(moved(0.01)):
        parameters, inputs = list(seen.policy.parameters()), {**seen.inputs(), "logp": seen.logp.detach()}
        for row in ("grpo_r1", "dr_grpo") if number % 2 else ("grpo_v32", "cppo"):
            closed = TABLE1[row]
            loss = call(closed.loss, {**inputs, "logp": seen.logp, "beta": 0.3})
            ok = ok and not closed.clipped(inputs).any()
            of_advantage = (inputs["advantages"] * closed.weight(inputs) * seen.logp).sum()
            of_penalty = (closed.regulariser_gradient(inputs) * seen.logp).sum()
            g, g_a, g_r = (
                flatten(torch.autograd.grad(x, parameters, retain_graph=True, materialize_grads=True))
                for x in (-loss, of_advantage, 0.3 * of_penalty)
            )
            limit = 1e-10 * float(torch.maximum(g_a.abs().max(), g_r.abs().max()))
            scaled = closed.regulariser_gradient({**seen.inputs(20), "logp": seen.logp.detach()})
            ok = ok and bool(((g - (g_a - g_r)).abs() <= limit).all()) and float(g_r.abs().max()) > 1e3 * limit
            ok = ok and torch.equal(scaled, closed.regulariser_gradient(inputs))
            compared += 1
    detail = (
        f"{compared} gradients of GRPO R1, GRPO v3.2, CPPO and Dr. GRPO with β = 0.3 on 20 policies, in all "
        "parameters: autograd is g_A - g_R within 1e-10 of the largest entry, and ∇R is the same for rewards times 2^20"
    )
    return Evidence("numeric", detail, ok=ok)
