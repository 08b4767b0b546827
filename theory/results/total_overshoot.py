"""How far Adam's momentum carries a run past the clip in all: a geometric series.

Statement   With ε = 0 and λ = 0 step T+k is C_{T,k} times the last step before the clip, in every coordinate
            (fontana2026.prop3.repaired), so the drift after k + 1 steps is Σ_{j<=k} C_{T,j} last steps. With
            ρ = β1/√β2 it lies between 1 - β1^{T-1} and 1/√(1 - β2^{T-1}) times Σ ρ^{j+1} = ρ (1 - ρ^{k+1})/(1 - ρ),
            which tends to ρ/(1 - ρ). For β1² >= β2, however, it has no bound.
Place       Our own, from Eq. 36 of arXiv 2601.05002, which stops at single steps.
Hypotheses  β1² < β2 < 1 and β1 > 0, so that ρ < 1; T >= 2 for Eq. 36.
Proof       bounds of Eq. 36 at each j, added up; the series by induction, its limit by ρ^k -> 0.
Not claimed anything about ε > 0, which only shortens the drift (fontana2026.eq38.repaired), or about the ratio itself.
"""

from fractions import Fraction

import sympy as sp

from theory import kernel as k_
from theory.decide import Goal
from theory.fontana2026.clip_cases import T, b1, b2, closed, j, k
from theory.kernel import Term, Theorem, mk, subst
from theory.kernel.terms import ONE, ZERO, add, app, eq, inv, le, lt, mul, sub
from theory.language import equals, integers, reals, tends, term
from theory.proposition import UNNEEDED, proposition
from theory.tactics import Context
from theory.tactics.logic import conjunction
from theory.tactics.moments import B1, B2, K, plain
from theory.tactics.powers import (
    MINUS,
    added,
    at_value,
    at_values,
    by_induction,
    for_all,
    power,
    power_one,
    power_step,
    power_zero,
    product_sign,
    squares_order,
    squares_strict,
    unit,
    weaken,
)
from theory.tactics.ratio import closed_form, rate

rho, n = reals("rho"), integers("n")
rho_ = term(rho)
RHO = {"ρ = β1/√β2": sp.Eq(rho, b1 / sp.sqrt(b2))}
STEPS = {"T >= 2": T >= 2, "k >= 0": k >= 0}
series = sp.Sum(rho ** (j + 1), (j, 0, k))
drift = sp.Sum(closed(j), (j, 0, k))
ONE_ = Fraction(1)


def total(k: sp.Expr) -> sp.Expr:
    return rho * (1 - rho ** (k + 1)) / (1 - rho)


CASE = {"b1": "1/2", "b2": "4/9", "rho": "3/4", "T": 2, "k": 0}


def summed(ctx: Context, lower: bool, summand: Term, scale: Term) -> Theorem:
    """Σ C_{T,j} against Σ ρ^{j+1}, from the bounds of Eq. 36 at each j."""
    at = ctx.fresh(summand, scale)
    inside = ctx.assuming(le(ZERO, at), le(at, K))
    form = closed_form(inside, at)
    found = rate(inside, form, at)
    th = k_.sum_congr(at, ZERO, K, found.lower if lower else found.upper)
    linear = k_.sum_linear(at, ZERO, K, [scale], [subst(summand, {term(j): at})])
    left, right = th.concl.args
    goal = le(linear.concl.args[1], right) if lower else le(left, linear.concl.args[1])
    return k_.sos(goal, [(ONE_, ONE, [th])], [linear], [ONE if lower else MINUS])


def define_series(goal: Goal, ctx: Context) -> None:
    """Every C_{T,j} in the sum is defined."""
    at = ctx.fresh(goal.claim)
    inside = ctx.assuming(le(ZERO, at), le(at, K))
    form = closed_form(inside, at)
    lemmas = [k_.negate(form.positive[name]) for name in ("before2", "after1", "decay2")]
    lemmas += [weaken(form.positive["inside"])]
    lemmas += [inside.prove(le(ZERO, x)) for x in (add(term(T), at), add(at, ONE))]
    base = form.positive["before2"]
    root = Context([base]).sqrt_positive(base.concl.args[1])
    goal.define(base, root, *(for_all(at, ZERO, K, th) for th in lemmas))
    goal.define(*(ctx.prove(le(ZERO, term(x))) for x in (T - 1, k + 1)))


BELOW_ONE = {"β1 > 0": b1 > 0, "β1² < β2": b1**2 < b2, "β2 < 1": b2 < 1}


def rates(goal: Goal) -> Context:
    """β1 < 1 and β2 > 0 as well."""
    given = goal.given
    small, below = given["β1² < β2"], given["β2 < 1"]
    square = added(lt(mk("pow", B1, 2), mk("pow", ONE, 2)), small, below)
    b1_below = squares_strict(B1, ONE, square, Context().prove(le(ZERO, ONE)))
    b2_above = k_.sos(lt(ZERO, B2), [(ONE_, ONE, [small]), (ONE_, B1, [])], [], [])
    return plain(goal).with_facts(b1_below, b2_above)


