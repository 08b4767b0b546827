"""Table 1: the losses of `numerics/objectives` against the closed forms of their rows, through real policies.

A situation is a group sampled from a random π_old, with a random reference, and a policy π_θ: the same (on policy),
or one so far away that there are tokens inside the clip and beyond it (off policy). `closed` is the gradient that the
row's weight gives, Σ g_{i,t} ∇log π_{i,t}, with ∇log π by autograd; it is compared with the gradient of the loss
itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from itertools import combinations
from typing import Any

import torch
from torch import Tensor

from numerics.evidence import evidence
from numerics.groups import noise_reward, sample_group
from numerics.objectives import TABLE1, Row, call
from numerics.objectives.common import clipped_surrogate, lengths, sequence_log_ratio
from numerics.objectives.gspo import gspo
from numerics.objectives.gspo_table1 import gspo_table1
from numerics.policies import Policy, TabularPolicy, flatten
from numerics.transformer import TinyTransformer
from theory.verdict import Evidence

SEEDS = range(10)
DRIFTS = {"on policy": 0.0, "off policy": 1.0}
VOCABULARY, LENGTH, SIZE = 4, 4, 6

# In logp, a gradient is a product of some ten rounded factors, exp and sums of at most 24 terms: below 1e3 u = 1e-13.
# It is then carried back through the policy by the same linear map on both sides, which adds sums of 24 tokens over a
# few layers: below 1e4 u relative to its largest entry, but terms may cancel. 1e-9 leaves three orders for that.
RTOL = 1e-9
APART = 1e-2  # what counts as different: seven orders of magnitude above it

PROBES: dict[str, dict[str, Any]] = {
    "grpo_v32": {"delta": 0.02},
    "gtpo": {"entropy_threshold": 1.25},
    "cppo": {"gamma": 0.4},
    "dr_grpo": {"beta": 0.3},
    "gpg": {"normalise": True, "alpha_hat": 1.5},
    "cispo": {"epsilon_low": 0.2},
}
"""Parameters that make every part of a row count."""

OPEN: dict[str, dict[str, Any]] = {
    "grpo_v32": {"delta": 1e9},
    "gtpo": {"tokens": None, "entropy_threshold": 9.0},
    "cppo": {"gamma": 0.0},
}
"""Parameters with which every mask lets everything pass."""


@dataclass(frozen=True)
class Situation:
    """A policy, its token log-probabilities with their graph, and what a loss is given."""

    parameters: list[Tensor]
    logp: Tensor
    inputs: dict[str, Any]
    drift: str
    seed: int


@cache
def situations() -> tuple[Situation, ...]:
    return tuple(
        situation(kind, seed, drift) for kind in (TabularPolicy.random, TinyTransformer) for seed in SEEDS for drift in DRIFTS
    )


def situation(kind: Callable[[int, int, int], Policy], seed: int, drift: str, length: int = LENGTH) -> Situation:
    """A group from π_old = kind(seed), seen from a policy whose parameters are `drift` standard normals away."""
    draw = torch.Generator().manual_seed(seed)
    policy, reference = kind(VOCABULARY, length, seed), kind(VOCABULARY, length, 100 + seed)
    group = sample_group(policy, SIZE, noise_reward(seed), draw, reference)
    parameters = list(policy.parameters())
    with torch.no_grad():
        for parameter in parameters:
            scale = DRIFTS[drift] / max(1, parameter.shape[-1]) ** 0.5 if kind is TinyTransformer else DRIFTS[drift]
            parameter += scale * torch.randn(parameter.shape, generator=draw, dtype=parameter.dtype)
    logp = policy.log_probs(group.tokens, group.mask)
    inputs = {
        **{name: getattr(group, name) for name in ("tokens", "mask", "rewards", "advantages", "ref_logp")},
        "old_logp": logp.detach().clone() if drift == "on policy" else group.old_logp,
        "entropy": policy.entropies(group.tokens, group.mask).detach(),
        "token_mask": (torch.rand(group.mask.shape, generator=draw) < 0.7).double(),
    }
    return Situation(parameters, logp, inputs, drift, seed)


def by_autograd(x: Situation, loss: Any, probe: dict[str, Any]) -> tuple[Tensor, Tensor]:
    """-∂loss in the token log-probabilities, and in the parameters."""
    value = -call(loss, x.inputs | probe | {"logp": x.logp})
    in_logp, *in_parameters = torch.autograd.grad(value, [x.logp, *x.parameters], retain_graph=True)
    return in_logp, flatten(in_parameters)


def in_log_probabilities(x: Situation, loss: Any, probe: dict[str, Any]) -> Tensor:
    """-∂loss in the token log-probabilities alone, which need no graph of the policy."""
    logp = x.logp.detach().requires_grad_()
    return torch.autograd.grad(-call(loss, x.inputs | probe | {"logp": logp}), logp)[0]


def carried(x: Situation, weights: Tensor) -> Tensor:
    """Σ g_{i,t} ∇log π_{i,t} in the parameters."""
    return flatten(torch.autograd.grad(x.logp, x.parameters, weights, retain_graph=True))


def gap(actual: Tensor, expected: Tensor) -> float:
    """The largest difference, relative to the largest entry."""
    return float((actual - expected).abs().max() / actual.abs().max().clamp(min=1e-300))


def compare(label: str, row: Row) -> Evidence:
    """The gradient of the row's loss is its closed form in every situation; its weight is α s, but for three rows."""
    worst, sides, printed = 0.0, set[str](), list[float]()
    for x in situations():
        probe = PROBES.get(label, {})
        inputs = x.inputs | probe | {"logp": x.logp.detach()}
        in_logp, in_parameters = by_autograd(x, row.loss, probe)
        closed, live = row.gradient(inputs), inputs["mask"] > 0
        worst = max(worst, gap(in_logp, closed), gap(in_parameters, carried(x, closed)))
        clipped = row.clipped(inputs)
        sides |= {f"{x.drift}, {side}" for side, there in (("clipped", clipped), ("kept", live & ~clipped)) if there.any()}
        ours = row.advantage_gradient(inputs)
        as_printed = row.alpha(inputs) * row.s(inputs) * inputs["advantages"] * ~clipped
        if label == "gcpo":  # for one token, the sequence's ratio is the token's
            live = live & (live.sum(1, keepdim=True) > 1)
        tokens = live & (ours != 0)
        printed += ((ours - as_printed)[tokens] / ours[tokens]).abs().tolist()
    seen = {"on policy, kept", "off policy, kept"} | ({"off policy, clipped"} if row.clips else set())
    exception = label in ("gpg", "cispo", "gcpo")
    weight_ok = min(printed, default=0) > APART if exception else max(printed, default=1) <= RTOL
    weight = f"is nowhere α s (off by more than {APART:g})" if exception else "is α s"
    weight += " but in completions of one token" if label == "gcpo" else ""
    detail = (
        f"autograd on {row.loss.__name__} = the closed form, in log-probabilities and in parameters, to {RTOL:g}: "
        f"{len(SEEDS)} seeds, tabular policy and transformer, on policy, and off it inside and beyond the clip; "
        f"the weight {weight}"
    )
    return Evidence("numeric", detail, ok=worst <= RTOL and sides == seen and weight_ok)


