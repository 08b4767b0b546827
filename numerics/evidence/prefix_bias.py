"""Section 4 in numbers: gradients of the ten losses on groups that share a prefix, and what becomes of the length.

Tolerance: a gradient entry is a sum over at most 20 tokens of a weight times a back-propagated derivative, in all fewer
than 1e4 roundings of numbers below 1e2, so its error is below 1e4 * 1e2 * 2^-53 = 1.1e-10 of the scale of the entries.
TOL = 1e-9 leaves a factor of nine; a wrong weight is off by more than 1e-4 in every control below.
"""

from __future__ import annotations

import copy
from functools import cache
from math import sqrt
from typing import Any

import torch
from torch import Tensor

from numerics.evidence import evidence
from numerics.groups import Group, noise_reward, shared_prefix_group
from numerics.objectives import TABLE1, call
from numerics.objectives.dr_grpo import dr_grpo
from numerics.optimizers import inner_loop, sgd
from numerics.policies import Policy, TabularPolicy, flatten
from numerics.transformer import TinyTransformer
from theory.verdict import Evidence

TOL = 1e-9
APART = 1e-4
SEEDS = 10
PREFIX = 2
MEMBERS = 3
OF_EQ12 = ("grpo_r1", "grpo_v32", "gspo", "gtpo", "dapo", "cppo", "dr_grpo")  # s = k π_θ
NOT_OF_EQ12 = ("gpg", "cispo", "gcpo")
CONSTANT = ("dapo", "dr_grpo", "gpg", "cispo")  # on policy the same weight on every token
UNCLIPPED = {"epsilon_low": 1.0, "epsilon_up": 1e6}
Inputs = dict[str, Any]


def normal(*shape: int, seed: int) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def moved(policy: Policy, seed: int, scale: float) -> Policy:
    """A copy with noise on every parameter."""
    other = copy.deepcopy(policy)
    with torch.no_grad():
        for n, parameter in enumerate(other.parameters()):
            parameter.add_(scale * normal(*parameter.shape, seed=1000 * seed + n))
    return other


