"""Section 5, Eq. 5-6: the bias correction of Adam's moments, printed inside the recursion instead of behind it.

Printed: m_t = β1 m_{t-1}/(1-β1^{t-1}) + (1-β1) g_t/(1-β1^t), and the same for v with β2 and g². AdamW, and Appendix C
of the paper: m_t = β1 m_{t-1} + (1-β1) g_t, and m̂_t = m_t/(1-β1^t). The printed form leaves open what m_{t-1} on its
right side is; it is refuted in either reading. Step counts are symbolic.
"""

from typing import Any

import sympy as sp

from theory import kernel as k
from theory.decide import Goal
from theory.fontana2026.adamw_equations import b, b1, b2, corrected, from_zero, g, i, m, n, recursion, t, theta, v
from theory.kernel import Term, Theorem
from theory.kernel.terms import ONE, ZERO, inv, le, lt, mul, sub, subst
from theory.language import ForAll, equals, family, formula, integers, term
from theory.proposition import proposition, refuted
from theory.tactics import Context
from theory.tactics.adam import W, at_step, by_steps, congruence, each, equations, powers
from theory.tactics.powers import for_all

s = integers("s")
printed = family("printed")


def squared(step: Any) -> sp.Expr:
    return g(step) ** 2


SQUARES: dict[str, Any] = {"n": 2, "g": [1, -1], "beta2": "1/2", "v": from_zero(0, "1/2", "3/4")}
ONES: dict[str, Any] = {"n": 2, "g": [1, 1], "beta1": "1/2", "m": from_zero(0, "1/2", "3/4")}


def corrected_inside(previous: Any, rate: Any, of: Any, step: Any) -> sp.Expr:
    """The right side of Eq. 5 and 6 at a step, for a given moment of the step before."""
    return rate * previous / (1 - rate ** (step - 1)) + (1 - rate) * of / (1 - rate**step)


def by_itself(moment: Any, rate: Any, of: Any) -> dict[str, Any]:
    """Eq. 5 (6) as a recursion on its own values, from step 2 on: at step 1 its first term is 0/0, read as 0."""
    later = ForAll(t, 2, n, equals(printed(t), corrected_inside(printed(t - 1), rate, of(t), t)))
    return {
        "a step": n >= 1,
        "decay rate": sp.And(rate >= 0, rate < 1),
        "Adam's moment": sp.And(equals(moment(0), 0), recursion(moment, rate, of(t), n)),
        "the printed recursion": sp.And(equals(printed(1), of(1)), later),
    }


def by_adam(moment: Any, rate: Any, of: Any) -> dict[str, Any]:
    """Eq. 5 (6) with Adam's moment of the step before on its right side."""
    adam = sp.And(equals(moment(0), 0), recursion(moment, rate, of(t), n))
    return {"a second step": n >= 2, "decay rate": sp.And(rate >= 0, rate < 1), "Adam's moment": adam}


def is_either(x: Any, moment: Any, rate: Any) -> sp.Basic:
    """x is Adam's moment of step n, or that moment with bias correction."""
    return sp.Implies(sp.Ne(x, moment(n), evaluate=False), equals(x, corrected(moment(n), rate, n)))


PRINTED = {"printed": [1, "5/3"]}
refuted(
    "fontana2026.eq5",
    title="Eq. 5, run on its own values, gives Adam's first moment (bias-corrected or not)",
    source="Section 5, Eq. 5",
    printed="m_t = β1 m_{t-1}/(1-β1^{t-1}) + (1-β1) g_t/(1-β1^t)",
    statement=is_either(printed(n), m, b1),
    assumptions=by_itself(m, b1, g),
    unstated=("the printed recursion",),
    witness=ONES | PRINTED,
    module=__name__,
    repair="fontana2026.eq5.repaired",
    finding="The bias correction stands inside the recursion, so it is applied anew to the whole past at every step. "
    "With β1 = 1/2 and g_1 = g_2 = 1, Eq. 5 gives m_1 = 1 (its first term, 0/0, read as 0) and m_2 = (1/2)/(1/2) + "
    "(1/2)/(3/4) = 5/3, an average of ones that is not 1; Adam's m̂_2 is (3/4)/(3/4) = 1 (and its m_2 is 3/4).",
)

