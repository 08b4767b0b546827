"""Section 3: what the unified objective is said to show of all ten methods, and what its value says of the policy.

The three properties (a bias on shared prefixes, training that hardly sees the scale of the rewards, steps past the
clip) are claimed for every method of Table 1. Each has an exception. With one weight for every token of the group
(Dr. GRPO, DAPO, GPG, CISPO without a mask) a prefix that the whole group shares gets no gradient at all. CPPO's
threshold depends on the scale. GPG has no clip to overshoot, and CISPO's leaves the gradient alone. That the value of
the surrogate is no measure of improvement does hold, in two small examples: on policy, and against a fixed π_old.
"""

from fractions import Fraction
from typing import Any

import sympy as sp

from theory import kernel as k
from theory.decide import Goal
from theory.fontana2026.unified import (
    SQUARES,
    G,
    advantage,
    by_sign,
    clipped_term,
    factors,
    for_every_group,
    i,
    j,
    low,
    m,
    n,
    one,
    r,
    theta,
    u,
    up,
)
from theory.kernel import Theorem
from theory.kernel.terms import ONE
from theory.language import ForAll, derivative, equals, family, integers, mean, reals, term
from theory.proposition import proposition, refuted, shown
from theory.tactics.clip import Clipped, clipped_derivative
from theory.tactics.logic import conjunction, with_slope

ratio, sigma, alpha_hat, norm, gamma, phi, a, c = reals("I sigma alpha_hat F_norm gamma phi a c")
logpi, logold, score = family("logpi"), reals("logold"), family("score")
TOTAL = sp.Sum(n(j), (j, 1, G))
RATIO = sp.exp(logpi(theta) - logold)


def over_group(f: sp.Expr) -> sp.Expr:
    return sp.Sum(f, (i, 1, G))


def thresholded(x: sp.Expr) -> sp.Expr:
    """CPPO's 1{|A| > γ} A."""
    return x * sp.Piecewise((1, sp.Abs(x) > gamma), (0, True))


def shift(theta: Any) -> Any:
    """theta"""
    return theta


# -- S3.a: the three properties --------------------------------------------------------------------------------------

refuted(
    "fontana2026.s3a",
    title="all three properties hold for every one of the ten methods",
    source="Abstract and Section 3",
    printed="each method of Table 1: W_agg ≠ 0 on a prefix shared by the whole group (Dr. GRPO); the same A α for "
    "rewards r and φ r (CPPO); no gradient of a token past the clip (GPG)",
    assumptions={
        "the rewards are not all equal": SQUARES > 0,
        "the lengths are not all equal": over_group((n(i) - mean(n(j), j, G)) ** 2) > 0,
        "no completion is empty": ForAll(i, 1, G, n(i) >= 1),
        "phi, sigma, I, alpha_hat, F_norm are positive": sp.And(phi > 0, sigma > 0, ratio > 0, alpha_hat > 0, norm > 0),
        "m is a completion with a positive advantage": sp.And(m >= 1, m <= G, advantage(m) > 0),
        "its token is past the clip": sp.And(RATIO > 1 + up, derivative(logpi(theta), theta, score(theta))),
    },
    statement=sp.And(
        sp.Ne(over_group(advantage(i) * ratio / G), 0, evaluate=False),
        equals(thresholded(phi * advantage(m)) / (phi * sigma), thresholded(advantage(m)) / sigma),
        derivative(alpha_hat * advantage(m) * logpi(theta) / (norm * TOTAL), theta, 0),
    ),
    witness={
        "G": 2, "r": [1, 0], "n": [1, 2], "I": 1, "m": 1, "phi": "1/4", "gamma": "1/4", "sigma": "1/2", "theta": 0,
        "logpi": shift, "score": one, "logold": -1, "epsilon_up": "1/5", "alpha_hat": 1, "F_norm": 1,
    },
    module=__name__,
    repair="fontana2026.s3a.repaired",
    finding="Two completions, rewards 1 and 0, lengths 1 and 2: Dr. GRPO gives a prefix that both share (1/2)(1/2 - "
    "1/2) = 0, so it has no bias there. Rewards divided by 4 bring |A| = 1/8 below γ = 1/4: CPPO then drops both "
    "completions, and its A/σ goes from 1 to 0, which no optimiser undoes. GPG has no ratio and no clip: a token "
    "with I = e > 6/5 and A = 1/2 keeps its gradient α A = (1/3)(1/2) = 1/6.",
)  # fmt: skip

