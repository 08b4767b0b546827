"""The basic objective J_1 and its two scores: means over tokens of log π_θ (log-L) or of π_θ/π_old (L-ratio), never clipped.

Tokens t = 1..n of one output have probabilities pi(t, θ) with derivatives dpi(t, θ), and old(t) under the sampling policy.
"""

from fractions import Fraction
from typing import Any

import sympy as sp

from theory import kernel as k
from theory.decide import Goal
from theory.kernel import Theorem
from theory.kernel.terms import le
from theory.language import ForAll, derivative, equals, family, integers, reals, term
from theory.proposition import UNNEEDED, Case, proposition, refuted
from theory.tactics.prefix import opened, put

from .discriminative import CASE as OUTPUTS
from .discriminative import DROPS as OUTPUT_DROPS
from .discriminative import POPULATION, difference_of_means, over_outputs, p, q, r

o, t, n = integers("o t n")
theta = reals("theta")
pi, dpi, old, s = (family(x) for x in ("pi", "dpi", "old", "s"))
SOURCE = "Section 4, as a reader's note gives it"


def mean_over_tokens(f: sp.Expr) -> sp.Expr:
    return sp.Sum(f, (t, 1, n)) / n


LOG_L, L_RATIO = mean_over_tokens(sp.log(pi(t, theta))), mean_over_tokens(pi(t, theta) / old(t))
SCORE = mean_over_tokens(dpi(t, theta) / pi(t, theta))
TOKENS = {
    "tokens": n >= 1,
    "probabilities are positive": ForAll(t, 1, n, sp.And(pi(t, theta) > 0, old(t) > 0)),
    "θ moves the policy": ForAll(t, 1, n, derivative(pi(t, theta), theta, dpi(t, theta))),
}
ON_POLICY = {"θ = θ_old": ForAll(t, 1, n, equals(old(t), pi(t, theta)))}


def token(t: Any, x: Any) -> Any:
    """pi(t, x) = 1/2 + x"""
    return x + Fraction(1, 2)


def one(t: Any, x: Any) -> Any:
    """dpi(t, x) = 1"""
    return Fraction(1)


def two(t: Any, x: Any) -> Any:
    """dpi(t, x) = 2"""
    return Fraction(2)


CASE: Case = {"n": 1, "theta": 0, "pi": token, "dpi": one, "old": ["1/2"]}
OFF: Case = CASE | {"old": ["1/4"]}
DROPS: Case = {"tokens": UNNEEDED, "probabilities are positive": UNNEEDED, "θ moves the policy": CASE | {"dpi": two}}


@proposition(
    "disco.j1.identity",
    title="with ℓ the identity J_1 is the mean score of correct answers minus that of incorrect ones",
    source=SOURCE,
    printed="E_{o~π⁺, o'~π⁻} ℓ(s(o) - s(o')) = E₊ s - E₋ s for ℓ(x) = x",
    assumptions=POPULATION,
    statement=equals(
        difference_of_means(s(o), s(o)),
        over_outputs(q(o) * r(o) * s(o)) / p - over_outputs(q(o) * (1 - r(o)) * s(o)) / (1 - p),
    ),
    model=OUTPUTS | {"s": [3, 5]},
    drops={name: OUTPUT_DROPS[name] | {"s": [3, 5]} for name in POPULATION} | {"rewards are binary": UNNEEDED},
)
def j1_identity(goal: Goal) -> Theorem:
    given = [goal.given[name] for name in ("p is the accuracy", "q sums to 1")]
    return goal.equal(*goal.claim.args, *given)


@proposition(
    "disco.scores.on_policy",
    title="at θ = θ_old both scores have the same gradient, that of the mean log-probability",
    source="our own",
    printed="θ = θ_old:  ∇(1/|o|) Σ_t π_θ/π_old = ∇(1/|o|) Σ_t log π_θ",
    assumptions=TOKENS | ON_POLICY,
    statement=sp.And(derivative(LOG_L, theta, SCORE), derivative(L_RATIO, theta, SCORE)),
    model=CASE,
    drops=DROPS | {"θ = θ_old": OFF},
)
def scores_on_policy(goal: Goal) -> Theorem:
    return both(goal)


def both(goal: Goal) -> Theorem:
    """The slopes of one or two means over tokens; on policy with pi for old."""
    out = []
    for claim in goal.claim.args if goal.claim.op == "and" else (goal.claim,):
        v, f, slope = opened(claim)
        total = next(a for a in f.args if a.op == "sum")
        index = goal.fresh(claim)
        inside = goal.assuming(le(k.num(1), index), le(index, term(n)))
        inside.know(
            inside.at(goal.given["probabilities are positive"], index), inside.at(goal.given["θ moves the policy"], index)
        )
        body = k.subst(total.args[3], {total.args[0]: index})
        moved = k.diff(v, body, v, [*inside.facts, *(k.negate(th) for th in inside.facts if th.concl.op == "lt")])
        if "θ = θ_old" in goal.given:
            same = inside.at(goal.given["θ = θ_old"], index)
            d = moved.concl.args[3]
            equal = put(same, k.linear(d, d, [], []))
            bound, g, at, _ = moved.concl.args
            hole = k.var("hole")
            moved = k.rewrite(equal, moved, hole, k.mk("deriv", bound, g, at, hole))
        rows = k.sum_congr(index, k.num(1), term(n), moved)
        th = k.diff(v, f, v, [rows, goal.unequal(term(n), k.num(0))])
        target = goal.equal(th.concl.args[3], slope)
        bound, g, at, _ = th.concl.args
        hole = k.var("hole")
        out.append(k.restate(k.rewrite(target, th, hole, k.mk("deriv", bound, g, at, hole)), claim))
    return k.and_intro(out) if goal.claim.op == "and" else out[0]


refuted(
    "disco.scores.off_policy",
    title="off policy, too, both scores have the same gradient",
    source="our own",
    printed="∇(1/|o|) Σ_t π_θ/π_old = ∇(1/|o|) Σ_t log π_θ",
    assumptions=TOKENS,
    statement=sp.And(derivative(LOG_L, theta, SCORE), derivative(L_RATIO, theta, SCORE)),
    witness=OFF,
    module=__name__,
    repair="disco.scores.off_policy.repaired",
    finding="One token with π_θ = 1/2, ∇π_θ = 1 and π_old = 1/4: log-L has the slope 1/(1/2) = 2, L-ratio 1/(1/4) = 4. A "
    "token that has become k times as likely as it was counts k times as much in L-ratio.",
)


@proposition(
    "disco.scores.off_policy.repaired",
    title="L-ratio weighs the score of each token by its ratio, log-L weighs all alike",
    source="our own",
    printed="∇(1/|o|) Σ_t π_θ/π_old = (1/|o|) Σ_t (π_θ/π_old) ∇log π_θ",
    assumptions=TOKENS,
    statement=sp.And(
        derivative(LOG_L, theta, SCORE),
        derivative(L_RATIO, theta, mean_over_tokens(sp.Mul(pi(t, theta) / old(t), dpi(t, theta) / pi(t, theta), evaluate=False))),
    ),
    model=OFF,
    drops=DROPS,
)
def scores_off_policy(goal: Goal) -> Theorem:
    return both(goal)
