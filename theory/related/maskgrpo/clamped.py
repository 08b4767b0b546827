"""Algorithm 1 of MaskGRPO at mask ratios r below 1/2, where the first tokens would be kept with more than certainty."""

import sympy as sp

from theory import kernel as k
from theory.decide import Goal
from theory.kernel import Theorem, subst
from theory.kernel.terms import ONE, ZERO, add, le, lt, mk, sub
from theory.language import equals, formula, integers, reals, tends, term
from theory.proposition import proposition
from theory.related.maskgrpo.remask import ALGORITHM, index_sum
from theory.tactics import MINUS, Context
from theory.tactics.clip import chosen
from theory.tactics.convex import One
from theory.tactics.logic import conjunction
from theory.tactics.powers import unit

L, i, K = integers("L i K")
r, x = reals("r x")

# r < 1/2: the first tokens are clamped. Where L - 1 = 2 (1-r) K, those are all but the last K.
CLAMPED = {
    "r ≤ 1/2": sp.And(r >= 0, r <= sp.Rational(1, 2)),
    "K tokens are not clamped": sp.And(K >= 1, equals(L - 1, 2 * (1 - r) * K)),
}


@proposition(
    "maskgrpo.remask.fraction.low",
    title="for r ≤ 1/2 it is (K+1)/(2L), where L - 1 = 2 (1-r) K",
    source=ALGORITHM,
    printed="r ≤ 1/2 ⇒ 1 - (1/L) Σ_n min(1, p_n) = (K+1)/(2L), L = 1 + 2 (1-r) K",
    assumptions=CLAMPED,
    statement=equals(1 - sp.Sum(sp.Min(1, 2 * (1 - r) * i / (L - 1)), (i, 0, L - 1)) / L, (K + 1) / (2 * L)),
    model={"r": "1/4", "K": 2, "L": 4},
    drops={"r ≤ 1/2": {"r": "3/4", "K": 4, "L": 3}, "K tokens are not clamped": {"r": "1/4", "K": 3, "L": 4}},
    not_claimed="lengths for which 2 (1-r) does not divide L - 1; i counts tokens from the end, i = L - n",
)
def low(goal: Goal) -> Theorem:
    """p = i/K: below 1 up to i = K, clamped above."""
    total = term(sp.Sum(sp.Min(1, 2 * (1 - r) * i / (L - 1)), (i, 0, L - 1)))
    bound, first, last, body = total.args
    size = goal.given["K tokens are not clamped"]
    spacing = next(k.and_elim(size, q) for q in (0, 1) if size.concl.args[q].op == "eq")
    room = goal.prove(formula(r <= sp.Rational(1, 2)))
    # L - 1 = 2 (1-r) K = K + (1-2r) K >= K
    long = k.sos(le(term(K), last), [(2 * One, ONE, [room, goal.prove(lt(ZERO, term(K)))])], [spacing], [ONE])
    split = k.sum_split(total, term(K), [goal.prove(le(sub(first, ONE), term(K))), long])
    ctx = goal.with_facts(long)
    goal.define(*(ctx.prove(formula(p)) for p in (L > 0, L - 1 > 0)))
    scale = slope(ctx, spacing)
    index = ctx.fresh(total)
    p = subst(term(2 * (1 - r) * i / (L - 1)), {term(i): index})
    over = ctx.prove(formula(1 / K > 0))
    whole = unit(ctx.prove(formula(K > 0)))
    simple = k.linear(p, mk("mul", index, term(1 / K)), [scale], [index])

    low_ctx = ctx.assuming(le(first, index), le(index, term(K)))
    below = k.sos(le(p, ONE), [(One, ONE, [over, k.assume(le(index, term(K)))])], [simple, whole], [MINUS, MINUS])
    here = subst(body, {bound: index})
    value_low = k.linear(here, mk("mul", index, term(1 / K)), [chosen(low_ctx.with_facts(below), here, p), simple], [ONE, ONE])
    rows_low = k.sum_congr(index, first, term(K), value_low)

    start = add(term(K), ONE)
    high_ctx = ctx.assuming(le(start, index), le(index, last))
    above_ = k.sos(lt(ONE, p), [(One, ONE, [over, k.assume(le(start, index))]), (One, ONE, [over])], [simple, whole], [ONE, ONE])
    value_high = chosen(high_ctx.with_facts(above_), here, ONE)
    rows_high = k.sum_congr(index, start, last, value_high)
    # Σ_{i=0}^K i: the first term is 0
    zero = mk("sum", index, ZERO, term(K), index)
    first_term = k.sum_split(zero, ZERO, [ctx.prove(le(sub(ZERO, ONE), ZERO)), ctx.prove(le(ZERO, term(K)))])
    at_zero = k.sum_step(mk("sum", index, ZERO, ZERO, index), [ctx.prove(le(ZERO, ZERO))])
    none = k.sum_empty(mk("sum", index, ZERO, sub(ZERO, ONE), index), [ctx.prove(lt(sub(ZERO, ONE), ZERO))])
    gauss = k.linear(zero, term(K * (K + 1) / 2), [first_term, at_zero, none, index_sum(ctx, K)], [ONE] * 4)
    parts = ctx.equal(split.concl.args[1], term(K * (K + 1) / 2 / K + (L - 1 - K)), rows_low, rows_high, gauss)
    value_ = k.linear(total, parts.concl.args[1], [split, parts], [ONE, ONE])
    return ctx.equal(*goal.claim.args, value_)


