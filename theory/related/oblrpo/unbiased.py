"""Baselines: a function of the other responses leaves the gradient unbiased, the own response in it does not.

One prompt, one coordinate. A response y = 1..V has probability p(y), score s(y) (of mean 0) and reward r(y). z = 1..Z stands
for everything else that is drawn, independently of y: in a group of G, the other G - 1 responses, of mean reward M(z).
"""

import sympy as sp

from theory.decide import Goal
from theory.kernel import Theorem
from theory.language import ForAll, equals, family, integers, reals
from theory.proposition import Case, proposition, refuted, shown

from . import SOURCE

V, Z, G, y, z, a, k = integers("V Z G y z a k")
eps = reals("eps")
p, s, r, q, b, M, w = map(family, ("p", "s", "r", "q", "b", "M", "w"))


def mean(f: sp.Expr) -> sp.Expr:
    """Over responses."""
    return sp.Sum(p(y) * f, (y, 1, V))


def with_others(f: sp.Expr) -> sp.Expr:
    """Over responses, and over what is drawn besides."""
    return sp.Sum(p(y) * q(z) * f, (z, 1, Z), (y, 1, V))


SCORE = {"the score averages to 0": equals(mean(s(y)), 0)}
OTHERS = {"the others' probabilities sum to 1": equals(sp.Sum(q(z), (z, 1, Z)), 1)}
GRADIENT = mean(s(y) * r(y))
COIN: Case = {"V": 2, "p": ["1/2", "1/2"], "s": [1, -1], "r": [1, 0], "Z": 2, "q": ["1/2", "1/2"]}
COIN |= {"b": [1, 3], "M": [1, 0], "G": 2}


@proposition(
    "oblrpo.unbiased",
    title="a baseline that is a function of the prompt and of what is drawn independently leaves the gradient unbiased",
    source=SOURCE,
    printed="E[s(y) (r(y) - b(z))] = E[s(y) r(y)], z independent of y",
    assumptions=SCORE | OTHERS,
    statement=equals(with_others(s(y) * (r(y) - b(z))), GRADIENT),
    model=COIN,
    drops={
        "the score averages to 0": COIN | {"s": [1, 0]},
        "the others' probabilities sum to 1": COIN | {"q": [1, 1]},
    },
    not_claimed="the same off policy, or with clipping",
)
def unbiased(goal: Goal) -> Theorem:
    """This covers constants, leave-one-out means, and leave-one-out weighted means."""
    return goal.equal(*goal.claim.args, *goal.given.values())


own_in_it = (r(y) + (G - 1) * M(z)) / G
refuted(
    "oblrpo.unbiased.group_mean",
    title="the mean reward of the group, own reward included, leaves the gradient unbiased",
    source=SOURCE,
    printed="E[s(y) (r(y) - mean r)] = E[s(y) r(y)]",
    assumptions={"a group": G >= 1} | SCORE | OTHERS,
    statement=equals(with_others(s(y) * (r(y) - own_in_it)), GRADIENT),
    witness={name: COIN[name] for name in ("V", "p", "s", "r", "Z", "q", "M", "G")},
    module=__name__,
    repair="oblrpo.unbiased.group_mean.repaired",
    finding="Two responses of probability 1/2, scores 1 and -1, rewards 1 and 0: the gradient is 1/2. In groups of two, half of "
    "which have equal rewards and teach nothing, r - mean r is 1/2 and -1/2 in the others, and the estimate is 1/4 on average.",
)


@proposition(
    "oblrpo.unbiased.group_mean.repaired",
    title="with the mean reward of the group the expected gradient is 1 - 1/G times the gradient, for every G",
    source="our own; the factor of lossproof.leave_one_out",
    printed="E[s(y) (r(y) - mean r)] = (1 - 1/G) E[s(y) r(y)]",
    assumptions={"a group": G >= 1} | SCORE | OTHERS,
    statement=equals(with_others(s(y) * (r(y) - own_in_it)), (1 - 1 / G) * GRADIENT),
    model=COIN,
    drops={
        "a group": COIN | {"G": 0},
        "the score averages to 0": COIN | {"s": [1, 0]},
        "the others' probabilities sum to 1": COIN | {"q": [1, 1]},
    },
)
def group_mean(goal: Goal) -> Theorem:
    return goal.equal(*goal.claim.args, *list(goal.given.values())[1:])


