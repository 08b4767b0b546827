"""Rules for the weights α of the layers' distances d(1..K), each with what it does at its optimum.

The paper's rule was not at hand: these are what a closed form can look like. Weights lie in the simplex.
"""

from fractions import Fraction
from typing import Any

import sympy as sp

from theory import kernel as k
from theory.decide import Goal
from theory.kernel import Theorem, mk, subst
from theory.kernel.terms import ONE, ZERO, add, app, le, mul, sub
from theory.language import ForAll, derivative, equals, family, integers, reals, term
from theory.proposition import UNNEEDED, Case, proposition, refuted
from theory.tactics import MINUS
from theory.tactics.convex import One, exp_tangent
from theory.tactics.powers import unit
from theory.tactics.slopes import slope_claim

K, i, m = integers("K i m")
tau, theta, b1, b2, d1, d2, e = reals("tau theta b1 b2 d1 d2 e")
alpha, d, dd = map(family, ("alpha", "d", "dd"))
RULE = "the weights (reconstruction; the paper's rule was not at hand)"


def over(f: sp.Expr) -> sp.Expr:
    return sp.Sum(f, (i, 1, K))


penalty = over(alpha(i) * d(i))
SIMPLEX = {"simplex": sp.And(ForAll(i, 1, K, alpha(i) >= 0), equals(over(alpha(i)), 1))}
TWO: Case = {"K": 2, "alpha": ["1/2", "1/2"], "d": [0, 1], "m": 1}


def extreme(goal: Goal, sign: int) -> Theorem:
    """Σ α (d - d(m)) has the sign of its terms."""
    index = goal.fresh(goal.claim)
    inside = goal.assuming(le(ONE, index), le(index, term(K)))
    facts = [inside.at(th, index) for th in goal.facts if th.concl.op == "all"]
    body = subst(term(sign * alpha(i) * (d(i) - d(m))), {term(i): index})
    row = k.sos(le(ZERO, body), [(One, ONE, facts)], [], [])
    total = goal.nonnegative_sum(mk("sum", index, ONE, term(K), body), row, index)
    one = next(th for th in goal.facts if th.concl.op == "eq")
    same = goal.equal(total.concl.args[1], term(sign * (penalty - d(m))), one)
    return k.sos(goal.claim, [(One, ONE, [total])], [same], [MINUS])


@proposition(
    "owmmd.weights.min",
    title="weights that minimise the penalty sit on the layer that has drifted least: the penalty is its distance",
    source=RULE,
    printed="min_α Σ α_k d_k = min_k d_k",
    assumptions=SIMPLEX | {"m has drifted least": ForAll(i, 1, K, d(m) <= d(i))},
    statement=penalty >= d(m),
    model=TWO,
    drops={"simplex": TWO | {"alpha": [0, 0], "d": [1, 1]}, "m has drifted least": TWO | {"m": 2}},
    hints={"alpha": "unit"},
    not_claimed="attained at α = δ_m",
)
def least(goal: Goal) -> Theorem:
    return extreme(goal, 1)


@proposition(
    "owmmd.weights.max",
    title="weights that maximise it sit on the layer that has drifted most",
    source=RULE,
    printed="max_α Σ α_k d_k = max_k d_k",
    assumptions=SIMPLEX | {"m has drifted most": ForAll(i, 1, K, d(i) <= d(m))},
    statement=penalty <= d(m),
    model=TWO | {"m": 2},
    drops={"simplex": TWO | {"alpha": [1, 1], "d": [1, 1]}, "m has drifted most": TWO},
    hints={"alpha": "unit"},
    not_claimed="attained at α = δ_m",
)
def most(goal: Goal) -> Theorem:
    return extreme(goal, -1)


refuted(
    "owmmd.weights.joint",
    title="weights that are learned by minimising the same loss still punish every drift",
    source=RULE + "; learned throughout the optimisation process",
    printed="α = argmin Σ α_k d_k and d_j > 0 for some j ⇒ Σ α_k d_k > 0",
    assumptions=SIMPLEX | {"distances": ForAll(i, 1, K, d(i) >= 0), "α minimises": ForAll(i, 1, K, penalty <= d(i))},
    statement=sp.Implies(sp.And(m >= 1, m <= K, d(m) > 0), penalty > 0),
    witness={"K": 2, "alpha": [1, 0], "d": [0, 1], "m": 2},
    module=__name__,
    repair="owmmd.weights.min",
    hints={"alpha": "unit"},
    finding="Two layers, one of which has not moved: all weight goes there, and the other may drift freely at penalty 0.",
)

