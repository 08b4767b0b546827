"""Appendix A, Prop. 4 and A.2 in numbers: the value of J against the exact expected reward V.

E is exact: all completions of a policy, of at most two of three tokens, are enumerated, and all groups of them.
Tolerance: E is a sum of at most 343 terms of a dozen rounded factors, and the sum of their absolute values is below 100
here (|A| < 6, ratios below 5), so its error is below 355 * 100 u = 4e-12, u = 2^-53. Changes of J and V below DECIDED
count as none.
"""

from __future__ import annotations

from collections.abc import Callable
from math import log, sqrt

import torch
from torch import Tensor

from numerics.calling import call_objective
from numerics.evidence import evidence
from numerics.groups import sample_group, score_group
from numerics.objectives.dr_grpo import dr_grpo
from numerics.objectives.grpo import grpo
from numerics.optimizers import OptimizerFactory, adamw, inner_loop, sgd
from numerics.policies import Completions, Policy, RewardFn, TabularPolicy, completion_probabilities, expected_reward
from numerics.transformer import TinyTransformer
from theory.verdict import Evidence

TOL, DECIDED = 1e-11, 1e-9


def normal(*shape: int, seed: int) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def random_reward(seed: int) -> RewardFn:
    """A standard normal reward for each completion of at most two of three tokens."""
    table = normal(9, seed=seed)
    return lambda tokens, mask: table[3 * tokens[:, 0] + tokens[:, 1] * mask[:, 1].long()]


def wilson(hits: int, cases: int) -> str:
    """The share of hits with its 95 % Wilson interval."""
    z, share = 1.96, hits / cases
    centre = (share + z * z / (2 * cases)) / (1 + z * z / cases)
    half = z / (1 + z * z / cases) * sqrt(share * (1 - share) / cases + z * z / (4 * cases * cases))
    return f"{hits} of {cases} ({max(0.0, centre - half):.2f} to {centre + half:.2f})"


def moved(policy: Policy, size: float, seed: int) -> None:
    """A random step of all parameters."""
    with torch.no_grad():
        for parameter in policy.parameters():
            parameter += size * normal(*parameter.shape, seed=seed)


def value_of_pairs(old: Tensor, new: Tensor, mask: Tensor, rewards: Tensor, weighting: str) -> float:
    """E[(1/2) Σ_{i=1,2} A_i f_i] over all pairs of completions drawn from π_old; log-probabilities are (N, T).

    f is the mean of the token ratios ("mean"), their sum ("sum"), or the ratio of the completion ("sequence").
    """
    ratios = (new - old).exp() * mask
    if weighting == "sequence":
        f = ((new - old) * mask).sum(1).exp()
    else:
        f = ratios.sum(1) / (mask.sum(1) if weighting == "mean" else 1)
    p = old.sum(1).exp()
    A = (rewards[:, None] - rewards) / 2  # of the first member of the pair, and minus that of the second
    return float(p @ (A * f[:, None] - A * f) @ p / 2)


def opposite(policy: Policy, size: float, seed: int) -> dict[str, bool]:
    """Whether a random step moves J and V in opposite directions, for each weighting, β = 0 and no clip."""
    reward_fn = random_reward(seed)
    completions = policy.completions()
    rewards = reward_fn(*completions)
    with torch.no_grad():
        old = policy.log_probs(*completions)
        moved(policy, size, seed + 1)
        new = policy.log_probs(*completions)
    V_old, V = (float(x.sum(1).exp() @ rewards) for x in (old, new))
    out = {}
    for weighting in ("mean", "sum", "sequence"):
        J_old, J = (value_of_pairs(old, x, completions.mask, rewards, weighting) for x in (old, new))
        out[weighting] = (J - J_old) * (V - V_old) < 0 and min(abs(J - J_old), abs(V - V_old)) > DECIDED
    return out


