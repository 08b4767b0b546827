"""Appendix A, Prop. 4 and A.2: the value of the surrogate against the expected reward.

Prompts here have K completions that differ in their first token; the later tokens are forced, so their ratio is 1 and
completion k, of n(k) tokens, has the ratio sum π(k)/π_old(k) + n(k) - 1. Its expected reward is V = Σ_k π(k) r(k). A
group of two completions k, m is drawn from π_old, and E sums over all K² groups: no sampling noise is left in it.
Token weights are GRPO's without σ(r): α = 1/(G |o_i|).
"""

import sympy as sp

from theory.decide import Goal
from theory.kernel import Theorem
from theory.language import ForAll, equals, family, int_family, integers, reals
from theory.proposition import proposition, shown

from .surrogate_value import (
    G,
    R,
    beta,
    clipped_surrogate,
    eps_low,
    eps_up,
    expectation,
    i,
    n,
    omega,
    over_group,
    over_tokens,
    r,
    rho,
    t,
    w,
)
from .surrogate_weights import A_i, cov

K, k, m, j = integers("K k m j")
old, new, r_k, n_k = family("pi_old"), family("pi"), family("r"), int_family("n")


def distribution(q: sp.Function) -> sp.Basic:
    return sp.And(ForAll(k, 1, K, q(k) > 0), equals(sp.Sum(q(k), (k, 1, K)), 1))


def expected_reward(q: sp.Function) -> sp.Expr:
    return sp.Sum(q(k) * r_k(k), (k, 1, K))


def over_groups(f: sp.Expr) -> sp.Expr:
    """The expectation of f over groups of two completions k, m drawn from π_old."""
    return sp.Sum(old(k) * old(m) * f, (m, 1, K), (k, 1, K))


def advantage(k: sp.Expr, m: sp.Expr) -> sp.Expr:
    """A of completion k in the group of k and m."""
    return r_k(k) - (r_k(k) + r_k(m)) / 2


def surrogate(q: sp.Function) -> sp.Expr:
    """E[(1/2) Σ_{i=1,2} A_i (1/|o_i|) Σ_t ρ_{i,t}], not clipped."""
    mean_ratio = {x: (q(x) / old(x) + n_k(x) - 1) / n_k(x) for x in (k, m)}
    return over_groups((advantage(k, m) * mean_ratio[k] + advantage(m, k) * mean_ratio[m]) / 2)


POLICIES = {
    "π_old is a distribution": distribution(old),
    "π is a distribution": distribution(new),
    "completions have tokens": ForAll(k, 1, K, n_k(k) >= 1),
}

shown(
    "fontana2026.prop4",
    title="there is a step within the clip range that raises J and lowers the expected reward, without sampling noise",
    source="Appendix A, Prop. 4",
    printed="with ratios against a fixed π_old and Σ A_i = 0, the value of J is an inconsistent proxy of performance",
    assumptions=POLICIES
    | {"no ratio is clipped at ε = 1/5": ForAll(k, 1, K, sp.And(4 * old(k) <= 5 * new(k), 5 * new(k) <= 6 * old(k)))},
    statement=sp.And(surrogate(old) < surrogate(new), expected_reward(new) < expected_reward(old)),
    witness={
        "K": 3, "r": [1, 1, 0], "n": [1, 2, 2], "pi_old": ["1/3", "1/3", "1/3"], "pi": ["29/75", "20/75", "26/75"],
    },
    module=__name__,
    not_claimed="that J misleads under every weighting: see lossproof.surrogate_consistent",
)  # fmt: skip


def signal(k: sp.Expr) -> sp.Expr:
    """The expectation of A_i/|o_i| for completion k, over the other member of its group."""
    return sp.Sum(old(m) * advantage(k, m) / n_k(k), (m, 1, K))


# at π = π_old, for softmax logits: ∂J/∂logit_j and ∂V/∂logit_j
gradient_of_J = old(j) * (signal(j) - sp.Sum(old(k) * signal(k), (k, 1, K)))
gradient_of_V = old(j) * (r_k(j) - expected_reward(old))

