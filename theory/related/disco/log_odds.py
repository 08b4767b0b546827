"""Difficulty bias: which function of the accuracy p each weight of a question maximises.

Statement   On policy, E₊∇log π - E₋∇log π = ∇p/(p(1-p)) = ∇logit p. So weight 1 (DisCO-b) ascends the log-odds of a correct
            answer, √(p(1-p)) (GRPO) ∇p/√(p(1-p)), p(1-p) (Dr. GRPO) the accuracy p itself.
Place       Section 4 of DisCO says that weight 1 "completely eliminates difficulty bias". Relative to ∇p it favours the extremes
            most; relative to the difference of the classes Dr. GRPO disfavours them most. Both statements are here.
Hypotheses  scores s = log π(o) without length normalisation, at θ = θ_old; outputs o = 1..N with probabilities pi(o, θ) > 0,
            θ one coordinate of the policy's parameters, dpi(o, θ) the derivative.
Proof       E₊∇log π = Σ r ∇π/p = ∇p/p, and E₋∇log π = -∇p/(1-p), as the probabilities add up to 1.
Not claimed anything off policy, or about scores that are divided by the length.
"""

from fractions import Fraction
from typing import Any

import sympy as sp

from theory import kernel as k
from theory.decide import Goal
from theory.kernel import Theorem
from theory.kernel.terms import ONE, ZERO, inv, le, lt, mul
from theory.language import ForAll, derivative, equals, family, integers, reals, term
from theory.proposition import UNNEEDED, Case, proposition, refuted
from theory.related.hadw.groups import A as P_S
from theory.related.hadw.groups import G
from theory.tactics import MINUS
from theory.tactics.logs import weaken
from theory.tactics.powers import squares_order
from theory.tactics.prefix import put

N, o, a, b = integers("N o a b")
theta, p, gradient, bound = reals("theta p grad_p M")
pi, dpi, r = map(family, ("pi", "dpi", "r"))
One = Fraction(1)
SOURCE = "Section 4 (difficulty bias)"


def over_outputs(f: sp.Expr) -> sp.Expr:
    return sp.Sum(f, (o, 1, N))


def for_outputs(claim: sp.Basic) -> sp.Basic:
    return ForAll(o, 1, N, claim)


ACCURACY = over_outputs(pi(o, theta) * r(o))
POLICY = {
    "probabilities are positive": for_outputs(pi(o, theta) > 0),
    "and add up to 1": sp.And(equals(over_outputs(pi(o, theta)), 1), equals(over_outputs(dpi(o, theta)), 0)),
    "θ moves the policy": for_outputs(derivative(pi(o, theta), theta, dpi(o, theta))),
    "p is the accuracy": sp.And(equals(p, ACCURACY), equals(gradient, over_outputs(dpi(o, theta) * r(o)))),
    "0 < p < 1": sp.And(p > 0, p < 1),
}
SCORE = dpi(o, theta) / pi(o, theta)
CONTRAST = over_outputs(pi(o, theta) * r(o) / p * SCORE) - over_outputs(pi(o, theta) * (1 - r(o)) / (1 - p) * SCORE)


def policy(o: Any, x: Any) -> Any:
    """pi(1, x) = 1/4 + x, pi(2, x) = 3/4 - x"""
    return x + Fraction(1, 4) if o == 1 else x * Fraction(-1) + Fraction(3, 4)


def slope(o: Any, x: Any) -> Any:
    """dpi(1, x) = 1, dpi(2, x) = -1"""
    return Fraction(1 if o == 1 else -1)


def third(o: Any, x: Any) -> Any:
    """pi(1, x) = 1/4 + x, pi(2, x) = 3/4"""
    return x + Fraction(1, 4) if o == 1 else x * Fraction(0) + Fraction(3, 4)


def one_slope(o: Any, x: Any) -> Any:
    """dpi(1, x) = 1, dpi(2, x) = 0"""
    return Fraction(1 if o == 1 else 0)


CASE: Case = {"N": 2, "theta": 0, "pi": policy, "dpi": slope, "r": [1, 0], "p": "1/4", "grad_p": 1}
DROPS: Case = {
    "probabilities are positive": UNNEEDED,
    "and add up to 1": CASE | {"pi": third, "dpi": one_slope},
    "θ moves the policy": UNNEEDED,
    "p is the accuracy": CASE | {"grad_p": 2},
    "0 < p < 1": CASE | {"r": [0, 0], "p": 0, "grad_p": 0},
}


