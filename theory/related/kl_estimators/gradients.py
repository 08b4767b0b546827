"""k1, k2, k3 as training signals: E[∇k] (in the loss) and E[k ∇log π_θ] (in the reward), each against ∇KL(π_θ‖π_ref).

Statement   A token's gradient is 1, log(π_θ/π_ref) or 1 - r times its score, for k1, k2, k3. On average the loss yields 0,
            ∇KL(π_θ‖π_ref), ∇KL(π_ref‖π_θ); the reward ∇KL(π_θ‖π_ref) for k1, a difference of the two for k3. k2 in the
            loss is k1 in the reward, token by token.
Hypotheses  as in `theory.results.kl_gradients`: tokens v = 1..V, π_θ(v) = a(v, θ)/Σ_u a(u, θ) with a > 0, θ one real
            coordinate in which a has the derivatives da. Its results on the three losses are not repeated.
Proof       differentiate token by token; the score has the mean 0 under π_θ.
Not claimed anything about the variance, nor about tokens not drawn from π_θ.
"""

from typing import Any

import sympy as sp

from theory import kernel as k
from theory.decide import Goal
from theory.kernel import Term, Theorem, subst
from theory.kernel.terms import ZERO, lt, mul
from theory.language import derivative, equals, formula, reals, term
from theory.proposition import UNNEEDED, Case, proposition, shown
from theory.results.kl_gradients import CASE as EXAMPLE
from theory.results.kl_gradients import DROPS as EXAMPLE_DROPS
from theory.results.kl_gradients import (
    FORWARD,
    FORWARD_SLOPE,
    POLICIES,
    REVERSE,
    REVERSE_SLOPE,
    differentiated,
    domain,
    for_tokens,
    over_tokens,
    pi,
    ratio,
    score,
    theta,
    total,
)
from theory.tactics import MINUS, Context
from theory.tactics.logic import conjunction, parts_of, with_slope
from theory.tactics.prefix import differentiate
from theory.tactics.surrogate import everywhere

from .values import SOURCE

x = reals("x")
k1 = sp.log(ratio)
k2 = k1**2 / 2
r = 1 / ratio
k3 = r - 1 + k1
CASE: Case = {name: value for name, value in EXAMPLE.items() if name not in ("weight", "old")}
DROPS: dict[str, Any] = {
    name: case if case == UNNEEDED else {key: x for key, x in case.items() if key in CASE} for name, case in EXAMPLE_DROPS.items()
}


def in_reward(k: sp.Expr) -> sp.Expr:
    """E[k ∇log π_θ]."""
    return over_tokens(pi * k * score)


def positive_total(goal: Goal) -> None:
    positive = goal.prove(lt(ZERO, term(total)))
    goal.know(positive)
    goal.define(positive)


def pointwise(goal: Goal, claim: Term) -> Theorem:
    """`for all tokens: derivative(f, θ, slope)`."""

    def at_token(ctx: Context, p: Term) -> Theorem:
        bound, f, at, slope = p.args
        return k.restate(with_slope(ctx, differentiate(ctx, at, subst(f, {bound: at}), domain), slope), p)

    return everywhere(goal, claim, at_token)


def of_divergences(goal: Goal, claim: Term) -> Theorem:
    """The derivative of a combination of KL(π_θ‖π_ref) and KL(π_ref‖π_θ), with its slope written as in the claim."""
    bound, f, at, slope = claim.args
    known = [differentiated(goal, formula(derivative(f, theta, s))) for f, s in DIVERGENCES]
    return k.restate(with_slope(goal, k.diff(at, subst(f, {bound: at}), at, known), slope), claim)


DIVERGENCES = ((FORWARD, FORWARD_SLOPE), (REVERSE, REVERSE_SLOPE))


def proved(goal: Goal) -> Theorem:
    positive_total(goal)
    ways = {"all": pointwise, "deriv": of_divergences, "eq": Goal.prove}
    return conjunction(goal.claim, *(ways[p.op](goal, p) for p in parts_of(goal.claim)))


@proposition(
    "kl_estimators.weights",
    title="the gradient of k1, k2, k3 at a token is 1, log(π_θ/π_ref), 1 - r times its score",
    source="our own",
    printed="∇k1 = ∇log π_θ, ∇k2 = log(π_θ/π_ref) ∇log π_θ, ∇k3 = (1 - π_ref/π_θ) ∇log π_θ",
    assumptions=POLICIES,
    statement=sp.And(
        for_tokens(derivative(k1, theta, score)),
        for_tokens(derivative(k2, theta, k1 * score)),
        for_tokens(derivative(k3, theta, (1 - r) * score)),
    ),
    model=CASE,
    drops=DROPS,
)
def weights(goal: Goal) -> Theorem:
    return proved(goal)


@proposition(
    "kl_estimators.weights.order",
    title="the weight of k3 is below that of k2, so weaker where π_θ > π_ref (where it is below 1), stronger where π_θ < π_ref",
    source="our own",
    printed="x = log(π_θ/π_ref) ≠ 0:  1 - e^(-x) < x,  1 - e^(-x) < 1",
    assumptions={"the policies differ": sp.Ne(x, 0)},
    statement=sp.And(1 - sp.exp(-x) < x, 1 - sp.exp(-x) < 1),
    model={"x": 1},
    drops={"the policies differ": {"x": 0}},
)
def weights_order(goal: Goal) -> Theorem:
    """1 + y < exp(y) at y = -x."""
    minus = mul(MINUS, term(x))
    nonzero = k.nonzero_product([MINUS, term(x)], [goal.given["the policies differ"], k.negate(goal.prove(lt(MINUS, ZERO)))])
    return goal.with_facts(k.law("exp_above_tangent", minus, ZERO, [nonzero])).prove(goal.claim)


