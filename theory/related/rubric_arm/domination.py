"""Assumption 5.3 and Theorem 5.5 of Rubric-ARM: the generator's variance against the judge's.

C1 = Var_r(p u_r)/E_r[p² ‖u_r‖²] enters the assumption; see `constant` for what it measures.
"""

from fractions import Fraction

import sympy as sp

from theory import kernel as k
from theory.decide import Goal
from theory.kernel import Term, Theorem, subst
from theory.kernel.terms import ONE, ZERO, app, inv, le, lt, mk, mul, sub
from theory.language import ForAll, equals, formula, reals, term
from theory.proposition import UNNEEDED, Case, proposition, refuted
from theory.related.rubric_arm.variance import (
    RUBRICS,
    K,
    d,
    mean_b,
    over_rubrics,
    p,
    p1,
    r,
    squared_norm,
    term_ii,
    u,
    v,
    var_a,
    var_b,
    w,
)
from theory.tactics import MINUS, Context, discharge
from theory.tactics.convex import One
from theory.tactics.logic import conjunction
from theory.tactics.powers import for_all, squares_strict, unit

C1, X, Y = reals("C1 X Y")
second = over_rubrics(w(r) * squared_norm(p(r) * u(r, d)))  # E_r[p² ‖u_r‖²]
PROBABLE = {
    "probabilities": sp.And(K >= 1, ForAll(r, 1, K, w(r) > 0), equals(over_rubrics(w(r)), 1)),
    "0 < p < 1": ForAll(r, 1, K, sp.And(p(r) > 0, p(r) < 1)),
}
CONSTANT = {"C1": sp.And(equals(C1, term_ii / second), C1 > 0, C1 < 1)}
NORMS = {"u_j is not 0": ForAll(r, 1, K, squared_norm(v(r, d)) > 0)}


def ratio(a: sp.Expr, b: sp.Expr) -> sp.Expr:
    return sp.sqrt(a) / sp.sqrt(b)


def bound(chance: sp.Expr) -> sp.Expr:
    return sp.sqrt((1 - chance) / (1 - chance + C1 * chance))


ASSUMPTION = "Assumption 5.3"
HOLDS: Case = RUBRICS | {"v": [["1/2"], ["1/2"]], "C1": Fraction(49, 50)}  # C1 = 1 - (1/10)²/(1/2)


def condition(ctx: Context, claim: Term, x: Term, y: Term, chance: Term) -> tuple[Theorem, Theorem]:
    """0 < x and y (1-p) < x (1-p+C1 p), from sqrt(x)/sqrt(y) > sqrt((1-p)/(1-p+C1 p)). ctx knows the signs."""
    quotient = claim.args[0].args[0].args[2]
    positive = ctx.prove(lt(ZERO, quotient))
    a, b, c = (app("sqrt", t) for t in (x, y, quotient))
    of_y, of_c = ctx.sqrt_positive(y), ctx.sqrt_positive(quotient)
    # a - b c = b (a/b - c)
    apart = k.sos(lt(mul(b, c), a), [(One, ONE, [k.assume(claim), of_y])], [unit(of_y)], [mul(MINUS, a)])
    squares = [k.law("sqrt_square", t, ZERO, [ctx.prove(le(ZERO, t))]) for t in (x, y)]
    squares.append(k.law("sqrt_square", quotient, ZERO, [k.sos(le(ZERO, quotient), [(One, ONE, [positive])], [], [])]))
    # a² - b² c² = (a - bc)² + 2 bc (a - bc) > 0
    parts = [(One, ONE, [apart, apart]), (2 * One, ONE, [of_y, of_c, apart])]
    below = k.sos(lt(mul(y, quotient), x), parts, squares, [MINUS, mk("pow", c, 2), y])
    some = k.sos(lt(ZERO, x), [(One, ONE, [below]), (One, ONE, [ctx.prove(lt(ZERO, y)), positive])], [], [])
    room, top = ctx.prove(lt(ZERO, whole_of(chance))), term_of(1 - p1, chance)
    fraction = ctx.equal(mul(quotient, whole_of(chance)), top)
    return some, k.sos(lt(mul(y, top), mul(x, whole_of(chance))), [(One, ONE, [below, room])], [fraction], [y])


def whole_of(chance: Term) -> Term:
    return term_of(1 - p1 + C1 * p1, chance)


def term_of(f: sp.Expr, chance: Term) -> Term:
    return subst(term(f), {term(p1): chance})


