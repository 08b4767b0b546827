"""Propositions 5.1 and 5.2 of Rubric-ARM: variances of the two gradients, and what reusing one rubric costs.

Var(g) = E‖g‖² - ‖E g‖². g_A = R(o) u_j(o|r), of the judge given a rubric, and g_B = R(o) u_r(r), of the generator.
"""

from fractions import Fraction
from typing import Any

import sympy as sp

from theory import kernel as k
from theory.decide import Goal
from theory.kernel import Refused, Term, Theorem
from theory.kernel.terms import ONE, mul, sub
from theory.language import ForAll, derivative, equals, family, formula, integers, reals, term
from theory.proposition import proposition, refuted
from theory.tactics import MINUS
from theory.tactics.convex import One
from theory.tactics.powers import product_sign, unit
from theory.tactics.slopes import slope_claim
from theory.tactics.surrogate import under_sums

K, r, D, d, N, o, n, i, j = integers("K r D d N o n i j")
p1, within, between, theta = reals("p1 within between theta")
w, p, u, v, q, b, score, chance, s = map(family, ("w", "p", "u", "v", "q", "b", "score", "chance", "s"))


def over_rubrics(f: sp.Expr) -> sp.Expr:
    return sp.Sum(f, (r, 1, K))


def squared_norm(f: sp.Expr) -> sp.Expr:
    return sp.Sum(f**2, (d, 1, D))


mean_b = squared_norm(over_rubrics(w(r) * p(r) * u(r, d)))  # ‖E g_B‖² = ‖∇J‖²
var_b = over_rubrics(w(r) * p(r) * squared_norm(u(r, d))) - mean_b
term_i = over_rubrics(w(r) * p(r) * (1 - p(r)) * squared_norm(u(r, d)))
term_ii = over_rubrics(w(r) * squared_norm(p(r) * u(r, d))) - mean_b
var_a = over_rubrics(w(r) * p(r) * (1 - p(r)) * squared_norm(v(r, d)))  # E_r Var(g_A | r)

OUTCOMES = {
    "b is the indicator of o = o*": ForAll(o, 1, N, equals(b(o) ** 2, b(o))),
    "p = P(o = o*)": equals(sp.Sum(q(o) * b(o), (o, 1, N)), p1),
}
COIN = {"N": 2, "q": ["3/5", "2/5"], "b": [1, 0], "p1": "3/5", "D": 2, "score": [1, 2]}


@proposition(
    "rubric_arm.prop5_1",
    title="the judge's gradient under a cached rubric and a fixed chain has the variance of a scaled coin",
    source="Proposition 5.1, Eq. 17",
    printed="Var(g_A | r̄) = p(r̄) (1 - p(r̄)) ‖u_j(o*|r̄)‖²",
    assumptions=OUTCOMES,
    statement=equals(
        sp.Sum(q(o) * b(o) ** 2, (o, 1, N)) * squared_norm(score(d)) - squared_norm(sp.Sum(q(o) * b(o), (o, 1, N)) * score(d)),
        p1 * (1 - p1) * squared_norm(score(d)),
    ),
    model=COIN,
    drops={
        "b is the indicator of o = o*": COIN | {"b": [2, 0], "p1": "6/5"},
        "p = P(o = o*)": COIN | {"p1": "1/2"},
    },
    hints={"b": "binary", "q": "unit"},
    not_claimed="the same where the chain is sampled with the answer, or with a baseline: see prop5_1.chain, baseline.judge",
)
def prop5_1(goal: Goal) -> Theorem:
    """R² = R, so E‖g‖² = p ‖u‖² and E g = p u."""
    squares = under_sums(goal, term(sp.Sum(q(o) * b(o) ** 2, (o, 1, N))), goal.given["b is the indicator of o = o*"])
    return goal.equal(*goal.claim.args, squares, goal.given["p = P(o = o*)"])


RUBRICS = {"K": 2, "w": ["1/2", "1/2"], "p": ["4/5", "3/5"], "D": 1, "u": [[1], [-1]], "v": [[1], [-1]]}


