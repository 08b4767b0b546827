"""Tactics of Appendix D: symbolic powers, square roots and inverses that are known exactly, geometric decay.

Every function takes a `Context` that proves the side conditions, and returns a theorem of the kernel.
"""

from collections.abc import Callable
from fractions import Fraction

from .. import kernel as k
from ..kernel import Term, Theorem, mk, num, subst, var
from ..kernel.terms import ONE, SCOPED, ZERO, add, app, eq, inv, le, lt, mul, neg, sub
from .basic import Context, discharge, instantiate, pow_positive

MINUS = num(-1)


def power(x: Term, n: Term) -> Term:
    return app("pow", x, n)


def power_zero(x: Term) -> Theorem:
    """x^0 = 1."""
    return k.law("pow_zero", x, ZERO, [])


def power_step(ctx: Context, x: Term, n: Term) -> Theorem:
    """x^(n+1) = x x^n for 0 <= n."""
    return k.law("pow_step", x, n, [ctx.prove(le(ZERO, n))])


def power_one(x: Term) -> Theorem:
    """x^1 = x."""
    first = k.law("pow_step", x, ZERO, [Context().prove(le(ZERO, ZERO))])
    return k.linear(power(x, ONE), x, [first, power_zero(x)], [ONE, x])


def by_induction(
    ctx: Context, claim: Callable[[Term], Term], base: Theorem, step: Callable[[Context, Term], Theorem], n: Term
) -> Theorem:
    """claim(n) for 0 <= n. `step(ctx, i)` proves claim(i + 1) where ctx knows claim(i) and 0 <= i."""
    i = ctx.fresh(n)
    inside = ctx.assuming(le(ZERO, i), claim(i))
    th = k.induct(i, ZERO, claim(i), base, step(inside, i))
    return discharge(instantiate(th, {i: n}), [ctx.prove(le(ZERO, n))])


def power_of_product(ctx: Context, x: Term, y: Term, n: Term) -> Theorem:
    """(x y)^n = x^n y^n."""

    def claim(i: Term) -> Term:
        return eq(power(mul(x, y), i), mul(power(x, i), power(y, i)))

    def step(inside: Context, i: Term) -> Theorem:
        laws = [power_step(inside, z, i) for z in (mul(x, y), x, y)]
        return inside.equal(*claim(add(i, ONE)).args, *laws, k.assume(claim(i)))

    base = Context().equal(*claim(ZERO).args, *(power_zero(z) for z in (mul(x, y), x, y)))
    return by_induction(ctx, claim, base, step, n)


def power_of_sum(ctx: Context, x: Term, n: Term, shift: Term) -> Theorem:
    """x^(n + shift) = x^n x^shift."""

    def claim(i: Term) -> Term:
        return eq(power(x, add(i, shift)), mul(power(x, i), power(x, shift)))

    def step(inside: Context, i: Term) -> Theorem:
        laws = [power_step(inside, x, add(i, shift)), power_step(inside, x, i)]
        return inside.equal(*claim(add(i, ONE)).args, *laws, k.assume(claim(i)))

    base = Context().equal(*claim(ZERO).args, power_zero(x))
    return by_induction(ctx.with_facts(ctx.prove(le(ZERO, shift))), claim, base, step, n)


def power_at_most_one(ctx: Context, x: Term, n: Term) -> Theorem:
    """x^n <= 1 for 0 < x < 1 and 0 <= n."""
    below = weaken(ctx.prove(lt(x, ONE)))

    def claim(i: Term) -> Term:
        return le(power(x, i), ONE)

    def step(inside: Context, i: Term) -> Theorem:
        # 1 - x x^i = (1 - x^i) + x^i (1 - x)
        parts = [(Fraction(1), ONE, [k.assume(claim(i))]), (Fraction(1), ONE, [pow_positive(inside, x, i), below])]
        return k.sos(claim(add(i, ONE)), parts, [power_step(inside, x, i)], [MINUS])

    base = k.sos(claim(ZERO), [], [power_zero(x)], [MINUS])
    return by_induction(ctx, claim, base, step, n)


def weaken(th: Theorem) -> Theorem:
    """a <= b from a < b."""
    return k.sos(le(*th.concl.args), [(Fraction(1), ONE, [th])], [], [])


def inverse_is(ctx: Context, x: Term, y: Term, product: Theorem) -> Theorem:
    """1/x = y from x y = 1, where x is not zero."""
    unit = k.field(mul(x, inv(x)), ONE, [ctx.unequal(x, ZERO)])
    return k.linear(inv(x), y, [product, unit], [mul(MINUS, inv(x)), y])


def divided(ctx: Context, x: Term, y: Term, product: Theorem) -> Theorem:
    """x = z/y from x y = z, where y is not zero."""
    unit = k.field(mul(y, inv(y)), ONE, [ctx.unequal(y, ZERO)])
    return k.linear(x, mul(product.concl.args[1], inv(y)), [product, unit], [inv(y), mul(MINUS, x)])


