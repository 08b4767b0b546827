"""Appendix D: how Eq. 31, 32, 35 and 36 are proved, for norms over d coordinates.

`ratio_is_positive` (ε > 0) and `ratio_is_closed` (ε = 0) take the step that C compares with T - 1 as a SymPy expression,
`last`, and as the kernel's k = last - T.
"""

from collections.abc import Callable
from fractions import Fraction

import sympy as sp

from theory import kernel as k_
from theory.decide import Goal
from theory.kernel import Term, Theorem, mk, subst
from theory.kernel.terms import ONE, ZERO, add, app, inv, le, lt, mul, ne, sub
from theory.language import integers, term
from theory.tactics import Context, pow_positive
from theory.tactics_moments import closed_form, corrections, decayed, nonnegative, plain
from theory.tactics_powers import MINUS, at_value, for_all, inverse_is, positive_sum, power_one, product_sign
from theory.tactics_powers import rewrite_all, root_is, square_positive, weaken

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


def define_norm(
    goal: Goal, ctx: Context, at: sp.Expr, over: Theorem, root: Theorem, signs: Callable[[Context, Term], tuple[Theorem, Theorem]]
) -> None:
    """Hand over why the norm at a step is defined: `signs` proves 0 <= v̂ and 0 < (√v̂ + ε)^2 of a coordinate."""
    now = ctx.fresh(goal.claim)
    q1, q2 = corrections(ctx, term(at))
    lemmas = signs(ctx.assuming(le(ONE, now), le(now, term(d))), now)
    squared = product_sign(lt(ZERO, mk("pow", q1.concl.args[1], 2)), q1, q1)
    exponents = [ctx.prove(le(ZERO, term(n))) for n in (at, k + 1)] if k in at.free_symbols else [ctx.prove(le(ZERO, term(at)))]
    goal.define(over, root, q1, q2, squared, *exponents, *(for_all(now, ONE, term(d), th) for th in (lemmas[0], k_.negate(lemmas[1]))))


def ratio_is_positive(goal: Goal, last: sp.Expr, k: Term) -> Theorem:
    """0 < C: both norms are roots of sums of squares, and coordinate i contributes to both."""
    ctx, given, index = plain(goal), goal.given, term(i)
    eps_sign = ctx.prove(lt(ZERO, term(eps)))

    def signs(inside: Context, now: Term, at: sp.Expr) -> tuple[Theorem, Theorem]:
        """0 <= v̂ and 0 < (√v̂ + ε)^2."""
        _, under, root = summand(now, at)
        v_sign = nonnegative(inside, given, term(at), term(last), now)
        under_sign = product_sign(le(ZERO, under), v_sign, k_.inv_positive(corrections(inside, term(at))[1]))
        root_sign = k_.law("sqrt_nonnegative", under, ZERO, [under_sign])
        total = k_.sos(lt(ZERO, add(term(eps), root)), [(ONE_, ONE, [x]) for x in (root_sign, eps_sign)], [], [])
        return under_sign, product_sign(lt(ZERO, mk("pow", total.concl.args[1], 2)), total, total)

    def square(inside: Context, now: Term, at: sp.Expr, *m_sign: Theorem) -> Theorem:
        """0 <= summand, or 0 < summand from 0 < m^2."""
        q = corrections(inside, term(at))[0]
        factors = [k_.inv_positive(product_sign(lt(ZERO, mk("pow", q.concl.args[1], 2)), q, q)), k_.inv_positive(signs(inside, now, at)[1])]
        goal_ = (lt if m_sign else le)(ZERO, summand(now, at)[0])
        return k_.sos(goal_, [(ONE_, ONE if m_sign else term(m(integers(now.args[0]), at)), [*m_sign, *factors])], [], [])

    before = square_positive(term(m(i, T - 1)), ctx.prove(ne(term(m(i, T - 1)), ZERO)))
    m_after = decayed(ctx, given, "m", index, steps=k)
    decay = pow_positive(ctx, term(b1), add(k, ONE))
    left, right = m_after.concl.args
    kept = k_.sos(lt(ZERO, mk("pow", left, 2)), [(ONE_, ONE, [decay, decay, before])], [m_after], [add(left, right)])
    roots = []
    for at, m_sign in ((T - 1, before), (last, kept)):
        total = term(sp.Sum(step(j, at) ** 2, (j, 1, d)))
        over = positive_sum(ctx, total, index, lambda c, n, at=at: square(c, n, at), square(ctx, index, at, m_sign))
        roots.append(Context([over]).sqrt_positive(total))
        define_norm(goal, ctx, at, over, roots[-1], lambda inside, now, at=at: signs(inside, now, at))
    return product_sign(goal.claim, k_.inv_positive(roots[0]), roots[1])


