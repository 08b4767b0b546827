"""HA-DW itself (Eqs. 7-17): the anchor C_t, its step size, and the reweighting of the advantages.

For binary rewards D M is C - phat for a right and phat - C for a wrong completion: the weights are λ e^(C - phat) and
λ e^(phat - C), smooth in phat, and depend on the group through R alone.
"""

from collections.abc import Callable

import sympy as sp

from theory import kernel as k
from theory.decide import Goal
from theory.kernel import Term, Theorem, mk, subst
from theory.kernel.terms import ONE, ZERO, app, inv, le, lt, mul, sub
from theory.language import ForAll, equals, family, integers, mean, reals, term
from theory.proposition import proposition
from theory.related.hadw.groups import SOURCE, One, j
from theory.tactics import MINUS, Context
from theory.tactics.logic import by_branches, conjunction, impossible
from theory.tactics.order import squeezed
from theory.tactics.powers import root_is, squares_order, sum_sign, unit

m, h, i = integers("m h i")
c, y, eta, lam, phat, anchor, own = reals("c y eta lambda phat C_t r_i")
C, Y, r = family("C"), family("y"), family("r")
VARIANCE = mean((C(i) - mean(C(j), j, m)) ** 2, i, m)
SIGMA = sp.sqrt(VARIANCE)
WINDOW = {"m ≥ 1": m >= 1}
SHARES = {"0 ≤ C_t ≤ 1": ForAll(i, 1, m, sp.And(C(i) >= 0, C(i) <= 1))}
TWO = {"m": 2, "C": [0, 1], "eta": 1}


def nonnegative_variance(goal: Goal) -> Theorem:
    """0 <= (1/m) Σ (C_i - mean C)²."""
    total = next(a for a in term(VARIANCE).args if a.op == "sum")
    squares = sum_sign(total, goal, lambda ctx, x: square(subst(total.args[3], {total.args[0]: x})), *total.args[1:3])
    size = k.inv_positive(goal.prove(lt(ZERO, term(m))))
    return k.sos(le(ZERO, term(VARIANCE)), [(One, ONE, [size, squares])], [], [])


def square(x: Term) -> Theorem:
    return k.sos(le(ZERO, x), [(One, x.args[0], [])], [], [])


@proposition(
    "hadw.eq10",
    title="the anchor's standard deviation is at most 1/2, so its step size is at most η/2",
    source=f"{SOURCE}, Eqs. 9-11",
    printed="σ_t = sqrt((1/m) Σ_j (C_{t-j} - mean C)²) ≤ 1/2, η_t = η σ_t ≤ η/2",
    assumptions=WINDOW | SHARES | {"η ≥ 0": eta >= 0},
    statement=sp.And(SIGMA <= sp.Rational(1, 2), eta * SIGMA <= eta / 2),
    model=TWO,
    drops={"m ≥ 1": TWO | {"m": 0}, "0 ≤ C_t ≤ 1": TWO | {"C": [0, 2]}, "η ≥ 0": TWO | {"C": [0, 0], "eta": -1}},
    hints={"C": "unit", "eta": "unit"},
)
def eq10(goal: Goal) -> Theorem:
    """With 0 <= C <= 1, C² <= C: the variance is at most μ - μ² = 1/4 - (μ - 1/2)²."""
    variance, size = term(VARIANCE), term(m)
    x = goal.fresh(goal.claim)
    inside = goal.assuming(le(ONE, x), le(x, size))
    value = subst(term(C(i)), {term(i): x})
    range_ = inside.at(goal.given["0 ≤ C_t ≤ 1"], x)
    signs = [k.and_elim(range_, e) for e in range(2)]
    smaller = k.sos(le(mk("pow", value, 2), value), [(One, ONE, signs)], [], [])
    sums = k.sum_congr(x, ONE, size, smaller)
    squares, total = sums.concl.args
    average = mul(total, inv(size))
    opened = goal.equal(variance, sub(mul(squares, inv(size)), mk("pow", average, 2)))
    inverse = k.inv_positive(goal.prove(lt(ZERO, size)))
    nonneg = nonnegative_variance(goal)
    goal.define(nonneg)
    half = term(sp.Rational(1, 2))
    root = app("sqrt", variance)
    law = k.law("sqrt_square", variance, ZERO, [nonneg])
    parts = [(One, ONE, [inverse, sums]), (One, sub(average, half), [])]
    below = k.sos(le(mk("pow", root, 2), mk("pow", half, 2)), parts, [opened, law], [MINUS, MINUS])
    sigma = squares_order(root, half, below, goal.prove(le(ZERO, half)))
    scaled = next(q for q in goal.claim.args if term(eta) in q.free)
    return conjunction(goal.claim, sigma, k.sos(scaled, [(One, ONE, [goal.given["η ≥ 0"], sigma])], [], []))


