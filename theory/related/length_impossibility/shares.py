"""Which share of an update a long completion has (Corollaries 9 and 13), and how fast the size of a score grows with length.

The paper's shares take Γ(L) = κ L. Scores of tokens are uncorrelated, so in mean square Γ(L) = κ sqrt(L): `martingale`.
"""

from fractions import Fraction

import sympy as sp

from theory import kernel as k
from theory.decide import Goal
from theory.kernel import Term, Theorem, mk, num, subst, var
from theory.kernel.terms import ONE, ZERO, eq, inv, le, lt, mul, neg
from theory.language import ForAll, equals, family, integers, reals, term
from theory.proposition import not_applicable, proposition
from theory.tactics import MINUS
from theory.tactics.logic import conjunction
from theory.tactics.powers import at_values
from theory.tactics.prefix import around, exchange, plain
from theory.tactics.replacing import through

A, G, N, T, a, e, i, j, t, u = integers("A G N T a e i j t u")
c, mu, kappa, f_l, f_m, g_l, g_m, s_l, s_m, J = reals("c mu kappa f_l f_m Gamma_l Gamma_m s_l s_m J")
long, short, r, b = reals("L_long L_short r b")
q, f, S, R, L, adv, s = (family(name) for name in ("q", "f", "S", "R", "L", "A_", "s"))
SOURCE = "arXiv 2607.23364 (reconstruction)"
One = Fraction(1)


@proposition(
    "length_impossibility.corollary9",
    title="in a group of two with unweighted sums, the longer completion has the share r/(1+r) of the update, r the ratio of "
    "lengths, if the score grows like L",
    source=f"{SOURCE}, Corollary 9",
    printed="w_long = r/(1+r), r = L_long/L_short",
    assumptions={
        "lengths": sp.And(long > 0, short > 0),
        "Γ(L) = κ L": sp.And(equals(g_l, kappa * long), equals(g_m, kappa * short), kappa > 0),
    },
    unstated=("Γ(L) = κ L",),
    statement=equals(g_l / (g_l + g_m), (long / short) / (1 + long / short)),
    model={"L_long": 2, "L_short": 1, "kappa": 1, "Gamma_l": 2, "Gamma_m": 1},
    drops={
        "lengths": {"L_long": 2, "L_short": 0, "kappa": 1, "Gamma_l": 2, "Gamma_m": 0},
        "Γ(L) = κ L": {"L_long": 100, "L_short": 1, "kappa": 1, "Gamma_l": 10, "Gamma_m": 1},
    },
    hints={"L_long": "ratio", "L_short": "ratio", "kappa": "ratio"},
    finding="The growth Γ(L) = κ L is an assumption: scores of a completion's tokens are uncorrelated, so in mean square Γ(L) "
    "grows like sqrt(L) (length_impossibility.martingale). At 100 : 1 the share is then 10/11, not 100/101.",
    not_claimed="that Γ grows like L. With 0/1 rewards the two advantages have the same size",
)
def corollary9(goal: Goal) -> Theorem:
    return shares(goal, long, short)


def shares(goal: Goal, x: sp.Expr, y: sp.Expr, *positive: Theorem) -> Theorem:
    """κ x/(κ x + κ y) = (x/y)/(1 + x/y)."""
    given = goal.given[next(name for name in goal.given if name.startswith("Γ"))]
    parts = [k.and_elim(given, n) for n in range(3)]
    values = [th for th in parts if th.concl.op == "eq"]
    scale = next(th for th in parts if th.concl.op == "lt")
    both = [goal.with_facts(*positive).prove(lt(ZERO, term(z))) for z in (x, y)]
    total = [(One, ONE, [scale, th]) for th in both]
    bottom = k.sos(lt(ZERO, term(kappa * x + kappa * y)), total, [], [])
    printed = k.sos(lt(ZERO, term(g_l + g_m)), total, values, [ONE, ONE])
    inverse = k.inv_positive(both[1])
    ratio = k.sos(lt(ZERO, term(1 + x / y)), [(One, ONE, []), (One, ONE, [both[0], inverse])], [], [])
    goal.define(printed, ratio, *both, *positive)
    inside = goal.with_facts(printed, ratio, bottom, scale, *both)
    scaled = inside.equal(mul(term(kappa), term(x), inv(term(kappa * x + kappa * y))), goal.claim.args[1])
    sums = k.linear(term(g_l + g_m), term(kappa * x + kappa * y), values, [ONE, ONE])
    one = [
        k.field(mul(z, inv(z)), ONE, [k.negate(th)])
        for z, th in ((printed.concl.args[1], printed), (bottom.concl.args[1], bottom))
    ]
    u, v = inv(printed.concl.args[1]), inv(bottom.concl.args[1])
    same = k.linear(u, v, [sums, *one], [mul(MINUS, u, v), v, mul(MINUS, u)])
    top = next(th for th in values if th.concl.args[0] is term(g_l))
    return k.linear(*goal.claim.args, [top, same, scaled], [u, term(kappa * x), ONE])


