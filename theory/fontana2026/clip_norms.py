"""Appendix D: how Eq. 31, 32, 35 and 36 are proved, for norms over d coordinates.

`ratio_is_positive` (ε > 0) and `ratio_is_closed` (ε = 0) compare the step `last` with step T - 1.
"""

from collections.abc import Callable
from fractions import Fraction
from functools import partial

import sympy as sp

from theory import kernel as k_
from theory.decide import Goal
from theory.kernel import Term, Theorem, mk, subst
from theory.kernel.terms import ONE, ZERO, add, app, inv, le, lt, mul, ne, sub
from theory.language import integers, term
from theory.tactics import Context, pow_positive
from theory.tactics.moments import corrections, decayed, nonnegative, plain
from theory.tactics.powers import (
    MINUS,
    added,
    at_values,
    for_all,
    inverse_is,
    positive_sum,
    power_one,
    product_sign,
    rewrite_all,
    root_is,
    square_positive,
    squared,
    unit,
    weaken,
)
from theory.tactics.ratio import closed_form

from .clip_cases import T, b1, b2, d, eps, i, j, k, m, step, v_hat

ONE_ = Fraction(1)


def norm(at: sp.Expr) -> sp.Expr:
    """‖m̂/(√v̂+ε)‖ over the coordinates, in one step."""
    return sp.sqrt(sp.Sum(step(j, at) ** 2, (j, 1, d)))


def summand(index: Term, at: sp.Expr) -> tuple[Term, Term, Term]:
    """Of coordinate `index`: its summand in the norm, what √v̂ is the root of, and √v̂."""
    now = integers(index.args[0])
    inside = term(v_hat(now, at))
    return term(step(now, at) ** 2), inside, app("sqrt", inside)


Signs = Callable[[Context, Term], tuple[Theorem, Theorem]]
"""Of a coordinate: 0 <= v̂ and 0 < (√v̂ + ε)^2, in a context that knows that its index is in range."""


def define_norm(goal: Goal, ctx: Context, at: sp.Expr, norm: Theorem, signs: Signs) -> Theorem:
    """Hand over why the norm at a step is defined, from 0 < its square; 0 < the norm."""
    now, end = ctx.fresh(goal.claim), term(d)
    q1, q2 = corrections(ctx, term(at))
    under, below = signs(ctx.assuming(le(ONE, now), le(now, end)), now)
    root = Context([norm]).sqrt_positive(norm.concl.args[1])
    exponents = [at, k + 1] if k in at.free_symbols else [at]
    goal.define(norm, root, q1, q2, squared(q1), *(ctx.prove(le(ZERO, term(n))) for n in exponents))
    goal.define(*(for_all(now, ONE, end, th) for th in (under, k_.negate(below))))
    return root


def summand_sign(body: Term, root_m: Term, divisors: list[Theorem], *m_sign: Theorem) -> Theorem:
    """0 <= m^2 / (positive divisors), or 0 < from 0 < m^2."""
    goal = (lt if m_sign else le)(ZERO, body)
    return k_.sos(goal, [(ONE_, ONE if m_sign else root_m, [*m_sign, *map(k_.inv_positive, divisors)])], [], [])


def moving(ctx: Context) -> Theorem:
    """0 < m_{i,T-1}^2."""
    m_i = term(m(i, T - 1))
    return square_positive(m_i, ctx.prove(ne(m_i, ZERO)))


