"""Eq. 2 of MaskGRPO: the evidence lower bound of a masked diffusion model, in its two forms.

A model that decodes in a random order σ gives a completion the probability Σ_σ w(σ) exp(l(σ)), l(σ) the log-probability
along that order. The bound is Σ_σ w(σ) l(σ). With two tokens there are two orders: token 1 alone and then token 2 given
it, u(1) + v(2), or the other way round, u(2) + v(1).
"""

import sympy as sp

from theory import kernel as k
from theory.decide import Goal
from theory.kernel import Theorem
from theory.kernel.terms import ONE, ZERO, add, app, eq, lt, mul, ne, num, sub
from theory.language import ForAll, derivative, equals, family, integers, reals, term
from theory.proposition import proposition
from theory.tactics import MINUS
from theory.tactics.clip import congruent
from theory.tactics.convex import One, exp_of_mean
from theory.tactics.logic import conjunction
from theory.tactics.order import exponent_below
from theory.tactics.slopes import by_parts

S, s = integers("S s")
a, b, t = reals("a b t")
w, path, u, v, A = map(family, ("w", "l", "u", "v", "A"))
ORDERS = {
    "weights": ForAll(s, 1, S, w(s) >= 0),
    "they sum to 1": equals(sp.Sum(w(s), (s, 1, S)), 1),
}
CASE = {"S": 2, "w": ["1/2", "1/2"], "l": [-1, -2]}
likelihood = sp.Sum(w(s) * sp.exp(path(s)), (s, 1, S))
bound = sp.Sum(w(s) * path(s), (s, 1, S))


@proposition(
    "maskgrpo.eq2",
    title="the any-order ELBO is a lower bound of the log-likelihood, for every number of orders and all weights",
    source="Eq. 2 (reconstruction: π is the mixture over decoding orders, the bound its mean log-probability)",
    printed="log π(x_0|c) ≥ -L_ELBO = E_σ Σ_k log π(x^{σ_k} | x^{σ_<k})",
    assumptions=ORDERS,
    statement=bound <= sp.log(likelihood),
    model=CASE,
    drops={
        "weights": {"S": 2, "w": [2, -1], "l": [0, "-1/2"]},
        "they sum to 1": {"S": 1, "w": ["1/2"], "l": [0]},
    },
    not_claimed="that the bound is close, or that a difference of two bounds bounds a log-ratio: see maskgrpo.eq9",
)
def elbo(goal: Goal) -> Theorem:
    """Jensen: exp(Σ w l) ≤ Σ w exp(l)."""
    jensen = exp_of_mean(goal, term(s), ONE, term(S), term(w(s)), term(path(s)), goal.given["they sum to 1"])
    mean, total = jensen.concl.args[0].args[2], term(likelihood)
    positive = k.sos(lt(ZERO, total), [(One, ONE, [jensen]), (One, ONE, [k.law("exp_positive", mean, ZERO, [])])], [], [])
    goal.define(positive)
    below = exponent_below(goal.with_facts(positive, jensen), mean, app("log", total), strict=False)
    return k.restate(below, goal.claim)