def slope(ctx: Context, spacing: Theorem) -> Theorem:
    """2 (1-r)/(L-1) = 1/K from L - 1 = 2 (1-r) K."""
    over_k, over_l = unit(ctx.prove(formula(K > 0))), unit(ctx.prove(formula(L - 1 > 0)))
    left, right = term(2 * (1 - r) / (L - 1)), term(1 / K)
    # c/(L-1) - 1/K = -(1/(K(L-1))) (L - 1 - cK) + ...
    both = mk("mul", term(1 / K), term(1 / (L - 1)))
    return k.linear(left, right, [spacing, over_k, over_l], [mk("mul", MINUS, both), mk("mul", MINUS, left), term(1 / K)])


limit_form = (1 + 1 / x) / (2 * (2 * (1 - r) + 1 / x))


@proposition(
    "maskgrpo.remask.fraction.limit",
    title="for r ≤ 1/2 and long completions it tends to 1/(4 (1-r)): at r = 0.3, 0.357 of the tokens are masked",
    source=ALGORITHM,
    printed="(K+1)/(2L) → 1/(4 (1-r)) as L = 1 + 2 (1-r) K → ∞",
    assumptions={"r ≤ 1/2": r <= sp.Rational(1, 2), "some are not clamped": K >= 1},
    statement=sp.And(
        tends(limit_form, x, sp.oo, 1 / (4 * (1 - r))),
        equals((K + 1) / (2 * (1 + 2 * (1 - r) * K)), limit_form.subs(x, K)),
    ),
    model={"r": "3/10", "K": 5},
    drops={"r ≤ 1/2": {"r": "3/2", "K": 1}, "some are not clamped": {"r": "1/4", "K": 0}},
)
def limit(goal: Goal) -> Theorem:
    """1/x → 0, and the limit of the denominator is 4 (1-r) > 0."""
    tending = next(p for p in goal.claim.args if p.op == "lim")
    finite = next(p for p in goal.claim.args if p.op == "eq")
    f, room = term(limit_form), goal.prove(formula(1 - r > 0))
    below = goal.prove(formula(4 * (1 - r) > 0))
    found = k.limit(term(x), f, "oo", [k.negate(below)])
    hole = k.var("hole")
    simple = goal.equal(found.concl.args[3], tending.args[3])
    tended = k.rewrite(simple, found, hole, mk("lim", term(x), f, "oo", hole))
    product = k.sos(formula((1 - r) * K > 0), [(One, ONE, [room, goal.prove(formula(K > 0))])], [], [])
    goal.define(product, goal.prove(formula(1 / K > 0)), room)
    known = goal.with_facts(*goal.lemmas)
    return conjunction(goal.claim, k.restate(tended, tending), known.equal(*finite.args))
