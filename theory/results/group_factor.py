"""The factor 1 - 1/G, once for all: what the group mean, the leave-one-out mean and conditioning do to the gradient.

Statement   A sample space of groups; S_i is a coordinate of the score of completion i, R_i its reward, E[S_i R_i] = g, and
            E[S_i R_j] = 0 for i ≠ j (independent completions, scores of mean 0). Then
            (1) with the group mean, E[(1/G) Σ_i S_i (R_i - mean R)] = (1 - 1/G) g;
            (2) with the mean of the others, it is g;
            (3) over the groups with c = 1 only, where the rewards of all others are equal, (1) is divided by P(c = 1).
Place       Our own; it joins App. A of Dr. GRPO (arXiv 2503.20783, "unbiased"), HA-DW (arXiv 2601.08521, "biased", but only given
            groups with both outcomes), OBLR-PO (arXiv 2511.23310, unbiasedness) and the U-statistic view (arXiv 2603.01162).
Hypotheses  as stated; (3) needs them too.
Proof       exchange of sums; of the G² products S_i R_j only those with i = j have a mean.
Not claimed anything off policy, with clipping, or after division by a standard deviation.
"""

import sympy as sp

from theory import kernel as k
from theory.decide import Goal
from theory.kernel import Term, Theorem, mk, subst
from theory.kernel.terms import ONE, ZERO, inv, le, lt, mul, sub
from theory.language import ForAll, equals, family, formula, integers, reals, term
from theory.proposition import UNNEEDED, proposition
from theory.tactics import MINUS, Context
from theory.tactics.logic import conjunction
from theory.tactics.prefix import around, exchange, plain

G, N, i, j, e = integers("G N i j e")
g = reals("g")
S, R, q, c = family("S"), family("R"), family("q"), family("c")


def over_groups(f: sp.Expr) -> sp.Expr:
    return sp.Sum(q(e) * f, (e, 1, N))


TOTAL = sp.Sum(R(j, e), (j, 1, G))
CENTRED = sp.Sum(S(i, e) * (R(i, e) - TOTAL / G), (i, 1, G)) / G
OTHERS = sp.Sum(S(i, e) * (R(i, e) - (TOTAL - R(i, e)) / (G - 1)), (i, 1, G)) / G
GRADIENT = "E[S_i R_i] = g"
INDEPENDENT = "E[S_i R_j] = 0 for i ≠ j"
SILENT = "groups that are left out have equal rewards"
ASSUMED = {
    "G ≥ 2": G >= 2,
    GRADIENT: ForAll(i, 1, G, equals(over_groups(S(i, e) * R(i, e)), g)),
    INDEPENDENT: ForAll(i, 1, G, ForAll(j, 1, G, sp.Implies(sp.Ne(i, j), equals(over_groups(S(i, e) * R(j, e)), 0)))),
    SILENT: ForAll(e, 1, N, ForAll(i, 1, G, equals((1 - c(e)) * R(i, e), (1 - c(e)) * R(1, e)))),
    "P(c = 1) > 0": over_groups(c(e)) > 0,
}
# two fair coins: heads has reward 1 and score 1, tails 0 and -1
COINS = {"G": 2, "N": 4, "q": ["1/4"] * 4, "S": [[1, 1, -1, -1], [1, -1, 1, -1]], "R": [[1, 1, 0, 0], [1, 0, 1, 0]],
         "c": [0, 1, 1, 0], "g": "1/2"}  # fmt: skip