@proposition(
    "rubric_arm.prop5_2",
    title="the generator's gradient has the variance of the judge's answer (I) and that between rubrics (II)",
    source="Proposition 5.2, Eq. 18",
    printed="Var(g_B) = E_r[p (1-p) ‖u_r‖²] + Var_r(p(r) u_r(r))",
    statement=equals(var_b, term_i + term_ii),
    hints={"p": "unit", "w": "unit"},
    not_claimed="that (II) is a matter of inconsistent rubrics: see inconsistency",
)
def prop5_2(goal: Goal) -> Theorem:
    return goal.prove(goal.claim)


refuted(
    "rubric_arm.prop5_1.chain",
    title="with the chain sampled too, the judge's variance is the mean of p (1-p) ‖u_j‖² over chains",
    source="Proposition 5.1 applied to training, where (c, o) is sampled (reconstruction; here r counts chains)",
    printed="Var(g_A | r̄) = E_c[p_c (1-p_c) ‖u_c‖²]",
    assumptions={"probabilities": equals(over_rubrics(w(r)), 1)},
    statement=equals(var_b, term_i),
    witness=RUBRICS,
    module=__name__,
    repair="rubric_arm.prop5_2",
    hints={"p": "unit", "w": "unit"},
    finding="Two chains with p = 4/5 and 3/5 and scores 1 and -1: the variance is 7/10 - 1/100 = 0.69, the mean of p (1-p) is "
    "0.2. The law of Proposition 5.2, over chains, has the missing Var_c(p_c u_c) = 0.49.",
)


def rising(r: Any, x: Any) -> Any:
    """chance(1, x) = x, chance(2, x) = 1 - x"""
    return x * Fraction(1) if r == 1 else Fraction(1) - x


def unmoved(r: Any, x: Any) -> Any:
    """1/2"""
    return Fraction(1, 2)


MOVING = {"K": 2, "chance": rising, "theta": "1/2", "s": [2, -2], "p": [1, 0]}


@proposition(
    "rubric_arm.eq18.gradient",
    title="g_B is an unbiased gradient of the accuracy J = E_r[p(r)]",
    source="Eq. 18 (g_B = R(o) u_r(r)); J is Eq. 4 for a fixed judge",
    printed="∇_θ E_r[p(r)] = E_r[p(r) u_r(r)]",
    assumptions={"s is the score": ForAll(r, 1, K, derivative(chance(r, theta), theta, chance(r, theta) * s(r)))},
    statement=derivative(over_rubrics(chance(r, theta) * p(r)), theta, over_rubrics(chance(r, theta) * s(r) * p(r))),
    model=MOVING,
    drops={"s is the score": MOVING | {"chance": unmoved}},
)
def gradient(goal: Goal) -> Theorem:
    return slope_claim(goal, goal.claim)


N_SAMPLES = {"samples": n >= 1}
SPREAD = {"n": 4, "within": "1/20", "between": "9/100"}
cached = within / n + between
fresh = (within + between) / n

refuted(
    "rubric_arm.reuse",
    title="reusing one cached rubric for n samples does not raise the variance of their mean",
    source="Section 4 (one cached rubric, several steps); the theory conditions on it (reconstruction)",
    printed="E Var(g|r)/n + Var_r E[g|r] ≤ (E Var(g|r) + Var_r E[g|r])/n",
    assumptions=N_SAMPLES | {"variances": sp.And(within >= 0, between >= 0)},
    statement=cached <= fresh,
    witness=SPREAD,
    module=__name__,
    repair="rubric_arm.reuse.repaired",
    finding="With E Var(g|r) = 0.05 and Var_r E[g|r] = 0.09, four samples have the variance 0.1025 under one rubric and "
    "0.035 under four.",
)


