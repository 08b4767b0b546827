"""Section 5, Eq. 4-6: what the paper prints as AdamW, and what AdamW is.

One coordinate theta of the parameters, gradients g(1), g(2), .. of the objective J that is maximised, moments m and v.
AdamW is what Appendix C of the paper, Algorithm 2 of arXiv 1711.05101 and `torch.optim.AdamW` agree on. Step counts are
symbolic. The printed equations differ from it in two places: the sign of the weight decay (Eq. 4), and a bias correction
inside the recursion instead of behind it (Eq. 5 and 6).
"""

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import sympy as sp

from theory import kernel as k
from theory.decide import Goal
from theory.kernel import Term, Theorem
from theory.kernel.terms import ONE, ZERO, eq, inv, le, lt, mk, mul, sub, subst
from theory.kernel.theorem import same
from theory.language import ForAll, equals, family, formula, integers, reals, term
from theory.proposition import UNNEEDED, proposition, refuted
from theory.tactics import Context
from theory.tactics_adam import W, at_step, by_steps, defining, congruence, each, equations, for_all, powers, root_floor, square_average

n, i, t, s = integers("n i t s")
xi, lam, eps, theta, b, b1, b2, mhat, vhat = reals("xi lam eps theta beta beta1 beta2 mhat vhat")
g, m, v, m_loss, v_loss, printed = (family(x) for x in ("g", "m", "v", "m_loss", "v_loss", "printed"))

RATES = sp.And(b1 >= 0, b1 < 1, b2 >= 0, b2 < 1)


def recursion(moment: Any, rate: Any, of: Any, last: Any) -> sp.Basic:
    """moment_t = rate moment_{t-1} + (1 - rate) of_t for t = 1..last, as in Appendix C."""
    return ForAll(t, 1, last, equals(moment(t), rate * moment(t - 1) + (1 - rate) * of))


def corrected(moment: sp.Expr, rate: Any, step: Any) -> sp.Expr:
    """The bias-corrected moment: divided by 1 - rate^step."""
    return moment / (1 - rate**step)


def from_zero(*values: Any) -> Callable[[Any], Fraction]:
    """A family with these values at 0, 1, 2, .. (a list would start at 1)."""
    exact = [Fraction(x) for x in values]

    def f(step: Any) -> Fraction:
        return exact[int(step)]

    f.__doc__ = f"({', '.join(map(str, exact))}) from index 0"
    return f


# -- Eq. 4 -------------------------------------------------------------------------------------------------------------
# The sign of the m-term is a convention: with moments of the gradient of J, + ascends J, as AdamW on the loss -J does.
# The sign of the decay is none: it acts on theta whatever is optimised.

refuted(
    "fontana2026.eq4",
    title="Eq. 4 is the update of AdamW",
    source="Section 5, Eq. 4",
    printed="θ_t = θ_{t-1} + ξ m̂_t/(√v̂_t + ε) + ξ λ θ_{t-1}",
    statement=equals(
        theta + xi * mhat / (sp.sqrt(vhat) + eps) + xi * lam * theta,
        theta + xi * mhat / (sp.sqrt(vhat) + eps) - xi * lam * theta,
    ),
    assumptions={"a second moment": vhat > 0, "ε, ξ, λ are positive": sp.And(eps > 0, xi > 0, lam > 0)},
    witness={"theta": 1, "mhat": 0, "vhat": 1, "eps": 1, "xi": "1/10", "lam": "1/10"},
    hints={"vhat": "square"},
    module=__name__,
    repair="fontana2026.eq4.repaired",
    finding="The printed decay +ξλθ lets the weights grow, where AdamW's -ξλθ (and the paper's own Appendix C) shrinks them: "
    "with m̂ = 0, θ = 1 and ξ = λ = 1/10, Eq. 4 gives 1.01 and AdamW 0.99. No choice between ascent and descent mends this, "
    "for that choice only sets the sign of the m̂-term.",
)