refuted(
    "fontana2026.eq5.raw",
    title="Eq. 5, with Adam's own m_{t-1} on the right, gives Adam's first moment (bias-corrected or not)",
    source="Section 5, Eq. 5",
    printed="m_t = β1 m_{t-1}/(1-β1^{t-1}) + (1-β1) g_t/(1-β1^t)",
    statement=is_either(corrected_inside(m(n - 1), b1, g(n), n), m, b1),
    assumptions=by_adam(m, b1, g),
    unstated=("a second step",),
    witness=ONES,
    module=__name__,
    repair="fontana2026.eq5.excess",
    finding="The other reading of Eq. 5 corrects the past by 1-β1^{t-1} and the new gradient by 1-β1^t, so the weights "
    "sum to more than 1. With β1 = 1/2 and g_1 = g_2 = 1, m_1 = 1/2 and the right side is (1/4)/(1/2) + (1/2)/(3/4) = "
    "7/6; Adam's m̂_2 is 1 (and its m_2 is 3/4).",
)

refuted(
    "fontana2026.eq5.first_step",
    title="the divisors of Eq. 5 and 6 are not 0",
    source="Section 5, Eq. 5-6",
    printed="1-β1^{t-1} ≠ 0 and 1-β2^{t-1} ≠ 0 for t = 1, 2, ..",
    statement=sp.Ne(1 - b ** (n - 1), 0, evaluate=False),
    assumptions={"a step": n >= 1, "decay rate": sp.And(b > 0, b < 1)},
    witness={"n": 1, "beta": "1/2"},
    hints={"beta": "unit"},
    module=__name__,
    repair="fontana2026.eq5.repaired",
    finding="At the first step, t = 1, Eq. 5 and 6 divide by 1 - β^0 = 0, whatever β is. AdamW divides by 1 - β^t, "
    "which is positive from t = 1 on.",
)


@proposition(
    "fontana2026.eq5.excess",
    title="with Adam's own m_{t-1}, Eq. 5 exceeds m̂_t by β1^t (1-β1)/(1-β1^t) m̂_{t-1}",
    source="Section 5, Eq. 5, corrected",
    printed="m_t = β1 m_{t-1}/(1-β1^{t-1}) + (1-β1) g_t/(1-β1^t)",
    assumptions=by_adam(m, b1, g),
    statement=equals(
        corrected_inside(m(n - 1), b1, g(n), n),
        corrected(m(n), b1, n) + b1**n * (1 - b1) / (1 - b1**n) * corrected(m(n - 1), b1, n - 1),
    ),
    model=ONES,
    drops={
        "a second step": ONES | {"n": 1},
        "decay rate": ONES | {"beta1": 1, "m": from_zero(0, 0, 0)},
        "Adam's moment": ONES | {"m": from_zero(0, "1/2", 5)},
    },
    not_claimed="that the excess matters for large t: it falls with β1^t. For Eq. 6 it is the same with β2 and v",
)
def excess(goal: Goal) -> Theorem:
    """m_t = β1 m_{t-1} + (1-β1) g_t and β1^t = β1 β1^(t-1); then clear denominators."""
    b, last = term(b1), term(n)
    goal.know(goal.arith(le(ONE, last)), goal.arith(le(ONE, term(n - 1))))
    corrections = [*powers(goal, b, term(n - 1)), *powers(goal, b, last)]
    goal.define(*corrections)
    power = k.law("pow_step", b, term(n - 1), [goal.prove(le(ZERO, term(n - 1)))])
    moment = goal.at(next(th for th in goal.facts if th.concl.op == "all"), last)
    hole = term(theta)
    divisor = congruence(power, hole, inv(sub(ONE, hole)))
    return goal.with_facts(power, *corrections).equal(*goal.claim.args, moment, divisor, power)


