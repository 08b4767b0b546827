"""CISPO: the policy gradient with a clipped, stopped importance weight on every token; no token is silenced.

lp(θ) is log π_θ of one token, dlp its slope, r = π_θ/π_old = exp(lp - b) with b = log π_old. Known from implementations and
readers' notes.
"""

from fractions import Fraction
from typing import Any

import sympy as sp

from theory import kernel as k
from theory.decide import Goal
from theory.kernel import Term, Theorem
from theory.kernel.terms import ONE, le, mul
from theory.language import ForAll, derivative, equals, family, integers, maximum, minimum, reals, term
from theory.proposition import Case, proposition, refuted
from theory.tactics.clip import chosen
from theory.tactics.logic import conjunction
from theory.tactics.prefix import opened, slopes

TITLE = "MiniMax, MiniMax-M1: the objective CISPO (arXiv 2506.13585)"
N, v, a, M = integers("N v a M")
theta, A, b, low, up, w = reals("theta A b epsilon_low epsilon_up w")
lp, dlp, old, pi, s, K, R, adv, chance = (family(x) for x in ("lp", "dlp", "old", "pi", "s", "K", "R", "A", "P"))
SOURCE = "the objective, as implementations and readers' notes give it"
r = sp.exp(lp(theta) - b)
MOVES = {"log π_θ is differentiable": derivative(lp(theta), theta, dlp(theta))}


def clip(x: sp.Expr) -> sp.Expr:
    return minimum(maximum(x, 1 - low), 1 + up)


def line(x: Any) -> Any:
    """lp(x) = x"""
    return x


def one(x: Any) -> Any:
    """dlp(x) = 1"""
    return Fraction(1)


def two(x: Any) -> Any:
    """dlp(x) = 2"""
    return Fraction(2)


CASE: Case = {"theta": 0, "lp": line, "dlp": one, "A": 1, "b": 0, "w": 1, "epsilon_low": "1/5", "epsilon_up": "1/5"}
DROPS: Case = {"log π_θ is differentiable": CASE | {"dlp": two}}


def slope_of(goal: Goal, claim: Term, ctx: Any = None) -> Theorem:
    """A claim about a derivative, in a context that decides the conditionals."""
    ctx = ctx or goal
    at, f, slope = opened(claim)
    th = k.diff(at, f, at, [*ctx.facts, *slopes(goal, f, at)])
    last, hole = ctx.equal(th.concl.args[3], slope), k.var("hole")
    return k.restate(k.rewrite(last, th, hole, k.mk("deriv", *th.concl.args[:3], hole)), claim)


@proposition(
    "cispo.gradient",
    title="every token contributes its score times the advantage, weighted by the stopped weight w = clip(r)",
    source=SOURCE,
    printed="∇(sg[clip(r)] A log π_θ) = clip(r) A ∇log π_θ",
    assumptions=MOVES | {"w is clip(r), stopped": equals(w, clip(r))},
    statement=derivative(w * A * lp(theta), theta, clip(r) * A * dlp(theta)),
    model=CASE,
    drops=DROPS | {"w is clip(r), stopped": CASE | {"w": 2}},
)
def gradient(goal: Goal) -> Theorem:
    at, f, slope = opened(goal.claim)
    th = k.diff(at, f, at, [*goal.facts])
    equal, hole = goal.equal(th.concl.args[3], slope, goal.given["w is clip(r), stopped"]), k.var("hole")
    return k.restate(k.rewrite(equal, th, hole, k.mk("deriv", *th.concl.args[:3], hole)), goal.claim)


INSIDE = A * r * dlp(theta)
PPO_UP, PPO_DOWN = A * minimum(r, 1 + up), A * maximum(r, 1 - low)  # the term of PPO for A > 0 and for A < 0 (disco.prop1.grpo)


@proposition(
    "cispo.against_ppo",
    title="PPO's gradient is A r ∇log π inside the clip and 0 past the bound that the advantage favours",
    source=SOURCE,
    printed="A > 0: ∇ A min(r, 1+ε) = A r ∇log π if r < 1+ε, 0 if r > 1+ε;  A < 0: ∇ A max(r, 1-ε) = A r ∇log π if r > 1-ε, "
    "else 0",
    assumptions=MOVES,
    statement=sp.And(
        sp.Implies(r < 1 + up, derivative(PPO_UP, theta, INSIDE)),
        sp.Implies(r > 1 + up, derivative(PPO_UP, theta, sp.Integer(0))),
        sp.Implies(r > 1 - low, derivative(PPO_DOWN, theta, INSIDE)),
        sp.Implies(r < 1 - low, derivative(PPO_DOWN, theta, sp.Integer(0))),
    ),
    model=CASE,
    drops=DROPS,
    not_claimed="anything at r = 1 ± ε, where the term has no derivative",
)
def against_ppo(goal: Goal) -> Theorem:
    out = []
    for claim in goal.claim.args:
        premise, slope = claim.args
        out.append(k.imp_intro(premise, slope_of(goal, slope, goal.assuming(premise))))
    return conjunction(goal.claim, *out)


