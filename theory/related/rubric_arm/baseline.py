"""Propositions 5.1, 5.2 and Theorem 5.5 of Rubric-ARM with a baseline b: (R - b) times the score, as GRPO has it.

The score of the judge's wrong answer is -p/(1-p) times that of the right one, so a baseline enters both answers.
"""

from fractions import Fraction
from typing import Any

import sympy as sp

from theory import kernel as k
from theory.decide import Goal
from theory.kernel import Term, Theorem, subst
from theory.kernel.terms import ONE, ZERO, le
from theory.language import ForAll, derivative, equals, family, formula, reals, term
from theory.proposition import Case, proposition, refuted
from theory.related.rubric_arm.domination import ASSUMPTION, CONSTANT, HOLDS, NORMS, PROBABLE, bound, ratio
from theory.related.rubric_arm.variance import K, d, over_rubrics, p, p1, r, score, squared_norm, u, v, w
from theory.tactics import atoms
from theory.tactics.powers import squared
from theory.tactics.slopes import slope_claim

b, theta = reals("b theta")
chance, slope = family("chance"), family("slope")
RIGHT = {"0 < p < 1": sp.And(p1 > 0, p1 < 1)}
wrong = -p1 / (1 - p1)  # times the score of the right answer
judge = (
    p1 * squared_norm((1 - b) * score(d))
    + (1 - p1) * squared_norm((0 - b) * wrong * score(d))
    - squared_norm((p1 * (1 - b) + (1 - p1) * (0 - b) * wrong) * score(d))
)
COIN: Case = {"p1": "4/5", "b": "1/2", "D": 1, "score": [2]}


def line(x: Any) -> Any:
    """chance(x) = x"""
    return x * Fraction(1)


def one(x: Any) -> Any:
    """slope(x) = 1"""
    return Fraction(1)


def kept(x: Any) -> Any:
    """chance(x) = 1/2"""
    return Fraction(1, 2)


def sure(x: Any) -> Any:
    """chance(x) = 1 + x"""
    return x + Fraction(1)


CURVE: Case = {"theta": "1/4", "chance": line, "slope": one}


@proposition(
    "rubric_arm.baseline.score",
    title="the score of the wrong answer is -p/(1-p) times that of the right one",
    source="Section 5, two answers (used for the baseline below; not in the paper)",
    printed="∂ log(1-p)/∂θ = -(p/(1-p)) ∂ log p/∂θ",
    assumptions={
        "0 < p < 1": sp.And(chance(theta) > 0, chance(theta) < 1),
        "p is differentiable": derivative(chance(theta), theta, slope(theta)),
    },
    statement=sp.And(
        derivative(sp.log(chance(theta)), theta, slope(theta) / chance(theta)),
        derivative(
            sp.log(1 - chance(theta)),
            theta,
            -chance(theta) / (1 - chance(theta)) * sp.Mul(slope(theta), 1 / chance(theta), evaluate=False),
        ),
    ),
    model=CURVE,
    drops={
        "0 < p < 1": CURVE | {"chance": sure},
        "p is differentiable": CURVE | {"chance": kept},
    },
)
def wrong_answer(goal: Goal) -> Theorem:
    signs = [goal.prove(formula(x > 0)) for x in (chance(theta), 1 - chance(theta))]
    ctx = goal.with_facts(*signs)
    return k.and_intro([slope_claim(ctx, c) for c in goal.claim.args])


@proposition(
    "rubric_arm.baseline.judge",
    title="the judge's variance with a baseline: zero at b = 1 - p, and at b = p smaller or larger than without",
    source="Proposition 5.1 with the baseline of GRPO",
    printed="Var(g_A) = p (1-p) ((1-b) - b p/(1-p))² ‖u_j‖²; 0 at b = 1-p; p (1-p) ((1-2p)/(1-p))² ‖u_j‖² at b = p",
    assumptions=RIGHT,
    statement=sp.And(
        equals(judge, p1 * (1 - p1) * ((1 - b) - b * p1 / (1 - p1)) ** 2 * squared_norm(score(d))),
        sp.Implies(equals(b, 1 - p1), equals(judge, 0)),
        sp.Implies(equals(b, p1), equals(judge, p1 * (1 - p1) * ((1 - 2 * p1) / (1 - p1)) ** 2 * squared_norm(score(d)))),
    ),
    model=COIN,
    drops={"0 < p < 1": COIN | {"p1": 1}},
    hints={"p1": "unit", "b": "unit"},
    not_claimed="a sampled chain, or a baseline that is estimated from the group",
)
def judged(goal: Goal) -> Theorem:
    """A coin with the values (1-b) ‖u‖ and b p/(1-p) ‖u‖."""
    positive = squared(goal.prove(formula(1 - p1 > 0)))
    goal.define(positive)
    ctx = goal.with_facts(positive)

    def part(c: Term) -> Theorem:
        if c.op == "imp":
            return k.imp_intro(c.args[0], ctx.equal(*c.args[1].args, k.assume(c.args[0])))
        return ctx.prove(c)

    return k.and_intro([part(c) for c in goal.claim.args])


