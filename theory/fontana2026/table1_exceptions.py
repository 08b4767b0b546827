"""Section 3, Table 1: GPG and CISPO, whose printed row is no instance of Eq. 1 with s = k π_θ, k free of θ (Eq. 12).

They print s = log π_θ and s = sg[I] log π_θ. Neither is a multiple of π_θ: the gradient has the weight α, or α sg[I],
and not α s, which is negative. Moreover log π_θ <= 0 is below every clip range, so that Eq. 1 would silence every
completion of negative advantage. What holds: without min and clip, or with s = π_θ/sg[π_θ], or s = sg[clip(I)]
π_θ/sg[π_θ] and a wider clip, both are instances of Eq. 1. Symbols and assumptions: `table1_form`.
"""

from typing import Any

import sympy as sp

from theory.decide import Goal
from theory.fontana2026.table1_form import (
    DIFFERENTIABLE,
    LOGPI,
    NO_EMPTY,
    POSITIVE_SCALE,
    SCALE,
    SCORE_,
    SMOOTH,
    TOKENS,
    A,
    assumed,
    at_token,
    for_tokens,
    instance,
    over_tokens,
    shifted,
    sigma,
    summed,
    token_slope,
    unstated,
    whole,
)
from theory.fontana2026.unified import (
    G,
    a,
    by_sign,
    clipped_term,
    factors,
    i,
    j,
    lognow,
    logold,
    low,
    n,
    one,
    s,
    t,
    theta,
    up,
)
from theory.kernel import Term, Theorem
from theory.kernel.terms import ZERO, lt
from theory.language import derivative, equals, family, maximum, minimum, reals, term
from theory.proposition import proposition, refuted
from theory.tactics import Context
from theory.tactics.clip import Clipped, clipped_derivative, exp_of_zero, within
from theory.tactics.logic import with_slope

alpha_hat, norm, inner_low, inner_up = reals("alpha_hat F_norm e_low e_up")
M = family("M")
TOTAL = sp.Sum(n(j), (j, 1, G))
GROUP = {"Eq. 2": equals(sp.Sum(A(i), (i, 1, G)), 0)}
IDENTITY = equals(clipped_term(s, a), by_sign(s, a))

NORM = {"F_norm > 0": norm > 0}

# -- GPG ---------------------------------------------------------------------------------------------------------------

GPG_ALPHA = alpha_hat / (norm * TOTAL)
# Two completions of one token, log π = -1, α = 1/2.
GPG_CASE = {
    "G": 2, "n": [1, 1], "theta": 0, "logpi": shifted([-1], [-1]), "score": one, "A": ["1/2", "-1/2"],
    "kept": [[1], [0]], "epsilon_low": "1/5", "epsilon_up": "1/5", "s": 1, "a": 1, "alpha_hat": 1, "F_norm": 1
}  # fmt: skip

refuted(
    "fontana2026.table1.gpg",
    title="GPG's row is an instance of Eq. 1, with the gradient Σ Σ α s A ∇log π of Eq. 15",
    source="Section 3, Table 1, row GPG; Eq. 12, 14, 15",
    printed="α = α̂/(F_norm Σ|o_i|), s = log π_θ, no R",
    assumptions=(GPG_ROW := assumed(LOGPI, GROUP, NORM, NO_EMPTY)),
    unstated=unstated(GPG_ROW, *NORM),
    statement=instance(GPG_ALPHA, LOGPI),
    witness=GPG_CASE,
    module=__name__,
    repair="fontana2026.table1.gpg.repaired",
    finding="Two completions of one token, A = (1/2, -1/2), log π_θ = -1 and α = 1/2: ∇log π = 1 in both. The "
    "derivative of α A log π_θ for the first is (1/2)(1/2) = 1/4, where α s A ∇log π says (1/2)(-1)(1/2) = -1/4: s "
    "= log π_θ is no k π_θ, and the weight has the wrong sign. For the second see table1.gpg.clip.",
)

refuted(
    "fontana2026.table1.gpg.clip",
    title="put into the min and clip of Eq. 1, GPG's row has the gradient of GPG",
    source="Section 3, Table 1, row GPG, against the method that it names",
    printed="∇ Σ Σ α min( s A, clip(s) A ) = Σ Σ α A ∇log π_θ for s = log π_θ",
    assumptions=GPG_ROW,
    unstated=unstated(GPG_ROW, *NORM),
    statement=derivative(over_tokens(GPG_ALPHA * by_sign(LOGPI, A(i))), theta, over_tokens(GPG_ALPHA * A(i) * SCORE_)),
    witness=GPG_CASE,
    module=__name__,
    repair="fontana2026.table1.gpg.repaired",
    finding="In the same case the second completion, A = -1/2, has s = -1 < 4/5: min(1/2, -2/5) is the constant "
    "-2/5, whose gradient is 0, where GPG has α A ∇log π = -1/4. As log π_θ <= 0 is below 1 - ε_low for every ε_low "
    "< 1, this silences every completion of negative advantage; the sum over the group is 1/4 in place of 0.",
)

