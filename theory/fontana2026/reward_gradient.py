"""Appendix C, Prop. 5 and Eq. 19-22: the advantage at another scale of the reward, and the two parts of the gradient.

Rewards r(1..G) of a group, lengths n(i) = |o_i|, token weights alpha(i, t), one coordinate θ of the parameters. G and
the lengths are symbolic. Every identity holds for every group, and so under any expectation over groups whose
probabilities do not depend on θ.
"""

from typing import Any

import sympy as sp

from theory import kernel as k
from theory.decide import Goal
from theory.kernel import Theorem
from theory.kernel.terms import ONE, le, mk, subst, var
from theory.language import ForAll, derivative, equals, family, int_family, integers, mean, reals, term
from theory.proposition import proposition
from theory.tactics import Context

G, i, j, t = integers("G i j t")
phi, beta, theta = reals("phi beta theta")
r, alpha, ratio, log_pi, score = (family(x) for x in ("r", "alpha", "k", "log_pi", "score"))
R, dR = family("R"), family("dR")
n = int_family("n")


def rewards(scale: Any = 1) -> Any:
    """i -> the reward of completion i, times a scale."""
    return lambda of: scale * r(of)


def advantage(of: Any, at: Any = i) -> sp.Expr:
    """A_i of Eq. 2."""
    return of(at) - mean(of(j), j, G)


def over_tokens(f: Any) -> sp.Expr:
    return sp.Sum(f, (t, 1, n(i)))


@proposition(
    "fontana2026.prop5",
    title="the advantage is homogeneous: A*_i = φ A_i for every real φ",
    source="Appendix C, Prop. 5, Eq. 19-20",
    printed="A*_i = φ r_i - (1/G) Σ_j φ r_j = φ A_i for φ ∈ ℝ",
    statement=equals(advantage(rewards(phi)), phi * advantage(rewards())),
    assumptions={"a group has a member": G >= 1},
    unstated=("a group has a member",),
    model={"G": 2, "i": 1, "r": [1, 0], "phi": -3},
    drops={"a group has a member": {"G": 0, "i": 1, "r": [1], "phi": 2}},
)
def advantage_is_homogeneous(goal: Goal) -> Theorem:
    return goal.prove(goal.claim)


# -- Eq. 21 and 22: the split is the derivative of Eq. 1 with s = k π (Eq. 12), where no token is clipped --------------

s_ratio = ratio(i, t) * sp.exp(log_pi(i, t, theta))  # s = k π, with π = exp(log π)
surrogate = sp.Sum(advantage(rewards()) * over_tokens(alpha(i, t) * s_ratio), (i, 1, G))
g_a = sp.Sum(advantage(rewards()) * over_tokens(alpha(i, t) * s_ratio * score(i, t, theta)), (i, 1, G))
log_slope = derivative(log_pi(i, t, theta), theta, score(i, t, theta))

SMOOTH = {
    "log π is differentiable": ForAll(i, 1, G, ForAll(t, 1, n(i), log_slope)),
    "R is differentiable": derivative(R(theta), theta, dR(theta)),
}


def linear(i: Any, t: Any, x: Any) -> Any:
    """i x"""
    return x * i


def slope(i: Any, t: Any, x: Any) -> Any:
    """i"""
    return i


def square(x: Any) -> Any:
    """x^2 + x"""
    return x * x + x


def square_slope(x: Any) -> Any:
    """2 x + 1"""
    return 2 * x + 1


POLICY: dict[str, Any] = {"G": 2, "n": [1, 2], "r": [1, 0], "theta": 0, "beta": "1/10", "alpha": [[1], ["1/2", "1/2"]]}
POLICY |= {"k": [[4], [1, 2]], "log_pi": linear, "score": slope, "R": square, "dR": square_slope}
SMOOTH_DROPS: dict[str, Any] = {
    "log π is differentiable": POLICY | {"score": linear},
    "R is differentiable": POLICY | {"dR": square},
}


def slope_of_surrogate(goal: Goal) -> Theorem:
    """Token by token k π has the derivative k π ∇log π; then sums of derivatives."""
    x, completion, token, group = map(term, (theta, i, t, G))
    outer = goal.assuming(le(ONE, completion), le(completion, group))
    inner = outer.assuming(le(ONE, token), le(token, term(n(i))))
    log = inner.at(goal.given["log π is differentiable"], completion, token)
    plain = k.diff(x, term(alpha(i, t) * s_ratio), x, [log])
    of_token = turned(inner, plain, alpha(i, t) * s_ratio * score(i, t, theta))
    of_tokens = k.sum_congr(token, ONE, term(n(i)), of_token)
    scaled = k.diff(x, term(advantage(rewards()) * over_tokens(alpha(i, t) * s_ratio)), x, [of_tokens])
    return k.sum_congr(completion, ONE, group, turned(outer, scaled, g_a.function))


def turned(ctx: Context, slope: Theorem, to: sp.Expr) -> Theorem:
    """The derivative with its value written as `to`."""
    (bound, f, at, value), hole = slope.concl.args, var("hole")
    return k.rewrite(ctx.equal(value, term(to)), slope, hole, mk("deriv", at, subst(f, {bound: at}), at, hole))


@proposition(
    "fontana2026.eq21",
    title="g = g_A - g_R is the gradient of Eq. 1 where no token is clipped",
    source="Appendix C, Eq. 21 (with Eq. 12 and 15)",
    printed="g = g_A - g_R, with g_A = Σ_i A_i Σ_t α_{i,t} s_{i,t} ∇log π and g_R = β ∇R",
    statement=derivative(surrogate - beta * R(theta), theta, g_a - beta * dR(theta)),
    assumptions=SMOOTH,
    unstated=tuple(SMOOTH),
    model=POLICY,
    drops=SMOOTH_DROPS,
    not_claimed="anything at a token that the clip silences, or for A, α and k that depend on θ",
)
def gradient_splits(goal: Goal) -> Theorem:
    x = term(theta)
    parts = [slope_of_surrogate(goal), goal.given["R is differentiable"]]
    return turned(goal, k.diff(x, term(surrogate - beta * R(theta)), x, parts), g_a - beta * dR(theta))


@proposition(
    "fontana2026.eq22",
    title="g_A is the gradient of the advantage part alone, and g_R that of β R alone",
    source="Appendix C, Eq. 22",
    printed="g_A = Σ_i A_i Σ_t α_{i,t} s_{i,t} ∇log π, g_R = β ∇R",
    statement=sp.And(derivative(surrogate, theta, g_a), derivative(beta * R(theta), theta, beta * dR(theta))),
    assumptions=SMOOTH,
    unstated=tuple(SMOOTH),
    model=POLICY,
    drops=SMOOTH_DROPS,
    not_claimed="anything at a token that the clip silences, or for A, α and k that depend on θ",
)
def parts_of_the_gradient(goal: Goal) -> Theorem:
    x = term(theta)
    penalty = k.diff(x, term(beta * R(theta)), x, [goal.given["R is differentiable"]])
    return goal.with_facts(slope_of_surrogate(goal), turned(goal, penalty, beta * dR(theta))).prove(goal.claim)
