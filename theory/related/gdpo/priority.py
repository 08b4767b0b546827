"""Section 3.2: making one reward more important than another, by weights (Eq. 7) or by a condition (Eq. 8).

Statement   GRPO sees weights in the total up to a common factor; GDPO sees weights of advantages (Eq. 7), but a larger
            weight does not put its reward first. With the condition of Eq. 8 it does come first; and where no rollout
            reaches it, the other reward teaches nothing.
"""

from functools import partial

import sympy as sp

from theory import kernel as k
from theory.decide import Goal
from theory.kernel import Term, Theorem, mk
from theory.kernel.terms import ONE, eq, le, mul
from theory.language import ForAll, equals, reals, term
from theory.proposition import UNNEEDED, Case, not_applicable, proposition, shown
from theory.tactics import Context
from theory.tactics.clip import not_above
from theory.tactics.deviation import for_values, replacing, scaled_root
from theory.tactics.logic import by_branches

from .collapse import GROUP, TWO, G, a, b, c, centred, i, j, q, r, standardised, variance
from .decoupled import m, n, of, reward, w

SECTION = "Section 3.2"
theta = reals("theta")
x1, y1, x2, y2 = reals("x1 y1 x2 y2")


def total(t: sp.Expr) -> sp.Expr:
    return sp.Sum(w(m) * reward(m, t), (m, 1, n))


def scaled_total(t: sp.Expr) -> sp.Expr:
    return sp.Sum(a * w(m) * reward(m, t), (m, 1, n))


VARIES = "not all totals are equal"
CASE: Case = {"G": 2, "n": 2, "r": [[0, 1], [0, 0]], "w": [1, 1], "a": 2, "j": 1}


@proposition(
    "gdpo.weights_in_total",
    title="of weights in the total reward GRPO sees the ratios alone",
    source="our own, of Section 3.2",
    printed="A(Σ_k φ w_k r_k) = A(Σ_k w_k r_k) for φ > 0",
    assumptions=GROUP | {VARIES: variance(total) > 0, "φ > 0": a > 0},
    statement=equals(standardised(scaled_total, j), standardised(total, j)),
    model=CASE,
    drops={
        TWO: UNNEEDED,
        VARIES: CASE | {"r": [[0, 0], [0, 0]]},
        "φ > 0": {"G": 4, "n": 1, "r": [[1, 0, 0, 0]], "w": [1], "a": -1, "j": 1},
    },
)
def weights_in_total(goal: Goal) -> Theorem:
    wide, narrow = term(variance(scaled_total)), term(variance(total))
    positive, root = scaled_root(goal, wide, narrow, term(a), goal.equal(wide, mul(term(a), term(a), narrow)))
    goal.define(positive)
    goal.know(positive)
    return replacing(goal.claim, root, goal.prove)


shown(
    "gdpo.eq7.no_priority",
    title="in Eq. 7 a reward of twice the weight need not come first: the rarer reward wins, in a group of 16",
    source=SECTION,
    printed="weights do not force a priority",
    statement=2 * standardised(of(1), 1) + standardised(of(2), 1) < 2 * standardised(of(1), 2) + standardised(of(2), 2),
    witness={"G": 16, "r": [[1, 0] + [1] * 7 + [0] * 7, [0, 1] + [0] * 14]},
    module=__name__,
    finding="The first rollout passes reward 1, as 8 of 16 do, the second passes reward 2, alone. Passing is worth 2 · 1.936 = "
    "3.873 in reward 1 of weight 2, and √16 = 4 in reward 2 of weight 1.",
)


def conditioned(r: sp.Expr, q: sp.Expr) -> sp.Expr:
    """Eq. 8: the reward r if q reaches the threshold θ, else 0."""
    return sp.Piecewise((r, sp.Ge(q, theta, evaluate=False)), (0, True))


FIRST, SECOND = (b * y + c * conditioned(x, y) for x, y in ((x1, y1), (x2, y2)))