def root_is(ctx: Context, x: Term, y: Term, square: Theorem) -> Theorem:
    """sqrt(x) = y from y^2 = x and 0 <= y, 0 <= x: two non-negative numbers with the same square are equal."""
    root = app("sqrt", x)
    nonneg = ctx.prove(le(ZERO, x))
    squared = k.law("sqrt_square", x, ZERO, [nonneg])
    same_square = k.linear(mk("pow", root, 2), mk("pow", y, 2), [squared, square], [ONE, MINUS])
    return equal_squares(root, y, same_square, k.law("sqrt_nonnegative", x, ZERO, [nonneg]), ctx.prove(le(ZERO, y)))


def equal_squares(a: Term, b: Term, squares: Theorem, a_nonneg: Theorem, b_nonneg: Theorem) -> Theorem:
    """a = b from a^2 = b^2 and 0 <= a, 0 <= b."""
    goal = eq(a, b)

    def impossible(low: Term, high: Term, low_nonneg: Theorem, sign: int) -> Theorem:
        """From low < high: high^2 - low^2 = (high - low)^2 + 2 low (high - low) > 0, but it is 0."""
        apart = k.assume(lt(low, high))
        parts = [(Fraction(1), ONE, [apart, apart]), (Fraction(2), ONE, [low_nonneg, apart])]
        broken = k.sos(lt(ZERO, ZERO), parts, [squares], [num(sign)])
        return k.absurd(k.linear(ZERO, ZERO, [], []), k.negate(broken), goal)

    return k.trichotomy(a, b, impossible(a, b, a_nonneg, 1), k.assume(goal), impossible(b, a, b_nonneg, -1))


def at_value(ctx: Context, equation: Theorem, claim: Term, proof: Callable[[Context, Term], Theorem]) -> Theorem:
    """A claim about the variable x, given x = c: proved with c in the place of x."""
    x, c = equation.concl.args
    hole = var("hole", x.args[1])
    template = subst(claim, {x: hole})
    turned = k.rewrite(equation, k.linear(x, x, [], []), hole, eq(hole, x))
    return k.rewrite(turned, proof(ctx, subst(template, {hole: c})), hole, template)


def squares_order(a: Term, b: Term, squares: Theorem, b_nonneg: Theorem) -> Theorem:
    """a <= b from a^2 <= b^2 and 0 <= b."""
    above = k.assume(lt(b, a))
    # a^2 - b^2 = (a - b)^2 + 2 b (a - b) > 0
    parts = [(Fraction(1), ONE, [above, above]), (Fraction(2), ONE, [b_nonneg, above]), (Fraction(1), ONE, [squares])]
    broken = k.sos(lt(ZERO, ZERO), parts, [], [])
    contrary = k.absurd(k.linear(ZERO, ZERO, [], []), k.negate(broken), le(a, b))
    return k.cases(le(a, b), k.assume(le(a, b)), k.cut(k.negate(k.assume(neg(le(a, b)))), contrary))


def squares_strict(a: Term, b: Term, squares: Theorem, b_nonneg: Theorem) -> Theorem:
    """a < b from a^2 < b^2 and 0 <= b."""
    goal = lt(a, b)
    above = k.negate(k.assume(neg(goal)))  # b <= a: a^2 - b^2 = (a - b)^2 + 2 b (a - b)
    parts = [(Fraction(1), ONE, [above, above]), (Fraction(2), ONE, [b_nonneg, above]), (Fraction(1), ONE, [squares])]
    broken = k.sos(lt(ZERO, ZERO), parts, [], [])
    return k.cases(goal, k.assume(goal), k.absurd(k.linear(ZERO, ZERO, [], []), k.negate(broken), goal))


def product_sign(goal: Term, *factors: Theorem, weight: int = 1) -> Theorem:
    """0 <= (or <) a product, from the signs of its factors; what is left of the goal is ring arithmetic."""
    return k.sos(goal, [(Fraction(weight), ONE, list(factors))], [], [])


def squared(th: Theorem) -> Theorem:
    """0 < x^2 from 0 < x."""
    return product_sign(lt(ZERO, mk("pow", th.concl.args[1], 2)), th, th)


def unit(nonzero: Theorem) -> Theorem:
    """x/x = 1 from 0 < x."""
    x = nonzero.concl.args[1]
    return k.field(mul(x, inv(x)), ONE, [k.negate(nonzero)])


def added(goal: Term, *parts: Theorem) -> Theorem:
    """a <= b or a < b as the sum of known inequalities; what is left is ring arithmetic."""
    return k.sos(goal, [(Fraction(1), ONE, [th]) for th in parts], [], [])


