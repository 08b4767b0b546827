"""Tactics of Eq. 1: min(s A, clip(s) A) by the sign of A, and the derivative of a clipped term off its bounds."""

from dataclasses import dataclass
from fractions import Fraction

from .. import kernel as k
from ..kernel import Refused, Term, Theorem, mk, subst, var
from ..kernel.terms import ONE, ZERO, add, app, eq, le, lt, mul, neg, sub
from ..kernel.theorem import same
from .basic import Context
from .logic import by_branches, impossible, with_slope

One, MINUS = Fraction(1), k.num(-1)


def linear_leaf(ctx: Context, goal: Term) -> Theorem:
    """x = y between linear terms, by arithmetic from both sides, or because the conditions contradict each other."""
    try:
        return ctx.equal(*goal.args)
    except Refused:
        below, above = (impossible(ctx.assuming(lt(*p)), goal) for p in (goal.args, goal.args[::-1]))
        return k.trichotomy(*goal.args, below, k.assume(goal), above)


def chosen(ctx: Context, a: Term, b: Term) -> Theorem:
    """a = b, where a and b are made of min and max of linear terms."""
    return by_branches(ctx, eq(a, b), linear_leaf)


def within(ctx: Context, goal: Term) -> Theorem:
    """An inequality between min and max of linear terms."""

    def leaf(ctx: Context, goal: Term) -> Theorem:
        try:
            return ctx.arith(goal)
        except Refused:
            return impossible(ctx, goal)

    return by_branches(ctx, goal, leaf)


def exp_of_zero(exponent: Theorem) -> Theorem:
    """exp(x) = 1 from x = 0."""
    x, hole = exponent.concl.args[0], var("hole")
    turned = k.linear(ZERO, x, [exponent], [MINUS])
    return k.rewrite(turned, k.law("exp_zero", ZERO, ZERO, []), hole, eq(app("exp", hole), ONE))


def congruent(equation: Theorem, hole: Term, t: Term) -> Theorem:
    """t[a] = t[b] from a = b."""
    a = subst(t, {hole: equation.concl.args[0]})
    return k.rewrite(equation, k.linear(a, a, [], []), hole, eq(a, t))


def not_above(below: Theorem) -> Theorem:
    """Not v <= u, from u < v."""
    u, v = below.concl.args
    claim = neg(le(v, u))
    cycle = k.sos(lt(ZERO, ZERO), [(One, ONE, [below]), (One, ONE, [k.assume(le(v, u))])], [], [])
    return k.cases(le(v, u), k.absurd(k.linear(ZERO, ZERO, [], []), k.negate(cycle), claim), k.assume(claim))


def min_times(minimum: Term, x: Term, y: Term, a: Term, sign: Theorem) -> Theorem:
    """min(x a, y a) = a min(x, y) where 0 < a, and a max(x, y) where a < 0; `sign` says which."""
    condition = minimum.args[0]
    first, second = (x, y) if same(condition.args[0], mul(x, a)) else (y, x)
    inner = le(first, second) if same(sign.concl, lt(ZERO, a)) else le(second, first)
    value = mk("ite", inner, first, second)
    yes, no = k.assume(inner), k.assume(neg(inner))
    holds = k.sos(condition, [(One, ONE, [yes, sign])], [], [])
    fails = not_above(k.sos(lt(*condition.args[::-1]), [(One, ONE, [k.negate(no), sign])], [], []))
    sides = [
        k.linear(minimum, mul(a, value), [k.if_(outer, *minimum.args[1:]), k.if_(here, first, second)], [ONE, mul(MINUS, a)])
        for outer, here in ((holds, yes), (fails, no))
    ]
    return k.cases(inner, *sides)


def min_by_sign(ctx: Context, minimum: Term, x: Term, y: Term, a: Term, parts: tuple[Term, ...]) -> Theorem:
    """min(x a, y a) = max(0, a) f + min(0, a) g for linear f = min(x, y), g = max(x, y); parts are the four factors."""
    positive, f, negative, g = parts
    total = add(mul(positive, f), mul(negative, g))
    cofactors = [mul(MINUS, f), mul(MINUS, g)]
    sides = []
    for sign, factors, ratio in ((lt(ZERO, a), (a, ZERO), f), (lt(a, ZERO), (ZERO, a), g)):
        here = ctx.assuming(sign)
        scaled = min_times(minimum, x, y, a, k.assume(sign))
        equal = chosen(here, scaled.concl.args[1].args[1], ratio)
        signs = [chosen(here, positive, factors[0]), chosen(here, negative, factors[1])]
        sides.append(k.linear(minimum, total, [scaled, equal, *signs], [ONE, a, *cofactors]))
    tie = k.assume(eq(ZERO, a))
    here = ctx.with_facts(tie)
    first, second = (x, y) if same(minimum.args[0].args[0], mul(x, a)) else (y, x)
    below = k.sos(minimum.args[0], [], [tie], [sub(first, second)])
    equations = [k.if_(below, *minimum.args[1:]), tie, chosen(here, positive, ZERO), chosen(here, negative, ZERO)]
    zero = k.linear(minimum, total, equations, [ONE, mul(MINUS, first), *cofactors])
    return k.trichotomy(ZERO, a, sides[0], zero, sides[1])