def between(f: sp.Expr) -> sp.Expr:
    """Var_r of f(r, d), the term (II)."""
    return over_rubrics(w(r) * squared_norm(f)) - squared_norm(over_rubrics(w(r) * f))


AGREE: Case = {"K": 2, "w": ["1/2", "1/2"], "p": ["3/5", "3/5"], "b": "3/5", "D": 1, "u": [[1], [-1]]}


@proposition(
    "rubric_arm.baseline.generator",
    title="with the baseline b = p the term (II) is 0 where p(r) = p for every rubric, as its name says",
    source="Proposition 5.2 with the baseline of GRPO",
    printed="p(r) = b for every r ⇒ Var_r((p(r) - b) u_r(r)) = 0",
    assumptions={"p(r) = b": ForAll(r, 1, K, equals(p(r), b))},
    statement=equals(between((p(r) - b) * u(r, d)), 0),
    model=AGREE,
    drops={"p(r) = b": AGREE | {"p": ["4/5", "3/5"]}},
    hints={"w": "unit"},
    not_claimed="how much smaller (II) becomes where p(r) varies: evidence measures it",
)
def removed(goal: Goal) -> Theorem:
    """(p(r) - b) u(r, d) = 0 under every sum."""
    flat = [under_all(goal, t, goal.given["p(r) = b"]) for t in (term(s) for s in sums())]
    return goal.equal(*goal.claim.args, *flat)


def sums() -> tuple[sp.Expr, sp.Expr]:
    f = (p(r) - b) * u(r, d)
    return over_rubrics(w(r) * squared_norm(f)), squared_norm(over_rubrics(w(r) * f))


def under_all(goal: Goal, total: Term, members: Theorem) -> Theorem:
    """Sum .. = 0, because p(r) - b is 0 for every rubric; the sum over rubrics may be the outer or the inner one."""
    bound_, lo, hi, body = total.args
    outer = goal.fresh(total)
    ctx = goal.assuming(le(lo, outer), le(outer, hi))
    here = subst(body, {bound_: outer})
    inner = next(t for t in atoms(here) if t.op == "sum")
    i_bound, i_lo, i_hi, i_body = inner.args
    index = ctx.fresh(inner)
    deep = ctx.assuming(le(i_lo, index), le(index, i_hi))
    leaf = subst(i_body, {i_bound: index})
    rubric = outer if "w(" in repr(here) and hi is term(K) else index
    zero = deep.equal(leaf, ZERO, deep.at(members, rubric))
    nothing = k.sum_linear(index, i_lo, i_hi, [ZERO], [ZERO])
    row = k.linear(inner, ZERO, [k.sum_congr(index, i_lo, i_hi, zero), nothing], [ONE, ONE])
    each = ctx.equal(here, ZERO, row)
    empty = k.sum_linear(outer, lo, hi, [ZERO], [ZERO])
    return k.linear(total, ZERO, [k.sum_congr(outer, lo, hi, each), empty], [ONE, ONE])


with_b = over_rubrics(w(r) * (p(r) * (1 - b) ** 2 + (1 - p(r)) * b**2) * squared_norm(u(r, d)))
generator = with_b - squared_norm(over_rubrics(w(r) * (p(r) - b) * u(r, d)))
judges = over_rubrics(w(r) * p(r) * (1 - p(r)) * ((1 - 2 * p(r)) / (1 - p(r))) ** 2 * squared_norm(v(r, d)))

refuted(
    "rubric_arm.theorem5_5.baseline",
    title="the same with the baselines that GRPO subtracts, p(r) for the judge and E_r[p(r)] for the generator",
    source="Theorem 5.5 (reconstruction: for the estimators that are run)",
    printed="Assumption 5.3 ⇒ Var((R - E p) u_r) > E_r Var((R - p(r)) u_j)",
    assumptions=PROBABLE
    | NORMS
    | CONSTANT
    | {
        ASSUMPTION: ForAll(r, 1, K, ratio(squared_norm(u(r, d)), squared_norm(v(r, d))) > bound(p(r))),
        "b is the mean": equals(b, over_rubrics(w(r) * p(r))),
    },
    statement=generator > judges,
    witness=HOLDS
    | {
        "p": ["9/10", "4/5"],
        "u": [[1], [-1]],
        "v": [[1], [1]],
        "b": "17/20",
        "C1": 1 - Fraction(1, 20) ** 2 / ((Fraction(81, 100) + Fraction(64, 100)) / 2),
    },
    module=__name__,
    repair="rubric_arm.theorem5_5",
    hints={"p": "unit", "w": "unit"},
    finding="Two rubrics with p = 0.9 and 0.8 and all score norms 1 satisfy Assumption 5.3. With baselines Var(g_B) = 0.125, and "
    "the judge's conditional variance 0.09 · 64 and 0.16 · 9, on average 3.6.",
)
