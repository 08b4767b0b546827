"""Appendix D, one coordinate: how Adam's moments decay once the gradient is zero, and what ε does to the steps.

Eq. 29, 30, 34 hold as printed once g_T = 0 is assumed (Prop. 3 prints "for all t > T" only). Eq. 38 does not: its
factor belongs to the ratio of the first moments, not to the ratios of Eq. 32 and 36, which hold √v̂ already.
"""

from fractions import Fraction

import sympy as sp

from theory import kernel as k_
from theory.decide import Goal
from theory.kernel import Theorem
from theory.kernel.terms import ONE, ZERO, add, app, inv, le, lt, mul, sub
from theory.language import equals, formula, term
from theory.proposition import proposition, refuted, shown
from theory.tactics.logic import conjunction
from theory.tactics.moments import K, corrections, decayed, nonnegative, plain
from theory.tactics.powers import MINUS, added, divided, product_sign
from theory.tactics.ratio import closed_form, roots

from .clip_cases import (
    RATES,
    T,
    adamw,
    b1,
    b2,
    clipped,
    closed,
    coordinates,
    eps,
    j,
    k,
    lam,
    m,
    m_hat,
    moments,
    sequence,
    step,
    theta,
    v,
    v_hat,
    xi,
)

ONE_ = Fraction(1)
UNSTATED = ("no gradient at T",)
START = {"T >= 1": T >= 1, "k >= 0": k >= 0}
HERE = {"T": 2, "k": 0}
RUN = adamw(-1, 0) | HERE
AT_ZERO = {"T": 0, "g": sequence(0)} | {name: sequence(0, 1, start=-1) for name in ("m", "v", "theta")}
MOMENT_DROPS = {
    "first moment": RUN | {"m": sequence(0, "-1/2", "-1/2")},
    "second moment": RUN | {"v": sequence(0, "2/3", "2/3")},
    "no gradient after T": adamw(-1, 0, -1) | {"T": 2, "k": 1},
    "no gradient at T": adamw(-1, -1) | HERE,
}


@proposition(
    "fontana2026.eq34",
    title="without gradients the moments decay geometrically",
    source="Appendix D, Eq. 34",
    printed="m_{T+k} = β1^{k+1} m_{T-1}, v_{T+k} = β2^{k+1} v_{T-1}",
    statement=sp.And(equals(m(T + k), b1 ** (k + 1) * m(T - 1)), equals(v(T + k), b2 ** (k + 1) * v(T - 1)), evaluate=False),
    assumptions=moments() | clipped() | START,
    unstated=UNSTATED,
    model=RUN,
    drops=MOMENT_DROPS
    | {
        "T >= 1": RUN | AT_ZERO,
        "k >= 0": RUN | {"k": -2},
    },
    hints={"b1": "unit", "b2": "unit"},
    not_claimed="any bound on the rates: the identity holds for all real β1, β2",
)
def eq34(goal: Goal) -> Theorem:
    return conjunction(goal.claim, *(decayed(goal, goal.given, name) for name in "mv"))


RATE_DROPS = {
    "b1 > 0": adamw(-1, 0, b1=-1, eps=1) | HERE,
    "b1 < 1": adamw(-1, 0, b1=1, eps=1) | HERE | {"m": sequence(-1, -1, -1)},
    "b2 > 0": adamw(-1, 0, b2=-1, eps=1) | HERE,
    "b2 < 1": adamw(-1, 0, b2=1, eps=1) | HERE | {"v": sequence(1, 1, 1)},
}
FULL = adamw(-1, 0, xi=1, eps="1/2", lam="1/2", start=1) | HERE
decayed_hat = b1 ** (k + 1) * m(T - 1) / (1 - b1 ** (T + k))
shrinking = -xi * lam * theta(T + k - 1)