@proposition(
    "lossproof.group_factor",
    title="the group mean costs the factor 1 - 1/G, the mean of the others nothing, and leaving out groups with equal "
    "rewards only rescales the prompt",
    source="our own",
    printed="E[(1/G) Σ S_i (R_i - mean R)] = (1 - 1/G) g;  E[(1/G) Σ S_i (R_i - mean_{j≠i} R_j)] = g;  E[.. | c = 1] = "
    "(1 - 1/G) g/P(c = 1)",
    assumptions=ASSUMED,
    statement=sp.And(
        equals(over_groups(CENTRED), (1 - 1 / G) * g),
        equals(over_groups(OTHERS), g),
        equals(over_groups(c(e) * CENTRED) / over_groups(c(e)), (1 - 1 / G) * g / over_groups(c(e))),
    ),
    model=COINS,
    drops={
        "G ≥ 2": UNNEEDED,
        GRADIENT: COINS | {"g": 1},
        INDEPENDENT: COINS | {"S": [[2, 0, 0, -2], [1, -1, 1, -1]]},
        SILENT: COINS | {"c": [1, 1, 0, 0]},
        "P(c = 1) > 0": COINS | {"c": [0, 0, 0, 0], "R": [[1, 1, 1, 1]] * 2, "g": 0},
    },
    hints={"q": "unit", "c": "binary"},
    not_claimed="anything off policy, with clipping, or after division by a standard deviation",
)
def group_factor(goal: Goal) -> Theorem:
    size = goal.prove(lt(ZERO, term(G)))
    goal.define(goal.arith(lt(ZERO, term(G - 1))), goal.given["P(c = 1) > 0"])
    inside = goal.with_facts(size, goal.arith(lt(ZERO, term(G - 1))))
    facts = [own_products(goal), all_products(goal)]
    centred, others = equals(over_groups(CENTRED), (1 - 1 / G) * g), equals(over_groups(OTHERS), g)
    first = inside.equal(term(centred.lhs), term(centred.rhs), *facts)
    second = inside.equal(term(others.lhs), term(others.rhs), *facts)
    same = left_out(goal)  # E[c ..] = E[..]
    ratio = next(p for p in goal.claim.args if term(over_groups(c(e))) in [a.args[0] for a in p.args[0].args if a.op == "inv"])
    scale = inv(term(over_groups(c(e))))
    third = k.linear(*ratio.args, [same, first], [scale, scale])
    return conjunction(goal.claim, first, second, third)


def chance(space: Term) -> Term:
    return subst(term(q(e)), {term(e): space})


def own_products(ctx: Context) -> Theorem:
    """E[Σ_i S_i R_i] = G g."""
    space, index = term(e), term(i)
    f = mul(chance(space), term(S(i, e)), term(R(i, e)))
    outer = mk("sum", space, ONE, term(N), mul(chance(space), mk("sum", index, ONE, term(G), mul(term(S(i, e)), term(R(i, e))))))
    double = mk("sum", space, ONE, term(N), mk("sum", index, ONE, term(G), f))
    swap = exchange(ctx, double)
    x = ctx.fresh(double)
    member = ctx.assuming(le(ONE, x), le(x, term(G)))
    rows = k.sum_congr(x, ONE, term(G), member.at(fact(ctx, GRADIENT), x))
    count = k.sum_const(x, ONE, term(G), term(g), [ctx.prove(le(sub(ONE, ONE), term(G)))])
    return k.linear(outer, mul(term(G), term(g)), [ctx.equal(outer, double), swap, rows, count], [ONE] * 4)


def fact(ctx: Context, name: str) -> Theorem:
    return next(th for th in ctx.facts if k.same(th.concl, formula(ASSUMED[name])))


def all_products(ctx: Context) -> Theorem:
    """E[Σ_i S_i Σ_j R_j] = G g: for each i only j = i has a mean."""
    space, row, column = term(e), term(i), term(j)
    score, reward, last, size = term(S(i, e)), term(R(j, e)), term(N), term(G)
    f = mul(chance(space), score, reward)
    product = mul(chance(space), mk("sum", row, ONE, size, score), mk("sum", column, ONE, size, reward))
    outer = mk("sum", space, ONE, last, product)
    triple = mk("sum", space, ONE, last, mk("sum", row, ONE, size, mk("sum", column, ONE, size, f)))
    swap = exchange(ctx, triple)  # Σ_i Σ_e Σ_j
    x = ctx.fresh(triple)
    member = ctx.assuming(le(ONE, x), le(x, size))
    by_row = subst(swap.concl.args[1].args[3], {swap.concl.args[1].args[0]: x})
    inner = exchange(member, by_row)  # Σ_j Σ_e
    only = only_own(member, inner.concl.args[1], x)
    rows = k.sum_congr(x, ONE, size, k.linear(by_row, term(g), [inner, only], [ONE, ONE]))
    count = k.sum_const(x, ONE, size, term(g), [ctx.prove(le(sub(ONE, ONE), size))])
    return k.linear(outer, mul(size, term(g)), [ctx.equal(outer, triple), swap, rows, count], [ONE] * 4)


