"""Appendix C, Eq. 27, and the remark on ε in Section 5: what is left of the reward's scale while ε is not 0.

mhat and vhat are the bias-corrected moments at the rewards r; by Prop. 6 those at φ r are φ mhat and φ² vhat, so the update
at φ r is -ξ φ m̂/(φ√v̂ + ε) - ξλθ. S stands for √v̂ below.
"""

from fractions import Fraction

import sympy as sp

from theory import kernel as k
from theory.decide import Goal
from theory.fontana2026.adamw_equations import eps, lam, mhat, theta, vhat, xi
from theory.kernel import Term, Theorem
from theory.kernel.terms import ONE, ZERO, add, app, eq, inv, le, lt, mk, mul
from theory.language import derivative, equals, reals, tends, term
from theory.proposition import UNNEEDED, proposition, refuted, shown
from theory.tactics import MINUS, Context
from theory.tactics_adam import W, with_limit
from theory.tactics_prefix import by_branches

phi, g = reals("phi g")
S = sp.sqrt(vhat)


def update(epsilon: sp.Expr) -> sp.Expr:
    """Δθ of Appendix C at the rewards r."""
    return -xi * mhat / (S + epsilon) - xi * lam * theta


scaled_update = -xi * phi * mhat / (phi * S + eps) - xi * lam * theta
POSITIVE = {"a second moment": vhat > 0, "φ is positive": phi > 0, "ε is not negative": eps >= 0}

refuted(
    "fontana2026.eq27",
    title="the scaled update tends to the update at the rewards r",
    source="Appendix C, Eq. 27",
    printed="lim_{ε/(φ√v̂)→0} Δθ*_t = -ξ m̂/√v̂ - ξ λ θ_{t-1} = Δθ_t",
    statement=sp.And(tends(scaled_update, phi, sp.oo, update(0)), equals(update(0), update(eps))),
    assumptions={"a second moment": vhat > 0, "ε is positive": eps > 0},
    unstated=("a second moment",),
    witness={"mhat": 1, "vhat": 1, "eps": 1, "xi": 1, "lam": 0, "theta": 0},
    hints={"vhat": "square"},
    module=__name__,
    repair="fontana2026.eq27.repaired",
    finding="The limit is right, its last equality is not: Δθ_t keeps the +ε in its denominator, which only the scaled update loses "
    "as φ grows. With m̂ = v̂ = ε = ξ = 1 and λ = 0 the limit is -1, but Δθ_t = -1/2: invariance needs ε small against √v̂ itself.",
)

UNIT = {"mhat": 1, "vhat": 1, "eps": 1, "xi": 1, "lam": 0, "theta": 0, "phi": 2}


@proposition(
    "fontana2026.eq27.repaired",
    title="Δθ*(ε) = Δθ(ε/φ); both lose ε in the limit, φ → ∞ for Δθ* and ε → 0 for Δθ; and exactly how far they are apart",
    source="Appendix C, Eq. 27, corrected",
    printed="lim_{ε/(φ√v̂)→0} Δθ*_t = -ξ m̂/√v̂ - ξ λ θ_{t-1} = lim_{ε→0} Δθ_t",
    statement=sp.And(
        equals(scaled_update, update(eps / phi)),
        tends(update(eps / phi), phi, sp.oo, update(0)),
        tends(update(eps), eps, 0, update(0)),
        equals(scaled_update - update(eps), -xi * mhat * (eps - eps / phi) / ((S + eps) * (S + eps / phi))),
    ),
    assumptions=POSITIVE,
    unstated=("a second moment", "ε is not negative"),
    model=UNIT,
    drops={
        "a second moment": UNIT | {"vhat": 0, "eps": 0},
        "φ is positive": UNIT | {"phi": -1},
        "ε is not negative": UNIT | {"eps": -2},
    },
)
def both_limits(goal: Goal) -> Theorem:
    sizes(goal)
    size = goal.prove(lt(ZERO, term(S)))
    zero = k.negate(size)
    large = k.limit(term(phi), term(update(eps / phi)), "oo", [zero])
    small = k.limit(term(eps), term(update(eps)), "0+", [zero])
    limits = [with_limit(goal, th, term(update(0))) for th in (large, small)]
    return goal.with_facts(*limits).prove(goal.claim)


def sizes(goal: Goal) -> None:
    """The denominators are positive."""
    goal.know(goal.prove(lt(ZERO, term(S))), goal.prove(le(ZERO, term(eps / phi))))
    goal.know(*(goal.arith(lt(ZERO, term(x))) for x in (S + eps, S + eps / phi)))
    goal.know(k.sos(lt(ZERO, term(phi * S)), [(W, ONE, [goal.given["φ is positive"], goal.prove(lt(ZERO, term(S)))])], [], []))
    goal.know(goal.arith(lt(ZERO, term(phi * S + eps))))
    goal.define(*goal.facts)


# -- how much of the scale is left ---------------------------------------------------------------------------------------

change = S / (S + eps / phi) - S / (S + eps)  # of the ε-free step ξ m̂/√v̂, when rewards are multiplied by φ
largest = sp.Max(eps, eps / phi)


@proposition(
    "fontana2026.eq27.bound",
    title="multiplying rewards by φ changes the update by at most the fraction M/(√v̂+M) of its ε-free step, M = max(ε, ε/φ)",
    source="Appendix C, Eq. 27, for finite ε and φ",
    printed="lim_{ε/(φ√v̂)→0} Δθ*_t = Δθ_t",
    statement=sp.And(
        equals(scaled_update - update(eps), -xi * mhat / S * change),
        change <= largest / (S + largest),
        -change <= largest / (S + largest),
    ),
    assumptions=POSITIVE,
    unstated=("a second moment", "ε is not negative"),
    model=UNIT,
    drops={
        "a second moment": UNIT | {"vhat": 0, "eps": 0},
        "φ is positive": UNIT | {"phi": -1},
        "ε is not negative": UNIT | {"eps": -2},
    },
    not_claimed="that the bound is reached: for φ ≥ 1 it is approached as φ → ∞, for φ ≤ 1 as φ → 0 relative to M → ∞",
)
def change_is_small(goal: Goal) -> Theorem:
    """With P = 1/(S+x), Q = 1/(S+y), x = ε, y = ε/φ: the change is SQ - SP = xP - yQ, of the sign of x - y."""
    sizes(goal)
    size, x, y = term(S), term(eps), term(eps / phi)
    tops = {True: (x, y), False: (y, x)}

    def leaf(ctx: Context, goal: Term) -> Theorem:
        return bounded(ctx, goal)

    raise NotImplementedError
