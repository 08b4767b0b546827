"""More rules for the weights of the layers: a quadratic term, which makes them sparse, and uncertainty weights."""

import sympy as sp

from theory import kernel as k
from theory.decide import Goal
from theory.kernel import Theorem
from theory.kernel.terms import ONE, ZERO, app, mul, sub
from theory.language import equals, formula, reals, term
from theory.proposition import proposition
from theory.related.owmmd.weights import RULE, TWO, alpha, d, i, over, penalty, tau
from theory.tactics.convex import One, exp_tangent
from theory.tactics.logic import conjunction, swapped
from theory.tactics.powers import unit

d1, d2, first, q, e = reals("d1 d2 first q e")


@proposition(
    "owmmd.weights.quadratic",
    title="with a quadratic term the best weights are the projection of -d/τ onto the simplex",
    source=RULE,
    printed="Σ α_k d_k + (τ/2) |α|² = (τ/2) |α + d/τ|² - |d|²/(2τ)",
    assumptions={"τ > 0": tau > 0},
    statement=equals(
        penalty + tau / 2 * over(alpha(i) ** 2), tau / 2 * over((alpha(i) + d(i) / tau) ** 2) - over(d(i) ** 2) / (2 * tau)
    ),
    model=TWO | {"tau": 1},
    drops={"τ > 0": TWO | {"tau": 0}},
)
def quadratic(goal: Goal) -> Theorem:
    return goal.prove(goal.claim)


def two_layers(a: sp.Expr) -> sp.Expr:
    return a * d1 + (1 - a) * d2 + tau / 2 * (a**2 + (1 - a) ** 2)


@proposition(
    "owmmd.weights.quadratic.sparse",
    title="of two layers that differ by τ or more, the one that has drifted more gets weight 0",
    source=RULE,
    printed="d_2 - d_1 ≥ τ ⇒ α = (1, 0) minimises Σ α_k d_k + (τ/2) |α|²",
    assumptions={"simplex": sp.And(first >= 0, first <= 1), "τ > 0": tau > 0, "far apart": d2 - d1 >= tau},
    statement=two_layers(first) >= two_layers(sp.Integer(1)),
    model={"first": "1/2", "tau": 1, "d1": 0, "d2": 1},
    drops={
        "simplex": {"first": "3/2", "tau": 1, "d1": 0, "d2": 2},
        "τ > 0": {"first": "1/2", "tau": -1, "d1": 0, "d2": -1},
        "far apart": {"first": "1/2", "tau": 1, "d1": 0, "d2": 0},
    },
)
def sparse(goal: Goal) -> Theorem:
    """(1-a)(d_2 - d_1 - τ) + τ (1-a)²."""
    room, far, noise = goal.prove(formula(first <= 1)), goal.given["far apart"], goal.given["τ > 0"]
    return k.sos(goal.claim, [(One, ONE, [room, far]), (One, ONE, [noise, room, room])], [], [])


def uncertain(q: sp.Expr) -> sp.Expr:
    return e / (2 * q) + sp.log(q) / 2


@proposition(
    "owmmd.weights.uncertainty",
    title="uncertainty weights are 1/d: without bound as a layer stops drifting",
    source=RULE,
    printed="d/(2s²) + log s ≥ 1/2 + (log d)/2, with equality at s² = d, where α = 1/s² = 1/d",
    assumptions={"d > 0": e > 0, "s² > 0": q > 0},
    statement=sp.And(
        uncertain(q) >= sp.Rational(1, 2) + sp.log(e) / 2,
        sp.Implies(equals(q, e), equals(e / (2 * q), sp.Rational(1, 2))),
    ),
    model={"e": 1, "q": 2},
    drops={"d > 0": {"e": 0, "q": 2}, "s² > 0": {"e": 1, "q": 0}},
    not_claimed="e stands for d, q for s²; the factor 1/2 of both is left out of α",
)
def uncertainty(goal: Goal) -> Theorem:
    """d/s² = exp(log d - log s²) ≥ 1 + log d - log s²."""
    bound = next(p for p in goal.claim.args if p.op == "le")
    tie = next(p for p in goal.claim.args if p.op == "imp")
    size, noise = goal.given["d > 0"], goal.given["s² > 0"]
    log_d, log_q = app("log", term(e)), app("log", term(q))
    gap = sub(log_d, log_q)
    product = k.law("exp_add", gap, log_q, [])
    of_d, of_q = (k.law("exp_log", t, ZERO, [th]) for t, th in ((term(e), size), (term(q), noise)))
    whole = unit(noise)
    # d/q - 1 - gap = exp(gap) - 1 - gap, as d = exp(log d) = exp(gap) exp(log q) = exp(gap) q
    inv_q, E = whole.concl.args[0].args[1], app("exp", gap)
    cofactors = [mul(k.num(-One / 2), inv_q), mul(k.num(One / 2), inv_q), mul(k.num(One / 2), E, inv_q), mul(k.num(One / 2), E)]
    th = k.sos(bound, [(One / 2, ONE, [exp_tangent(gap)])], [of_d, product, of_q, whole], cofactors)
    known = k.assume(tie.args[0])
    at = goal.equal(*tie.args[1].args, swapped(known))
    return conjunction(goal.claim, th, k.imp_intro(tie.args[0], at))