@proposition(
    "hadw.eq11.frozen",
    title="an anchor that is constant over a window stays where it is forever, whatever the accuracies are",
    source=f"{SOURCE}, Eqs. 8-11",
    printed="C_{t-1} = … = C_{t-m} = c ⇒ σ_t = 0, η_t = 0, C_t^+ = (1-η_t) c + η_t y_t = c",
    assumptions=WINDOW | {"the window is constant": ForAll(i, 1, m, equals(C(i), c))},
    statement=sp.And(equals(SIGMA, 0), equals((1 - eta * SIGMA) * c + eta * SIGMA * y, c)),
    model={"m": 2, "C": [1, 1], "c": 1, "eta": 1, "y": 0},
    drops={
        "m ≥ 1": {"m": 0, "C": [], "c": 1, "eta": 1, "y": 0},
        "the window is constant": {"m": 2, "C": [0, 1], "c": 1, "eta": 1, "y": 0},
    },
    finding="The next window is constant too, so this is an absorbing state: a batch accuracy that stays the same over m "
    "steps of an anchor that has reached it freezes the anchor; the hard update of App. F has no such state.",
)
def frozen(goal: Goal) -> Theorem:
    size, x = term(m), goal.fresh(goal.claim)
    inside = goal.assuming(le(ONE, x), le(x, size))
    same = inside.at(goal.given["the window is constant"], x)
    value = same.concl.args[0]
    constant = k.sum_congr(x, ONE, size, same)
    squared = k.linear(mk("pow", value, 2), mk("pow", term(c), 2), [same], [mk("add", value, term(c))])
    pairs = k.sum_congr(x, ONE, size, squared)
    zero = goal.equal(term(VARIANCE), ZERO, constant, pairs)
    nonneg = nonnegative_variance(goal)
    goal.define(nonneg)
    inside = goal.with_facts(nonneg)
    sigma = root_is(inside, term(VARIANCE), ZERO, k.linear(mk("pow", ZERO, 2), term(VARIANCE), [zero], [MINUS]))
    update = next(q for q in goal.claim.args if q.args[1] is term(c))
    cofactor = term(eta * (y - c))
    return conjunction(goal.claim, sigma, k.linear(*update.args, [sigma], [cofactor]))


@proposition(
    "hadw.eq8.range",
    title="the anchor stays in [0, 1] while the step size does",
    source=f"{SOURCE}, Eq. 8",
    printed="0 ≤ (1-η_t) C_t^- + η_t y_t ≤ 1",
    assumptions={
        "0 ≤ η_t ≤ 1": sp.And(eta >= 0, eta <= 1),
        "0 ≤ C_t ≤ 1": sp.And(c >= 0, c <= 1),
        "0 ≤ y_t ≤ 1": sp.And(y >= 0, y <= 1),
    },
    statement=sp.And((1 - eta) * c + eta * y >= 0, (1 - eta) * c + eta * y <= 1),
    model={"eta": "1/2", "c": 1, "y": 0},
    drops={
        "0 ≤ η_t ≤ 1": {"eta": 2, "c": 1, "y": 0},
        "0 ≤ C_t ≤ 1": {"eta": "1/2", "c": 3, "y": 0},
        "0 ≤ y_t ≤ 1": {"eta": "1/2", "c": 1, "y": 3},
    },
    hints={"eta": "unit", "c": "unit", "y": "unit"},
)
def eq8_range(goal: Goal) -> Theorem:
    return conjunction(goal.claim, *(goal.arith(q, products=2) for q in goal.claim.args))


@proposition(
    "hadw.hard_update",
    title="the hard update is a mean of accuracies: it stays in [0, 1], and is c once they all are c",
    source=f"{SOURCE}, App. F",
    printed="0 ≤ (1/h) Σ_{j=0}^{h-1} y_{t-j} ≤ 1; y = c throughout ⇒ C_t^+ = c",
    assumptions={"h ≥ 1": h >= 1, "0 ≤ y_t ≤ 1": ForAll(j, 1, h, sp.And(Y(j) >= 0, Y(j) <= 1))},
    statement=sp.And(
        mean(Y(j), j, h) >= 0,
        mean(Y(j), j, h) <= 1,
        sp.Implies(ForAll(j, 1, h, equals(Y(j), c)), equals(mean(Y(j), j, h), c)),
    ),
    model={"h": 2, "y": [0, 1], "c": 0},
    drops={"h ≥ 1": {"h": 0, "y": [], "c": 0}, "0 ≤ y_t ≤ 1": {"h": 1, "y": [2], "c": 0}},
    hints={"y": "unit"},
)
def hard_update(goal: Goal) -> Theorem:
    size, x = term(h), goal.fresh(goal.claim)
    inverse = k.inv_positive(goal.prove(lt(ZERO, size)))
    one = unit(goal.prove(lt(ZERO, size)))
    inside = goal.assuming(le(ONE, x), le(x, size))
    low, high = (k.and_elim(inside.at(goal.given["0 ≤ y_t ≤ 1"], x), e) for e in range(2))
    count = k.sum_const(x, ONE, size, ONE, [goal.prove(le(sub(ONE, ONE), size))])
    nothing = k.sum_linear(x, ONE, size, [ZERO], [ZERO])
    out = []
    for claim in goal.claim.args:
        if claim.op == "imp":
            premise, conclusion = claim.args
            same = goal.assuming(premise, le(ONE, x), le(x, size)).at(k.assume(premise), x)
            each = k.sum_const(x, ONE, size, term(c), [goal.prove(le(sub(ONE, ONE), size))])
            total = k.sum_congr(x, ONE, size, same)
            out.append(
                k.imp_intro(premise, k.linear(*conclusion.args, [total, each, one], [inverse.concl.args[1]] * 2 + [term(c)]))
            )
        elif claim.args[0] is ZERO:
            out.append(k.sos(claim, [(One, ONE, [inverse, k.sum_congr(x, ONE, size, low)])], [nothing], [inverse.concl.args[1]]))
        else:
            out.append(
                k.sos(
                    claim,
                    [(One, ONE, [inverse, k.sum_congr(x, ONE, size, high)])],
                    [count, one],
                    [mul(MINUS, inverse.concl.args[1]), MINUS],
                )
            )
    return conjunction(goal.claim, *out)