@proposition(
    "rubric_arm.reuse.repaired",
    title="under one rubric the n samples share its part, so the variance stays above Var_r E[g|r]; fresh ones average it out",
    source="Section 4, Section 5",
    printed="(1/n²) Σ_ij cov = E Var(g|r)/n + Var_r E[g|r] (one rubric), (E Var(g|r) + Var_r E[g|r])/n (fresh ones)",
    assumptions=N_SAMPLES | {"variances": between >= 0},
    statement=sp.And(
        equals(
            sp.Sum(
                within + between + sp.Sum(between, (j, 1, i - 1)) + sp.Sum(between, (j, i + 1, n)),
                (i, 1, n),
            )
            / n**2,
            cached,
        ),
        equals(sp.Sum(within + between, (i, 1, n)) / n**2, fresh),
        cached >= fresh,
    ),
    model=SPREAD,
    drops={"samples": SPREAD | {"n": 0}, "variances": SPREAD | {"between": -1}},
    not_claimed="that training with fresh rubrics is better per unit of compute",
)
def reuse(goal: Goal) -> Theorem:
    """Pairs of samples under one rubric have the covariance Var_r E[g|r], under fresh ones 0."""
    more, over, whole = goal.given["samples"], goal.prove(formula(1 / n > 0)), unit(goal.prove(formula(n > 0)))

    def part(c: Term) -> Theorem:
        if c.op == "le":
            return k.sos(c, [(One, ONE, [goal.given["variances"], more, over])], [whole], [mul(MINUS, term(between))])
        return goal.prove(c)

    return k.and_intro([part(c) for c in goal.claim.args])


mean_a = over_rubrics(w(r) * p(r) * v(r, d))

refuted(
    "rubric_arm.theorem5_5.total",
    title="the generator's variance is above the judge's, both taken over rubrics too",
    source="Theorem 5.5 (it compares the total variance of g_B with the conditional one of g_A; reconstruction: like with like)",
    printed="Var(g_B) > E_r[p (1-p) ‖u_j‖²] + Var_r(p u_j) under Assumption 5.3",
    assumptions={
        "probabilities": sp.And(ForAll(r, 1, K, w(r) > 0), equals(over_rubrics(w(r)), 1)),
        "Assumption 5.3, squared": ForAll(
            r,
            1,
            K,
            squared_norm(u(r, d)) * (1 - p(r) + term_ii / over_rubrics(w(r) * squared_norm(p(r) * u(r, d))) * p(r))
            > squared_norm(v(r, d)) * (1 - p(r)),
        ),
    },
    statement=var_b
    > var_a + over_rubrics(w(r) * squared_norm(p(r) * v(r, d))) - squared_norm(over_rubrics(w(r) * p(r) * v(r, d))),
    witness=RUBRICS | {"u": [["7/10"], ["-7/10"]], "v": [["4/5"], ["-4/5"]]},
    module=__name__,
    repair="rubric_arm.theorem5_5",
    hints={"p": "unit", "w": "unit"},
    finding="Two rubrics, p = 4/5 and 3/5, generator scores ±0.7, judge scores ±0.8: Assumption 5.3 holds. Var(g_B) = 0.338, "
    "above the conditional 0.128 of the judge, but the judge's total variance is 0.128 + 0.314 = 0.442.",
)


@proposition(
    "rubric_arm.conditional",
    title="given the rubric, on both sides, the larger score norm has the larger variance, and nothing else matters",
    source="Theorem 5.5 (the comparison with both sides conditional)",
    printed="p (1-p) ‖u_r‖² > p (1-p) ‖u_j‖² ⟺ ‖u_r‖ > ‖u_j‖",
    assumptions={"0 < p < 1": sp.And(p1 > 0, p1 < 1)},
    statement=sp.Equivalent(
        p1 * (1 - p1) * squared_norm(score(d)) > p1 * (1 - p1) * squared_norm(q(d)),
        squared_norm(score(d)) > squared_norm(q(d)),
        evaluate=False,
    ),
    model={"p1": "1/2", "D": 1, "score": [2], "q": [1]},
    drops={"0 < p < 1": {"p1": 1, "D": 1, "score": [2], "q": [1]}},
)
def conditional(goal: Goal) -> Theorem:
    """Multiply or divide by p (1-p) > 0."""
    factor = product_sign(formula(p1 * (1 - p1) > 0), *(goal.prove(formula(x > 0)) for x in (p1, 1 - p1)))
    over, whole = k.inv_positive(factor), unit(factor)

    def part(c: Term) -> Theorem:
        premise, conclusion = c.args
        known = k.assume(premise)
        try:
            th = k.sos(conclusion, [(One, ONE, [known, factor])], [], [])
        except Refused:
            gap = sub(conclusion.args[0], conclusion.args[1])
            th = k.sos(conclusion, [(One, ONE, [known, over])], [whole], [gap])
        return k.imp_intro(premise, th)

    return k.and_intro([part(c) for c in goal.claim.args])
