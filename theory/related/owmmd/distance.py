"""The squared maximum mean discrepancy: its two estimators, their bias, and what it cannot see.

x(i), y(j) are features, kern(x, y) any kernel; f(i, d), g(j, d) are coordinates of features in a space where the kernel is
the inner product. Expectations of k(x_i, x_j) are diag for i = j and off for i ≠ j, over independent samples of one law.
"""

from typing import Any

import sympy as sp

from theory import kernel as k
from theory.decide import Goal
from theory.kernel import Term, Theorem, mk, subst
from theory.kernel.terms import ONE, ZERO, add, le
from theory.language import ForAll, equals, family, integers, reals, term
from theory.proposition import Case, proposition, refuted, shown
from theory.tactics import Context
from theory.tactics.convex import One
from theory.tactics.logic import conjunction, replaced
from theory.tactics.prefix import exchange, nonnegative

n, m, i, j, d, D = integers("n m i j d D")
diag, off = reals("diag off")
x, y, f, g, kern = map(family, ("x", "y", "f", "g", "kern"))
SAMPLES = {"samples": sp.And(n >= 1, m >= 1)}


def pairs(term_: sp.Expr, first: sp.Expr, second: sp.Expr) -> sp.Expr:
    return sp.Sum(sp.Sum(term_, (j, 1, second)), (i, 1, first))


def biased(kernel: Any) -> sp.Expr:
    """The V-statistic of x(1..n) and y(1..m)."""
    within = pairs(kernel(x(i), x(j)), n, n) / n**2 + pairs(kernel(y(i), y(j)), m, m) / m**2
    return within - 2 * pairs(kernel(x(i), y(j)), n, m) / (n * m)


def inner(left: sp.Function, right: sp.Function) -> sp.Expr:
    return sp.Sum(left(i, d) * right(j, d), (d, 1, D))


embedded = pairs(inner(f, f), n, n) / n**2 + pairs(inner(g, g), m, m) / m**2 - 2 * pairs(inner(f, g), n, m) / (n * m)
means = sp.Sum((sp.Sum(f(i, d), (i, 1, n)) / n - sp.Sum(g(j, d), (j, 1, m)) / m) ** 2, (d, 1, D))
PLANE: Case = {"n": 2, "m": 1, "D": 1, "f": [[1], [0]], "g": [[1]]}


@proposition(
    "owmmd.mmd",
    title="MMD² is the squared distance of the mean features, so never negative",
    source="textbook (the distance that the method is named after)",
    printed="(1/n²) Σ k(x_i,x_j) + (1/m²) Σ k(y_i,y_j) - (2/nm) Σ k(x_i,y_j) = ‖mean φ(x) - mean φ(y)‖² ≥ 0",
    assumptions=SAMPLES,
    statement=sp.And(equals(embedded, means), embedded >= 0),
    model=PLANE,
    drops={"samples": {"n": 0, "m": 1, "D": 1, "f": [], "g": [[1]]}},
    not_claimed="feature spaces without coordinates, or of infinite dimension",
)
def distance(goal: Goal) -> Theorem:
    """The coordinate's sum first: Σ_d (Σ_i f)(Σ_j f)."""
    same, bound = sorted(goal.claim.args, key=lambda p: p.op)
    blocks = [
        separated(goal, term(pairs(inner(*fg), *size))) for fg, size in (((f, f), (n, n)), ((g, g), (m, m)), ((f, g), (n, m)))
    ]
    equal = goal.equal(*same.args, *blocks)
    squares = nonnegative(goal, term(means), ONE, term(D), lambda ctx, t: k.sos(le(ZERO, t), [(One, t.args[0], [])], [], []))
    return conjunction(goal.claim, equal, k.sos(bound, [(One, ONE, [squares])], [equal], [ONE]))


def separated(ctx: Context, total: Term) -> Theorem:
    """Σ_i Σ_j Σ_d f(i, d) g(j, d) = Σ_d (Σ_i f(i, d)) (Σ_j g(j, d))."""
    bound, lo, hi, body = total.args
    index = ctx.fresh(total)
    rows = k.sum_congr(index, lo, hi, exchange(ctx.assuming(le(lo, index), le(index, hi)), subst(body, {bound: index})))
    columns = exchange(ctx, rows.concl.args[1])
    both = k.linear(total, columns.concl.args[1], [rows, columns], [ONE, ONE])
    outer, first, last, inside = both.concl.args[1].args
    at = ctx.fresh(both.concl.args[1])
    here = subst(inside, {outer: at})
    factors = ctx.assuming(le(first, at), le(at, last)).simplified(here)
    product = k.sum_congr(at, first, last, factors)
    return k.linear(total, product.concl.args[1], [both, product], [ONE, ONE])


