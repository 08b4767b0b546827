"""How far the free energy of `free_energy` is from the mean and from the largest score: its two limits, with rates."""

from fractions import Fraction

import sympy as sp

from theory import kernel as k
from theory.decide import Goal
from theory.kernel import Term, Theorem, subst
from theory.kernel.terms import ONE, ZERO, add, app, inv, le, lt, mul, sub
from theory.language import ForAll, formula, term
from theory.proposition import UNNEEDED, proposition
from theory.tactics import MINUS, Context
from theory.tactics.convex import exp_tangent, log_tangent
from theory.tactics.logs import log_below
from theory.tactics.prefix import member_below_sum

from .free_energy import BASE, CASE, MEAN, PARTITION, SOURCE, F, M, N, One, P, above_mean, facts, j, logarithm, over, tau, y, z


@proposition(
    "disco.j2.range",
    title="the free energy lies between every z(y) - τ log(1/P(y)) and every bound M of the scores: as τ → 0 it is max z",
    source=SOURCE + " (τ → 0)",
    printed="z ≤ M ⇒ τ log E₋ exp(z/τ) ≤ M;  τ log E₋ exp(z/τ) ≥ z(y) + τ log P(y)",
    assumptions=BASE | {"M bounds z": ForAll(y, 1, N, z(y) <= M), "1 ≤ j ≤ N": sp.And(j >= 1, j <= N)},
    statement=sp.And(F <= M, z(j) + tau * sp.log(P(j)) <= F),
    model=CASE,
    drops={
        "τ > 0": UNNEEDED, "P is a distribution": CASE | {"P": [1, 1], "z": [2, 2]}, "M bounds z": CASE | {"M": 0},
        "1 ≤ j ≤ N": UNNEEDED,
    },
)  # fmt: skip
def within_range(goal: Goal) -> Theorem:
    one, positive = facts(goal)
    t, size, index = term(tau), term(N), goal.fresh(goal.claim)
    over_t, at = inv(t), {term(y): index}
    inside = goal.assuming(le(ONE, index), le(index, size))
    unit = goal.equal(mul(t, over_t), ONE)
    above = k.inv_positive(goal.given["τ > 0"])
    # exp(z/τ) <= exp(M/τ)
    zy, w = (subst(term(f), at) for f in (z(y), P(y)))
    bound = inside.at(goal.given["M bounds z"], index)
    lower = k.sos(le(mul(zy, over_t), mul(term(M), over_t)), [(One, ONE, [above, bound])], [], [])
    bigger = exp_below(lower)
    weight = inside.prove(lt(ZERO, w))
    row = k.sos(le(*(mul(w, x) for x in bigger.concl.args)), [(One, ONE, [weight, bigger])], [], [])
    total = k.sum_congr(index, ONE, size, row)
    top = app("exp", mul(term(M), over_t))
    closed = goal.equal(total.concl.args[1], top, one)
    sum_below = k.sos(le(term(PARTITION), top), [(One, ONE, [total])], [closed], [MINUS])
    itself = logarithm(term(PARTITION), positive)
    high = log_below(sum_below, itself, k.linear(top, top, [], []))
    first = k.sos(formula(F <= M), [(One, ONE, [goal.given["τ > 0"], high])], [unit], [mul(MINUS, term(M))])

    def member_sign(ctx: Context, f: Term) -> Theorem:
        return ctx.prove(le(ZERO, f))

    one_member = member_below_sum(goal, term(PARTITION), term(j), member_sign)
    pj, zj = term(P(j)), mul(term(z(j)), over_t)
    goal.define(goal.prove(lt(ZERO, pj)))
    sign_j = goal.prove(lt(ZERO, pj))
    product = k.law("exp_add", app("log", pj), zj, [])
    of_j = k.linear(product.concl.args[0], mul(pj, app("exp", zj)), [product, logarithm(pj, sign_j)], [ONE, app("exp", zj)])
    low = log_below(one_member, of_j, itself)
    second = k.sos(formula(z(j) + tau * sp.log(P(j)) <= F), [(One, ONE, [goal.given["τ > 0"], low])], [unit], [term(z(j))])
    return k.and_intro([next(k.restate(th, q) for th in (first, second) if k.same(th.concl, q)) for q in goal.claim.args])


def exp_below(order: Theorem) -> Theorem:
    """exp(u) <= exp(v) from u <= v: exp(v) = exp(v-u) exp(u) >= (1 + v - u) exp(u)."""
    u, v = order.concl.args
    d = sub(v, u)
    product, positive = k.law("exp_add", d, u, []), k.law("exp_positive", u, ZERO, [])
    parts = [(One, ONE, [positive, exp_tangent(d)]), (One, ONE, [positive, order])]
    return k.sos(le(app("exp", u), app("exp", v)), parts, [product], [ONE])