@cache
def shared_groups(scale: float) -> list[tuple[Policy, Group]]:
    """A current policy and five completions of an older one, which share two tokens: ten tabular, ten transformers.

    `scale`: how far the parameters have moved since; 0 is on policy, 0.3 leaves many tokens beyond the clip.
    """
    if scale:
        return [(moved(old, n // 2, scale), group) for n, (old, group) in enumerate(shared_groups(0.0))]
    out: list[tuple[Policy, Group]] = []
    for seed in range(SEEDS):
        for old in (TabularPolicy.random(3, 4, seed), TinyTransformer(3, 4, seed)):
            draw = torch.Generator().manual_seed(seed)
            group = shared_prefix_group(old, 5, PREFIX, noise_reward(seed), draw, reference=moved(old, seed + 50, 0.1))
            out.append((old, group))
    return out


def inputs_of(policy: Policy, group: Group, **parameters: float) -> Inputs:
    """What the losses ask for, `logp` differentiable; GTPO's entropies as data, below its threshold."""
    data = {name: getattr(group, name) for name in ("tokens", "mask", "rewards", "old_logp", "ref_logp", "advantages")}
    logp = policy.log_probs(group.tokens, group.mask)
    entropy = policy.entropies(group.tokens, group.mask).detach() / 4
    return data | {"logp": logp, "entropy": entropy, "beta": 0.0} | parameters


def by_token(value: Tensor, x: Inputs) -> Tensor:
    """(G, T): the gradient of a scalar in the log-probabilities of the tokens."""
    return torch.autograd.grad(value, x["logp"], retain_graph=True)[0]


def by_parameter(policy: Policy, value: Tensor) -> Tensor:
    """(P,): the gradient of a scalar in the parameters of the policy."""
    return flatten(torch.autograd.grad(value, list(policy.parameters()), retain_graph=True, materialize_grads=True))


def distance(a: Tensor, b: Tensor) -> float:
    """Largest difference of two gradients, as a share of the largest entry (1 at least)."""
    return float((a - b).abs().max() / max(1.0, float(a.abs().max()), float(b.abs().max())))


def printed_s(label: str, x: Inputs) -> Tensor:
    """s of Table 1 as differentiation sees it, (G, T)."""
    log_ratio = (x["logp"] - x["old_logp"]) * x["mask"]
    sequence = log_ratio.sum(1, keepdim=True).expand_as(log_ratio)
    return {
        "gspo": lambda: ((sequence - x["logp"]).detach() + x["logp"]).exp(),
        "gpg": lambda: x["logp"],
        "cispo": lambda: log_ratio.exp().detach() * x["logp"],
        "gcpo": lambda: sequence.exp(),
    }.get(label, log_ratio.exp)()  # fmt: skip


@evidence("fontana2026.eq12", "fontana2026.eq12.repaired", "fontana2026.eq14")
def gradient_of_s() -> Evidence:
    """Σ c ∇s against Σ c s ∇log π_θ for random c: by token for each row, by parameter for the sum over the rows."""
    equal, apart, worst = set(TABLE1), set(TABLE1), 0.0
    for n, (policy, group) in enumerate(shared_groups(0.03)):
        x = inputs_of(policy, group)
        left, right = torch.zeros(()), torch.zeros(())
        for m, label in enumerate(TABLE1):
            s, c = printed_s(label, x), group.mask * normal(*group.mask.shape, seed=20 * n + m)
            off = distance(by_token((c * s).sum(), x), c * s.detach())
            equal -= {label} if off > TOL else set()
            apart -= {label} if off < APART else set()
            if label in OF_EQ12:
                left, right = left + (c * s).sum(), right + (c * s.detach() * x["logp"]).sum()
        worst = max(worst, distance(by_parameter(policy, left), by_parameter(policy, right)))
    ok = equal == set(OF_EQ12) and apart == set(NOT_OF_EQ12) and worst < TOL
    detail = (
        f"autograd on 20 groups: grad s = s grad log pi within {TOL} in {named(equal)}; "
        f"off by more than {APART} in {named(apart)}"
    )
    return Evidence("numeric", detail, ok=ok)


@evidence(
    "fontana2026.eq14.gpg",
    "fontana2026.eq14.gpg.repaired",
    "fontana2026.eq14.cispo",
    "fontana2026.eq14.cispo.repaired",
)
def log_rows_turn_around() -> Evidence:
    """Token by token, s ∇log π_θ points against ∇s for s = log π_θ and s = sg[I] log π_θ."""
    tokens, against = 0, 0
    for policy, group in shared_groups(0.03):
        x, live = inputs_of(policy, group), group.mask > 0
        for label in ("gpg", "cispo"):
            s = printed_s(label, x)
            tokens += int(live.sum())
            against += int(((by_token(s.sum(), x) * s)[live] < 0).sum())
    detail = f"the right side of Eq. 14 has the wrong sign on {against} of {tokens} tokens of the two rows"
    return Evidence("numeric", detail, ok=against == tokens > 0)


@evidence("fontana2026.eq14.gcpo", "fontana2026.eq14.gcpo.repaired")
def sequence_ratio() -> Evidence:
    """∇s_i = s_i Σ_u ∇log π_θ(y_u|·), in the parameters."""
    worst = 0.0
    for n, (policy, group) in enumerate(shared_groups(0.03)):
        x = inputs_of(policy, group)
        s, c = printed_s("gcpo", x)[:, :1], normal(5, 1, seed=n)
        all_tokens = (c * s.detach() * group.mask * x["logp"]).sum()
        worst = max(worst, distance(by_parameter(policy, (c * s).sum()), by_parameter(policy, all_tokens)))
    return Evidence("numeric", f"autograd on 20 groups: s times the sum over all tokens within {TOL}", ok=worst < TOL)


@evidence("fontana2026.eq13", "fontana2026.eq15", "fontana2026.eq16")
def gradient_of_eq1() -> Evidence:
    """-∇loss against Σ A_i ω_{i,t} ∇log π_θ - β ∇R, zero where clipped, for a random combination of the ten losses: by
    token, and by parameter in two parts, up to token k and after it."""
    worst, clipped, cases = 0.0, 0, 0
    for scale, parameters in ((0.03, UNCLIPPED), (0.3, {})):
        for n, (policy, group) in enumerate(shared_groups(scale)):
            x = inputs_of(policy, group, **parameters, beta=0.1)
            total, parts, front = torch.zeros(()), torch.zeros(()), torch.arange(4) < PREFIX
            for c, row in zip(normal(len(TABLE1), seed=n), TABLE1.values(), strict=True):
                loss, weights = call(row.loss, x), row.gradient(x)
                total, parts = total - c * loss, parts + c * weights
                clipped, cases = clipped + int(row.clipped(x).sum()), cases + 1
            worst = max(worst, distance(by_token(total, x), parts))
            prefix, rest = (by_parameter(policy, (parts * part * x["logp"]).sum()) for part in (front, ~front))
            worst = max(worst, distance(by_parameter(policy, total), prefix + rest))
    detail = f"autograd of the ten losses, {cases} cases, half of them with clipped tokens: closed form within {TOL}"
    return Evidence("numeric", detail, ok=worst < TOL and clipped > 100)


@evidence("fontana2026.eq17")
def same_gradient_on_the_prefix() -> Evidence:
    """∇ of a random combination of the prefix's log-probabilities, by completion; and of the token after it."""
    shared, beyond = 0.0, 1.0
    for n, (policy, group) in enumerate(shared_groups(0.0)):
        logp, c = policy.log_probs(group.tokens, group.mask), normal(PREFIX, seed=n)
        first, *others = (by_parameter(policy, (c * row[:PREFIX]).sum()) for row in logp)
        shared = max(shared, *(distance(first, other) for other in others))
        after = [by_parameter(policy, row[PREFIX]) for row in logp]
        beyond = min(beyond, max(distance(after[0], other) for other in after[1:]))
    detail = f"20 groups of five: gradients on the shared tokens equal within {TOL}, on the next token not"
    return Evidence("numeric", detail, ok=shared < TOL and beyond > APART)


@evidence("fontana2026.eq18", "fontana2026.prop1", "fontana2026.prop1.gcpo", "fontana2026.prop1.gcpo.repaired")
def aggregate_weight() -> Evidence:
    """-∇loss on the prefix of three of the five completions against Σ_t ∇log π_θ(y_t|·) Σ_{i∈G̃} A_i ω_{i,t}: with ω
    = α s as printed and with the row's own ω, by row in the common log-probabilities; by parameter for a combination
    of the rows."""
    printed, wrong, own, worst = set(TABLE1), set(TABLE1), set(TABLE1), 0.0
    for scale in (0.0, 0.03):
        for n, (policy, group) in enumerate(shared_groups(scale)):
            x = inputs_of(policy, group, **UNCLIPPED)
            total, W_all = torch.zeros(()), torch.zeros(PREFIX)
            for c, (label, row) in zip(normal(len(TABLE1), seed=n), TABLE1.items(), strict=True):
                loss = call(row.loss, x | {"logp": on_prefix(x["logp"])})
                found = -by_token(loss, x)[:, :PREFIX].sum(0)
                forms = (row.alpha(x) * row.s(x), row.weight(x))
                sums = [(group.advantages * omega)[:MEMBERS, :PREFIX].sum(0) for omega in forms]
                off = [distance(found, W_agg) for W_agg in sums]
                printed -= {label} if off[0] > TOL else set()
                wrong -= {label} if off[0] < APART else set()
                own -= {label} if off[1] > TOL else set()
                total, W_all = total - c * loss, W_all + c * sums[1]
            one = by_parameter(policy, (W_all * x["logp"][0, :PREFIX]).sum())
            worst = max(worst, distance(by_parameter(policy, total), one))
    ok = printed == set(OF_EQ12) and wrong == set(NOT_OF_EQ12) and own == set(TABLE1) and worst < TOL
    detail = (
        f"prefix of 3 of 5 completions, 40 groups: within {TOL} of W_agg with omega = alpha s in {named(printed)}; "
        f"not in {named(wrong)}, where omega is alpha, alpha clip(I) and alpha |o| s"
    )
    return Evidence("numeric", detail, ok=ok)


def on_prefix(logp: Tensor, members: int = MEMBERS) -> Tensor:
    """The same log-probabilities; gradients pass through the shared tokens of the first completions alone."""
    through = torch.zeros_like(logp, dtype=torch.bool)
    through[:members, :PREFIX] = True
    return torch.where(through, logp, logp.detach())


def named(labels: set[str]) -> str:
    return ", ".join(label for label in TABLE1 if label in labels) or "no row"


LITERALS = dict.fromkeys(CONSTANT, 0.0) | dict.fromkeys(("grpo_r1", "gspo", "cppo"), sqrt(2) / 8)
LITERALS |= {"grpo_v32": 1 / 8, "gtpo": 1 / 8, "gcpo": -sqrt(2) / 4}


def first_token_weights(label: str, lengths: list[int], rewards: list[float]) -> Tensor:
    """(G,): -∂loss/∂log π_θ of the first tokens of completions of these lengths, on policy, β = 0, no conflicts."""
    mask = (torch.arange(max(lengths)) < torch.tensor(lengths)[:, None]).to(torch.float64)
    logp, r = (-0.5 * mask).requires_grad_(), torch.tensor(rewards, dtype=torch.float64)
    x: Inputs = dict.fromkeys(("old_logp", "ref_logp"), logp.detach()) | {"logp": logp, "mask": mask, "rewards": r}
    x |= {"advantages": (r - r.mean())[:, None], "entropy": torch.zeros_like(mask), "beta": 0.0}
    return -torch.autograd.grad(call(TABLE1[label].loss, x), logp)[0][:, 0]


@evidence("fontana2026.b2.case2", "fontana2026.prop1.gcpo", "fontana2026.b2.case1.iii")
def lengths_one_and_two() -> Evidence:
    """The weight on a first token that both completions share, lengths (1, 2), rewards (1, 0), no conflict weights."""
    sums = {label: float(first_token_weights(label, [1, 2], [1.0, 0.0]).sum()) for label in LITERALS}
    ok = all(abs(sums[label] - W) < 1e-12 for label, W in LITERALS.items()) and set(LITERALS) == set(TABLE1)
    detail = (
        "lengths (1, 2), rewards (1, 0), on policy: 0 in DAPO, Dr. GRPO, GPG, CISPO; sqrt(2)/8 in GRPO R1, GSPO's "
        "row, CPPO; 1/8 in GRPO v3.2, GTPO; -sqrt(2)/4 in GCPO; within 1e-12"
    )
    return Evidence("numeric", detail, ok=ok)


@evidence("fontana2026.b2.case1.iii", "fontana2026.b2.case2", "lossproof.prefix_neutral")
def cancellation() -> Evidence:
    """On policy, the gradient of each loss through a prefix that all five completions share, in the parameters."""
    silent, loud = set(TABLE1), set(TABLE1)
    for policy, group in shared_groups(0.0):
        x = inputs_of(policy, group)
        x = x | {"logp": on_prefix(x["logp"], members=5)}
        for label, row in TABLE1.items():
            size = float(by_parameter(policy, call(row.loss, x)).abs().max())
            silent -= {label} if size > TOL else set()
            loud -= {label} if size < APART else set()
    ok = silent == set(CONSTANT) and loud == set(TABLE1) - silent
    detail = (
        f"20 groups of five, lengths 3 and 4, normal rewards: 0 within {TOL} in {named(silent)}; above {APART} in {named(loud)}"
    )
    return Evidence("numeric", detail, ok=ok)


def stem_group(policy: TabularPolicy, rewards: list[float]) -> Group:
    """Four completions: two start with token 1, two with token 2."""
    tokens = torch.tensor([[1, 0, 0], [1, 2, 0], [2, 0, 0], [2, 1, 0]])
    mask = torch.tensor([[1, 1, 0], [1, 1, 1], [1, 1, 0], [1, 1, 1]], dtype=torch.float64)
    with torch.no_grad():
        logp = policy.log_probs(tokens, mask)
    return Group(tokens, mask, torch.tensor(rewards, dtype=torch.float64), logp, logp)


@evidence("fontana2026.b2.case1.i", "fontana2026.b2.case1.ii")
def reinforced() -> Evidence:
    """One SGD step of Dr. GRPO (ω constant): the probability of a first token that two of four completions share."""
    signs = []
    for rewards in ([1.0, 2.0, 0.0, -1.0], [1.0, -2.0, 0.0, 0.0], [3.0, 1.0, 3.5, 0.0]):  # Σ_G̃ A = 2, -0.5, 0.25
        rises = []
        for seed in range(SEEDS):
            policy = TabularPolicy.random(3, 3, seed)
            before = policy.next_log_probs(torch.zeros(1, 3, dtype=torch.long))[0, 0, 1].item()
            inner_loop(policy, stem_group(policy, rewards), dr_grpo, sgd(1e-3), 1)
            rises.append(policy.next_log_probs(torch.zeros(1, 3, dtype=torch.long))[0, 0, 1].item() > before)
        signs.append((all(rises), any(rises)))
    ok = signs == [(True, True), (False, False), (True, True)]
    detail = "10 tabular policies, one real SGD step: sums of advantages 2, -1/2, 1/4 raise, lower, raise the shared token"
    return Evidence("numeric", detail, ok=ok)
