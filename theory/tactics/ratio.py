"""Tactics of Appendix D: the closed form of Eq. 36, the roots in it, and its limit.

They speak of the symbols of `theory.fontana2026.clip_cases`: b1, b2, T, k.
"""

from dataclasses import dataclass
from fractions import Fraction

from .. import kernel as k
from ..kernel import Term, Theorem, mk, var
from ..kernel.terms import ONE, ZERO, add, app, eq, inv, le, lt, mul, sub
from .basic import Context, pow_below_one, pow_positive
from .moments import B1, B2, T
from .powers import (
    MINUS,
    added,
    by_induction,
    equal_squares,
    inverse_is,
    power,
    power_at_most_one,
    power_of_product,
    power_of_sum,
    power_one,
    power_step,
    power_zero,
    product_sign,
    rewrite_all,
    root_is,
    squared,
    squares_order,
    unit,
    weaken,
)


@dataclass
class ClosedForm:
    """Eq. 36's parts: `decay1` = b1^(k+1), `decay2` = b2^(k+1); the corrections 1 - b^n before (n = T-1) and after
    (n = T+k); `root` = W with W^2 = (1 - b2^(T+k))/(b2^(k+1) (1 - b2^(T-1))), so that Eq. 36 is
    decay1 before1/after1 W. `positive` proves 0 < x of each by its name."""

    decay1: Term
    decay2: Term
    before1: Term
    before2: Term
    after1: Term
    after2: Term
    root: Term
    positive: dict[str, Theorem]
    square: Theorem

    @property
    def value(self) -> Term:
        return mul(self.decay1, self.before1, inv(self.after1), self.root)

    def above(self, *names: str) -> list[Theorem]:
        """0 < x by name; "1/x" for inverses."""
        return [k.inv_positive(self.positive[n[2:]]) if n.startswith("1/") else self.positive[n] for n in names]

    def shrunk(self, ctx: Context) -> Theorem:
        """b2^(T+k) = b2^(k+1) b2^(T-1)."""
        return power_of_sum(ctx, B2, self.decay2.args[3], sub(T, ONE))


def closed_form(ctx: Context, steps: Term) -> ClosedForm:
    """Of Eq. 36 for k = steps; ctx proves 0 < b1, b2 < 1, 2 <= T and 0 <= steps."""
    before, after, gone = sub(T, ONE), add(T, steps), add(steps, ONE)
    named = {"decay1": power(B1, gone), "decay2": power(B2, gone)}
    named |= {
        f"{side}{n}": sub(ONE, power(b, s)) for n, b in ((1, B1), (2, B2)) for side, s in (("before", before), ("after", after))
    }
    positive = {f"decay{n}": pow_positive(ctx, b, gone) for n, b in ((1, B1), (2, B2))}
    for n, b in ((1, B1), (2, B2)):
        for side, s in (("before", before), ("after", after)):
            below = pow_below_one(ctx, b, s)
            positive[f"{side}{n}"] = added(lt(ZERO, named[f"{side}{n}"]), below)
    inside = mul(named["after2"], inv(named["decay2"]), inv(named["before2"]))
    factors = [positive["after2"], k.inv_positive(positive["decay2"]), k.inv_positive(positive["before2"])]
    above = product_sign(lt(ZERO, inside), *factors)
    positive["inside"] = above
    positive["root"] = Context([above]).sqrt_positive(inside)
    square = k.law("sqrt_square", inside, ZERO, [weaken(above)])
    return ClosedForm(**named, root=app("sqrt", inside), positive=positive, square=square)


@dataclass
class Roots:
    """√v̂ before (T-1) and after (T+k), both positive; W after = before, with W of Eq. 36; after^2 <= before^2."""

    before: Term
    after: Term
    positive: list[Theorem]
    inside: list[Theorem]
    carried: Theorem
    order: Theorem


def roots(ctx: Context, form: ClosedForm, v_sign: Theorem, v_after: Theorem, steps: Term) -> Roots:
    """From 0 < v(T-1) and Eq. 34."""
    one, old = Fraction(1), v_sign.concl.args[1]
    v_new = k.sos(lt(ZERO, v_after.concl.args[0]), [(one, ONE, [*form.above("decay2"), v_sign])], [v_after], [ONE])
    ctx = ctx.with_facts(*form.positive.values(), v_sign, v_new)
    inside, signs, squares = [], [], []
    for sign, name in ((v_sign, "before2"), (v_new, "after2")):
        under = mul(sign.concl.args[1], inv(getattr(form, name)))
        inside.append(product_sign(lt(ZERO, under), sign, *form.above("1/" + name)))
        signs.append(Context(inside[-1:]).sqrt_positive(under))
        squares.append(k.law("sqrt_square", under, ZERO, [weaken(inside[-1])]))
    before, after = (th.concl.args[1] for th in signs)
    left = mul(form.root, after)
    both = ctx.equal(mk("pow", left, 2), mk("pow", before, 2), form.square, *squares, v_after)
    weak = [product_sign(le(ZERO, left), *form.above("root"), signs[1]), weaken(signs[0])]
    carried = equal_squares(left, before, both, *weak)
    # before^2 - after^2 = v/(before2 after2) (1 - b2^(k+1)), since after2 - b2^(k+1) before2 = 1 - b2^(k+1)
    kept, rest = sub(form.after2, mul(form.decay2, form.before2)), mul(old, inv(form.before2), inv(form.after2))
    fall = mul(rest, sub(ONE, form.decay2))
    gap = ctx.equal(sub(mk("pow", before, 2), mk("pow", after, 2)), mul(rest, kept), *squares, v_after)
    shrunk = k.linear(kept, sub(ONE, form.decay2), [form.shrunk(ctx)], [MINUS])
    gap = k.linear(gap.concl.args[0], fall, [gap, shrunk], [ONE, rest])
    factors = [v_sign, *form.above("1/before2", "1/after2"), power_at_most_one(ctx, B2, add(steps, ONE))]
    smaller = k.sos(le(mk("pow", after, 2), mk("pow", before, 2)), [(one, ONE, factors)], [gap], [ONE])
    return Roots(before, after, signs, inside, carried, squares_order(after, before, smaller, weak[1]))