@evidence("fontana2026.table1.grpo_r1")
def grpo_r1() -> Evidence:
    return compare("grpo_r1", TABLE1["grpo_r1"])


@evidence("fontana2026.table1.grpo_v32")
def grpo_v32() -> Evidence:
    return compare("grpo_v32", TABLE1["grpo_v32"])


@evidence("fontana2026.table1.gspo")
def gspo_row() -> Evidence:
    return compare("gspo", TABLE1["gspo"])


@evidence("fontana2026.table1.gtpo")
def gtpo() -> Evidence:
    return compare("gtpo", TABLE1["gtpo"])


@evidence("fontana2026.table1.dapo")
def dapo() -> Evidence:
    return compare("dapo", TABLE1["dapo"])


@evidence("fontana2026.table1.cppo")
def cppo() -> Evidence:
    return compare("cppo", TABLE1["cppo"])


@evidence("fontana2026.table1.dr_grpo")
def dr_grpo() -> Evidence:
    return compare("dr_grpo", TABLE1["dr_grpo"])


@evidence("fontana2026.table1.gpg", "fontana2026.table1.gpg.repaired")
def gpg() -> Evidence:
    return compare("gpg", TABLE1["gpg"])


@evidence("fontana2026.table1.cispo", "fontana2026.table1.cispo.repaired")
def cispo() -> Evidence:
    return compare("cispo", TABLE1["cispo"])