def sum_sign(s: Term, ctx: Context, sign: Callable[[Context, Term], Theorem], lo: Term, hi: Term) -> Theorem:
    """0 <= Sum f over lo..hi. `sign(inside, i)` proves 0 <= f(i) where inside knows lo <= i <= hi."""
    i = ctx.fresh(s, lo, hi)
    part = mk("sum", s.args[0], lo, hi, s.args[3])
    return ctx.nonnegative_sum(part, sign(ctx.assuming(le(lo, i), le(i, hi)), i), i, lo, hi)


def rewrite_all(equation: Theorem, th: Theorem) -> Theorem:
    """The theorem with every a outside of binders replaced by b, from a = b."""
    a, b = equation.concl.args
    hole = var("hole", "R")

    def opened(t: Term) -> Term:
        if t.op == a.op and k.same(t, a):
            return hole
        return t if t.op in SCOPED else mk(t.op, *(opened(x) if isinstance(x, Term) else x for x in t.args))

    return k.rewrite(equation, th, hole, opened(th.concl))


def at_values(ctx: Context, equations: list[Theorem], claim: Term, th: Theorem) -> Theorem:
    """A claim about several variables, given x = c for each, from the theorem that it is at those values."""
    if not equations:
        return k.restate(th, claim)
    return at_value(ctx, equations[0], claim, lambda inside, p: at_values(inside, equations[1:], p, th))


def positive_sum(ctx: Context, s: Term, at: Term, sign: Callable[[Context, Term], Theorem], positive: Theorem) -> Theorem:
    """0 < Sum f from 0 <= f(i) for all i, which `sign(inside, i)` proves, and 0 < f(at), at in the range."""
    bound, lo, hi, body = s.args
    split = k.sum_split(s, at, [ctx.prove(le(sub(lo, ONE), at)), ctx.prove(le(at, hi))])
    step = k.sum_step(mk("sum", bound, lo, at, body), [ctx.prove(le(lo, at))])
    sides = [sum_sign(s, ctx, sign, *ends) for ends in ((lo, sub(at, ONE)), (add(at, ONE), hi))]
    return k.sos(lt(ZERO, s), [(Fraction(1), ONE, [th]) for th in (*sides, positive)], [split, step], [ONE, ONE])


def square_positive(x: Term, nonzero: Theorem) -> Theorem:
    """0 < x^2 from x != 0."""
    goal, one = lt(ZERO, mk("pow", x, 2)), Fraction(1)
    up, tie, down = k.assume(lt(ZERO, x)), k.assume(eq(ZERO, x)), k.assume(lt(x, ZERO))
    turned = k.linear(x, ZERO, [tie], [MINUS])
    sides = [k.sos(goal, [(one, ONE, [th, th])], [], []) for th in (up, down)]
    return k.trichotomy(ZERO, x, sides[0], k.absurd(turned, nonzero, goal), sides[1])


def for_all(i: Term, lo: Term, hi: Term, th: Theorem) -> Theorem:
    """`for all i in lo..hi: p` from p under the hypotheses lo <= i and i <= hi."""
    within = mk("and", le(lo, i), le(i, hi))
    for n in (0, 1):
        th = k.cut(k.and_elim(k.assume(within), n), th)
    return k.all_intro(i, k.imp_intro(within, th))


def over_root_between(low: Fraction, a: Fraction, x: Fraction, high: Fraction) -> tuple[Theorem, Theorem]:
    """low <= a/sqrt(x) and a/sqrt(x) <= high for positive rationals, by squaring low sqrt(x) and high sqrt(x)."""
    value = num(x)
    root_sign = Context([Context().prove(lt(ZERO, value))]).sqrt_positive(value)
    square = k.law("sqrt_square", value, ZERO, [Context().prove(le(ZERO, value))])
    root, one = root_sign.concl.args[1], Fraction(1)
    inverse = k.inv_positive(root_sign)
    out = []
    for bound, sign in ((low, 1), (high, -1)):
        scaled, goal = mul(num(bound), root), le(num(bound), mul(num(a), inv(root)))
        squares = (mk("pow", scaled, 2), mk("pow", num(a), 2))
        noneg = k.sos(le(ZERO, scaled), [(bound, ONE, [root_sign])], [], [])
        ends, nonneg = ((scaled, num(a)), Context().prove(le(ZERO, num(a)))) if sign > 0 else ((num(a), scaled), noneg)
        gap = sign * (a * a - bound * bound * x)
        ends_squared = le(*(squares if sign > 0 else squares[::-1]))
        order = k.sos(ends_squared, [(gap, ONE, [])], [square], [num(-sign * bound * bound)])
        below = squares_order(*ends, order, nonneg)
        # a/s - bound = (a - bound s)/s + bound (s/s - 1)
        goal = le(*(goal.args if sign > 0 else goal.args[::-1]))
        out.append(k.sos(goal, [(one, ONE, [inverse, below])], [unit(root_sign)], [num(sign * bound)]))
    return out[0], out[1]
