"""The constant C1 of Rubric-ARM's theorem and the term (II) of Proposition 5.2.

C1 = Var_r(p u_r)/E_r[p² ‖u_r‖²] = 1 - ‖∇J‖²/E_r[p² ‖u_r‖²]: as scores have the mean 0, it is 1 for perfectly consistent
rubrics, and near 1 near any stationary point.
"""

import sympy as sp

from theory import kernel as k
from theory.decide import Goal
from theory.kernel import Term, Theorem, mk, subst
from theory.kernel.terms import ONE, ZERO, le, mul
from theory.language import ForAll, equals, term
from theory.proposition import Case, proposition, refuted
from theory.related.rubric_arm.domination import PROBABLE, second
from theory.related.rubric_arm.variance import RUBRICS, D, K, d, mean_b, over_rubrics, p, p1, r, squared_norm, term_ii, u, w
from theory.tactics import MINUS
from theory.tactics.convex import One, square_of_mean
from theory.tactics.powers import unit
from theory.tactics.prefix import exchange
from theory.tactics.surrogate import under_sums

OFF = {
    "probabilities": equals(over_rubrics(w(r)), 1),
    "constant p": ForAll(r, 1, K, equals(p(r), p1)),
    "scores average to 0": ForAll(d, 1, D, equals(over_rubrics(w(r) * u(r, d)), 0)),
}
AGREE: Case = RUBRICS | {"p": ["3/5", "3/5"], "p1": "3/5"}

refuted(
    "rubric_arm.c1",
    title="C1 lies strictly between 0 and 1",
    source="Theorem 5.5 (C1 ∈ (0, 1))",
    printed="C1 = Var_r(p u_r)/E_r[p² ‖u_r‖²] < 1",
    assumptions=PROBABLE | {"scores average to 0": OFF["scores average to 0"]},
    statement=term_ii / second < 1,
    witness=AGREE,
    module=__name__,
    repair="rubric_arm.c1.repaired",
    hints={"p": "unit", "w": "unit"},
    finding="Two equally likely rubrics with scores ±1 and the same p = 3/5: the mean of p u_r is 0, so Var_r(p u_r) is all of "
    "E[p² ‖u_r‖²], and C1 = 1.",
)


@proposition(
    "rubric_arm.c1.repaired",
    title="C1 lies between 0 and 1 and is 1 - ‖∇J‖²/E_r[p² ‖u_r‖²]: the closer to a stationary point, the closer to 1",
    source="Theorem 5.5",
    printed="C1 = 1 - ‖E_r[p u_r]‖²/E_r[p² ‖u_r‖²] ∈ [0, 1]",
    assumptions={
        "probabilities": sp.And(ForAll(r, 1, K, w(r) >= 0), equals(over_rubrics(w(r)), 1)),
        "some score": second > 0,
    },
    statement=sp.And(equals(term_ii / second, 1 - mean_b / second), term_ii / second >= 0, term_ii / second <= 1),
    model=RUBRICS,
    drops={"probabilities": RUBRICS | {"w": [1, 1], "u": [[1], [1]]}, "some score": RUBRICS | {"u": [[0], [0]]}},
    hints={"p": "unit", "w": "unit"},
    not_claimed="that it measures how much rubrics disagree",
)
def constant(goal: Goal) -> Theorem:
    """Per coordinate, Σ w (p u - m)² ≥ 0 with m = Σ w p u."""
    over = k.inv_positive(goal.given["some score"])
    cancel = unit(goal.given["some score"])
    mean = term(mean_b)
    sign = goal.sum_sign(mean, False)
    one = next(th for th in goal.facts if th.concl.op == "eq")
    at = goal.fresh(goal.claim)
    inside = goal.assuming(le(ONE, at), le(at, term(D)))
    m = subst(term(over_rubrics(w(r) * p(r) * u(r, d))), {term(d): at})
    score = subst(term(p(r) * u(r, d)), {term(d): at})
    gap = square_of_mean(inside, term(r), ONE, term(K), term(w(r)), score, m)
    squares = subst(term(over_rubrics(w(r) * (p(r) * u(r, d)) ** 2)), {term(d): at})
    row = k.sos(le(mk("pow", m, 2), squares), [(One, ONE, [gap])], [one], [mul(MINUS, mk("pow", m, 2))])
    rows = k.sum_congr(at, ONE, term(D), row)
    swap = exchange(goal, rows.concl.args[1])
    into = goal.equal(swap.concl.args[1], term(second))
    below = k.sos(le(mean, term(second)), [(One, ONE, [rows])], [swap, into], [MINUS, MINUS])
    top = k.sos(le(ZERO, term(term_ii)), [(One, ONE, [below])], [], [])

    def part(c: Term) -> Theorem:
        if c.op == "eq":
            return k.linear(*c.args, [cancel], [ONE])
        if c.args[0] is ZERO:
            return k.sos(c, [(One, ONE, [top, over])], [], [])
        return k.sos(c, [(One, ONE, [sign, over])], [cancel], [MINUS])

    return k.and_intro([part(c) for c in goal.claim.args])