odds = (sp.exp(b1) * d1 + sp.exp(b2) * d2) / (sp.exp(b1) + sp.exp(b2))
share = sp.exp(b1) / (sp.exp(b1) + sp.exp(b2))


@proposition(
    "owmmd.weights.descent",
    title="gradient descent on softmax weights moves them there: the logit of the layer that has drifted less always grows",
    source=RULE,
    printed="∂/∂β_1 Σ α_k d_k = α_1 (1-α_1)(d_1 - d_2), α = softmax(β)",
    statement=derivative(odds, b1, share * (1 - share) * (d1 - d2)),
    not_claimed="more than two layers",
)
def descent(goal: Goal) -> Theorem:
    return slope_claim(goal, goal.claim)


POSITIVE = {
    "weights": sp.And(ForAll(i, 1, K, alpha(i) > 0), equals(over(alpha(i)), 1)),
    "τ > 0": tau > 0,
}
EVEN: Case = {"K": 2, "alpha": ["1/2", "1/2"], "d": [0, 0], "tau": 1}
entropy = over(alpha(i) * sp.log(alpha(i)))


def partition(sign: int) -> sp.Expr:
    return over(sp.exp(sign * d(i) / tau))


def gibbs(goal: Goal, sign: int) -> Theorem:
    """α exp(s) ≥ α (1 + s) at s = sign d/τ - log Z - log α, summed: 1 ≥ 1 + sign Σ α d/τ - log Z - Σ α log α."""
    index = goal.fresh(goal.claim)
    inside = goal.assuming(le(ONE, index), le(index, term(K)))
    weights = next(th for th in goal.facts if th.concl.op == "all")
    one = next(th for th in goal.facts if th.concl.op == "eq")
    z = term(partition(sign))
    some = goal.sum_sign(z, True)
    goal.define(some)
    of_z, log_z = k.law("exp_log", z, ZERO, [some]), app("log", z)
    weight = subst(term(alpha(i)), {term(i): index})
    power = subst(term(sign * d(i) / tau), {term(i): index})
    above = inside.at(weights, index)
    log_w = app("log", weight)
    gap = sub(power, add(log_z, log_w))
    known = [
        k.law("exp_add", gap, add(log_z, log_w), []),
        k.law("exp_add", log_z, log_w, []),
        of_z,
        k.law("exp_log", weight, ZERO, [above]),
    ]
    # exp(power) = exp(gap) Z α, so α (1 + gap) ≤ α exp(gap) = exp(power)/Z
    tangent, over_z, cancel = exp_tangent(gap), k.inv_positive(some), unit(some)
    left = mul(weight, add(ONE, gap))
    right = mul(app("exp", power), over_z.concl.args[1])
    E, inv_z = app("exp", gap), over_z.concl.args[1]
    cofactors = [inv_z, mul(E, inv_z), mul(E, app("exp", log_w), inv_z), mul(E, z, inv_z), mul(E, weight)]
    row = k.sos(le(left, right), [(One, ONE, [above, tangent])], [*known, cancel], cofactors)
    total = k.sum_congr(index, ONE, term(K), row)
    lower = goal.equal(total.concl.args[0], term(1 + sign * penalty / tau - sp.log(partition(sign)) - entropy), one)
    upper = goal.equal(total.concl.args[1], mul(z, inv_z))
    noise = goal.given["τ > 0"]
    scale = mul(MINUS, term(tau))
    equations = [lower, upper, cancel, unit(noise)]
    return k.sos(goal.claim, [(One, ONE, [total, noise])], equations, [term(tau), scale, scale, term(sign * penalty)])


@proposition(
    "owmmd.weights.entropy",
    title="with an entropy term the minimum is -τ log Σ exp(-d/τ), at weights exp(-d/τ): least drift, most weight",
    source=RULE,
    printed="Σ α_k d_k + τ Σ α_k log α_k ≥ -τ log Σ exp(-d_k/τ)",
    assumptions={"layers": K >= 1} | POSITIVE,
    statement=penalty + tau * entropy >= -tau * sp.log(partition(-1)),
    model=EVEN,
    drops={"layers": UNNEEDED, "weights": EVEN | {"K": 1, "alpha": ["1/2"], "d": [4]}, "τ > 0": EVEN | {"tau": 0}},
    hints={"alpha": "unit"},
)
def entropy_min(goal: Goal) -> Theorem:
    return gibbs(goal, -1)


