"""Rewards in [0, 1] that are not binary (Theorem 4, Corollaries 4 and 5, App. D.5), and the reported experiments.

Integrals over a continuous law are outside of the kernel. Proved: the laws of total expectation on a finite sample space,
two-point rewards, and the derivative that carries Corollary 5.
"""

import sympy as sp

from theory import kernel as k
from theory.decide import Goal
from theory.kernel import Theorem, mk, subst
from theory.kernel.terms import ONE, ZERO, inv, lt, mul, ne, sub
from theory.language import derivative, equals, family, integers, reals, term
from theory.proposition import not_applicable, proposition, refuted
from theory.related.hadw.baseline import bias, bias_sign
from theory.related.hadw.groups import BIAS, GROUP, LAW, SOURCE, Facts, G, One, binomial, given_s, group, j, p
from theory.tactics import MINUS, atoms
from theory.tactics.logic import conjunction, with_slope

N, e = integers("N e")
low, high, x, mu, xi, sigma, mean_reward, below, total = reals("low high x mu xi sigma p below total")
q, both, phat = family("q"), family("c"), family("phat")

not_applicable(
    "hadw.theorem4.integrals",
    title="for rewards with a density, the chance of S_σ and the mean reward given S_σ as integrals over the minimum",
    source=f"{SOURCE}, Theorem 4",
    printed="P(S_σ^c) = G ∫ f(u) q(u)^{G-1} du; E[phat 1_{S^c}] = ∫ (u + (G-1) m(u)) f(u) q(u)^{G-1} du",
    reason="order statistics of a continuous law need integration, which the kernel lacks. For uniform rewards the formulas "
    "agree with the known law of the range: numeric evidence",
    module=__name__,
)

OUTSIDE, INSIDE = sp.Sum(q(e) * (1 - both(e)), (e, 1, N)), sp.Sum(q(e) * both(e), (e, 1, N))
SPACE = {
    "the chances add up to 1": equals(sp.Sum(q(e), (e, 1, N)), 1),
    "p is the mean reward": equals(sp.Sum(q(e) * phat(e), (e, 1, N)), mean_reward),
    "P(S) > 0": INSIDE > 0,
}
TWO = {"N": 2, "q": ["1/2", "1/2"], "phat": [0, 1], "c": [0, 1], "p": "1/2"}


@proposition(
    "hadw.theorem4",
    title="given S_σ, the mean reward of the group is what the law of total expectation leaves, on any finite sample space",
    source=f"{SOURCE}, Theorem 4, its last two equations",
    printed="E[phat | S] = (p - E[phat 1_{S^c}])/P(S), E[Ahat_i - A_i | S] = p - E[phat | S], P(S) = 1 - P(S^c)",
    assumptions=SPACE,
    statement=sp.And(
        equals(
            sp.Sum(q(e) * both(e) * phat(e), (e, 1, N)) / INSIDE,
            (mean_reward - sp.Sum(q(e) * (1 - both(e)) * phat(e), (e, 1, N))) / (1 - OUTSIDE),
        ),
        equals(INSIDE, 1 - OUTSIDE),
    ),
    model=TWO,
    drops={
        "the chances add up to 1": TWO | {"q": ["1/4", "1/2"]},
        "p is the mean reward": TWO | {"p": 1},
        "P(S) > 0": TWO | {"c": [0, 0]},
    },
    hints={"c": "binary", "q": "unit"},
    not_claimed="the integrals for P(S^c) and E[phat 1_{S^c}] of a continuous law: hadw.theorem4.integrals",
)
def theorem4(goal: Goal) -> Theorem:
    chances, mean_ = goal.given["the chances add up to 1"], goal.given["p is the mean reward"]
    positive = goal.given["P(S) > 0"]
    inside, rest = term(INSIDE), term(1 - OUTSIDE)
    same = goal.equal(inside, rest, chances)
    rest_positive = k.sos(lt(ZERO, rest), [(One, ONE, [positive])], [same], [MINUS])
    goal.define(positive, rest_positive)
    ratio = next(q for q in goal.claim.args if not k.same(q, same.concl))
    # a/x = b/y from a = b and x = y
    total_, outside = (next(a for a in atoms(side) if a.op == "sum" and "phat" in repr(a)) for side in ratio.args)
    numerator = goal.equal(total_, sub(term(mean_reward), outside), mean_)
    over, one = inv(inside), k.field(mul(inside, inv(inside)), ONE, [k.negate(positive)])
    other = k.field(mul(rest, inv(rest)), ONE, [k.negate(rest_positive)])
    y = inv(rest)
    inverse = k.linear(over, y, [same, one, other], [mul(MINUS, over, y), y, mul(MINUS, over)])
    return conjunction(goal.claim, same, k.linear(*ratio.args, [numerator, inverse], [over, numerator.concl.args[1]]))


