"""What a bounded kernel does to features that have moved far: the penalty levels off, its gradient fades.

Gaussian kernel of bandwidth h, two normal laws of variance s² per coordinate whose means are x apart: width = h² + 2s² and
c = (h²/(h² + 2s²))^{D/2}, so E k(x, x') = c and E k(x, y) = c exp(-x²/(2 width)).
"""

import sympy as sp

from theory import kernel as k
from theory.decide import Goal
from theory.kernel import Refused, Term, Theorem, mk, subst
from theory.kernel.terms import ONE, ZERO, add, app, inv, le, mul
from theory.language import ForAll, derivative, equals, formula, reals, term
from theory.proposition import Case, proposition
from theory.related.owmmd.distance import SAMPLES, SWAP, biased, i, j, kern, m, n, pairs, x, y
from theory.tactics import MINUS
from theory.tactics.clip import congruent
from theory.tactics.convex import One, exp_tangent
from theory.tactics.logic import conjunction
from theory.tactics.powers import unit
from theory.tactics.slopes import slope_claim

c, apart, width = reals("c apart width")
GAUSS = {"0 < c ≤ 1": sp.And(c > 0, c <= 1), "width > 0": width > 0}
FAR: Case = {"c": 1, "apart": 3, "width": 1}
overlap = sp.exp(-(apart**2) / (2 * width))
squared = 2 * c * (1 - overlap)


def decay() -> tuple[Term, Term, list[Theorem]]:
    """u = x²/(2 width), exp(-u), and exp(u) exp(-u) = 1."""
    u, down = term(apart**2 / (2 * width)), term(-(apart**2) / (2 * width))
    both = k.law("exp_add", u, down, [])
    none = k.linear(add(u, down), ZERO, [], [])
    hole = k.var("hole")
    one = [both, congruent(none, hole, app("exp", hole)), k.law("exp_zero", ZERO, ZERO, [])]
    return u, app("exp", down), one


@proposition(
    "owmmd.gaussian",
    title="between two normal laws of equal width the Gaussian kernel gives 2c (1 - exp(-x²/(2(h²+2s²)))), in [0, 2c) with c ≤ 1",
    source="textbook (closed form of the Gaussian integrals)",
    printed="MMD² = c - 2c exp(-|μ_1-μ_2|²/(2(h²+2s²))) + c ∈ [0, 2c), c = (h²/(h²+2s²))^{D/2} ≤ 1",
    assumptions=GAUSS,
    statement=sp.And(equals(c - 2 * c * overlap + c, squared), squared >= 0, squared < 2),
    model=FAR,
    drops={"0 < c ≤ 1": FAR | {"c": 2, "apart": 10}, "width > 0": FAR | {"width": -1}},
    not_claimed="the two Gaussian integrals themselves, which evidence checks by quadrature",
)
def gaussian(goal: Goal) -> Theorem:
    """0 < exp(-u) ≤ 1, as exp(-u) ≤ exp(-u)(1 + u) ≤ exp(-u) exp(u) = 1."""
    u, down, one = decay()
    positive = k.law("exp_positive", down.args[2], ZERO, [])
    sign = k.sos(le(ZERO, u), [(One / 2, term(apart), [k.inv_positive(goal.given["width > 0"])])], [], [])
    parts = [(One, ONE, [positive, exp_tangent(u)]), (One, ONE, [positive, sign])]
    below = k.sos(le(down, ONE), parts, one, [ONE, MINUS, MINUS])
    some, small = goal.prove(formula(c > 0)), goal.prove(formula(c <= 1))

    def part(p: Term) -> Theorem:
        if p.op == "eq":
            return goal.prove(p)
        if p.op == "le":
            return k.sos(p, [(2 * One, ONE, [some, below])], [], [])
        return k.sos(p, [(2 * One, ONE, [some, positive]), (2 * One, ONE, [small])], [], [])

    return k.and_intro([part(p) for p in goal.claim.args])


