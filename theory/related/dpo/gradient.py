"""The gradient of the loss in one coordinate θ, and an intermediate line of its derivation.

a(θ), b(θ): log π_θ of the winner and of the loser; c: the same difference under π_ref, so that h = a - b - c.
"""

from fractions import Fraction
from typing import Any

import sympy as sp

from theory import kernel as k
from theory.decide import Goal
from theory.kernel import Term, Theorem
from theory.kernel.ring import canon
from theory.kernel.terms import ONE, ZERO, add, app, inv, le, lt, mul
from theory.language import ForAll, derivative, equals, family, integers, reals, term
from theory.proposition import Case, proposition, refuted
from theory.tactics import MINUS, atoms
from theory.tactics.logic import replaced
from theory.tactics.prefix import opened, slopes

from .equivalence import sigma

theta, beta, c = reals("theta beta c")
a, b, da, db = map(family, ("a", "b", "da", "db"))
One = Fraction(1)
h = a(theta) - b(theta) - c
MOVES = {
    "the policy is differentiable": sp.And(derivative(a(theta), theta, da(theta)), derivative(b(theta), theta, db(theta))),
}


def winner(x: Any) -> Any:
    """a(x) = x"""
    return x


def loser(x: Any) -> Any:
    """b(x) = -x"""
    return x * Fraction(-1)


def one(x: Any) -> Any:
    """da(x) = 1"""
    return Fraction(1)


def minus_one(x: Any) -> Any:
    """db(x) = -1"""
    return Fraction(-1)


CASE: Case = {"theta": 0, "beta": 1, "c": 0, "a": winner, "b": loser, "da": one, "db": minus_one}
LOSS_SLOPE = -beta * sigma(-beta * h) * (da(theta) - db(theta))


def logistic_slope(goal: Goal, x: Term) -> Theorem:
    """The derivative of a loss -log σ(±βh); `x` is the exponent of its exp(-x), of which exp(x) is the inverse."""
    v, f, slope = opened(goal.claim)
    inner = next(t for t in atoms(f) if t.op == "app" and t.args[0] == "exp")
    signs = [k.law("exp_positive", e, ZERO, []) for e in (inner.args[2], x)]
    sums = [k.sos(lt(ZERO, add(ONE, th.concl.args[1])), [(One, ONE, [th]), (One, ONE, [])], [], []) for th in signs]
    over = [k.inv_positive(th) for th in sums]
    goal.know(*signs, *sums, *over)
    goal.define(*sums, *over)
    th = k.diff(v, f, v, [*goal.facts, *(k.negate(s) for s in (*sums, *over)), *slopes(goal, f, v)])
    back, zero = k.law("exp_add", inner.args[2], x, []), k.law("exp_zero", ZERO, ZERO, [])
    e, other = app("exp", inner.args[2]), app("exp", x)
    unit = k.field(mul(other, inv(other)), ONE, [k.negate(signs[1])])
    turned = k.linear(e, inv(other), [back, zero, unit], [mul(MINUS, inv(other)), inv(other), mul(MINUS, e)])
    d = th.concl.args[3]
    at = put_all(turned, d)
    flat = goal.equal(at.concl.args[1], slope)
    equal, hole = k.linear(d, slope, [at, flat], [ONE, ONE]), k.var("hole")
    return k.restate(k.rewrite(equal, th, hole, k.mk("deriv", *th.concl.args[:3], hole)), goal.claim)


def put_all(equation: Theorem, t: Term) -> Theorem:
    """t = t with b for a, from a = b."""
    start = k.linear(t, canon(t), [], [])
    hole = k.var("hole")
    old = canon(equation.concl.args[0])
    return k.rewrite(equation, start, hole, k.terms.eq(t, replaced(canon(t), old, hole)))


@proposition(
    "dpo.gradient",
    title="the gradient of the loss: the score of the winner minus that of the loser, weighted by the misfit",
    source="Section 4, the gradient",
    printed="∇L = -β σ(r̂(y_l) - r̂(y_w)) (∇log π(y_w) - ∇log π(y_l))",
    assumptions=MOVES,
    statement=derivative(-sp.log(sigma(beta * h)), theta, LOSS_SLOPE),
    model=CASE,
    drops={"the policy is differentiable": CASE | {"da": minus_one}},
    not_claimed="anything about the expectation over pairs, which is a mean of such terms",
)
def gradient(goal: Goal) -> Theorem:
    return logistic_slope(goal, term(beta * h))


@proposition(
    "dpo.gradient.at_reference",
    title="at θ = ref every pair weighs 1/2",
    source="our own",
    printed="h = 0:  ∇L = -(β/2) (∇log π(y_w) - ∇log π(y_l))",
    assumptions=MOVES | {"θ = ref": equals(a(theta) - b(theta), c)},
    statement=derivative(-sp.log(sigma(beta * h)), theta, -beta / 2 * (da(theta) - db(theta))),
    model=CASE,
    drops={"the policy is differentiable": CASE | {"da": minus_one}, "θ = ref": CASE | {"theta": 1}},
)
def at_reference(goal: Goal) -> Theorem:
    """σ(0) = 1/2."""
    v, f, slope = opened(goal.claim)
    x = next(t for t in atoms(f) if t.op == "app" and t.args[0] == "exp").args[2]
    sign = k.law("exp_positive", x, ZERO, [])
    total = k.sos(lt(ZERO, add(ONE, sign.concl.args[1])), [(One, ONE, [sign]), (One, ONE, [])], [], [])
    over = k.inv_positive(total)
    goal.know(sign, total, over)
    goal.define(total, over)
    th = k.diff(v, f, v, [*goal.facts, k.negate(total), k.negate(over), *slopes(goal, f, v)])
    zero = k.linear(x, ZERO, [goal.given["θ = ref"]], [mul(MINUS, term(beta))])
    hole = k.var("hole")
    one_ = k.rewrite(
        k.linear(ZERO, x, [zero], [MINUS]), k.law("exp_zero", ZERO, ZERO, []), hole, k.terms.eq(app("exp", hole), ONE)
    )
    d = th.concl.args[3]
    at = put_all(one_, d)
    flat = goal.equal(at.concl.args[1], slope)
    equal = k.linear(d, slope, [at, flat], [ONE, ONE])
    return k.restate(k.rewrite(equal, th, hole, k.mk("deriv", *th.concl.args[:3], hole)), goal.claim)


