"""Section 3, Table 1: GCPO, whose row prints the ratio of the whole sequence.

It is no instance of Eq. 1 with s = k π_θ, k free of θ (Eq. 12): the factor k of one token is the ratio of the others.
Eq. 1 adds it up over |o_i| tokens, which gives each token the weight α |o_i| s in place of α s; with one term per
completion it is α s.

Symbols and assumptions: `table1_form`. Here `kept(i)` is 1 where the ratio of completion i is inside the clip, 0
beyond it.
"""

import sympy as sp

from theory import kernel as k
from theory.decide import Goal
from theory.fontana2026.table1_exceptions import GROUP, IDENTITY
from theory.fontana2026.table1_form import (
    BOUNDS,
    DIFFERENTIABLE,
    OFF,
    POSITIVE_SCALE,
    SCALE,
    SEQUENCE,
    SMOOTH,
    STATE,
    A,
    assumed,
    clip_state,
    instance,
    kept,
    over_tokens,
    shifted,
    sigma,
    unstated,
    whole,
    zero,
)
from theory.fontana2026.unified import G, by_sign, factors, i, logold, logpi, low, n, one, score, t, theta, u, up
from theory.kernel import Theorem
from theory.kernel.terms import ONE, ZERO, le, lt
from theory.language import ForAll, derivative, term
from theory.proposition import proposition, refuted
from theory.tactics import discharge
from theory.tactics.clip import Clipped, clipped_derivative, over_range
from theory.tactics.logic import with_slope

GCPO_ALPHA = 1 / (sigma * G)
# On policy, two completions of two tokens and one, A = (1/2, -1/2), α = 1/(1/2 · 2) = 1; every score is 1.
GCPO_CASE = {
    "G": 2, "n": [2, 1], "theta": 0, "logpi": shifted([-1, -1], [-1]), "logold": [[-1, -1], [-1]], "score": one,
    "A": ["1/2", "-1/2"], "kept": [[1, 1], [1]], "epsilon_low": "1/5", "epsilon_up": "1/5", "s": 1, "a": -1,
    "sigma": "1/2",
}  # fmt: skip

refuted(
    "fontana2026.table1.gcpo",
    title="GCPO's row is an instance of Eq. 1, with the gradient Σ Σ α s A ∇log π of Eq. 15",
    source="Section 3, Table 1, row GCPO; Eq. 12, 14, 15",
    printed="α = 1/(σ(r) G), s = π_θ(y_i|x_i)/π_old(y_i|x_i) (sequence level), no R",
    assumptions=(GCPO_ROW := assumed(SEQUENCE, POSITIVE_SCALE, GROUP)),
    unstated=unstated(GCPO_ROW),
    statement=instance(GCPO_ALPHA, SEQUENCE),
    witness=GCPO_CASE,
    module=__name__,
    repair="fontana2026.table1.gcpo.repaired",
    finding="The factor k of the first token is π_θ(y_2)/(π_old(y_1) π_old(y_2)), which moves with θ: with π_old = "
    "1/2 it is 2 at π_θ(y_2) = 1/2, and 1 at 1/4. On policy, with completions of two tokens and one, A = (1/2, "
    "-1/2), α = 1 and every ∇log π = 1, Eq. 1 has two terms s_1 A_1 whose gradient is 2 · 1/2 each, so 2 - 1/2 = "
    "3/2, where α s A ∇log π adds up to 1/2.",
)

CLIP_STATE = clip_state(SEQUENCE, kept(i), lambda claim: ForAll(i, 1, G, claim))
GCPO = {BOUNDS: low + up >= 0} | POSITIVE_SCALE | DIFFERENTIABLE | CLIP_STATE
GCPO_MODEL = GCPO_CASE | {"kept": [1, 1]}
SEQUENCE_SCORE = sp.Sum(score(i, u, theta), (u, 1, n(i)))
GCPO_SLOPE = GCPO_ALPHA * SEQUENCE * A(i) * kept(i) * SEQUENCE_SCORE
GCPO_DROPS = {
    BOUNDS: GCPO_MODEL | {"epsilon_low": "-1/2", "epsilon_up": "-1/4", "kept": [0, 0]},
    SMOOTH: GCPO_MODEL | {"score": zero},
    STATE: GCPO_MODEL | {"kept": [1, 0]},
    OFF: GCPO_MODEL | {"epsilon_up": 0},
    SCALE: GCPO_MODEL | {"sigma": 0},
}


