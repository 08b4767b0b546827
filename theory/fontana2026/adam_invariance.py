"""Section 5 and Appendix C: what AdamW makes of a gradient that is φ times as large (Prop. 2 and Prop. 6).

One fact carries everything: a gradient times φ with the stabiliser ε moves a parameter exactly as the gradient itself
does with ε/φ. So φ disappears where ε does. This is one update of one coordinate; `adam_trajectory` has whole runs. The
step count n is symbolic; what the paper marks with a star is a family whose name ends in `_`: m_ is m*.
"""

from typing import Any

import sympy as sp

from theory import kernel as k
from theory.decide import Goal
from theory.fontana2026.adamw_equations import (
    RATES,
    b1,
    b2,
    corrected,
    eps,
    from_zero,
    g,
    lam,
    m,
    n,
    recursion,
    t,
    theta,
    v,
    xi,
)
from theory.fontana2026.reward_gradient import G, i, j, phi, r
from theory.fontana2026.reward_gradient import n as length
from theory.fontana2026.reward_scale import CPPO, GROUP, ddof, once, scaled, w
from theory.kernel import Theorem
from theory.kernel.terms import ONE, ZERO, add, app, eq, inv, le, lt, mul, subst
from theory.language import ForAll, equals, family, formula, mean, reals, tends, term
from theory.proposition import proposition, refuted
from theory.tactics import Context
from theory.tactics.adam import (
    W,
    by_steps,
    defining,
    each,
    equations,
    powers,
    same_step,
    square_average,
    with_limit,
)
from theory.tactics.powers import for_all

eta = reals("eta")
w_, g_, m_, v_, h = (family(x) for x in ("w_", "g_", "m_", "v_", "h"))


def update(mhat: Any, vhat: Any, epsilon: Any) -> sp.Expr:
    """Δθ of Appendix C."""
    return -xi * mhat / (sp.sqrt(vhat) + epsilon) - xi * lam * theta


def from_rewards(scale: Any, weight: Any) -> sp.Expr:
    """Σ_i A_i w(i, t) for rewards times `scale`, with β = 0: w(i, t) is Σ_u α s ∇log π over the tokens u, at step t."""
    return sp.Sum((scale * r(i) - mean(scale * r(j), j, G)) * weight(i, t), (i, 1, G))


def moments(first: Any, second: Any, gradient: Any) -> sp.Basic:
    """Both moments start at 0 and follow Appendix C's recursions up to step n."""
    starts = equals(first(0), 0), equals(second(0), 0)
    return sp.And(*starts, recursion(first, b1, gradient, n), recursion(second, b2, gradient**2, n))


# -- Prop. 6 -----------------------------------------------------------------------------------------------------------

ADAM = {
    "a step": n >= 1,
    "decay rates": RATES,
    "moments of g": moments(m, v, g(t)),
    "moments of g*": moments(m_, v_, g_(t)),
}
RUN: dict[str, Any] = {"n": 1, "beta1": "1/2", "beta2": "3/4", "g": [2], "g_": [6], "phi": 3}
RUN |= {"m": from_zero(0, 1), "v": from_zero(0, 1), "m_": from_zero(0, 3), "v_": from_zero(0, 9)}


def scaled_moments(goal: Goal, ratio: Theorem) -> list[Theorem]:
    """m* = φ m, v* = φ² v and 0 <= v at step n, by induction from g* = φ g; and positive bias corrections."""
    recursions = Context([goal.given["moments of g"], goal.given["moments of g*"], ratio])
    claim = formula(sp.And(equals(m_(t), phi * m(t)), equals(v_(t), phi**2 * v(t)), v(t) >= 0))
    now, following = term(t), term(t + 1)

    def step(ctx: Context, before: Theorem) -> Theorem:
        here = [ctx.at(th, following) for th in recursions.facts if th.concl.op == "all"]
        known = [*here, *equations(Context([before]))]
        return each(ctx, subst(claim, {now: following}), known, lambda p: square_average(ctx, defining(here, p.args[1])))

    base = each(goal, subst(claim, {now: ZERO}), equations(recursions), goal.arith)
    last = by_steps(goal, now, term(n), claim, base, step)
    corrections = [th for rate in (b1, b2) for th in powers(goal, term(rate), term(n))]
    goal.define(*corrections)
    return [*(k.and_elim(last, x) for x in range(3)), *corrections]


