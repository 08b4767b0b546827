"""What the propositions on Table 1 share: a row as an instance of Eq. 1, its assumptions, its gradient, its proof.

Log-probabilities are the primitive, as in code: logpi(i, t, θ) = log π_θ(y_{i,t}|x, y_{i,<t}), a differentiable
function of one real coordinate θ of the parameters, with slope `score`; so every probability is positive. Eq. 1 is
taken for one group: its expectation is over groups from π_old, which is free of θ, so that each identity holds under
it as well. A_i is any number; what the paper leaves to its sources (masks, λ, δ, σ(r)) is any number that does not
move with θ.

`kept(i, t)` is 1 inside the clip and 0 beyond the bound that A_i favours (R_clip of Eq. 28). R is summed with weights
w(i, t), since Table 1 does not say how D_KL is summed. Under a stop-gradient, log π_θ is `lognow`.
"""

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import sympy as sp

from theory import kernel as k
from theory.decide import Goal
from theory.fontana2026.unified import (
    G,
    a,
    by_sign,
    clipped_term,
    factors,
    i,
    logold,
    logpi,
    low,
    n,
    one,
    s,
    score,
    t,
    term_by_sign,
    theta,
    u,
    up,
)
from theory.kernel import Theorem, mk, subst
from theory.kernel.terms import ONE, le
from theory.language import ForAll, derivative, equals, family, reals, term
from theory.tactics import Context, discharge
from theory.tactics.clip import Clipped, clipped_derivative, over_range
from theory.tactics.logic import conjunction, with_slope

sigma, beta = reals("sigma beta")
A, kept, w = (family(x) for x in ("A", "kept", "w"))
logref = family("logref")

LOGPI, SCORE_ = logpi(i, t, theta), score(i, t, theta)
RATIO = sp.exp(LOGPI - logold(i, t))  # I = π_θ/π_old
SEQUENCE = sp.exp(sp.Sum(logpi(i, u, theta) - logold(i, u), (u, 1, n(i))))  # π_θ(y_i|x_i)/π_old(y_i|x_i)
ALPHA_S = 1 / (G * n(i) * sigma)
D_KL = sp.exp(logref(i, t) - LOGPI) - (logref(i, t) - LOGPI) - 1
ZERO = sp.Integer(0)


def over_tokens(f: Any) -> sp.Expr:
    """Σ_i Σ_t f, over the group and the tokens of each completion."""
    return sp.Sum(f, (t, 1, n(i)), (i, 1, G))


def for_tokens(claim: sp.Basic) -> sp.Basic:
    return ForAll(i, 1, G, ForAll(t, 1, n(i), claim))


# -- assumptions, with a model and a case for each ---------------------------------------------------------------------

BOUNDS = "the clip range is not empty"
SMOOTH = "log-probabilities are differentiable"
STATE = "kept is 1 inside the clip and 0 beyond it"
OFF = "no ratio is on the bound that its advantage favours"
SCALE = "sigma > 0: the rewards are not all equal"
TOKENS = "no completion is empty"
UNSTATED = (BOUNDS, SMOOTH, OFF, SCALE, TOKENS)


def unstated(assumptions: Mapping[str, Any], *more: str) -> tuple[str, ...]:
    """Those of the assumptions that the paper does not state."""
    return tuple(name for name in assumptions if name in (*UNSTATED, *more))


def clip_state(ratio: sp.Expr, inside: Any = None, everywhere: Any = for_tokens) -> dict[str, sp.Basic]:
    """The definition of `kept` for a ratio, and that no ratio is where neither of its sides holds."""
    inside = kept(i, t) if inside is None else inside

    def by_side(below: sp.Basic, above: sp.Basic) -> sp.Basic:
        return sp.And(sp.Implies(below, sp.Eq(inside, 1)), sp.Implies(above, sp.Eq(inside, 0)))

    gain, loss = by_side(ratio < 1 + up, ratio > 1 + up), by_side(ratio > 1 - low, ratio < 1 - low)
    gain_tie, loss_tie = (sp.Ne(ratio, bound, evaluate=False) for bound in (1 + up, 1 - low))
    return {
        STATE: everywhere(sp.And(sp.Implies(A(i) > 0, gain), sp.Implies(A(i) < 0, loss))),
        OFF: everywhere(sp.And(sp.Implies(A(i) > 0, gain_tie), sp.Implies(A(i) < 0, loss_tie))),
    }


DIFFERENTIABLE = {SMOOTH: for_tokens(derivative(LOGPI, theta, SCORE_))}
POSITIVE_SCALE = {SCALE: sigma > 0}
NO_EMPTY = {TOKENS: ForAll(i, 1, G, n(i) >= 1)}


def assumed(ratio: sp.Expr, *more: dict[str, sp.Basic]) -> dict[str, sp.Basic]:
    """What a row with this ratio assumes."""
    out = {BOUNDS: low + up >= 0}
    for further in more:
        out |= further
    return out | DIFFERENTIABLE | clip_state(ratio)


def shifted(*rows: list[Any]) -> Any:
    """Log-probabilities θ plus a table; every score is 1."""

    def log_probability(i: Any, t: Any, theta: Any) -> Any:
        return theta + Fraction(rows[int(i) - 1][int(t) - 1])

    log_probability.__doc__ = f"theta plus {[[str(x) for x in row] for row in rows]}"
    return log_probability


