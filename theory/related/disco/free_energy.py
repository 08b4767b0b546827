"""The objective over hard negatives: J_2 = E₊ s(o) - F with F = τ log E₋ exp(s(o')/τ), a free energy of the incorrect answers.

Setting     incorrect answers y = 1..N with probabilities P(y) > 0, z(y) a score (or z = s(o') - s(o) for one correct answer o).
Statement   s(o) factors out; F is the best E_Q z - τ KL(Q‖P) over all Q, so it lies between E z and max z and does not grow
            with τ; it is within 2 E z²/τ of E z for τ ≥ 2 max |z|, and within τ log(1/P) of any z.
Proof       Jensen's inequality and the Gibbs policy of DPO (`theory.related.dpo.optimal_policy`): the two are one theorem.
Not claimed limits as such: the bounds are for every τ and imply them.
"""

from fractions import Fraction
from typing import Any

import sympy as sp

from theory import kernel as k
from theory.decide import Goal
from theory.kernel import Term, Theorem, subst
from theory.kernel.terms import ONE, ZERO, app, eq, inv, le, lt, mul, neg
from theory.language import ForAll, derivative, equals, family, formula, integers, reals, term
from theory.proposition import UNNEEDED, Case, proposition
from theory.related.dpo import optimal_policy as gibbs
from theory.tactics import MINUS, Context, atoms
from theory.tactics.convex import exp_of_mean
from theory.tactics.logic import with_slope
from theory.tactics.logs import log_below, log_of_product
from theory.tactics.prefix import differentiate, opened

N, y, j = integers("N y j")
tau, M, s, theta = reals("tau M s theta")
P, z, ds = (family(x) for x in ("P", "z", "ds"))
One = Fraction(1)
SOURCE = "Section 4 (DRO), as a reader's note gives it"


def over(f: sp.Expr) -> sp.Expr:
    return sp.Sum(f, (y, 1, N))


PARTITION = over(P(y) * sp.exp(z(y) / tau))
F = tau * sp.log(PARTITION)
MEAN = over(P(y) * z(y))
BASE = {
    "τ > 0": tau > 0,
    "P is a distribution": sp.And(ForAll(y, 1, N, P(y) > 0), equals(over(P(y)), 1)),
}
CASE: Case = {"N": 2, "tau": 2, "P": ["1/2", "1/2"], "z": [0, 2], "s": 1, "M": 2, "j": 2}


def facts(goal: Goal) -> tuple[Theorem, Theorem]:
    """Σ P = 1, and 0 < Σ P exp(z/τ), which is known from then on."""
    one = next(th for th in goal.facts if th.concl.op == "eq")
    goal.know(nonempty(one))
    positive = goal.prove(lt(ZERO, term(PARTITION)))
    goal.know(positive)
    goal.define(positive)
    return one, positive


def nonempty(one: Theorem) -> Theorem:
    """1 <= N from Σ P = 1."""
    some, none = le(ONE, term(N)), lt(term(N), ONE)
    empty = k.sum_empty(one.concl.args[0], [k.assume(none)])
    broken = k.sos(lt(ZERO, ZERO), [(One, ONE, [])], [one, empty], [ONE, MINUS])
    refused = k.absurd(k.linear(ZERO, ZERO, [], []), k.negate(broken), some)
    return k.cases(some, k.assume(some), k.cut(k.negate(k.assume(neg(some))), refused))


def logarithm(x: Term, positive: Theorem) -> Theorem:
    """exp(log x) = x."""
    return k.law("exp_log", x, ZERO, [positive])


@proposition(
    "disco.j2.factor",
    title="the score of the correct answer factors out: correct and incorrect answers do not interact in J_2",
    source=SOURCE,
    printed="-τ log E₋ exp((s(o') - s(o))/τ) = s(o) - τ log E₋ exp(s(o')/τ)",
    assumptions=BASE,
    statement=equals(-tau * sp.log(over(P(y) * sp.exp((z(y) - s) / tau))), s - F),
    model=CASE,
    drops={"τ > 0": UNNEEDED, "P is a distribution": CASE | {"P": ["1/2", "-1/2"]}},
)
def factor(goal: Goal) -> Theorem:
    """exp((z-s)/τ) = exp(z/τ) exp(-s/τ)."""
    one, positive = facts(goal)
    inner = next(a.args[2] for a in atoms(goal.claim.args[0]) if a.op == "app" and a.args[0] == "log")
    index = goal.fresh(goal.claim)
    at = {term(y): index}
    shift = mul(MINUS, term(s), inv(term(tau)))
    weight = subst(term(P(y)), at)
    split = k.law("exp_add", subst(term(z(y) / tau), at), shift, [])
    body = subst(inner.args[3], {inner.args[0]: index})
    row = k.linear(body, mul(weight, split.concl.args[1]), [split], [weight])
    shifted = app("exp", shift)
    total = goal.equal(inner, mul(term(PARTITION), shifted), k.sum_congr(index, ONE, term(N), row))
    above = k.sos(lt(ZERO, inner), [(One, ONE, [positive, k.law("exp_positive", shift, ZERO, [])])], [total], [ONE])
    goal.define(above)
    logs = log_of_product(goal, term(PARTITION), shifted)
    hole = k.var("hole")
    turned = k.linear(*total.concl.args[::-1], [total], [MINUS])
    same = k.rewrite(turned, logs, hole, eq(app("log", hole), logs.concl.args[1]))
    unit = goal.equal(mul(term(tau), inv(term(tau))), ONE)
    return k.linear(*goal.claim.args, [same, unit], [mul(MINUS, term(tau)), term(s)])


