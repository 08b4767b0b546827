"""Tactics for Section 5: recursions over steps, roots that are known, and equals put for equals inside a term."""

from collections.abc import Callable
from fractions import Fraction

from .. import kernel as k
from ..kernel import Term, Theorem, mk, subst, var
from ..kernel.terms import ONE, ZERO, add, app, eq, inv, le, lt, mul, sub
from ..kernel.theorem import same
from .basic import MINUS, Context, discharge, instantiate
from .powers import equal_squares

W = Fraction(1)  # the weight of a part in a certificate of positivity
Step = Callable[[Context, Theorem], Theorem]


def equations(ctx: Context) -> list[Theorem]:
    """The facts that are equations between numbers."""
    return [th for th in ctx.facts if th.concl.op == "eq"]


def defining(theorems: list[Theorem], t: Term) -> Theorem:
    """The equation with left side t."""
    return next(th for th in theorems if th.concl.op == "eq" and same(th.concl.args[0], t))


def at_step(ctx: Context, *at: Term) -> list[Theorem]:
    """What the universal facts say at the given indices (read outermost first)."""
    return [ctx.at(th, *at) for th in ctx.facts if th.concl.op == "all"]


def by_steps(ctx: Context, n: Term, last: Term, claim: Term, base: Theorem, step: Step) -> Theorem:
    """claim at n = `last`, from claim at 0 and from claim at n -> claim at n+1 for 0 <= n < `last`.

    `step` is given a context that knows 0 <= n, n+1 <= `last` and the claim at n, and that claim.
    """
    start, within = k.assume(le(ZERO, n)), k.assume(le(add(n, ONE), last))
    p = mk("imp", le(n, last), claim)
    inside = ctx.with_facts(start, within)
    before = k.imp_elim(k.assume(p), inside.arith(le(n, last)))
    after = k.imp_intro(within.concl, step(inside.with_facts(before), before))
    th = k.induct(n, ZERO, p, k.imp_intro(le(ZERO, last), base), after)
    th = discharge(instantiate(th, {n: last}), [ctx.prove(le(ZERO, last))])
    return k.imp_elim(th, ctx.prove(le(last, last)))


def each(ctx: Context, goal: Term, using: list[Theorem], inequality: Callable[[Term], Theorem]) -> Theorem:
    """A conjunction of equations, proved from `using` left to right, and of inequalities, proved as told."""
    if goal.op != "and":
        return ctx.equal(*goal.args, *using) if goal.op == "eq" else inequality(goal)
    return k.and_intro([each(ctx, p, using, inequality) for p in goal.args])


def square_average(ctx: Context, moment: Theorem) -> Theorem:
    """0 <= v_n from v_n = b v_{n-1} + (1-b) g^2, with 0 <= v_{n-1} and 0 <= b < 1 known: a sum of two such products."""
    v, sum_ = moment.concl.args
    old, new = sum_.args if sum_.op == "add" else (sum_, ZERO)
    parts = []
    for product in (old, new):
        squares = [a.args[0] for a in product.args if a.op == "pow"]
        others = [ctx.prove(le(ZERO, a)) for a in product.args if a.op != "pow"]
        parts.append((W, mul(*squares), others))
    return k.sos(le(ZERO, v), parts, [moment], [ONE])


def root_floor(ctx: Context, x: Term) -> Theorem:
    """0 <= sqrt(x) for x known not to be negative."""
    return k.law("sqrt_nonnegative", x, ZERO, [ctx.prove(le(ZERO, x))])


def congruence(equation: Theorem, hole: Term, t: Term) -> Theorem:
    """t[a] = t[b] from a = b."""
    a = subst(t, {hole: equation.concl.args[0]})
    return k.rewrite(equation, k.linear(a, a, [], []), hole, eq(a, t))


def root(ctx: Context, x: Term, q: Term, square: Theorem) -> Theorem:
    """sqrt(x) = q from q^2 = x and 0 <= q."""
    floor = k.sos(le(ZERO, x), [(W, q, [])], [square], [MINUS])
    itself = k.law("sqrt_square", x, ZERO, [floor])
    squares = k.linear(mk("pow", app("sqrt", x), 2), mk("pow", q, 2), [itself, square], [ONE, MINUS])
    return equal_squares(app("sqrt", x), q, squares, k.law("sqrt_nonnegative", x, ZERO, [floor]), ctx.prove(le(ZERO, q)))