UNIT = sp.exp(LOGPI - lognow(i, t))  # π_θ/sg[π_θ]: 1 in value, with the gradient ∇log π
STOPPED = "lognow is the value of logpi at theta"
STOP = {STOPPED: for_tokens(equals(lognow(i, t), LOGPI))}
OPEN = {"lower half-width": low > 0, "upper half-width": up > 0}


def weighted(alpha: sp.Expr, weight: sp.Expr) -> sp.Basic:
    """Σ Σ α A c log π, and Eq. 1 with s = c π/sg[π], both have the gradient Σ Σ α A c ∇log π."""
    slope = over_tokens(alpha * weight * A(i) * SCORE_)
    return sp.And(
        IDENTITY,
        derivative(over_tokens(alpha * weight * A(i) * LOGPI), theta, slope),
        derivative(over_tokens(alpha * by_sign(weight * UNIT, A(i))), theta, slope),
    )


def in_range(x: Term) -> tuple[Term, Term]:
    """x lies strictly between the bounds of Eq. 1."""
    return lt(term(1 - low), x), lt(x, term(1 + up))


def prove_weighted(goal: Goal, alpha: sp.Expr, weight: sp.Expr, *bounds: str) -> Theorem:
    """s = c lies strictly inside the clip range, as the assumptions `bounds` say, so min and clip leave it alone."""
    here, ratio = at_token(goal), weight * UNIT
    stopped = here.at(goal.given[STOPPED], term(i), term(t))
    unit = exp_of_zero(here.equal(term(LOGPI - lognow(i, t)), ZERO, stopped))
    value = here.equal(term(ratio), term(weight), unit)
    ordered = Context(goal.given[name] for name in bounds)
    inside = [
        Context([value, within(ordered, bound)]).arith(claim)
        for bound, claim in zip(in_range(term(weight)), in_range(term(ratio)), strict=True)
    ]
    slope = alpha * weight * A(i) * SCORE_
    f = Clipped(term(alpha), factors(ratio, A(i)), *map(term, (A(i), ratio, 1 - low, 1 + up)))
    ratio_slope = with_slope(here, token_slope(goal, ratio, ratio * SCORE_), term(weight * SCORE_), unit)
    clipped = clipped_derivative(here.with_facts(*inside), term(theta), f, term(slope), ratio_slope, None, None)
    plain = token_slope(goal, alpha * weight * A(i) * LOGPI, slope)
    return whole(goal, summed(clipped), summed(plain), bounds=bounds)


def number(i: Any, *_: Any) -> Any:
    """the number of the completion"""
    return i


GPG = OPEN | NORM | NO_EMPTY | STOP | DIFFERENTIABLE
GPG_MODEL = GPG_CASE | {"lognow": [[-1], [-1]]}


@proposition(
    "fontana2026.table1.gpg.repaired",
    title="GPG is Σ Σ α A log π_θ without min and clip, or Eq. 1 with s = π_θ/sg[π_θ]: its weight is α",
    source="Section 3, Table 1, row GPG, corrected",
    printed="∇ Σ Σ α A log π_θ = ∇ Σ Σ α min( s A, clip(s) A ) = Σ Σ α A ∇log π_θ for s = sg[1/π_θ] π_θ",
    assumptions=GPG,
    unstated=unstated(GPG, *OPEN, *NORM),
    statement=weighted(GPG_ALPHA, sp.Integer(1)),
    model=GPG_MODEL,
    drops={
        SMOOTH: GPG_MODEL | {"score": number},
        STOPPED: GPG_MODEL | {"lognow": [[-2], [-1]]},
        "lower half-width": GPG_MODEL | {"epsilon_low": 0},
        "upper half-width": GPG_MODEL | {"epsilon_up": 0},
        "F_norm > 0": GPG_MODEL | {"F_norm": 0},
        TOKENS: GPG_MODEL | {"n": [1, -1]},
    },
    not_claimed="that the two objectives have the same value: Σ Σ α A log π_θ and Σ Σ α A",
)
def gpg(goal: Goal) -> Theorem:
    return prove_weighted(goal, GPG_ALPHA, sp.Integer(1), *OPEN)


# -- CISPO -------------------------------------------------------------------------------------------------------------

CISPO_ALPHA = M(i, t) / (sigma * TOTAL)
NOW = sp.exp(lognow(i, t) - logold(i, t))  # sg[I]
CISPO_S = NOW * LOGPI
CISPO_CASE = GPG_CASE | {"M": [[1], [1]], "sigma": "1/2", "lognow": [[-1], [-1]], "logold": [[-1], [-1]]}