@proposition(
    "owmmd.weights.entropy.max",
    title="and the maximum τ log Σ exp(d/τ), at weights exp(d/τ): most drift, most weight",
    source=RULE,
    printed="Σ α_k d_k - τ Σ α_k log α_k ≤ τ log Σ exp(d_k/τ)",
    assumptions={"layers": K >= 1} | POSITIVE,
    statement=penalty - tau * entropy <= tau * sp.log(partition(1)),
    model=EVEN,
    drops={"layers": UNNEEDED, "weights": EVEN | {"alpha": ["1/8", "1/8"], "d": [-4, -4]}, "τ > 0": EVEN | {"tau": 0}},
    hints={"alpha": "unit"},
)
def entropy_max(goal: Goal) -> Theorem:
    return gibbs(goal, 1)


@proposition(
    "owmmd.weights.entropy.value",
    title="both are attained there",
    source=RULE,
    printed="log α_k = -d_k/τ - log Z ⇒ Σ α_k d_k + τ Σ α_k log α_k = -τ log Z",
    assumptions={
        "τ > 0": tau > 0,
        "softmax": sp.And(ForAll(i, 1, K, equals(dd(i), -d(i) / tau - e)), equals(over(alpha(i)), 1)),
    },
    statement=equals(penalty + tau * over(alpha(i) * dd(i)), -tau * e),
    model=EVEN | {"dd": [-1, -1], "e": 1},
    drops={"τ > 0": UNNEEDED, "softmax": EVEN | {"dd": [0, 0], "e": 1}},
    not_claimed="dd stands for log α, e for log Z; with -τ for τ it is the maximum",
)
def attained(goal: Goal) -> Theorem:
    index = goal.fresh(goal.claim)
    inside = goal.assuming(le(ONE, index), le(index, term(K)))
    rule = next(th for th in goal.facts if th.concl.op == "all")
    one = next(th for th in goal.facts if th.concl.op == "eq")
    said, weight = inside.at(rule, index), subst(term(alpha(i)), {term(i): index})
    row = k.linear(mul(weight, said.concl.args[0]), mul(weight, said.concl.args[1]), [said], [weight])
    rows = k.sum_congr(index, ONE, term(K), row)
    return goal.equal(*goal.claim.args, rows, one)


def drift(i: Any, x: Any) -> Any:
    """d(1, x) = x, d(2, x) = 1"""
    return x * Fraction(1) if i == 1 else x * Fraction(0) + Fraction(1)


def rate(i: Any, x: Any) -> Any:
    """dd(1, x) = 1, dd(2, x) = 0"""
    return Fraction(int(i == 1))


def no_rate(i: Any, x: Any) -> Any:
    """0"""
    return Fraction(0)


value = sp.Sum(sp.exp(-d(i, theta) / tau), (i, 1, K))
MOVING: Case = {"K": 2, "tau": 1, "theta": 0, "d": drift, "dd": rate}


@proposition(
    "owmmd.weights.envelope",
    title="through that minimum the network sees the weighted gradients alone: none through the weights",
    source=RULE + "; the envelope theorem",
    printed="∂/∂θ (-τ log Σ exp(-d_k/τ)) = Σ α_k* ∂d_k/∂θ, α* = softmax(-d/τ)",
    assumptions={
        "τ > 0": tau > 0,
        "layers": value > 0,
        "d is differentiable": ForAll(i, 1, K, derivative(d(i, theta), theta, dd(i, theta))),
    },
    statement=derivative(-tau * sp.log(value), theta, sp.Sum(sp.exp(-d(i, theta) / tau) / value * dd(i, theta), (i, 1, K))),
    model=MOVING,
    drops={"τ > 0": UNNEEDED, "layers": UNNEEDED, "d is differentiable": MOVING | {"dd": no_rate}},
)
def envelope(goal: Goal) -> Theorem:
    return slope_claim(goal, goal.claim)