RUN: dict[str, Any] = {"n": 1, "beta1": "1/2", "beta2": "3/4", "eps": 1, "xi": "1/4", "lam": "1/2", "theta": 1, "g": [2]}
RUN |= {"m": from_zero(0, 1), "v": from_zero(0, 1), "m_loss": from_zero(0, -1), "v_loss": from_zero(0, 1)}


@proposition(
    "fontana2026.eq4.repaired",
    title="the step of Appendix C on the loss -J ascends J and shrinks the weights by the factor 1 - ξλ",
    source="Section 5, Eq. 4, corrected by Appendix C",
    printed="θ_t = θ_{t-1} + ξ m̂_t/(√v̂_t + ε) - ξ λ θ_{t-1}; in Appendix C, for the loss: Δθ = -ξ m̂/(√v̂+ε) - ξ λ θ_{t-1}",
    assumptions={
        "a step": n >= 1,
        "decay rates": RATES,
        "ε is positive": eps > 0,
        "moments start at 0": sp.And(*(equals(f(0), 0) for f in (m, v, m_loss, v_loss))),
        "moments of ∇J": sp.And(recursion(m, b1, g(t), n), recursion(v, b2, g(t) ** 2, n)),
        "moments of ∇(-J)": sp.And(recursion(m_loss, b1, -g(t), n), recursion(v_loss, b2, (-g(t)) ** 2, n)),
    },
    statement=equals(
        theta - xi * corrected(m_loss(n), b1, n) / (sp.sqrt(corrected(v_loss(n), b2, n)) + eps) - xi * lam * theta,
        (1 - xi * lam) * theta + xi * corrected(m(n), b1, n) / (sp.sqrt(corrected(v(n), b2, n)) + eps),
    ),
    model=RUN,
    drops={
        "a step": RUN | {"n": 0},
        "decay rates": RUN | {"beta1": 1, "m": from_zero(0, 0), "m_loss": from_zero(0, 0)},
        "ε is positive": RUN | {"eps": -2},
        "moments start at 0": RUN | {"m_loss": from_zero(2, 0)},
        "moments of ∇J": RUN | {"m": from_zero(0, 5)},
        "moments of ∇(-J)": RUN | {"m_loss": from_zero(0, 5)},
    },
)
def ascent_and_descent(goal: Goal) -> Theorem:
    """Induction over the steps: m_loss = -m and v_loss = v >= 0."""
    claim = formula(sp.And(equals(m_loss(t), -m(t)), equals(v_loss(t), v(t)), v(t) >= 0, v_loss(t) >= 0))
    now, following = term(t), term(t + 1)

    def step(ctx: Context, before: Theorem) -> Theorem:
        moments = at_step(ctx, following)
        known = [*moments, *equations(Context([before]))]
        return each(ctx, subst(claim, {now: following}), known, lambda p: square_average(ctx, defining(moments, p.args[1])))

    base = each(goal, subst(claim, {now: ZERO}), equations(goal), goal.arith)
    same_moments = by_steps(goal, now, term(n), claim, base, step)
    corrections = [th for rate in (b1, b2) for th in powers(goal, term(rate), term(n))]
    known = goal.with_facts(same_moments, *corrections)
    roots = [root_floor(known, term(corrected(f(n), b2, n))) for f in (v, v_loss)]
    goal.define(same_moments, *corrections, *roots)
    moments, size = equations(Context([same_moments])), term(1 / (sp.sqrt(corrected(vhat, b2, n)) + eps))
    sizes = congruence(defining(moments, term(v_loss(n))), term(vhat), size)
    return known.with_facts(*roots).equal(*goal.claim.args, sizes, *moments)