@proposition(
    "fontana2026.eq29",
    title="past the clip, AdamW's step is the decayed momentum and weight decay",
    source="Appendix D, Eq. 29",
    printed="Δθ_{T+k} = -ξ m̂_{T+k}/(√v̂_{T+k}+ε) - ξ λ θ_{T+k-1}, with m_{T+k} = β1^{k+1} m_{T-1}",
    statement=equals(-xi * step(T + k) + shrinking, -xi * decayed_hat / (sp.sqrt(v_hat(T + k)) + eps) + shrinking),
    assumptions=moments() | {"v_0 >= 0": v(0) >= 0} | clipped() | START | RATES | {"eps > 0": eps > 0},
    unstated=UNSTATED,
    model=FULL,
    drops=RATE_DROPS
    | {
        "b1 < 1": RATE_DROPS["b1 < 1"] | {"theta": sequence(0, 0, 0)},
        "b2 < 1": RATE_DROPS["b2 < 1"] | {"theta": sequence(0, 0, 0)},
        "first moment": FULL | {"m": sequence(0, -1, -1)},
        "second moment": FULL | {"v": sequence(0, "2/3", "-2/9")},
        "v_0 >= 0": FULL | {"v": sequence(-9, "-7/3", "-7/9")},
        "no gradient after T": adamw(-1, 0, "1/2", eps=1) | {"T": 2, "k": 1},
        "no gradient at T": adamw(-1, -1, eps=1) | HERE,
        "T >= 1": FULL | AT_ZERO,
        "k >= 0": FULL | {"k": -2, "theta": sequence(1, 1, start=-1)},
        "eps > 0": adamw(0, 0) | HERE | {"theta": sequence(0, 0, 0)},
    },
    hints={"b1": "unit", "b2": "unit"},
    not_claimed="that the left side moves θ further in any direction: see Prop. 7",
)
def eq29(goal: Goal) -> Theorem:
    """Left: the step of Appendix C. Eq. 34 replaces its first moment; √v̂ is defined since v >= 0."""
    ctx, last, root = plain(goal), term(T + k), app("sqrt", term(v_hat(T + k)))
    q1, q2 = corrections(ctx, last)
    noneg = nonnegative(ctx, goal.given, last, last)
    inside = product_sign(le(ZERO, root.args[2]), noneg, k_.inv_positive(q2))
    above = k_.law("sqrt_nonnegative", root.args[2], ZERO, [inside])
    below = added(lt(ZERO, add(term(eps), root)), above, ctx.prove(lt(ZERO, term(eps))))
    goal.define(q1, q2, inside, below)
    return ctx.with_facts(q1, q2, below).equal(*goal.claim.args, decayed(ctx, goal.given, "m"))


@proposition(
    "fontana2026.eq30",
    title="the first bias-corrected moments after the clip",
    source="Appendix D, Eq. 30",
    printed="m̂_T = β1 m_{T-1}/(1-β1^T), v̂_T = β2 v_{T-1}/(1-β2^T)",
    statement=sp.And(
        equals(m_hat(T), b1 * m(T - 1) / (1 - b1**T)), equals(v_hat(T), b2 * v(T - 1) / (1 - b2**T)), evaluate=False
    ),
    assumptions=moments(last=T) | clipped(last=T) | {"T >= 1": T >= 1} | RATES,
    unstated=UNSTATED,
    model=RUN,
    drops=RATE_DROPS
    | {
        "first moment": MOMENT_DROPS["first moment"],
        "second moment": MOMENT_DROPS["second moment"],
        "no gradient at T": adamw(-1) | {"T": 1},
        "T >= 1": RUN | AT_ZERO,
        "b2 > 0": adamw(-1, 0, b2=-1) | HERE,
    },
    hints={"b1": "unit", "b2": "unit"},
    not_claimed="Eq. 30 under the premise printed in Prop. 3 (zero for t > T): for T = 1, g_1 = -1, m̂_1 is -1, not 0",
)
def eq30(goal: Goal) -> Theorem:
    """The recursions at T without their gradient, divided by the bias corrections."""
    now = term(T)
    rules = [goal.at(goal.given[name], now) for name in ("first moment", "second moment")]
    facts = corrections(plain(goal), now)
    goal.define(*facts)
    ctx = plain(goal).with_facts(*facts)
    return k_.and_intro([ctx.equal(*q.args, *rules, goal.given["no gradient at T"]) for q in goal.claim.args])


predicted = b1 ** (k + 1) * (1 - b1 ** (T - 1)) / (1 - b1 ** (T + k))
eq36 = closed(k)
root_before, root_after = sp.sqrt(v_hat(T - 1)), sp.sqrt(v_hat(T + k))
ratio = step(T + k) / step(T - 1)
shifted = predicted * (root_before + eps) / (root_after + eps)
stretched = eq36 * (1 + eps / root_before) / (1 + eps / root_after)
EQ38 = (
    moments()
    | clipped()
    | {"T >= 2": T >= 2, "k >= 0": k >= 0}
    | RATES
    | {"m_{T-1} != 0": sp.Ne(m(T - 1), 0), "v_{T-1} > 0": v(T - 1) > 0, "eps >= 0": eps >= 0}
)
EPS = adamw(-1, 0, eps=1) | HERE

refuted(
    "fontana2026.eq38",
    title="with ε, the ratio of Eq. 36 times (√v̂_{T-1}+ε)/(√v̂_{T+k}+ε)",
    source="Appendix D, Eq. 38",
    printed="with ε not negligible the ratios are multiplied by (√v̂_{T-1}+ε)/(√v̂_{T+k}+ε)",
    module=__name__,
    statement=equals(ratio, eq36 * (root_before + eps) / (root_after + eps)),
    assumptions=EQ38,
    unstated=UNSTATED,
    witness=EPS,
    finding="With β1 = 1/2, β2 = 1/3, ε = 1, T = 2 and the one gradient g_1 = -1 the moments are m̂ = -1, -1/3 and "
    "√v̂ = 1, 1/2, the steps -1/2 and -2/9 and their ratio 4/9, while Eq. 32's 2/3 times (1+1)/(1/2+1) is 8/9. "
    "The printed product is off by √v̂_{T-1}/√v̂_T = 2 for every ε, even 0: Eq. 32 contains that root already, and the "
    "factor belongs to m̂_T/m̂_{T-1} = 1/3.",
    repair="fontana2026.eq38.repaired",
    hints={"b1": "unit", "b2": "unit"},
)


