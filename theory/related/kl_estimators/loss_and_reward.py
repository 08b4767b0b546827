"""An estimator in the loss and in the reward at once: when the two add up to the gradient of KL(π_θ‖π_ref).

The setting is that of `gradients`. K(v, θ) is any estimator, dK its derivative.
"""

from fractions import Fraction
from typing import Any

import sympy as sp

from theory import kernel as k
from theory.decide import Goal
from theory.kernel import Theorem, subst
from theory.kernel.terms import sub
from theory.language import derivative, equals, family, formula, reals
from theory.proposition import UNNEEDED, proposition, refuted
from theory.results.kl_gradients import FORWARD, POLICIES, REVERSE, domain, for_tokens, over_tokens, pi, score, theta, v
from theory.tactics.logic import with_slope
from theory.tactics.prefix import differentiate

from .gradients import CASE, DROPS, TARGET, in_reward, k1, k2, k3, positive_total, proved, r
from .values import SOURCE

c = reals("c")
K, dK = family("K"), family("dK")
k_c = k1 + c * (r - 1)
BOTH = over_tokens(pi * dK(v, theta)) + in_reward(K(v, theta))  # E[∇k] + E[k ∇log π_θ]
CONSTANT = "the bias of k does not depend on θ"


def value_of_k(v: Any, x: Any) -> Any:
    """K(1, x) = x, K(2, x) = 2 x"""
    return x * Fraction(v)


def slope_of_k(v: Any, x: Any) -> Any:
    """dK(1, x) = 1, dK(2, x) = 2"""
    return Fraction(v)


def slope_of_a(v: Any, x: Any) -> Any:
    """dK(1, x) = 1, dK(2, x) = 0"""
    return Fraction(2) - Fraction(v)


def five(v: Any, x: Any) -> Any:
    """K(v, x) = 5"""
    return Fraction(5)


def none(v: Any, x: Any) -> Any:
    """dK(v, x) = 0"""
    return Fraction(0)


def with_k(case: Any) -> Any:
    return case if case == UNNEEDED else case | {"K": value_of_k, "dK": slope_of_k}


AGREE = CASE | {"ref": ["1/4", "3/4"], "K": five, "dK": none}
MOVING = CASE | {"K": value_of_k, "dK": slope_of_k}
NO_REFERENCE = {name: claim for name, claim in POLICIES.items() if name != "π_ref > 0"}


@proposition(
    "kl_estimators.decomposition",
    title="the gradient of the mean of an estimator is what it does in the loss plus what it does in the reward",
    source=SOURCE,
    printed="∇E[k] = E[∇k] + E[k ∇log π_θ]",
    assumptions=NO_REFERENCE | {"θ moves k": for_tokens(derivative(K(v, theta), theta, dK(v, theta)))},
    statement=derivative(over_tokens(pi * K(v, theta)), theta, BOTH),
    model=MOVING,
    drops={name: with_k(DROPS[name]) for name in NO_REFERENCE} | {"θ moves k": MOVING | {"dK": slope_of_a}},
)
def decomposition(goal: Goal) -> Theorem:
    """The product rule at each token."""
    positive_total(goal)
    return mean_of_k(goal)


def mean_of_k(goal: Goal) -> Theorem:
    claim = formula(derivative(over_tokens(pi * K(v, theta)), theta, BOTH))
    bound, f, at, slope = claim.args
    return k.restate(with_slope(goal, differentiate(goal, at, subst(f, {bound: at}), domain), slope), claim)


@proposition(
    "kl_estimators.family",
    title="k1 + c (r - 1) in the loss and the reward together: ∇KL(π_θ‖π_ref) for every c, of which c ∇KL(π_ref‖π_θ) "
    "comes from the loss",
    source="our own",
    printed="E[∇k] = c ∇KL(π_ref‖π_θ), E[k ∇log π_θ] = ∇KL(π_θ‖π_ref) - c ∇KL(π_ref‖π_θ), k = k1 + c (r - 1)",
    assumptions=POLICIES,
    statement=sp.And(
        for_tokens(derivative(k_c, theta, (1 - c * r) * score)),
        derivative(c * REVERSE, theta, over_tokens(pi * (1 - c * r) * score)),
        derivative(FORWARD - c * REVERSE, theta, in_reward(k_c)),
        derivative(FORWARD, theta, over_tokens(pi * (1 - c * r + k_c) * score)),
    ),
    model=CASE | {"c": 2},
    drops={name: case if case == UNNEEDED else case | {"c": 2} for name, case in DROPS.items()},
)
def k_family(goal: Goal) -> Theorem:
    return proved(goal)


