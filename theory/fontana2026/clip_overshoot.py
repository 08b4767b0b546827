"""Section 5 and Appendix D: whether AdamW goes on past the clip.

Prop. 3 and 7 fail as printed: weight decay (λ of Eq. 29) can turn the update around, and for Prop. 3 a mixed history of
gradients can too. What holds: with λ = 0 and gradients of one sign before the clip every later step goes further
(Prop. 7), and with λ = 0, ε = 0 every later step is a positive multiple of the last one before, whatever the history.

Gradients are those of the loss: g < 0 raises θ. θ is one coordinate, s the ratio of a token with A > 0 that rises with
θ, and 1 + ε_up its bound. Adam's g_t is the gradient at θ_{t-1}: g_T = 0, which the equations of Appendix D use, makes
θ_{T-1} the first point at the bound; the premise printed in Prop. 3, "for all t > T", makes that θ_T.
"""

from fractions import Fraction
from typing import Any

import sympy as sp

from theory import kernel as k_
from theory.decide import Goal
from theory.kernel import Theorem
from theory.kernel.terms import ONE, ZERO, inv, le, lt, mul
from theory.language import ForAll, equals, family, formula, integers, reals, term
from theory.proposition import UNNEEDED, proposition, refuted
from theory.tactics.logic import conjunction
from theory.tactics.moments import K, all_deeper, decayed, negative_moment, plain, positive_moment
from theory.tactics.powers import for_all, inverse_is, product_sign, rewrite_all
from theory.tactics.ratio import closed_form, roots

from .clip_cases import (
    RATES,
    T,
    adamw,
    clipped,
    closed,
    coordinates,
    d,
    described,
    eps,
    g,
    j,
    k,
    lam,
    m,
    moments,
    sequence,
    t,
    table,
    theta,
    update,
    v,
    xi,
)

up = reals("epsilon_up")
s = family("s")
STEPS = {"T >= 2": T >= 2, "k >= 0": k >= 0}
IN_UNIT = {"decay rates in (0, 1)": sp.And(*RATES.values())}
WIDE = {"xi > 0": xi > 0, "eps >= 0": eps >= 0}
FRESH = {"fresh moments": sp.And(sp.Eq(m(0), 0), sp.Eq(v(0), 0))}
NO_DECAY = {"no weight decay": sp.Eq(lam, 0)}
SIGN = {"persistent sign": ForAll(t, 1, T - 1, g(t) < 0)}
HINTS = {"xi": "unit", "v": "square"}


PREMISE = {
    "no gradient after T": ForAll(t, T + 1, T + k, sp.Eq(g(t), 0)),
    "θ_T is on the boundary": sp.Eq(s(theta(T)), 1 + up),
}


def ratio_rises(first: Any, last: Any = T + k) -> dict[str, sp.Basic]:
    """Of two points visited one after the other, the larger θ has the larger ratio."""
    goes_up = sp.Implies(theta(t - 1) < theta(t), s(theta(t - 1)) < s(theta(t)))
    goes_down = sp.Implies(theta(t) < theta(t - 1), s(theta(t)) < s(theta(t - 1)))
    return {"the ratio rises with θ": ForAll(t, first, last, sp.And(goes_up, goes_down))}


further = s(theta(T + k)) > s(theta(T + k - 1))
line = described("(3 + 2θ)/5", lambda x: (3 + 2 * x) * Fraction(1, 5))
DECAY = adamw(-1, 0, lam="1/2", start=1) | {"s": line, "epsilon_up": "1/5"}
NUMBERS = (
    "Take β1 = 1/2, β2 = 1/3, ξ = 1, ε = 0, λ = 1/2, θ_0 = 1, s = (3 + 2θ)/5, ε_up = 1/5 and one gradient, g_1 = -1: "
    "θ_1 = 1 + 1 - 1/2 = 3/2, where s = 6/5 is on the bound, and without gradient the next step is +2/3 (momentum) "
    "- 3/4 (weight decay), so that θ_2 = 17/12, s = 7/6, back inside the bound"
)