def ratio_is_positive(goal: Goal, last: sp.Expr, gone: Term) -> Theorem:
    """0 < C for `gone` = last - T: both norms are roots of sums of squares to which coordinate i contributes."""
    ctx, given, index = plain(goal), goal.given, term(i)
    eps_sign = ctx.prove(lt(ZERO, term(eps)))

    def signs(at: sp.Expr, inside: Context, now: Term) -> tuple[Theorem, Theorem]:
        _, under, root = summand(now, at)
        v_sign = nonnegative(inside, given, term(at), term(last), now)
        under_sign = product_sign(le(ZERO, under), v_sign, k_.inv_positive(corrections(inside, term(at))[1]))
        root_sign = k_.law("sqrt_nonnegative", under, ZERO, [under_sign])
        return under_sign, squared(added(lt(ZERO, add(term(eps), root)), root_sign, eps_sign))

    def square(at: sp.Expr, inside: Context, now: Term, *m_sign: Theorem) -> Theorem:
        divisors = [squared(corrections(inside, term(at))[0]), signs(at, inside, now)[1]]
        return summand_sign(summand(now, at)[0], app("m", now, term(at)), divisors, *m_sign)

    before = moving(ctx)
    m_after = decayed(ctx, given, "m", index, steps=gone)
    decay = pow_positive(ctx, term(b1), add(gone, ONE))
    left, right = m_after.concl.args
    after = k_.sos(lt(ZERO, mk("pow", left, 2)), [(ONE_, ONE, [decay, decay, before])], [m_after], [add(left, right)])
    roots = []
    for at, m_sign in ((T - 1, before), (last, after)):
        total = term(sp.Sum(step(j, at) ** 2, (j, 1, d)))
        over = positive_sum(ctx, total, index, partial(square, at), square(at, ctx, index, m_sign))
        roots.append(define_norm(goal, ctx, at, over, partial(signs, at)))
    return product_sign(goal.claim, k_.inv_positive(roots[0]), roots[1])


class Shrinking:
    """ε = 0: every summand of the norm at `last` is F^2 times that at T - 1, F the closed form of Eq. 36."""

    def __init__(self, ctx: Context, given: dict[str, Theorem], last: sp.Expr, gone: Term):
        self.given, self.last, self.gone = given, last, gone
        self.form = form = closed_form(ctx, gone)
        self.scale = mul(*(mk("pow", x, 2) for x in (form.decay1, form.before1, inv(form.after1))))
        self.factor = mul(self.scale, form.after2, inv(form.decay2), inv(form.before2))
        twice = [x for x in form.above("decay1", "before1", "1/after1") for _ in range(2)]
        self.factor_sign = product_sign(lt(ZERO, self.factor), *twice, *form.above("after2", "1/decay2", "1/before2"))
        ctx.know(*form.positive.values(), *(squared(form.positive[name]) for name in ("before1", "after1")))

    def body(self, now: Term, at: sp.Expr) -> Term:
        return subst(summand(now, at)[0], {term(eps): ZERO})

    def coordinate(self, inside: Context, now: Term) -> tuple[Theorem, list[tuple[Theorem, Theorem]]]:
        """summand(last) = F^2 summand(T-1); then for T - 1 and for last 0 <= v̂ and 0 < √v̂^2."""
        form = self.form
        m_after, v_after = (decayed(inside, self.given, name, now, steps=self.gone) for name in "mv")
        v_old = inside.at(self.given["v_{T-1} > 0"], now)
        v_new = k_.sos(lt(ZERO, v_after.concl.args[0]), [(ONE_, ONE, [*form.above("decay2"), v_old])], [v_after], [ONE])
        inside = inside.with_facts(v_old, v_new)
        inverses, signs = [], []
        for at, v_sign, name, decay in ((T - 1, v_old, "before2", ONE), (self.last, v_new, "after2", inv(form.decay2))):
            _, under, root = summand(now, at)
            value, root2 = mul(getattr(form, name), decay, inv(v_old.concl.args[1])), mk("pow", root, 2)
            under_sign = product_sign(lt(ZERO, under), v_sign, *form.above("1/" + name))
            root_square = k_.law("sqrt_square", under, ZERO, [weaken(under_sign)])
            signs.append((weaken(under_sign), squared(Context([under_sign]).sqrt_positive(under))))
            product = inside.equal(mul(root2, value), ONE, root_square, v_after)
            inverses.append(inverse_is(inside.with_facts(signs[-1][1]), root2, value, product))  # 1/v̂
        old, new = (self.body(now, at) for at in (T - 1, self.last))
        return inside.equal(new, mul(self.factor, old), *inverses, m_after), signs

    def square(self, inside: Context, now: Term, *m_sign: Theorem) -> Theorem:
        """0 <= summand(T-1), or 0 < from 0 < m^2."""
        divisors = [squared(self.form.positive["before1"]), self.coordinate(inside, now)[1][0][1]]
        return summand_sign(self.body(now, T - 1), app("m", now, sub(term(T), ONE)), divisors, *m_sign)

    def norms(self, ctx: Context) -> tuple[Theorem, Theorem, Theorem]:
        """0 < both squared norms, and their ratio F^2."""
        now, end, index = ctx.fresh(self.factor), term(d), term(i)
        inside = ctx.assuming(le(ONE, now), le(now, end))
        old, new = (self.body(now, at) for at in (T - 1, self.last))
        old_sum, new_sum = (mk("sum", now, ONE, end, body) for body in (old, new))
        pointwise = k_.sum_congr(now, ONE, end, self.coordinate(inside, now)[0])
        linear = k_.sum_linear(now, ONE, end, [self.factor], [old])
        sums = k_.linear(new_sum, mul(self.factor, old_sum), [pointwise, linear], [ONE, ONE])
        over = positive_sum(ctx, old_sum, index, self.square, self.square(ctx, index, moving(ctx)))
        after = k_.sos(lt(ZERO, new_sum), [(ONE_, ONE, [self.factor_sign, over])], [sums], [ONE])
        return over, after, sums