def only_own(ctx: Context, s: Term, x: Term) -> Theorem:
    """Σ_j E[S_x R_j] = g."""
    split, *outer = around(ctx, s, x)
    own = ctx.at(fact(ctx, GRADIENT), x)
    zeros, index = [], ctx.fresh(s, x)
    for part in outer:
        inside = ctx.assuming(le(part.args[1], index), le(index, part.args[2]))
        here = inside.with_facts(plain(inside).unequal(x, index), *bounds(inside, index))
        nothing = here.at(fact(ctx, INDEPENDENT), x, index)
        body = subst(part.args[3], {part.args[0]: index})
        row = k.linear(body, ZERO, [nothing], [ONE])
        total = k.sum_congr(index, *part.args[1:3], row)
        none = k.sum_linear(index, *part.args[1:3], [ZERO], [ZERO])
        zeros.append(k.linear(part, ZERO, [total, none], [ONE, ONE]))
    return k.linear(s, term(g), [split, *zeros, own], [ONE] * 4)


def bounds(ctx: Context, index: Term) -> list[Theorem]:
    return [plain(ctx).arith(le(ONE, index)), plain(ctx).arith(le(index, term(G)))]


def left_out(goal: Goal) -> Theorem:
    """E[c U] = E[U]: where c = 0 all R_i are R_1, and so all R_i - mean R are 0."""
    space, size = goal.fresh(goal.claim), goal.prove(lt(ZERO, term(G)))
    inside = goal.assuming(le(ONE, space), le(space, term(N)))

    def here(x: sp.Expr) -> Term:
        return subst(term(x), {term(e): space})

    left, right = here(q(e) * c(e) * CENTRED), here(q(e) * CENTRED)
    centred = here(sp.Sum(S(i, e) * (R(i, e) - TOTAL / G), (i, 1, G)))
    products, scores, total = (here(sp.Sum(f, (i, 1, G))) for f in (S(i, e) * R(i, e), S(i, e), R(i, e)))
    out, first, inverse = here(1 - c(e)), here(R(1, e)), inv(term(G))
    index = inside.fresh(goal.claim, space)
    equal = inside.assuming(le(ONE, index), le(index, term(G))).at(goal.given[SILENT], space, index)
    score = subst(here(S(i, e)), {term(i): index})
    weighted = k.linear(*(mul(score, side) for side in equal.concl.args), [equal], [score])
    rows = [k.sum_congr(index, ONE, term(G), th) for th in (weighted, equal)]
    values = [mul(out, products), mul(out, first, scores), mul(out, total), mul(term(G), out, first)]
    sides = [
        k.linear(a, b, [inside.equal(a, row.concl.args[0]), row, inside.equal(row.concl.args[1], b)], [ONE] * 3)
        for a, b, row in zip(values[::2], values[1::2], rows, strict=True)
    ]
    opened = inside.equal(centred, sub(products, mul(total, scores, inverse)))
    unit = k.field(mul(term(G), inverse), ONE, [k.negate(size)])
    scale = mul(chance(space), inverse)
    cofactors = [mul(MINUS, scale, out), mul(MINUS, scale), mul(scale, inverse, scores), mul(scale, out, first, scores)]
    pointwise = k.linear(left, right, [opened, *sides, unit], cofactors)
    return k.sum_congr(space, ONE, term(N), pointwise)
