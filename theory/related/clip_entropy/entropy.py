"""The derivative of the entropy H of π(v) = a(v, θ)/Σ_u a(u, θ), a > 0, tokens v = 1..V.

Statement   dH/dθ = -Σ π log π · score. In the logit j it is -π_j (log π_j + H). Along logits that move by c(v) it is
            -Σ π c (log π + H), which is -Cov_π(log π, c): tokens rarer than e^(-H) gain entropy as they rise.
Proof       differentiate token by token; the score averages to 0.
"""

from fractions import Fraction
from typing import Any

import sympy as sp

from theory import kernel as k
from theory.decide import Goal
from theory.kernel import Term, Theorem, subst
from theory.kernel.terms import ZERO, le, lt, mul
from theory.kernel.theorem import same
from theory.language import derivative, equals, family, formula, integers, term
from theory.proposition import UNNEEDED, proposition
from theory.results.kl_gradients import CASE as EXAMPLE
from theory.results.kl_gradients import DROPS as EXAMPLE_DROPS
from theory.results.kl_gradients import (
    POLICIES,
    V,
    a,
    da,
    domain,
    flattened,
    for_tokens,
    over_tokens,
    pi,
    score,
    theta,
    total,
    v,
)
from theory.tactics import MINUS, Context, atoms
from theory.tactics.delta import picked
from theory.tactics.logic import replaced, with_slope
from theory.tactics.prefix import differentiate

SOURCE = "reconstruction: arXiv 2509.26114, as reviews report it"
c = family("c")
j = integers("j")
ENTROPY = -over_tokens(pi * sp.log(pi))
POLICY = {name: claim for name, claim in POLICIES.items() if name != "π_ref > 0"}
CASE = {name: EXAMPLE[name] for name in ("V", "theta", "a", "da")}


def with_case(drops: dict[str, Any], **more: Any) -> dict[str, Any]:
    """The cases of `theory.results.kl_gradients` that drop an assumption, for these symbols."""
    kept = {name: case for name, case in drops.items() if name in POLICY}
    return {n: x if x == UNNEEDED else {key: y for key, y in x.items() if key in CASE} | more for n, x in kept.items()}


def of_entropy(goal: Goal, claim: Term, moves: bool = False) -> Theorem:
    """A claim dH/dθ = slope: token by token, then summed. `moves`: the slope speaks of c in the place of da."""
    positive = goal.prove(lt(ZERO, term(total)))
    goal.know(positive)
    goal.define(positive)
    bound, f, at, slope = claim.args
    index, lo, hi, body = term(over_tokens(pi * sp.log(pi))).args
    t = goal.fresh(goal.claim)
    ctx = goal.assuming(le(lo, t), le(t, hi))
    token = differentiate(ctx, at, subst(body, {index: t}), domain)
    simpler = token.concl.args[3]
    known = [flattened(ctx, part) for part in atoms(simpler) if part.op == "inv" and part.args[0].op == "mul"]
    using = []
    if moves:
        known.append(ctx.at(goal.given[DIRECTION], t))
        using = [k.sum_congr(t, lo, hi, known[-1])]
    for th in known:
        simpler = replaced(simpler, *th.concl.args)
    summed = k.sum_congr(t, lo, hi, with_slope(ctx, token, simpler, *known))
    whole = k.diff(at, subst(f, {bound: at}), at, [summed])
    return k.restate(with_slope(goal, whole, slope, *using), claim)


at_j = a(j, theta) / total
SLOPE = -over_tokens(pi * sp.log(pi) * score)


@proposition(
    "clip_entropy.entropy_gradient",
    title="the derivative of the entropy is minus the covariance of log π and the score",
    source="our own",
    printed="∇H = -Σ_v π(v) log π(v) ∇log π(v)",
    assumptions=POLICY,
    statement=derivative(ENTROPY, theta, SLOPE),
    model=CASE,
    drops=with_case(EXAMPLE_DROPS),
)
def entropy_gradient(goal: Goal) -> Theorem:
    return of_entropy(goal, goal.claim)