def ratio_is_closed(goal: Goal, last: sp.Expr, gone: Term) -> Theorem:
    """C = F for `gone` = last - T: the sums of squares have the ratio F^2, and F > 0; then ε is put back for 0."""
    ctx, zero = plain(goal), goal.given["negligible eps"]
    shrinking = Shrinking(ctx, goal.given, last, gone)
    form = shrinking.form
    over, after, sums = shrinking.norms(ctx)
    old_sum, new_sum = over.concl.args[1], after.concl.args[1]
    root_sign = Context([over]).sqrt_positive(old_sum)
    root = root_sign.concl.args[1]
    value = mul(form.value, root)
    value_sign = product_sign(le(ZERO, value), *form.above("decay1", "before1", "1/after1", "root"), root_sign)
    root_square = k_.law("sqrt_square", old_sum, ZERO, [weaken(over)])
    cofactors = [mk("pow", form.value, 2), mul(shrinking.scale, old_sum), MINUS]
    square = k_.linear(mk("pow", value, 2), new_sum, [root_square, form.square, sums], cofactors)
    new_root = root_is(Context([weaken(after), value_sign]), new_sum, value, square)
    ratio = mul(inv(root), new_root.concl.args[0])
    th = k_.linear(ratio, form.value, [new_root, unit(root_sign)], [inv(root), form.value])
    if gone is ZERO:
        th = rewrite_all(power_one(term(b2)), rewrite_all(power_one(term(b1)), th))
        goal.define(weaken(rewrite_all(power_one(term(b2)), form.positive["inside"])))
    goal.define(*form.positive.values())

    def signs(which: int, inside: Context, now: Term) -> tuple[Theorem, Theorem]:
        """With ε: (√v̂ + ε)^2 = √v̂^2 + ε (ε + 2 √v̂)."""
        under, root2 = shrinking.coordinate(inside, now)[1][which]
        root = root2.concl.args[1].args[0]
        below, rest = mk("pow", add(term(eps), root), 2), add(term(eps), root, root)
        return under, k_.sos(lt(ZERO, below), [(ONE_, ONE, [root2])], [zero], [rest])

    for which, (at, sign) in enumerate(((T - 1, over), (last, after))):
        total = term(sp.Sum(step(j, at) ** 2, (j, 1, d)))
        define_norm(goal, ctx, at, at_values(ctx, [zero], lt(ZERO, total), sign), partial(signs, which))
    return at_values(ctx, [zero], goal.claim, th)
