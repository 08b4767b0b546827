"""GSPO's ratio s = exp((1/n) Σ_t u) and its gradient, u(t, θ) = log π_θ/π_old of token t = 1..n."""

from fractions import Fraction
from typing import Any

import sympy as sp

from theory import kernel as k
from theory.decide import Goal
from theory.kernel import Term, Theorem
from theory.kernel.terms import ONE, ZERO, app, eq, le, lt, mul
from theory.language import ForAll, derivative, equals, family, int_family, integers, reals, term
from theory.proposition import UNNEEDED, Case, proposition, refuted
from theory.tactics import MINUS, atoms
from theory.tactics.prefix import differentiate, opened, put

N, o, n, t, t2, L, i, j = integers("N o n t t' L i j")
theta, c, v, eps, mu, A = reals("theta c v epsilon mu A")
u, du, e, old, pi, C, x, p = (family(name) for name in ("u", "du", "e", "old", "pi", "C", "x", "p"))
length = int_family("n")
One = Fraction(1)
SOURCE = "the objective and its gradient, as a reader's note gives them"
MEAN = sp.Sum(u(t, theta), (t, 1, n)) / n
SLOPES = sp.Sum(du(t, theta), (t, 1, n)) / n
S = sp.exp(MEAN)
TOKENS = {"n ≥ 1": n >= 1, "θ moves the tokens": ForAll(t, 1, n, derivative(u(t, theta), theta, du(t, theta)))}


def drift(t: Any, x: Any) -> Any:
    """u(t, x) = x"""
    return x


def one(t: Any, x: Any) -> Any:
    """du(t, x) = 1"""
    return Fraction(1)


def two(t: Any, x: Any) -> Any:
    """du(t, x) = 2"""
    return Fraction(2)


CASE: Case = {"n": 2, "theta": 0, "u": drift, "du": one, "e": [0, 0], "c": 1}
DROPS: Case = {"n ≥ 1": CASE | {"n": 0}, "θ moves the tokens": CASE | {"du": two}}


def slope_of(goal: Goal, claim: Term, *equations: Theorem) -> Theorem:
    """A claim about a derivative, its slope brought into the form of the claim by equations."""
    f, slope = opened(claim)[1:]
    goal.know(k.negate(goal.prove(lt(ZERO, term(n)))))
    th = differentiate(goal, opened(claim)[0], f, lambda ctx, f: [th for th in goal.facts if th.concl.op == "not"])
    d = th.concl.args[3]
    equal = k.linear(d, d, [], [])
    for equation in equations:
        equal = put(equation, equal)
    last = goal.equal(equal.concl.args[1], slope)
    both, hole = k.linear(d, slope, [equal, last], [ONE, ONE]), k.var("hole")
    return k.restate(k.rewrite(both, th, hole, k.mk("deriv", *th.concl.args[:3], hole)), claim)


@proposition(
    "gspo.gradient",
    title="the gradient of GSPO's ratio is s times the mean score of the tokens",
    source=SOURCE,
    printed="∇s = s (1/|y|) Σ_t ∇log π_t",
    assumptions=TOKENS,
    statement=derivative(S, theta, S * SLOPES),
    model=CASE,
    drops=DROPS,
    not_claimed="that this is the gradient of an expectation: see gspo.importance_weight",
)
def gradient(goal: Goal) -> Theorem:
    return slope_of(goal, goal.claim)


@proposition(
    "gspo.gradient.grpo",
    title="GRPO's differs only in that each token has its own ratio in the place of their geometric mean",
    source=SOURCE,
    printed="∇(1/|y|) Σ_t r_t = (1/|y|) Σ_t r_t ∇log π_t",
    assumptions=TOKENS,
    statement=derivative(
        sp.Sum(sp.exp(u(t, theta)), (t, 1, n)) / n, theta, sp.Sum(sp.exp(u(t, theta)) * du(t, theta), (t, 1, n)) / n
    ),
    model=CASE,
    drops=DROPS,
)
def gradient_grpo(goal: Goal) -> Theorem:
    return slope_of(goal, goal.claim)


SPLIT = sp.Sum(c * sp.exp(u(t, theta) - e(t)), (t, 1, n)) / n
STOPPED = {
    "e is log π_θ/π_old, stopped": ForAll(t, 1, n, equals(e(t), u(t, theta))),
    "c is s, stopped": equals(c, S),
}


