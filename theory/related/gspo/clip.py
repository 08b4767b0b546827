"""The clip of GSPO: the variance of log s falls with the length, the clip range does not.

C(t, t') is the covariance of the log-ratios of two tokens; x(o) is log s of completion o, drawn with probability p(o).
"""

from fractions import Fraction

import sympy as sp

from theory import kernel as k
from theory.decide import Goal
from theory.kernel import Theorem
from theory.kernel.terms import ONE, ZERO, inv, le, lt, mul, neg
from theory.language import ForAll, equals, family, int_family, integers, reals, term
from theory.proposition import Case, proposition, refuted
from theory.tactics import MINUS
from theory.tactics.prefix import around, plain

N, o, n, t, t2, L, i, j = integers("N o n t t' L i j")
theta, c, v, eps, mu, A = reals("theta c v epsilon mu A")
u, du, e, old, pi, C, x, p = (family(name) for name in ("u", "du", "e", "old", "pi", "C", "x", "p"))
length = int_family("n")
One = Fraction(1)
UNCORRELATED = {
    "L ≥ 1": L >= 1,
    "variances": ForAll(t, 1, L, equals(C(t, t), v)),
    "uncorrelated": ForAll(t, 1, L, ForAll(t2, 1, L, sp.Implies(sp.Ne(t, t2), equals(C(t, t2), 0)))),
}
VARIANCE = sp.Sum(sp.Sum(C(t, t2), (t2, 1, L)), (t, 1, L)) / L**2
TWO: Case = {"L": 2, "v": 1, "C": [[1, 0], [0, 1]]}

refuted(
    "gspo.variance.order_one",
    title="the variance of log s does not depend on the length",
    source="our own; a common summary, 'the variance becomes O(1)'",
    printed="Var(log s) = Var(log r_t)",
    assumptions=UNCORRELATED,
    statement=equals(VARIANCE, v),
    witness=TWO,
    module=__name__,
    repair="gspo.variance",
    finding="Two uncorrelated tokens of variance 1: their mean has the variance (1 + 1)/4 = 1/2. It goes on to fall as 1/|y|, "
    "so that a "
    "fixed clip range clips short completions far more often than long ones.",
)


@proposition(
    "gspo.variance",
    title="the variance of log s is that of a token's log-ratio divided by the length, for uncorrelated tokens",
    source="our own",
    printed="Var((1/L) Σ_t log r_t) = Var(log r_t)/L",
    assumptions=UNCORRELATED,
    statement=equals(VARIANCE, v / L),
    model=TWO,
    drops={
        "L ≥ 1": TWO | {"L": 0},
        "variances": TWO | {"C": [[1, 0], [0, 2]]},
        "uncorrelated": TWO | {"C": [[1, 1], [1, 1]]},
    },
)
def variance(goal: Goal) -> Theorem:
    """In each row of the covariance matrix only the diagonal is left."""
    size, index = term(L), goal.fresh(goal.claim)
    inside = goal.assuming(le(ONE, index), le(index, size))
    row = k.mk("sum", k.var("col", "Z"), ONE, size, k.subst(term(C(t, t2)), {term(t): index, term(t2): k.var("col", "Z")}))
    split, *outer = around(inside, row, index)
    zeros = []
    for part in outer:
        column = inside.fresh(row, index, part)
        there = inside.assuming(le(part.args[1], column), le(column, part.args[2]))
        apart = plain(there).unequal(index, column)
        rule = there.with_facts(apart).at(goal.given["uncorrelated"], index, column)
        zero = k.sum_congr(column, *part.args[1:3], rule)
        zeros.append(k.linear(part, ZERO, [zero, k.sum_linear(column, *part.args[1:3], [ZERO], [ZERO])], [ONE, ONE]))
    diagonal = inside.at(goal.given["variances"], index)
    value = k.linear(row, term(v), [split, *zeros, diagonal], [ONE] * (2 + len(zeros)))
    rows = k.sum_congr(index, ONE, size, value)
    return goal.equal(*goal.claim.args, rows)


