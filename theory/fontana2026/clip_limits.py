"""Appendix D: Eq. 33 and 37, the limits of the ratio of step lengths, and the numbers that the paper prints for them.

The limits are right, and come with bounds that say how large T has to be; so are 0.923 and 92 %. But 0.923^5 rounds to
0.67, not to 0.66.
"""

from fractions import Fraction

import sympy as sp

from theory import kernel as k_
from theory.decide import Goal
from theory.kernel import Term, Theorem, mk, num
from theory.kernel.terms import ONE, ZERO, inv, le, lt, mul
from theory.language import formula, reals, tends, term
from theory.proposition import proposition, refuted
from theory.tactics import Context
from theory.tactics.logic import conjunction
from theory.tactics.moments import B1, B2, K, plain
from theory.tactics.powers import at_values, inverse_is, over_root_between, power_one, rewrite_all, weaken
from theory.tactics.ratio import closed_form, limit_of_ratio, rate

from .clip_cases import RATES, T, b1, b2, closed, k

STEPS = {"T >= 2": T >= 2, "k >= 0": k >= 0}
UNIT = {"b1": "unit", "b2": "unit"}
rho = b1 / sp.sqrt(b2)
rho_k = sp.Pow(rho, k + 1, evaluate=False)
LIMIT = "that C is near its limit early in a run: the bounds say from which T on; ε and weight decay are left out"
CASE = {"b1": "1/2", "b2": "1/3", "T": 2, "k": 0}
BOUND_DROPS = {
    "T >= 2": CASE | {"T": 1},
    "b1 > 0": CASE | {"b1": "-1/2"},
    "b1 < 1": CASE | {"b1": 1},
    "b2 > 0": CASE | {"b2": 0},
    "b2 < 1": CASE | {"b2": 1},
}


def between(ratio: sp.Expr, limit: sp.Expr) -> tuple[sp.Basic, sp.Basic]:
    """How far the ratio is from its limit at a given T."""
    return limit * (1 - b1 ** (T - 1)) <= ratio, ratio <= limit / sp.sqrt(1 - b2 ** (T - 1))


def limit_and_bounds(goal: Goal, ratio: sp.Expr, limit: sp.Expr, steps: Term) -> list[Theorem]:
    ctx = plain(goal)
    form = closed_form(ctx, steps)
    found = rate(ctx, form, steps)
    facts = [*form.positive.values(), weaken(form.positive["inside"])]
    bounds = [found.lower, found.upper]
    if steps is ZERO:
        for x in (B1, B2, term(rho)):
            bounds = [rewrite_all(power_one(x), th) for th in bounds]
        facts.append(weaken(rewrite_all(power_one(B2), form.positive["inside"])))
    goal.define(*facts)
    return [limit_of_ratio(ctx, found, term(ratio), term(limit), steps), *bounds]


@proposition(
    "fontana2026.eq33",
    title="for large T, each step past the clip is β1/√β2 of the last one before",
    source="Appendix D, Eq. 33",
    printed="lim_{T→∞} C_T = β1/√β2; here also β1/√β2 (1-β1^{T-1}) <= C_T <= β1/√β2 / √(1-β2^{T-1})",
    statement=sp.And(tends(closed(0), T, sp.oo, rho), *between(closed(0), rho), evaluate=False),
    assumptions={"T >= 2": T >= 2} | RATES,
    model=CASE,
    drops=BOUND_DROPS,
    hints=UNIT,
    not_claimed=LIMIT,
)
def eq33(goal: Goal) -> Theorem:
    return conjunction(goal.claim, *limit_and_bounds(goal, closed(0), rho, ZERO))


PAPER_RATES = {"b1 = 0.9": sp.Eq(b1, sp.Rational(9, 10)), "b2 = 0.95": sp.Eq(b2, sp.Rational(19, 20))}
PAPER_CASE = {"b1": "9/10", "b2": "19/20"}
NUMBER = (sp.Rational(9225, 10000) <= rho, rho <= sp.Rational(9235, 10000))


@proposition(
    "fontana2026.eq33.number",
    title="β1/√β2 is 0.923 for (0.9, 0.95), about 92 %",
    source="Appendix D, Eq. 33",
    printed="for (0.9, 0.95): ≈ 0.923, about 92 % of the previous step",
    statement=sp.And(*NUMBER, evaluate=False),
    assumptions=PAPER_RATES,
    model=PAPER_CASE,
    drops={"b1 = 0.9": PAPER_CASE | {"b1": "1/2"}, "b2 = 0.95": PAPER_CASE | {"b2": "1/2"}},
    not_claimed="the same for PyTorch's (0.9, 0.999), where it is 0.900",
)
def eq33_number(goal: Goal) -> Theorem:
    bounds = over_root_between(Fraction(9225, 10000), Fraction(9, 10), Fraction(19, 20), Fraction(9235, 10000))
    equations = list(goal.given.values())
    claims = zip(map(formula, NUMBER), bounds, strict=True)
    return conjunction(goal.claim, *(at_values(goal, equations, q, th) for q, th in claims))


printed_ratio = reals("r")