SPREAD = high - low
TWO_POINT = given_s(low + SPREAD * j / G) - (low + SPREAD * p)  # E[phat | S] - E[r]

refuted(
    "hadw.d5",
    title="for rewards in [0, 1] the bias has the same direction: hard prompts (mean reward below 1/2) are under-estimated",
    source=f"{SOURCE}, App. D.5, for rewards that are low or high with probability 1-p or p; a density can be as close to this "
    "law as one likes",
    printed="E[r] < 1/2 ⇒ E[Ahat_i - A_i | S] < 0, i.e. E[phat | S] > E[r]",
    assumptions=GROUP | {"0 ≤ low < high ≤ 1": sp.And(low >= 0, low < high, high <= 1)},
    statement=sp.Implies(low + SPREAD * p < sp.Rational(1, 2), TWO_POINT > 0),
    witness=group(2, "3/4", low=0, high="3/5"),
    module=__name__,
    repair="hadw.d5.repaired",
    hints={"p": "unit", "low": "unit", "high": "unit"},
    finding="Rewards 0 and 3/5 with probabilities 1/4 and 3/4: the mean reward is 9/20 < 1/2, so the prompt is hard. Two "
    "different rewards have the mean 3/10, below 9/20: advantages are over-estimated.",
)


@proposition(
    "hadw.d5.repaired",
    title="for two-point rewards the direction changes where the mean reward is halfway between the two points",
    source=f"{SOURCE}, App. D.5",
    printed="E[phat | S] - E[r] is > 0 if E[r] < (low+high)/2, < 0 if E[r] > (low+high)/2, = 0 at (low+high)/2",
    assumptions=GROUP | {"low < high": low < high},
    statement=sp.And(
        equals(TWO_POINT, SPREAD * BIAS),
        sp.Implies(p < sp.Rational(1, 2), TWO_POINT > 0),
        sp.Implies(p > sp.Rational(1, 2), TWO_POINT < 0),
        sp.Implies(equals(p, sp.Rational(1, 2)), equals(TWO_POINT, 0)),
    ),
    model=group(2, "1/4", low=0, high=1),
    drops={
        LAW: {"G": 3, "p": "9/20", "b": binomial("1/8"), "low": 0, "high": 1},
        "G ≥ 2": group(1, "1/4", low=0, high=1),
        "0 < p < 1": group(2, "1", low=0, high=1),
        "low < high": group(2, "1/4", low=1, high=0),
    },
    hints={"p": "unit"},
    not_claimed="laws with more than two values: their direction is not a matter of the mean reward alone. S is here the event "
    "that both values occur",
)
def d5(goal: Goal) -> Theorem:
    facts = Facts(goal)
    positive, value_of = facts.chance_positive, bias(facts)
    goal.define(positive)
    equation = next(q for q in goal.claim.args if q.op == "eq")
    value = facts.ctx.with_facts(positive).equal(*equation.args)
    spread = k.sos(lt(ZERO, term(SPREAD)), [(One, ONE, [goal.given["low < high"]])], [], [])
    out = [value]
    for claim in (c for c in goal.claim.args if c.op == "imp"):
        premise, conclusion = claim.args
        at, base = term(p), term(BIAS + p)
        up = conclusion.op == "lt" and conclusion.args[0] is ZERO
        sides = (at, base) if up else (base, at)
        known = k.imp_elim(bias_sign(facts, value_of, mk("imp", premise, mk(conclusion.op, *sides))), k.assume(premise))
        if conclusion.op == "eq":
            th = k.linear(*conclusion.args, [value, known], [ONE, term(SPREAD)])
        else:
            th = k.sos(conclusion, [(One, ONE, [spread, known])], [value], [ONE if up else MINUS])
        out.append(k.imp_intro(premise, th))
    return conjunction(goal.claim, *out)


not_applicable(
    "hadw.corollary4",
    title="Theorem 4 for Beta rewards, with incomplete Beta functions",
    source=f"{SOURCE}, Corollary 4",
    printed="m(u) = (B_{u+}(a+1,b) - B_u(a+1,b))/(B_{u+}(a,b) - B_u(a,b))",
    reason="incomplete Beta functions are outside of the kernel; with whole a, b it is a ratio of polynomials by the "
    "definition of m(u), and agrees in numbers: numeric evidence",
    module=__name__,
)