def inverse_root_power(ctx: Context, n: Term) -> tuple[Term, Theorem]:
    """U = (1/sqrt(b2))^n, and U^2 b2^n = 1, for n >= 0."""
    root = app("sqrt", B2)
    u, above = inv(root), ctx.prove(lt(ZERO, B2))
    root_sign = Context([above]).sqrt_positive(B2)
    square = k.law("sqrt_square", B2, ZERO, [weaken(above)])
    turned = k.linear(B2, mk("pow", root, 2), [square], [MINUS])
    unit = Context([root_sign]).equal(mul(u, u, B2), ONE, turned)

    def claim(i: Term) -> Term:
        return eq(mul(mk("pow", power(u, i), 2), power(B2, i)), ONE)

    def step(inside: Context, i: Term) -> Theorem:
        laws = [power_step(inside, x, i) for x in (u, B2)]
        return inside.equal(*claim(add(i, ONE)).args, *laws, unit, k.assume(claim(i)))

    base = Context().equal(*claim(ZERO).args, power_zero(u), power_zero(B2))
    return power(u, n), by_induction(ctx, claim, base, step, n)


@dataclass
class Rate:
    """rho^(k+1) with rho = b1/sqrt(b2), and how far Eq. 36 is from it:
    `inverse` U = sqrt(b2)^-(k+1), `equation` rho^(k+1) = b1^(k+1) U, `square` U^2 b2^(k+1) = 1,
    `lower` rho^(k+1) (1 - b1^(T-1)) <= Eq. 36, `upper` Eq. 36 <= rho^(k+1)/sqrt(1 - b2^(T-1))."""

    inverse: Term
    positive: Theorem
    square: Theorem
    equation: Theorem
    lower: Theorem
    upper: Theorem


def rate(ctx: Context, form: ClosedForm, steps: Term) -> Rate:
    """Of Eq. 36 for k = steps; ctx proves what `closed_form` needs."""
    gone = add(steps, ONE)
    root_sign = Context([ctx.prove(lt(ZERO, B2))]).sqrt_positive(B2)
    root_inverse = inv(root_sign.concl.args[1])
    u, square = inverse_root_power(ctx, gone)
    u_sign = pow_positive(ctx.with_facts(k.inv_positive(root_sign)), root_inverse, gone)
    equation = power_of_product(ctx, B1, root_inverse, gone)
    # W^2 = U^2 after2/before2, since b2^(k+1) U^2 = 1
    u2, positive = mk("pow", u, 2), form.positive
    inside = ctx.with_facts(*positive.values())
    product = k.linear(mul(form.decay2, u2), ONE, [square], [ONE])
    decayed_inverse = inverse_is(inside, form.decay2, u2, product)
    value = mul(u2, form.after2, inv(form.before2))
    wide = inside.equal(mk("pow", form.root, 2), value, form.square, decayed_inverse)
    # after - before = b^(T-1) (1 - b^(k+1)) >= 0, for both rates
    rises = []
    for b, before, after in ((B1, form.before1, form.after1), (B2, form.before2, form.after2)):
        shift, small = power_of_sum(ctx, b, gone, sub(T, ONE)), power_at_most_one(ctx, b, gone)
        parts = [(Fraction(1), ONE, [pow_positive(ctx, b, sub(T, ONE)), small])]
        rises.append(k.sos(le(before, after), parts, [shift], [MINUS]))
    left = [pow_positive(ctx, b, add(T, steps)) for b in (B1, B2)]  # 1 - after
    lower = lower_bound(form, u_sign, equation, wide, rises[1], left[0])
    return Rate(u, u_sign, square, equation, lower, upper_bound(form, u_sign, equation, wide, rises[0], left[1]))