def sgn(x: sp.Expr) -> sp.Expr:
    return sp.Piecewise((1, x > 0), (-1, x < 0), (0, True), evaluate=False)


DM = -sgn(own - phat) * sgn(phat - anchor) * sp.Abs(phat - anchor)


@proposition(
    "hadw.eq14",
    title="for binary rewards the exponent D M is C - phat for right completions and phat - C for wrong ones",
    source=f"{SOURCE}, Eqs. 13-16",
    printed="D_i M = -sgn(Ahat_i) sgn(phat - C) |phat - C| = C - phat if r_i = 1, phat - C if r_i = 0",
    assumptions={"both outcomes": sp.And(phat > 0, phat < 1)},
    statement=sp.And(
        sp.Implies(equals(own, 1), equals(DM, anchor - phat)), sp.Implies(equals(own, 0), equals(DM, phat - anchor))
    ),
    model={"phat": "1/4", "r_i": 1, "C_t": "1/2"},
    drops={"both outcomes": {"phat": 1, "r_i": 1, "C_t": "1/2"}},
    hints={"phat": "unit", "C_t": "unit", "r_i": "binary"},
    finding="So the weight is continuous where phat crosses the anchor, although the sign D jumps there: M = 0.",
)
def eq14(goal: Goal) -> Theorem:
    def leaf(ctx: Context, q: Term) -> Theorem:
        """Equal by arithmetic, or because phat = C; or the conditions of this branch contradict each other."""
        attempts: list[Callable[[], Theorem]] = [
            lambda: ctx.equal(*q.args),
            lambda: impossible(ctx, q),
            lambda: ctx.equal(*q.args, squeezed(ctx, term(phat), term(anchor))),
        ]
        for attempt in attempts:
            try:
                return attempt()
            except k.Refused:
                continue
        raise k.Refused("leaf", q, [th.concl for th in ctx.facts])

    claims = [(q, q.args[0], q.args[1]) for q in goal.claim.args]
    proofs = [k.imp_intro(premise, by_branches(goal.assuming(premise), value, leaf)) for _, premise, value in claims]
    return conjunction(goal.claim, *proofs)


@proposition(
    "hadw.eq16.sign",
    title="the reweighting never changes the sign of an advantage",
    source=f"{SOURCE}, Eq. 16",
    printed="Φ_i = λ exp(D_i M) > 0, so Ahat_i Φ_i > 0 iff Ahat_i > 0",
    assumptions={"λ > 0": lam > 0},
    statement=sp.And(
        sp.Implies(own - phat > 0, (own - phat) * lam * sp.exp(c) > 0),
        sp.Implies(own - phat < 0, (own - phat) * lam * sp.exp(c) < 0),
        sp.Implies(equals(own - phat, 0), equals((own - phat) * lam * sp.exp(c), 0)),
    ),
    model={"lambda": 1, "r_i": 1, "phat": 0, "c": 0},
    drops={"λ > 0": {"lambda": -1, "r_i": 1, "phat": 0, "c": 0}},
    not_claimed="anything about D M, written c here: any exponent",
)
def eq16_sign(goal: Goal) -> Theorem:
    positive = [goal.given["λ > 0"], k.law("exp_positive", term(c), ZERO, [])]
    scale = mul(term(lam), app("exp", term(c)))
    out = []
    for claim in goal.claim.args:
        premise, conclusion = claim.args
        given = k.assume(premise)
        if premise.op == "eq":
            th = k.linear(*conclusion.args, [given], [scale])
        else:
            th = k.sos(conclusion, [(One, ONE, [given, *positive])], [], [])
        out.append(k.imp_intro(premise, th))
    return conjunction(goal.claim, *out)