refuted(
    "fontana2026.table1.cispo",
    title="CISPO's row is an instance of Eq. 1, with the gradient Σ Σ α s A ∇log π of Eq. 15",
    source="Section 3, Table 1, row CISPO; Eq. 12, 14, 15",
    printed="α = M_{i,t}/(σ(r) Σ|o_i|), s = sg[I] · log π_θ, no R",
    assumptions=(CISPO_ROW := assumed(CISPO_S, POSITIVE_SCALE, GROUP, STOP, NO_EMPTY)),
    unstated=unstated(CISPO_ROW),
    statement=instance(CISPO_ALPHA, CISPO_S),
    witness=CISPO_CASE,
    module=__name__,
    repair="fontana2026.table1.cispo.repaired",
    finding="On policy I = 1, so s = log π_θ as in GPG: two completions of one token, A = (1/2, -1/2), σ(r) = 1/2, "
    "log π_θ = -1, α = 1/(1/2 · 2) = 1. The derivative of α A sg[I] log π_θ for the first is 1/2, where α s A ∇log "
    "π says -1/2: the weight has the wrong sign. For the second see table1.cispo.clip.",
)

refuted(
    "fontana2026.table1.cispo.clip",
    title="put into the min and clip of Eq. 1, CISPO's row has the gradient of CISPO",
    source="Section 3, Table 1, row CISPO, against the method that it names",
    printed="∇ Σ Σ α min( s A, clip(s) A ) = Σ Σ α sg[I] A ∇log π_θ for s = sg[I] log π_θ, on policy",
    assumptions=CISPO_ROW,
    unstated=unstated(CISPO_ROW),
    statement=derivative(
        over_tokens(CISPO_ALPHA * by_sign(CISPO_S, A(i))), theta, over_tokens(CISPO_ALPHA * NOW * A(i) * SCORE_)
    ),
    witness=CISPO_CASE,
    module=__name__,
    repair="fontana2026.table1.cispo.repaired",
    finding="In the same case the second completion, A = -1/2, has s = -1 < 4/5: min(1/2, -2/5) is the constant -2/5 "
    "and its gradient 0, where CISPO has sg[I] α A ∇log π = -1/2. CISPO clips the detached weight sg[I], so that "
    "every token keeps a gradient; in Eq. 1 every completion of negative advantage loses its own.",
)

CLIPPED_WEIGHT = minimum(maximum(NOW, 1 - inner_low), 1 + inner_up)  # sg[clip(I)]
INNER = {
    "the clip range of the weight is not empty": inner_low + inner_up >= 0,
    "its lower bound is inside that of Eq. 1": inner_low < low,
    "its upper bound is inside that of Eq. 1": inner_up < up,
}
CISPO = INNER | POSITIVE_SCALE | NO_EMPTY | STOP | DIFFERENTIABLE
# Weights e, clipped to 6/5, and 1; Eq. 1 has the wider range 1/2..3/2.
CISPO_MODEL = CISPO_CASE | {
    "logold": [[-2], [-1]],
    "epsilon_low": "1/2",
    "epsilon_up": "1/2",
    "e_low": "1/5",
    "e_up": "1/5",
}


@proposition(
    "fontana2026.table1.cispo.repaired",
    title="CISPO is Σ Σ α A sg[clip(I)] log π_θ, or Eq. 1 with s = sg[clip(I)/π_θ] π_θ and a wider clip: its weight is α clip(I)",
    source="Section 3, Table 1, row CISPO, corrected",
    printed="∇ Σ Σ α A sg[clip(I)] log π_θ = ∇ Σ Σ α min( s A, clip(s) A ) = Σ Σ α clip(I) A ∇log π_θ for s = "
    "sg[clip(I)/π_θ] π_θ",
    assumptions=CISPO,
    unstated=unstated(CISPO, *INNER),
    statement=weighted(CISPO_ALPHA, CLIPPED_WEIGHT),
    model=CISPO_MODEL,
    drops={
        SMOOTH: CISPO_MODEL | {"score": number},
        STOPPED: CISPO_MODEL | {"lognow": [[-2], [-1]]},
        "the clip range of the weight is not empty": CISPO_MODEL | {"e_low": 0, "e_up": "-3/5"},
        "its lower bound is inside that of Eq. 1": CISPO_MODEL | {"logold": [[-1], [0]], "epsilon_low": "1/5"},
        "its upper bound is inside that of Eq. 1": CISPO_MODEL | {"epsilon_up": "1/5"},
        SCALE: CISPO_MODEL | {"sigma": 0},
        TOKENS: CISPO_MODEL | {"n": [1, -1]},
    },
    not_claimed="that the row prints this: the clip on the weight is CISPO's own. If it coincides with the clip of "
    "Eq. 1, a token whose weight is clipped stands on a kink of Eq. 1",
)
def cispo(goal: Goal) -> Theorem:
    return prove_weighted(goal, CISPO_ALPHA, CLIPPED_WEIGHT, *INNER)
