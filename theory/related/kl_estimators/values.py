"""The values of k1, k2 and k3 over tokens drawn from π_θ: which have the expectation KL(π_θ‖π_ref).

One state, tokens v = 1..V with probabilities pi(v) under π_θ and ref(v) under π_ref; r = ref/pi. See also
`theory.fontana2026.kl_estimator`: k3 is D_KL there, with its sign, and what happens off policy.
"""

import sympy as sp

from theory.decide import Goal
from theory.fontana2026.kl_estimator import COIN, DISTRIBUTIONS, DROPS, KL, over_tokens, pi, ref, turned_logs, v
from theory.kernel import Theorem
from theory.language import equals, reals
from theory.proposition import not_applicable, proposition, refuted, shown
from theory.tactics.surrogate import under_sums

SOURCE = "reconstruction: arXiv 2512.21852, as a summary reports it"
c = reals("c")
p, q = pi(v), ref(v)
r = q / p
k1 = -sp.log(r)
UNIT = {"pi": "unit", "ref": "unit"}
POSITIVE = {name: claim for name, claim in DISTRIBUTIONS.items() if "> 0" in name}


def divergence(p: sp.Expr, q: sp.Expr) -> sp.Expr:
    return over_tokens(p * sp.log(p / q))


def mean_k2(p: sp.Expr, q: sp.Expr) -> sp.Expr:
    return over_tokens(p * sp.log(p / q) ** 2 / 2)


def by_one_logarithm(goal: Goal) -> Theorem:
    """An equation of two means, log(π_θ/π_ref) in the right one written as -log r."""
    left, right = goal.claim.args
    sums = [th for name, th in goal.given.items() if "sums" in name]
    return goal.equal(left, right, under_sums(goal, right, turned_logs(goal, p, q)), *sums)


@proposition(
    "kl_estimators.value.k1",
    title="k1 = -log r is unbiased: its mean over tokens of π_θ is KL(π_θ‖π_ref)",
    source=SOURCE,
    printed="E[k1] = KL(π_θ‖π_ref)",
    assumptions=POSITIVE,
    statement=equals(over_tokens(p * k1), KL),
    model=COIN,
    drops={name: DROPS[name] for name in POSITIVE},
    hints=UNIT,
    not_claimed="anything about gradients",
)
def value_k1(goal: Goal) -> Theorem:
    """log(π_θ/π_ref) = -log r at each token."""
    return by_one_logarithm(goal)


@proposition(
    "kl_estimators.value.k3",
    title="k3 = r - 1 - log r is unbiased, and so is k1 + c (r - 1) for every number c (k1: c = 0, k3: c = 1)",
    source=SOURCE,
    printed="E[k3] = KL(π_θ‖π_ref)",
    assumptions=DISTRIBUTIONS,
    statement=equals(over_tokens(p * (k1 + c * (r - 1))), KL),
    model=COIN | {"c": 1},
    drops={name: case | {"c": 1} for name, case in DROPS.items()},
    hints=UNIT,
    not_claimed="anything about gradients; which c has the least variance",
)
def value_k3(goal: Goal) -> Theorem:
    """E[r - 1] = Σ π_ref - Σ π_θ = 0."""
    return by_one_logarithm(goal)


shown(
    "kl_estimators.value.k2",
    title="k2 = log²r/2 is biased, upwards for some policies and downwards for others",
    source=SOURCE,
    printed="E[k2] ≠ KL(π_θ‖π_ref)",
    assumptions=DISTRIBUTIONS,
    statement=sp.And(mean_k2(p, q) > divergence(p, q), mean_k2(q, p) < divergence(q, p)),
    witness=COIN,
    module=__name__,
    finding="Tokens of (1/2, 1/2) against (1/4, 3/4): E[k2] = (log²2 + log²(3/2))/4 = 0.1612 above KL = log(4/3)/2 = 0.1438. "
    "With the two policies exchanged E[k2] = 0.1217 is below KL = 0.1308.",
    not_claimed="that the bias is large: it is of third order in log r",
)

refuted(
    "kl_estimators.inverted_k3",
    title="k3 with the ratio turned round, π_θ/π_ref - 1 - log(π_θ/π_ref), estimates KL(π_θ‖π_ref) over tokens of π_θ",
    source="reconstruction: a table of estimators in common use, criticised by readers of arXiv 2512.21852",
    printed="E[π_θ/π_ref - 1 - log(π_θ/π_ref)] = KL(π_θ‖π_ref)",
    assumptions=DISTRIBUTIONS,
    statement=equals(over_tokens(p * (1 / r - 1 - sp.log(1 / r))), KL),
    witness=COIN,
    module=__name__,
    repair="kl_estimators.inverted_k3.repaired",
    hints=UNIT,
    finding="Let π_θ = (1/2, 1/2) and π_ref = (1/4, 3/4), so the ratios π_θ/π_ref are 2 and 2/3, and their mean under π_θ is "
    "4/3, not 1. The estimate has the mean 1/3 - 0.1438 = 0.1895, the divergence is log(4/3)/2 = 0.1438.",
)


@proposition(
    "kl_estimators.inverted_k3.repaired",
    title="k3 with the ratio turned round has the mean χ²(π_θ‖π_ref) - KL(π_θ‖π_ref)",
    source="our own",
    printed="E[π_θ/π_ref - 1 - log(π_θ/π_ref)] = Σ (π_θ - π_ref)²/π_ref - KL(π_θ‖π_ref)",
    assumptions=DISTRIBUTIONS,
    statement=equals(over_tokens(p * (1 / r - 1 - sp.log(1 / r))), over_tokens((p - q) ** 2 / q) - KL),
    model=COIN,
    drops=DROPS,
    hints=UNIT,
)
def inverted_k3_repaired(goal: Goal) -> Theorem:
    """Σ (π - q)²/q = Σ π²/q - 2 Σ π + Σ q."""
    return goal.equal(*goal.claim.args, goal.given["π_θ sums to 1"], goal.given["π_ref sums to 1"])


for label, said in {
    "k3_reward_collapses": "k3 in the reward makes training collapse",
    "k3_loss_worse_out_of_distribution": "k3 in the loss trains stably, but is up to 19% worse out of distribution",
}.items():
    not_applicable(
        f"kl_estimators.{label}",
        title=said,
        source=SOURCE,
        printed="(measured in training runs)",
        reason="an outcome of training runs of language models; the exact gradients that such runs would follow on average are "
        "kl_estimators.k1.loss, k3.loss and k3.reward",
        module=__name__,
    )