@evidence("fontana2026.table1.gcpo", "fontana2026.table1.gcpo.token_sum")
def gcpo() -> Evidence:
    return compare("gcpo", TABLE1["gcpo"])


@evidence("fontana2026.table1.gcpo.repaired")
def gcpo_one_term() -> Evidence:
    """One clipped term per completion, against α s A on each of its tokens."""

    def loss(logp: Tensor, old_logp: Tensor, advantages: Tensor, rewards: Tensor, mask: Tensor) -> Tensor:
        s = sequence_log_ratio(logp, old_logp, mask).exp()
        return -clipped_surrogate(s, advantages, 0.2, 0.2).sum() / (len(rewards) * rewards.std())

    row, worst = TABLE1["gcpo"], 0.0
    for x in situations():
        inputs = x.inputs | {"logp": x.logp.detach()}
        closed = row.alpha(inputs) * row.s(inputs) * inputs["advantages"] * ~row.clipped(inputs)
        in_logp, in_parameters = by_autograd(x, loss, {})
        worst = max(worst, gap(in_logp, closed), gap(in_parameters, carried(x, closed)))
    detail = f"autograd on one term per completion = α s A on each token, to {RTOL:g}, in the same situations"
    return Evidence("numeric", detail, ok=worst <= RTOL)


@evidence("fontana2026.table1.gpg.clip", "fontana2026.table1.cispo.clip")
def silenced() -> Evidence:
    """min and clip of Eq. 1 around s = log π_θ and s = sg[I] log π_θ: what is left of the gradient."""
    ok = True
    for x in situations():
        advantages, live = x.inputs["advantages"].expand_as(x.logp), x.inputs["mask"] > 0
        for weight in (torch.ones_like(x.logp), (x.logp - x.inputs["old_logp"]).exp()):
            surrogate = clipped_surrogate(weight.detach() * x.logp, advantages, 0.2, 0.2) * x.inputs["mask"]
            (slope,) = torch.autograd.grad(surrogate.sum(), x.logp, retain_graph=True)
            gained = live & (advantages > 0)
            ok = ok and not slope[live & (advantages < 0)].any() and bool((slope[gained] > 0).all())
    return Evidence("numeric", "autograd is exactly 0 on every token with A < 0, and not on those with A > 0", ok=ok)


@evidence("fontana2026.table1.gspo.geometric_mean", "fontana2026.table1.gspo.geometric_mean.repaired")
def geometric_mean() -> Evidence:
    """The row's sequence ratio, and the gradient of its loss, against those of GSPO's own paper."""
    worst, differ = 0.0, True
    for x in situations():
        inputs = x.inputs | {"logp": x.logp.detach()}
        mask, wide = inputs["mask"], {"epsilon_low": 1.0, "epsilon_up": 1e9}
        logs = (sequence_log_ratio(inputs["logp"], inputs["old_logp"], mask) / lengths(mask)).expand_as(mask)
        worst = max(worst, float(((TABLE1["gspo"].s(inputs).clamp(min=1e-300).log() - lengths(mask) * logs) * mask).abs().max()))
        if x.drift == "off policy" and (mask.sum(1) > 1).any():
            differ = differ and gap(in_log_probabilities(x, gspo_table1, wide), in_log_probabilities(x, gspo, wide)) > APART
    detail = f"log s of the row = |o| log s of GSPO to {RTOL:g}; off policy the gradients are more than {APART:g} apart"
    return Evidence("numeric", detail, ok=worst <= RTOL and differ)


