"""Proposition 1: GRPO without its KL term weighs a question by √(p(1-p)), Dr. GRPO by p(1-p), where p is the accuracy.

Statement   With f(x, y) = 1(y>0) y f⁺(x) - 1(y≤0) |y| f⁻(x), J_0 = √(p(1-p)) (E₊ s⁺ - E₋ s⁻), s^± the mean of f^± over the
            tokens of an output. GRPO's min and clip is such an f.
Hypotheses  one question (E_q is a mean of such terms); the advantage has the mean p and the standard deviation of the sampling
            policy, not of a group. f⁺ and f⁻ are families over outputs and tokens: that they do not decrease in the ratio, as
            the paper assumes, is not used.
Proof       A is √((1-p)/p) where r = 1 and -√(p/(1-p)) where r = 0; then sums.
Not claimed the same for a group's own mean and deviation: see `finite_groups`.
"""

from fractions import Fraction

import sympy as sp

from theory import kernel as k
from theory.decide import Goal
from theory.kernel import Term, Theorem, subst
from theory.kernel.ring import poly
from theory.kernel.terms import ONE, ZERO, inv, le, lt, mul, sub
from theory.kernel.theorem import same
from theory.language import ForAll, equals, family, formula, int_family, integers, maximum, minimum, reals, term
from theory.proposition import Case, proposition
from theory.tactics import MINUS, Context
from theory.tactics.clip import min_by_sign
from theory.tactics.logs import weaken
from theory.tactics.order import zero_or_one
from theory.tactics.prefix import chosen

N, o, o2, t = integers("N o o' t")
p, x, y, low, up = reals("p x y epsilon_low epsilon_up")
q, r, s_plus, s_minus, f_plus, f_minus = map(family, ("q", "r", "s+", "s-", "f+", "f-"))
n = int_family("n")
One = Fraction(1)
SOURCE = "Proposition 1"


def over_outputs(f: sp.Expr) -> sp.Expr:
    return sp.Sum(f, (o, 1, N))


def for_outputs(claim: sp.Basic) -> sp.Basic:
    return ForAll(o, 1, N, claim)


def per_output(f: sp.Function) -> sp.Expr:
    """s(o): the mean of f over the tokens of an output."""
    return sp.Sum(f(o, t), (t, 1, n(o))) / n(o)


def split(advantage: sp.Expr, plus: sp.Expr, minus: sp.Expr) -> sp.Expr:
    """1(A>0) A f⁺ - 1(A≤0) |A| f⁻."""
    return maximum(0, advantage) * plus + minimum(0, advantage) * minus


sigma = sp.sqrt(p * (1 - p))
POPULATION = {
    "rewards are binary": for_outputs(equals(r(o) ** 2, r(o))),
    "q sums to 1": equals(over_outputs(q(o)), 1),
    "p is the accuracy": equals(over_outputs(q(o) * r(o)), p),
    "0 < p < 1": sp.And(p > 0, p < 1),
}
SCORES = {
    "scores are means over tokens": for_outputs(
        sp.And(n(o) >= 1, equals(s_plus(o), per_output(f_plus)), equals(s_minus(o), per_output(f_minus)))
    )
}
CASE: Case = {
    "N": 2, "q": ["1/2", "1/2"], "r": [1, 0], "p": "1/2", "n": [1, 1], "f+": [[3], [4]], "f-": [[5], [7]],
    "s+": [3, 4], "s-": [5, 7],
}  # fmt: skip
DROPS: Case = {
    "rewards are binary": CASE | {"r": ["1/4", "3/4"]},
    "q sums to 1": CASE | {"q": ["1/2", 1]},
    "p is the accuracy": CASE | {"p": "1/4"},
    "0 < p < 1": CASE | {"r": [1, 1], "p": 1},
    "scores are means over tokens": CASE | {"s+": [4, 4]},
}


def difference_of_means(plus: sp.Expr, minus: sp.Expr) -> sp.Expr:
    """E_{o~π⁺, o'~π⁻}[s⁺(o) - s⁻(o')], each output with its probability among those of its class."""
    pair = (q(o) * r(o) / p) * (q(o2) * (1 - r(o2)) / (1 - p)) * (plus - minus.subs(o, o2))
    return sp.Sum(pair, (o2, 1, N), (o, 1, N))


def objective(advantage: sp.Expr) -> sp.Expr:
    """J_0 = E_o of the mean over tokens of f(ratio, A)."""
    tokens = sp.Sum(split(advantage, f_plus(o, t), f_minus(o, t)), (t, 1, n(o))) / n(o)
    return over_outputs(q(o) * tokens)


RIGHT = difference_of_means(s_plus(o), s_minus(o))


def by_class(goal: Goal, scale: sp.Expr, *equations: Theorem) -> Theorem:
    """The claim for A = scale (r - p): scale (1-p) > 0 where r = 1, and -scale p < 0 where r = 0."""
    advantage, member = scale * (r(o) - p), goal.fresh(goal.claim)
    inside = goal.assuming(le(ONE, member), le(member, term(N)))
    at_member = {term(o): member}
    parts = {maximum(0, advantage): r(o) * (1 - p) * scale, minimum(0, advantage): (r(o) - 1) * p * scale}
    signs = [signed(inside, subst(formula(equals(*sides)), at_member), at_member, scale) for sides in parts.items()]
    means = inside.at(goal.given["scores are means over tokens"], member)
    scores = [k.and_elim(means, m) for m, claim in enumerate(means.concl.args) if claim.op == "eq"]
    left, right = goal.claim.args
    body = subst(left.args[3], {left.args[0]: member})
    target = q(o) * scale * (r(o) * (1 - p) * s_plus(o) + (r(o) - 1) * p * s_minus(o))
    opened = inside.equal(body, subst(term(target), at_member), *signs, *(cleared(inside, th) for th in scores))
    total = k.sum_congr(member, ONE, term(N), opened)
    given = [goal.given[name] for name in ("p is the accuracy", "q sums to 1")]
    return goal.equal(left, right, total, *given, *equations)