@proposition(
    "rubric_arm.theorem5_5",
    title="under Assumption 5.3 for every rubric, Var(g_B) is above the mean of the conditional Var(g_A | r)",
    source="Theorem 5.5",
    printed="‖u_r‖/‖u_j‖ > √((1-p)/(1-p+C1 p)) for every r ⇒ Var(g_B) > E_r[Var(g_A|r)]",
    assumptions=PROBABLE
    | NORMS
    | CONSTANT
    | {ASSUMPTION: ForAll(r, 1, K, ratio(squared_norm(u(r, d)), squared_norm(v(r, d))) > bound(p(r)))},
    unstated=("u_j is not 0",),
    statement=var_b > var_a,
    model=HOLDS,
    drops={
        "probabilities": UNNEEDED,
        "0 < p < 1": UNNEEDED,
        "u_j is not 0": UNNEEDED,
        "C1": HOLDS | {"C1": 100, "v": [[3], [3]]},
        ASSUMPTION: HOLDS | {"v": [[3], [3]]},
    },
    hints={"p": "unit", "w": "unit"},
    not_claimed="anything about the schedule of training, or with a baseline, or with both variances total",
)
def theorem(goal: Goal) -> Theorem:
    """Summed over rubrics, w p (‖u_r‖² (1-p+C1 p) - ‖u_j‖² (1-p)) is Var(g_B) - E Var(g_A), by the definition of C1."""
    index = goal.fresh(goal.claim)
    ctx = goal.assuming(le(ONE, index), le(index, term(K)))
    there = {term(r): index}
    x, y, chance, weight = (subst(term(f), there) for f in (squared_norm(u(r, d)), squared_norm(v(r, d)), p(r), w(r)))
    facts = [ctx.at(goal.given[name], index) for name in ("0 < p < 1", "u_j is not 0", ASSUMPTION)]
    weights = next(th for th in goal.facts if th.concl.op == "all" and "w(" in repr(th.concl) and "p(" not in repr(th.concl))
    ctx = ctx.with_facts(*facts, ctx.at(weights, index))
    parts = product_facts(ctx, chance)
    ctx = ctx.with_facts(*parts)
    some, apart = (discharge(th, facts) for th in condition(ctx, facts[2].concl, x, y, chance))
    scale = [ctx.prove(lt(ZERO, t)) for t in (weight, chance)]
    gap = mul(weight, chance, sub(mul(x, whole_of(chance)), mul(y, term_of(1 - p1, chance))))
    square = mul(weight, mk("pow", chance, 2), x)
    excess = summed(goal, index, k.sos(lt(ZERO, gap), [(One, ONE, [*scale, apart])], [], []))
    squares = [scale[0], scale[1], scale[1], some]
    size = summed(goal, index, k.sos(lt(ZERO, square), [(One, ONE, squares)], [], []))
    same_size = goal.equal(size.concl.args[1], term(second))
    nonzero = k.sos(lt(ZERO, term(second)), [(One, ONE, [size])], [same_size], [MINUS])
    definition = next(th for th in goal.facts if th.concl.op == "eq" and th.concl.args[0] is term(C1))
    product = k.linear(term(C1 * second), term(term_ii), [definition, unit(nonzero)], [term(second), term(term_ii)])
    gaps = goal.equal(excess.concl.args[1], term(var_b - var_a - second + mean_b + C1 * second))
    return k.sos(goal.claim, [(One, ONE, [excess])], [gaps, product], [MINUS, MINUS])


def summed(goal: Goal, index: Term, pointwise: Theorem) -> Theorem:
    """0 < Sum f from 0 < f(r) for every rubric."""
    each = for_all(index, ONE, term(K), pointwise)
    return goal.with_facts(each).sum_sign(mk("sum", index, ONE, term(K), pointwise.concl.args[1]), True)


def product_facts(ctx: Context, chance: Term) -> list[Theorem]:
    """0 < 1 - p, 0 < 1 - p + C1 p and 0 < (1-p)/(1-p+C1 p)."""
    top, whole = term_of(1 - p1, chance), whole_of(chance)
    room, some, constant = (ctx.prove(lt(ZERO, t)) for t in (top, chance, term(C1)))
    above = k.sos(lt(ZERO, whole), [(One, ONE, [room]), (One, ONE, [constant, some])], [], [])
    return [room, above, k.sos(lt(ZERO, mul(top, inv(whole))), [(One, ONE, [room, k.inv_positive(above)])], [], [])]


SECOND = (Fraction(1, 4) + Fraction(999, 1000) ** 2) / 2  # E[p²] for p = (1/2, 999/1000)