@proposition(
    "fontana2026.eq38.repaired",
    title="with ε, the ratio of the first moments is multiplied by (√v̂_{T-1}+ε)/(√v̂_{T+k}+ε)",
    source="Appendix D, Eq. 38, corrected",
    printed="C_{T,k} = β1^{k+1} (1-β1^{T-1})/(1-β1^{T+k}) · (√v̂_{T-1}+ε)/(√v̂_{T+k}+ε) "
    "= Eq. 36 · (1+ε/√v̂_{T-1})/(1+ε/√v̂_{T+k}) <= Eq. 36",
    statement=sp.And(equals(ratio, shifted), equals(ratio, stretched), ratio <= eq36, evaluate=False),
    assumptions=EQ38,
    unstated=UNSTATED,
    model=EPS,
    drops=RATE_DROPS
    | {
        "first moment": EPS | {"m": sequence(0, "-1/2", "-1/2")},
        "second moment": EPS | {"v": sequence(0, "2/3", "2/3")},
        "no gradient after T": adamw(-1, 0, -1, eps=1) | {"T": 2, "k": 1},
        "no gradient at T": adamw(-1, -1, eps=1) | HERE,
        "T >= 2": adamw(0, eps=1) | {"T": 1, "k": 0, "m": sequence(1, "1/2"), "v": sequence(1, "1/3")},
        "k >= 0": EPS | {"k": -2},
        "m_{T-1} != 0": adamw(0, 0, eps=1) | HERE | {"v": sequence(1, "1/3", "1/9")},
        "v_{T-1} > 0": adamw(0, 0, eps=1) | HERE | {"m": sequence(1, "1/2", "1/4")},
        "eps >= 0": adamw(-1, 0, eps="-1/4") | HERE,
    },
    hints={"b1": "unit", "b2": "unit", "v": "square"},
    not_claimed="one factor for the norm of several coordinates: each has its own √v̂ (fontana2026.eq38.coordinates)",
)
def eq38_repaired(goal: Goal) -> Theorem:
    """W = √(..) of Eq. 36 times √v̂_{T+k} is √v̂_{T-1}; the rest is field arithmetic. √v̂ falls, so ε only lowers C."""
    ctx = plain(goal)
    form = closed_form(ctx, K)
    m_after, v_after = (decayed(ctx, goal.given, name) for name in "mv")
    found = roots(ctx, form, goal.given["v_{T-1} > 0"], v_after, K)
    before, after, below = found.before, found.after, add(found.after, term(eps))
    noneg = ctx.prove(le(ZERO, term(eps)))
    spread = [(ONE_, ONE, []), (ONE_, ONE, [noneg, k_.inv_positive(found.positive[1])])]
    facts = [*form.positive.values(), *found.positive, *found.inside, added(lt(ZERO, below), found.positive[1], noneg)]
    facts += [k_.sos(lt(ZERO, term(1 + eps / root_after)), spread, [], [])]
    facts += [ctx.prove(le(ZERO, term(n))) for n in (T - 1, T + k)]
    goal.define(*facts)
    ctx = ctx.with_facts(*facts)
    wide = divided(ctx, form.root, after, found.carried)
    scaled, bound = (formula(q) for q in (equals(ratio, shifted), ratio <= eq36))
    first = ctx.equal(*scaled.args, m_after)
    loss = mul(form.decay1, form.before1, inv(form.after1), term(eps), sub(before, after), inv(after), inv(below))
    lost = ctx.equal(sub(bound.args[1], scaled.args[1]), loss, wide)
    factors = [*form.above("decay1", "before1", "1/after1"), noneg, found.order]
    factors += [k_.inv_positive(ctx.prove(lt(ZERO, x))) for x in (after, below)]
    less = k_.sos(bound, [(ONE_, ONE, factors)], [lost, first], [ONE, MINUS])
    return conjunction(goal.claim, first, ctx.equal(*formula(equals(ratio, stretched)).args, m_after, wide), less)


def factor(j: int) -> sp.Expr:
    """Eq. 38's factor in coordinate j."""
    return (sp.sqrt(v_hat(j, T - 1)) + eps) / (sp.sqrt(v_hat(j, T + k)) + eps)


shown(
    "fontana2026.eq38.coordinates",
    title="the factor of Eq. 38 differs from coordinate to coordinate, so that no single one scales a norm",
    source="Appendix D, Eq. 38, in several coordinates",
    printed="there is a run with (√v̂_{1,T-1}+ε)/(√v̂_{1,T+k}+ε) != (√v̂_{2,T-1}+ε)/(√v̂_{2,T+k}+ε)",
    module=__name__,
    statement=sp.Ne(factor(1), factor(2), evaluate=False),
    assumptions=moments(j) | clipped(j) | {"T >= 2": T >= 2, "k >= 0": k >= 0} | RATES | {"eps >= 0": eps >= 0},
    witness=coordinates(adamw(-1, 0, eps=1), adamw(-2, 0, eps=1)) | HERE,
)