@proposition(
    "gspo.token",
    title="GSPO-token, sg[s] π_t/sg[π_t] in the mean over tokens, has the value and the gradient of GSPO",
    source="Eq. 13-14, as a reader's note gives them; one advantage per completion",
    printed="(1/|y|) Σ_t sg[s] π_t/sg[π_t] = s,  ∇(..) = s (1/|y|) Σ_t ∇log π_t",
    assumptions=TOKENS | STOPPED,
    statement=sp.And(equals(SPLIT, S), derivative(SPLIT, theta, S * SLOPES)),
    model=CASE,
    drops=DROPS | {"e is log π_θ/π_old, stopped": CASE | {"e": [1, 1]}, "c is s, stopped": CASE | {"c": 2}, "n ≥ 1": UNNEEDED},
    not_claimed="the same for advantages that differ from token to token",
)
def gspo_token(goal: Goal) -> Theorem:
    """exp(u - e) = exp(0) = 1 at each token."""
    size, index = term(n), goal.fresh(goal.claim)
    inside = goal.assuming(le(ONE, index), le(index, size))
    here = {term(t): index}
    stopped = inside.at(goal.given["e is log π_θ/π_old, stopped"], index)
    gap = k.subst(term(u(t, theta) - e(t)), here)
    zero = k.linear(gap, ZERO, [stopped], [MINUS])
    hole = k.var("hole")
    power = k.rewrite(k.linear(ZERO, gap, [zero], [MINUS]), k.law("exp_zero", ZERO, ZERO, []), hole, eq(app("exp", hole), ONE))
    value, slope = (next(q for q in goal.claim.args if q.op == op) for op in ("eq", "deriv"))
    total = next(a for a in atoms(value.args[0]) if a.op == "sum")
    body = k.subst(total.args[3], {total.args[0]: index})
    rows = k.sum_congr(index, ONE, size, k.linear(body, term(c), [power], [term(c)]))
    goal.know(k.negate(goal.prove(lt(ZERO, size))))
    same = goal.equal(value.args[0], term(c), rows)
    first = k.linear(*value.args, [same, goal.given["c is s, stopped"]], [ONE, ONE])
    at, f, target = opened(slope)
    row = k.diff(at, k.subst(total.args[3], {total.args[0]: index}), at, [inside.at(goal.given["θ moves the tokens"], index)])
    simple = k.linear(
        row.concl.args[3],
        mul(term(c), k.subst(term(du(t, theta)), here)),
        [power],
        [mul(term(c), k.subst(term(du(t, theta)), here))],
    )
    row = k.rewrite(simple, row, hole, k.mk("deriv", *row.concl.args[:3], hole))
    th = k.diff(at, f, at, [k.sum_congr(index, ONE, size, row), *goal.facts])
    last = goal.equal(th.concl.args[3], target, goal.given["c is s, stopped"])
    second = k.restate(k.rewrite(last, th, hole, k.mk("deriv", *th.concl.args[:3], hole)), slope)
    return k.and_intro([first if q is value else second for q in goal.claim.args])


AT_OLD = sp.exp(sp.Sum(u(t, theta) - e(t), (t, 1, n)) / n)  # s, with log π_θ for u and log π_old for e


@proposition(
    "gspo.on_policy",
    title="at θ = θ_old the ratio is 1 and its gradient the mean score: first-order as GRPO, with the weight 1/|y| that both "
    "have",
    source="our own",
    printed="θ = θ_old:  s = 1, ∇s = (1/|y|) Σ_t ∇log π_t",
    assumptions=TOKENS | {"θ = θ_old": ForAll(t, 1, n, equals(e(t), u(t, theta)))},
    statement=sp.And(equals(AT_OLD, 1), derivative(AT_OLD, theta, SLOPES)),
    model=CASE,
    drops=DROPS | {"θ = θ_old": CASE | {"theta": 1}},
    not_claimed="that it is the policy gradient: 1/|y| depends on the completion (gspo.length_neutral)",
)
def on_policy(goal: Goal) -> Theorem:
    hole, exponent = k.var("hole"), term(sp.Sum(u(t, theta) - e(t), (t, 1, n)) / n)
    index, size = goal.fresh(goal.claim), term(n)
    inside = goal.assuming(le(ONE, index), le(index, size))
    goal.know(k.negate(goal.prove(lt(ZERO, size))))
    rows = k.sum_congr(index, ONE, size, inside.at(goal.given["θ = θ_old"], index))
    zero = goal.equal(exponent, ZERO, rows)
    is_one = k.rewrite(
        k.linear(ZERO, exponent, [zero], [MINUS]), k.law("exp_zero", ZERO, ZERO, []), hole, eq(app("exp", hole), ONE)
    )
    slope = next(q for q in goal.claim.args if q.op == "deriv")
    f, target = opened(slope)[1:]
    th = differentiate(goal, opened(slope)[0], f, lambda ctx, f: [th for th in goal.facts if th.concl.op == "not"])
    d = th.concl.args[3]
    at = goal.equal(d, target, is_one)
    second = k.restate(k.rewrite(at, th, hole, k.mk("deriv", *th.concl.args[:3], hole)), slope)
    return k.and_intro([second if q is slope else k.restate(is_one, q) for q in goal.claim.args])


refuted(
    "gspo.length_neutral",
    title="completions with the same advantage give their tokens the same weight",
    source="our own; the property length-neutral",
    printed="A_i = A_j ⇒ A/(G |y_i|) = A/(G |y_j|) on policy",
    assumptions={"lengths": sp.And(length(1) >= 1, length(2) >= 1)},
    statement=equals(A / length(1), A / length(2)),
    witness={"A": 1, "n": [1, 2]},
    module=__name__,
    repair="gspo.gradient",
    finding="Two completions of 1 and 2 tokens with advantage 1: GSPO keeps GRPO's mean over tokens, so the token of the first "
    "weighs "
    "1, each of the second 1/2.",
)