@evidence("fontana2026.prop4", "lossproof.surrogate_consistent")
def opposite_directions() -> Evidence:
    """Random steps: E[J] and V part ways for token ratios, and never for one ratio per completion."""
    cases: list[tuple[Policy, float, int]] = [(TabularPolicy.random(3, 2, seed), 0.3, seed) for seed in range(200)]
    cases += [(TinyTransformer(3, 2, seed), 0.05, seed) for seed in range(20)]
    found = [opposite(*case) for case in cases]
    hits = {weighting: sum(f[weighting] for f in found) for weighting in ("mean", "sum", "sequence")}
    shares = "; ".join(f"{weighting}: {wilson(n, len(cases))}" for weighting, n in hits.items())
    ok = hits["mean"] > 0 and hits["sum"] > 0 and hits["sequence"] == 0
    return Evidence("numeric", f"random steps that move exact E[J] and V apart, by ratio: {shares}", ok=ok)


def value_of_forced(logits: Tensor, old: Tensor, rewards: Tensor, lengths: Tensor) -> Tensor:
    """E[J] with weights 1/|o| of completions that differ in their first token only; groups of two from π_old."""
    f = (logits.softmax(0) / old + lengths - 1) / lengths
    A = (rewards[:, None] - rewards) / 2
    return old @ (A * f[:, None] - A * f) @ old / 2


@evidence("fontana2026.prop4")
def stored_step() -> Evidence:
    """The stored example: uniform π_old, rewards 1, 1, 0, lengths 1, 2, 2."""
    old, new = torch.tensor([[25.0, 25, 25], [29, 20, 26]], dtype=torch.float64) / 75
    rewards, lengths = torch.tensor([[1.0, 1, 0], [1, 2, 2]], dtype=torch.float64)
    J = [float(value_of_forced(q.log(), old, rewards, lengths)) for q in (old, new)]
    V = [float(q @ rewards) for q in (old, new)]
    wanted = zip((*J, *V), (0, 1 / 900, 50 / 75, 49 / 75), strict=True)
    ok = all(abs(x - y) < TOL for x, y in wanted)
    return Evidence("numeric", f"float64: E[J] from 0 to 1/900 and V from 50/75 to 49/75, within {TOL:g}", ok=ok)


@evidence("fontana2026.prop4.gradient")
def downhill_gradient() -> Evidence:
    """The stored example by autograd, and one step of torch.optim.SGD on -E[J] from it."""
    old = torch.tensor([6.0, 1, 1], dtype=torch.float64) / 8
    rewards, lengths = torch.tensor([[1.0, 1, 0], [40, 1, 40]], dtype=torch.float64)
    logits = old.log().requires_grad_()
    J = value_of_forced(logits, old, rewards, lengths)
    V = logits.softmax(0) @ rewards
    of_J, of_V = (torch.autograd.grad(x, logits, retain_graph=True)[0] for x in (J, V))
    logits.grad = -of_J
    torch.optim.SGD([logits], lr=1.0).step()
    with torch.no_grad():
        risen = float(value_of_forced(logits, old, rewards, lengths)) - float(J) > DECIDED
        fallen = float(V) - float(logits.softmax(0) @ rewards) > DECIDED
    ok = abs(float(of_J @ of_V) + 17 / 262144) < TOL and risen and fallen
    return Evidence("numeric", f"∇J · ∇V = -17/262144 by autograd within {TOL:g}; a step of SGD raises J, lowers V", ok=ok)