refuted(
    "dpo.gradient.printed_u",
    title="the same gradient for u = β log π(y_l)/π_ref(y_l) - β log π(y_w)/π_ref(y_w), as in an intermediate line",
    source="Appendix A.4, as transcribed",
    printed="∇(-log σ(u)), u = r̂(y_l) - r̂(y_w)  =  -β σ(r̂(y_l) - r̂(y_w)) (∇log π(y_w) - ∇log π(y_l))",
    assumptions=MOVES,
    statement=derivative(-sp.log(sigma(-beta * h)), theta, LOSS_SLOPE),
    witness=CASE,
    module=__name__,
    repair="dpo.gradient",
    finding="With log π(y_w) = θ, log π(y_l) = -θ and β = 1 at θ = 0 the loss with this u has the slope +1, the final formula "
    "gives "
    "-1. Winner and loser have changed places in u; the final formula is right for u = r̂(y_w) - r̂(y_l).",
)

N, y = integers("N y")
pi, dpi, L, dL = map(family, ("pi", "dpi", "L", "dL"))


def rising(y: Any, x: Any) -> Any:
    """pi(1, x) = 1/2 + x, pi(2, x) = 1/2 - x"""
    return x * Fraction(1 if y == 1 else -1) + Fraction(1, 2)


def rate(y: Any, x: Any) -> Any:
    """dpi(1, x) = 1, dpi(2, x) = -1"""
    return Fraction(1 if y == 1 else -1)


def level(y: Any, x: Any) -> Any:
    """L(1, x) = 1, L(2, x) = 2"""
    return x * Fraction(0) + Fraction(y)


def flat(y: Any, x: Any) -> Any:
    """dL(y, x) = 0"""
    return Fraction(0)


def steep(y: Any, x: Any) -> Any:
    """dL(y, x) = 1"""
    return Fraction(1)


DRAWN = {
    "π_θ and L are differentiable": ForAll(
        y, 1, N, sp.And(derivative(pi(y, theta), theta, dpi(y, theta)), derivative(L(y, theta), theta, dL(y, theta)))
    )
}
PAIRS: Case = {"N": 2, "theta": 0, "pi": rising, "dpi": rate, "L": level, "dL": flat}


def sampled(f: sp.Expr) -> sp.Expr:
    return sp.Sum(f, (y, 1, N))


refuted(
    "dpo.online",
    title="with pairs drawn from π_θ itself, the mean of the loss's gradients is the gradient of the mean loss",
    source="survey (online DPO); general knowledge, the text was not at hand",
    printed="∇E_{y~π_θ}[L] = E_{y~π_θ}[∇L]",
    assumptions=DRAWN,
    statement=derivative(sampled(pi(y, theta) * L(y, theta)), theta, sampled(pi(y, theta) * dL(y, theta))),
    witness=PAIRS,
    module=__name__,
    repair="dpo.online.repaired",
    finding="Two pairs drawn with probability 1/2 + θ and 1/2 - θ, with the constant losses 1 and 2: the mean of the gradients "
    "is 0, "
    "the mean loss 3/2 - θ has the slope -1. What is missing is E[L ∇log π].",
)


@proposition(
    "dpo.online.repaired",
    title="the gradient of the mean loss has a second part, that of the drawing, which online DPO leaves out",
    source="our own",
    printed="∇E_{y~π_θ}[L] = E_{y~π_θ}[∇L] + Σ_y L(y) ∇π_θ(y)",
    assumptions=DRAWN,
    statement=derivative(
        sampled(pi(y, theta) * L(y, theta)), theta, sampled(pi(y, theta) * dL(y, theta)) + sampled(L(y, theta) * dpi(y, theta))
    ),
    model=PAIRS,
    drops={"π_θ and L are differentiable": PAIRS | {"dL": steep}},
)
def online(goal: Goal) -> Theorem:
    v, f, slope = opened(goal.claim)
    index = goal.fresh(goal.claim)
    inside = goal.assuming(le(ONE, index), le(index, term(N)))
    inside.know(inside.at(goal.given["π_θ and L are differentiable"], index))
    row = k.diff(v, k.subst(f.args[3], {f.args[0]: index}), v, inside.facts)
    th = k.sum_congr(index, ONE, term(N), row)
    equal, hole = goal.equal(th.concl.args[3], slope), k.var("hole")
    return k.restate(k.rewrite(equal, th, hole, k.mk("deriv", *th.concl.args[:3], hole)), goal.claim)
