"""Tactics of Appendix D: decay of Adam's moments without gradients, and the closed form of Eq. 36.

They speak of the symbols and assumptions of `theory.fontana2026.clip_cases`: m, v, g, b1, b2, T, k.
"""

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

from . import kernel as k
from .kernel import Term, Theorem, mk, var
from .kernel.terms import ONE, ZERO, add, app, eq, inv, le, lt, mul, sub
from .tactics import Context, pow_below_one, pow_positive
from .tactics_powers import (
    MINUS,
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
    squares_order,
    weaken,
)

B1, B2, T, K = var("b1"), var("b2"), var("T", "Z"), var("k", "Z")


def decayed(ctx: Context, given: dict[str, Theorem], name: str, *index: Term, steps: Term = K) -> Theorem:
    """m(T+k) = b1^(k+1) m(T-1), or the same of v, for k = steps: by induction, the recursion without its gradient."""
    rate, rule = (B1, "first moment") if name == "m" else (B2, "second moment")
    start, last = T, steps

    def at(n: Term) -> Term:
        return app(name, *index, n)

    def one_step(ctx: Context, n: Term, zero: Theorem) -> Theorem:
        """moment(n) = rate moment(n - 1), where the gradient of step n is zero."""
        return ctx.equal(at(n), mul(rate, at(sub(n, ONE))), ctx.at(given[rule], *index, n), zero)

    def value(n: Term) -> Term:
        return eq(at(add(start, n)), mul(power(rate, add(n, ONE)), at(sub(start, ONE))))

    def claim(n: Term) -> Term:
        return mk("imp", le(n, last), value(n))

    def following(inside: Context, n: Term) -> Theorem:
        more = inside.assuming(le(add(n, ONE), last))
        earlier = k.imp_elim(k.assume(claim(n)), more.prove(le(n, last)))
        now = add(start, n, ONE)
        zero = more.at(given["no gradient after T"], *index, now)
        law = power_step(more, rate, add(n, ONE))
        th = more.equal(*value(add(n, ONE)).args, one_step(more, now, zero), earlier, law)
        return k.imp_intro(le(add(n, ONE), last), th)

    zero = given["no gradient at T"]
    first = one_step(ctx, start, ctx.at(zero, *index) if index else zero)
    base = ctx.equal(*value(ZERO).args, first, power_one(rate))
    if steps is ZERO:
        return base
    th = by_induction(ctx, claim, k.imp_intro(le(ZERO, last), base), following, last)
    return k.imp_elim(th, ctx.prove(le(last, last)))


def nonnegative(ctx: Context, given: dict[str, Theorem], n: Term, end: Term, *index: Term) -> Theorem:
    """0 <= v(n) for 0 <= n <= end, from 0 <= v(0)."""
    rate = B2

    def claim(i: Term) -> Term:
        return mk("imp", le(i, end), le(ZERO, app("v", *index, i)))

    def following(inside: Context, i: Term) -> Theorem:
        now = add(i, ONE)
        more = inside.assuming(le(now, end))
        earlier = k.imp_elim(k.assume(claim(i)), more.prove(le(i, end)))
        rule = more.at(given["second moment"], *index, now)
        above, below = more.prove(lt(ZERO, rate)), more.prove(lt(rate, ONE))
        g = app("g", *index, now)
        parts = [(Fraction(1), ONE, [above, earlier]), (Fraction(1), g, [below])]
        return k.imp_intro(le(now, end), k.sos(le(ZERO, app("v", *index, now)), parts, [rule], [ONE]))

    start = given["v_0 >= 0"]
    base = k.imp_intro(le(ZERO, end), ctx.at(start, *index) if index else start)
    return k.imp_elim(by_induction(ctx, claim, base, following, n), ctx.prove(le(n, end)))


def plain(ctx: Context) -> Context:
    """The context without its universal facts: instances of those are asked for one by one, which is much faster."""
    return Context(th for th in ctx.facts if th.concl.op not in ("all", "and"))


def corrections(ctx: Context, n: Term) -> list[Theorem]:
    """0 < 1 - b1^n and 0 < 1 - b2^n for a step n >= 1."""
    below = [pow_below_one(ctx, b, n) for b in (B1, B2)]
    return [k.sos(lt(ZERO, sub(ONE, th.concl.args[0])), [(Fraction(1), ONE, [th])], [], []) for th in below]


@dataclass
class Roots:
    """√v̂ before (T-1) and after (T+k), both positive; W after = before, with W of Eq. 36; after^2 <= before^2."""

    before: Term
    after: Term
    positive: list[Theorem]
    inside: list[Theorem]
    carried: Theorem
    order: Theorem


def roots(ctx: Context, form: "ClosedForm", v_sign: Theorem, v_after: Theorem, steps: Term) -> Roots:
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


