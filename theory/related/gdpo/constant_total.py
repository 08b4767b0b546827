"""Rollouts that all have the same total, of which GRPO learns nothing: when GDPO does.

Statement   Two rewards of a constant total, r2 = c - r1, have opposite advantages: GDPO gives 0, whatever the group, unless
            the two are weighted differently. With three rewards it can give more.
"""

from fractions import Fraction

import sympy as sp

from theory import kernel as k
from theory.decide import Goal
from theory.kernel import Theorem
from theory.kernel.terms import ONE, ZERO, add, app, le, lt, mul
from theory.language import ForAll, equals, reals, term
from theory.proposition import UNNEEDED, Case, proposition, refuted, shown
from theory.tactics import MINUS
from theory.tactics.deviation import replacing, same_root

from .collapse import GROUP, TWO, VARIES, VARY, G, c, h, i, j, mean, q, r, standardised, variance
from .decoupled import m, n, of

SECTION = "Section 3.1: the example of the totals (1, 1, 1)"
u, w = reals("u w")
BINARY = {"binary rewards": ForAll(i, 1, G, sp.And(equals(r(i) ** 2, r(i)), equals(q(i) ** 2, q(i))))}
TOTAL = "the total is constant"
CONSTANT = {TOTAL: ForAll(i, 1, G, equals(q(i), c - r(i)))}
ROLLOUT = {"a rollout": sp.And(1 <= j, j <= G)}
BOTH = standardised(r, j) + standardised(q, j)
CASE: Case = {"G": 4, "r": [1, 0, 0, 0], "q": [0, 1, 1, 1], "c": 1, "j": 1}

refuted(
    "gdpo.constant_total",
    title="of rollouts with the same total 1 of two binary rewards, such as (1,1,0) and (0,0,1), GDPO learns",
    source=SECTION,
    printed="r_1 = (1,1,0), r_2 = (0,0,1): GDPO yields non-zero advantages",
    assumptions=GROUP | VARIES | BINARY | {TOTAL: ForAll(i, 1, G, equals(q(i), 1 - r(i)))} | ROLLOUT,
    statement=sp.Ne(BOTH, 0),
    witness={name: value for name, value in CASE.items() if name != "c"},
    module=__name__,
    repair="gdpo.constant_total.repaired",
    finding="As r_2 = 1 - r_1, A_2 = -A_1: for (1,1,0) and (0,0,1) they are ±(0.577, 0.577, -1.155), and add up "
    "to (0, 0, 0), as for GRPO. The counterexample has four rollouts, (1,0,0,0) and (0,1,1,1), where the deviation is 1/2.",
)


def opposite(goal: Goal) -> tuple[Theorem, Theorem]:
    """The variances of r and q are equal, and q_j - mean q = -(r_j - mean r)."""
    t, last = goal.fresh(goal.claim), term(G)
    inside = goal.assuming(le(ONE, t), le(t, last))
    at_t, at_j = inside.at(goal.given[TOTAL], t), goal.at(goal.given[TOTAL], term(j))

    def turned(th: Theorem, index: k.Term) -> Theorem:
        """q = c - r at the index."""
        return k.linear(app("q", index), add(term(c), mul(MINUS, app("r", index))), [th], [ONE])

    total = k.sum_congr(t, ONE, last, turned(at_t, t))
    each = inside.equal(
        k.subst(term((q(i) - mean(q(h), h, G)) ** 2), {term(i): t}),
        k.subst(term((r(i) - mean(r(h), h, G)) ** 2), {term(i): t}),
        turned(at_t, t),
        total,
    )
    size = k.inv_positive(goal.prove(lt(ZERO, term(G - 1)))).concl.args[1]
    same = k.linear(term(variance(q)), term(variance(r)), [k.sum_congr(t, ONE, last, each)], [size])
    left = goal.equal(term(q(j) - mean(q(h), h, G)), term(mean(r(h), h, G) - r(j)), turned(at_j, term(j)), total)
    return same, left


def proved(goal: Goal) -> Theorem:
    same, left = opposite(goal)
    positive = k.sos(lt(ZERO, term(variance(q))), [(Fraction(1), ONE, [goal.given[VARY]])], [same], [ONE])
    goal.define(positive)
    goal.know(positive)

    def simpler(claim: k.Term) -> Theorem:
        over = term(1 / sp.sqrt(variance(r)))
        scale = over if claim.args[1] is ZERO else mul(over, term(w))
        return k.linear(*claim.args, [left], [scale])

    return replacing(goal.claim, same_root(same), simpler)


@proposition(
    "gdpo.constant_total.repaired",
    title="of rollouts with the same total of two rewards, binary or not, GDPO learns as little as GRPO: the advantages are 0",
    source="our own",
    printed="r_1 + r_2 = c for all rollouts  ⇒  A_1 + A_2 = 0",
    assumptions=GROUP | VARIES | CONSTANT | ROLLOUT,
    statement=equals(BOTH, 0),
    model=CASE,
    drops={
        TWO: UNNEEDED,
        VARY: CASE | {"r": [0, 0, 0, 0], "q": [1, 1, 1, 1]},
        TOTAL: CASE | {"q": [1, 0, 0, 0]},
        "a rollout": UNNEEDED,
    },
)
def constant_total(goal: Goal) -> Theorem:
    return proved(goal)


@proposition(
    "gdpo.constant_total.weighted",
    title="with weights (Eq. 7) GDPO learns from two rewards of a constant total what the difference of the weights leaves",
    source="our own, of Section 3.2, Eq. 7",
    printed="r_1 + r_2 = c  ⇒  u A_1 + w A_2 = (u - w) A_1",
    assumptions=GROUP | VARIES | CONSTANT | ROLLOUT,
    statement=equals(u * standardised(r, j) + w * standardised(q, j), (u - w) * standardised(r, j)),
    model=CASE | {"u": 2, "w": 1},
    drops={
        TWO: UNNEEDED,
        VARY: CASE | {"r": [0, 0, 0, 0], "q": [1, 1, 1, 1], "u": 2, "w": 1},
        TOTAL: CASE | {"q": [1, 0, 0, 0], "u": 2, "w": 1},
        "a rollout": UNNEEDED,
    },
)
def weighted(goal: Goal) -> Theorem:
    return proved(goal)


shown(
    "gdpo.constant_total.three_rewards",
    title="with three binary rewards there are rollouts of a constant total that GDPO tells apart",
    source="our own",
    printed="r_1 + r_2 + r_3 = 1 for all rollouts, Σ_k A_k ≠ 0",
    statement=sp.And(
        ForAll(j, 1, G, equals(sp.Sum(of(m)(j), (m, 1, n)), 1)), sp.Ne(sp.Sum(standardised(of(m), 1), (m, 1, n)), 0)
    ),
    witness={"G": 4, "n": 3, "r": [[1, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]]},
    module=__name__,
    finding="Rewards (1,1,0,0), (0,0,1,0), (0,0,0,1) have deviations 1/√3, 1/2, 1/2: the first rollout gets √3/2 - 1/2 - 1/2 = "
    "-0.134, the third -√3/2 + 3/2 - 1/2 = 0.134. Four rollouts are needed, by gdpo.distinct_groups.repaired.",
)
