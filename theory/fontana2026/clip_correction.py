"""Section 5: whether anything corrects a ratio that is past the clip before new samples are drawn.

The regulariser does (β not zero: Eq. 28 leaves -β∇R), and so does weight decay (Prop. 7). Without both nothing does: if
the last step before the clip went up, so do all later ones, for any ε and any history. Conventions as in
`clip_overshoot`.
"""

from fractions import Fraction

from theory import kernel as k_
from theory.decide import Goal
from theory.kernel import Theorem, mk
from theory.kernel.terms import ONE, ZERO, add, le, lt, mul
from theory.language import ForAll, equals, reals, term
from theory.proposition import UNNEEDED, proposition, refuted
from theory.tactics import Context
from theory.tactics.moments import all_deeper, corrections, plain
from theory.tactics.powers import MINUS, added, product_sign

from .clip_cases import T, adamw, clipped, eps, g, k, m, moments, t, theta, update, v, v_hat, xi
from .clip_overshoot import (
    DEEPER_DROPS,
    FRESH,
    GOOD,
    HINTS,
    IN_UNIT,
    NO_DECAY,
    ONE_STEP,
    PAST,
    PAST_BOUND,
    STEPS,
    WIDE,
    deeper,
    good,
    ratio_rises,
    up,
)

beta, p_old, p_ref = reals("beta p_old p_ref")
ONE_ = Fraction(1)
pull = beta * (theta(t - 1) - p_ref) / theta(t - 1) ** 2

refuted(
    "fontana2026.s5c",
    title="once past the clip, no update lowers the ratio before new samples are drawn",
    source="Section 5",
    printed="once past the clip, no self-correction until new samples are drawn",
    module=__name__,
    statement=theta(T + k) / p_old >= theta(T + k - 1) / p_old,
    assumptions=update()
    | moments()
    | FRESH
    | {
        "past the clip: the gradient is β ∇D_KL (Eq. 28)": ForAll(t, T, T + k, equals(g(t), pull)),
        "θ_{T-1} is past the bound": theta(T - 1) / p_old > 1 + up,
        "on policy at the start": equals(theta(0), p_old),
        "π_ref is the starting policy": equals(p_ref, p_old),
        "beta >= 0": beta >= 0,
        "π_old > 0": p_old > 0,
    }
    | NO_DECAY
    | STEPS
    | IN_UNIT
    | WIDE,
    witness=adamw(-1, 1, xi="1/4", start="1/4")
    | {"T": 2, "k": 0, "beta": 1, "p_old": "1/4", "p_ref": "1/4", "epsilon_up": "1/5"},
    finding="Let θ be the token's probability, π_old = π_ref = θ_0 = 1/4, β = 1, λ = 0, ξ = 1/4, β1 = 1/2, β2 = 1/3, "
    "ε = 0, g_1 = -1: θ_1 = 1/2 has the ratio 2, past 1.2, and the gradient there is β (θ - π_ref)/θ² = 1. "
    "So m̂_2 = 1/3, v̂_2 = 1 and θ_2 = 1/2 - 1/12 = 5/12, ratio 5/3: the regulariser corrects, and so does weight "
    "decay (fontana2026.prop7).",
    repair="fontana2026.s5c.repaired",
    hints=HINTS,
)


@proposition(
    "fontana2026.s5c.repaired",
    title="without regulariser and weight decay, after a step up to the clip every later step raises the ratio further",
    source="Section 5, corrected",
    printed="β = 0, λ = 0, θ_{T-1} > θ_{T-2}: s(θ_{T+k}) > s(θ_{T+k-1}) and s(θ_{T+k}) > 1+ε_up for every k, "
    "for any ε >= 0 and any gradients before T",
    statement=deeper,
    assumptions=update()
    | moments()
    | {"v_{T-1} > 0": v(T - 1) > 0, "the last step went up": theta(T - 2) < theta(T - 1)}
    | clipped()
    | ratio_rises(T)
    | PAST
    | NO_DECAY
    | STEPS
    | IN_UNIT
    | WIDE,
    unstated=("no gradient at T", "no weight decay", "the ratio rises with θ", "the last step went up", "v_{T-1} > 0"),
    model=GOOD,
    drops=DEEPER_DROPS
    | {
        "xi > 0": UNNEEDED,
        "v_{T-1} > 0": UNNEEDED,
        "the last step went up": good(1, 0, start=2),
        "T >= 2": good(0) | {"T": 1} | ONE_STEP,
    },
    hints=HINTS,
    not_claimed="that new samples correct it",
)
def s5c_repaired(goal: Goal) -> Theorem:
    """The last step has the sign of -m̂_{T-1}, so m_{T-1} < 0; the rest as in Prop. 7."""
    given = goal.given
    ctx = plain(goal.with_facts(*(k_.and_elim(given["decay rates in (0, 1)"], n) for n in range(4))))
    last, v_sign = term(T - 1), given["v_{T-1} > 0"]
    q1, q2 = corrections(ctx, last)
    inside = product_sign(lt(ZERO, term(v_hat(T - 1))), v_sign, k_.inv_positive(q2))
    root = Context([inside]).sqrt_positive(inside.concl.args[1])
    below = added(lt(ZERO, add(term(eps), root.concl.args[1])), root, ctx.prove(le(ZERO, term(eps))))
    negative = lt(term(m(T - 1)), ZERO)
    up_or_still = k_.negate(k_.assume(mk("not", negative)))  # 0 <= m
    moved = ctx.at(given["AdamW's update"], last)
    factors = [ctx.prove(lt(ZERO, term(xi))), up_or_still, k_.inv_positive(q1), k_.inv_positive(below)]
    parts = [(ONE_, ONE, factors), (ONE_, ONE, [given["the last step went up"]])]
    cofactors = [MINUS, mul(term(xi), term(theta(T - 2)))]
    broken = k_.sos(lt(ZERO, ZERO), parts, [moved, given["no weight decay"]], cofactors)
    m_sign = k_.cases(negative, k_.assume(negative), k_.absurd(k_.linear(ZERO, ZERO, [], []), k_.negate(broken), negative))
    return all_deeper(goal.claim, ctx, given, PAST_BOUND, m_sign, v_sign)