refuted(
    "fontana2026.prop3",
    title="on the boundary, without gradient from there on, Adam moves further into the clipped region",
    source="Section 5, Prop. 3",
    printed="θ_T on the boundary of the clipped region; even if the advantage gradient is zero for all t > T, "
    "Adam's update keeps moving the parameters further into the clipped region",
    module=__name__,
    statement=further,
    assumptions=update()
    | moments()
    | FRESH
    | {
        "no gradient after T": ForAll(t, T + 1, T + k, sp.Eq(g(t), 0)),
        "θ_T is on the boundary": sp.Eq(s(theta(T)), 1 + up),
    }
    | ratio_rises(1)
    | {"on policy at the start": sp.Eq(s(theta(0)), 1), "T >= 1": T >= 1, "k >= 1": k >= 1, "lam >= 0": lam >= 0}
    | IN_UNIT
    | WIDE,
    unstated=("the ratio rises with θ",),
    witness=DECAY | {"T": 1, "k": 1},
    finding=f"{NUMBERS}. With λ = 0 a mixed history of gradients breaks the claim too (fontana2026.prop3.no_decay).",
    repair="fontana2026.prop3.repaired",
    hints=HINTS,
)

AT_ONE = {"s": described("θ + 1/5", lambda x: x + Fraction(1, 5)), "epsilon_up": "1/5"}

refuted(
    "fontana2026.prop3.no_decay",
    title="the same without weight decay, for any history of gradients",
    source="Section 5, Prop. 3, with λ = 0",
    printed="θ_T on the boundary of the clipped region, no gradient for t > T: Adam moves further into it",
    module=__name__,
    statement=further,
    assumptions=update(first=T + 1)
    | moments()
    | FRESH
    | {
        "no gradient after T": ForAll(t, T + 1, T + k, sp.Eq(g(t), 0)),
        "θ_T is on the boundary": sp.Eq(s(theta(T)), 1 + up),
    }
    | ratio_rises(T + 1)
    | {"T >= 1": T >= 1, "k >= 1": k >= 1}
    | NO_DECAY
    | IN_UNIT
    | WIDE,
    unstated=("the ratio rises with θ",),
    witness=adamw(-1, 3, 0, b2="3/5") | {"T": 2, "k": 1, "theta": sequence(1, "7/12", start=2)} | AT_ONE,
    finding="With λ = 0, β1 = 1/2, β2 = 3/5, ξ = 1, ε = 0 and gradients -1, 3 (from other tokens), 0 the steps are +1, "
    "-(5/3)/√6 = -0.680 and -(5/7)/(12/7) = -5/12: θ comes down to the bound in step 2, still above its start, and "
    "leaves the clipped region in step 3. Momentum goes on in the direction of the last step, which need not be the "
    "direction into the clipped region.",
    repair="fontana2026.prop3.repaired",
    hints=HINTS,
)


ONE_STEP = {"m": sequence(1, "1/2"), "v": sequence(2, "2/3"), "theta": sequence(1, 2, 1, start=-1)}


def alone(*gradients: Any, **more: Any) -> dict[str, Any]:
    return coordinates(adamw(*gradients, **more)) | {"T": 2, "k": 0}