def lower_bound(form: ClosedForm, u_sign: Theorem, equation: Theorem, wide: Theorem, rise2: Theorem, left1: Theorem) -> Theorem:
    """U <= W, and Eq. 36 - rho^(k+1) before1 = decay1 before1/after1 ((W - U) + U b1^(T+k))."""
    one, u, w2 = Fraction(1), u_sign.concl.args[1], wide.concl.args[0]
    u2 = mk("pow", u, 2)
    gap = mul(u2, inv(form.before2), sub(form.after2, form.before2))
    more = k.linear(sub(w2, u2), gap, [wide, unit(form.positive["before2"])], [ONE, u2])
    below = k.sos(le(u2, w2), [(one, ONE, [squared(u_sign), *form.above("1/before2"), rise2])], [more], [ONE])
    narrow = squares_order(u, form.root, below, weaken(form.positive["root"]))
    scale = form.above("decay1", "before1", "1/after1")
    parts = [(one, ONE, [*scale, narrow]), (one, ONE, [*scale, u_sign, left1])]
    cofactors = [mul(form.decay1, form.before1, u), mul(MINUS, form.before1)]
    goal = le(mul(equation.concl.args[0], form.before1), form.value)
    return k.sos(goal, parts, [unit(form.positive["after1"]), equation], cofactors)


def upper_bound(form: ClosedForm, u_sign: Theorem, equation: Theorem, wide: Theorem, rise1: Theorem, left2: Theorem) -> Theorem:
    """W <= U Z, Z = 1/sqrt(before2), and rho^(k+1) Z - Eq. 36 = decay1 ((U Z - W) + W (after1 - before1)/after1)."""
    one, u, w2 = Fraction(1), u_sign.concl.args[1], wide.concl.args[0]
    base = form.positive["before2"]
    base_sign = Context([base]).sqrt_positive(form.before2)
    root = base_sign.concl.args[1]
    z, root_square = inv(root), k.law("sqrt_square", form.before2, ZERO, [weaken(base)])
    ones = Context([base_sign]).equal(mul(mk("pow", root, 2), z, z), ONE)
    product = k.linear(mul(form.before2, z, z), ONE, [root_square, ones], [mul(MINUS, z, z), ONE])
    z_square = inverse_is(Context([base]), form.before2, mul(z, z), product)
    u2, uz = mk("pow", u, 2), mul(u, z)
    spread = mul(u2, inv(form.before2), left2.concl.args[1])
    less = k.linear(sub(mk("pow", uz, 2), w2), spread, [z_square, wide], [mul(MINUS, u2), MINUS])
    factors = [squared(u_sign), *form.above("1/before2"), left2]
    over = k.sos(le(w2, mk("pow", uz, 2)), [(one, ONE, factors)], [less], [ONE])
    wider = squares_order(form.root, uz, over, product_sign(le(ZERO, uz), u_sign, k.inv_positive(base_sign)))
    decay = form.above("decay1")
    parts = [(one, ONE, [*decay, wider]), (one, ONE, [*decay, *form.above("root", "1/after1"), rise1])]
    goal = le(form.value, mul(equation.concl.args[0], z))
    return k.sos(goal, parts, [unit(form.positive["after1"]), equation], [mul(MINUS, form.decay1, form.root), z])


def limit_of_ratio(ctx: Context, r: Rate, closed: Term, rho: Term, steps: Term) -> Theorem:
    """Eq. 36 tends to rho^(k+1) as T grows: b^(T+c) tends to 0, the rest is continuous. At k = 0 powers are dropped."""
    one, gone = Fraction(1), add(steps, ONE)
    decay2 = power(B2, gone)
    left = pow_positive(ctx, B2, gone)
    below = [k.sos(lt(MINUS, b), [(one, ONE, [ctx.prove(lt(ZERO, b))]), (one, ONE, [])], [], []) for b in (B1, B2)]
    above = [ctx.prove(lt(b, ONE)) for b in (B1, B2)]
    inside = [k.inv_positive(th) for th in (left, ctx.prove(lt(ZERO, B2)))]
    th = k.limit(T, closed, "oo", [*below, *above, *inside, Context().unequal(ONE, ZERO)])
    # it is b1^(k+1) sqrt(1/b2^(k+1)), and that root is U
    u2 = mk("pow", r.inverse, 2)
    product = k.linear(mul(decay2, u2), ONE, [r.square], [ONE])
    square = inverse_is(ctx.with_facts(left), decay2, u2, product)
    turned = k.linear(u2, inv(decay2), [square], [MINUS])
    root = root_is(Context([weaken(inside[0]), weaken(r.positive)]), inv(decay2), r.inverse, turned)
    b1_power = power(B1, gone)
    value = k.linear(mul(b1_power, root.concl.args[0]), r.equation.concl.args[0], [root, r.equation], [b1_power, MINUS])
    if steps is ZERO:
        for b in (B1, B2, r.equation.concl.args[0].args[2]):
            value = rewrite_all(power_one(b), value)
    v, f, kind, _ = th.concl.args
    hole = var("hole")
    return k.rewrite(k.restate(value, eq(th.concl.args[3], rho)), th, hole, mk("lim", v, f, kind, hole))