@proposition(
    "kl_estimators.k1.loss",
    title="k1 in the loss is noise: its gradient at a token is the score, whatever π_ref is, and averages to 0",
    source=SOURCE,
    printed="E[∇k1] = 0",
    assumptions=POLICIES,
    statement=sp.And(for_tokens(derivative(k1, theta, score)), equals(over_tokens(pi * score), 0)),
    model=CASE,
    drops=DROPS,
)
def k1_loss(goal: Goal) -> Theorem:
    """See also lossproof.k1_gradient."""
    return proved(goal)


@proposition(
    "kl_estimators.k1.reward",
    title="k1 in the reward has the expected gradient ∇KL(π_θ‖π_ref)",
    source=SOURCE,
    printed="E[k1 ∇log π_θ] = ∇KL(π_θ‖π_ref)",
    assumptions=POLICIES,
    statement=derivative(FORWARD, theta, in_reward(k1)),
    model=CASE,
    drops=DROPS,
)
def k1_reward(goal: Goal) -> Theorem:
    return proved(goal)


@proposition(
    "kl_estimators.k2.loss",
    title="k2 in the loss is k1 in the reward, token by token; so its expected gradient is ∇KL(π_θ‖π_ref)",
    source="our own; the mean alone is lossproof.k2_gradient",
    printed="∇k2 = k1 ∇log π_θ, E[∇k2] = ∇KL(π_θ‖π_ref)",
    assumptions=POLICIES,
    statement=sp.And(for_tokens(derivative(k2, theta, k1 * score)), derivative(FORWARD, theta, in_reward(k1))),
    model=CASE,
    drops=DROPS,
)
def k2_loss(goal: Goal) -> Theorem:
    return proved(goal)


@proposition(
    "kl_estimators.k3.loss",
    title="k3 in the loss has the expected gradient of the other divergence, KL(π_ref‖π_θ)",
    source="our own; see also lossproof.k3_gradient",
    printed="∇k3 = (1 - r) ∇log π_θ, E[∇k3] = ∇KL(π_ref‖π_θ)",
    assumptions=POLICIES,
    statement=sp.And(
        for_tokens(derivative(k3, theta, (1 - r) * score)), derivative(REVERSE, theta, over_tokens(pi * (1 - r) * score))
    ),
    model=CASE,
    drops=DROPS,
)
def k3_loss(goal: Goal) -> Theorem:
    return proved(goal)


@proposition(
    "kl_estimators.k3.reward",
    title="k3 in the reward has the expected gradient of a difference of the two divergences",
    source="our own",
    printed="E[k3 ∇log π_θ] = ∇KL(π_θ‖π_ref) - ∇KL(π_ref‖π_θ)",
    assumptions=POLICIES,
    statement=derivative(FORWARD - REVERSE, theta, in_reward(k3)),
    model=CASE,
    drops=DROPS,
)
def k3_reward(goal: Goal) -> Theorem:
    return proved(goal)


TARGET = in_reward(k1)  # ∇KL(π_θ‖π_ref), by kl_estimators.k1.reward

shown(
    "kl_estimators.k3.loss.biased",
    title="k3 in the loss is biased: its expected gradient is not ∇KL(π_θ‖π_ref)",
    source=SOURCE,
    printed="E[∇k3] ≠ ∇KL(π_θ‖π_ref)",
    assumptions=POLICIES,
    statement=sp.Ne(over_tokens(pi * (1 - r) * score), TARGET),
    witness=CASE,
    module=__name__,
    finding="Let π_θ = (1/4, 3/4), π_ref = (1/2, 1/2), scores 3/4 and -1/4. k3 in the loss gives (3/16)(-1) - (3/16)(1/3) = "
    "-1/4, the gradient of KL(π_θ‖π_ref) is (3/16)(log(1/2) - log(3/2)) = -(3/16) log 3 = -0.2060.",
)

shown(
    "kl_estimators.k3.reward.biased",
    title="k3 in the reward is biased: its expected gradient can even point away from that of KL(π_θ‖π_ref)",
    source=SOURCE,
    printed="E[k3 ∇log π_θ] ≠ ∇KL(π_θ‖π_ref)",
    assumptions=POLICIES,
    statement=in_reward(k3) * TARGET < 0,
    witness=CASE,
    module=__name__,
    finding="Let π_θ = (1/4, 3/4), π_ref = (1/2, 1/2), scores 3/4 and -1/4. The gradient of KL(π_θ‖π_ref) is -0.2060, that of "
    "k3 in the reward is -0.2060 + 1/4 = 0.0440: descending it takes π_θ(1) further down from 1/4, away from π_ref.",
)

shown(
    "kl_estimators.k2.reward.biased",
    title="k2 in the reward is biased: its expected gradient is not ∇KL(π_θ‖π_ref), and can point away from it",
    source=SOURCE,
    printed="E[k2 ∇log π_θ] ≠ ∇KL(π_θ‖π_ref)",
    assumptions=POLICIES,
    statement=in_reward(k2) * TARGET < 0,
    witness=CASE,
    module=__name__,
    finding="Let π_θ = (1/4, 3/4), π_ref = (1/2, 1/2), scores 3/4 and -1/4. k2 in the reward gives (3/16)(log²2 - log²(3/2))/2 = "
    "0.0296, the gradient of KL(π_θ‖π_ref) is -0.2060.",
)