@evidence("lossproof.surrogate_consistent")
def gain_from_triples() -> Evidence:
    """E[Σ A_i ρ_i] over all groups of three, against twice the gain in expected reward."""
    worst, cases = 0.0, 0
    for seed in range(10):
        for policy, size in ((TabularPolicy.random(3, 2, seed), 0.5), (TinyTransformer(3, 2, seed), 0.1)):
            reward_fn = random_reward(seed)
            r = reward_fn(*policy.completions())
            with torch.no_grad():
                p = completion_probabilities(policy)
                moved(policy, size, seed + 1)
                q = completion_probabilities(policy)
            groups = torch.cartesian_prod(*[torch.arange(len(p))] * 3)
            A = r[groups] - r[groups].mean(1, keepdim=True)
            E = float(p[groups].prod(1) @ (A * (q / p)[groups]).sum(1))
            worst, cases = max(worst, abs(E - 2 * float(q @ r - p @ r))), cases + 1
    detail = f"E[Σ A_i ρ_i] = 2 (V(θ) - V(θ_old)) within {TOL:g} over all groups of three of {cases} policies"
    return Evidence("numeric", detail, ok=worst < TOL)


def dr_grpo_unregularised(logp: Tensor, old_logp: Tensor, advantages: Tensor, mask: Tensor) -> Tensor:
    return dr_grpo(logp, old_logp, old_logp, advantages, mask, beta=0.0)


@evidence("fontana2026.a2")
def stored_gradient_step() -> Evidence:
    """The stored example: a real step of torch.optim.SGD with lr = 4 log 2 on the group of tokens 1 and 2."""
    policy = TabularPolicy(torch.tensor([[0.5, 0.25, 0.25]], dtype=torch.float64).log(), 1)
    rewards = torch.tensor([1.0, 0, 4], dtype=torch.float64)

    def reward_fn(tokens: Tensor, mask: Tensor) -> Tensor:
        return rewards[tokens[:, 0]]

    pair = Completions(torch.tensor([[0], [1]]), torch.ones(2, 1, dtype=torch.float64))
    group = score_group(policy, pair, reward_fn)
    run = inner_loop(policy, group, dr_grpo_unregularised, sgd(4 * log(2)), 1)
    with torch.no_grad():
        after = float(call_objective(dr_grpo_unregularised, policy, group))
        V = float(expected_reward(policy, reward_fn))
    ok = abs(run.steps[0].loss) < TOL and abs(after + 1 / 10) < TOL and abs(V - 16 / 11) < TOL
    return Evidence("numeric", f"SGD takes the loss from 0 to -1/10 and V from 3/2 to 16/11, within {TOL:g}", ok=ok)


def misled(policy: Policy, optimizer: OptimizerFactory, seed: int) -> bool:
    """Whether a real step on a sampled group of four lowers GRPO's loss, and the exact expected reward as well."""
    reward_fn = random_reward(seed)
    group = sample_group(policy, 4, reward_fn, torch.Generator().manual_seed(seed))
    if float(group.rewards.std()) == 0:  # four times the same completion: no signal, and 0/0 in the loss
        return False
    before = float(expected_reward(policy, reward_fn).detach())
    run = inner_loop(policy, group, grpo, optimizer, 1)
    with torch.no_grad():
        loss, V = float(call_objective(grpo, policy, group)), float(expected_reward(policy, reward_fn))
    return run.steps[0].loss - loss > DECIDED and before - V > DECIDED


@evidence("fontana2026.a2")
def falling_loss() -> Evidence:
    """Real steps of torch.optim.AdamW and SGD on GRPO's loss, groups of four."""
    kinds: dict[str, tuple[Callable[[int], Policy], OptimizerFactory, int]] = {
        "tabular, SGD": (lambda seed: TabularPolicy.random(3, 2, seed), sgd(0.5), 60),
        "tabular, AdamW": (lambda seed: TabularPolicy.random(3, 2, seed), adamw(0.05), 60),
        "transformer, AdamW": (lambda seed: TinyTransformer(3, 2, seed), adamw(0.001), 20),
    }
    hits = {kind: sum(misled(make(seed), opt, seed) for seed in range(n)) for kind, (make, opt, n) in kinds.items()}
    shares = "; ".join(f"{kind}: {wilson(hits[kind], n)}" for kind, (_, _, n) in kinds.items())
    return Evidence("numeric", f"real steps after which the loss is lower and V too: {shares}", ok=all(hits.values()))