@proposition(
    "fontana2026.prop3.repaired",
    title="without weight decay and ε every later step is a positive multiple of the last one, in all coordinates",
    source="Section 5, Prop. 3, corrected",
    printed="λ = 0, ε = 0, any g_t for t < T: θ_{T+k} - θ_{T+k-1} = C_{T,k} (θ_{T-1} - θ_{T-2}), C_{T,k} > 0 of Eq. 36",
    statement=sp.And(
        closed(k) > 0,
        ForAll(j, 1, d, equals(theta(j, T + k) - theta(j, T + k - 1), closed(k) * (theta(j, T - 1) - theta(j, T - 2)))),
        evaluate=False,
    ),
    assumptions=update(j)
    | moments(j)
    | clipped(j)
    | {"negligible eps": sp.Eq(eps, 0), "v_{T-1} > 0": ForAll(j, 1, d, v(j, T - 1) > 0)}
    | NO_DECAY
    | STEPS
    | IN_UNIT,
    unstated=("no gradient at T", "v_{T-1} > 0"),
    model=alone(-1, 0),
    drops={
        "AdamW's update": alone(-1, 0) | {"theta": table(sequence(0, 1, 1))},
        "first moment": alone(-1, 0) | {"m": table(sequence(0, "-1/2", "-3/4")), "theta": table(sequence(0, 1, 3))},
        "second moment": alone(-1, 0) | {"v": table(sequence(0, "2/3", "8/9")), "theta": table(sequence(0, 1, "4/3"))},
        "no gradient after T": alone(-1, 0, "1/2") | {"k": 1},
        "no gradient at T": alone(-1, -1),
        "negligible eps": alone(-1, 0, eps="1/2"),
        "v_{T-1} > 0": UNNEEDED,
        "no weight decay": alone(-1, 0, lam="1/2", start=1),
        "T >= 2": alone(0) | {"T": 1} | {name: table(f) for name, f in ONE_STEP.items()},
        "k >= 0": alone(-1, 0) | {"k": -2},
        "decay rates in (0, 1)": alone(-1, 0, b1="-1/2"),
    },
    hints=HINTS,
    not_claimed="that the last step led into the clipped region; that a ratio grows along a ray beyond first order",
)
def prop3_repaired(goal: Goal) -> Theorem:
    """Each coordinate: m̂ has shrunk as in Eq. 34, and W = √(..) of Eq. 36 times √v̂_{T+k} is √v̂_{T-1}."""
    given, ctx = (
        goal.given,
        plain(goal.with_facts(*(k_.and_elim(goal.given["decay rates in (0, 1)"], n) for n in range(4)))),
    )
    form = closed_form(ctx, K)
    goal.define(*form.positive.values(), *(ctx.prove(le(ZERO, term(n))) for n in (T - 1, T + k)))
    now = ctx.fresh(goal.claim)
    inside = ctx.assuming(le(ONE, now), le(now, term(d)))
    m_after, v_after = (decayed(inside, given, name, now) for name in "mv")
    found = roots(inside, form, inside.at(given["v_{T-1} > 0"], now), v_after, K)
    inside = inside.with_facts(*form.positive.values(), *found.positive)
    unit = k_.field(mul(found.before, inv(found.before)), ONE, [k_.negate(found.positive[0])])
    scaled = mul(form.root, inv(found.before))
    product = k_.linear(mul(found.after, scaled), ONE, [found.carried, unit], [inv(found.before), ONE])
    smaller = inverse_is(inside, found.after, scaled, product)  # 1/√v̂_{T+k} = W/√v̂_{T-1}
    moved = [rewrite_all(given["negligible eps"], inside.at(given["AdamW's update"], now, term(n))) for n in (T + k, T - 1)]
    at = integers(now.args[0])
    claim = equals(theta(at, T + k) - theta(at, T + k - 1), closed(k) * (theta(at, T - 1) - theta(at, T - 2)))
    th = inside.equal(*formula(claim).args, *moved, given["no weight decay"], m_after, smaller)
    positive = product_sign(lt(ZERO, term(closed(k))), *form.above("decay1", "before1", "1/after1", "root"))
    return conjunction(goal.claim, positive, for_all(now, ONE, term(d), th))