@proposition(
    "owmmd.mmd.linear",
    title="with the linear kernel it is the squared difference of the means",
    source="textbook",
    printed="k(x, y) = x y ⇒ MMD² = (mean x - mean y)²",
    assumptions=SAMPLES,
    statement=equals(biased(lambda a, b: a * b), (sp.Sum(x(i), (i, 1, n)) / n - sp.Sum(y(j), (j, 1, m)) / m) ** 2),
    model={"n": 2, "m": 1, "x": [1, 0], "y": [1]},
    drops={"samples": {"n": 0, "m": 1, "x": [], "y": [1]}},
    not_claimed="features of more than one coordinate: that is owmmd.mmd with f = x",
)
def linear_kernel(goal: Goal) -> Theorem:
    return goal.prove(goal.claim)


others = sp.Sum(off, (j, 1, i - 1)) + sp.Sum(off, (j, i + 1, n))
cross = 2 * pairs(off, n, n) / n**2


@proposition(
    "owmmd.v_statistic.bias",
    title="between independent samples of one law the V-statistic is (2/n)(E k(x,x) - E k(x,x')) on average, not 0",
    source="textbook",
    printed="E[V] = 2 (1/n²)(n E k(x,x) + n(n-1) E k(x,x')) - 2 E k(x,x') = (2/n)(E k(x,x) - E k(x,x'))",
    assumptions={"samples": n >= 1},
    statement=equals(2 * sp.Sum(diag + others, (i, 1, n)) / n**2 - cross, 2 / n * (diag - off)),
    model={"n": 2, "diag": 1, "off": "1/2"},
    drops={"samples": {"n": 0, "diag": 1, "off": "1/2"}},
    not_claimed="features that share their inputs: see owmmd.v_statistic.same_inputs",
)
def v_bias(goal: Goal) -> Theorem:
    return goal.prove(goal.claim)


@proposition(
    "owmmd.u_statistic.unbiased",
    title="the U-statistic, which leaves out i = j, is 0 on average between independent samples of one law",
    source="textbook",
    printed="E[U] = 2 E k(x,x') - 2 E k(x,x') = 0",
    assumptions={"two samples": n >= 2},
    statement=equals(2 * sp.Sum(others, (i, 1, n)) / (n * (n - 1)) - cross, 0),
    model={"n": 2, "off": "1/2"},
    drops={"two samples": {"n": 1, "off": "1/2"}},
)
def u_unbiased(goal: Goal) -> Theorem:
    return goal.prove(goal.claim)


shown(
    "owmmd.u_statistic.negative",
    title="the U-statistic can be negative, and so reward drift as a penalty",
    source="textbook",
    printed="U < 0 for some samples",
    statement=x(1) * x(2) + y(1) * y(2) - (x(1) + x(2)) * (y(1) + y(2)) / 2 < 0,
    witness={"x": [1, -1], "y": [1, -1]},
    module=__name__,
    finding="Two samples (1, -1) on both sides, linear kernel: U = -1 - 1 - 0 = -2.",
)

own = pairs(kern(x(i), x(j)), n, n)
alone = sp.Sum(kern(x(i), x(i)), (i, 1, n))


def product_kernel(a: Any, b: Any) -> Any:
    """kern(x, y) = x y"""
    return a * b


SWAP: Case = {"n": 2, "m": 2, "x": [0, 1], "y": [1, 0], "kern": product_kernel}

refuted(
    "owmmd.v_statistic.same_inputs",
    title="that bias is there too where old and new features come from the same inputs and nothing has drifted",
    source="the penalty on buffered inputs (reconstruction)",
    printed="y_i = x_i ⇒ V = (2/n)(mean k(x_i,x_i) - mean_{i≠j} k(x_i,x_j))",
    assumptions={"two samples": sp.And(n >= 2, equals(m, n))},
    statement=sp.Implies(
        ForAll(i, 1, n, equals(y(i), x(i))),
        equals(biased(kern), 2 / n * (alone / n - (own - alone) / (n * (n - 1)))),
    ),
    witness=SWAP | {"y": [0, 1]},
    module=__name__,
    repair="owmmd.unpaired.repaired",
    finding="Features 0 and 1 with the linear kernel, unchanged: V is 0, the formula for independent samples says 1/2.",
)

refuted(
    "owmmd.unpaired",
    title="if the distance is 0, no representation has changed",
    source="the feature matching mechanism (reconstruction: the penalty compares distributions over the buffer)",
    printed="V = 0 ⇒ f^{t-1}(x_i) = f^t(x_i) for every buffered input",
    assumptions={"samples": sp.And(n >= 1, equals(m, n))},
    statement=sp.Implies(equals(biased(kern), 0), ForAll(i, 1, n, equals(x(i), y(i)))),
    witness=SWAP,
    module=__name__,
    repair="owmmd.unpaired.repaired",
    finding="Two buffered inputs swap their features 0 and 1: the distance is 0 for every kernel (owmmd.permutation), and a head "
    "that had both right now has both wrong.",
)