@proposition(
    "lossproof.total_overshoot",
    title="past the clip, momentum carries AdamW ρ/(1-ρ) last steps further in all, ρ = β1/√β2",
    source="our own",
    printed="(1-β1^{T-1}) S_k <= Σ_{j<=k} C_{T,j} <= S_k/√(1-β2^{T-1}), S_k = Σ_{j<=k} ρ^{j+1} = ρ(1-ρ^{k+1})/(1-ρ) → ρ/(1-ρ)",
    statement=sp.And(
        equals(series, total(k)),
        tends(total(n), n, sp.oo, rho / (1 - rho)),
        (1 - b1 ** (T - 1)) * series <= drift,
        drift <= series / sp.sqrt(1 - b2 ** (T - 1)),
        evaluate=False,
    ),
    assumptions=RHO | STEPS | BELOW_ONE,
    model=CASE,
    drops={
        "ρ = β1/√β2": CASE | {"rho": "1/4"},
        "T >= 2": CASE | {"T": 1},
        "k >= 0": CASE | {"k": -2},
        "β1 > 0": CASE | {"b1": "-1/2", "rho": "-3/4"},
        "β2 < 1": CASE | {"b2": 1, "rho": "1/2"},
        "β1² < β2": CASE | {"b2": "1/4", "rho": 1},
    },
    hints={"b1": "unit", "b2": "unit"},
    not_claimed="how far the ratio moves: that depends on its slope along the drift",
)
def total_overshoot(goal: Goal) -> Theorem:
    ctx = rates(goal)
    define_series(goal, ctx)
    below = below_one(ctx)
    known = [goal.given["ρ = β1/√β2"]]
    goal.define(added(lt(ZERO, sub(ONE, rho_)), at_values(ctx, known, lt(rho_, ONE), below)))
    return at_value(ctx, goal.given["ρ = β1/√β2"], goal.claim, lambda c, claim: with_rate(c, claim, below))


def below_one(ctx: Context) -> Theorem:
    """β1/√β2 < 1, since β1 < √β2 by squaring."""
    root_sign = Context([ctx.prove(lt(ZERO, B2))]).sqrt_positive(B2)
    root = root_sign.concl.args[1]
    square = k_.law("sqrt_square", B2, ZERO, [weaken(ctx.prove(lt(ZERO, B2)))])
    smaller = [(ONE_, ONE, [ctx.prove(lt(mk("pow", B1, 2), B2))])]
    small = k_.sos(lt(mk("pow", B1, 2), mk("pow", root, 2)), smaller, [square], [ONE])
    parts = [(ONE_, ONE, [k_.inv_positive(root_sign), squares_strict(B1, root, small, weaken(root_sign))])]
    return k_.sos(lt(mul(B1, inv(root)), ONE), parts, [unit(root_sign)], [MINUS])


def with_rate(ctx: Context, claim: Term, below: Theorem) -> Theorem:
    """The four parts with r = β1/√β2 in the place of ρ."""
    r, last, at = below.concl.args[0], term(n), ctx.fresh(claim)
    gap = sub(ONE, r)
    gap_sign = added(lt(ZERO, gap), below)
    root_sign = Context([ctx.prove(lt(ZERO, B2))]).sqrt_positive(B2)
    one = k_.field(mul(gap, inv(gap)), ONE, [k_.negate(gap_sign), k_.negate(root_sign)])
    above = product_sign(lt(ZERO, r), ctx.prove(lt(ZERO, B1)), k_.inv_positive(root_sign))

    def geometric(n: Term) -> Term:
        return eq(mul(gap, up_to(n)), mul(r, sub(ONE, power(r, add(n, ONE)))))

    def up_to(n: Term) -> Term:
        return mk("sum", at, ZERO, n, power(r, add(at, ONE)))

    def following(inside: Context, n: Term) -> Theorem:
        more = k_.sum_step(up_to(add(n, ONE)), [inside.prove(le(ZERO, add(n, ONE)))])
        law = power_step(inside, r, add(n, ONE))
        return k_.linear(*geometric(add(n, ONE)).args, [more, k_.assume(geometric(n)), law], [gap, ONE, ONE])

    empty = k_.sum_empty(up_to(MINUS), [Context().prove(lt(MINUS, ZERO))])
    first = k_.sum_step(up_to(ZERO), [Context().prove(le(ZERO, ZERO))])
    base = k_.linear(*geometric(ZERO).args, [first, empty, power_one(r)], [gap, gap, ONE])
    th = by_induction(ctx, geometric, base, following, K)
    closed_sum = k_.linear(up_to(K), mul(th.concl.args[1], inv(gap)), [th, one], [inv(gap), mul(MINUS, up_to(K))])

    low = k_.sos(lt(MINUS, r), [(ONE_, ONE, [above]), (ONE_, ONE, [])], [], [])
    limited = mul(r, sub(ONE, power(r, add(last, ONE))), inv(gap))
    limit = k_.limit(last, limited, "oo", [low, below, k_.negate(gap_sign)])
    base_root = app("sqrt", sub(ONE, power(B2, sub(term(T), ONE))))
    lower = summed(ctx, True, power(r, add(term(j), ONE)), sub(ONE, power(B1, sub(term(T), ONE))))
    upper = summed(ctx, False, power(r, add(term(j), ONE)), inv(base_root))
    return conjunction(claim, closed_sum, limit, lower, upper)