def zero(*_: Any) -> Fraction:
    """0"""
    return Fraction(0)


# Lengths 1 and 2; ratios e (A > 0, beyond the clip), 1 (inside) and 1/e (A < 0, beyond).
MODEL: dict[str, Any] = {
    "G": 2, "n": [1, 2], "theta": 0, "logpi": shifted([-2], [-2, -2]), "score": one, "logold": [[-3], [-2, -1]],
    "A": ["1/2", "-1/2"], "kept": [[0], [1, 0]], "epsilon_low": "1/5", "epsilon_up": "1/5", "s": 1, "a": -1,
    "sigma": "1/2", "beta": 1, "w": [[1], [1, 1]], "logref": [[-2], [-2, -2]],
}  # fmt: skip
DROPS: dict[str, Any] = {
    BOUNDS: {"epsilon_low": "-1/2", "epsilon_up": 0, "kept": [[0], [0, 0]]},
    SMOOTH: {"score": zero},
    STATE: {"kept": [[1], [1, 0]]},
    OFF: {"epsilon_up": 0, "logold": [[-2], [-2, -1]]},
    SCALE: {"sigma": 0},
    TOKENS: {"n": [1, -1]},
}


def needed(names: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    """For each assumption that `DROPS` knows, the model, changed so that the others hold and the claim breaks."""
    return {name: MODEL | more | DROPS[name] for name in names if name in DROPS}


# -- the statement and its proof ---------------------------------------------------------------------------------------


def instance(alpha: sp.Expr, ratio: sp.Expr, penalty: sp.Expr = ZERO, slope: sp.Expr = ZERO, *more: sp.Basic) -> sp.Basic:
    """Eq. 1 with these α, s and R: its term by the sign of A, and its gradient Σ Σ α s A ∇log π inside the clip - β
    ∇R."""
    return sp.And(
        equals(clipped_term(s, a), by_sign(s, a)),
        derivative(
            over_tokens(alpha * by_sign(ratio, A(i))) - beta * penalty,
            theta,
            over_tokens(alpha * ratio * A(i) * kept(i, t) * SCORE_) - beta * slope,
        ),
        *more,
    )


def at_token(goal: Context) -> Context:
    """The context in which i is a completion and t one of its tokens."""
    return goal.assuming(*(p for x, top in ((i, G), (t, n(i))) for p in (le(ONE, term(x)), le(term(x), term(top)))))


def summed(token: Theorem) -> Theorem:
    """From a derivative at every token to that of Σ_i Σ_t."""
    return over_range(token, (term(t), ONE, term(n(i))), (term(i), ONE, term(G)))


def for_all_tokens(th: Theorem) -> Theorem:
    """From a theorem at every token to the same for all i and t."""
    for x, top in ((t, n(i)), (i, G)):
        span = mk("and", le(ONE, term(x)), le(term(x), term(top)))
        parts = [k.and_elim(k.assume(span), m) for m in (0, 1)]
        th = k.all_intro(term(x), k.imp_intro(span, discharge(th, parts)))
    return th


def token_slope(goal: Goal, value: sp.Expr, slope: sp.Expr) -> Theorem:
    """The derivative at a token of what depends on log π alone."""
    here = at_token(goal)
    scored = here.at(goal.given[SMOOTH], term(i), term(t))
    return with_slope(here, k.diff(term(theta), term(value), term(theta), [scored]), term(slope))


def clipped_token(goal: Goal, alpha: sp.Expr, ratio: sp.Expr, slope: sp.Expr, ratio_slope: Theorem) -> Theorem:
    """The derivative of α by_sign(s, A) at a token, by the sign of A and the side of the bound."""
    here = at_token(goal)
    state, off = (here.at(goal.given[name], term(i), term(t)) for name in (STATE, OFF))
    f = Clipped(term(alpha), factors(ratio, A(i)), *map(term, (A(i), ratio, 1 - low, 1 + up)))
    return clipped_derivative(here, term(theta), f, term(slope), ratio_slope, state, off)


def whole(goal: Goal, *sums: Theorem, more: tuple[Theorem, ...] = (), bounds: tuple[str, ...] = (BOUNDS,)) -> Theorem:
    """The claim, from the derivatives of its sums and of R, and what else it says; `bounds` order the clip range."""
    v = term(theta)
    parts = [term_by_sign(*(goal.given[name].concl for name in bounds)), *more]
    for bound, objective, _, slope in (p.args for p in goal.claim.args if p.op == "deriv"):
        parts.append(with_slope(goal, k.diff(v, subst(objective, {bound: v}), v, list(sums)), slope))
    return conjunction(goal.claim, *parts)


def prove_instance(goal: Goal, alpha: sp.Expr, ratio: sp.Expr, *penalty: Theorem, more: tuple[Theorem, ...] = ()) -> Theorem:
    """A row whose s has the slope s score; `penalty` is the derivative of R."""
    slope = alpha * ratio * A(i) * kept(i, t) * SCORE_
    tokens = summed(clipped_token(goal, alpha, ratio, slope, token_slope(goal, ratio, ratio * SCORE_)))
    return whole(goal, tokens, *penalty, more=more)