@proposition(
    "length_impossibility.corollary9.mean_square",
    title="if the score grows like sqrt(L) instead, the share is sqrt(r)/(1 + sqrt(r))",
    source="our own, for Corollary 9 of arXiv 2607.23364",
    printed="w_long = sqrt(L_long)/(sqrt(L_long) + sqrt(L_short)) = ρ/(1+ρ), ρ = sqrt(L_long)/sqrt(L_short)",
    assumptions={
        "lengths": sp.And(long > 0, short > 0),
        "Γ(L) = κ sqrt(L)": sp.And(equals(g_l, kappa * sp.sqrt(long)), equals(g_m, kappa * sp.sqrt(short)), kappa > 0),
    },
    statement=equals(g_l / (g_l + g_m), (sp.sqrt(long) / sp.sqrt(short)) / (1 + sp.sqrt(long) / sp.sqrt(short))),
    model={"L_long": 100, "L_short": 1, "kappa": 1, "Gamma_l": 10, "Gamma_m": 1},
    drops={
        "lengths": {"L_long": 4, "L_short": 0, "kappa": 1, "Gamma_l": 2, "Gamma_m": 0},
        "Γ(L) = κ sqrt(L)": {"L_long": 4, "L_short": 1, "kappa": 1, "Gamma_l": 4, "Gamma_m": 1},
    },
    hints={"L_long": "ratio", "L_short": "ratio", "kappa": "ratio"},
    finding="10 : 1 gives 76 %, 100 : 1 gives 91 %; Example 11 (8,206 : 4,965 tokens) 56.2 % for 62.3 %, Example 10 "
    "(10,000 : 10) 96.9 % for 99.9 %.",
)
def mean_square(goal: Goal) -> Theorem:
    ends = [k.and_elim(goal.given["lengths"], n) for n in range(2)]
    roots = [goal.with_facts(*ends).sqrt_positive(term(x)) for x in (long, short)]
    return shares(goal, sp.sqrt(long), sp.sqrt(short), *roots)


for label, lengths, low, high, text in (
    ("example10", (10000, 10), "9985/10000", "9995/10000", "99.9 %"),
    ("example11", (8206, 4965), "6225/10000", "6235/10000", "62.3 %"),
):
    proposition(
        f"length_impossibility.{label}",
        title=f"lengths {lengths[1]} and {lengths[0]}: the longer completion has {text} of the update",
        source=f"{SOURCE}, {label.capitalize()}",
        printed=f"r/(1+r) = {text}",
        assumptions={"lengths": sp.And(equals(long, lengths[0]), equals(short, lengths[1]))},
        statement=sp.And(long / (long + short) > sp.Rational(low), long / (long + short) < sp.Rational(high)),
        model={"L_long": lengths[0], "L_short": lengths[1]},
        drops={"lengths": {"L_long": 1, "L_short": 1}},
        not_claimed="that the score grows like L: length_impossibility.corollary9",
    )(lambda goal: numbers(goal))


def numbers(goal: Goal) -> Theorem:
    given = goal.given["lengths"]
    values = [k.and_elim(given, n) for n in range(2)]

    def closed(claim: Term) -> Theorem:
        bare = claim
        for th in values:
            bare = subst(bare, {th.concl.args[0]: th.concl.args[1]})
        return at_values(goal, values, claim, goal.prove(bare))

    total = at_values(
        goal,
        values,
        lt(ZERO, term(long + short)),
        goal.prove(lt(ZERO, mul(ONE, term(sum(int(v.concl.args[1].args[0]) for v in values))))),
    )
    goal.define(total)
    return conjunction(goal.claim, *(closed(q) for q in goal.claim.args))


INDEPENDENT_TOKENS = {
    "scores of different tokens are uncorrelated": ForAll(
        t, 1, T, ForAll(u, 1, T, sp.Implies(sp.Ne(t, u), equals(sp.Sum(q(e) * s(t, e) * s(u, e), (e, 1, N)), 0)))
    ),
    "v is the mean square of a token's score": ForAll(t, 1, T, equals(sp.Sum(q(e) * s(t, e) ** 2, (e, 1, N)), b)),
}
SCORE = sp.Sum(s(t, e), (t, 1, T))
TOSSES = {"T": 2, "N": 4, "q": ["1/4"] * 4, "s": [[1, 1, -1, -1], [1, -1, 1, -1]], "v": 1}


