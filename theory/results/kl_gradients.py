"""What the three KL estimators do as losses: their expected gradients over tokens sampled from the policy itself.

Statement   With r = π_ref/π_θ and tokens drawn from π_θ (no gradient passes through the drawing), E[∇k1] = 0,
            E[∇k2] = ∇KL(π_θ‖π_ref), E[∇k3] = ∇KL(π_ref‖π_θ), the *other* KL; and for tokens drawn from any π_old,
            E[∇(I k3)] = ∇KL(π_θ‖π_ref), I = π_θ/π_old.
Place       Our own; "A Comedy of Estimators" (arXiv 2512.21852) has the first three. k3 is D_KL of Table 1 of arXiv
            2601.05002: dkl.unbiased is about its value, this about what training on it does.
Hypotheses  one state, tokens v = 1..V, π_θ(v) = a(v, θ)/Σ_u a(u, θ) with a > 0 and any real coordinate θ in which a has
            the derivatives da(v, θ). A softmax policy has a = exp(logit). For θ the logit j, da is a for v = j and
            else 0: the score ∂ log π(v)/∂θ is [v = j] - π_j, the slopes 0, π_j (log(π_j/ref_j) - KL), π_j - ref_j.
Proof       differentiate token by token, and sum; the score has the mean 0 under π_θ.
Not claimed anything about whole completions, whose prefixes are drawn too; nor about a regulariser put in the reward.
"""

from fractions import Fraction
from typing import Any

import sympy as sp

from theory import kernel as k
from theory.decide import Goal
from theory.kernel import Term, Theorem, subst
from theory.kernel.terms import ONE, ZERO, inv, le, lt, mul
from theory.kernel.theorem import same
from theory.language import ForAll, derivative, equals, family, integers, reals, term
from theory.numbers import Dual, Undefined
from theory.proposition import UNNEEDED, Case, proposition
from theory.tactics import Context, atoms
from theory.tactics.logic import replaced, with_slope
from theory.tactics.prefix import differentiate
from theory.tactics.surrogate import log_of_reciprocal

V, v, u = integers("V v u")
theta = reals("theta")
a, da, ref, weight, old = (family(x) for x in ("a", "da", "ref", "weight", "old"))


def over_tokens(f: sp.Expr) -> sp.Expr:
    return sp.Sum(f, (v, 1, V))


def for_tokens(claim: sp.Basic) -> sp.Basic:
    return ForAll(v, 1, V, claim)


total = sp.Sum(a(u, theta), (u, 1, V))
pi = a(v, theta) / total
score = da(v, theta) / a(v, theta) - sp.Sum(da(u, theta), (u, 1, V)) / total  # ∂ log π(v)/∂θ
ratio = pi / ref(v)
k1, k2, k3 = sp.log(ratio), sp.log(ratio) ** 2 / 2, 1 / ratio - sp.log(1 / ratio) - 1
FORWARD, REVERSE = over_tokens(pi * sp.log(ratio)), over_tokens(ref(v) * sp.log(1 / ratio))
FORWARD_SLOPE, REVERSE_SLOPE = over_tokens(pi * sp.log(ratio) * score), over_tokens(-ref(v) * score)
ON, MOVES = "tokens are drawn from π_θ", "θ moves a"
POLICIES = {
    "a vocabulary": V >= 1,
    "π_θ > 0": for_tokens(a(v, theta) > 0),
    "π_ref > 0": for_tokens(ref(v) > 0),
    MOVES: for_tokens(derivative(a(v, theta), theta, da(v, theta))),
}
ON_POLICY = {ON: for_tokens(equals(weight(v), pi))}


def logit_1(v: Any, x: Any) -> Any:
    """a(1, x) = 1 + x, a(2, x) = 3"""
    return x * Fraction(1) + Fraction(1) if v == 1 else x * Fraction(0) + Fraction(3)


def slope(v: Any, x: Any) -> Any:
    """da(1, x) = 1, da(2, x) = 0"""
    return Fraction(1 if v == 1 else 0)


def none_left(v: Any, x: Any) -> Any:
    """a(1, x) = x, a(2, x) = 3"""
    return logit_1(v, x) - Fraction(1 if v == 1 else 0)


def kinked(v: Any, x: Any) -> Any:
    """a(1, x) = 1 + |x|, a(2, x) = 3"""
    if isinstance(x, Dual):
        raise Undefined("|x| has no derivative at 0")
    return logit_1(v, abs(x))


CASE: Case = {"V": 2, "theta": 0, "a": logit_1, "da": slope, "ref": ["1/2", "1/2"]}
CASE |= {"weight": ["1/4", "3/4"], "old": ["1/2", "1/2"]}
DROPS: Case = {
    "a vocabulary": UNNEEDED,
    "π_θ > 0": CASE | {"a": none_left, "weight": [0, 1]},
    "π_ref > 0": CASE | {"ref": [0, 1]},
    MOVES: CASE | {"a": kinked},
}
NOT_ON: Case = {ON: CASE | {"weight": ["1/2", "1/2"]}}


