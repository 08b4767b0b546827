"""The expected gradient of DisCO-b over groups of any size, without those of equal rewards.

On policy the scores of right completions have a mean s_1, those of wrong ones s_0, also given how many of the group are
right; `mean_1(j)` and `mean_0(j)` are 1/j and 1/(G-j), which average over the j right and the G-j wrong ones.
"""

import sympy as sp

from theory import kernel as k
from theory.decide import Goal
from theory.kernel import Theorem, subst
from theory.kernel.terms import ONE, inv, le, mul
from theory.language import ForAll, equals, family, reals, term
from theory.proposition import UNNEEDED, proposition
from theory.related.hadw.groups import GROUP, LAW, A, Facts, G, Q, binomial, chance, group, j, p
from theory.tactics import MINUS
from theory.tactics.powers import divided

s_1, s_0, g = reals("s_1 s_0 g")
mean_1, mean_0 = family("mean_1"), family("mean_0")
SCORES = {
    "the score has mean 0": equals(p * s_1 + Q * s_0, 0),
    "g is the gradient of p": equals(g, p * s_1),
    "each class is averaged": ForAll(j, 1, G - 1, sp.And(equals(j * mean_1(j), 1), equals((G - j) * mean_0(j), 1))),
}
ONE_PROMPT = group(2, "1/4", s_1=3, s_0=-1, g="3/4", mean_1=[1], mean_0=[1])


@proposition(
    "disco.group.gradient.every_size",
    title="in groups of any size, without those of equal rewards, the expected gradient of DisCO-b is P(S) times that of logit p",
    source="our own",
    printed="E_group[1_S (mean₊ ∇log π - mean₋ ∇log π)] = P(S) ∇p/(p(1-p)),  P(S) = 1 - (1-p)^G - p^G",
    assumptions=GROUP | SCORES,
    statement=equals(chance(j * mean_1(j) * s_1 - (G - j) * mean_0(j) * s_0), A * (g / (p * Q))),
    model=ONE_PROMPT,
    drops={
        LAW: ONE_PROMPT | {"b": binomial("1/2")},
        "G ≥ 2": UNNEEDED,
        "0 < p < 1": ONE_PROMPT | {"p": 1, "b": binomial(1), "s_1": 0, "g": 0},
        "the score has mean 0": ONE_PROMPT | {"s_0": 0},
        "g is the gradient of p": ONE_PROMPT | {"g": 1},
        "each class is averaged": ONE_PROMPT | {"mean_1": [2]},
    },
    hints={"p": "unit"},
    not_claimed="the same for scores that are divided by the length, off policy, or with the constraint. P(S)/(p(1-p)) is at "
    "most G: lossproof.disco_group_weight",
)
def every_size(goal: Goal) -> Theorem:
    """Every group counts s_1 - s_0, which is g/p + g/(1-p)."""
    facts, x = Facts(goal), goal.fresh(goal.claim)
    total = next(a for a in (goal.claim.args[0], *goal.claim.args[0].args) if a.op == "sum")
    inside = goal.assuming(le(ONE, x), le(x, facts.fewer))
    averaged = inside.at(goal.given["each class is averaged"], x)
    body, law = subst(total.args[3], {total.args[0]: x}), subst(term(chance()).args[3], {term(chance()).args[0]: x})
    gap = term(s_1 - s_0)
    right_mean, wrong_mean = sorted((k.and_elim(averaged, m) for m in (0, 1)), key=lambda th: "mean_0" in repr(th.concl))
    each = k.linear(body, mul(law, gap), [right_mean, wrong_mean], [mul(law, term(s_1)), mul(MINUS, law, term(s_0))])
    rows = k.sum_congr(x, ONE, facts.fewer, each)
    out = k.sum_linear(x, ONE, facts.fewer, [gap], [law])
    slope, centred = goal.given["g is the gradient of p"], goal.given["the score has mean 0"]
    right = divided(goal, term(s_1), term(p), k.linear(mul(term(s_1), term(p)), term(g), [slope], [MINUS]))
    product = k.linear(mul(term(s_0), term(Q)), mul(MINUS, term(g)), [centred, slope], [ONE, ONE])
    wrong = divided(goal, term(s_0), term(Q), product)
    over = [inv(term(p)), inv(term(Q))]
    split = goal.equal(term(g / (p * Q)), mul(term(g), *over))
    whole = goal.equal(mul(term(p), over[0]), ONE), goal.equal(mul(term(Q), over[1]), ONE)
    scale, both = term(A), term(g)
    # A (g/p + g/Q) = A g (Q + p)/(p Q)
    sums = k.linear(
        mul(scale, gap), mul(scale, term(g / (p * Q))), [right, wrong, split, *whole],
        [scale, mul(MINUS, scale), mul(MINUS, scale), mul(MINUS, scale, both, over[1]), mul(MINUS, scale, both, over[0])],
    )  # fmt: skip
    return k.linear(*goal.claim.args, [rows, out, facts.chance, sums], [ONE, ONE, gap, ONE])