refuted(
    "fontana2026.prop7",
    title="the same with advantage gradients of one sign before the clip",
    source="Appendix D, Prop. 7",
    printed="as Prop. 3, with g_{A,t} of persistent sign for t < T",
    module=__name__,
    statement=further,
    assumptions=update()
    | moments()
    | FRESH
    | SIGN
    | clipped()
    | {"θ_{T-1} is on the boundary": sp.Eq(s(theta(T - 1)), 1 + up)}
    | ratio_rises(1)
    | {"on policy at the start": sp.Eq(s(theta(0)), 1), "lam >= 0": lam >= 0}
    | STEPS
    | IN_UNIT
    | WIDE,
    unstated=("the ratio rises with θ", "no gradient at T"),
    witness=DECAY | {"T": 2, "k": 0},
    finding=f"{NUMBERS}. So Eq. 29's weight decay breaks the claim; with λ = 0 it holds (fontana2026.prop7.repaired).",
    repair="fontana2026.prop7.repaired",
    hints=HINTS,
)

PAST_BOUND = "θ_{T-1} is on or past the bound"
PAST = {PAST_BOUND: s(theta(T - 1)) >= 1 + up}
deeper = sp.And(theta(T + k) > theta(T + k - 1), further, s(theta(T + k)) > 1 + up, evaluate=False)


GOOD = adamw(-1, 0) | {"T": 2, "k": 0} | AT_ONE


def good(*gradients: Any, **more: Any) -> dict[str, Any]:
    return GOOD | adamw(*gradients, **more)


DEEPER_DROPS = {
    "AdamW's update": GOOD | {"theta": sequence(0, 1, 1)},
    "first moment": GOOD | {"m": sequence(0, "-1/2", "1/4"), "theta": sequence(0, 1, "1/3")},
    "second moment": UNNEEDED,
    "no gradient after T": good(-1, 0, "1/2") | {"k": 1},
    "no gradient at T": good(-1, 1),
    "the ratio rises with θ": GOOD | {"s": described("6/5", lambda x: Fraction(6, 5))},
    PAST_BOUND: GOOD | {"epsilon_up": 1},
    "no weight decay": good(-1, 0, lam="1/2", start="9/5"),
    "decay rates in (0, 1)": good(-1, 0, b1="-1/2"),
    "xi > 0": good(-1, 0, xi=-1, start=2),
    "eps >= 0": good(-1, 0, eps="-3/4"),
    "k >= 0": GOOD | {"k": -1},
}


@proposition(
    "fontana2026.prop7.repaired",
    title="without weight decay, gradients of one sign make every later step go further past the clip",
    source="Appendix D, Prop. 7, corrected",
    printed="λ = 0, g_t < 0 for t < T, g_t = 0 for t >= T: θ_{T+k} > θ_{T+k-1}, s(θ_{T+k}) > s(θ_{T+k-1}), "
    "s(θ_{T+k}) > 1+ε_up, for every k",
    statement=deeper,
    assumptions=update()
    | moments()
    | {"m_0 <= 0": m(0) <= 0, "v_0 >= 0": v(0) >= 0}
    | SIGN
    | clipped()
    | ratio_rises(T)
    | PAST
    | NO_DECAY
    | STEPS
    | IN_UNIT
    | WIDE,
    unstated=("no gradient at T", "the ratio rises with θ", "no weight decay"),
    model=GOOD,
    drops=DEEPER_DROPS
    | {
        "m_0 <= 0": GOOD | {"m": sequence(5, 2, 1), "theta": sequence(6, 2, "-2/3")},
        "v_0 >= 0": UNNEEDED,
        "persistent sign": good(1, 0, start=2),
        "T >= 2": good(0, eps=1) | {"T": 1, "s": described("θ + 6/5", lambda x: x + Fraction(6, 5))},
    },
    hints=HINTS,
    not_claimed="anything about coordinates in which gradients changed their sign, or a ratio that falls with θ",
)
def prop7_repaired(goal: Goal) -> Theorem:
    ctx = plain(goal.with_facts(*(k_.and_elim(goal.given["decay rates in (0, 1)"], n) for n in range(4))))
    signs = (sign(ctx, goal.given, term(T - 1)) for sign in (negative_moment, positive_moment))
    return all_deeper(goal.claim, ctx, goal.given, PAST_BOUND, *signs)
