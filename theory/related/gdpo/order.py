"""How many groups GDPO tells apart, and whether it orders rollouts as their totals do. Binary rewards.

Statement   Where each reward is passed by one rollout, or by all but one, GDPO is √G times GRPO without the deviation: with two
            or three rollouts that is every reward that is not constant. From four rollouts on the two differ. With two
            rewards a higher total has the higher advantage; with three it need not.
Not claimed that a larger number of distinct advantages is better.
"""

from collections.abc import Callable
from fractions import Fraction

import sympy as sp

from theory import kernel as k
from theory.decide import Goal
from theory.kernel import Theorem, mk, subst
from theory.kernel.terms import ONE, ZERO, add, app, eq, inv, le, lt, mul
from theory.language import ForAll, equals, family, integers, reals, term
from theory.proposition import UNNEEDED, proposition, refuted, shown
from theory.tactics import MINUS
from theory.tactics.deviation import cross_multiplied, for_values, replacing, scaled_root
from theory.tactics.prefix import exchange

from .collapse import GROUP, TWO, G, centred, h, i, j, standardised, variance
from .decoupled import everywhere_nonnegative, m, n, of, reward

d, e = integers("d e")
x1, y1, x2, y2, g1, g2 = reals("x1 y1 x2 y2 g1 g2")
gap = family("g")
other, A = family("q"), family("A")


def distinct(advantage: Callable[[sp.Expr], sp.Expr]) -> sp.Expr:
    """How many values it has for d = 1..9: those that no earlier e has."""
    new = ForAll(e, 1, d - 1, sp.Ne(advantage(e), advantage(d), evaluate=False))
    return sp.Sum(sp.Piecewise((1, new), (0, True)), (d, 1, 9))


DIFFERENCES = [[a, b] for b in (-1, 0, 1) for a in (-1, 0, 1)]
STANDARDISED = sp.And(
    sp.Implies(sp.Ne(gap(d, m), 0), equals(A(d, m), gap(d, m) / 2 / sp.sqrt((gap(d, m) / 2) ** 2))),
    sp.Implies(equals(gap(d, m), 0), equals(A(d, m), 0)),
)
refuted(
    "gdpo.distinct_groups",
    title="GDPO has more distinct advantages than GRPO without the deviation, also with two rollouts and two binary rewards",
    source="Section 3.1, Fig. 3",
    printed="GDPO: significantly more distinct advantage groups, in all settings",
    assumptions={
        "d runs over all differences of the rollouts in the two rewards": ForAll(
            d, 1, 9, equals(gap(d, 1), d - 5 - 3 * gap(d, 2))
        ),
        "a difference is -1, 0 or 1": ForAll(d, 1, 9, ForAll(m, 1, 2, equals(gap(d, m) ** 3, gap(d, m)))),
        "A is the first rollout's advantage, Eq. 4, or 0 for a constant reward": ForAll(d, 1, 9, ForAll(m, 1, 2, STANDARDISED)),
    },
    statement=sp.Gt(distinct(lambda d: A(d, 1) + A(d, 2)), distinct(lambda d: (gap(d, 1) + gap(d, 2)) / 2), evaluate=False),
    witness={"g": DIFFERENCES, "A": DIFFERENCES},
    module=__name__,
    repair="gdpo.distinct_groups.repaired",
    finding="With two rollouts a standardised binary reward is a fixed multiple of the centred one, so GDPO and GRPO without std "
    "tell the same groups apart: 5 and 5 advantages of the first rollout, 3 and 3 up to order. With three rollouts: 6 and 6.",
    not_claimed="anything about G - 1 or G in the deviation: it is that of the population here, which rescales all advantages",
)

SPECIAL = "passed by one rollout, or by all but one"
passes = sp.Sum(of(m)(h), (h, 1, G))


@proposition(
    "gdpo.distinct_groups.repaired",
    title="where each reward is passed by one rollout or by all but one, as with two or three rollouts, GDPO is √G times "
    "GRPO without the deviation",
    source="our own",
    printed="Σ_i r_k^(i) ∈ {1, G - 1} for all k  ⇒  Σ_k A_k^(j) = √G (r_sum^(j) - mean r_sum), for G and n of any size",
    assumptions=GROUP
    | {
        "binary rewards": ForAll(m, 1, n, ForAll(i, 1, G, equals(reward(m, i) ** 2, reward(m, i)))),
        SPECIAL: ForAll(m, 1, n, equals((passes - 1) * (passes - G + 1), 0)),
    },
    statement=equals(
        sp.Sum(standardised(of(m), j), (m, 1, n)), sp.sqrt(G) * centred(lambda t: sp.Sum(reward(m, t), (m, 1, n)), j)
    ),
    model={"G": 4, "n": 1, "r": [[1, 0, 0, 0]], "j": 1},
    drops={
        TWO: UNNEEDED,
        "binary rewards": {"G": 4, "n": 1, "r": [[3, 0, 0, -2]], "j": 1},
        SPECIAL: {"G": 4, "n": 1, "r": [[1, 1, 0, 0]], "j": 1},
    },
)
def as_without_std(goal: Goal) -> Theorem:
    """s² = P (G - P)/(G (G - 1)) for P passes, which is 1/G for P = 1 and P = G - 1."""
    t, last = goal.fresh(goal.claim), term(n)
    inside = goal.assuming(le(ONE, t), le(t, last))
    size = term(G)
    wide, root = subst(term(variance(of(m))), {term(m): t}), app("sqrt", size)
    row = goal.fresh(goal.claim, t)
    member = inside.assuming(le(ONE, row), le(row, size))
    squares = k.sum_congr(row, ONE, size, member.at(goal.given["binary rewards"], t, row))
    special, total = inside.at(goal.given[SPECIAL], t), subst(term(passes), {term(m): t})
    square = k.linear(mk("pow", total, 2), add(mul(total, size), mul(MINUS, size), ONE), [special], [ONE])
    scaled = inside.equal(wide, mul(inv(size), inv(size), size), squares, square)
    positive, deviation = scaled_root(inside.with_facts(inside.prove(lt(ZERO, inv(size)))), wide, size, inv(size), scaled)
    goal.define(*everywhere_nonnegative(goal, t, positive))
    above = inside.sqrt_positive(size)
    below = k.sos(
        lt(ZERO, mul(inv(size), root)), [(Fraction(1), ONE, [k.inv_positive(inside.prove(lt(ZERO, size))), above])], [], []
    )
    of_root = k.law("sqrt_square", size, ZERO, [inside.prove(le(ZERO, size))])
    prover = inside.with_facts(below)
    own = subst(term(standardised(of(m), j)), {term(m): t})
    simple = subst(term(sp.sqrt(G) * centred(of(m), j)), {term(m): t})
    each = replacing(eq(own, simple), deviation, lambda p: cross_multiplied(prover, p, deviation.concl.args[1], of_root))
    swap = exchange(goal, term(sp.Sum(sp.Sum(reward(m, h), (m, 1, n)), (h, 1, G))))
    return goal.equal(*goal.claim.args, k.sum_congr(t, ONE, last, each), swap)