@proposition(
    "fontana2026.prop6",
    title="a gradient times φ at every step has moments times φ and φ², also bias-corrected",
    source="Appendix C, Prop. 6, Eq. 24-26",
    printed="if g*_t = φ g_t for all t, then m*_t = φ m_t, v*_t = φ² v_t (also bias-corrected)",
    statement=sp.And(
        equals(m_(n), phi * m(n)),
        equals(v_(n), phi**2 * v(n)),
        equals(corrected(m_(n), b1, n), phi * corrected(m(n), b1, n)),
        equals(corrected(v_(n), b2, n), phi**2 * corrected(v(n), b2, n)),
    ),
    assumptions=ADAM | {"g* is φ g at every step": ForAll(t, 1, n, equals(g_(t), phi * g(t)))},
    model=RUN,
    drops={
        "a step": RUN | {"n": 0},
        "decay rates": RUN | {"beta1": 1, "m": from_zero(0, 0), "m_": from_zero(0, 0)},
        "moments of g": RUN | {"m": from_zero(0, 5)},
        "moments of g*": RUN | {"m_": from_zero(0, 5)},
        "g* is φ g at every step": RUN | {"g_": [2], "m_": from_zero(0, 1), "v_": from_zero(0, 1)},
    },
    not_claimed="that g*_t = φ g_t holds beyond the first step: see prop6.premise",
)
def moments_scale(goal: Goal) -> Theorem:
    known = goal.with_facts(*(scaled := scaled_moments(goal, goal.given["g* is φ g at every step"])))
    return each(known, goal.claim, equations(Context(scaled)), known.prove)


def identity(x: Any) -> Any:
    """x"""
    return x


def first_step(gradient: Any) -> sp.Expr:
    """θ after the first step of AdamW, where m̂ = g and v̂ = g²."""
    return theta - xi * gradient / (sp.Abs(gradient) + eps) - xi * lam * theta


refuted(
    "fontana2026.prop6.premise",
    title="if the gradient is homogeneous in the rewards, g*_t = φ g_t holds beyond the first step",
    source="Appendix C, Prop. 6 (its premise) after Eq. 23",
    printed="if g*_t = φ g_t for all t",
    statement=equals(phi * h(first_step(phi * h(theta))), phi * h(first_step(h(theta)))),
    assumptions={"φ, ε, ξ are positive": sp.And(phi > 0, eps > 0, xi > 0)},
    witness={"h": identity, "theta": 1, "phi": 2, "xi": 1, "lam": 0, "eps": 1},
    module=__name__,
    repair="fontana2026.prop2.trajectory",
    finding="Prop. 5 gives g* = φ g at equal parameters, but for ε > 0 the first step already differs, so the second "
    "gradient is taken elsewhere. With the gradient h(x) = x, θ = 1, φ = 2 and ε = ξ = 1 (λ = 0), the runs stand at "
    "1 - 1/2 = 1/2 and 1 - 2/3 = 1/3 after one step: g*_2 = 2/3, but φ g_2 = 1.",
)

# -- Prop. 2 -----------------------------------------------------------------------------------------------------------

PRINTED_LIMIT = "with β = 0, r* = φ r, φ > 0: as ε/(φ √v̂_t) → 0 the update of Eq. 4 is invariant to φ"
GROUP_RUN: dict[str, Any] = RUN | {
    "G": 2,
    "r": [4, 0],
    "w": [[2], [1]],
    "w_": [[2], [1]],
    "xi": 1,
    "lam": 1,
    "theta": 1,
}
GROUP_RUN |= {"eps": 2}
STILL: dict[str, Any] = {"w": [[1], [1]], "w_": [[1], [1]], "g": [0], "g_": [0], "eps": 0}
STILL |= {name: from_zero(0, 0) for name in ("m", "v", "m_", "v_")}