@proposition(
    "cispo.corners",
    title="so CISPO equals PPO inside the band; past it CISPO keeps the clipped weight where PPO has 0, and where PPO keeps r",
    source=SOURCE,
    printed="1-ε ≤ r ≤ 1+ε: clip(r) = r;  r > 1+ε: clip(r) = 1+ε ≠ 0, < r;  r < 1-ε: clip(r) = 1-ε, > r",
    assumptions={"0 ≤ ε_low, 0 ≤ ε_up": sp.And(low >= 0, up >= 0)},
    statement=sp.And(
        sp.Implies(sp.And(w >= 1 - low, w <= 1 + up), equals(clip(w), w)),
        sp.Implies(w > 1 + up, sp.And(equals(clip(w), 1 + up), clip(w) < w, clip(w) > 0)),
        sp.Implies(w < 1 - low, sp.And(equals(clip(w), 1 - low), clip(w) > w)),
    ),
    model=CASE,
    drops={"0 ≤ ε_low, 0 ≤ ε_up": CASE | {"w": 2, "epsilon_up": -2}},
    hints={"w": "ratio"},
)
def corners(goal: Goal) -> Theorem:
    out = []
    for claim in goal.claim.args:
        premise, conclusion = claim.args
        ctx = goal.assuming(premise)
        parts = conclusion.args if conclusion.op == "and" else (conclusion,)
        value = next(p for p in parts if p.op == "eq")
        equal = chosen(ctx, *value.args)
        inner = ctx.with_facts(equal)
        out.append(k.imp_intro(premise, conjunction(conclusion, *(equal if p is value else inner.arith(p) for p in parts))))
    return conjunction(goal.claim, *out)


refuted(
    "cispo.stop_gradient",
    title="the stop-gradient is not needed: r A log π_θ has the same gradient without it",
    source="our own",
    printed="∇(r A log π_θ) = r A ∇log π_θ",
    assumptions=MOVES,
    statement=derivative(r * A * lp(theta), theta, INSIDE),
    witness=CASE | {"theta": -1, "b": -1},
    module=__name__,
    repair="cispo.stop_gradient.repaired",
    finding="With A = 1, r = 1, log π = -1 and ∇log π = 1: the product r log π has the slope r (1 + log π) = 0, and not 1. For "
    "log π = -2 "
    "it is -1: training would push successes that are unlikely further away.",
)


@proposition(
    "cispo.stop_gradient.repaired",
    title="it is essential: without it each token has the extra factor 1 + log π_θ, negative for π_θ < 1/e",
    source=SOURCE,
    printed="∇(r A log π_θ) = r A (1 + log π_θ) ∇log π_θ",
    assumptions=MOVES,
    statement=derivative(r * A * lp(theta), theta, INSIDE * (1 + lp(theta))),
    model=CASE,
    drops=DROPS,
)
def stop_gradient(goal: Goal) -> Theorem:
    return slope_of(goal, goal.claim)


def over(f: sp.Expr) -> sp.Expr:
    return sp.Sum(f, (v, 1, N))


ratio = pi(v) / old(v)
POSITIVE = {"π_old > 0": ForAll(v, 1, N, old(v) > 0)}
TWO: Case = {
    "N": 2,
    "old": ["1/2", "1/2"],
    "pi": ["3/4", "1/4"],
    "A": [1, 0],
    "s": [1, -1],
    "epsilon_low": "1/5",
    "epsilon_up": "1/5",
}

refuted(
    "cispo.unbiased",
    title="the expected gradient of CISPO over tokens of π_old is that of the expected advantage under π_θ",
    source="our own",
    printed="E_old[clip(r) A ∇log π_θ] = E_π[A ∇log π_θ]",
    assumptions=POSITIVE,
    statement=equals(over(old(v) * clip(ratio) * adv(v) * s(v)), over(pi(v) * adv(v) * s(v))),
    witness=TWO,
    module=__name__,
    repair="cispo.unbiased.repaired",
    finding="π_old = (1/2, 1/2), π = (3/4, 1/4), ε = 1/5, advantages 1 and 0: the first token has r = 3/2, clipped to 6/5. "
    "CISPO yields "
    "(1/2)(6/5) = 3/5 times its score, the gradient is 3/4 times.",
)


@proposition(
    "cispo.unbiased.repaired",
    title="its bias is E_old[(clip(r) - r) A ∇log π_θ]: 0 where no token is clipped, so at θ = θ_old",
    source=SOURCE,
    printed="E_old[clip(r) A s] = E_π[A s] + E_old[(clip(r) - r) A s]",
    assumptions=POSITIVE,
    statement=equals(
        over(old(v) * clip(ratio) * adv(v) * s(v)),
        over(pi(v) * adv(v) * s(v)) + over(old(v) * (clip(ratio) - ratio) * adv(v) * s(v)),
    ),
    model=TWO,
    drops={"π_old > 0": TWO | {"old": [0, 1]}},
    not_claimed="anything about states: the ratio of a token does not reweight its prefix (cispo.prefix)",
)
def unbiased(goal: Goal) -> Theorem:
    return goal.prove(goal.claim)