def contrast(goal: Goal, weight: sp.Expr, target: sp.Expr) -> Theorem:
    """weight (E₊∇log π - E₋∇log π) = target: in each sum pi/pi cancels, and Σ dpi = 0."""
    left, right = term(weight * CONTRAST), term(target)
    total = [k.and_elim(goal.given["and add up to 1"], m) for m in range(2)]
    of_gradient = next(
        k.and_elim(goal.given["p is the accuracy"], m)
        for m in range(2)
        if "dpi" in repr(goal.given["p is the accuracy"].concl.args[m])
    )
    turned = k.linear(*of_gradient.concl.args[::-1], [of_gradient], [MINUS])
    return goal.equal(left, right, turned, *total)


@proposition(
    "disco.logit",
    title="with weight 1, as in DisCO-b, the gradient at θ_old is that of the log-odds log(p/(1-p)) of a correct answer",
    source="our own",
    printed="E₊[∇log π] - E₋[∇log π] = ∇p/(p(1-p)) = ∇log(p/(1-p))",
    assumptions=POLICY,
    statement=sp.And(
        equals(CONTRAST, gradient / (p * (1 - p))),
        derivative(sp.log(ACCURACY / (1 - ACCURACY)), theta, gradient / (p * (1 - p))),
    ),
    model=CASE,
    drops=DROPS,
    not_claimed="the same for means over tokens: they weigh the score of an output by 1/|o|",
)
def logit(goal: Goal) -> Theorem:
    equation, slope_ = sorted(goal.claim.args, key=lambda q: q.op, reverse=True)
    first = contrast(goal, sp.Integer(1), gradient / (p * (1 - p)))
    # the derivative of log(P/(1-P)), P = Σ pi r: P is p there
    accuracy = term(ACCURACY)
    is_p = next(th for th in goal.facts if th.concl.op == "eq" and th.concl.args[0] is term(p))
    of_gradient = next(th for th in goal.facts if th.concl.op == "eq" and th.concl.args[0] is term(gradient))
    low = k.sos(lt(ZERO, accuracy), [(One, ONE, [goal.prove(lt(ZERO, term(p)))])], [is_p], [MINUS])
    high = k.sos(lt(accuracy, ONE), [(One, ONE, [goal.prove(lt(term(p), ONE))])], [is_p], [ONE])
    rest = term(1 - ACCURACY)
    left_over = k.sos(lt(ZERO, rest), [(One, ONE, [high])], [], [])
    ratio = k.sos(lt(ZERO, term(ACCURACY / (1 - ACCURACY))), [(One, ONE, [low, k.inv_positive(left_over)])], [], [])
    goal.know(low, high, left_over, ratio)
    goal.define(low, high, left_over, ratio)
    v, f = slope_.args[2], k.subst(slope_.args[1], {slope_.args[0]: slope_.args[2]})
    index = goal.fresh(goal.claim)
    inside = goal.assuming(le(ONE, index), le(index, term(N)))
    moved = inside.at(goal.given["θ moves the policy"], index)
    member = mul(term(r(o)), term(pi(o, theta)))
    summand = k.subst(member, {term(o): index})
    total = k.sum_congr(index, ONE, term(N), k.diff(v, summand, v, [moved]))
    th = k.diff(v, f, v, [total, ratio, k.negate(left_over)])
    back = [k.linear(*e.concl.args[::-1], [e], [MINUS]) for e in (is_p, of_gradient)]
    d = th.concl.args[3]
    at_p = put(back[0], k.linear(d, d, [], []))
    value = goal.equal(at_p.concl.args[1], slope_.args[3], back[1])
    (v, f, at, _), hole = th.concl.args, k.var("hole")
    equal = k.linear(d, slope_.args[3], [at_p, value], [ONE, ONE])
    th = k.rewrite(equal, th, hole, k.mk("deriv", v, f, at, hole))
    return k.and_intro([first if q is equation else k.restate(th, q) for q in goal.claim.args])