@proposition(
    "owmmd.saturation.gradient",
    title="the gradient fades as the features move away: it is at most 4c over their distance",
    source="textbook",
    printed="∂MMD²/∂x = 2c x/(h²+2s²) exp(-x²/(2(h²+2s²))) ≤ 4c/x for x > 0",
    assumptions=GAUSS | {"x > 0": apart > 0},
    statement=sp.And(
        derivative(squared, apart, 2 * c * apart / width * overlap), 2 * c * apart / width * overlap <= 4 * c / apart
    ),
    model=FAR,
    drops={
        "0 < c ≤ 1": FAR | {"c": -1},
        "width > 0": FAR | {"width": 0},
        "x > 0": FAR | {"apart": "-1"},
    },
    not_claimed="its true rate, which is exponential; several bandwidths at once",
)
def fades(goal: Goal) -> Theorem:
    """exp(-u) u ≤ exp(-u) (1 + u) ≤ 1."""
    slope, bound = sorted(goal.claim.args, key=lambda p: p.op)
    u, down, one = decay()
    positive = k.law("exp_positive", down.args[2], ZERO, [])
    parts = [(One, ONE, [positive, exp_tangent(u)]), (One, ONE, [positive])]
    below = k.sos(le(mul(down, u), ONE), parts, one, [ONE, MINUS, MINUS])
    some, far = goal.prove(formula(c > 0)), goal.given["x > 0"]
    # 4c/x - 2c x/width exp(-u) = (4c/x) (1 - u exp(-u)), as x²/x = x
    shrink = mul(term(2 * c * apart / width), down)
    th = k.sos(bound, [(4 * One, ONE, [some, k.inv_positive(far), below])], [unit(far)], [shrink])
    return conjunction(goal.claim, slope_claim(goal, slope), th)


BOUNDED = {
    "k ≤ 1 within": sp.And(
        ForAll(i, 1, n, ForAll(j, 1, n, kern(x(i), x(j)) <= 1)), ForAll(i, 1, m, ForAll(j, 1, m, kern(y(i), y(j)) <= 1))
    ),
    "k ≥ 0 across": ForAll(i, 1, n, ForAll(j, 1, m, kern(x(i), y(j)) >= 0)),
}


@proposition(
    "owmmd.saturation",
    title="with a kernel between 0 and 1 the distance is at most 2, however far the features have moved",
    source="textbook",
    printed="0 ≤ k ≤ 1 ⇒ MMD² ≤ 2",
    assumptions=SAMPLES | BOUNDED,
    statement=biased(kern) <= 2,
    model={"n": 1, "m": 1, "x": [1], "y": [0], "kern": SWAP["kern"]},
    drops={
        "samples": {"n": 0, "m": 1, "x": [1], "y": [0], "kern": SWAP["kern"]},
        "k ≤ 1 within": {"n": 1, "m": 1, "x": [2], "y": [0], "kern": SWAP["kern"]},
        "k ≥ 0 across": {"n": 1, "m": 1, "x": [1], "y": [-1], "kern": SWAP["kern"]},
    },
)
def at_most_two(goal: Goal) -> Theorem:
    """Both inner means are at most 1, the cross term is not negative."""
    first = cells(goal, pairs(1 - kern(x(i), x(j)), n, n))
    second = cells(goal, pairs(1 - kern(y(i), y(j)), m, m))
    across = cells(goal, pairs(kern(x(i), y(j)), n, m))
    sizes = [goal.prove(formula(1 / s > 0)) for s in (n, m)]
    counts = [unit(goal.prove(formula(s > 0))) for s in (n, m)]
    within = [goal.equal(th.concl.args[1], term(s * s - total)) for th, s, total in ((first, n, own_x), (second, m, own_y))]
    parts = [
        (One, ONE, [first, sizes[0], sizes[0]]),
        (One, ONE, [second, sizes[1], sizes[1]]),
        (2 * One, ONE, [across, *sizes]),
    ]
    powers = [goal.equal(inv(mk("pow", term(s), 2)), mk("pow", term(1 / s), 2)) for s in (n, m)]
    squares = [mul(MINUS, mk("pow", term(1 / s), 2)) for s in (n, m)]
    ones = [mul(MINUS, add(ONE, mul(term(s), inv(term(s))))) for s in (n, m)]
    sums = [mul(MINUS, term(own)) for own in (own_x, own_y)]
    return k.sos(goal.claim, parts, [*within, *counts, *powers], [*squares, *ones, *sums])


own_x, own_y = pairs(kern(x(i), x(j)), n, n), pairs(kern(y(i), y(j)), m, m)


def cells(goal: Goal, total: sp.Expr) -> Theorem:
    """0 <= Σ_i Σ_j of what an assumption says is not negative."""
    t = term(total)
    row, column = k.var("row", "Z"), k.var("column", "Z")
    outer = goal.assuming(le(t.args[1], row), le(row, t.args[2]))
    inside = subst(t.args[3], {t.args[0]: row})
    deep = outer.assuming(le(inside.args[1], column), le(column, inside.args[2]))
    cell = subst(inside.args[3], {inside.args[0]: column})
    for th in goal.facts:
        if th.concl.op == "all":
            try:
                sign = k.sos(le(ZERO, cell), [(One, ONE, [deep.at(th, row, column)])], [], [])
            except Refused:
                continue
            return goal.nonnegative_sum(t, outer.nonnegative_sum(inside, sign, column), row)
    raise Refused("cells", total)