# Groups of two, responses y and a; coordinates 1 and 2 of the score; each term is an expectation over both.
P, S = family("p"), family("s")


def over_pairs(advantage: sp.Expr, coordinate: int) -> sp.Expr:
    return sp.Sum(P(y) * P(a) * S(coordinate, y) * advantage, (a, 1, V), (y, 1, V))


def along(coordinate: int) -> sp.Expr:
    return sp.Sum(P(y) * S(coordinate, y) * r(y), (y, 1, V))


SOFTMAX = {
    "a law": sp.And(ForAll(y, 1, V, P(y) > 0), equals(sp.Sum(P(y), (y, 1, V)), 1)),
    "scores of a softmax, in the logits 1 and 2": ForAll(
        y, 1, V, ForAll(k, 1, 2, equals(S(k, y), sp.Piecewise((1 - P(k), sp.Eq(k, y)), (-P(k), True))))
    ),
}
weighted = w(a) * (r(y) - r(a)) / (w(y) + w(a))
NORMS = {
    "squared norms of the scores": ForAll(y, 1, V, equals(w(y), 1 - 2 * P(y) + sp.Sum(P(a) ** 2, (a, 1, V)))),
}


def law(*ps: str) -> Case:
    """A softmax over three arms with these probabilities."""
    values = [sp.Rational(x) for x in ps]
    scores = [[(1 if k == y else 0) - values[k] for y in range(len(ps))] for k in range(2)]
    norms = [1 - 2 * x + sum(v**2 for v in values) for x in values]
    return {"V": len(ps), "p": list(ps), "s": [[str(x) for x in row] for row in scores], "w": [str(x) for x in norms]}


refuted(
    "oblrpo.plug_in",
    title="the gradient-weighted baseline Σ w r/Σ w of the group, own response included, keeps the direction of the gradient",
    source=SOURCE,
    printed="b = Σ_j w_j r_j/Σ_j w_j, w = ‖s‖²:  E[(1/G) Σ_j s_j (r_j - b)] ∝ E[s r]",
    assumptions={"three arms": equals(V, 3)} | SOFTMAX | NORMS,
    statement=equals(over_pairs(weighted, 1) * along(2), over_pairs(weighted, 2) * along(1)),
    witness=law("1/2", "1/4", "1/4") | {"r": [0, 0, 1]},
    module=__name__,
    repair="oblrpo.unbiased",
    finding="Arms of probabilities 1/2, 1/4, 1/4, a reward for the third only, w = 3/8, 7/8, 7/8: the gradient is "
    "(-1/8, -1/16, 3/16). In groups of two the estimate is (-1/16, -3/160, 13/160) on average: 1/2, 3/10 and 13/30 of it.",
)

shown(
    "oblrpo.unbiased.deviation",
    title="divided by the deviation of the group, the expected gradient is not parallel to the gradient",
    source=SOURCE,
    printed="E[s (r - mean r)/(std r + ε)] is not parallel to E[s r]",
    assumptions=SOFTMAX,
    statement=sp.Ne(
        over_pairs((r(y) - r(a)) / 2 / (sp.Abs(r(y) - r(a)) / 2 + eps), 1) * along(2),
        over_pairs((r(y) - r(a)) / 2 / (sp.Abs(r(y) - r(a)) / 2 + eps), 2) * along(1),
    ),
    witness={k: x for k, x in law("1/3", "1/3", "1/3").items() if k != "w"} | {"r": [0, 1, 3], "eps": "1/100"},
    module=__name__,
    finding="Three equally likely arms, rewards 0, 1, 3: the gradient is (-4/9, -1/9, 5/9). In groups of two the deviation "
    "is half of the difference, so only its sign is left, and the estimate is nearly (-2/9, 0, 2/9).",
    not_claimed="that the direction is worse",
)