GAUSS = sp.exp(-((x - mu) ** 2) / (2 * xi**2))
refuted(
    "hadw.corollary5.as_printed",
    title="the antiderivative behind the mean of a truncated normal law, with the threshold σ for the scale ξ",
    source=f"{SOURCE}, Eqs. 129 and 133 (reconstruction: the printed formulas divide by σ and read m(u) = μ + σ(...))",
    printed="d/dr [-σ² φ((r-μ)/ξ)] = (r-μ) φ((r-μ)/ξ)",
    assumptions={"ξ ≠ 0": sp.Ne(xi, 0)},
    statement=derivative(-(sigma**2) * GAUSS, x, (x - mu) * GAUSS),
    witness={"x": 1, "mu": 0, "xi": 1, "sigma": "1/10"},
    module=__name__,
    repair="hadw.corollary5",
    finding="μ = 0, ξ = 1, σ = 1/10, r = 1: the derivative is σ² e^(-1/2) = 0.006, but r φ is e^(-1/2) = 0.607. σ is the "
    "threshold of S_σ and has nothing to do with the scale; Corollary 5 itself has ξ.",
)


@proposition(
    "hadw.corollary5",
    title="the antiderivative behind the mean of a truncated normal law: p = μ + ξ (φ(a) - φ(b))/(Φ(b) - Φ(a))",
    source=f"{SOURCE}, Corollary 5",
    printed="d/dr [-ξ² φ((r-μ)/ξ)] = (r-μ) φ((r-μ)/ξ)",
    assumptions={"ξ ≠ 0": sp.Ne(xi, 0)},
    statement=derivative(-(xi**2) * GAUSS, x, (x - mu) * GAUSS),
    model={"x": 0, "mu": 0, "xi": 1},
    drops={"ξ ≠ 0": {"x": 1, "mu": 0, "xi": 0}},
    not_claimed="the integration from 0 to 1 that follows from it",
)
def corollary5(goal: Goal) -> Theorem:
    variable, f, point, slope = goal.claim.args
    function = subst(f, {variable: point})
    square = k.nonzero_product([term(xi), term(xi)], [goal.given["ξ ≠ 0"]])
    inside = goal.with_facts(k.restate(square, ne(term(xi**2), ZERO)))
    th = k.diff(point, function, point, inside.facts)
    return with_slope(inside, th, slope)


refuted(
    "hadw.fig6",
    title="of prompts with one right answer in eight, more than 63 of 100 are over-estimated (fewer than 16 right of 128)",
    source=f"{SOURCE}, App. E.1, Fig. 6, against Corollary 1 (reconstruction: the counts are a transcription)",
    printed="#(fewer than 16 of 128) / #(prompts) > 0.63; counted: 24 of 50 (MATH)",
    assumptions={"counted": sp.And(equals(below, 24), equals(total, 50))},
    statement=below > sp.Rational(63, 100) * total,
    witness={"below": 24, "total": 50},
    module=__name__,
    finding="24/50 = 48 %, below one half; the other three counts, 15, 12 and 21 of 50, are lower still. Counts of 50 prompts "
    "that "
    "were chosen for an extreme result do not test the corollary either way: they also show regression to the mean.",
)

not_applicable(
    "hadw.experiments",
    title="HA-DW raises the average accuracy of GRPO, GSPO and DAPO on five maths sets by 1.4 to 2.9 points",
    source=f"{SOURCE}, Sec. 4 (as transcribed: Qwen3-4B GRPO 46.5 to 48.7, GSPO 47.1 to 49.2, DAPO 46.8 to 49.5)",
    printed="accuracy with HA-DW > accuracy without",
    reason="training runs of large models: nothing here can repeat them",
    module=__name__,
)

not_applicable(
    "hadw.experiments.scale",
    title="λ = 1.3 is the best scale, and eight completions with HA-DW beat sixteen without",
    source=f"{SOURCE}, Sec. 4 (as transcribed: averages 46.5, 47.2, 47.4, 48.7, 48.6, 48.1, 47.3 for λ = 0.5, 0.8, 1, "
    "1.3, 1.5, 1.7, 2; MATH500 75.4 for G = 8, 76.2 for G = 16, 78.0 for G = 8 with HA-DW)",
    printed="accuracy by λ, largest at λ = 1.3",
    reason="training runs of large models: nothing here can repeat them",
    module=__name__,
)