@proposition(
    "length_impossibility.martingale",
    title="the mean square of the score of a completion is the sum of those of its tokens: its size grows like sqrt(L)",
    source="our own, for Theorem 6 and Corollary 9 of arXiv 2607.23364, which take the size of the score to grow with L",
    printed="E[(Σ_t s_t)²] = T v if E[s_t s_u] = 0 for t ≠ u, E[s_t²] = v",
    assumptions={"T ≥ 0": T >= 0} | INDEPENDENT_TOKENS,
    statement=equals(sp.Sum(q(e) * SCORE**2, (e, 1, N)), T * b),
    model=TOSSES | {"b": 1},
    drops={
        "T ≥ 0": TOSSES | {"T": -1, "b": 1},
        "scores of different tokens are uncorrelated": TOSSES | {"b": 1, "s": [[1, 1, -1, -1], [1, 1, -1, -1]]},
        "v is the mean square of a token's score": TOSSES | {"b": 2},
    },
    hints={"q": "unit"},
    not_claimed="that the scores are uncorrelated: they are martingale differences for a completion of fixed length; given a "
    "random length, the score of stopping has a mean that grows like L",
)
def martingale(goal: Goal) -> Theorem:
    """Of the T² products s_t s_u only those with t = u have a mean."""
    uncorrelated, square = (goal.given[name] for name in INDEPENDENT_TOKENS)
    space, row, column, last, size = term(e), term(t), term(u), term(N), term(T)
    f = mul(term(q(e)), term(s(t, e)), term(s(u, e)))
    outer = goal.claim.args[0]
    triple = mk("sum", space, ONE, last, mk("sum", row, ONE, size, mk("sum", column, ONE, size, f)))
    swap = exchange(goal, triple)
    x = goal.fresh(triple)
    member = goal.assuming(le(ONE, x), le(x, size))
    by_row = subst(swap.concl.args[1].args[3], {swap.concl.args[1].args[0]: x})
    inner = exchange(member, by_row)
    split, *rest = around(member, inner.concl.args[1], x)
    zeros, y = [], member.fresh(by_row, x)
    for part in rest:
        inside = member.assuming(le(part.args[1], y), le(y, part.args[2]))
        bounds = [plain(inside).arith(claim) for claim in (le(ONE, y), le(y, size))]
        here = inside.with_facts(plain(inside).unequal(x, y), *bounds)
        body = subst(part.args[3], {part.args[0]: y})
        total = k.sum_congr(y, *part.args[1:3], k.linear(body, ZERO, [here.at(uncorrelated, x, y)], [ONE]))
        none = k.sum_linear(y, *part.args[1:3], [ZERO], [ZERO])
        zeros.append(k.linear(part, ZERO, [total, none], [ONE, ONE]))
    own = member.at(square, x)
    itself = member.equal(subst(inner.concl.args[1].args[3], {inner.concl.args[1].args[0]: x}), own.concl.args[0])
    only = k.linear(by_row, term(b), [inner, split, *zeros, itself, own], [ONE] * 6)
    rows = k.sum_congr(x, ONE, size, only)
    count = k.sum_const(x, ONE, size, term(b), [goal.prove(le(num(0), size))])
    return k.linear(outer, mul(size, term(b)), [goal.equal(outer, triple), swap, rows, count], [ONE] * 4)


@proposition(
    "length_impossibility.corollary13",
    title="with unweighted sums, a completion's share of the update is that of |o_i| |A_i|, if the score grows like L",
    source=f"{SOURCE}, Corollary 13",
    printed="w_i = |o_i| |A_i| / Σ_j |o_j| |A_j|",
    assumptions={"κ ≠ 0": sp.Ne(kappa, 0), "some completion counts": sp.Ne(sp.Sum(L(j) * adv(j), (j, 1, G)), 0)},
    statement=equals(
        kappa * L(i) * adv(i) / sp.Sum(kappa * L(j) * adv(j), (j, 1, G)), L(i) * adv(i) / sp.Sum(L(j) * adv(j), (j, 1, G))
    ),
    model={"G": 2, "L": [1, 2], "A_": ["1/2", "1/2"], "kappa": 1, "i": 1},
    drops={
        "κ ≠ 0": {"G": 2, "L": [1, 2], "A_": ["1/2", "1/2"], "kappa": 0, "i": 1},
        "some completion counts": {"G": 2, "L": [0, 0], "A_": ["1/2", "1/2"], "kappa": 1, "i": 1},
    },
    not_claimed="that the score grows like L. A_ is |A_j|, and κ L the size of a score",
)
def corollary13(goal: Goal) -> Theorem:
    scale, total = goal.given["κ ≠ 0"], goal.given["some completion counts"]
    weighted = next(a.args[0] for a in goal.claim.args[0].args if a.op == "inv")
    pulled = goal.equal(weighted, mul(term(kappa), total.concl.args[0].args[0]))
    product = k.nonzero_product([term(kappa), total.concl.args[0].args[0]], [scale, total])
    hole = var("hole")
    back = k.rewrite(k.linear(pulled.concl.args[1], weighted, [pulled], [MINUS]), product, hole, neg(eq(hole, ZERO)))
    goal.define(back)
    inside = goal.with_facts(product, scale, total)
    return through(pulled, goal.claim, lambda claim: inside.equal(*claim.args))


not_applicable(
    "length_impossibility.size_of_scores",
    title="the size of a real model's score grows with the length in proportion",
    source=f"{SOURCE}, Γ of P2",
    printed="Γ(L) ∝ L",
    reason="a statement about models. For scores that are uncorrelated it grows like sqrt(L): length_impossibility.martingale "
    "and the numeric evidence",
    module=__name__,
)