@proposition(
    "lossproof.total_overshoot.unbounded",
    title="with β1² >= β2 the drift past the clip has no bound",
    source="our own",
    printed="β1² >= β2: Σ_{j<=k} C_{T,j} >= (1-β1^{T-1}) (k+1)",
    statement=(1 - b1 ** (T - 1)) * (k + 1) <= drift,
    assumptions={"β2 > 0": b2 > 0, "β1² >= β2": b1**2 >= b2, "β1 > 0": b1 > 0, "β1 < 1": b1 < 1} | STEPS,
    model={"b1": "1/2", "b2": "1/4", "T": 2, "k": 0},
    drops={
        "β2 > 0": {"b1": "1/2", "b2": 0, "T": 2, "k": 0},
        "β1² >= β2": {"b1": "1/2", "b2": "9/10", "T": 2, "k": 2},
        "β1 > 0": {"b1": "-1/2", "b2": "1/4", "T": 2, "k": 0},
        "β1 < 1": {"b1": 1, "b2": "1/4", "T": 2, "k": 0},
        "T >= 2": {"b1": "1/2", "b2": "1/4", "T": 1, "k": 0},
        "k >= 0": UNNEEDED,
    },
    hints={"b1": "unit", "b2": "unit"},
    not_claimed="anything about the usual rates, for which β1² < β2",
)
def unbounded(goal: Goal) -> Theorem:
    """β1/√β2 >= 1, so each power of it is, and each C_{T,j} is at least 1 - β1^{T-1}."""
    given = goal.given
    over, below = given["β1² >= β2"], given["β1 < 1"]
    parts = [(ONE_, ONE, facts) for facts in ([over], [below], [given["β1 > 0"], below])]
    small = k_.sos(lt(B2, ONE), parts, [], [])  # 1 - b2 = (b1^2 - b2) + (1 - b1) + b1 (1 - b1)
    ctx = plain(goal).with_facts(small)
    define_series(goal, ctx)
    root_sign = Context([given["β2 > 0"]]).sqrt_positive(B2)
    root = root_sign.concl.args[1]
    square = k_.law("sqrt_square", B2, ZERO, [weaken(given["β2 > 0"])])
    squares = k_.sos(le(mk("pow", root, 2), mk("pow", B1, 2)), [(ONE_, ONE, [over])], [square], [MINUS])
    order = squares_order(root, B1, squares, weaken(given["β1 > 0"]))
    r = mul(B1, inv(root))
    at_least = k_.sos(le(ONE, r), [(ONE_, ONE, [k_.inv_positive(root_sign), order])], [unit(root_sign)], [ONE])
    at = ctx.fresh(goal.claim)
    inside = ctx.assuming(le(ZERO, at), le(at, K))

    def claim(i: Term) -> Term:
        return le(ONE, power(r, i))

    def following(within: Context, i: Term) -> Theorem:
        # r r^i - 1 = (r - 1)(r^i - 1) + (r - 1) + (r^i - 1)
        ih = k_.assume(claim(i))
        parts = [(ONE_, ONE, [at_least, ih]), (ONE_, ONE, [at_least]), (ONE_, ONE, [ih])]
        return k_.sos(claim(add(i, ONE)), parts, [power_step(within, r, i)], [ONE])

    base = k_.sos(claim(ZERO), [], [power_zero(r)], [ONE])
    powers = by_induction(inside, claim, base, following, add(at, ONE))
    form = closed_form(inside, at)
    lower = rate(inside, form, at).lower
    parts = [(ONE_, ONE, [form.positive["before1"], powers]), (ONE_, ONE, [lower])]
    each = k_.sos(le(form.before1, form.value), parts, [], [])
    count = k_.sum_const(at, ZERO, K, form.before1, [ctx.prove(le(MINUS, K))])
    return k_.sos(goal.claim, [(ONE_, ONE, [k_.sum_congr(at, ZERO, K, each)])], [count], [ONE])
