"""Estimating the signal ‖∇J‖² of the signal-to-noise ratio from the estimates ĝ themselves.

Statement   ‖ĝ‖² has the mean ‖∇J‖² + V; the product of two independent estimates has the mean ‖∇J‖², and can be negative.
            Outcomes e = 1..E of probability P(e), coordinates i = 1..D.
"""

import sympy as sp

from theory import kernel as k
from theory.decide import Goal
from theory.kernel import Theorem, subst
from theory.kernel.terms import ONE, app, le, mul
from theory.language import equals, family, integers, term
from theory.proposition import proposition, refuted, shown
from theory.tactics.prefix import exchange

from . import SOURCE

D, E, e, f, i = integers("D E e f i")
P, ghat = family("P"), family("ghat")


def outcomes(f: sp.Expr) -> sp.Expr:
    return sp.Sum(P(e) * f, (e, 1, E))


refuted(
    "oblrpo.snr.plug_in",
    title="the squared norm of the estimate is an unbiased estimate of ‖∇J‖²",
    source=SOURCE,
    printed="E‖ĝ‖² = ‖∇J‖²",
    assumptions={"probabilities": equals(sp.Sum(P(e), (e, 1, E)), 1)},
    statement=equals(sp.Sum(outcomes(ghat(i, e) ** 2), (i, 1, D)), sp.Sum(outcomes(ghat(i, e)) ** 2, (i, 1, D))),
    witness={"E": 2, "D": 1, "P": ["1/2", "1/2"], "ghat": [[0, 2]]},
    module=__name__,
    repair="oblrpo.snr.plug_in.repaired",
    finding="An estimate that is 0 or 2, each half of the time, has the mean 1, so ‖∇J‖² = 1; but its square is 2 on average, "
    "more by the variance. So a signal-to-noise ratio with ‖ĝ‖² in the place of ‖∇J‖² is too large by 1 on average.",
)


@proposition(
    "oblrpo.snr.plug_in.repaired",
    title="the squared norm of the estimate has the mean ‖∇J‖² + V",
    source="our own",
    printed="E‖ĝ‖² = ‖E ĝ‖² + Σ_i Var ĝ_i",
    assumptions={"probabilities": equals(sp.Sum(P(e), (e, 1, E)), 1)},
    statement=equals(
        sp.Sum(outcomes(ghat(i, e) ** 2), (i, 1, D)),
        sp.Sum(outcomes(ghat(i, e)) ** 2 + outcomes((ghat(i, e) - sp.Sum(P(f) * ghat(i, f), (f, 1, E))) ** 2), (i, 1, D)),
    ),
    model={"E": 2, "D": 1, "P": ["1/2", "1/2"], "ghat": [[0, 2]]},
    drops={"probabilities": {"E": 1, "D": 1, "P": [2], "ghat": [[1]]}},
)
def norm_of_estimate(goal: Goal) -> Theorem:
    return goal.equal(*goal.claim.args, goal.given["probabilities"])


@proposition(
    "oblrpo.snr.halves",
    title="the product of two independent estimates is an unbiased estimate of ‖∇J‖²",
    source=SOURCE,
    printed="E⟨ĝ_1, ĝ_2⟩ = ‖∇J‖² for independent halves of the batch",
    statement=equals(
        sp.Sum(P(e) * P(f) * sp.Sum(ghat(i, e) * ghat(i, f), (i, 1, D)), (f, 1, E), (e, 1, E)),
        sp.Sum(outcomes(ghat(i, e)) ** 2, (i, 1, D)),
    ),
    not_claimed="that it is positive: oblrpo.snr.negative",
)
def halves(goal: Goal) -> Theorem:
    """Exchange the sums: Σ_e Σ_f Σ_i = Σ_i Σ_e Σ_f."""
    outer, index = goal.claim.args[0], goal.fresh(goal.claim)
    last = term(E)
    inside = goal.assuming(le(ONE, index), le(index, last))
    weight = app("P", index)
    inner = term(sp.Sum(sp.Sum(P(f) * ghat(i, e) * ghat(i, f), (i, 1, D)), (f, 1, E)))
    row = subst(outer.args[3], {outer.args[0]: index})
    swap = exchange(inside, subst(inner, {term(e): index}))
    before, after = swap.concl.args
    moved = k.linear(row, mul(weight, after), [inside.equal(row, mul(weight, before)), swap], [ONE, weight])
    rows = k.sum_congr(index, ONE, last, moved)
    double = term(sp.Sum(sp.Sum(P(e) * sp.Sum(P(f) * ghat(i, e) * ghat(i, f), (f, 1, E)), (i, 1, D)), (e, 1, E)))
    second = exchange(goal, double)
    steps = [rows, goal.equal(rows.concl.args[1], double), second, goal.equal(second.concl.args[1], goal.claim.args[1])]
    return k.linear(*goal.claim.args, steps, [ONE] * 4)


shown(
    "oblrpo.snr.negative",
    title="that product can be negative",
    source=SOURCE,
    printed="⟨ĝ_1, ĝ_2⟩ < 0 although ∇J ≠ 0",
    statement=sp.And(ghat(1) * ghat(2) < 0, sp.Ne((ghat(1) + ghat(2)) / 2, 0)),
    witness={"ghat": [3, -1]},
    module=__name__,
    finding="An estimate that is 3 or -1, each half of the time, has the mean 1; two halves differ in sign half of the time.",
)