refuted(
    "fontana2026.eq6",
    title="Eq. 6, run on its own values, gives Adam's second moment (bias-corrected or not)",
    source="Section 5, Eq. 6",
    printed="v_t = β2 v_{t-1}/(1-β2^{t-1}) + (1-β2) g_t²/(1-β2^t)",
    statement=is_either(printed(n), v, b2),
    assumptions=by_itself(v, b2, squared),
    unstated=("the printed recursion",),
    witness=SQUARES | PRINTED,
    module=__name__,
    repair="fontana2026.eq6.repaired",
    finding="As in Eq. 5, the correction is applied anew to the whole past at every step. With β2 = 1/2 and "
    "g = (1, -1), both squares are 1 and Eq. 6 gives v_2 = (1/2)/(1/2) + (1/2)/(3/4) = 5/3; Adam's v̂_2 is 1 (and its "
    "v_2 is 3/4).",
)

refuted(
    "fontana2026.eq6.raw",
    title="Eq. 6, with Adam's own v_{t-1} on the right, gives Adam's second moment (bias-corrected or not)",
    source="Section 5, Eq. 6",
    printed="v_t = β2 v_{t-1}/(1-β2^{t-1}) + (1-β2) g_t²/(1-β2^t)",
    statement=is_either(corrected_inside(v(n - 1), b2, squared(n), n), v, b2),
    assumptions=by_adam(v, b2, squared),
    unstated=("a second step",),
    witness=SQUARES,
    module=__name__,
    repair="fontana2026.eq6.repaired",
    finding="In the other reading the weights sum to more than 1 too: with β2 = 1/2 and g = (1, -1), v_1 = 1/2 and the "
    "right side is (1/4)/(1/2) + (1/2)/(3/4) = 7/6. Adam's v̂_2 is 1.",
)


def weight(rate: Any, last: Any, age: Any) -> sp.Expr:
    """What the gradient of step `age` weighs in the bias-corrected moment of step `last`."""
    return (1 - rate) * rate ** (last - age) / (1 - rate**last)


def average(moment: Any, rate: Any, of: Any) -> sp.Basic:
    """The corrected moment is an average of `of` over the steps 1..n: the weights are not negative and sum to 1."""
    return sp.And(
        equals(corrected(moment(n), rate, n), sp.Sum(weight(rate, n, s) * of(s), (s, 1, n))),
        equals(sp.Sum(weight(rate, n, s), (s, 1, n)), 1),
        ForAll(s, 1, n, weight(rate, n, s) >= 0),
    )