@proposition(
    "fontana2026.prop2",
    title="with ε = η φ √v̂ the scaled update tends, as η → 0, to one without φ; for every ε, φ acts as dividing ε by φ",
    source="Section 5, Prop. 2",
    printed=PRINTED_LIMIT,
    statement=sp.And(
        tends(
            update(corrected(m_(n), b1, n), corrected(v_(n), b2, n), eta * phi * sp.sqrt(corrected(v(n), b2, n))),
            eta,
            0,
            update(corrected(m(n), b1, n), corrected(v(n), b2, n), 0),
        ),
        equals(
            update(corrected(m_(n), b1, n), corrected(v_(n), b2, n), eps),
            update(corrected(m(n), b1, n), corrected(v(n), b2, n), eps / phi),
        ),
    ),
    assumptions=ADAM
    | {
        "φ is positive": phi > 0,
        "ε is not negative": eps >= 0,
        "a second moment": v(n) > 0,
        "gradients of the rewards": ForAll(t, 1, n, equals(g(t), from_rewards(1, w))),
        "gradients of the scaled rewards": ForAll(t, 1, n, equals(g_(t), from_rewards(phi, w_))),
        "the token weights are the same": ForAll(t, 1, n, ForAll(i, 1, G, equals(w_(i, t), w(i, t)))),
    },
    unstated=("a second moment", "the token weights are the same"),
    model=GROUP_RUN,
    drops={
        "a step": GROUP_RUN | {"n": -1},
        "decay rates": GROUP_RUN | {"beta1": 1, "m": from_zero(0, 0), "m_": from_zero(0, 0)},
        "moments of g": GROUP_RUN | {"m": from_zero(0, 5)},
        "moments of g*": GROUP_RUN | {"m_": from_zero(0, 5)},
        "φ is positive": GROUP_RUN | {"phi": -1, "g_": [-2], "m_": from_zero(0, -1), "v_": from_zero(0, 1)},
        "ε is not negative": GROUP_RUN | {"eps": -6},
        "a second moment": GROUP_RUN | STILL,
        "gradients of the rewards": GROUP_RUN | {"g": [5], "m": from_zero(0, "5/2"), "v": from_zero(0, "25/4")},
        "gradients of the scaled rewards": GROUP_RUN | {"g_": [5], "m_": from_zero(0, "5/2"), "v_": from_zero(0, "25/4")},
        "the token weights are the same": GROUP_RUN
        | {"w_": [[1], [2]], "g_": [-6], "m_": from_zero(0, -3), "v_": from_zero(0, 9)},
    },
    not_claimed="that the runs stay together while ε > 0 (prop6.premise); it is the update of Appendix C, see eq4",
)
def update_without_scale(goal: Goal) -> Theorem:
    """g* = φ g step by step, so √v̂* = φ √v̂ (Prop. 6); then 1/(φ √v̂ + ε) = (1/φ) 1/(√v̂ + ε/φ), and the limit."""
    at, last, factor = term(t), term(n), term(phi)
    here = goal.assuming(le(ONE, at), le(at, last))
    of, of_scaled, same = (here.at(goal.given[name], at) for name in tuple(goal.given)[-3:])
    inside = here.with_facts(same).assuming(le(ONE, term(i)), le(term(i), term(G)))
    member = (phi * r(i) - mean(phi * r(j), j, G)) * w_(i, t)
    members = inside.equal(term(member), term(member.subs(w_(i, t), w(i, t))), inside.at(same, term(i)))
    total = k.sum_congr(term(i), ONE, term(G), members)
    ratio = for_all(at, ONE, last, here.equal(term(g_(t)), term(phi * g(t)), of_scaled, total, of))
    moments = scaled_moments(goal, ratio)
    ratios, factor, divisor = equations(Context(moments)), term(phi), mul(term(eps), inv(term(phi)))
    mhat, vhat = (corrected(x, rate, n) for x, rate in ((m(n), b1), (v(n), b2)))
    mhat_, vhat_ = (corrected(x, rate, n) for x, rate in ((m_(n), b1), (v_(n), b2)))
    known = goal.with_facts(*moments)
    first, second = (
        known.equal(term(mhat_), term(phi * mhat), *ratios),
        known.equal(term(vhat_), term(phi**2 * vhat), *ratios),
    )
    positive = known.prove(lt(ZERO, term(vhat)))
    scaled_positive = k.sos(lt(ZERO, term(vhat_)), [(W, ONE, [goal.given["φ is positive"]] * 2 + [positive])], [second], [ONE])
    known.know(positive, scaled_positive, known.prove(le(ZERO, divisor)))
    size, scaled_size = (known.prove(lt(ZERO, app("sqrt", term(x)))) for x in (vhat, vhat_))
    known.know(size, scaled_size)
    known.know(known.arith(lt(ZERO, add(size.concl.args[1], divisor))))
    goal.define(*known.facts)
    exact = same_step(known, term(mhat), term(vhat), divisor, factor, first, second)
    at_eps = eq(term(mhat_ / (sp.sqrt(vhat_) + eta)), exact.concl.args[1])
    exact = k.rewrite(known.equal(mul(factor, divisor), term(eps)), exact, term(eta), at_eps)
    without = same_step(known, term(mhat), term(vhat), ZERO, factor, first, second)
    tending = k.limit(term(eta), term(update(mhat_, vhat_, eta * phi * sp.sqrt(vhat))), "0+", [k.negate(scaled_size)])
    tending = with_limit(known, tending, term(update(mhat, vhat, 0)), without)
    (same_update,) = (p for p in goal.claim.args if p.op == "eq")
    return goal.with_facts(tending, known.equal(*same_update.args, exact)).prove(goal.claim)