@proposition(
    "fontana2026.eq4.decay",
    title="where the gradients are 0, the decay printed in Eq. 4 moves a weight away from 0, AdamW's towards it",
    source="Section 5, Eq. 4",
    printed="θ_{t-1} + ξ λ θ_{t-1} against θ_{t-1} - ξ λ θ_{t-1}",
    assumptions={"ξλ is positive": xi * lam > 0, "ξλ is below 2": xi * lam < 2, "the weight is not 0": sp.Ne(theta, 0)},
    unstated=("ξλ is positive", "ξλ is below 2", "the weight is not 0"),
    statement=sp.And(
        (theta + xi * lam * theta) ** 2 > theta**2, theta**2 > (theta - xi * lam * theta) ** 2, evaluate=False
    ),
    model={"xi": "1/10", "lam": "1/10", "theta": 1},
    drops={
        "ξλ is positive": {"xi": "1/10", "lam": 0, "theta": 1},
        "ξλ is below 2": {"xi": 2, "lam": 1, "theta": 1},
        "the weight is not 0": {"xi": 1, "lam": 1, "theta": 0},
    },
)
def growth_and_decay(goal: Goal) -> Theorem:
    """With x = ξλ: (1+x)^2 - 1 = x (2+x) and 1 - (1-x)^2 = x (2-x), times θ^2."""
    x, nonzero = term(theta), goal.given["the weight is not 0"]
    square = lt(ZERO, mk("pow", x, 2))
    below, above = k.assume(lt(x, ZERO)), k.assume(lt(ZERO, x))
    positive = k.trichotomy(
        x, ZERO, k.sos(square, [(W, ONE, [below, below])], [], []),
        k.absurd(k.assume(eq(x, ZERO)), nonzero, square), k.sos(square, [(W, ONE, [above, above])], [], []),
    )  # fmt: skip
    rate, high = goal.given["ξλ is positive"], goal.given["ξλ is below 2"]
    certificates = {1: [(2 * W, ONE, [rate, positive]), (W, ONE, [rate, rate, positive])], -1: [(W, ONE, [rate, high, positive])]}
    return k.and_intro([k.sos(p, certificates[1 if same(p.args[0], mk("pow", x, 2)) else -1], [], []) for p in goal.claim.args])


# -- Eq. 5 and 6 -------------------------------------------------------------------------------------------------------


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
    "With β1 = 1/2 and g_1 = g_2 = 1, Eq. 5 gives m_1 = 1 and m_2 = (1/2)/(1/2) + (1/2)/(3/4) = 5/3, an average of ones that is "
    "not 1; Adam's m̂_2 is (3/4)/(3/4) = 1 (and its m_2 is 3/4).",
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
    finding="The other reading of Eq. 5 corrects the past by 1-β1^{t-1} and the new gradient by 1-β1^t, so the weights sum to "
    "more than 1. With β1 = 1/2 and g_1 = g_2 = 1, m_1 = 1/2 and the right side is (1/4)/(1/2) + (1/2)/(3/4) = 7/6; "
    "Adam's m̂_2 is 1.",
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
    finding="At the first step, t = 1, Eq. 5 and 6 divide by 1 - β^0 = 0, whatever β is. AdamW divides by 1 - β^t, which is "
    "positive from t = 1 on.",
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
    finding="As in Eq. 5, the correction is applied anew to the whole past at every step. With β2 = 1/2 and g = (1, -1), both squares "
    "are 1 and Eq. 6 gives v_2 = (1/2)/(1/2) + (1/2)/(3/4) = 5/3; Adam's v̂_2 is 1 (and its v_2 is 3/4).",
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
    finding="In the other reading the weights sum to more than 1 too: with β2 = 1/2 and g = (1, -1), v_1 = 1/2 and the right side is "
    "(1/4)/(1/2) + (1/2)/(3/4) = 7/6. Adam's v̂_2 is 1.",
)


def weight(rate: Any, last: Any, age: Any) -> sp.Expr:
    """What the gradient of step `age` weighs in the bias-corrected moment of step `last`."""
    return (1 - rate) * rate ** (last - age) / (1 - rate**last)


def average(moment: Any, rate: Any, of: Any) -> sp.Basic:
    """The corrected moment is the average of `of` over the steps 1..n with weights that are not negative and sum to 1."""
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