def signed(ctx: Context, claim: Term, at_member: dict[Term, Term], scale: sp.Expr) -> Theorem:
    """max(0, A) or min(0, A) at one output, by its reward."""
    reward, factor, accuracy = subst(term(r(o)), at_member), term(scale), term(p)
    choice, _ = claim.args
    positive = ctx.prove(lt(ZERO, factor))

    def at_value(here: Context, value: Theorem) -> Theorem:
        advantage = mul(factor, sub(reward, accuracy))
        correct = same(value.concl.args[1], ONE)
        order = lt(ZERO, advantage) if correct else lt(advantage, ZERO)
        known = here.prove(lt(accuracy, ONE) if correct else lt(ZERO, accuracy))
        sign = k.sos(order, [(One, ONE, [positive, known])], [value], [factor if correct else mul(MINUS, factor)])
        taken = chosen(here.with_facts(sign), choice)
        return here.equal(*claim.args, taken, value)

    return zero_or_one(ctx, reward, claim, at_value)


def cleared(ctx: Context, mean: Theorem) -> Theorem:
    """Σ_t f = n s from s = (Σ_t f)/n."""
    s, total = mean.concl.args
    ((monomial, _),) = poly(total).items()
    (tokens,) = {a for a, _ in monomial if a.op == "sum"}
    (length,) = {a.args[0] for a, _ in monomial if a.op == "inv"}
    unit = ctx.equal(mul(length, inv(length)), ONE)
    return k.linear(tokens, mul(length, s), [mean, unit], [mul(MINUS, length), mul(MINUS, tokens)])


def inverse_root(goal: Goal) -> Theorem:
    """1/S = S/(p (1-p)) for S = √(p(1-p))."""
    accuracy, rest, product = term(p), term(1 - p), term(p * (1 - p))
    positive = goal.arith(lt(ZERO, product), products=2)
    goal.know(positive)
    root = goal.sqrt_positive(product)
    goal.know(root)
    goal.define(positive, root)
    S, square = root.concl.args[1], k.law("sqrt_square", product, ZERO, [weaken(positive)])
    over = [inv(accuracy), inv(rest)]
    unit = goal.equal(mul(S, inv(S)), ONE)
    whole = goal.equal(mul(accuracy, rest, *over), ONE)
    cofactors = [mul(S, *over), mul(MINUS, inv(S), *over), mul(MINUS, inv(S))]
    return k.linear(inv(S), mul(S, *over), [unit, square, whole], cofactors)


@proposition(
    "disco.prop1",
    title="without its KL term GRPO maximises √(p(1-p)) times the mean score of correct answers over that of incorrect ones",
    source=SOURCE,
    printed="J_0(θ) = E_q √(p(1-p)) E_{o~π_old⁺, o'~π_old⁻}[ s⁺_θ(o,q) - s⁻_θ(o',q) ],  s^±(o,q) = (1/|o|) Σ_t f^±(π_θ/π_old, 1)",
    assumptions=POPULATION | SCORES,
    statement=equals(objective((r(o) - p) / sigma), sigma * RIGHT),
    model=CASE,
    drops=DROPS,
    not_claimed="the same for the mean and deviation of a sampled group: see disco.weight.group",
)
def prop1(goal: Goal) -> Theorem:
    inverse = inverse_root(goal)
    return by_class(goal, 1 / sigma, inverse)


@proposition(
    "disco.prop1.dr_grpo",
    title="Dr. GRPO, which does not divide by the deviation, weighs the same difference by p(1-p)",
    source="Section 3, after Proposition 1",
    printed="A = r - p:  weight p(1-p) in place of √(p(1-p))",
    assumptions=POPULATION | SCORES,
    statement=equals(objective(r(o) - p), p * (1 - p) * RIGHT),
    model=CASE,
    drops=DROPS,
)
def prop1_dr_grpo(goal: Goal) -> Theorem:
    return by_class(goal, sp.Integer(1))


HALF_WIDTHS = {"ε_low ≥ 0": low >= 0, "ε_up ≥ 0": up >= 0}


@proposition(
    "disco.prop1.grpo",
    title="the min and clip of GRPO is such an f, with f⁺ = min(x, 1+ε) and f⁻ = max(x, 1-ε)",
    source=SOURCE,
    printed="min(x y, clip(x, 1-ε, 1+ε) y) = 1(y>0) y min(x, 1+ε) - 1(y≤0) |y| max(x, 1-ε)",
    assumptions=HALF_WIDTHS,
    statement=equals(minimum(x * y, minimum(maximum(x, 1 - low), 1 + up) * y), split(y, minimum(x, 1 + up), maximum(x, 1 - low))),
    model={"x": 2, "y": 1, "epsilon_low": "1/5", "epsilon_up": "1/5"},
    drops={
        "ε_low ≥ 0": {"x": 1, "y": -1, "epsilon_low": "-1/2", "epsilon_up": "1/5"},
        "ε_up ≥ 0": {"x": "3/5", "y": -1, "epsilon_low": "1/5", "epsilon_up": "-1/2"},
    },
    hints={"x": "ratio"},
)
def prop1_grpo(goal: Goal) -> Theorem:
    least, _ = goal.claim.args
    parts = maximum(0, y), minimum(x, 1 + up), minimum(0, y), maximum(x, 1 - low)
    clipped = minimum(maximum(x, 1 - low), 1 + up)
    th = min_by_sign(goal, least, term(x), term(clipped), term(y), tuple(map(term, parts)))
    return k.restate(th, goal.claim)
