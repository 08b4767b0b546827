"""Division by the group's standard deviation: no U-statistic (Lemma 11), and what it aims at (Proposition 13).

With 0/1 rewards and a large group the target is ∇p/sqrt(p (1-p)), the gradient of 2 arcsin sqrt p. In groups of two it is
∇p itself: the transformation of the reward comes with G, it is not a property of the division.
"""

from fractions import Fraction

import sympy as sp

from theory import kernel as k
from theory.decide import Goal
from theory.kernel import Theorem, mk, subst, var
from theory.kernel.terms import ONE, ZERO, app, eq, inv, le, lt, mul
from theory.language import ForAll, equals, reals, term
from theory.proposition import proposition, refuted, shown
from theory.related.ustat.estimator import COIN, LAW, SOURCE, A, V, W, Z, a, g, over
from theory.tactics import MINUS

p, dp, s_1, s_0 = reals("p dp s_1 s_0")
y = reals("y_1 y_2 y_3 z_1 z_2 z_3")
One = Fraction(1)


def normalised(*z: sp.Expr) -> sp.Expr:
    """(Z_1 - mean Z)/std Z in a group of three: the estimate where only W_1 = 1."""
    m = sp.Add(*z) / 3
    return (z[0] - m) / sp.sqrt(((z[0] - m) ** 2 + (z[1] - m) ** 2 + (z[2] - m) ** 2) / 3)


def mixed_difference() -> sp.Expr:
    """Σ ± f over the corners y or z of three rewards: 0 for every mean over pairs of a fixed function of the pair."""
    out = sp.Integer(0)
    for corner in range(8):
        bits = [corner >> e & 1 for e in range(3)]
        out += (-1) ** sum(bits) * normalised(*(y[e + 3 * bit] for e, bit in enumerate(bits)))
    return out


shown(
    "ustat.lemma11",
    title="the estimate that is divided by the group's standard deviation is not a mean of a function over pairs",
    source=f"{SOURCE}, Lemma 11, for groups of three",
    printed="there are rewards at which the mixed third difference of the estimate is not 0",
    statement=sp.Ne(mixed_difference(), 0, evaluate=False),
    witness=dict(zip(("y_1", "y_2", "y_3", "z_1", "z_2", "z_3"), (0, 1, 3, 2, 5, 7), strict=True)),
    module=__name__,
    finding="A mean over pairs is a sum of functions of two completions each; the third difference of each, in three "
    "completions, is 0. For the normalised estimate at rewards 0 or 2, 1 or 5, 3 or 7 it is not.",
)

SPREAD = over((Z(a) - V) ** 2)
BINARY = LAW | {
    "rewards are 0 or 1": ForAll(a, 1, A, equals(Z(a) ** 2, Z(a))),
    "0 < V < 1": sp.And(V > 0, V < 1),
}