def direction(c: sp.Expr) -> dict[str, Any]:
    """The logits move by c(v): log a has the derivative c."""
    return {DIRECTION: for_tokens(equals(da(v, theta), c * a(v, theta)))}


DIRECTION = "the logits move by c"
STEP = CASE | {"c": [1, 0]}


def gone(v: Any, x: Any) -> Any:
    """a(1, x) = 0, a(2, x) = 3"""
    return x * Fraction(0) + Fraction(0 if v == 1 else 3)


def none(v: Any, x: Any) -> Any:
    """da(v, x) = 0"""
    return Fraction(0)


@proposition(
    "clip_entropy.natural_step",
    title="along logits that move by c, as in a natural gradient step with advantages c, the entropy changes by -Cov_π(log π, c)",
    source=SOURCE,
    printed="dH = -Σ_v π(v) c(v) (log π(v) + H) = -Cov_π(log π, c)",
    assumptions=POLICY | direction(c(v)),
    statement=derivative(ENTROPY, theta, -over_tokens(pi * c(v) * (sp.log(pi) + ENTROPY))),
    model=STEP,
    drops=with_case(EXAMPLE_DROPS, c=[1, 0]) | {"π_θ > 0": STEP | {"a": gone, "da": none}, DIRECTION: STEP | {"c": [2, 0]}},
)
def natural_step(goal: Goal) -> Theorem:
    """The score is c - Σ π c."""
    return of_entropy(goal, goal.claim, moves=True)


ONLY = "c is 1 at j and 0 elsewhere"
SINGLED = sp.And(sp.Implies(equals(v, j), equals(c(v), 1)), sp.Implies(sp.Ne(v, j), equals(c(v), 0)))


@proposition(
    "clip_entropy.logit_gradient",
    title="the derivative of the entropy in the logit j is -π_j (log π_j + H): raising a token rarer than e^(-H) raises H",
    source=SOURCE,
    printed="dH/dθ_j = -π_j (log π_j + H)",
    assumptions=POLICY | direction(c(v)) | {"j is a token": sp.And(1 <= j, j <= V), ONLY: for_tokens(SINGLED)},
    statement=derivative(ENTROPY, theta, -at_j * (sp.log(at_j) + ENTROPY)),
    model=(LOGIT := STEP | {"j": 1}),
    drops=with_case(EXAMPLE_DROPS, c=[1, 0], j=1)
    | {"π_θ > 0": STEP | {"a": gone, "da": none, "j": 1}, DIRECTION: LOGIT | {"j": 2, "c": [0, 1]}}
    | {"j is a token": UNNEEDED, ONLY: LOGIT | {"j": 2}},
)
def logit_gradient(goal: Goal) -> Theorem:
    """clip_entropy.natural_step for this c."""
    step = formula(derivative(ENTROPY, theta, -over_tokens(pi * c(v) * (sp.log(pi) + ENTROPY))))
    th, token = of_entropy(goal, step, moves=True), term(j)

    def at(inside: Context, t: Term, premise: Theorem) -> Theorem:
        both = inside.at(goal.given[ONLY], t)
        rules = [k.and_elim(both, n) for n in (0, 1)]
        return k.imp_elim(next(rule for rule in rules if same(rule.concl.args[0], premise.concl)), premise)

    one = at(goal, token, k.linear(token, token, [], []))
    whole = term(over_tokens(pi * c(v) * (sp.log(pi) + ENTROPY)))
    value = term(at_j * (sp.log(at_j) + ENTROPY))
    sole = picked(goal, whole, token, value, one, lambda inside, t: at(inside, t, inside.unequal(t, token)))
    minus = k.linear(th.concl.args[3], mul(MINUS, value), [sole], [MINUS])
    return k.restate(with_slope(goal, th, minus.concl.args[1], minus), goal.claim)