def min_below(minimum: Term, bound: Term) -> Theorem:
    """min(u, v) <= u, or v: `bound` is the one of the two."""
    condition, first, second = minimum.args
    sides = []
    for known in (k.assume(condition), k.assume(neg(condition))):
        value = k.if_(known, first, second)
        taken = value.concl.args[1]
        order = [] if same(taken, bound) else [(One, ONE, [known if known.concl is condition else k.negate(known)])]
        sides.append(k.sos(le(minimum, bound), order, [value], [MINUS]))
    return k.cases(condition, *sides)


# -- derivatives -----------------------------------------------------------------------------------------------------


def follow(ctx: Context, claim: Theorem) -> list[Theorem]:
    """What a conjunction, or implications whose premises are among the facts, come down to."""
    if claim.concl.op == "and":
        return [th for m in range(len(claim.concl.args)) for th in follow(ctx, k.and_elim(claim, m))]
    if claim.concl.op == "imp":
        known = [f for f in ctx.facts if same(f.concl, claim.concl.args[0])]
        return follow(ctx, k.imp_elim(claim, known[0])) if known else []
    return [claim]


@dataclass(frozen=True)
class Clipped:
    """The term α (max(0, A) min(s, high) + min(0, A) max(s, low)); its four factors in this order."""

    weight: Term
    factors: tuple[Term, ...]
    advantage: Term
    ratio: Term
    low: Term
    high: Term

    def of(self, positive: Term, negative: Term) -> Term:
        return mul(self.weight, add(mul(positive, self.factors[1]), mul(negative, self.factors[3])))


def clipped_derivative(
    ctx: Context,
    v: Term,
    f: Clipped,
    slope: Term,
    ratio_slope: Theorem,
    state: Theorem | None,
    off_bounds: Theorem | None,
) -> Theorem:
    """The derivative of a clipped term: A α s' inside the clip, 0 beyond it, 0 where A = 0.

    By the sign of A, `state` says on which side of the bound what holds, and `off_bounds` that s is not on it, or on
    which side it is. Neither is needed where the context knows the side.
    """
    a = f.advantage

    def beside(ctx: Context, branch: Term, order: Term) -> Theorem:
        here = ctx.assuming(order)
        known = next(th for th in here.facts if same(th.concl, order))
        raw = k.diff(v, mul(f.weight, a, branch), v, [ratio_slope, known])
        return with_slope(here, raw, slope, *(follow(here, state) if state else []))

    def signed(sign: Term, branch: Term, bound: Term, values: tuple[Term, Term]) -> Theorem:
        here = ctx.assuming(sign)
        said = [*ctx.facts, *(follow(here, off_bounds) if off_bounds else [])]
        orders = [lt(f.ratio, bound), lt(bound, f.ratio)]
        known = next((th for th in said if any(same(th.concl, order) for order in orders)), None)
        if known:
            return whole(k.assume(sign), beside(here.with_facts(known), branch, known.concl), values)
        assert off_bounds is not None
        goal = mk("deriv", v, mul(f.weight, a, branch), v, slope)
        tie = k.absurd(k.assume(eq(f.ratio, bound)), follow(here, off_bounds)[0], goal)
        below, above = (beside(here, branch, order) for order in orders)
        return whole(k.assume(sign), k.trichotomy(f.ratio, bound, below, tie, above), values)

    def whole(sign: Theorem, th: Theorem, values: tuple[Term, Term]) -> Theorem:
        """The factors max(0, A) and min(0, A), free of v, put in for their values."""
        p, q = var("positive"), var("negative")
        first, second = (chosen(Context([sign]), *pair) for pair in zip(values, f.factors[::2], strict=True))
        th = k.rewrite(first, th, p, mk("deriv", v, f.of(p, values[1]), v, slope))
        return k.rewrite(second, th, q, mk("deriv", v, f.of(f.factors[0], q), v, slope))

    tie = k.assume(eq(a, ZERO))
    nothing = with_slope(ctx, k.diff(v, ZERO, v, []), slope, tie)
    return k.trichotomy(
        a,
        ZERO,
        signed(lt(a, ZERO), f.factors[3], f.low, (ZERO, a)),
        whole(tie, nothing, (ZERO, ZERO)),
        signed(lt(ZERO, a), f.factors[1], f.high, (a, ZERO)),
    )


def over_range(th: Theorem, *ranges: tuple[Term, Term, Term]) -> Theorem:
    """From a derivative or relation for every index of the ranges (i, lo, hi), innermost first, to that of the sums."""
    for i, lo, hi in ranges:
        th = k.sum_congr(i, lo, hi, th)
    return th