def negative_moment(ctx: Context, given: dict[str, Theorem], n: Term) -> Theorem:
    """m(n) < 0 for a step n >= 1 below T, from g < 0 in every step before T and m(0) <= 0."""
    return _signed(ctx, given, n, lambda i: lt(app("m", i), ZERO), "first moment", B1, given["m_0 <= 0"])


def positive_moment(ctx: Context, given: dict[str, Theorem], n: Term) -> Theorem:
    """0 < v(n) for a step n >= 1 below T, from g < 0 in every step before T and 0 <= v(0)."""
    return _signed(ctx, given, n, lambda i: lt(ZERO, app("v", i)), "second moment", B2, given["v_0 >= 0"])


def _signed(
    ctx: Context, given: dict[str, Theorem], n: Term, sign: Callable[[Term], Term], rule: str, b: Term, start: Theorem
) -> Theorem:
    one, above, below = Fraction(1), ctx.prove(lt(ZERO, b)), ctx.prove(lt(b, ONE))

    def claim(i: Term) -> Term:
        return mk("imp", lt(add(i, ONE), T), sign(add(i, ONE)))

    def next_(inside: Context, now: Term, earlier: Theorem) -> Theorem:
        """The sign in step now < T, from the sign (weak or strict) one step earlier."""
        more = inside.assuming(lt(now, T))
        gradient = more.at(given["persistent sign"], now)
        fresh = [below, gradient] if rule == "first moment" else [below, gradient, gradient]
        law = more.at(given[rule], now)
        cofactor = MINUS if rule == "first moment" else ONE
        th = k.sos(sign(now), [(one, ONE, [above, earlier]), (one, ONE, fresh)], [law], [cofactor])
        return k.imp_intro(lt(now, T), th)

    def following(inside: Context, i: Term) -> Theorem:
        now = add(i, ONE, ONE)
        ahead = inside.assuming(lt(now, T))
        earlier = k.imp_elim(k.assume(claim(i)), ahead.prove(lt(add(i, ONE), T)))
        return next_(inside, now, earlier)

    th = by_induction(ctx, claim, next_(ctx, ONE, start), following, sub(n, ONE))
    return k.imp_elim(th, ctx.prove(lt(n, T)))


