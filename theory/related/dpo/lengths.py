"""Length in DPO and R-DPO: sums of log-ratios grow with it, and a penalty on it enters the margin.

n(y) is the length of response y; the texts were not at hand.
"""

from fractions import Fraction

import sympy as sp

from theory import kernel as k
from theory.decide import Goal
from theory.kernel import Theorem
from theory.kernel.terms import ONE, ZERO, app, eq, inv, le, lt, mul
from theory.language import ForAll, equals, family, int_family, integers, reals, term
from theory.proposition import UNNEEDED, Case, proposition, refuted
from theory.tactics import MINUS
from theory.tactics.logs import log_of_product

from .equivalence import unit
from .gradient import beta

N, y, i, j, t = integers("N y i j t")
n_w, n_l = integers("n_w n_l")
gamma, alpha, c, c2, x, Z = reals("gamma alpha c c' x Z")
pi, ref, r, u = (family(name) for name in ("pi", "ref", "r", "u"))
n = int_family("n")
One = Fraction(1)
SIMPO = "reconstruction: SimPO, arXiv 2405.14734; general knowledge, the text was not at hand"
RDPO = "reconstruction: R-DPO; general knowledge, the text was not at hand"


@proposition(
    "dpo.length.sum",
    title="an implicit reward is a sum over tokens: with log-ratios of at least x > 0 per token it grows with the length",
    source="survey (length bias); general knowledge, the text was not at hand",
    printed="u_t ≥ x for all t ≤ n ⇒ β Σ_t u_t ≥ β n x",
    assumptions={"β > 0": beta > 0, "n ≥ 0": n_w >= 0, "u ≥ x": ForAll(t, 1, n_w, u(t) >= x)},
    statement=beta * sp.Sum(u(t), (t, 1, n_w)) >= beta * n_w * x,
    model={"beta": 1, "n_w": 2, "u": [1, 2], "x": 1},
    drops={
        "β > 0": {"beta": -1, "n_w": 1, "u": [2], "x": 1},
        "n ≥ 0": {"beta": 1, "n_w": -2, "u": [1], "x": -1},
        "u ≥ x": {"beta": 1, "n_w": 1, "u": [0], "x": 1},
    },
    not_claimed="that preferences favour length: given that they do, pushing all log-ratios up fits them",
)
def length_sum(goal: Goal) -> Theorem:
    index, size = goal.fresh(goal.claim), term(n_w)
    inside = goal.assuming(le(ONE, index), le(index, size))
    rows = k.sum_congr(index, ONE, size, inside.at(goal.given["u ≥ x"], index))
    count = k.sum_const(index, ONE, size, term(x), [goal.prove(le(ZERO, size))])
    return k.sos(goal.claim, [(One, ONE, [goal.given["β > 0"], rows])], [count], [term(beta)])


def gibbs_value(index: sp.Symbol) -> sp.Expr:
    return ref(index) * sp.exp((r(index) - alpha * n(index)) / beta) / Z


REGULARISED = {
    "β > 0": beta > 0,
    "Z > 0": Z > 0,
    "π is the Gibbs policy of r - α |y|": ForAll(y, 1, N, sp.And(ref(y) > 0, equals(pi(y), gibbs_value(y)))),
    "1 ≤ i, j ≤ N": sp.And(i >= 1, i <= N, j >= 1, j <= N),
}
EVEN: Case = {
    "N": 2,
    "beta": 1,
    "Z": 1,
    "alpha": 1,
    "ref": ["1/2", "1/2"],
    "pi": ["1/2", "1/2"],
    "r": [1, 2],
    "n": [1, 2],
    "i": 1,
    "j": 2,
}
H = sp.log(pi(i) / ref(i)) - sp.log(pi(j) / ref(j))

refuted(
    "dpo.rdpo.sign",
    title="with the penalised reward r - α |y|, preferences of r are fitted by β h - α (|y_w| - |y_l|)",
    source=RDPO + " (one of the signs in use)",
    printed="r_w - r_l = β h - α (|y_w| - |y_l|) for π ∝ π_ref exp((r - α |y|)/β)",
    assumptions=REGULARISED,
    statement=equals(r(i) - r(j), beta * H - alpha * (n(i) - n(j))),
    witness=EVEN,
    module=__name__,
    repair="dpo.rdpo.sign.repaired",
    finding="Two responses of lengths 1 and 2 with rewards 1 and 2, α = β = 1 and π_ref = (1/2, 1/2): r - |y| = 0 for both, so "
    "π = π_ref "
    "and h = 0. Then r_1 - r_2 = -1, but -(1 - 2) = +1.",
)


@proposition(
    "dpo.rdpo.sign.repaired",
    title="they are fitted by β h + α (|y_w| - |y_l|)",
    source="our own, for R-DPO",
    printed="r_w - r_l = β h + α (|y_w| - |y_l|) for π ∝ π_ref exp((r - α |y|)/β)",
    assumptions=REGULARISED,
    statement=equals(r(i) - r(j), beta * H + alpha * (n(i) - n(j))),
    model=EVEN,
    drops={
        "β > 0": UNNEEDED, "Z > 0": UNNEEDED, "π is the Gibbs policy of r - α |y|": EVEN | {"r": [1, 1]},
        "1 ≤ i, j ≤ N": UNNEEDED,
    },
)  # fmt: skip
def rdpo_sign(goal: Goal) -> Theorem:
    """log(π/π_ref) = (r - α n)/β - log Z."""
    b_, logs = term(beta), []
    for index in (i, j):
        both = goal.at(goal.given["π is the Gibbs policy of r - α |y|"], term(index))
        positive, of_pi = (next(k.and_elim(both, m) for m in (0, 1) if both.concl.args[m].op == op) for op in ("lt", "eq"))
        goal.know(positive)
        p, q, z = term(pi(index)), term(ref(index)), term(Z)
        e = app("exp", term((r(index) - alpha * n(index)) / beta))
        quotient = mul(e, inv(z))
        same = k.linear(mul(p, inv(q)), quotient, [of_pi, unit(positive)], [inv(q), quotient])
        above = k.sos(
            lt(ZERO, quotient),
            [(One, ONE, [k.law("exp_positive", e.args[2], ZERO, []), k.inv_positive(goal.given["Z > 0"])])],
            [],
            [],
        )
        goal.define(positive, k.sos(lt(ZERO, mul(p, inv(q))), [(One, ONE, [above])], [same], [ONE]))
        parts = log_of_product(goal, e, inv(z))
        hole = k.var("hole")
        turned = k.linear(quotient, mul(p, inv(q)), [same], [MINUS])
        start = k.linear(app("log", quotient), parts.concl.args[1], [parts], [ONE])
        logs.append(k.rewrite(turned, start, hole, eq(app("log", hole), parts.concl.args[1])))
    cancel = unit(goal.given["β > 0"])
    gap = term(r(i) - r(j) - alpha * (n(i) - n(j)))
    return k.linear(*goal.claim.args, [*logs, cancel], [mul(MINUS, b_), b_, mul(MINUS, gap)])