@proposition(
    "disco.j2.dro",
    title="τ log E_P exp(z/τ) is the best of E_Q z - τ KL(Q‖P) over all distributions Q, reached by Q ∝ P exp(z/τ)",
    source=SOURCE + "; stated in the letters of DPO's Eq. 4: r for z, β for τ, π_ref for P, π for Q",
    printed="τ log E_P exp(z/τ) = sup_Q { E_Q z - τ KL(Q‖P) }, dQ/dP ∝ exp(z/τ)",
    assumptions=gibbs.PRIOR | gibbs.GIBBS | gibbs.POLICY,
    statement=sp.And(
        equals(gibbs.objective(gibbs.star), gibbs.beta * sp.log(gibbs.Z)),
        gibbs.objective(gibbs.pi) <= gibbs.beta * sp.log(gibbs.Z),
        equals(gibbs.over_responses(gibbs.star(y)), 1),
    ),
    model=gibbs.CASE,
    drops=gibbs.DROPS | gibbs.NEGATIVE | {"π is a policy": gibbs.CASE | {"pi": ["1/4", "1/8"]}},
    not_claimed="anything about Q that are 0 somewhere",
)
def dro(goal: Goal) -> Theorem:
    """The optimal policy of DPO: a hard negative is to DisCO what a rewarded response is to a KL-regularised policy."""
    return gibbs.optimum(goal)


def above_mean(goal: Goal) -> Theorem:
    """E z <= F, in a goal that claims more."""
    one, positive = facts(goal)
    index = goal.fresh(goal.claim)
    at = {term(y): index}
    small = exp_of_mean(goal, index, ONE, term(N), subst(term(P(y)), at), subst(term(z(y) / tau), at), one)
    mean = small.concl.args[0].args[2]
    left = app("exp", mean)
    below = log_below(small, k.linear(left, left, [], []), logarithm(term(PARTITION), positive))
    scaled = goal.equal(mean, mul(term(MEAN), inv(term(tau))))
    unit = goal.equal(mul(term(tau), inv(term(tau))), ONE)
    t = term(tau)
    return k.sos(formula(MEAN <= F), [(One, ONE, [goal.given["τ > 0"], below])], [scaled, unit], [t, term(MEAN)])


@proposition(
    "disco.j2.jensen",
    title="J_2 ≤ J_1: the free energy is at least the mean score",
    source=SOURCE,
    printed="τ log E₋ exp(z/τ) ≥ E₋ z",
    assumptions=BASE,
    statement=F >= MEAN,
    model=CASE,
    drops={"τ > 0": CASE | {"tau": -2}, "P is a distribution": CASE | {"P": ["1/4", "1/4"], "z": [0, 0]}},
)
def jensen(goal: Goal) -> Theorem:
    return k.restate(above_mean(goal), goal.claim)


zt, dzt = family("z"), family("dz")
MOVING = over(P(y) * sp.exp(zt(y, theta) / tau))


def scores_of(y: Any, x: Any) -> Any:
    """z(1, x) = x, z(2, x) = 0"""
    return x if y == 1 else x * Fraction(0)


def slopes_of(y: Any, x: Any) -> Any:
    """dz(1, x) = 1, dz(2, x) = 0"""
    return Fraction(1 if y == 1 else 0)


def no_slope(y: Any, x: Any) -> Any:
    """dz(y, x) = 0"""
    return Fraction(0)


GRADIENT_CASE: Case = {"N": 2, "tau": 2, "P": ["1/2", "1/2"], "z": scores_of, "dz": slopes_of, "theta": 0}