def sequence_term(goal: Goal) -> Theorem:
    """The derivative of α by_sign(s_i, A_i) for the sequence ratio of completion i."""
    here, v = goal.assuming(le(ONE, term(i)), le(term(i), term(G))), term(theta)
    inside = here.assuming(le(ONE, term(u)), le(term(u), term(n(i))))
    scored = inside.at(goal.given[SMOOTH], term(i), term(u))
    token = with_slope(inside, k.diff(v, term(logpi(i, u, theta) - logold(i, u)), v, [scored]), term(score(i, u, theta)))
    tokens = over_range(token, (term(u), ONE, term(n(i))))
    ratio_slope = with_slope(here, k.diff(v, term(SEQUENCE), v, [tokens]), term(SEQUENCE * SEQUENCE_SCORE))
    f = Clipped(term(GCPO_ALPHA), factors(SEQUENCE, A(i)), *map(term, (A(i), SEQUENCE, 1 - low, 1 + up)))
    state, off = (here.at(goal.given[name], term(i)) for name in (STATE, OFF))
    return clipped_derivative(here, v, f, term(GCPO_SLOPE), ratio_slope, state, off)


@proposition(
    "fontana2026.table1.gcpo.token_sum",
    title="GCPO with the token sum of Eq. 1: completion i enters |o_i| times, and each of its tokens has the weight α |o_i| s",
    source="Section 3, Table 1, row GCPO; Eq. 1",
    printed="∇ Σ_i Σ_t α min( s_i A_i, clip(s_i) A_i ) = Σ_i α |o_i| s_i A_i Σ_t ∇log π_θ(y_{i,t}|·)",
    assumptions=GCPO,
    unstated=unstated(GCPO),
    statement=sp.And(
        IDENTITY,
        derivative(over_tokens(GCPO_ALPHA * by_sign(SEQUENCE, A(i))), theta, sp.Sum(n(i) * GCPO_SLOPE, (i, 1, G))),
    ),
    model=GCPO_MODEL,
    drops=GCPO_DROPS,
    not_claimed="that GCPO's authors add up over tokens: Table 1 and Eq. 1 together do",
)
def gcpo_token_sum(goal: Goal) -> Theorem:
    """The |o_i| terms of a completion are equal; both sides are 0 for an empty one."""
    here = goal.assuming(le(ONE, term(i)), le(term(i), term(G)))
    tokens = over_range(sequence_term(goal), (term(t), ONE, term(n(i))))
    slope = term(n(i) * GCPO_SLOPE)
    some, none = le(ZERO, term(n(i))), lt(term(n(i)), ZERO)
    empty = [
        k.sum_empty(x, [here.assuming(none).prove(lt(term(n(i)), ONE))]) for x in (tokens.concl.args[3], term(SEQUENCE_SCORE))
    ]
    counted = with_slope(here.assuming(some), tokens, slope)
    nothing = with_slope(here.assuming(none), tokens, slope, *empty)
    negative = k.assume(k.terms.neg(some))
    member = k.cases(some, counted, discharge(nothing, [k.negate(negative)]))
    return whole(goal, over_range(member, (term(i), ONE, term(G))))


@proposition(
    "fontana2026.table1.gcpo.repaired",
    title="GCPO with one term per completion: the gradient is Σ_i α s_i A_i Σ_t ∇log π, every token with the weight α s_i",
    source="Section 3, Table 1, row GCPO, corrected",
    printed="∇ Σ_i α min( s_i A_i, clip(s_i) A_i ) = Σ_i α s_i A_i Σ_t ∇log π_θ(y_{i,t}|·), s_i = π_θ(y_i|x_i)/π_old(y_i|x_i)",
    assumptions=GCPO,
    unstated=unstated(GCPO),
    statement=sp.And(
        IDENTITY,
        derivative(sp.Sum(GCPO_ALPHA * by_sign(SEQUENCE, A(i)), (i, 1, G)), theta, sp.Sum(GCPO_SLOPE, (i, 1, G))),
    ),
    model=GCPO_MODEL,
    drops=GCPO_DROPS,
    not_claimed="Eq. 12 for s_i: its factor k moves with the probabilities of the other tokens",
)
def gcpo(goal: Goal) -> Theorem:
    return whole(goal, over_range(sequence_term(goal), (term(i), ONE, term(G))))