def gradients(x: Situation, labels: Iterable[str], probes: dict[str, dict[str, Any]]) -> dict[str, Tensor]:
    """The advantage part of each row's gradient in the log-probabilities."""
    return {
        label: in_log_probabilities(x, TABLE1[label].loss, probes.get(label, {}) | {"beta": 0.0, "token_mask": None})
        for label in labels
    }


@evidence("fontana2026.table1.distinct")
def distinct() -> Evidence:
    """Off policy, no two rows have the same gradient in all groups."""
    apart = set[tuple[str, str]]()
    for x in situations():
        if x.drift == "off policy":
            g = gradients(x, TABLE1, PROBES)
            apart |= {pair for pair in combinations(TABLE1, 2) if gap(*(g[label] for label in pair)) > APART}
    detail = f"autograd tells each of the 45 pairs of rows apart by more than {APART:g} in some of 20 groups off policy"
    return Evidence("numeric", detail, ok=len(apart) == 45)


@evidence("fontana2026.table1.distinct.on_policy", "fontana2026.table1.distinct.cppo_at_zero")
def coincidences() -> Evidence:
    """With masks that let everything pass: classes of equal gradients on policy, and CPPO with γ = 0 everywhere."""
    probes = OPEN | {"gpg": {"normalise": True}}
    classes = [("grpo_r1", "gspo", "cppo"), ("grpo_v32", "gtpo"), ("dapo", "cispo", "gpg"), ("dr_grpo",), ("gcpo",)]
    equal, apart, zero = 0.0, set[str](), 0.0
    for x in situations():
        g = gradients(x, TABLE1, probes)
        zero = max(zero, gap(g["cppo"], g["grpo_r1"]))
        if x.drift == "on policy":
            equal = max([equal, *(gap(g[first], g[other]) for first, *others in classes for other in others)])
            apart |= {f"{a}, {b}" for (a, *_), (b, *_) in combinations(classes, 2) if gap(g[a], g[b]) > APART}
    detail = (
        "autograd: R1 = GSPO = CPPO, v3.2 = GTPO, DAPO = CISPO = GPG on policy, and CPPO at γ = 0 is R1 off policy "
        f"too, to {RTOL:g}; the five classes differ by more than {APART:g}"
    )
    return Evidence("numeric", detail, ok=max(equal, zero) <= RTOL and len(apart) == 10)


@evidence("fontana2026.table1.distinct.one_token")
def one_token() -> Evidence:
    """Completions of one token, off policy: the clipped rows in two classes."""
    probes = OPEN | {"dapo": {"epsilon_up": 0.2}}
    worst = 0.0
    for seed in SEEDS:
        x = situation(TabularPolicy.random, seed, "off policy", length=1)
        g = gradients(x, [label for label in TABLE1 if TABLE1[label].clips], probes)
        for first, *others in (("grpo_r1", "gspo", "cppo", "dapo", "gcpo"), ("dr_grpo", "grpo_v32", "gtpo")):
            worst = max([worst, *(gap(g[first], g[other]) for other in others)])
        worst = max(worst, gap(g["dr_grpo"], g["grpo_r1"] * x.inputs["rewards"].std()))
    classes = "R1 = GSPO = CPPO = DAPO = GCPO and Dr. GRPO = v3.2 = GTPO = σ(r) R1"
    detail = f"autograd: {classes} to {RTOL:g}, {len(SEEDS)} seeds, off policy"
    return Evidence("numeric", detail, ok=worst <= RTOL)