def differentiated(goal: Goal, claim: Term) -> Theorem:
    """A claim about the derivative of a sum over tokens: token by token, then summed."""
    bound, f, at, slope = claim.args
    index, lo, hi, body = subst(f, {bound: at}).args
    x = goal.fresh(claim)
    ctx = goal.assuming(le(lo, x), le(x, hi))
    token = differentiate(ctx, at, subst(body, {index: x}), domain)
    simpler = token.concl.args[3]
    known = [ctx.at(goal.given[ON], x)] if ON in goal.given else []
    known += [flattened(ctx, part) for part in atoms(simpler) if part.op == "inv" and part.args[0].op == "mul"]
    known += [turned(ctx, part, x) for part in atoms(simpler) if part.op == "app" and part.args[0] == "log"]
    for th in known:
        simpler = replaced(simpler, *th.concl.args)
    token = with_slope(ctx, token, simpler, *known)
    return k.restate(with_slope(goal, k.sum_congr(x, lo, hi, token), slope), claim)


def domain(ctx: Context, f: Term) -> list[Theorem]:
    """What the derivative of f needs: denominators that are not 0, logarithms of positive numbers."""
    inverses = [ctx.unequal(part.args[0], ZERO) for part in atoms(f) if part.op == "inv"]
    return inverses + [ctx.prove(lt(ZERO, x.args[2])) for x in atoms(f) if x.op == "app" and x.args[0] == "log"]


def flattened(ctx: Context, inverse: Term) -> Theorem:
    """1/(x/y) = y/x."""
    flat = mul(*(f.args[0] if f.op == "inv" else inv(f) for f in inverse.args[0].args))
    return ctx.equal(inverse, flat)


def turned(ctx: Context, log: Term, x: Term) -> Theorem:
    """log(π_ref/π_θ) = -log(π_θ/π_ref) at token x; log(π_θ/π_ref) stays."""
    upright = subst(term(ratio), {term(v): x})
    if same(log.args[2], upright):
        return k.linear(log, log, [], [])
    product = ctx.equal(mul(upright, log.args[2]), ONE)
    return log_of_reciprocal(upright, log.args[2], product, ctx.prove(lt(ZERO, upright)))


def proved(goal: Goal) -> Theorem:
    positive = goal.prove(lt(ZERO, term(total)))
    goal.know(positive)
    goal.define(positive)
    if goal.claim.op != "and":
        return differentiated(goal, goal.claim)
    return k.and_intro([differentiated(goal, claim) for claim in goal.claim.args])


@proposition(
    "lossproof.k1_gradient",
    title="k1 = log(π_θ/π_ref) as a loss: the expected gradient over tokens of π_θ is 0",
    source="our own",
    printed="E_{π_θ}[∇k1] = 0",
    assumptions=POLICIES | ON_POLICY,
    statement=derivative(over_tokens(weight(v) * k1), theta, sp.Integer(0)),
    model=CASE,
    drops=DROPS | NOT_ON,
    not_claimed="that k1 in the reward has no effect",
)
def k1_gradient(goal: Goal) -> Theorem:
    return proved(goal)


@proposition(
    "lossproof.k2_gradient",
    title="k2 = log²(π_θ/π_ref)/2 as a loss: the expected gradient over tokens of π_θ is that of KL(π_θ‖π_ref)",
    source="our own",
    printed="E_{π_θ}[∇k2] = ∇KL(π_θ‖π_ref)",
    assumptions=POLICIES | ON_POLICY,
    statement=sp.And(derivative(over_tokens(weight(v) * k2), theta, FORWARD_SLOPE), derivative(FORWARD, theta, FORWARD_SLOPE)),
    model=CASE,
    drops=DROPS | NOT_ON,
)
def k2_gradient(goal: Goal) -> Theorem:
    return proved(goal)


@proposition(
    "lossproof.k3_gradient",
    title="k3 = D_KL as a loss: the expected gradient over tokens of π_θ is that of KL(π_ref‖π_θ)",
    source="our own",
    printed="E_{π_θ}[∇k3] = ∇KL(π_ref‖π_θ)",
    assumptions=POLICIES | ON_POLICY,
    statement=sp.And(derivative(over_tokens(weight(v) * k3), theta, REVERSE_SLOPE), derivative(REVERSE, theta, REVERSE_SLOPE)),
    model=CASE,
    drops=DROPS | NOT_ON,
)
def k3_gradient(goal: Goal) -> Theorem:
    return proved(goal)


@proposition(
    "lossproof.weighted_k3_gradient",
    title="I · D_KL of GRPO v3.2 as a loss: the expected gradient over tokens of π_old is that of KL(π_θ‖π_ref)",
    source="our own",
    printed="E_{π_old}[∇(I · k3)] = ∇KL(π_θ‖π_ref), I = π_θ/π_old",
    assumptions=POLICIES | {"π_old > 0": for_tokens(old(v) > 0)},
    statement=sp.And(
        derivative(over_tokens(sp.Mul(old(v), pi / old(v) * k3, evaluate=False)), theta, FORWARD_SLOPE),
        derivative(FORWARD, theta, FORWARD_SLOPE),
    ),
    model=CASE,
    drops=DROPS | {"π_old > 0": CASE | {"old": [0, 1]}},
)
def weighted_k3_gradient(goal: Goal) -> Theorem:
    return proved(goal)