shown(
    "fontana2026.prop4.gradient",
    title="there is a policy at which the exact expected gradient of J points downhill in expected reward",
    source="Appendix A, Prop. 4",
    printed="with ratios against a fixed π_old and Σ A_i = 0, the value of J is an inconsistent proxy of performance",
    assumptions={name: POLICIES[name] for name in ("π_old is a distribution", "completions have tokens")},
    statement=sp.Sum(gradient_of_J * gradient_of_V, (j, 1, K)) < 0,
    witness={"K": 3, "r": [1, 1, 0], "n": [40, 1, 40], "pi_old": ["3/4", "1/8", "1/8"]},
    module=__name__,
    not_claimed="that this is common: with equal lengths the two gradients are parallel",
)


def token_weight(w: sp.Expr, i: sp.Expr) -> sp.Expr:
    """Ω_i of Eq. 8."""
    return sp.Sum(omega(w, i, t) / G, (t, 1, n(w, i)))


TWO_TOKENS = {"N": 1, "G": 2, "p": [1], "r": [[1, 0]], "n": [[1, 1]], "omega": [[[1], [1]]], "rho": [[[2], [1]]]}


@proposition(
    "fontana2026.a2.decomposition",
    title="off policy the value is the covariance of Eq. 11, a part that vanishes with ρ - 1, and -β E[R]",
    source="Appendix A.2",
    printed="for ρ ≠ 1 the value mixes weighting bias with ratio noise",
    assumptions={"a group has a member": G >= 1},
    statement=equals(
        expectation(over_group(A_i * over_tokens(omega(w, i, t) * rho(w, i, t))) / G - beta * R(w)),
        G * expectation(cov(r, token_weight, w))
        + expectation(over_group(A_i * over_tokens(omega(w, i, t) * (rho(w, i, t) - 1))) / G)
        - beta * expectation(R(w)),
    ),
    model=TWO_TOKENS | {"beta": 1, "R": [1]},
    drops={"a group has a member": TWO_TOKENS | {"beta": 1, "R": [1], "G": 0}},
    not_claimed="that the second part is only noise: under a constant weight it is what measures improvement, "
    "see lossproof.surrogate_consistent",
)
def a2_decomposition(goal: Goal) -> Theorem:
    return goal.prove(goal.claim)


def clipped_value(q: sp.Function) -> sp.Expr:
    """(1/2) Σ_i min(ρ_i A_i, clip(ρ_i) A_i) of the group of completions 1 and 2, each of one token."""
    tokens = ((q(1) / old(1), advantage(1, 2)), (q(2) / old(2), advantage(2, 1)))
    return sum((clipped_surrogate(ratio, a) for ratio, a in tokens), sp.Integer(0)) / 2


factor, size = reals("x Z")
shown(
    "fontana2026.a2",
    title="there is a gradient step on a sampled group that lowers its loss, and lowers the expected reward",
    source="Appendix A.2",
    printed="a falling loss does not imply a better policy",
    assumptions={
        "π_old is a distribution": distribution(old),
        "a clip range": sp.And(0 <= eps_low, 0 <= eps_up),
        # ∂J/∂logit = (r_1 - r_2)/4 · (1, -1, 0): a step η multiplies exp(logit) by x = exp(η (r_1 - r_2)/4), 1/x, 1
        "an ascent step, r_1 > r_2": sp.And(factor > 1, r_k(1) > r_k(2)),
        "normalised": equals(size, old(1) * factor + old(2) / factor + old(3)),
        "softmax": sp.And(
            equals(new(1), old(1) * factor / size),
            equals(new(2), old(2) / factor / size),
            equals(new(3), old(3) / size),
        ),
    },
    statement=sp.And(
        clipped_value(old) < clipped_value(new),
        expected_reward(new) < expected_reward(old),
    ),
    witness={
        "K": 3, "r": [1, 0, 4], "pi_old": ["1/2", "1/4", "1/4"], "x": 2, "Z": "11/8", "pi": ["8/11", "1/11", "2/11"],
        "eps_low": "1/5", "eps_up": "1/5",
    },
    module=__name__,
    not_claimed="that the loss falls for other groups of the same prompt: the group is a sample",
)  # fmt: skip