PAST = sp.And(sp.Implies(a > 0, RATIO > 1 + up), sp.Implies(a < 0, RATIO < 1 - low))
WHICH = {
    "sigma > 0": sigma > 0,
    "F_norm > 0": norm > 0,
    "no completion is empty": ForAll(i, 1, G, n(i) >= 1),
    "log-probabilities are differentiable": derivative(logpi(theta), theta, score(theta)),
    "the ratio is past the bound that A favours": PAST,
}
WHICH_MODEL = {
    "G": 2, "r": [1, 0], "n": [1, 2], "I": 1, "sigma": "1/2", "alpha_hat": 1, "F_norm": 1, "c": 1, "a": 1, "theta": 0,
    "logpi": shift, "score": one, "logold": -1, "epsilon_low": "1/5", "epsilon_up": "1/5",
}  # fmt: skip


@proposition(
    "fontana2026.s3a.repaired",
    title="inside the clip, one weight for all tokens cancels on a prefix of the whole group; past it, GPG and CISPO "
    "keep their gradient",
    source="Abstract and Section 3, corrected; for the rows of Table 1 named in the formula",
    printed="on a prefix of all G completions, inside the clip: Σ_i A_i ω = 0 for ω = I/G (Dr. GRPO), I/(σ Σ|o_i|) "
    "(DAPO), α̂/(F_norm Σ|o_i|) (GPG), clip(I)/(σ Σ|o_i|) (CISPO, no mask); past the clip ∇min(s A, clip(s) A) = 0, "
    "but ∇(A c log π_θ) = A c ∇log π_θ with c = 1 (GPG), sg[clip(I)] (CISPO)",
    assumptions=WHICH,
    unstated=tuple(WHICH),
    statement=sp.And(
        equals(over_group(advantage(i) * ratio / G), 0),
        equals(over_group(advantage(i) * ratio / (sigma * TOTAL)), 0),
        equals(over_group(advantage(i) * alpha_hat / (norm * TOTAL)), 0),
        equals(over_group(advantage(i) * c / (sigma * TOTAL)), 0),
        derivative(by_sign(RATIO, a), theta, 0),
        derivative(a * c * logpi(theta), theta, a * c * score(theta)),
    ),
    model=WHICH_MODEL,
    drops={
        "sigma > 0": WHICH_MODEL | {"sigma": 0},
        "F_norm > 0": WHICH_MODEL | {"F_norm": 0},
        "no completion is empty": WHICH_MODEL | {"n": [1, -1]},
        "log-probabilities are differentiable": WHICH_MODEL | {"score": lambda theta: Fraction(2)},
        "the ratio is past the bound that A favours": WHICH_MODEL | {"logold": 0},
    },
    not_claimed="that the other six rows are biased on every prefix: they are on some, see s3a.biased_rows; that a "
    "prefix of a part of the group gets no gradient. The ratio I of a shared token is the same in all completions",
)
def s3a(goal: Goal) -> Theorem:
    v, past = term(theta), goal.given["the ratio is past the bound that A favours"]
    known = goal.given["log-probabilities are differentiable"]
    ratio_slope = k.diff(v, term(RATIO), v, [known])
    f = Clipped(ONE, factors(RATIO, a), *map(term, (a, RATIO, 1 - low, 1 + up)))
    clipped = clipped_derivative(goal, v, f, k.terms.ZERO, ratio_slope, None, past)
    free = with_slope(goal, k.diff(v, term(a * c * logpi(theta)), v, [known]), term(a * c * score(theta)))
    sums = [for_every_group(goal, p) for p in goal.claim.args if p.op == "eq"]
    return conjunction(goal.claim, clipped, free, *sums)


shown(
    "fontana2026.s3a.biased_rows",
    title="a group of two on which the six rows with weights that differ between completions are biased on the shared prefix",
    source="Section 3 and 4; Table 1, rows GRPO R1, GRPO v3.2, GSPO, GTPO, CPPO, GCPO, on policy",
    printed="W_agg = Σ_i A_i ω_i ≠ 0 for ω_i = 1/(G |o_i| σ) (R1, GSPO, CPPO), 1/(G |o_i|) (v3.2), |o_i|/(σ G) (GCPO "
    "in Eq. 1), and λ/(G |o_i|) (GTPO), λ = 2 where A_i > 0 and 0 where A_i < 0, since a shared token is a conflict "
    "token",
    assumptions={"the rewards are not all equal": SQUARES > 0, "sigma > 0": sigma > 0},
    statement=sp.And(
        over_group(advantage(i) / (G * n(i) * sigma)) > 0,
        over_group(advantage(i) / (G * n(i))) > 0,
        over_group(advantage(i) * n(i) / (sigma * G)) < 0,
        over_group(2 * sp.Max(0, advantage(i)) / (G * n(i))) > 0,
    ),
    witness={"G": 2, "r": [1, 0], "n": [1, 2], "sigma": "1/2"},
    module=__name__,
    not_claimed="a bias for every group: with equal lengths all but GTPO's are 0. M and δ are 1 here, and γ < 1/2",
)