# A first token v leads to a state whose token contributes K(v), its own ratio included.
STATES: Case = {"N": 2, "old": ["1/2", "1/2"], "pi": ["3/4", "1/4"], "s": [0, 0], "K": [1, 0]}

refuted(
    "cispo.prefix",
    title="without any clipping, weights r_t of single tokens make the gradient of completions unbiased",
    source="our own",
    printed="E_old[Σ_t r_t A ∇log π_t] = E_π[Σ_t A ∇log π_t]",
    assumptions=POSITIVE,
    statement=equals(over(old(v) * (ratio * s(v) + K(v))), over(pi(v) * (s(v) + K(v)))),
    witness=STATES,
    module=__name__,
    repair="cispo.prefix.repaired",
    finding="Let only second tokens after first token 1 matter, with K = 1: π_old = (1/2, 1/2) gets there half of the time, π "
    "= (3/4, 1/4) "
    "three quarters. The weight of the second token does not know it.",
)


@proposition(
    "cispo.prefix.repaired",
    title="weights r_1 ⋯ r_t of the prefix do",
    source="our own",
    printed="E_old[Σ_t r_1 ⋯ r_t A ∇log π_t] = E_π[Σ_t A ∇log π_t]",
    assumptions={"R is the ratio of the prefix": ForAll(v, 1, N, equals(old(v) * R(v), pi(v)))},
    statement=equals(over(old(v) * R(v) * (s(v) + K(v))), over(pi(v) * (s(v) + K(v)))),
    model=STATES | {"R": ["3/2", "1/2"]},
    drops={"R is the ratio of the prefix": STATES | {"R": [1, 1]}},
)
def prefix(goal: Goal) -> Theorem:
    index = goal.fresh(goal.claim)
    inside = goal.assuming(le(ONE, index), le(index, term(N)))
    same = inside.at(goal.given["R is the ratio of the prefix"], index)
    value = k.subst(term(s(v) + K(v)), {term(v): index})
    left, right = (mul(x, value) for x in same.concl.args)
    rows = k.sum_congr(index, ONE, term(N), k.linear(left, right, [same], [value]))
    return k.restate(rows, goal.claim)


def over_rewards(f: sp.Expr) -> sp.Expr:
    return sp.Sum(f, (a, 1, M))


MEAN_ZERO = {"advantages average to 0": equals(over_rewards(chance(a) * adv(a)), 0)}
RANDOM: Case = TWO | {"M": 2, "P": ["1/2", "1/2"], "A": [1, -1], "s": ["1/4", "-3/4"]}
CLIPPED = maximum(0, adv(a)) * sp.Piecewise((ratio, ratio < 1 + up), (0, True)) + minimum(0, adv(a)) * sp.Piecewise(
    (ratio, ratio > 1 - low), (0, True)
)


@proposition(
    "cispo.entropy",
    title="advantages of mean 0 that do not depend on the tokens do not move CISPO, for any π: no drift of the entropy from "
    "its clip",
    source="our own; the setting of random rewards of arXiv 2509.26114",
    printed="A independent, E[A] = 0:  E[A clip(r) ∇log π_θ] = 0",
    assumptions=MEAN_ZERO | POSITIVE,
    statement=equals(over_rewards(chance(a) * over(old(v) * clip(ratio) * adv(a) * s(v))), 0),
    model=RANDOM,
    drops={"advantages average to 0": RANDOM | {"A": [1, 1], "s": [1, 0]}, "π_old > 0": RANDOM | {"old": [0, 1]}},
    not_claimed="the same for advantages that depend on the completion",
)
def entropy(goal: Goal) -> Theorem:
    return goal.equal(*goal.claim.args, goal.given["advantages average to 0"])


refuted(
    "cispo.entropy.ppo",
    title="nor do they move PPO",
    source="our own; the setting of random rewards of arXiv 2509.26114",
    printed="A independent, E[A] = 0:  E[∇ min(r A, clip(r) A)] = 0",
    assumptions=MEAN_ZERO | POSITIVE,
    # rewards inside tokens: the other way round SymPy would take the conditions, which speak of v, out of the sum over v
    statement=equals(over(old(v) * s(v) * over_rewards(chance(a) * CLIPPED)), 0),
    witness=RANDOM,
    module=__name__,
    repair="cispo.entropy",
    finding="π_old = (1/2, 1/2), π = (3/4, 1/4), ε = 1/5, A = ±1 at random: the first token (r = 3/2) counts only with A = -1, "
    "the second "
    "(r = 1/2) only with A = +1. With the scores 1/4 and -3/4 of the first logit the mean is (1/2)(-3/4 · 1/4 - 1/4 · 3/4) = "
    "-3/16: "
    "away from what π has come to prefer, towards more entropy.",
)
