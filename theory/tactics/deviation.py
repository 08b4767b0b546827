"""Tactics about standard deviations, a root that is known put in its place, also under an inverse; and about rewards 0, 1."""

from collections.abc import Callable
from fractions import Fraction

from .. import kernel as k
from ..kernel import Refused, Term, Theorem, mk, num, subst, var
from ..kernel.ring import canon
from ..kernel.terms import ONE, ZERO, app, eq, inv, le, lt, mul, sub
from .basic import Context
from .logic import impossible, replaced, swapped
from .order import zero_or_one
from .powers import root_is


def replacing(goal: Term, equation: Theorem, prove: Callable[[Term], Theorem]) -> Theorem:
    """A goal, from a = b and a proof of the goal with b for a (outside of binders)."""
    (a, b), hole = equation.concl.args, var("hole")
    template = replaced(goal, a, hole)
    return k.rewrite(swapped(equation), prove(subst(template, {hole: b})), hole, template)


def same_root(equation: Theorem) -> Theorem:
    """sqrt(x) = sqrt(y) from x = y."""
    root, hole = app("sqrt", equation.concl.args[0]), var("hole")
    return k.rewrite(equation, k.linear(root, root, [], []), hole, eq(root, app("sqrt", hole)))


def cross_multiplied(ctx: Context, goal: Term, by: Term, *facts: Theorem) -> Theorem:
    """a = b from a x = b x, which the facts show, where ctx knows 0 < x."""
    a, b = goal.args
    products = ctx.equal(mul(a, by), mul(b, by), *facts)
    unit = ctx.equal(mul(by, inv(by)), ONE)
    return k.linear(a, b, [products, unit], [inv(by), mul(num(-1), sub(a, b))])


def scaled_root(ctx: Context, x: Term, y: Term, factor: Term, scaled: Theorem) -> tuple[Theorem, Theorem]:
    """0 < x and sqrt(x) = factor sqrt(y), from `scaled`: x = factor² y, where ctx proves 0 < factor and 0 < y."""
    one = Fraction(1)
    signs = [ctx.prove(lt(ZERO, factor))] * 2 + [ctx.prove(lt(ZERO, y))]
    positive = k.sos(lt(ZERO, x), [(one, ONE, signs)], [scaled], [ONE])
    square = k.law("sqrt_square", y, ZERO, [k.sos(le(ZERO, y), [(one, ONE, signs[2:])], [], [])])
    root = mul(factor, app("sqrt", y))
    same_square = k.linear(mk("pow", root, 2), x, [square, scaled], [mk("pow", factor, 2), num(-1)])
    floor = k.law("sqrt_nonnegative", y, ZERO, [k.sos(le(ZERO, y), [(one, ONE, signs[2:])], [], [])])
    noneg = k.sos(le(ZERO, root), [(one, ONE, [signs[0], floor])], [], [])
    return positive, root_is(ctx.with_facts(positive, noneg), x, root, same_square)


def squares_nonnegative(ctx: Context, s: Term) -> Theorem:
    """0 <= Sum f² for a sum of squares."""
    bound, lo, hi, body = s.args
    i = ctx.fresh(s)
    f = subst(body, {bound: i})
    return ctx.nonnegative_sum(s, k.sos(le(ZERO, f), [(Fraction(1), f.args[0], [])], [], []), i)


def for_values(ctx: Context, left: tuple[Term, ...], goal: Term, *values: Theorem) -> Theorem:
    """a < b, or a <= b, for each value of the given numbers, each of which is 0 or 1 (ctx knows that x² = x)."""
    if left:
        return zero_or_one(ctx, left[0], goal, lambda inside, value: for_values(inside, left[1:], goal, *values, value))
    try:
        return impossible(ctx, goal)
    except Refused:
        gain, known = sub(goal.args[1], goal.args[0]), {th.concl.args[0]: th.concl.args[1] for th in values}
        simple = gain
        for x, value in known.items():
            simple = replaced(simple, x, value)
        equation = ctx.equal(gain, canon(simple), *values)
        positive = ctx.prove(mk(goal.op, ZERO, canon(simple)))
        return k.sos(goal, [(Fraction(1), ONE, [positive])], [equation], [ONE])