@proposition(
    "maskgrpo.eq2.tight",
    title="for two tokens the bound is the log-likelihood exactly if both decoding orders give the same probability",
    source="Eq. 2 (reconstruction: when the conditionals are consistent with one joint)",
    printed="ELBO = log π(x_0|c) ⟺ π(x_1) π(x_2|x_1) = π(x_2) π(x_1|x_2)",
    statement=sp.Equivalent(equals((a + b) / 2, sp.log((sp.exp(a) + sp.exp(b)) / 2)), equals(a, b), evaluate=False),
    not_claimed="more than two orders; a and b are the log-probabilities along the two",
)
def tight(goal: Goal) -> Theorem:
    """exp(±h) > 1 ± h for h = (a - b)/2 ≠ 0, times exp of the mean."""
    p, q = term(a), term(b)
    mean, total = mul(num(One / 2), add(p, q)), mul(num(One / 2), add(app("exp", p), app("exp", q)))
    half = mul(num(One / 2), sub(p, q))
    ep, eq_, em = (app("exp", x) for x in (p, q, mean))
    total_positive = k.sos(
        lt(ZERO, total),
        [(One / 2, ONE, [k.law("exp_positive", x, ZERO, [])]) for x in (p, q)],
        [],
        [],
    )
    goal.define(total_positive)
    # apart: total > exp(mean)
    apart_pq = k.assume(ne(p, q))
    tie_half = k.assume(eq(half, ZERO))
    pq = k.linear(p, q, [tie_half], [num(2)])
    half_ne = k.cases(eq(half, ZERO), k.absurd(pq, apart_pq, ne(half, ZERO)), k.assume(ne(half, ZERO)))
    other = mul(MINUS, half)
    tie_other = k.assume(eq(other, ZERO))
    qp = k.linear(half, ZERO, [tie_other], [MINUS])
    other_ne = k.cases(eq(other, ZERO), k.absurd(qp, half_ne, ne(other, ZERO)), k.assume(ne(other, ZERO)))
    tangents = [k.law("exp_above_tangent", half, ZERO, [half_ne]), k.law("exp_above_tangent", other, ZERO, [other_ne])]
    products = [k.law("exp_add", half, mean, []), k.law("exp_add", other, mean, [])]
    positive = k.law("exp_positive", mean, ZERO, [])
    gap = k.sos(lt(em, total), [(One / 2, ONE, [t_, positive]) for t_ in tangents], products, [num(One / 2)] * 2)
    # equality of the logs gives exp(mean) = total
    equal = k.assume(eq(mean, app("log", total)))
    hole = k.var("hole")
    lifted = congruent(equal, hole, app("exp", hole))  # exp(mean) = exp(log total)
    itself = k.law("exp_log", total, ZERO, [total_positive])
    same_ = k.linear(em, total, [lifted, itself], [ONE, ONE])
    broken = k.absurd(same_, k.negate(gap), eq(p, q))
    forward = k.imp_intro(equal.concl, k.cases(eq(p, q), k.assume(eq(p, q)), broken))
    # a = b
    agree = k.assume(eq(p, q))
    copied = congruent(agree, hole, app("exp", hole))  # exp a = exp b
    is_q = k.linear(total, eq_, [copied], [num(One / 2)])
    logs = congruent(is_q, hole, app("log", hole))
    at_q = k.law("log_exp", q, ZERO, [])
    back = k.linear(mean, app("log", total), [agree, logs, at_q], [num(One / 2), MINUS, MINUS])
    return conjunction(goal.claim, forward, k.imp_intro(agree.concl, back))


alone, given = u(1) + u(2), v(1) + v(2)
of_t = (t**2 * alone + t * (1 - t) * given) / t  # both masked, or one of the two
integral = t**2 / 2 * alone + (t - t**2 / 2) * given


@proposition(
    "maskgrpo.eq2.any_order",
    title="two tokens: the integral over t of the 1/t-weighted masked log-probability is the mean over both orders",
    source="Eq. 2 (reconstruction: linear schedule, each token masked with probability t)",
    printed="E_{t~U(0,1)} E_{x_t} (1/t) Σ_{masked} log π(x_0^i | x_t) = E_σ Σ_k log π(x^{σ_k} | x^{σ_<k})",
    assumptions={"t > 0": t > 0},
    statement=sp.And(
        derivative(integral, t, of_t),
        equals(integral.subs(t, 1) - integral.subs(t, 0), (u(1) + v(2)) / 2 + (u(2) + v(1)) / 2),
    ),
    model={"t": "1/2", "u": [-1, -2], "v": [-1, -3]},
    drops={"t > 0": {"t": 0, "u": [-1, -2], "v": [-1, -3]}},
    not_claimed="longer completions, which evidence covers by exact integration up to 6 tokens",
)
def any_order(goal: Goal) -> Theorem:
    return by_parts(goal, goal.claim)


# Three tokens: a set of m masked tokens has probability t^m (1-t)^(3-m). A(m): the masked log-probabilities, over all sets.
of_sizes = (t * (1 - t) ** 2 * A(1) + t**2 * (1 - t) * A(2) + t**3 * A(3)) / t
by_sizes = (1 - (1 - t) ** 3) / 3 * A(1) + (t**2 / 2 - t**3 / 3) * A(2) + t**3 / 3 * A(3)


@proposition(
    "maskgrpo.eq2.sizes",
    title="three tokens: the same bound with the number m of masked tokens drawn uniformly, weighted by 1/m",
    source="Eq. 2 (reconstruction: the equivalent form L · E_{m~U{1..L}} E_{|masked|=m} (1/m) Σ_{masked} log π)",
    printed="E_t E_{x_t} (1/t) Σ_{masked} log π = Σ_m (1/m) E_{|masked|=m} Σ_{masked} log π",
    assumptions={"t > 0": t > 0},
    statement=sp.And(
        derivative(by_sizes, t, of_sizes),
        equals(by_sizes.subs(t, 1) - by_sizes.subs(t, 0), A(1) / 3 + A(2) / 3 / 2 + A(3) / 3),
    ),
    model={"t": "1/2", "A": [-3, -5, -4]},
    drops={"t > 0": {"t": 0, "A": [-3, -5, -4]}},
    not_claimed="other lengths, which evidence covers by exact integration up to 8 tokens",
)
def by_size(goal: Goal) -> Theorem:
    return by_parts(goal, goal.claim)
