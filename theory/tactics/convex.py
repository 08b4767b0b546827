"""Tactics about convexity: the tangents of exp and log, and Jensen's inequality for a finite mean of exponentials."""

from fractions import Fraction

from .. import kernel as k
from ..kernel import Term, Theorem, mk, num, var
from ..kernel.terms import ONE, ZERO, add, app, eq, le, mul, ne, sub
from .basic import MINUS, Context, instantiate

One = Fraction(1)


def exp_tangent(x: Term) -> Theorem:
    """1 + x <= exp(x)."""
    goal = le(add(ONE, x), app("exp", x))
    tie = k.assume(eq(x, ZERO))
    hole = k.var("hole")
    one = k.rewrite(k.linear(ZERO, x, [tie], [MINUS]), k.law("exp_zero", ZERO, ZERO, []), hole, eq(app("exp", hole), ONE))
    at_tie = k.sos(goal, [], [one, tie], [ONE, MINUS])
    apart = k.law("exp_above_tangent", x, ZERO, [k.assume(ne(x, ZERO))])
    return k.cases(eq(x, ZERO), at_tie, k.sos(goal, [(One, ONE, [apart])], [], []))


def log_tangent(x: Term, positive: Theorem) -> Theorem:
    """log(x) <= x - 1 for 0 < x."""
    log = app("log", x)
    itself = k.law("exp_log", x, ZERO, [positive])
    return k.sos(le(log, sub(x, ONE)), [(One, ONE, [exp_tangent(log)])], [itself], [MINUS])


def exp_of_mean(ctx: Context, i: Term, lo: Term, hi: Term, w: Term, x: Term, one: Theorem) -> Theorem:
    """exp(Sum w x) <= Sum w exp(x), for weights that ctx knows not to be negative; `one` says that they sum to 1."""
    mean = mk("sum", i, lo, hi, mul(w, x))
    at_mean, gap = app("exp", mean), sub(x, mean)
    inside = ctx.assuming(le(lo, i), le(i, hi))
    sign = inside.prove(le(ZERO, w))
    positive = k.law("exp_positive", mean, ZERO, [])
    product = k.law("exp_add", gap, mean, [])  # exp(x) = exp(x - m) exp(m), up to ring arithmetic in the exponent
    below = mul(w, at_mean, add(ONE, gap))
    pointwise = k.sos(
        le(below, mul(w, app("exp", x))),
        [(One, ONE, [sign, positive, exp_tangent(gap)])],
        [product],
        [w],
    )
    total = k.sum_congr(i, lo, hi, pointwise)
    left = ctx.equal(total.concl.args[0], at_mean, one)
    return k.sos(le(at_mean, total.concl.args[1]), [(One, ONE, [total])], [left], [ONE])


def square_of_mean(ctx: Context, i: Term, lo: Term, hi: Term, w: Term, x: Term, m: Term) -> Theorem:
    """2 m Sum w x - m^2 Sum w <= Sum w x^2 for any m, from 0 <= Sum w (x - m)^2; ctx knows that 0 <= w."""
    hole = var("square_m")

    def total(f: Term) -> Term:
        return mk("sum", i, lo, hi, f)

    inside = ctx.assuming(le(lo, i), le(i, hi))
    gap, weight = sub(x, hole), inside.prove(le(ZERO, w))
    pointwise = k.sos(le(ZERO, mul(w, mk("pow", gap, 2))), [(One, gap, [weight])], [], [])
    positive = ctx.nonnegative_sum(total(mul(w, mk("pow", gap, 2))), pointwise, i)
    below = sub(mul(num(2), hole, total(mul(w, x))), mul(mk("pow", hole, 2), total(w)))
    squares = total(mul(w, mk("pow", x, 2)))
    parts = ctx.equal(positive.concl.args[1], sub(squares, below))
    th = k.sos(le(below, squares), [(One, ONE, [positive])], [parts], [MINUS])
    return instantiate(th, {hole: m})