OUTSIDE = sp.Piecewise((p(o), (x(o) - mu) ** 2 >= eps**2), (0, True))


@proposition(
    "gspo.clip_rate",
    title="so the share of completions of length L whose log s is ε or more from its mean is at most v/(L ε²)",
    source="our own; Chebyshev's inequality",
    printed="P(|log s - μ| ≥ ε) ≤ Var(log s)/ε²",
    assumptions={
        "ε > 0": eps > 0,
        "chances": ForAll(o, 1, N, p(o) >= 0),
        "Var(log s) = v/L": sp.And(L >= 1, equals(sp.Sum(p(o) * (x(o) - mu) ** 2, (o, 1, N)), v / L)),
    },
    statement=sp.Sum(OUTSIDE, (o, 1, N)) <= v / (L * eps**2),
    model={"epsilon": 1, "N": 1, "p": [1], "x": [1], "mu": 0, "v": 1, "L": 1},
    drops={
        "ε > 0": {"epsilon": 0, "N": 1, "p": [1], "x": [1], "mu": 0, "v": 1, "L": 1},
        "chances": {"epsilon": 1, "N": 2, "p": [1, -1], "x": [1, "1/2"], "mu": 0, "v": "3/4", "L": 1},
        "Var(log s) = v/L": {"epsilon": 1, "N": 1, "p": [1], "x": [1], "mu": 0, "v": 0, "L": 1},
    },
    not_claimed="anything about the mean μ = -KL per token (where π_old draws), which does not shrink with L",
)
def clip_rate(goal: Goal) -> Theorem:
    """ε² 1(|x-μ| ≥ ε) ≤ (x-μ)², term by term."""
    size, index = term(N), goal.fresh(goal.claim)
    inside = goal.assuming(le(ONE, index), le(index, size))
    here = {term(o): index}
    flag, gap, chance = (k.subst(term(f), here) for f in (OUTSIDE, x(o) - mu, p(o)))
    e2 = mul(term(eps), term(eps))
    condition, yes, no = flag.args
    square = mul(gap, gap)
    known_chance = inside.at(goal.given["chances"], index)
    claim = le(mul(e2, flag), mul(chance, square))
    outside, within = k.assume(condition), k.assume(neg(condition))
    far = k.sos(claim, [(One, ONE, [known_chance, outside])], [k.if_(outside, yes, no)], [mul(MINUS, e2)])
    near = k.sos(claim, [(One, gap, [known_chance])], [k.if_(within, yes, no)], [mul(MINUS, e2)])
    weighted = k.cases(condition, far, near)
    total = k.sum_congr(index, ONE, size, weighted)
    out = k.sum_linear(index, ONE, size, [e2], [flag])
    known = goal.given["Var(log s) = v/L"]
    variance_ = next(k.and_elim(known, m) for m in (0, 1) if known.concl.args[m].op == "eq")
    goal.know(known)
    above = goal.prove(lt(ZERO, term(L)))
    positive = k.sos(lt(ZERO, e2), [(One, ONE, [goal.given["ε > 0"]] * 2)], [], [])
    over = k.inv_positive(positive)
    denominator = k.sos(lt(ZERO, term(L * eps**2)), [(One, ONE, [above, positive])], [], [])
    goal.know(positive, denominator)
    goal.define(denominator)
    unit = goal.equal(mul(e2, inv(e2)), ONE)
    share, bound = goal.claim.args
    flat = goal.equal(bound, mul(term(v / L), inv(e2)))
    # share = (1/ε²) Σ ε² p 1 <= (1/ε²) Σ p (x-μ)²
    return k.sos(
        goal.claim, [(One, ONE, [over, total])], [out, variance_, unit, flat], [inv(e2), mul(MINUS, inv(e2)), share, ONE]
    )
