"""Section 5 and Appendix C, Eq. 19-23: what multiplying all rewards by φ does to the gradient.

Rewards r(1..G) of a group, lengths n(i) = |o_i|, token weights alpha(i, t); w(i, t) is s ∇log π of the token, in one
coordinate θ of the parameters. G, lengths and the divisor G - ddof of σ(r) are symbolic. Every identity holds for every
group, and so under any expectation over groups whose probabilities do not depend on θ.

The advantage scales with φ; the gradient does so only where α is free of r. Six of the ten rows of Table 1 have 1/σ(r) in
α (GRPO R1, GSPO, DAPO, CPPO, CISPO, GCPO; GPG too, if F_norm is σ(r)): there the scale cancels.
"""

from typing import Any

import sympy as sp

from theory import kernel as k
from theory.decide import Goal
from theory.kernel import Term, Theorem
from theory.kernel.terms import ONE, ZERO, eq, inv, le, lt, mk, mul, subst
from theory.language import ForAll, derivative, equals, family, int_family, integers, mean, reals, term
from theory.proposition import UNNEEDED, proposition, refuted
from theory.tactics import Context
from theory.tactics_adam import W, congruence, inverse_of_product, root

G, i, j, t, ddof = integers("G i j t ddof")
phi, beta, theta, gamma = reals("phi beta theta gamma")
r, w, alpha, c, ratio, pi, dpi, R, dR = (family(x) for x in ("r", "w", "alpha", "c", "k", "pi", "dpi", "R", "dR"))
n = int_family("n")


def rewards(scale: Any = 1) -> Any:
    """i -> the reward of completion i, times a scale."""
    return lambda of: scale * r(of)


def advantage(of: Any, at: Any = i) -> sp.Expr:
    """A_i of Eq. 2."""
    return of(at) - mean(of(j), j, G)


def square_sum(of: Any) -> sp.Expr:
    return sp.Sum(advantage(of) ** 2, (i, 1, G))


def sigma(of: Any) -> sp.Expr:
    """σ(r), with ddof = 0 for the population's and 1 for the sample's."""
    return sp.sqrt(square_sum(of) / (G - ddof))


def over_tokens(f: Any) -> sp.Expr:
    return sp.Sum(f, (t, 1, n(i)))


def gradient(of: Any, weight: Any, token: Any = w) -> sp.Expr:
    """g_A of Eq. 22 in one coordinate: Σ_i A_i Σ_t α_{i,t} s_{i,t} ∇log π."""
    return sp.Sum(advantage(of) * over_tokens(weight * token(i, t)), (i, 1, G))


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


# -- Eq. 21 and 22: the split is the derivative of Eq. 1, with s = k π (Eq. 12) and no token clipped --------------------

log_slope = dpi(i, t, theta) / pi(i, t, theta)  # ∇log π, see eq22
surrogate = sp.Sum(advantage(rewards()) * over_tokens(alpha(i, t) * ratio(i, t) * pi(i, t, theta)), (i, 1, G))
g_a = sp.Sum(advantage(rewards()) * over_tokens(alpha(i, t) * ratio(i, t) * pi(i, t, theta) * log_slope), (i, 1, G))


def for_tokens(p: sp.Basic) -> sp.Basic:
    return ForAll(i, 1, G, ForAll(t, 1, n(i), p))


SMOOTH = {
    "π is positive": for_tokens(pi(i, t, theta) > 0),
    "π is differentiable": for_tokens(derivative(pi(i, t, theta), theta, dpi(i, t, theta))),
    "R is differentiable": derivative(R(theta), theta, dR(theta)),
}


def linear(i: Any, t: Any, x: Any) -> Any:
    """i x"""
    return x * i


def slope(i: Any, t: Any, x: Any) -> Any:
    """i"""
    return i


def square(x: Any) -> Any:
    """x^2"""
    return x * x


def double(x: Any) -> Any:
    """2 x"""
    return 2 * x


