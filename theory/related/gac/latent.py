"""The latent-plan model of LPT: its likelihood, its gradient, inference inclined to high returns (LPT-1, 4, 7, 9).

Plans are z = 1..K, trajectories i = 1..N; expectations are sums with symbolic weights.
"""

from fractions import Fraction
from typing import Any

import sympy as sp

from theory import kernel as k
from theory.decide import Goal
from theory.kernel import Theorem, mk, subst
from theory.kernel.terms import ONE, ZERO, inv, le, mul
from theory.language import ForAll, derivative, equals, family, reals, term
from theory.proposition import UNNEEDED, Case, proposition, refuted
from theory.related.gac.evaluation import D, K, N, i, over_data, over_plans, q, z
from theory.tactics import MINUS
from theory.tactics.convex import One, square_of_mean
from theory.tactics.logic import conjunction
from theory.tactics.powers import for_all, squared, unit
from theory.tactics.slopes import slope_claim

theta, x = reals("theta x")
prior, a, da, s, path, like, m = map(family, ("prior", "a", "da", "s", "path", "like", "m"))
c, f, g, h = map(family, "cfgh")


@proposition(
    "gac.lpt1",
    title="as τ and y are independent given the plan, y given τ is the posterior mean of y given the plan",
    source="LPT-1",
    printed="p(y|τ) = Σ_z p(z) p(τ|z) p(y|z)/Σ_z p(z) p(τ|z) = E_{p(z|τ)}[p(y|z)]",
    assumptions={"τ is possible": over_plans(prior(z) * path(z)) > 0},
    statement=equals(
        over_plans(prior(z) * path(z) * like(z)) / over_plans(prior(z) * path(z)),
        over_plans(prior(z) * path(z) / over_plans(prior(z) * path(z)) * like(z)),
    ),
    model={"K": 2, "prior": ["1/2", "1/2"], "path": [1, "1/2"], "like": [1, 0]},
    drops={"τ is possible": {"K": 1, "prior": [1], "path": [0], "like": [1]}},
    hints={"prior": "unit", "path": "unit", "like": "unit"},
    not_claimed="that the return is such a mean: what z does not keep of τ is lost to y",
)
def posterior_mean(goal: Goal) -> Theorem:
    return goal.prove(goal.claim)


def line(z: Any, x: Any) -> Any:
    """a(1, x) = 1 + x, a(2, x) = 1"""
    return Fraction(1) + x * Fraction(int(z == 1))


def rise(z: Any, x: Any) -> Any:
    """da(1, x) = 1, da(2, x) = 0"""
    return Fraction(int(z == 1))


def flat(z: Any, x: Any) -> Any:
    """1"""
    return Fraction(1)


FISHER: Case = {"K": 2, "prior": ["1/2", "1/2"], "a": line, "da": rise, "s": [1, 0], "theta": 0, "m": [1, 0]}
marginal = over_plans(prior(z) * a(z, theta))  # p_θ(τ, y), a = p_β(τ|z) p_γ(y|z)
MODEL = {
    "a plan that fits": marginal > 0,
    "a > 0": ForAll(z, 1, K, a(z, theta) > 0),
    "a is differentiable": ForAll(z, 1, K, derivative(a(z, theta), theta, da(z, theta))),
    "s = ∇ log a": ForAll(z, 1, K, equals(s(z), da(z, theta) / a(z, theta))),
}


@proposition(
    "gac.lpt4",
    title="the gradient of the log-likelihood is the posterior mean of the gradients given the plan (Fisher's identity)",
    source="LPT-4",
    printed="∇ log p_θ(τ, y) = E_{p_θ(z|τ,y)}[∇ log p_β(τ|z) + ∇ log p_γ(y|z)]",
    assumptions=MODEL,
    statement=derivative(sp.log(marginal), theta, over_plans(prior(z) * a(z, theta) / marginal * s(z))),
    model=FISHER,
    drops={
        "a plan that fits": FISHER | {"prior": [0, 0]},
        "a > 0": UNNEEDED,
        "a is differentiable": FISHER | {"da": flat, "s": [1, 1]},
        "s = ∇ log a": FISHER | {"s": [1, 1]},
    },
    hints={"prior": "unit"},
    not_claimed="the same for a prior that depends on θ through U_α: z stands for z_0, whose law is fixed",
)
def fisher(goal: Goal) -> Theorem:
    """(Σ p a)'/Σ p a, and p a s = p a'."""
    at = goal.fresh(goal.claim)
    inside = goal.assuming(le(ONE, at), le(at, term(K)))
    score = inside.at(goal.given["s = ∇ log a"], at)
    weight = subst(term(prior(z) * a(z, theta) / marginal), {term(z): at})
    row = k.linear(mul(weight, score.concl.args[0]), mul(weight, score.concl.args[1]), [score], [weight])
    rows = k.sum_congr(at, ONE, term(K), row)
    return slope_claim(goal, goal.claim, rows)