@proposition(
    "disco.logit.grpo",
    title="with weight √(p(1-p)), as in GRPO, it is ∇p/√(p(1-p)): the slope of 2 arcsin √p, times ∇p",
    source="our own",
    printed="√(p(1-p)) (E₊[∇log π] - E₋[∇log π]) = ∇p/√(p(1-p))",
    assumptions=POLICY,
    statement=equals(sp.sqrt(p * (1 - p)) * CONTRAST, gradient / sp.sqrt(p * (1 - p))),
    model=CASE,
    drops=DROPS,
    not_claimed="that ∇p/√(p(1-p)) is the gradient of 2 arcsin √p: arcsin is no function of the language",
)
def logit_grpo(goal: Goal) -> Theorem:
    product = term(p * (1 - p))
    positive = goal.arith(lt(ZERO, product), products=2)
    goal.know(positive)
    root = goal.sqrt_positive(product)
    goal.know(root)
    goal.define(positive, root)
    S, target = root.concl.args[1], goal.claim.args[1]
    th = contrast(goal, sp.Integer(1), gradient / (p * (1 - p)))
    square = k.law("sqrt_square", product, ZERO, [weaken(positive)])
    over = [inv(term(p)), inv(term(1 - p))]
    whole = goal.equal(mul(product, *over), ONE)
    unit = goal.equal(mul(S, inv(S)), ONE)
    # S ∇p/(p(1-p)) = S S² ... = ∇p/S, with 1/S = S/(p(1-p))
    inverse = k.linear(
        inv(S), mul(S, *over), [unit, square, whole], [mul(S, *over), mul(MINUS, inv(S), *over), mul(MINUS, inv(S))]
    )  # fmt: skip
    flat = goal.equal(th.concl.args[1], mul(term(gradient), *over))
    return k.linear(goal.claim.args[0], target, [th, flat, inverse], [S, S, mul(MINUS, term(gradient))])


@proposition(
    "disco.logit.dr_grpo",
    title="with weight p(1-p), as in Dr. GRPO, it is the gradient of the accuracy p",
    source="our own",
    printed="p(1-p) (E₊[∇log π] - E₋[∇log π]) = ∇p",
    assumptions=POLICY,
    statement=equals(p * (1 - p) * CONTRAST, gradient),
    model=CASE,
    drops=DROPS,
)
def logit_dr_grpo(goal: Goal) -> Theorem:
    return contrast(goal, p * (1 - p), gradient)


refuted(
    "disco.difficulty.eliminated",
    title="DisCO-b weighs the gradient of every question's accuracy alike",
    source="reconstruction: Section 4, 'completely eliminates difficulty bias', read for the gradient of the accuracy",
    printed="E₊[∇log π] - E₋[∇log π] = C ∇p, the same C for all p (C = 4 is its value at p = 1/2)",
    assumptions=POLICY,
    statement=equals(CONTRAST, 4 * gradient),
    witness=CASE,
    module=__name__,
    repair="disco.logit",
    finding="Two outputs, the first one correct: C = 1/(p(1-p)) is 4 at p = 1/2, but 16/3 at p = 1/4, as in the witness. The "
    "weights are even between the means of the classes (disco.difficulty.relative), not between accuracies.",
)


@proposition(
    "disco.difficulty.relative",
    title="GRPO weighs extremes more than Dr. GRPO does (by 1/√(p(1-p)) ≥ 2), and less than DisCO-b (by √(p(1-p)) ≤ 1/2)",
    source=SOURCE + "; the other reference is that of Dr. GRPO, arXiv 2503.20783",
    printed="√(p(1-p)) / (p(1-p)) = 1/√(p(1-p)) ≥ 2,  √(p(1-p))/1 ≤ 1/2",
    assumptions={"0 < p < 1": sp.And(p > 0, p < 1)},
    statement=sp.And(sp.sqrt(p * (1 - p)) / (p * (1 - p)) >= 2, sp.sqrt(p * (1 - p)) <= sp.Rational(1, 2)),
    model={"p": "1/2"},
    drops={"0 < p < 1": {"p": 2}},
    hints={"p": "unit"},
)
def difficulty_relative(goal: Goal) -> Theorem:
    """p (1-p) = 1/4 - (p - 1/2)²."""
    product, half = term(p * (1 - p)), k.num(Fraction(1, 2))
    positive = goal.arith(lt(ZERO, product), products=2)
    goal.know(positive)
    root = goal.sqrt_positive(product)
    goal.know(root)
    goal.define(positive)
    S, square = root.concl.args[1], k.law("sqrt_square", product, ZERO, [weaken(positive)])
    gap = k.sos(le(k.mk("pow", S, 2), k.mk("pow", half, 2)), [(One, term(p - sp.Rational(1, 2)), [])], [square], [MINUS])
    small = squares_order(S, half, gap, goal.prove(le(ZERO, half)))
    over = [inv(term(p)), inv(term(1 - p))]
    whole = goal.equal(mul(product, *over), ONE)
    # S/(S²) - 2 = 2 (1/2 - S) S/(p(1-p)) after S² = p(1-p)
    signs = [k.inv_positive(goal.prove(lt(ZERO, term(x)))) for x in (p, 1 - p)]
    large = next(q for q in goal.claim.args if not k.same(q, small.concl))
    flat = goal.equal(large.args[1], mul(S, *over))
    big = k.sos(
        large, [(Fraction(2), ONE, [small, root, *signs])], [square, whole, flat], [mul(k.num(2), *over), k.num(2), MINUS]
    )  # fmt: skip
    return k.and_intro([k.restate(small if k.same(q, small.concl) else big, q) for q in goal.claim.args])


