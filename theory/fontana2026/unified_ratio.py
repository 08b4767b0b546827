"""Section 3, Eq. 3: the importance ratio.

It holds for the ratio of seven rows of Table 1. The s of GPG, CISPO and GCPO is no multiple of π_θ/π_old: what all
ten rows share is a weight on ∇log π_θ, and not a ratio. Log-probabilities are the primitive: logpi(t, θ) = log
π_θ(y_t|x, y_<t) with slope `score` in one real coordinate θ of the parameters, and π_old = exp(logold). Under a
stop-gradient, log π_θ is `lognow`.
"""

from fractions import Fraction
from typing import Any

import sympy as sp

from theory import kernel as k
from theory.decide import Goal
from theory.fontana2026.unified import N, eta, lognow, logold, logpi, one, score, t, theta, u
from theory.kernel import Theorem, subst
from theory.kernel.terms import ONE, le
from theory.language import ForAll, derivative, equals, reals, term
from theory.proposition import proposition, refuted
from theory.tactics.clip import over_range
from theory.tactics.logic import conjunction, with_slope

p, q, o, c, x, y = reals("p q pi_old c x y")

refuted(
    "fontana2026.eq3",
    title="in every method s is proportional to π_θ/π_old of the token",
    source="Section 3, Eq. 3, against the column s of Table 1 for GPG, CISPO and GCPO",
    printed="s_{i,t} ∝ π_θ(y_{i,t}|x,y_{i,<t}) / π_old(y_{i,t}|x,y_{i,<t}): s/(π_θ/π_old) is the same at π_θ = p and at π_θ = q",
    assumptions={
        "probabilities": sp.And(p > 0, p <= 1, q > 0, q <= 1, o > 0, o <= 1),
        "sg[I], and the ratio of the other tokens with p and with q, are positive": sp.And(c > 0, x > 0, y > 0),
    },
    statement=sp.And(
        equals(sp.log(p) * (q / o), sp.log(q) * (p / o)),
        equals(c * sp.log(p) * (q / o), c * sp.log(q) * (p / o)),
        equals(x * (p / o) * (q / o), y * (q / o) * (p / o)),
    ),
    witness={"p": "1/2", "q": "1/4", "pi_old": "1/2", "c": 1, "x": 1, "y": "1/2"},
    module=__name__,
    repair="fontana2026.eq3.repaired",
    finding="With s = log π_θ (GPG), s(1/4) = 2 s(1/2) although π_θ was halved; s = sg[I] log π_θ (CISPO) does the "
    "same, and both are negative. GCPO's s is the ratio of the whole sequence: when the other tokens' ratio goes "
    "from 1 to 1/2 it halves, and this token's ratio stays as it is.",
)

LOGPI, SCORE = logpi(t, theta), score(t, theta)
RATIO = sp.exp(LOGPI - logold(t))
SEQUENCE = sp.exp(sp.Sum(logpi(u, theta) - logold(u), (u, 1, N)))
STOPPED = sp.exp(sp.Sum(lognow(u) - logold(u), (u, 1, N)))  # sg[π_θ(y|x)/π_old(y|x)]
DIFFERENTIABLE = {
    "t is a token of the completion": sp.And(t >= 1, t <= N),
    "log-probabilities are differentiable": ForAll(u, 1, N, derivative(logpi(u, theta), theta, score(u, theta))),
}


def gspo_ratio(at: sp.Symbol) -> sp.Expr:
    """The s of GSPO's row at a parameter value: sg[S/π] π_θ."""
    return STOPPED * sp.exp(logpi(t, at) - lognow(t))


def rising(_: Any, theta: Any) -> Any:
    """theta"""
    return theta


def one_of_two(u: Any, _: Any) -> Any:
    """1 for tokens 1 and 2, else 0"""
    return Fraction(u <= 2)


TWO_TOKENS = {
    "N": 2,
    "t": 1,
    "theta": 0,
    "eta": 1,
    "logpi": rising,
    "logold": [0, 0],
    "lognow": [0, 0],
    "score": one,
    "c": 1,
}
NOT_SMOOTH = {
    "t is a token of the completion": TWO_TOKENS | {"t": 3, "logold": [0, 0, 0], "lognow": [0, 0, 0], "score": one_of_two},
    "log-probabilities are differentiable": TWO_TOKENS | {"score": lambda u, theta: Fraction(2)},
}