def powers(ctx: Context, b: Term, n: Term) -> list[Theorem]:
    """0 <= b^n for 0 <= b and 0 <= n; and 0 < 1 - b^n where also b < 1 and 1 <= n."""
    low, m = ctx.prove(le(ZERO, b)), var("pow_n", "Z")
    p, zero, start = app("pow", b, m), k.law("pow_zero", b, ZERO, []), k.assume(le(ZERO, m))
    first = k.sos(le(ZERO, app("pow", b, ZERO)), [(W, ONE, [])], [zero], [ONE])
    before, step = k.assume(le(ZERO, p)), k.law("pow_step", b, m, [start])
    more = k.sos(le(ZERO, app("pow", b, add(m, ONE))), [(W, ONE, [low, before])], [step], [ONE])
    floor = k.induct(m, ZERO, before.concl, first, more)
    nonnegative = discharge(instantiate(floor, {m: n}), [ctx.prove(le(ZERO, n))])
    try:
        high, positive = ctx.prove(lt(b, ONE)), ctx.prove(le(ONE, n))
    except k.Refused:
        return [nonnegative]
    # 1 - b^(m+1) = (1 - b) + b (1 - b^m); at m = 1 it is 1 - b
    claim, start = lt(ZERO, sub(ONE, p)), k.assume(le(ONE, m))
    once = k.law("pow_step", b, ZERO, [Context().prove(le(ZERO, ZERO))])
    first = k.sos(subst(claim, {m: ONE}), [(W, ONE, [high])], [once, zero], [MINUS, mul(MINUS, b)])
    before, step = k.assume(claim), k.law("pow_step", b, m, [Context([start]).prove(le(ZERO, m))])
    more = k.sos(subst(claim, {m: add(m, ONE)}), [(W, ONE, [high]), (W, ONE, [low, before])], [step], [MINUS])
    below = k.induct(m, ONE, claim, first, more)
    return [nonnegative, discharge(instantiate(below, {m: n}), [positive])]


def inverse_of_product(ctx: Context, x: Term, y: Term) -> Theorem:
    """1/(x y) = (1/x) (1/y) for x and y known to be non-zero."""
    known = [ctx.unequal(x, ZERO), ctx.unequal(y, ZERO)]
    return k.field(inv(mul(x, y)), mul(inv(x), inv(y)), [*known, k.nonzero_product([x, y], known)])


def same_step(ctx: Context, m: Term, v: Term, e: Term, factor: Term, first: Theorem, second: Theorem) -> Theorem:
    """m*/(√v* + φ e) = m/(√v + e) from m* = φ m (first), v* = φ² v (second), with 0 < φ, 0 <= v, √v + e != 0 known."""
    size, scaled, hole = app("sqrt", v), second.concl.args[0], var("hole")
    square = k.law("sqrt_square", v, ZERO, [ctx.prove(le(ZERO, v))])
    whole = mul(factor, size)
    scaled_size = root(ctx, scaled, whole, ctx.equal(mk("pow", whole, 2), scaled, square, second))
    below = congruence(scaled_size, hole, inv(add(hole, mul(factor, e))))
    split = inverse_of_product(ctx, factor, add(size, e))
    left = mul(first.concl.args[0], inv(add(app("sqrt", scaled), mul(factor, e))))
    return ctx.equal(left, mul(m, inv(add(size, e))), below, split, first)


def with_limit(ctx: Context, th: Theorem, value: Term, *using: Theorem) -> Theorem:
    """The limit with its value written as `value`."""
    (bound, f, kind, found), x, hole = th.concl.args, var("limit_x", th.concl.args[0].args[1]), var("hole")
    equation = ctx.equal(found, value, *using)
    return k.rewrite(equation, th, hole, mk("lim", x, subst(f, {bound: x}), kind, hole))