refuted(
    "rubric_arm.inconsistency",
    title="the term (II) vanishes if all rubrics serve equally well",
    source='Proposition 5.2 (its name for (II): "cross-rubric inconsistency")',
    printed="p(r) = p for every r ⇒ Var_r(p(r) u_r(r)) = 0",
    assumptions=OFF,
    statement=equals(term_ii, 0),
    witness=AGREE,
    module=__name__,
    repair="rubric_arm.inconsistency.repaired",
    hints={"w": "unit"},
    finding="Two equally likely rubrics with scores ±1 and the same p = 3/5: (II) is 9/25, larger than (I) = 6/25.",
)


@proposition(
    "rubric_arm.inconsistency.repaired",
    title="it is then as large as it can be, p² E‖u_r‖², and C1 = 1: (II) is about the missing baseline",
    source="Proposition 5.2",
    printed="p(r) = p for every r ⇒ Var_r(p u_r) = p² E_r‖u_r‖² = E_r[p² ‖u_r‖²]",
    assumptions={name: OFF[name] for name in ("constant p", "scores average to 0")},
    statement=sp.And(equals(term_ii, p1**2 * over_rubrics(w(r) * squared_norm(u(r, d)))), equals(term_ii, second)),
    model=AGREE,
    drops={"constant p": AGREE | {"p": ["3/5", "1/5"]}, "scores average to 0": AGREE | {"u": [[1], [1]]}},
    hints={"w": "unit"},
    not_claimed="that some baseline removes (II) where p(r) varies: see baseline.generator",
)
def consistent(goal: Goal) -> Theorem:
    """E_r[p u_r] = p E_r[u_r] = 0."""
    at = goal.fresh(goal.claim)
    inside = goal.assuming(le(ONE, at), le(at, term(D)))
    m = subst(term(over_rubrics(w(r) * p(r) * u(r, d))), {term(d): at})
    flat = under_sums(inside, m, goal.given["constant p"])
    zero = inside.equal(m, ZERO, flat, inside.at(goal.given["scores average to 0"], at))
    rows = k.sum_congr(at, ONE, term(D), k.linear(mk("pow", m, 2), ZERO, [zero], [m]))
    none = k.sum_linear(at, ONE, term(D), [ZERO], [ZERO])
    mean = k.linear(term(mean_b), ZERO, [rows, none], [ONE, ONE])
    each = goal.fresh(goal.claim)
    row = goal.assuming(le(ONE, each), le(each, term(K)))
    body = subst(term(w(r) * squared_norm(p(r) * u(r, d))), {term(r): each})
    to = subst(term(p1**2 * w(r) * squared_norm(u(r, d))), {term(r): each})
    same = k.sum_congr(each, ONE, term(K), row.equal(body, to, row.at(goal.given["constant p"], each)))
    return k.and_intro([goal.equal(*c.args, mean, same) for c in goal.claim.args])