def ratio_is_closed(goal: Goal, last: sp.Expr, k: Term) -> Theorem:
    """Each summand shrinks by the factor F^2, F the closed form; so does their sum, and F >= 0."""
    ctx, given = plain(goal), goal.given
    form = closed_form(ctx, k)
    ctx.know(*form.positive.values())
    for name in ("before1", "after1"):
        q = form.positive[name]
        ctx.know(product_sign(lt(ZERO, mk("pow", q.concl.args[1], 2)), q, q))

    scale = mul(*(mk("pow", x, 2) for x in (form.decay1, form.before1, inv(form.after1))))
    shrink = mul(form.after2, inv(form.decay2), inv(form.before2))
    factor = mul(scale, shrink)
    twice = [x for x in form.above("decay1", "before1", "1/after1") for _ in range(2)]
    ctx.know(product_sign(lt(ZERO, factor), *twice, *form.above("after2", "1/decay2", "1/before2")))

    def without_eps(t: Term) -> Term:
        return subst(t, {term(eps): ZERO})

    def coordinate(inside: Context, now: Term) -> tuple[Theorem, list[tuple[Theorem, Theorem]]]:
        """summand(T+k) = F^2 summand(T-1); the signs of what summands divide by."""
        m_after, v_after = (decayed(inside, given, name, now, steps=k) for name in "mv")
        v_old = inside.at(given["v_{T-1} > 0"], now)
        v_new = k_.sos(lt(ZERO, v_after.concl.args[0]), [(ONE_, ONE, [*form.above("decay2"), v_old])], [v_after], [ONE])
        inside = inside.with_facts(v_old, v_new)
        inverses, signs = [], []
        for at, v_sign, value in (
            (T - 1, v_old, mul(form.before2, inv(v_old.concl.args[1]))),
            (last, v_new, mul(form.after2, inv(form.decay2), inv(v_old.concl.args[1]))),
        ):
            _, under, root = summand(now, at)
            correction = "before2" if at == T - 1 else "after2"
            positive = product_sign(lt(ZERO, under), v_sign, *form.above("1/" + correction))
            square = k_.law("sqrt_square", under, ZERO, [weaken(positive)])
            root_sign = Context([positive]).sqrt_positive(under)
            signs.append((weaken(positive), product_sign(lt(ZERO, mk("pow", root, 2)), root_sign, root_sign)))
            unit = inside.equal(mul(mk("pow", root, 2), value), ONE, square, v_after)
            inverses.append(inverse_is(inside.with_facts(signs[-1][1]), mk("pow", root, 2), value, unit))
        old, new = (without_eps(summand(now, at)[0]) for at in (T - 1, last))
        return inside.equal(new, mul(factor, old), *inverses, m_after), signs

    zero = given["negligible eps"]

    def eps_signs(under: Theorem, square: Theorem) -> tuple[Theorem, Theorem]:
        """0 <= v̂ and 0 < (√v̂ + ε)^2 = √v̂^2 + ε (ε + 2 √v̂)."""
        root = square.concl.args[1].args[0]
        below, rest = mk("pow", add(term(eps), root), 2), add(term(eps), root, root)
        return under, k_.sos(lt(ZERO, below), [(ONE_, ONE, [square])], [zero], [rest])

    def with_eps(over: Theorem, at: sp.Expr) -> tuple[Theorem, Theorem]:
        """0 < Sum and 0 < sqrt(Sum), with ε in the place of 0."""
        total = term(sp.Sum(step(j, at) ** 2, (j, 1, d)))
        over = at_value(ctx, zero, lt(ZERO, total), lambda _, claim: k_.restate(over, claim))
        return over, Context([over]).sqrt_positive(total)

    def proof(ctx: Context, claim: Term) -> Theorem:
        now, end, index = ctx.fresh(claim), term(d), term(i)
        inside = ctx.assuming(le(ONE, now), le(now, end))
        pointwise, _ = coordinate(inside, now)
        new, old = pointwise.concl.args[0], without_eps(summand(now, T - 1)[0])
        congruent, linear = k_.sum_congr(now, ONE, end, pointwise), k_.sum_linear(now, ONE, end, [factor], [old])
        old_sum, new_sum = mk("sum", now, ONE, end, old), mk("sum", now, ONE, end, new)
        sums = k_.linear(new_sum, mul(factor, old_sum), [congruent, linear], [ONE, ONE])

        def square(inside: Context, n: Term, *m_sign: Theorem) -> Theorem:
            q = form.positive["before1"]
            over = [product_sign(lt(ZERO, mk("pow", q.concl.args[1], 2)), q, q), coordinate(inside, n)[1][0][1]]
            goal_ = (lt if m_sign else le)(ZERO, without_eps(summand(n, T - 1)[0]))
            parts = [*m_sign, *map(k_.inv_positive, over)]
            return k_.sos(goal_, [(ONE_, ONE if m_sign else app("m", n, sub(term(T), ONE)), parts)], [], [])

        m_sign = square_positive(term(m(i, T - 1)), ctx.prove(ne(term(m(i, T - 1)), ZERO)))
        over = positive_sum(ctx, old_sum, index, square, square(ctx, index, m_sign))
        ctx.know(over, k_.sos(lt(ZERO, new_sum), [(ONE_, ONE, [ctx.prove(lt(ZERO, factor)), over])], [sums], [ONE]))
        root, root_sign = app("sqrt", old_sum), Context([over]).sqrt_positive(old_sum)
        ctx.know(root_sign)
        value = mul(form.value, root)
        ctx.know(product_sign(le(ZERO, value), *form.above("decay1", "before1", "1/after1", "root"), root_sign))
        root_square = k_.law("sqrt_square", old_sum, ZERO, [weaken(over)])
        cofactors = [mk("pow", form.value, 2), mul(scale, old_sum), MINUS]
        squared = k_.linear(mk("pow", value, 2), new_sum, [root_square, form.square, sums], cofactors)
        new_root = root_is(ctx, new_sum, value, squared)
        unit = k_.field(mul(root, inv(root)), ONE, [ctx.unequal(root, ZERO)])
        th = k_.linear(mul(inv(root), app("sqrt", new_sum)), form.value, [new_root, unit], [inv(root), form.value])
        for n, (at, sign) in enumerate(((T - 1, over), (last, ctx.prove(lt(ZERO, new_sum))))):
            define_norm(goal, ctx, at, *with_eps(sign, at), lambda inside, now, n=n: eps_signs(*coordinate(inside, now)[1][n]))
        if k is ZERO:
            goal.define(weaken(rewrite_all(power_one(term(b2)), form.positive["inside"])))
            th = rewrite_all(power_one(term(b2)), rewrite_all(power_one(term(b1)), th))
        return k_.restate(th, claim)

    goal.define(*form.positive.values(), weaken(form.positive["inside"]))
    return at_value(ctx, zero, goal.claim, proof)