def first_free_step(gradient: Any) -> sp.Expr:
    """The first step as ε → 0, in units of -ξ: m̂/√v̂ = g/|g|."""
    return gradient / sp.Abs(gradient)


refuted(
    "fontana2026.prop2.cppo",
    title="for the row CPPO (without its regulariser) the first step, as ε → 0, is invariant to φ",
    source="Section 5, Prop. 2, with Table 1, row CPPO",
    printed=PRINTED_LIMIT,
    statement=equals(first_free_step(scaled), first_free_step(once)),
    assumptions=CPPO
    | {
        "three completions of one token": sp.And(equals(G, 3), ForAll(i, 1, G, equals(length(i), 1)), equals(ddof, 1)),
        "neither gradient is 0": sp.And(sp.Ne(once, 0), sp.Ne(scaled, 0)),
    },
    unstated=(*tuple(GROUP)[:-1], "three completions of one token", "neither gradient is 0"),
    hints={"r": "integer", "w": "integer", "gamma": "integer", "phi": "integer"},
    witness={"G": 3, "ddof": 1, "n": [1, 1, 1], "r": [8, -3, -5], "gamma": 4, "phi": 2, "w": [[1], [3], [0]]}
    | {"sd": 7, "sd_": 14, "g_A": "8/21", "g_A_": "-1/21"},
    module=__name__,
    repair="fontana2026.eq23.cppo.repaired",
    finding="Prop. 2 needs token weights that are the same for r and φ r; CPPO's threshold γ on |A_i| changes them. "
    "For rewards (8, -3, -5), one token each, γ = 4 and s∇log π = (1, 3, 0), the second completion is dropped and the "
    "gradient has the sign of 8; for twice the rewards it is kept and the sign is that of 16 - 18: the step reverses.",
)
