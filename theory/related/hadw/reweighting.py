"""What the reweighting of HA-DW (Eqs. 16 and 17) does to a group: its sum, and the direction of the expected update."""

import sympy as sp

from theory import kernel as k
from theory.decide import Goal
from theory.kernel import Theorem, subst
from theory.kernel.terms import ONE, ZERO, inv, le, lt, mul, sub
from theory.language import ForAll, equals, family, integers, mean, reals, term
from theory.proposition import UNNEEDED, proposition, refuted
from theory.related.hadw.groups import GROUP, LAW, SOURCE, Facts, G, One, Q, binomial, chance, group, j, p
from theory.tactics import MINUS
from theory.tactics.logic import conjunction
from theory.tactics.powers import divided, unit

i = integers("i")
lam, phat, anchor = reals("lambda phat C_t")
r = family("r")

SHARE = mean(r(i), i, G)
RIGHT, WRONG = lam * sp.exp(anchor - phat), lam * sp.exp(phat - anchor)
REWEIGHTED = sp.Sum((r(i) - phat) * (r(i) * RIGHT + (1 - r(i)) * WRONG), (i, 1, G))
REWARDS = {
    "G ≥ 1": G >= 1,
    "rewards are 0 or 1": ForAll(i, 1, G, equals(r(i) ** 2, r(i))),
    "phat is their mean": equals(phat, SHARE),
}
PAIR = {"G": 2, "r": [1, 0], "phat": "1/2", "C_t": 0, "lambda": 1}

refuted(
    "hadw.eq17.centred",
    title="the reweighted advantages of a group add up to 0, as those of GRPO do",
    source=f"{SOURCE}, Eqs. 13-17 (a property of GRPO's advantages; the paper does not claim it)",
    printed="Σ_i Ahat_i Φ_i = 0",
    assumptions=REWARDS,
    statement=equals(REWEIGHTED, 0),
    witness=PAIR,
    module=__name__,
    repair="hadw.eq17.centred.repaired",
    hints={"r": "binary"},
    finding="One right and one wrong completion, anchor C = 0: the advantages ±1/2 get the weights e^(-1/2) and e^(1/2), "
    "and their sum is -0.52. Reweighting thus also adds a constant to every advantage, a baseline other than the mean.",
)


@proposition(
    "hadw.eq17.centred.repaired",
    title="they add up to λ G phat (1-phat) (e^(C-phat) - e^(phat-C))",
    source=f"{SOURCE}, Eqs. 13-17",
    printed="Σ_i Ahat_i Φ_i = λ G phat (1-phat) (e^{C-phat} - e^{phat-C})",
    assumptions=REWARDS,
    statement=equals(REWEIGHTED, G * phat * (1 - phat) * (RIGHT - WRONG)),
    model=PAIR,
    drops={
        "G ≥ 1": UNNEEDED,
        "rewards are 0 or 1": PAIR | {"r": [2, 0], "phat": 1},
        "phat is their mean": PAIR | {"phat": "1/4"},
    },
    hints={"r": "binary"},
    not_claimed="that it is 0 only at phat = C: so it is, since the exponential function grows, for 0 < phat < 1 and λ > 0",
)
def eq17_centred(goal: Goal) -> Theorem:
    size, x = term(G), goal.fresh(goal.claim)
    inside = goal.assuming(le(ONE, x), le(x, size))
    flag = inside.at(goal.given["rewards are 0 or 1"], x)
    given = goal.given["phat is their mean"]
    total = next(a for a in given.concl.args[1].args if a.op == "sum")
    one = unit(goal.prove(lt(ZERO, size)))
    count = k.linear(total, mul(size, term(phat)), [given, one], [mul(MINUS, size), mul(MINUS, total)])
    return goal.equal(*goal.claim.args, k.sum_congr(x, ONE, size, flag), count)


# On one prompt: s_1, s_0 the mean scores of right and of wrong completions, w_1(R), w_0(R) any weights of a group.
s_1, s_0, g = reals("s_1 s_0 g")
w_1, w_0 = family("w_1"), family("w_0")
UPDATE = chance(j * (1 - j / G) * w_1(j) * s_1 - (G - j) * (j / G) * w_0(j) * s_0) / chance()
FACTOR = chance(j * (G - j) / G * (w_1(j) / p + w_0(j) / Q)) / chance()
SCORES = {
    "the score has mean 0": equals(p * s_1 + Q * s_0, 0),
    "g is the gradient of p": equals(g, p * s_1),
    "weights are positive": ForAll(j, 1, G - 1, sp.And(w_1(j) > 0, w_0(j) > 0)),
}
ONE_PROMPT = group(2, "1/4", s_1=3, s_0=-1, g="3/4", w_1=[1], w_0=[2])


