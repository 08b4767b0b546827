"""Appendix D, all coordinates: how long the steps past the clip are, relative to the last step before them.

The norms of Eq. 31 and 35 are Euclidean over d coordinates, d symbolic. The closed forms of Eq. 32 and 36 are exact for
ε = 0, since every coordinate shrinks by the same factor. The limits of Eq. 33 and 37 are right, and come with bounds that
say how large T has to be; so are 0.923 and 92 %, but 0.923^5 rounds to 0.67, not to 0.66.
"""

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import sympy as sp

from theory import kernel as k_
from theory.decide import Goal
from theory.kernel import Term, Theorem, mk, num
from theory.kernel.terms import ONE, ZERO, inv, le, lt, mul
from theory.language import ForAll, equals, formula, reals, tends, term
from theory.proposition import proposition, refuted
from theory.tactics import Context
from theory.tactics_moments import B1, B2, K, closed_form, limit_of_ratio, plain, rate
from theory.tactics_powers import at_value, conjunction, inverse_is, over_root_between, power_one, rewrite_all, weaken

from .clip_cases import RATES, T, adamw, b1, b2, clipped, closed, coordinates, d, eps, i, j, k, m, moments, sequence, table, v
from .clip_norms import norm, ratio_is_closed, ratio_is_positive

MOVING = {"a coordinate i moves": sp.And(1 <= i, i <= d, sp.Ne(m(i, T - 1), 0))}
DEFINED = {"v_0 >= 0": ForAll(j, 1, d, v(j, 0) >= 0), "eps > 0": eps > 0} | MOVING
EXACT = {"negligible eps": sp.Eq(eps, 0), "v_{T-1} > 0": ForAll(j, 1, d, v(j, T - 1) > 0)} | MOVING
STEPS = {"T >= 2": T >= 2, "k >= 0": k >= 0}
UNSTATED = ("no gradient at T", "a coordinate i moves")
UNIT = {"b1": "unit", "b2": "unit"}


def run(*gradients: Any, **more: Any) -> dict[str, Any]:
    """One coordinate that moves, T = 2 and k = 0."""
    return coordinates(adamw(*gradients, **more)) | {"T": 2, "k": 0, "i": 1}


def drops(eps: int) -> dict[str, Any]:
    """A case for each assumption on the history and the rates, for ε = 1 and for ε = 0."""
    base = run(-1, 0, eps=eps)
    resting = {"v": table(sequence(1, "1/3", "1/9"))}
    return {
        "first moment": base | {"m": table(sequence(0, "-1/2", 0))},
        "second moment": base | {"v": table(sequence(0, "2/3", "-2/3"))},
        "no gradient at T": run(-1, "1/2", eps=eps),
        "T >= 2": run(0, eps=eps) | {"T": 1, "m": table(sequence(1, "1/2")), "v": table(sequence(1, "1/3"))},
        "a coordinate i moves": run(0, 0, eps=eps) | resting,
        "b1 > 0": run(-1, 0, b1=0, eps=1) if eps else run(-1, 0, b1="-1/2"),
        "b1 < 1": run(0, 0, b1=1, eps=eps) | resting | {"m": table(sequence(1, 1, 1))},
        "b2 > 0": run(-1, 0, b2="-1/2", eps=eps),
        "b2 < 1": run(-1, 0, b2=1, eps=eps) | {"v": table(sequence(1, 1, 1))},
    }


def later(eps: int) -> dict[str, Any]:
    return {"no gradient after T": run(-1, 0, "1/4", eps=eps) | {"k": 1}, "k >= 0": run(-1, 0, eps=eps) | {"k": -2}}


NEGATIVE_V = run(-1, 0, eps=1) | {"v": table(sequence(-9, "-7/3", "-7/9"))}
STILL = coordinates(adamw(-1, 0), adamw(0, 0)) | {"T": 2, "k": 0, "i": 1}
DEFINED_DROPS = {"v_0 >= 0": NEGATIVE_V, "eps > 0": STILL}
EXACT_DROPS = {"v_{T-1} > 0": STILL, "negligible eps": run(-1, 0, eps=1)}
WHERE_DEFINED = "that the ratio is defined for ε = 0 where a coordinate never had a gradient: its step is 0/0 there"


@proposition(
    "fontana2026.eq31",
    title="C_T is well defined and positive",
    source="Appendix D, Eq. 31",
    printed="C_T = ‖m̂_T/(√v̂_T+ε)‖ / ‖m̂_{T-1}/(√v̂_{T-1}+ε)‖",
    statement=norm(T) / norm(T - 1) > 0,
    assumptions=moments(j, last=T) | clipped(j, last=T) | DEFINED | {"T >= 2": T >= 2} | RATES,
    unstated=UNSTATED,
    model=run(-1, 0, eps=1),
    drops=drops(1) | DEFINED_DROPS,
    hints=UNIT,
    not_claimed=WHERE_DEFINED,
)
def eq31(goal: Goal) -> Theorem:
    return ratio_is_positive(goal, T, ZERO)