refuted(
    "kl_estimators.any_estimator",
    title="each of k1, k2 and k3, put in the loss and in the reward, has the expected gradient ∇KL(π_θ‖π_ref)",
    source=SOURCE,
    printed="E[∇k] + E[k ∇log π_θ] = ∇KL(π_θ‖π_ref) for any estimator k",
    assumptions=POLICIES,
    statement=sp.And(
        *(equals(over_tokens(pi * (w + k) * score), TARGET) for w, k in ((sp.Integer(1), k1), (k1, k2), (1 - r, k3)))
    ),
    witness=CASE,
    module=__name__,
    repair="kl_estimators.any_estimator.repaired",
    finding="Let π_θ = (1/4, 3/4), π_ref = (1/2, 1/2), scores 3/4 and -1/4; ∇KL = -(3/16) log 3 = -0.2060. k2 reaches it in the "
    "loss alone, and its part in the reward, (3/32)(log²2 - log²(3/2)) = 0.0296, takes the sum to -0.1764.",
)


@proposition(
    "kl_estimators.any_estimator.repaired",
    title="an estimator in the loss and in the reward has the expected gradient ∇KL(π_θ‖π_ref), if its bias does not depend on θ",
    source="our own",
    printed="∇(E[k] - KL) = 0  ⇒  E[∇k] + E[k ∇log π_θ] = ∇KL(π_θ‖π_ref)",
    assumptions=POLICIES
    | {
        "θ moves k": for_tokens(derivative(K(v, theta), theta, dK(v, theta))),
        CONSTANT: derivative(over_tokens(pi * K(v, theta)) - FORWARD, theta, sp.Integer(0)),
    },
    statement=derivative(FORWARD, theta, BOTH),
    model=AGREE,
    drops={name: UNNEEDED for name in POLICIES}
    | {"θ moves k": AGREE | {"dK": slope_of_a}, CONSTANT: AGREE | {"K": value_of_k, "dK": slope_of_k}},
)
def any_estimator_repaired(goal: Goal) -> Theorem:
    """KL = E[k] - (E[k] - KL)."""
    positive_total(goal)
    means = mean_of_k(goal)
    bound, f, at, slope = goal.claim.args
    mean, bias = (subst(th.concl.args[1], {th.concl.args[0]: at}) for th in (means, goal.given[CONSTANT]))
    divergence = k.diff(at, sub(mean, bias), at, [means, goal.given[CONSTANT]])
    return k.restate(with_slope(goal, divergence, slope), goal.claim)


refuted(
    "kl_estimators.half_coefficients",
    title="an unbiased estimator with the coefficient β/2 in the loss and β/2 in the reward penalises by β KL",
    source="reconstruction: one summary of arXiv 2512.21852; the text may say otherwise",
    printed="(β/2) E[∇k] + (β/2) E[k ∇log π_θ] = β ∇KL(π_θ‖π_ref), k = k1 or k3",
    assumptions=POLICIES,
    statement=sp.And(*(equals(over_tokens(pi * (w + k) * score) / 2, TARGET) for w, k in ((sp.Integer(1), k1), (1 - r, k3)))),
    witness=CASE,
    module=__name__,
    repair="kl_estimators.family",
    finding="Loss and reward add up to ∇KL with the coefficient 1 each, so with 1/2 each they give half of it. With "
    "π_θ = (1/4, 3/4), π_ref = (1/2, 1/2), scores 3/4 and -1/4, that is -0.1030 in the place of -0.2060.",
)