refuted(
    "fontana2026.eq37",
    title="for large T, C_{T,k} tends to (β1/√β2)^{k+1}, and C_{T,4} is 0.66",
    source="Appendix D, Eq. 37",
    printed="for large T: C_{T,k} ≈ (β1/√β2)^{k+1}; for (0.9, 0.95): C_{T,4} ≈ 0.923^5 ≈ 0.66, about 66 %",
    module=__name__,
    statement=sp.And(
        tends(closed(k), T, sp.oo, rho_k),
        sp.Rational(655, 1000) <= printed_ratio**5,
        printed_ratio**5 < sp.Rational(665, 1000),
        evaluate=False,
    ),
    assumptions={"r is the printed 0.923": sp.Eq(printed_ratio, sp.Rational(923, 1000))},
    witness={"r": "923/1000"},
    finding="0.923^5 = 0.66990 to five digits, which rounds to 0.67 and 67 %, not to 0.66 and 66 %: it was cut off. "
    "With the ratio not rounded first it is (0.9/√0.95)^5 = 0.67128, further away; the limit (β1/√β2)^{k+1} is right.",
    repair="fontana2026.eq37.repaired",
)


@proposition(
    "fontana2026.eq37.limit",
    title="for large T, C_{T,k} is (β1/√β2)^{k+1}",
    source="Appendix D, Eq. 37",
    printed="for large T: C_{T,k} ≈ (β1/√β2)^{k+1}; "
    "here also (β1/√β2)^{k+1} (1-β1^{T-1}) <= C_{T,k} <= (β1/√β2)^{k+1} / √(1-β2^{T-1})",
    statement=sp.And(tends(closed(k), T, sp.oo, rho_k), *between(closed(k), rho_k), evaluate=False),
    assumptions=STEPS | RATES,
    model=CASE,
    drops=BOUND_DROPS | {"k >= 0": CASE | {"k": -2}},
    hints=UNIT,
    not_claimed=LIMIT,
)
def eq37_limit(goal: Goal) -> Theorem:
    return conjunction(goal.claim, *limit_and_bounds(goal, closed(k), rho_k, K))


two_thirds = sp.And(sp.Rational(665, 1000) <= rho**5, rho**5 <= sp.Rational(675, 1000), evaluate=False)


@proposition(
    "fontana2026.eq37.repaired",
    title="for large T, C_{T,k} is (β1/√β2)^{k+1}: C_{T,4} is 0.67 for (0.9, 0.95)",
    source="Appendix D, Eq. 37, corrected",
    printed="lim_{T→∞} C_{T,k} = (β1/√β2)^{k+1}, "
    "(β1/√β2)^{k+1} (1-β1^{T-1}) <= C_{T,k} <= (β1/√β2)^{k+1} / √(1-β2^{T-1}); "
    "for (0.9, 0.95): (β1/√β2)^5 ≈ 0.67, about 67 %",
    statement=sp.And(
        tends(closed(k), T, sp.oo, rho_k),
        *between(closed(k), rho_k),
        sp.Implies(sp.And(*PAPER_RATES.values()), two_thirds),
        evaluate=False,
    ),
    assumptions=STEPS | RATES,
    model=CASE,
    drops=BOUND_DROPS | {"k >= 0": CASE | {"k": -2}},
    hints=UNIT,
    not_claimed=LIMIT,
)
def eq37_repaired(goal: Goal) -> Theorem:
    """The limit as in eq37.limit; (9/10)^5/√(19/20)^5 is c/√(19/20) with c = (9/10)^5 (20/19)^2."""
    premise, conclusion = (formula(q) for q in (sp.And(*PAPER_RATES.values()), two_thirds))
    a, x = Fraction(9, 10), Fraction(19, 20)
    bounds = over_root_between(Fraction(665, 1000), a**5 / x**2, x, Fraction(675, 1000))
    root_sign = Context([Context().prove(lt(ZERO, num(x)))]).sqrt_positive(num(x))
    root, ctx = root_sign.concl.args[1], Context([root_sign])
    square = k_.law("sqrt_square", num(x), ZERO, [Context().prove(le(ZERO, num(x)))])
    value, fifth = mul(num(1 / x**2), inv(root)), mk("pow", root, 5)
    inverse = inverse_is(ctx, fifth, value, ctx.equal(mul(fifth, value), ONE, square))

    at = [
        le(num(Fraction(665, 1000)), mul(num(a**5), inv(fifth))),
        le(mul(num(a**5), inv(fifth)), num(Fraction(675, 1000))),
    ]
    turned = zip(bounds, at, (num(a**5), num(-(a**5))), strict=True)
    numbers = k_.and_intro([k_.sos(q, [(Fraction(1), ONE, [th])], [inverse], [c]) for th, q, c in turned])
    number = at_values(goal, [k_.assume(formula(q)) for q in PAPER_RATES.values()], conclusion, numbers)
    for n in (0, 1):
        number = k_.cut(k_.and_elim(k_.assume(premise), n), number)
    number = k_.imp_intro(premise, number)
    return conjunction(goal.claim, *limit_and_bounds(goal, closed(k), rho_k, K), number)
