"""Tactics about order: equality by squeezing, logarithms, squares, and numbers that are 0 or 1."""

from collections.abc import Callable
from fractions import Fraction

from .. import kernel as k
from ..kernel import Term, Theorem, mk, var
from ..kernel.terms import ONE, ZERO, app, eq, inv, le, lt, mul, neg, sub
from .basic import Context
from .logic import impossible

One = Fraction(1)


def squeezed(ctx: Context, a: Term, b: Term) -> Theorem:
    """a = b, because neither a < b nor b < a is possible."""
    goal = eq(a, b)
    sides = [impossible(ctx.assuming(p), goal, products=2) for p in (lt(a, b), lt(b, a))]
    return k.trichotomy(a, b, sides[0], k.assume(goal), sides[1])


def exponential(ctx: Context, a: Term) -> tuple[Term, list[Theorem]]:
    """exp(a) as ctx knows it: 1 for a = 0, x for a = log x; and what proves that."""
    if a is ZERO:
        return ONE, [k.law("exp_zero", ZERO, ZERO, [])]
    if a.op == "app" and a.args[0] == "log":
        x = a.args[2]
        return x, [k.law("exp_log", x, ZERO, [ctx.prove(lt(ZERO, x))])]
    return app("exp", a), []


def exponent_below(ctx: Context, a: Term, b: Term, strict: bool = True) -> Theorem:
    """a < b from exp(a) < exp(b), or a <= b from exp(a) <= exp(b); for a = log x ctx need only know about x."""
    (x, of_x), (y, of_y) = exponential(ctx, a), exponential(ctx, b)
    smaller = ctx.prove((lt if strict else le)(x, y))
    goal = (lt if strict else le)(a, b)
    d, minus = sub(a, b), k.num(-1)
    # if b < a: 1 + (a - b) < exp(a - b), so x = exp(a - b) y > y
    above = k.assume(lt(b, a))
    flipped = k.sos(lt(ZERO, d), [(One, ONE, [above])], [], [])
    tangent = k.law("exp_above_tangent", d, ZERO, [k.negate(flipped)])
    product = k.law("exp_add", d, b, [])  # exp(a - b + b) = exp(a - b) exp(b)
    positive = k.law("exp_positive", b, ZERO, [])
    known = [*of_x, *of_y]
    turn = [minus] * len(of_x) + [ONE] * len(of_y) + [ONE]
    parts = [(One, ONE, [tangent, positive]), (One, ONE, [flipped, positive]), (One, ONE, [smaller])]
    broken = k.sos(lt(ZERO, ZERO), parts, [*known, product], turn)
    contrary = k.absurd(k.linear(ZERO, ZERO, [], []), k.negate(broken), goal)
    if not strict:
        weak = k.sos(goal, [(One, ONE, [k.assume(lt(a, b))])], [], [])
        return k.trichotomy(a, b, weak, k.sos(goal, [], [k.assume(eq(a, b))], [minus]), contrary)
    tie, ea, hole = k.assume(eq(a, b)), app("exp", a), var("hole")
    copied = k.rewrite(tie, k.linear(ea, ea, [], []), hole, eq(ea, app("exp", hole)))  # exp(a) = exp(b)
    equal = k.sos(lt(ZERO, ZERO), [(One, ONE, [smaller])], [*known, copied], turn)
    tied = k.absurd(k.linear(ZERO, ZERO, [], []), k.negate(equal), goal)
    return k.trichotomy(a, b, k.assume(goal), tied, contrary)


def zero_or_one(ctx: Context, x: Term, goal: Term, prove: Callable[[Context, Theorem], Theorem]) -> Theorem:
    """A goal from x = 0 and from x = 1, for an x that is known to satisfy x^2 = x."""
    square, zero = ctx.prove(eq(mk("pow", x, 2), x)), eq(x, ZERO)
    unit = k.field(mul(x, inv(x)), ONE, [k.assume(neg(zero))])
    one = k.linear(x, ONE, [square, unit], [inv(x), sub(ONE, x)])
    return k.cases(zero, prove(ctx.assuming(zero), k.assume(zero)), prove(ctx.with_facts(one), one))