@proposition(
    "ustat.prop13",
    title="with the true mean and standard deviation of 0/1 rewards, the normalised gradient is g/sqrt(V (1-V))",
    source=f"{SOURCE}, Prop. 13: the gradient of 2 arcsin sqrt V, G → ∞, without the KL term",
    printed="E[W (Z-V)]/sd(Z) = g/sqrt(V (1-V)), sd(Z)² = V (1-V)",
    assumptions=BINARY,
    statement=sp.And(
        equals(over(W(a) * (Z(a) - V)) / sp.sqrt(SPREAD), g / sp.sqrt(V * (1 - V), evaluate=False)), equals(SPREAD, V * (1 - V))
    ),
    model=COIN,
    drops={
        "the chances add up to 1": COIN | {"q": ["1/4", "1/4"], "V": "1/4", "g": "1/4"},
        "the score has mean 0": COIN | {"W": [1, 0]},
        "V is the mean reward": COIN | {"V": "1/4"},
        "g is the gradient": COIN | {"g": 1},
        "rewards are 0 or 1": COIN | {"Z": ["1/2", "1/4"], "V": "3/8", "g": "1/8"},
        "0 < V < 1": COIN | {"Z": [0, 0], "V": 0, "g": 0},
    },
    hints={"q": "unit", "Z": "binary"},
    not_claimed="that the derivative of 2 arcsin sqrt p is 1/sqrt(p (1-p)), which is calculus; anything for finite groups: "
    "ustat.prop13.finite",
)
def prop13(goal: Goal) -> Theorem:
    """Z² = Z turns the variance into V - V²."""
    given = goal.given
    index = goal.fresh(goal.claim)
    inside = goal.assuming(le(ONE, index), le(index, term(A)))
    flag = inside.at(given["rewards are 0 or 1"], index)
    weight = subst(mk("app", "q", "R", term(a)), {term(a): index})
    squares = k.sum_congr(
        index, ONE, term(A), k.linear(mul(weight, flag.concl.args[0]), mul(weight, flag.concl.args[1]), [flag], [weight])
    )
    spread, variance = term(SPREAD), term(V * (1 - V))
    equal = goal.equal(spread, variance, squares, *(given[name] for name in LAW))
    positive = k.sos(lt(ZERO, variance), [(One, ONE, [k.and_elim(given["0 < V < 1"], e) for e in range(2)])], [], [])
    spread_positive = k.sos(lt(ZERO, spread), [(One, ONE, [positive])], [equal], [ONE])
    ratio = next(q for q in goal.claim.args if not k.same(q, equal.concl))
    known = goal.with_facts(positive, spread_positive)
    roots = [known.sqrt_positive(x) for x in (spread, variance)]
    weak = [k.sos(le(*th.concl.args), [(One, ONE, [th])], [], []) for th in (positive, spread_positive)]
    goal.define(positive, spread_positive, *roots, *weak)
    hole = var("hole")
    same = k.rewrite(
        equal,
        k.linear(roots[0].concl.args[1], roots[0].concl.args[1], [], []),
        hole,
        eq(roots[0].concl.args[1], app("sqrt", hole)),
    )
    top = next(t for t in ratio.args[0].args if t.op == "sum")
    numerator = goal.equal(top, term(g), *(given[name] for name in LAW))
    inverse = k.rewrite(
        same, k.linear(inv(same.concl.args[0]), inv(same.concl.args[0]), [], []), hole, eq(inv(same.concl.args[0]), inv(hole))
    )
    value = k.linear(*ratio.args, [numerator, inverse], [inv(same.concl.args[0]), term(g)])
    return k.restate(k.and_intro([value if k.same(q, value.concl) else equal for q in goal.claim.args]), goal.claim)


# Groups of two with 0/1 rewards: both outcomes with probability 2 p (1-p), then Ahat = ±1, divided by G = 2.
MEANS = {
    "the score has mean 0": equals(p * s_1 + (1 - p) * s_0, 0),
    "dp is the gradient of p": equals(dp, p * s_1),
}
OF_TWO = 2 * p * (1 - p) * (s_1 - s_0) / 2
QUARTER = {"p": "1/4", "s_1": 3, "s_0": -1, "dp": "3/4"}


@proposition(
    "ustat.prop13.group_of_two",
    title="in groups of two, the gradient divided by the standard deviation is ∇p: no reward is transformed",
    source=f"{SOURCE}, Prop. 13, against it for finite groups",
    printed="E[(1/2) Σ_i W_i (Z_i - mean)/std] = 2p(1-p) (s_1 - s_0)/2 = ∇p",
    assumptions=MEANS,
    statement=equals(OF_TWO, dp),
    model=QUARTER,
    drops={"the score has mean 0": QUARTER | {"s_0": 0}, "dp is the gradient of p": QUARTER | {"dp": 1}},
    hints={"p": "unit"},
    not_claimed="larger groups. s_1 and s_0 are the mean scores of right and wrong completions, std that of the group (1/G)",
)
def group_of_two(goal: Goal) -> Theorem:
    return k.linear(
        *goal.claim.args,
        [goal.given["the score has mean 0"], goal.given["dp is the gradient of p"]],
        [mul(MINUS, term(p)), MINUS],
    )


refuted(
    "ustat.prop13.finite",
    title="the normalised gradient is ∇p/sqrt(p (1-p)) up to one constant also in finite groups",
    source=f"{SOURCE}, Prop. 13 without G → ∞ (the paper states the limit)",
    printed="E[(1/2) Σ_i W_i (Z_i - mean)/std] · 2 sqrt(p (1-p)) = ∇p in groups of two (the constant is that of p = 1/2)",
    assumptions=MEANS | {"0 < p < 1": sp.And(p > 0, p < 1)},
    statement=equals(OF_TWO * 2 * sp.sqrt(p * (1 - p), evaluate=False), dp),
    witness={"p": "1/5", "s_1": 4, "s_0": -1, "dp": "4/5"},
    module=__name__,
    repair="ustat.prop13.group_of_two",
    hints={"p": "unit"},
    finding="p = 1/5: the expected update is ∇p, with no weight for the difficulty; the arcsine target would weigh it by "
    "1/(2 sqrt(4/25)) = 5/4 against p = 1/2.",
)