def later_steps_rise(ctx: Context, given: dict[str, Theorem], m_sign: Theorem, v_sign: Theorem, n: Term) -> Theorem:
    """theta(T+n-1) < theta(T+n) for 0 <= n <= k, from m(T-1) < 0 < v(T-1), without weight decay: g < 0 raises theta."""
    one, now = Fraction(1), add(T, n)
    m_after, v_after = (decayed(ctx, given, name, steps=n) for name in "mv")
    decays = [pow_positive(ctx, b, add(n, ONE)) for b in (B1, B2)]
    m_now = k.sos(lt(m_after.concl.args[0], ZERO), [(one, ONE, [decays[0], m_sign])], [m_after], [MINUS])
    v_now = k.sos(lt(ZERO, v_after.concl.args[0]), [(one, ONE, [decays[1], v_sign])], [v_after], [ONE])
    q1, q2 = corrections(ctx, now)
    inside = product_sign(lt(ZERO, mul(app("v", now), inv(q2.concl.args[1]))), v_now, k.inv_positive(q2))
    root = Context([inside]).sqrt_positive(inside.concl.args[1])
    eps = var("eps")
    below = k.sos(lt(ZERO, add(eps, root.concl.args[1])), [(one, ONE, [root]), (one, ONE, [ctx.prove(le(ZERO, eps))])], [], [])
    xi, earlier = var("xi"), app("theta", sub(now, ONE))
    factors = [ctx.prove(lt(ZERO, xi)), m_now, k.inv_positive(q1), k.inv_positive(below)]
    moved = ctx.at(given["AdamW's update"], now)
    goal = lt(earlier, app("theta", now))
    return k.sos(goal, [(one, ONE, factors)], [moved, given["no weight decay"]], [ONE, mul(MINUS, xi, earlier)])


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
    named |= {f"{side}{n}": sub(ONE, power(b, s)) for n, b in ((1, B1), (2, B2)) for side, s in (("before", before), ("after", after))}
    positive = {f"decay{n}": pow_positive(ctx, b, gone) for n, b in ((1, B1), (2, B2))}
    for n, b in ((1, B1), (2, B2)):
        for side, s in (("before", before), ("after", after)):
            below = pow_below_one(ctx, b, s)
            positive[f"{side}{n}"] = k.sos(lt(ZERO, named[f"{side}{n}"]), [(Fraction(1), ONE, [below])], [], [])
    inside = mul(named["after2"], inv(named["decay2"]), inv(named["before2"]))
    factors = [positive["after2"], k.inv_positive(positive["decay2"]), k.inv_positive(positive["before2"])]
    above = product_sign(lt(ZERO, inside), *factors)
    positive["inside"] = above
    positive["root"] = Context([above]).sqrt_positive(inside)
    square = k.law("sqrt_square", inside, ZERO, [product_sign(le(ZERO, inside), above)])
    return ClosedForm(**named, root=app("sqrt", inside), positive=positive, square=square)


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
    gone, one = add(steps, ONE), Fraction(1)
    root_sign = Context([ctx.prove(lt(ZERO, B2))]).sqrt_positive(B2)
    root_inverse = inv(root_sign.concl.args[1])
    u, square = inverse_root_power(ctx, gone)
    u_sign = pow_positive(ctx.with_facts(k.inv_positive(root_sign)), root_inverse, gone)
    equation = power_of_product(ctx, B1, root_inverse, gone)
    rho = equation.concl.args[0]
    ctx = ctx.with_facts(*form.positive.values(), u_sign)
    u2, w2, q = mk("pow", u, 2), mk("pow", form.root, 2), form.after1
    u2_sign = product_sign(lt(ZERO, u2), u_sign, u_sign)
    unit = k.field(mul(q, inv(q)), ONE, [ctx.unequal(q, ZERO)])
    # W^2 = U^2 after2/before2, since b2^(k+1) U^2 = 1
    decayed_inverse = inverse_is(ctx, form.decay2, u2, k.linear(mul(form.decay2, u2), ONE, [square], [ONE]))
    wide = ctx.equal(w2, mul(u2, form.after2, inv(form.before2)), form.square, decayed_inverse)
    # after - before = b^(T-1) (1 - b^(k+1)) >= 0, for both rates
    rises = {}
    for n, b in ((1, B1), (2, B2)):
        shift, small = power_of_sum(ctx, b, gone, sub(T, ONE)), power_at_most_one(ctx, b, gone)
        ends = (getattr(form, f"before{n}"), getattr(form, f"after{n}"))
        rises[n] = k.sos(le(*ends), [(one, ONE, [pow_positive(ctx, b, sub(T, ONE)), small])], [shift], [MINUS])
    # U <= W; then Eq. 36 - rho^(k+1) before1 = decay1 before1/after1 ((W - U) + U b1^(T+k))
    gap = mul(u2, inv(form.before2), sub(form.after2, form.before2))
    ratio = k.field(mul(form.before2, inv(form.before2)), ONE, [ctx.unequal(form.before2, ZERO)])
    more = k.linear(sub(w2, u2), gap, [wide, ratio], [ONE, u2])
    below = k.sos(le(u2, w2), [(one, ONE, [u2_sign, *form.above("1/before2"), rises[2]])], [more], [ONE])
    narrow = squares_order(u, form.root, below, weaken(form.positive["root"]))
    scale = form.above("decay1", "before1", "1/after1")
    parts = [(one, ONE, [*scale, narrow]), (one, ONE, [*scale, u_sign, pow_positive(ctx, B1, add(T, steps))])]
    cofactors = [mul(form.decay1, form.before1, u), mul(MINUS, form.before1)]
    lower = k.sos(le(mul(rho, form.before1), form.value), parts, [unit, equation], cofactors)
    # W <= U Z with Z = 1/sqrt(before2); then rho^(k+1) Z - Eq. 36 = decay1 ((U Z - W) + W (after1 - before1)/after1)
    base = k.law("sqrt_square", form.before2, ZERO, [weaken(form.positive["before2"])])
    base_sign = Context([form.positive["before2"]]).sqrt_positive(form.before2)
    base_root = base_sign.concl.args[1]
    z = inv(base_root)
    uz = mul(u, z)
    ones = Context([base_sign]).equal(mul(mk("pow", base_root, 2), z, z), ONE)
    product = k.linear(mul(form.before2, z, z), ONE, [base, ones], [mul(MINUS, z, z), ONE])
    z_square = inverse_is(ctx, form.before2, mul(z, z), product)
    spread = mul(u2, inv(form.before2), power(B2, add(T, steps)))
    less = k.linear(sub(mk("pow", uz, 2), w2), spread, [z_square, wide], [mul(MINUS, u2), MINUS])
    factors = [u2_sign, *form.above("1/before2"), pow_positive(ctx, B2, add(T, steps))]
    over = k.sos(le(w2, mk("pow", uz, 2)), [(one, ONE, factors)], [less], [ONE])
    uz_sign = product_sign(le(ZERO, uz), u_sign, k.inv_positive(base_sign))
    wider = squares_order(form.root, uz, over, uz_sign)
    scale = form.above("decay1")
    parts = [(one, ONE, [*scale, wider]), (one, ONE, [*scale, *form.above("root", "1/after1"), rises[1]])]
    cofactors = [mul(MINUS, form.decay1, form.root), z]
    upper = k.sos(le(form.value, mul(rho, z)), parts, [unit, equation], cofactors)
    return Rate(u, u_sign, square, equation, lower, upper)


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