@proposition(
    "fontana2026.eq32",
    title="C_T in closed form, exact for ε = 0 and in any number of coordinates",
    source="Appendix D, Eq. 32",
    printed="C_T ≈ β1 (1-β1^{T-1})/(1-β1^T) · √( (1-β2^T) / (β2 (1-β2^{T-1})) ) for negligible ε",
    statement=equals(norm(T) / norm(T - 1), closed(0)),
    assumptions=moments(j, last=T) | clipped(j, last=T) | EXACT | {"T >= 2": T >= 2} | RATES,
    unstated=(*UNSTATED, "v_{T-1} > 0"),
    model=run(-1, 0),
    drops=drops(0) | EXACT_DROPS,
    hints=UNIT | {"v": "square"},
    not_claimed="that 92 % holds early in a run: at T = 2 and (0.9, 0.95) the ratio is 0.68, at (0.9, 0.999) 0.67",
)
def eq32(goal: Goal) -> Theorem:
    return ratio_is_closed(goal, T, ZERO)


@proposition(
    "fontana2026.eq35",
    title="C_{T,k} is well defined and positive for every k",
    source="Appendix D, Eq. 35",
    printed="C_{T,k} = ‖m̂_{T+k}/(√v̂_{T+k}+ε)‖ / ‖m̂_{T-1}/(√v̂_{T-1}+ε)‖",
    statement=norm(T + k) / norm(T - 1) > 0,
    assumptions=moments(j) | clipped(j) | DEFINED | STEPS | RATES,
    unstated=UNSTATED,
    model=run(-1, 0, eps=1),
    drops=drops(1) | later(1) | DEFINED_DROPS,
    hints=UNIT,
    not_claimed=WHERE_DEFINED,
)
def eq35(goal: Goal) -> Theorem:
    return ratio_is_positive(goal, T + k, K)


@proposition(
    "fontana2026.eq36",
    title="C_{T,k} in closed form, exact for ε = 0 and in any number of coordinates",
    source="Appendix D, Eq. 36",
    printed="C_{T,k} ≈ β1^{k+1} (1-β1^{T-1})/(1-β1^{T+k}) · √( (1-β2^{T+k}) / (β2^{k+1} (1-β2^{T-1})) )",
    statement=equals(norm(T + k) / norm(T - 1), closed(k)),
    assumptions=moments(j) | clipped(j) | EXACT | STEPS | RATES,
    unstated=(*UNSTATED, "v_{T-1} > 0"),
    model=run(-1, 0),
    drops=drops(0) | later(0) | EXACT_DROPS,
    hints=UNIT | {"v": "square"},
)
def eq36(goal: Goal) -> Theorem:
    return ratio_is_closed(goal, T + k, K)


rho = b1 / sp.sqrt(b2)
rho_k = sp.Pow(rho, k + 1, evaluate=False)
LIMIT = "the limit of Eq. 32 and 36 at fixed β1, β2, k; C itself depends on the gradients only through m_{T-1} != 0, v_{T-1} > 0"
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


@proposition(
    "fontana2026.eq33.number",
    title="β1/√β2 is 0.923 for (0.9, 0.95), about 92 %",
    source="Appendix D, Eq. 33",
    printed="for (0.9, 0.95): ≈ 0.923, about 92 % of the previous step",
    statement=sp.And(sp.Rational(9225, 10000) <= rho, rho <= sp.Rational(9235, 10000), evaluate=False),
    assumptions=PAPER_RATES,
    model=PAPER_CASE,
    drops={"b1 = 0.9": PAPER_CASE | {"b1": "1/2"}, "b2 = 0.95": PAPER_CASE | {"b2": "1/2"}},
    not_claimed="the same for PyTorch's (0.9, 0.999), where it is 0.900",
)
def eq33_number(goal: Goal) -> Theorem:
    bounds = over_root_between(Fraction(9225, 10000), Fraction(9, 10), Fraction(19, 20), Fraction(9235, 10000))
    return at_rates(goal, goal.claim, lambda claim: conjunction(claim, *bounds))


def at_rates(goal: Context, claim: Term, proof: Callable[[Term], Theorem]) -> Theorem:
    """A claim about b1 and b2, given both, from the proof of the claim at their values."""
    equations = [k_.assume(formula(q)) for q in PAPER_RATES.values()]
    return at_value(goal, equations[0], claim, lambda c, p: at_value(c, equations[1], p, lambda _, q: proof(q)))


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
    finding="0.923^5 = 0.66990 to five digits, which rounds to 0.67 and 67 %, not to 0.66 and 66 %: the last digit was cut off. "
    "With the ratio not rounded first it is (0.9/√0.95)^5 = 0.67128, further away; the limit (β1/√β2)^{k+1} itself is right.",
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
    printed="(β1/√β2)^{k+1} (1-β1^{T-1}) <= C_{T,k} <= (β1/√β2)^{k+1} / √(1-β2^{T-1}), lim_{T→∞} C_{T,k} = (β1/√β2)^{k+1}; "
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

    def proof(claim: Term) -> Theorem:
        turned = [(bounds[0], claim.args[0], a**5), (bounds[1], claim.args[1], -(a**5))]
        return k_.and_intro([k_.sos(q, [(Fraction(1), ONE, [th])], [inverse], [num(c)]) for th, q, c in turned])

    number = at_rates(goal, conclusion, proof)
    for n in (0, 1):
        number = k_.cut(k_.and_elim(k_.assume(premise), n), number)
    number = k_.imp_intro(premise, number)
    return conjunction(goal.claim, *limit_and_bounds(goal, closed(k), rho_k, K), number)