@proposition(
    "fontana2026.eq3.ratio_rows",
    title="Eq. 3 for the rows with s = I, and for GSPO's with sg[·] held fixed: s ∝ π_θ/π_old, and so ∇s = s ∇log π_θ",
    source="Section 3, Eq. 3; Table 1, rows GRPO R1, GRPO v3.2, GTPO, DAPO, CPPO, Dr. GRPO (s = I) and GSPO",
    printed="s ∝ π_θ/π_old; with s = I, or s = sg[(π_θ(y|x)/π_old(y|x))/π_θ] π_θ",
    assumptions=DIFFERENTIABLE,
    unstated=tuple(DIFFERENTIABLE),
    statement=sp.And(
        equals(gspo_ratio(theta) * sp.exp(logpi(t, eta) - logold(t)), gspo_ratio(eta) * RATIO),
        derivative(RATIO, theta, RATIO * SCORE),
        derivative(gspo_ratio(theta), theta, gspo_ratio(theta) * SCORE),
    ),
    model=TWO_TOKENS,
    drops=NOT_SMOOTH,
    not_claimed="that GSPO's s is proportional to the token's ratio as a number: its factor, under sg[·], is the "
    "other tokens' ratio",
)
def ratio_rows(goal: Goal) -> Theorem:
    return slopes(goal)


@proposition(
    "fontana2026.eq3.repaired",
    title="in every method ∇s = w ∇log π_θ: w = I, GSPO's sequence ratio, 1 (GPG), sg[I] (CISPO); GCPO's s moves "
    "with every token",
    source="Section 3, Eq. 3, corrected, for all ten rows of Table 1",
    printed="∇I = I ∇log π_θ; ∇sg[S/π_θ] π_θ = sg[S/π_θ] π_θ ∇log π_θ; ∇log π_θ = 1 ∇log π_θ; ∇(sg[I] log π_θ) = "
    "sg[I] ∇log π_θ; ∇S = S Σ_u ∇log π_θ(y_u|·), S = π_θ(y|x)/π_old(y|x)",
    assumptions=DIFFERENTIABLE,
    unstated=tuple(DIFFERENTIABLE),
    statement=sp.And(
        derivative(RATIO, theta, RATIO * SCORE),
        derivative(gspo_ratio(theta), theta, gspo_ratio(theta) * SCORE),
        derivative(LOGPI, theta, SCORE),
        derivative(c * LOGPI, theta, c * SCORE),
        derivative(SEQUENCE, theta, SEQUENCE * sp.Sum(score(u, theta), (u, 1, N))),
    ),
    model=TWO_TOKENS,
    drops=NOT_SMOOTH,
    not_claimed="that the weight of the objective is α w: min and clip of Eq. 1 act on s, see table1.gpg.clip and "
    "table1.cispo.clip",
)
def weights(goal: Goal) -> Theorem:
    return slopes(goal)


def slopes(goal: Goal) -> Theorem:
    """Each derivative by structure; the equation by exp(a) exp(b) = exp(a + b)."""
    v, inside = term(theta), goal.assuming(le(ONE, term(u)), le(term(u), term(N)))
    known = goal.given["log-probabilities are differentiable"]
    moved = k.diff(v, term(logpi(u, theta) - logold(u)), v, [inside.at(known, term(u))])
    facts = [goal.at(known, term(t)), over_range(moved, (term(u), ONE, term(N)))]
    parts = []
    for claim in goal.claim.args:
        if claim.op == "eq":
            parts.append(k.linear(*claim.args, [product(eta, theta), product(theta, eta)], [term(STOPPED), term(-STOPPED)]))
        else:
            bound, f, _, slope = claim.args
            parts.append(with_slope(goal, k.diff(v, subst(f, {bound: v}), v, facts), slope))
    return conjunction(goal.claim, *parts)


def product(first: sp.Symbol, second: sp.Symbol) -> Theorem:
    """exp(x + y) = exp(x) exp(y) for the exponents of GSPO's s at one parameter value and of I at another."""
    return k.law("exp_add", term(logpi(t, first) - lognow(t)), term(logpi(t, second) - logold(t)), [])