@proposition(
    "hadw.eq17.direction",
    title="on one prompt with binary rewards, every positive reweighting that depends on R and on being right, HA-DW's "
    "too, leaves the direction of the expected update alone: it only scales the prompt",
    source=f"{SOURCE}, Eq. 17, on policy and without clipping",
    printed="E[Σ_i Ahat_i Φ_i S_i | S] = E[ (R (G-R)/G) (Φ_right/p + Φ_wrong/(1-p)) | S ] ∇p",
    assumptions=GROUP | SCORES,
    statement=sp.And(equals(UPDATE, FACTOR * g), FACTOR >= 0),
    model=ONE_PROMPT,
    drops={
        LAW: ONE_PROMPT | {"b": lambda n, j: -1 if j == 0 else 0},
        "G ≥ 2": ONE_PROMPT | {"G": 1},
        "0 < p < 1": ONE_PROMPT | {"p": 1, "b": binomial(1), "s_1": 0, "g": 0},
        "the score has mean 0": ONE_PROMPT | {"s_0": 0},
        "g is the gradient of p": ONE_PROMPT | {"g": 1},
        "weights are positive": ONE_PROMPT | {"w_1": [-1], "w_0": [-2]},
    },
    hints={"p": "unit"},
    not_claimed="the same for weights that depend on the length or on the text of a completion, for clipped ratios, or "
    "across prompts, whose relative weight it does change. Given R and its own reward, a completion has the mean score "
    "s_1 or s_0, and of R right completions each has the advantage 1 - R/G",
)
def eq17_direction(goal: Goal) -> Theorem:
    """s_0 = -p s_1/(1-p): every group's share is a multiple of g; its factor has no negative part."""
    facts = Facts(goal)
    positive = facts.chance_positive
    goal.define(positive)
    equation, sign = sorted(goal.claim.args, key=lambda q: q.op != "eq")
    left, right = (next(a for a in term(e).args if a.op == "sum") for e in (UPDATE, FACTOR))
    x = goal.fresh(goal.claim)
    inside = goal.assuming(le(ONE, x), le(x, facts.fewer))
    f, factor = (subst(s.args[3], {s.args[0]: x}) for s in (left, right))
    slope, mean_zero = goal.given["g is the gradient of p"], goal.given["the score has mean 0"]
    right_score = divided(goal, term(s_1), term(p), k.linear(mul(term(s_1), term(p)), term(g), [slope], [MINUS]))
    product = k.linear(mul(term(s_0), term(Q)), mul(MINUS, term(g)), [mean_zero, slope], [ONE, ONE])
    wrong_score = divided(goal, term(s_0), term(Q), product)
    each = inside.equal(f, mul(factor, term(g)), right_score, wrong_score)
    rows = k.sum_congr(x, ONE, facts.fewer, each)
    out = k.sum_linear(x, ONE, facts.fewer, [term(g)], [factor])
    scale = inv(term(chance()))
    value = k.linear(*equation.args, [rows, out], [scale, scale])
    weights = inside.at(goal.given["weights are positive"], x)
    size = k.inv_positive(goal.prove(lt(ZERO, term(G))))
    index = [inside.arith(le(ZERO, x)), inside.arith(le(ZERO, sub(term(G), x)))]
    known = inside.with_facts(*index, inside.arith(le(x, term(G))))
    law = facts.nonnegative(x, known)
    parts = [
        (One, ONE, [law, *index, size, k.and_elim(weights, e), k.inv_positive(chance_of)])
        for e, chance_of in zip(order_of(weights), facts.signs, strict=True)
    ]
    pointwise = k.sos(le(ZERO, factor), parts, [], [])
    total = goal.nonnegative_sum(right, pointwise, x)
    return conjunction(goal.claim, value, k.sos(sign, [(One, ONE, [total, k.inv_positive(positive)])], [], []))


def order_of(weights: Theorem) -> list[int]:
    """Which part of the conjunction speaks of w_1, which of w_0."""
    names = [q.args[1].args[0] for q in weights.concl.args]
    return [names.index("w_1"), names.index("w_0")]