@proposition(
    "disco.j2.gradient",
    title="the gradient of the free energy is the mean of ∇s over incorrect answers, weighted by P exp(s/τ): by hardness",
    source=SOURCE,
    printed="∇ τ log E₋ exp(s'/τ) = E_{softmax(s'/τ)}[∇s']",
    assumptions=BASE | {"θ moves the scores": ForAll(y, 1, N, derivative(zt(y, theta), theta, dzt(y, theta)))},
    statement=derivative(
        tau * sp.log(MOVING), theta, over(P(y) * sp.exp(zt(y, theta) / tau) * dzt(y, theta)) / MOVING
    ),
    model=GRADIENT_CASE,
    drops={
        "τ > 0": UNNEEDED, "P is a distribution": UNNEEDED, "θ moves the scores": GRADIENT_CASE | {"dz": no_slope},
    },
)  # fmt: skip
def j2_gradient(goal: Goal) -> Theorem:
    one = next(th for th in goal.facts if th.concl.op == "eq")
    goal.know(nonempty(one))
    positive = goal.prove(lt(ZERO, term(MOVING)))
    goal.know(positive)
    goal.define(positive)
    return slope_with(goal, goal.claim, positive)


def slope_with(goal: Goal, claim: Term, positive: Theorem) -> Theorem:
    """A claim about a derivative of the logarithm of a sum that is positive."""
    v, f, slope = opened(claim)

    def known(ctx: Context, f: Term) -> list[Theorem]:
        tau_inverse = [ctx.unequal(a.args[0], ZERO) for a in atoms(f) if a.op == "inv"]
        return [positive, *tau_inverse]

    return k.restate(with_slope(goal, differentiate(goal, v, f, known), slope), claim)


TILTED = over(P(y) * sp.exp(z(y) / tau) * z(y)) / (tau * PARTITION)  # E_Q z/τ for Q ∝ P exp(z/τ)


@proposition(
    "disco.j2.monotone",
    title="J_2 does not decrease in τ: the slope of the free energy is -KL(Q‖P), Q the answers weighted by exp(z/τ)",
    source=SOURCE,
    printed="∂/∂τ τ log E₋ exp(z/τ) = log E₋ exp(z/τ) - E_Q z/τ = -KL(Q‖P) ≤ 0",
    assumptions=BASE,
    statement=sp.And(derivative(F, tau, sp.log(PARTITION) - TILTED), sp.log(PARTITION) - TILTED <= 0),
    model=CASE,
    drops={"τ > 0": UNNEEDED, "P is a distribution": CASE | {"P": [2, 2], "z": [0, 0]}},
    not_claimed="that it is constant only for equal scores",
)
def monotone(goal: Goal) -> Theorem:
    """Jensen under Q: exp(-E_Q z/τ) ≤ E_Q exp(-z/τ) = 1/E_P exp(z/τ)."""
    one, positive = facts(goal)
    total, size, index = term(PARTITION), term(N), goal.fresh(goal.claim)
    at = {term(y): index}
    w, u = (subst(term(f), at) for f in (P(y), z(y) / tau))
    q, minus = mul(w, app("exp", u), inv(total)), mul(MINUS, u)
    unit = goal.equal(mul(total, inv(total)), ONE)
    sums = goal.equal(k.mk("sum", index, ONE, size, q), ONE)
    small = exp_of_mean(goal, index, ONE, size, q, minus, sums)
    product, zero = k.law("exp_add", u, minus, []), k.law("exp_zero", ZERO, ZERO, [])
    row = k.linear(
        mul(q, app("exp", minus)), mul(w, inv(total)), [product, zero], [mul(MINUS, w, inv(total)), mul(w, inv(total))]
    )
    right = goal.equal(small.concl.args[1], inv(total), k.sum_congr(index, ONE, size, row), one)
    bound = k.sos(le(small.concl.args[0], inv(total)), [(One, ONE, [small])], [right], [MINUS])
    left = small.concl.args[0]
    log = app("log", total)
    back = k.law("exp_add", log, mul(MINUS, log), [])
    itself = logarithm(total, positive)
    e = app("exp", mul(MINUS, log))
    # exp(-log S) = 1/S
    inverse = k.linear(
        e, inv(total), [back, itself, zero, unit], [mul(MINUS, inv(total)), mul(MINUS, inv(total), e), inv(total), mul(MINUS, e)]
    )
    below = log_below(bound, k.linear(left, left, [], []), inverse)
    mean = goal.equal(left.args[2], mul(MINUS, term(TILTED)))
    order = k.sos(formula(sp.log(PARTITION) - TILTED <= 0), [(One, ONE, [below])], [mean], [ONE])
    claim = next(q for q in goal.claim.args if q.op == "deriv")
    slope = slope_with(goal, claim, positive)
    return k.and_intro([slope if q is claim else k.restate(order, q) for q in goal.claim.args])
