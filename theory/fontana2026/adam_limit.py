"""Appendix C, Eq. 27, and the remark on ε in Section 5: what is left of the reward's scale while ε is not 0.

mhat and vhat are the bias-corrected moments at the rewards r; by Prop. 6 those at φ r are φ mhat and φ² vhat, so that
the update at φ r is -ξ φ m̂/(φ√v̂ + ε) - ξλθ. S stands for √v̂ below.
"""

from fractions import Fraction

import sympy as sp

from theory import kernel as k
from theory.decide import Goal
from theory.fontana2026.adamw_equations import eps, lam, mhat, theta, vhat, xi
from theory.kernel import Term, Theorem
from theory.kernel.terms import ONE, ZERO, add, inv, le, lt, mk, mul, subst
from theory.kernel.theorem import same
from theory.language import derivative, equals, reals, tends, term
from theory.proposition import proposition, refuted, shown
from theory.tactics import MINUS, Context
from theory.tactics.adam import W, with_limit
from theory.tactics.logic import by_branches

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
    finding="The limit is right, its last equality is not: Δθ_t keeps the +ε in its denominator, which only the scaled "
    "update loses as φ grows. With m̂ = v̂ = ε = ξ = 1 and λ = 0 the limit is -1, but Δθ_t = -1/2: that both agree "
    "needs ε small against √v̂ itself, not only against φ√v̂.",
)

UNIT = {"mhat": 1, "vhat": 1, "eps": 1, "xi": 1, "lam": 0, "theta": 0, "phi": 2}


@proposition(
    "fontana2026.eq27.repaired",
    title="Δθ* is Δθ with ε/φ; it loses ε as φ → ∞, Δθ as ε → 0; and how far they are apart in between",
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
    whole = goal.arith(lt(ZERO, term(phi * S + eps)))
    goal.know(whole, k.sos(lt(ZERO, term((phi * S + eps) ** 2)), [(W, ONE, [whole, whole])], [], []))
    goal.define(*goal.facts)


# -- how much of the scale is left -------------------------------------------------------------------------------------

change = S / (S + eps / phi) - S / (S + eps)  # of the ε-free step ξ m̂/√v̂, when rewards are multiplied by φ
largest = sp.Max(eps, eps / phi)


@proposition(
    "fontana2026.eq27.bound",
    title="φ changes the update by at most the fraction M/(√v̂+M) of the ε-free step ξ m̂/√v̂, for M = max(ε, ε/φ)",
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
    not_claimed="that the bound is reached: for φ ≥ 1 the change tends to it as φ → ∞",
)
def change_is_small(goal: Goal) -> Theorem:
    """With P = 1/(S+x), Q = 1/(S+y), for x = ε, y = ε/φ: the change is SQ - SP = xP - yQ = S (x-y) P Q."""
    sizes(goal)
    size, x, y = term(S), term(eps), term(eps / phi)
    inverses = {a: inv(add(size, a)) for a in (x, y)}
    ones = {a: goal.equal(mul(add(size, a), inverses[a]), ONE) for a in (x, y)}

    def leaf(ctx: Context, p: Term) -> Theorem:
        high, low = (x, y) if any(same(th.concl, lt(y, x)) for th in ctx.facts) else (y, x)
        one, other, equal = inverses[high], inverses[low], [ones[high], ones[low]]
        positive = [k.inv_positive(ctx.prove(lt(ZERO, add(size, a)))) for a in (high, low)]
        toward = [(W, ONE, [ctx.prove(le(ZERO, low)), positive[1]])]
        away = [(W, ONE, [ctx.prove(le(ZERO, high)), positive[0]])]
        away += [(W, ONE, [ctx.prove(lt(ZERO, size)), ctx.prove(le(low, high)), *positive])]
        try:
            return k.sos(p, toward, equal, [ONE, MINUS])
        except k.Refused:
            return k.sos(p, away, equal, [mul(MINUS, size, other), mul(size, one)])

    above = by_branches(goal, lt(ZERO, term(S + largest)), lambda ctx, p: ctx.arith(p))
    goal.define(above)
    bounds = [by_branches(goal, p, leaf) for p in goal.claim.args if p.op == "le"]
    return goal.with_facts(*bounds).prove(goal.claim)


@proposition(
    "fontana2026.s5b.elasticity",
    title="one per cent more reward moves the step by ε/(φ√v̂+ε) per cent",
    source="Section 5, the remark on ε",
    printed="some RL code uses 1e-5, which can bring the sensitivity back",
    statement=derivative(phi * mhat / (phi * S + eps), phi, mhat / (phi * S + eps) * (eps / (phi * S + eps))),
    assumptions=POSITIVE,
    unstated=("a second moment", "ε is not negative"),
    model=UNIT,
    drops={
        "a second moment": UNIT | {"vhat": 0, "eps": 0},
        "φ is positive": UNIT | {"phi": -1},
        "ε is not negative": UNIT | {"eps": -2},
    },
    not_claimed="anything about later steps, at which the two runs stand at different parameters",
)
def sensitivity(goal: Goal) -> Theorem:
    """The quotient rule."""
    sizes(goal)
    x, nonzero = term(phi), k.negate(goal.prove(lt(ZERO, term(phi * S + eps))))
    slope = k.diff(x, term(phi * mhat / (phi * S + eps)), x, [nonzero])
    (bound, f, at, found), hole = slope.concl.args, term(theta)
    return k.rewrite(goal.equal(found, goal.claim.args[3]), slope, hole, mk("deriv", at, subst(f, {bound: at}), at, hole))


def first_step(gradient: sp.Expr, epsilon: Fraction) -> sp.Expr:
    """The first step of Adam for a positive gradient, in units of ξ: m̂ = √v̂ = g."""
    return gradient / (gradient + sp.Rational(epsilon))


PYTORCH, LARGE = Fraction(1, 10**8), Fraction(1, 10**5)

shown(
    "fontana2026.s5b",
    title="there is a gradient whose first step grows by less than 1 % with φ for ε = 1e-8, but 5 times for ε = 1e-5",
    source="Section 5, the remark on ε",
    printed="PyTorch's ε is 1e-8; some RL code uses 1e-5, which can bring the sensitivity back",
    statement=sp.And(
        first_step(phi * g, PYTORCH) <= sp.Rational(101, 100) * first_step(g, PYTORCH),
        first_step(phi * g, LARGE) >= 5 * first_step(g, LARGE),
    ),
    witness={"g": Fraction(1, 10**6), "phi": 10},
    module=__name__,
    not_claimed="that gradients of RL fine-tuning are this small; the default of PyTorch is read in the evidence",
)