refuted(
    "rubric_arm.theorem5_5.in_expectation",
    title="the same if Assumption 5.3 holds in expectation only",
    source='Assumption 5.3 ("pointwise or in expectation") with Theorem 5.5',
    printed="E_r[‖u_r‖/‖u_j‖] > E_r[√((1-p)/(1-p+C1 p))] ⇒ Var(g_B) > E_r[Var(g_A|r)]",
    assumptions=PROBABLE
    | NORMS
    | CONSTANT
    | {ASSUMPTION: over_rubrics(w(r) * ratio(squared_norm(u(r, d)), squared_norm(v(r, d)))) > over_rubrics(w(r) * bound(p(r)))},
    statement=var_b > var_a,
    witness=RUBRICS
    | {
        "p": ["1/2", "999/1000"],
        "v": [[3], ["1/100"]],
        "C1": 1 - Fraction(499, 2000) ** 2 / ((Fraction(1, 4) + Fraction(999, 1000) ** 2) / 2),
    },
    module=__name__,
    repair="rubric_arm.theorem5_5",
    hints={"p": "unit", "w": "unit"},
    finding="Two equally likely rubrics, ‖u_r‖ = 1, p = (0.5, 0.999), ‖u_j‖ = (3, 0.01): the mean ratio is 50.2, the mean bound "
    "0.38, but Var(g_B) = 0.687 and E Var(g_A|r) = 1.125.",
)


@proposition(
    "rubric_arm.assumption5_3",
    title="for a rubric Assumption 5.3 says exactly that its summand of Var(g_B) - E Var(g_A|r) is positive",
    source="Assumption 5.3 beside the proof of Theorem 5.5",
    printed="‖u_r‖/‖u_j‖ > √((1-p)/(1-p+C1 p)) ⟺ ‖u_r‖² (1-p+C1 p) - ‖u_j‖² (1-p) > 0",
    assumptions={"0 < p < 1": sp.And(p1 > 0, p1 < 1), "0 < C1": C1 > 0, "norms": sp.And(X >= 0, Y > 0)},
    statement=sp.Equivalent(ratio(X, Y) > bound(p1), X * (1 - p1 + C1 * p1) - Y * (1 - p1) > 0, evaluate=False),
    model={"p1": "1/2", "C1": "1/2", "X": 1, "Y": 1},
    drops={
        "0 < p < 1": {"p1": 2, "C1": "1/2", "X": 1, "Y": 1},
        "0 < C1": {"p1": "1/2", "C1": -2, "X": 1, "Y": 1},
        "norms": {"p1": "1/2", "C1": 1, "X": -1, "Y": 1},
    },
    hints={"p1": "unit", "C1": "unit"},
    not_claimed="X = ‖u_r‖², Y = ‖u_j‖²; that either side holds in training",
)
def tautology(goal: Goal) -> Theorem:
    """Squares, multiplied by 1-p+C1 p > 0; and back."""
    ctx = goal.with_facts(*product_facts(goal, term(p1)))
    goal.define(*product_facts(goal, term(p1)))
    x, y, chance = term(X), term(Y), term(p1)
    claim, integrand = formula(ratio(X, Y) > bound(p1)), formula(X * (1 - p1 + C1 * p1) - Y * (1 - p1) > 0)
    there = k.sos(integrand, [(One, ONE, [condition(ctx, claim, x, y, chance)[1]])], [], [])
    quotient = claim.args[0].args[0].args[2]
    a, b, c = (app("sqrt", t) for t in (x, y, quotient))
    known, over = k.assume(integrand), k.inv_positive(ctx.prove(lt(ZERO, whole_of(chance))))
    squares = [k.law("sqrt_square", t, ZERO, [ctx.prove(le(ZERO, t))]) for t in (x, y)]
    positive = ctx.prove(lt(ZERO, quotient))
    squares.append(k.law("sqrt_square", quotient, ZERO, [k.sos(le(ZERO, quotient), [(One, ONE, [positive])], [], [])]))
    # x - y q = (x (1-p+C1 p) - y (1-p))/(1-p+C1 p)
    cancel = unit(ctx.prove(lt(ZERO, whole_of(chance))))
    below = k.sos(lt(mul(y, quotient), x), [(One, ONE, [known, over])], [cancel], [mul(MINUS, x)])
    ordered = lt(mk("pow", mul(b, c), 2), mk("pow", a, 2))
    of_squares = k.sos(ordered, [(One, ONE, [below])], squares, [ONE, mul(MINUS, mk("pow", c, 2)), mul(MINUS, y)])
    root = squares_strict(mul(b, c), a, of_squares, k.law("sqrt_nonnegative", x, ZERO, [ctx.prove(le(ZERO, x))]))
    of_y = ctx.sqrt_positive(y)
    back = k.sos(claim, [(One, ONE, [root, k.inv_positive(of_y)])], [unit(of_y)], [c])
    return conjunction(goal.claim, k.imp_intro(claim, there), k.imp_intro(integrand, back))