# -- S3.b: the value of the surrogate --------------------------------------------------------------------------------

K = integers("K")
P, Q = family("P"), family("Q")


def pair_value(probability: Any) -> sp.Expr:
    """E[(1/G) Σ_i A_i |o_i|] for Dr. GRPO on policy, groups of two from `probability`; Eq. 1 has the term A_i."""
    half = (r(u) - r(m)) / 2  # the advantage of u beside m
    return sp.Sum(probability(u) * probability(m) * (half * n(u) - half * n(m)) / 2, (m, 1, K), (u, 1, K))


def expected(probability: Any, f: Any) -> sp.Expr:
    return sp.Sum(probability(u) * f, (u, 1, K))


shown(
    "fontana2026.s3b",
    title="on policy, the value of the surrogate can rise while the expected reward falls, and fall while it rises",
    source="Section 3, with Prop. 4; for Dr. GRPO (α = 1/G, β = 0) and groups of two",
    printed="there are policies P, Q with J(Q) > J(P) and E_Q[r] < E_P[r]; J = E[ Σ_i A_i α |o_i| ] on policy",
    statement=sp.And(
        equals(expected(P, 1), 1),
        equals(expected(Q, 1), 1),
        pair_value(Q) > pair_value(P),
        expected(Q, r(u)) < expected(P, r(u)),
    ),
    witness={"K": 2, "r": [1, 0], "n": [1, 2], "P": ["1/2", "1/2"], "Q": ["1/4", "3/4"]},
    module=__name__,
    not_claimed="the same of a gradient step: an update along ∇J at P may well raise the expected reward",
)

p1, p2, q1, q2 = (family(name) for name in ("p1", "p2", "q1", "q2"))


def fixed_value(first: Any, second: Any) -> sp.Expr:
    """E[ Σ_i Σ_t min(s A, clip(s) A)/(G |o_i|) ] over pairs from π_old, for completions of one or two tokens."""
    half = (r(u) - r(m)) / 2
    terms = clipped_term(first(u) / p1(u), half) + (n(u) - 1) * clipped_term(second(u) / p2(u), half)
    weight = p1(u) * p2(u) * p1(m) * p2(m)
    return sp.Sum(weight * terms / n(u), (m, 1, K), (u, 1, K))  # both members of a pair add the same: 2/G = 1


def reward(first: Any, second: Any) -> sp.Expr:
    return sp.Sum(first(u) * second(u) * r(u), (u, 1, K))


shown(
    "fontana2026.s3b.fixed_old",
    title="against a fixed π_old and with no ratio past the clip, the value of GRPO's surrogate rises while the "
    "expected reward falls",
    source="Section 3, with Prop. 4; for GRPO without σ(r) (α = 1/(G |o_i|), β = 0) and groups of two",
    printed="there is a policy q with J(q) > J(π_old) and E_q[r] < E_old[r], every ratio in [1-ε_low, 1+ε_up]",
    statement=sp.And(
        equals(sp.Sum(p1(u) * p2(u), (u, 1, K)), 1),
        equals(sp.Sum(q1(u) * q2(u), (u, 1, K)), 1),
        ForAll(u, 1, K, sp.And(q1(u) / p1(u) <= 1 + up, q1(u) / p1(u) >= 1 - low)),
        ForAll(u, 1, K, sp.And(q2(u) / p2(u) <= 1 + up, q2(u) / p2(u) >= 1 - low)),
        fixed_value(q1, q2) > fixed_value(p1, p2),
        reward(q1, q2) < reward(p1, p2),
    ),
    # xy, xz and w, of which only xy is rewarded; x and z become more likely, y and w less.
    witness={
        "K": 3, "n": [2, 2, 1], "r": [1, 0, 0], "p1": ["1/2", "1/2", "1/2"], "p2": ["1/2", "1/2", 1],
        "q1": ["3/5", "3/5", "2/5"], "q2": ["2/5", "3/5", 1], "epsilon_low": "1/5", "epsilon_up": "1/5",
    },
    module=__name__,
    not_claimed="that a step along ∇J leads from π_old to q",
)  # fmt: skip