@proposition(
    "owmmd.unpaired.repaired",
    title="the converse holds, for every kernel: features that have not moved have distance 0 (so distillation is stronger)",
    source="textbook",
    printed="f^{t-1}(x_i) = f^t(x_i) for every i ⇒ V = 0",
    assumptions={"samples": n >= 1, "unmoved": ForAll(i, 1, n, equals(y(i), x(i)))},
    statement=equals(own / n**2 + pairs(kern(y(i), y(j)), n, n) / n**2 - 2 * pairs(kern(x(i), y(j)), n, n) / n**2, 0),
    model=SWAP | {"y": [0, 1]},
    drops={"samples": SWAP | {"n": 0}, "unmoved": SWAP | {"y": [1, 1]}},
)
def unmoved(goal: Goal) -> Theorem:
    """Term by term, y(i) is x(i)."""
    members = goal.given["unmoved"]

    def same(total: sp.Expr) -> Theorem:
        """Σ_i Σ_j kern with y = x."""
        t = term(total)
        index, other, hole = k.var("row", "Z"), k.var("column", "Z"), k.var("hole")
        row = goal.assuming(le(ONE, index), le(index, term(n)))
        cell = row.assuming(le(ONE, other), le(other, term(n)))
        inside = subst(t.args[3], {t.args[0]: index})
        here = subst(inside.args[3], {inside.args[0]: other})
        out = k.linear(here, here, [], [])
        for at in (index, other):  # y(at) = x(at)
            moved = cell.at(members, at)
            left, right = moved.concl.args
            target = out.concl.args[1]
            out = k.rewrite(moved, out, hole, mk("eq", here, replaced(target, left, hole)))
        return k.sum_congr(index, ONE, term(n), k.sum_congr(other, ONE, term(n), out))

    sums = [pairs(kern(y(i), y(j)), n, n), pairs(kern(x(i), y(j)), n, n)]
    return goal.equal(*goal.claim.args, *map(same, sums))


turned = pairs(kern(x(n + 1 - i), x(n + 1 - j)), n, n)
mixed = pairs(kern(x(i), x(n + 1 - j)), n, n)


@proposition(
    "owmmd.permutation",
    title="reordering which input has which feature leaves the distance at 0, for every kernel (here: reversing any number)",
    source="textbook",
    printed="y_i = x_{n+1-i} ⇒ V = 0",
    assumptions={"samples": n >= 1},
    statement=equals(own / n**2 + turned / n**2 - 2 * mixed / n**2, 0),
    model={"n": 2, "x": [0, 1], "kern": product_kernel},
    drops={"samples": {"n": 0, "x": [], "kern": product_kernel}},
    not_claimed="other permutations, which evidence covers; n = 2 is the swap of two inputs",
)
def reversed_features(goal: Goal) -> Theorem:
    """Σ_i f(n+1-i) = Σ_i f(i), in both indices and in one."""
    return goal.equal(*goal.claim.args, flipped(goal, turned, both=True), flipped(goal, mixed, both=False))


def flipped(goal: Goal, total: sp.Expr, both: bool) -> Theorem:
    """The double sum with n + 1 - i for i (if both) and n + 1 - j for j."""
    t = term(total)
    bound, lo, hi, body = t.args
    index, other = k.var("flip_i", "Z"), k.var("flip_j", "Z")
    c = add(term(n), ONE)
    row = k.sum_reindex(subst(body, {bound: index}), other, -1, c)
    rows = k.sum_congr(index, lo, hi, row)
    if not both:
        return k.linear(t, rows.concl.args[1], [rows], [ONE])
    again = k.sum_reindex(rows.concl.args[1], k.var("flip_k", "Z"), -1, c)
    return k.linear(t, again.concl.args[1], [rows, again], [ONE, ONE])


def predicted(feature: sp.Expr) -> sp.Expr:
    """The old head, which is right on the old features."""
    return sp.Piecewise((1, feature >= sp.Rational(1, 2)), (0, True))


shown(
    "owmmd.class_swap",
    title="total forgetting at distance 0: two classes swap their features, and the old head errs on both",
    source="the feature matching mechanism (reconstruction)",
    printed="V = 0 and 1[f^t(x_i) ≥ 1/2] ≠ class of x_i for every i",
    statement=sp.And(
        equals(biased(kern), 0),
        ForAll(i, 1, n, sp.Ne(predicted(y(i)), predicted(x(i)))),
    ),
    witness=SWAP,
    module=__name__,
)
