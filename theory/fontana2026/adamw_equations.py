"""Section 5, Eq. 4: what the paper prints as the update of AdamW, and what it is.

One coordinate theta of the parameters, gradients g(1), g(2), .. of the objective J that is maximised, moments m and v.
AdamW is what Appendix C of the paper, Algorithm 2 of arXiv 1711.05101 and `torch.optim.AdamW` agree on. Step counts are
symbolic. The printed equations differ from it in the sign of the weight decay (Eq. 4), and in a bias correction inside
the recursion instead of behind it (Eq. 5 and 6, see `adamw_moments`).
"""

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import sympy as sp

from theory import kernel as k
from theory.decide import Goal
from theory.kernel import Theorem
from theory.kernel.terms import ONE, ZERO, mk, subst
from theory.kernel.theorem import same
from theory.language import ForAll, equals, family, formula, integers, reals, term
from theory.proposition import proposition, refuted
from theory.tactics import Context
from theory.tactics.adam import (
    W,
    at_step,
    by_steps,
    congruence,
    defining,
    each,
    equations,
    powers,
    root_floor,
    square_average,
)
from theory.tactics.powers import square_positive

n, i, t = integers("n i t")
xi, lam, eps, theta, b, b1, b2, mhat, vhat = reals("xi lam eps theta beta beta1 beta2 mhat vhat")
g, m, v, m_loss, v_loss = (family(x) for x in ("g", "m", "v", "m_loss", "v_loss"))

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
    finding="The printed decay +ξλθ lets the weights grow, where AdamW's -ξλθ (and the paper's own Appendix C) shrinks "
    "them: with m̂ = 0, θ = 1 and ξ = λ = 1/10, Eq. 4 gives 1.01 and AdamW 0.99. No choice between ascent and descent "
    "mends this, for that choice only sets the sign of the m̂-term.",
)

RUN: dict[str, Any] = {"n": 1, "beta1": "1/2", "beta2": "3/4", "eps": 1, "xi": "1/4", "lam": "1/2", "theta": 1}
RUN |= {"g": [2], "m": from_zero(0, 1), "v": from_zero(0, 1), "m_loss": from_zero(0, -1), "v_loss": from_zero(0, 1)}


@proposition(
    "fontana2026.eq4.repaired",
    title="the step of Appendix C on the loss -J ascends J and shrinks the weights by the factor 1 - ξλ",
    source="Section 5, Eq. 4, corrected by Appendix C",
    printed="Eq. 4 with - ξ λ θ_{t-1}; in Appendix C, for the loss: Δθ = -ξ m̂/(√v̂+ε) - ξ λ θ_{t-1}",
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
        squares = {p: square_average(ctx, defining(moments, p)) for p in (term(v(t + 1)), term(v_loss(t + 1)))}
        return each(ctx, subst(claim, {now: following}), known, lambda p: squares[p.args[1]])

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
    statement=sp.And((theta + xi * lam * theta) ** 2 > theta**2, theta**2 > (theta - xi * lam * theta) ** 2, evaluate=False),
    model={"xi": "1/10", "lam": "1/10", "theta": 1},
    drops={
        "ξλ is positive": {"xi": "1/10", "lam": 0, "theta": 1},
        "ξλ is below 2": {"xi": 2, "lam": 1, "theta": 1},
        "the weight is not 0": {"xi": 1, "lam": 1, "theta": 0},
    },
)
def growth_and_decay(goal: Goal) -> Theorem:
    """With x = ξλ: (1+x)^2 - 1 = x (2+x) and 1 - (1-x)^2 = x (2-x), times θ^2."""
    square = square_positive(term(theta), goal.given["the weight is not 0"])
    rate, high = goal.given["ξλ is positive"], goal.given["ξλ is below 2"]
    growth, decay = [(2 * W, ONE, [rate, square]), (W, ONE, [rate, rate, square])], [(W, ONE, [rate, high, square])]
    before = mk("pow", term(theta), 2)
    return k.and_intro([k.sos(p, growth if same(p.args[0], before) else decay, [], []) for p in goal.claim.args])