@proposition(
    "gdpo.eq8.priority",
    title="with the condition of Eq. 8 and binary rewards the rollout that is better in r_l has the higher total, "
    "whatever the weights",
    source=SECTION,
    printed="r_k ← r_k if r_l ≥ t else 0:  r_l < r_l'  ⇒  b r_l + c r_k < b r_l' + c r_k'",
    assumptions={
        "binary rewards": sp.And(*(equals(x**2, x) for x in (x1, x2, y1, y2))),
        "0 < t": theta > 0,
        "weights": sp.And(b > 0, c >= 0),
        "better": y1 < y2,
    },
    statement=sp.Lt(FIRST, SECOND, evaluate=False),
    model={"x1": 1, "y1": 0, "x2": 0, "y2": 1, "theta": 1, "b": 1, "c": 1},
    drops={
        "binary rewards": {"x1": 3, "y1": 1, "x2": 0, "y2": 2, "theta": 1, "b": 1, "c": 1},
        "0 < t": {"x1": 1, "y1": 0, "x2": 0, "y2": 1, "theta": 0, "b": 1, "c": 1},
        "weights": {"x1": 1, "y1": 0, "x2": 1, "y2": 1, "theta": 1, "b": 1, "c": -1},
        "better": {"x1": 1, "y1": 1, "x2": 0, "y2": 1, "theta": 1, "b": 1, "c": 1},
    },
    hints={x: "binary" for x in ("x1", "x2", "y1", "y2")},
    not_claimed="that GDPO orders rollouts by the total: gdpo.order.two_rewards says so of two binary rewards",
)
def first_in_total(goal: Goal) -> Theorem:
    """The rewards (r_l, r_k) are (0,0), (1,0) or (1,1)."""
    ctx: Context = goal
    values: list[Term] = []
    for x, y in ((x1, y1), (x2, y2)):
        value = term(conditioned(x, y))
        binary = by_branches(goal, eq(mk("pow", value, 2), value), lambda ctx, p: ctx.prove(p))
        below = by_branches(goal, le(value, term(y)), partial(in_values, (term(x), term(y))))
        ctx = ctx.with_facts(binary, below)
        values.append(value)
    return for_values(ctx, (*values, term(y1), term(y2)), goal.claim)


def in_values(numbers: tuple[Term, ...], ctx: Context, goal: Term) -> Theorem:
    return for_values(ctx, numbers, goal)


@proposition(
    "gdpo.eq8.stall",
    title="where no rollout reaches the threshold, the conditioned reward teaches nothing: centred, it is 0",
    source="our own, of Section 3.2",
    printed="r_l < t for all rollouts  ⇒  r_k - mean r_k = 0",
    assumptions={
        "a group": G >= 1,
        "none reaches t": ForAll(i, 1, G, q(i) < theta),
        "a rollout": sp.And(1 <= j, j <= G),
    },
    statement=equals(centred(lambda t: conditioned(r(t), q(t)), j), 0),
    model={"G": 2, "q": [0, 0], "r": [1, 0], "theta": 1, "j": 1},
    drops={
        "a group": UNNEEDED,
        "none reaches t": {"G": 2, "q": [1, 0], "r": [1, 0], "theta": 1, "j": 1},
        "a rollout": {"G": 1, "q": [0, 1], "r": [1, 1], "theta": 1, "j": 2},
    },
)
def stall(goal: Goal) -> Theorem:
    """Every conditioned reward is 0."""
    t = goal.fresh(goal.claim)
    inside = goal.assuming(le(ONE, t), le(t, term(G)))
    value = term(conditioned(r(j), q(j)))

    def nothing(ctx: Context, index: Term) -> Theorem:
        own = k.subst(value, {term(j): index})
        return k.if_(not_above(ctx.at(goal.given["none reaches t"], index)), *own.args[1:])

    return goal.equal(*goal.claim.args, nothing(goal, term(j)), k.sum_congr(t, ONE, term(G), nothing(inside, t)))


not_applicable(
    "gdpo.priority",
    title="conditioning the easier reward on the harder one completely removes that the easier one is preferred",
    source=SECTION,
    printed="(measured in training runs)",
    reason="an outcome of training runs of language models; what the formulas imply is in gdpo.eq7.no_priority, "
    "gdpo.eq8.priority and gdpo.eq8.stall",
    module=__name__,
)