@proposition(
    "disco.j2.large_tau",
    title="for τ ≥ 2 max |z| the free energy exceeds the mean score by at most 2 E z²/τ: as τ → ∞, J_2 is J_1",
    source=SOURCE + " (τ → ∞); the rate is our own",
    printed="|z| ≤ τ/2 ⇒ E₋ z ≤ τ log E₋ exp(z/τ) ≤ E₋ z + 2 E₋ z²/τ",
    assumptions=BASE | {"|z| ≤ τ/2": ForAll(y, 1, N, sp.And(2 * z(y) <= tau, -2 * z(y) <= tau))},
    statement=sp.And(MEAN <= F, F <= MEAN + 2 * over(P(y) * z(y) ** 2) / tau),
    model=CASE | {"tau": 4},
    drops={
        "τ > 0": UNNEEDED,
        "P is a distribution": CASE | {"tau": 4, "P": ["1/4", "1/4"], "z": [0, 0]},
        "|z| ≤ τ/2": CASE | {"tau": 1, "z": [0, 20], "P": ["999/1000", "1/1000"]},
    },
)
def large_tau(goal: Goal) -> Theorem:
    """With u = z/τ ≤ 1/2: exp(u) ≤ 1/(1-u) ≤ 1 + u + 2u², and log(x) ≤ x - 1."""
    mean = k.restate(above_mean(goal), formula(MEAN <= F))
    one, positive = facts(goal)
    t, size, index = term(tau), term(N), goal.fresh(goal.claim)
    over_t, at = inv(t), {term(y): index}
    inside = goal.assuming(le(ONE, index), le(index, size))
    zy, w = (subst(term(f), at) for f in (z(y), P(y)))
    u = mul(zy, over_t)
    both = inside.at(goal.given["|z| ≤ τ/2"], index)
    above, unit = k.inv_positive(goal.given["τ > 0"]), goal.equal(mul(t, over_t), ONE)
    half = next(k.and_elim(both, m) for m in (0, 1) if "-" not in repr(both.concl.args[m]))
    small = k.sos(le(mul(k.num(2), u), ONE), [(One, ONE, [above, half])], [unit], [MINUS])
    # (1-u) exp(u) <= 1, as 1-u <= exp(-u); then exp(u) = exp(u) (1-u) (1+u+2u²) + exp(u) (2u-1) u² ..
    minus = mul(MINUS, u)
    product, zero = k.law("exp_add", u, minus, []), k.law("exp_zero", ZERO, ZERO, [])
    e, sign = app("exp", u), k.law("exp_positive", u, ZERO, [])
    upper = k.sos(le(mul(e, sub(ONE, u)), ONE), [(One, ONE, [sign, exp_tangent(minus)])], [product, zero], [ONE, MINUS])
    square = add(ONE, u, mul(k.num(2), u, u))
    nonneg = square_sign(u)
    row = k.sos(le(e, square), [(One, ONE, [nonneg, upper]), (One, u, [sign, small])], [], [])
    weight = inside.prove(lt(ZERO, w))
    total = k.sum_congr(index, ONE, size, k.sos(le(mul(w, e), mul(w, square)), [(One, ONE, [weight, row])], [], []))
    log = log_tangent(term(PARTITION), positive)
    second_moment = term(over(P(y) * z(y) ** 2))
    closed = goal.equal(total.concl.args[1], add(ONE, mul(over_t, term(MEAN)), mul(k.num(2), over_t, over_t, second_moment)), one)
    claim = formula(F <= MEAN + 2 * over(P(y) * z(y) ** 2) / tau)
    tt = goal.given["τ > 0"]
    rest = add(mul(MINUS, term(MEAN)), mul(k.num(-2), over_t, second_moment))
    bound = k.sos(claim, [(One, ONE, [tt, log]), (One, ONE, [tt, total])], [closed, unit], [mul(MINUS, t), rest])
    return k.and_intro([next(k.restate(th, q) for th in (mean, bound) if k.same(th.concl, q)) for q in goal.claim.args])


def square_sign(u: Term) -> Theorem:
    """0 <= 1 + u + 2 u² = 2 (u + 1/4)² + 7/8."""
    goal = le(ZERO, add(ONE, u, mul(k.num(2), u, u)))
    return k.sos(goal, [(Fraction(2), add(u, k.num(Fraction(1, 4))), []), (Fraction(7, 8), ONE, [])], [], [])