@proposition(
    "disco.difficulty.unbounded",
    title="the weight 1/(p(1-p)) of DisCO-b relative to accuracy exceeds every bound M, at accuracies up to 1/M",
    source="our own",
    printed="0 < p < 1, p M ≤ 1:  1/(p(1-p)) > M",
    assumptions={"0 < p < 1": sp.And(p > 0, p < 1), "p M ≤ 1": p * bound <= 1},
    statement=1 / (p * (1 - p)) > bound,
    model={"p": "1/4", "M": 4},
    drops={"0 < p < 1": {"p": -1, "M": 0}, "p M ≤ 1": {"p": "1/2", "M": 4}},
    hints={"p": "unit"},
    not_claimed="the same in groups of G, where it is at most G: lossproof.disco_group_weight",
)
def difficulty_unbounded(goal: Goal) -> Theorem:
    """1/(p(1-p)) - M = (1 - p M (1-p))/(p(1-p)), and p M (1-p) <= 1-p < 1."""
    x, y, given = term(p), term(1 - p), goal.given["p M ≤ 1"]
    signs = [goal.prove(lt(ZERO, z)) for z in (x, y)]
    over = [k.inv_positive(sign) for sign in signs]
    whole = goal.equal(mul(x, y, inv(x), inv(y)), ONE)
    parts = [(One, ONE, [*over, signs[1], given]), (One, ONE, [*over, signs[0]])]
    return k.sos(goal.claim, parts, [whole], [term(bound)])


GROUP_GRADIENT = sp.Sum(
    pi(a, theta) * pi(b, theta) * (r(a) - r(b)) * (dpi(a, theta) / pi(a, theta) - dpi(b, theta) / pi(b, theta)),
    (b, 1, N),
    (a, 1, N),
)


@proposition(
    "disco.group.gradient",
    title="in groups of two, without those of equal rewards, the expected gradient of DisCO-b is P(S) times that of logit p",
    source="our own",
    printed="E_group[1_S (mean₊ ∇log π - mean₋ ∇log π)] = P(S) ∇p/(p(1-p)),  G = 2, P(S) = 2p(1-p)",
    assumptions=POLICY,
    statement=equals(GROUP_GRADIENT, P_S.subs(G, 2) * gradient / (p * (1 - p))),
    model=CASE,
    drops=DROPS | {"0 < p < 1": UNNEEDED},
    not_claimed="the same for larger groups: there it is checked by enumeration. Given rewards 0 and 1, 1_S (mean₊ - mean₋) of a "
    "pair is (r_a - r_b) (∇log π_a - ∇log π_b)",
)
def group_gradient(goal: Goal) -> Theorem:
    """Σ π r ∇log π = ∇p, and terms with one score alone vanish."""
    total = [k.and_elim(goal.given["and add up to 1"], m) for m in range(2)]
    accuracy = [k.and_elim(goal.given["p is the accuracy"], m) for m in range(2)]
    back = [k.linear(*e.concl.args[::-1], [e], [MINUS]) for e in accuracy]
    return goal.equal(*goal.claim.args, *total, *back)