def is_average(goal: Goal, moment: Any, rate: Any, of: Any) -> Theorem:
    """Induction: m_i = (1-β) Σ_s β^(i-s) of_s and (1-β) Σ_s β^(i-s) = 1 - β^i; then divide by 1 - β^n."""
    b, now, following, at, last = map(term, (rate, i, i + 1, s, n))
    sums = [term(sp.Sum(rate ** (i - s) * x, (s, 1, i))) for x in (of(s), 1)]
    total = sp.Sum(rate ** (i - s), (s, 1, i))
    claim = formula(
        sp.And(
            equals(moment(i), (1 - rate) * sp.Sum(rate ** (i - s) * of(s), (s, 1, i))),
            equals(rate * total, total - 1 + rate**i),
        )
    )

    def longer(ctx: Context, shorter: Term) -> list[Theorem]:
        """The sum to i+1 is β times the sum to i, plus the new summand."""
        split = k.sum_step(subst(shorter, {now: following}), [ctx.prove(le(ONE, following))])
        old = ctx.assuming(le(ONE, at), le(at, now))
        power = k.law("pow_step", b, term(i - s), [old.arith(le(ZERO, term(i - s)))])
        aged = old.equal(summand(split.concl.args[0], at), mul(b, summand(shorter, at)), power)
        return [split, k.sum_congr(at, ONE, now, aged)]

    def step(ctx: Context, before: Theorem) -> Theorem:
        known = [th for x in sums for th in longer(ctx, x)]
        known += [k.law("pow_step", b, now, [ctx.prove(le(ZERO, now))]), one]
        known += [*at_step(ctx, following), *equations(Context([before]))]
        return each(ctx, subst(claim, {now: following}), known, ctx.arith)

    one = k.law("pow_zero", b, ZERO, [])
    empty = [k.sum_empty(subst(x, {now: ZERO}), [goal.prove(lt(ZERO, ONE))]) for x in sums]
    base = each(goal, subst(claim, {now: ZERO}), [*equations(goal), *empty, one], goal.arith)
    closed = by_steps(goal, now, last, claim, base, step)
    goal.define(*(corrections := powers(goal, b, last)))
    known = goal.with_facts(*corrections)
    aged = known.assuming(le(ONE, at), le(at, last))
    (power,) = powers(aged, b, term(n - s))
    share = [goal.prove(lt(b, ONE)), power, k.inv_positive(corrections[1])]
    positive = k.sos(formula(weight(rate, n, s) >= 0), [(W, ONE, share)], [], [])
    every = for_all(at, ONE, last, positive)
    using = equations(Context([closed]))
    return k.and_intro([every if p.op == "all" else known.equal(*p.args, *using) for p in goal.claim.args])


def summand(total: Term, at: Term) -> Term:
    return subst(total.args[3], {total.args[0]: at})


@proposition(
    "fontana2026.eq5.repaired",
    title="m̂_t is an average of the gradients, with weights that sum to 1",
    source="Section 5, Eq. 5, corrected by Appendix C",
    printed="m_t = β1 m_{t-1} + (1-β1) g_t, m̂_t = m_t/(1-β1^t); so m̂_t = Σ_{s≤t} (1-β1) β1^{t-s}/(1-β1^t) g_s",
    assumptions={
        "a step": n >= 1,
        "decay rate": sp.And(b1 >= 0, b1 < 1),
        "the moment starts at 0": equals(m(0), 0),
        "Appendix C's recursion": recursion(m, b1, g(t), n),
    },
    statement=average(m, b1, g),
    model=ONES,
    drops={
        "a step": ONES | {"n": 0},
        "decay rate": ONES | {"beta1": 1, "m": from_zero(0, 0, 0)},
        "the moment starts at 0": ONES | {"m": from_zero(1, 1, 1), "g": [1, 1]},
        "Appendix C's recursion": ONES | {"m": from_zero(0, 1, "5/3")},
    },
)
def first_moment(goal: Goal) -> Theorem:
    return is_average(goal, m, b1, g)


@proposition(
    "fontana2026.eq6.repaired",
    title="v̂_t is an average of the squared gradients, with weights that sum to 1",
    source="Section 5, Eq. 6, corrected by Appendix C",
    printed="v_t = β2 v_{t-1} + (1-β2) g_t², v̂_t = v_t/(1-β2^t); so v̂_t = Σ_{s≤t} (1-β2) β2^{t-s}/(1-β2^t) g_s²",
    assumptions={
        "a step": n >= 1,
        "decay rate": sp.And(b2 >= 0, b2 < 1),
        "the moment starts at 0": equals(v(0), 0),
        "Appendix C's recursion": recursion(v, b2, g(t) ** 2, n),
    },
    statement=average(v, b2, squared),
    model=SQUARES,
    drops={
        "a step": SQUARES | {"n": 0},
        "decay rate": SQUARES | {"beta2": 1, "v": from_zero(0, 0, 0)},
        "the moment starts at 0": SQUARES | {"v": from_zero(1, 1, 1)},
        "Appendix C's recursion": SQUARES | {"v": from_zero(0, 1, "5/3")},
    },
)
def second_moment(goal: Goal) -> Theorem:
    return is_average(goal, v, b2, squared)