shown(
    "gdpo.distinct_groups.four",
    title="from four rollouts on GDPO tells groups apart that GRPO without the deviation does not",
    source="Section 3.1, Fig. 3",
    printed="(the gap between the two curves)",
    assumptions={"four rollouts, two rewards": sp.And(equals(G, 4), equals(n, 2))},
    statement=sp.And(
        ForAll(j, 1, G, equals(sp.Sum(reward(m, j), (m, 1, n)), sp.Sum(other(m, j), (m, 1, n)))),
        sp.Ne(sp.Sum(standardised(of(m), 1), (m, 1, n)), sp.Sum(standardised(lambda t: other(m, t), 1), (m, 1, n))),
    ),
    witness={"G": 4, "n": 2, "r": [[1, 1, 0, 0], [1, 0, 1, 0]], "q": [[1, 1, 1, 0], [1, 0, 0, 0]]},
    module=__name__,
    finding="The rewards (1,1,0,0), (1,0,1,0) and (1,1,1,0), (1,0,0,0) have the same totals (2,1,1,0). GDPO gives the first "
    "rollout √3/2 + √3/2 = 1.732 in one, and 1/2 + 3/2 = 2 in the other.",
)


@proposition(
    "gdpo.order.two_rewards",
    title="with two binary rewards the rollout with the higher total has the higher advantage",
    source="our own",
    printed="r_1 + r_2 < r_1' + r_2'  ⇒  A_1 + A_2 < A_1' + A_2', as A_k' - A_k = g_k (r_k' - r_k), g_k > 0",
    assumptions={
        "binary rewards": sp.And(*(equals(x**2, x) for x in (x1, x2, y1, y2))),
        "gaps": sp.And(g1 > 0, g2 > 0),
        "a higher total": x1 + x2 < y1 + y2,
    },
    statement=g1 * (y1 - x1) + g2 * (y2 - x2) > 0,
    model={"x1": 0, "x2": 0, "y1": 0, "y2": 1, "g1": 1, "g2": 2},
    drops={
        "binary rewards": {"x1": 1, "x2": 0, "y1": 0, "y2": 2, "g1": 3, "g2": 1},
        "gaps": {"x1": 0, "x2": 0, "y1": 0, "y2": 1, "g1": 1, "g2": -1},
        "a higher total": {"x1": 0, "x2": 1, "y1": 0, "y2": 1, "g1": 1, "g2": 1},
    },
    hints={x: "binary" for x in ("x1", "x2", "y1", "y2")},
    not_claimed="the same of rewards that are not binary, for which it fails",
)
def two_rewards(goal: Goal) -> Theorem:
    """Neither reward is lower in the better rollout: 0 ≤ r_k' - r_k, by cases."""
    return for_values(goal, tuple(map(term, (x1, y1, x2, y2))), goal.claim)


shown(
    "gdpo.order.inversion",
    title="with three binary rewards a rollout with a lower total can get the higher advantage, in a group of 16",
    source="our own",
    printed="r_sum^(1) < r_sum^(2), A_sum^(1) > A_sum^(2)",
    statement=sp.And(
        sp.Sum(reward(m, 1), (m, 1, n)) < sp.Sum(reward(m, 2), (m, 1, n)),
        sp.Sum(standardised(of(m), 1), (m, 1, n)) > sp.Sum(standardised(of(m), 2), (m, 1, n)),
    ),
    witness={"G": 16, "n": 3, "r": [[0] + [1] * 8 + [0] * 7] * 2 + [[1] + [0] * 15]},
    module=__name__,
    finding="Two rewards are passed by 8 of 16 rollouts, each worth 2 √(15/16) = 1.936; a third by one rollout, worth √16 = 4. "
    "So the third alone, 4, beats the other two, 3.873. With 15 rollouts, 7 or 8 of which pass, the two are equal: √15.",
)