POLICY: dict[str, Any] = {"G": 2, "n": [1, 2], "r": [1, 0], "theta": "1/4", "beta": "1/10", "alpha": [[1], ["1/2", "1/2"]]}
POLICY |= {"k": [[4], [2, 2]], "pi": linear, "dpi": slope, "R": square, "dR": double}
SMOOTH_DROPS: dict[str, Any] = {
    "π is positive": POLICY | {"theta": 0},
    "π is differentiable": POLICY | {"dpi": linear},
    "R is differentiable": POLICY | {"dR": square},
}


def slope_of_surrogate(goal: Goal) -> Theorem:
    """Token by token k π has the derivative k π ∇log π; then sums of derivatives."""
    x, completion, token, group = map(term, (theta, i, t, G))
    outer = goal.assuming(le(ONE, completion), le(completion, group))
    inner = outer.assuming(le(ONE, token), le(token, term(n(i))))
    differentiable = inner.at(goal.given["π is differentiable"], completion, token)
    positive = inner.at(goal.given["π is positive"], completion, token)
    part = alpha(i, t) * ratio(i, t) * pi(i, t, theta)
    plain = k.diff(x, term(part), x, [differentiable])
    tidy = inner.with_facts(positive).equal(plain.concl.args[3], term(part * log_slope))
    of_token = turned(tidy, plain)
    of_tokens = k.sum_congr(token, ONE, term(n(i)), of_token)
    scaled = k.diff(x, term(advantage(rewards()) * over_tokens(part)), x, [of_tokens])
    same = outer.equal(scaled.concl.args[3], term(advantage(rewards()) * over_tokens(part * log_slope)))
    return k.sum_congr(completion, ONE, group, turned(same, scaled))


def turned(equation: Theorem, slope: Theorem) -> Theorem:
    """The derivative with its value replaced by what it equals."""
    (v, f, p, _), hole = slope.concl.args, term(gamma)
    return k.rewrite(equation, slope, hole, mk("deriv", p, subst(f, {v: p}), p, hole))


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
    not_claimed="anything at a token that the clip silences; A, α and k do not depend on θ",
)
def gradient_splits(goal: Goal) -> Theorem:
    x, claim = term(theta), goal.claim
    whole = k.diff(x, claim.args[1], x, [slope_of_surrogate(goal), goal.given["R is differentiable"]])
    return k.restate(turned(goal.equal(whole.concl.args[3], claim.args[3]), whole), claim)


@proposition(
    "fontana2026.eq22",
    title="g_A and g_R are the gradients of the advantage part and of the regulariser, and ∇log π = ∇π/π",
    source="Appendix C, Eq. 22",
    printed="g_A = Σ_i A_i Σ_t α_{i,t} s_{i,t} ∇log π, g_R = β ∇R",
    statement=sp.And(
        derivative(surrogate, theta, g_a),
        derivative(beta * R(theta), theta, beta * dR(theta)),
        for_tokens(derivative(sp.log(pi(i, t, theta)), theta, log_slope)),
    ),
    assumptions=SMOOTH,
    unstated=tuple(SMOOTH),
    model=POLICY,
    drops=SMOOTH_DROPS,
    not_claimed="anything at a token that the clip silences; A, α and k do not depend on θ",
)
def parts_of_the_gradient(goal: Goal) -> Theorem:
    x, completion, token = map(term, (theta, i, t))
    advantage_part = slope_of_surrogate(goal)
    penalty = k.diff(x, term(beta * R(theta)), x, [goal.given["R is differentiable"]])
    positive, differentiable = goal.given["π is positive"], goal.given["π is differentiable"]
    # at a token (i, t) of the group
    inner = goal.assuming(le(ONE, completion), le(completion, term(G)), le(ONE, token), le(token, term(n(i))))
    here = [inner.at(fact, completion, token) for fact in (differentiable, positive)]
    log = turned(inner.equal(mul(term(dpi(i, t, theta)), inv(term(pi(i, t, theta)))), term(log_slope)), k.diff(x, term(sp.log(pi(i, t, theta))), x, here))
    raise NotImplementedError