refuted(
    "gac.lpt4.approximate",
    title="the same with plans from another law than the posterior, as short Langevin runs give",
    source="LPT-4 with LPT-5 (reconstruction)",
    printed="∇ log p_θ(τ, y) = E_{m(z)}[∇ log p_β(τ|z) + ∇ log p_γ(y|z)]",
    assumptions=MODEL | {"m is a law": equals(over_plans(m(z)), 1)},
    statement=derivative(sp.log(marginal), theta, over_plans(m(z) * s(z))),
    witness=FISHER,
    module=__name__,
    repair="gac.lpt4",
    finding="Two plans with likelihoods 1 + θ and 1 at θ = 0: the gradient is 1/2. Samples of the first plan alone give 1.",
)


tilted = over_plans(prior(z) * sp.exp(x * f(z)))
first, square = (over_plans(prior(z) * sp.exp(x * f(z)) * f(z) ** n) for n in (1, 2))
PLANS: Case = {"K": 2, "prior": ["1/2", "1/2"], "f": [0, -1], "x": 1}


@proposition(
    "gac.lpt7",
    title="exploitation-inclined inference: the expected log-likelihood of the target rises with its power w, at the rate of "
    "its variance",
    source="LPT-7 (x is the power w, f(z) = log p_γ(y|z))",
    printed="p̃(z) ∝ p(z) p_γ(y|z)^w: d/dw E_p̃[log p_γ] = Var_p̃(log p_γ) ≥ 0",
    assumptions={"a prior": ForAll(z, 1, K, prior(z) >= 0), "some plan": tilted > 0},
    statement=sp.And(
        derivative(first / tilted, x, square / tilted - (first / tilted) ** 2), square / tilted - (first / tilted) ** 2 >= 0
    ),
    model=PLANS,
    drops={"a prior": PLANS | {"prior": [2, -1], "x": 0}, "some plan": PLANS | {"prior": [0, 0]}},
    hints={"prior": "unit"},
    not_claimed="that the return achieved rises: it is the likelihood of the target return that does",
)
def inclined(goal: Goal) -> Theorem:
    """S2 S0 ≥ S1² for the sums S_n of f^n p exp(w f)."""
    slope, bound = sorted(goal.claim.args, key=lambda p: p.op)
    at = goal.fresh(goal.claim)
    inside = goal.assuming(le(ONE, at), le(at, term(K)))
    weight, value, chance = (subst(term(e), {term(z): at}) for e in (prior(z) * sp.exp(x * f(z)), f(z), prior(z)))
    signs = [inside.prove(le(ZERO, chance)), k.law("exp_positive", mul(term(x), value), ZERO, [])]
    known = goal.with_facts(for_all(at, ONE, term(K), k.sos(le(ZERO, weight), [(One, ONE, signs)], [], [])))
    mean = term(first / tilted)
    spread = square_of_mean(known, at, ONE, term(K), weight, value, mean)
    some = goal.given["some plan"]
    goal.define(squared(some))
    power = goal.equal(inv(mk("pow", term(tilted), 2)), mk("pow", term(1 / tilted), 2))
    cofactors = [mul(MINUS, mk("pow", mean, 2)), mul(MINUS, mk("pow", term(first), 2))]
    above = k.sos(bound, [(One, ONE, [spread, k.inv_positive(some)])], [unit(some), power], cofactors)
    return conjunction(goal.claim, slope_claim(goal.with_facts(squared(some)), slope), above)


JOINT: Case = {"N": 1, "K": 2, "D": [1], "f": [0], "h": [-1], "c": [["1/2", "1/2"]], "g": [[-1, -1]], "q": [[-1, -2]]}


@proposition(
    "gac.lpt9",
    title="learning with posterior plans: the joint divergence is that of the data plus that of the posteriors",
    source="LPT-9 (i counts trajectories; f, h, g, q are log-probabilities, D and c probabilities)",
    printed="KL(p_D(τ) p̄(z|τ)‖p_θ(τ, z)) = KL(p_D(τ)‖p_θ(τ)) + E_τ KL(p̄(z|τ)‖p_θ(z|τ)), 0 where p̄ = p_θ(z|τ)",
    assumptions={"posteriors": ForAll(i, 1, N, equals(over_plans(c(i, z)), 1))},
    statement=equals(
        over_data(D(i) * over_plans(c(i, z) * ((f(i) + g(i, z)) - (h(i) + q(i, z))))),
        over_data(D(i) * (f(i) - h(i))) + over_data(D(i) * over_plans(c(i, z) * (g(i, z) - q(i, z)))),
    ),
    model=JOINT,
    drops={"posteriors": JOINT | {"c": [["1/2", "1/4"]]}},
    not_claimed="that the second divergence stays 0 after a step of θ",
)
def chain_rule(goal: Goal) -> Theorem:
    """Σ_z c = 1 in the term that does not depend on z."""
    left, right = goal.claim.args
    at = goal.fresh(goal.claim)
    inside = goal.assuming(le(ONE, at), le(at, term(N)))
    body = subst(term(D(i) * over_plans(c(i, z) * ((f(i) + g(i, z)) - (h(i) + q(i, z))))), {term(i): at})
    to = subst(term(D(i) * (f(i) - h(i)) + D(i) * over_plans(c(i, z) * (g(i, z) - q(i, z)))), {term(i): at})
    row = inside.equal(body, to, inside.at(goal.given["posteriors"], at))
    return goal.equal(left, right, k.sum_congr(at, ONE, term(N), row))
