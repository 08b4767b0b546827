"""Appendix B.2: when the update on a shared prefix adds up, and when it cancels.

All cases hold, for every group size. Case 2 is sharpened to "the update cancels for all rewards exactly if ω is
constant" in theory/results/prefix_neutral.py. `b` is the indicator of G̃, the completions that share the prefix.
"""

from fractions import Fraction

import sympy as sp

from theory import kernel as k
from theory.decide import Goal
from theory.kernel import Term, Theorem, subst
from theory.kernel.terms import ONE, ZERO, eq, le, lt, mul, neg
from theory.language import ForAll, equals, family, int_family, integers, mean, reals, term
from theory.proposition import proposition, shown
from theory.tactics import Context, atoms
from theory.tactics.logic import conjunction
from theory.tactics.order import zero_or_one
from theory.tactics.powers import square_positive
from theory.tactics.prefix import by_order, member_below_sum, put, settled

G, i, j, m, d, D = integers("G i j m d D")
C = reals("C")
A, b, r, g, omega = (family(name) for name in ("A", "b", "r", "g", "omega"))
n = int_family("n")
INDICATOR = "b is the indicator of G̃"
One = Fraction(1)


W_agg = sp.Sum(b(i) * omega(i) * A(i), (i, 1, G))
CONSTANT = {"ω_i = C": ForAll(i, 1, G, equals(omega(i), C))}
MEMBERS = {INDICATOR: ForAll(i, 1, G, equals(b(i) ** 2, b(i)))}
TWO_OF_THREE = {
    "G": 3,
    "b": [1, 1, 0],
    "A": [1, 2, -3],
    "C": 1,
    "omega": [1, 1, 1],
    "j": 1,
    "D": 2,
    "m": 1,
    "g": [1, 0],
}


@proposition(
    "fontana2026.b2.case1.i",
    title="ω_i = C: a prefix found only in completions with A_i > 0 is reinforced",
    source="Appendix B.2, case 1 (i)",
    printed="ω_i = C and A_i > 0 for all i ∈ G̃ ⇒ W_agg > 0: the prefix is reinforced",
    assumptions=CONSTANT
    | MEMBERS
    | {
        "C > 0": C > 0,
        "A_i > 0 wherever the prefix is found": ForAll(i, 1, G, sp.Implies(equals(b(i), 1), A(i) > 0)),
        "the prefix is found": sp.And(j >= 1, j <= G, equals(b(j), 1)),
    },
    unstated=("C > 0",),
    statement=sp.And(
        W_agg > 0,
        sp.Implies(sp.And(m >= 1, m <= D, sp.Ne(g(m), 0)), sp.Sum(g(d) * (W_agg * g(d)), (d, 1, D)) > 0),
    ),
    model=TWO_OF_THREE,
    drops={
        "ω_i = C": TWO_OF_THREE | {"omega": [-1, -1, 1]},
        INDICATOR: TWO_OF_THREE | {"b": [1, 1, 2]},
        "C > 0": TWO_OF_THREE | {"C": -1, "omega": [-1, -1, -1]},
        "A_i > 0 wherever the prefix is found": TWO_OF_THREE | {"A": [1, -2, 1]},
        "the prefix is found": TWO_OF_THREE | {"b": [0, 0, 0]},
    },
    not_claimed="that the probability of the prefix rises after a step of the optimiser: the second part is its "
    "first-order change, Σ_d ∂_d log π_θ · W_agg ∂_d log π_θ over the D parameters, by the gradient on the prefix "
    "alone",
    hints={"b": "binary"},
)
def case_1_i(goal: Goal) -> Theorem:
    """Every term of W_agg is C A_i or 0, and that of j is positive; then W_agg times a sum of squares that are not
    all 0.
    """
    positive, change = sorted(goal.claim.args, key=lambda q: q.op != "lt")
    total = positive.args[1]

    def weight(ctx: Context, f: Term, strict: bool = False) -> Theorem:
        """0 <= b ω A, and 0 < b ω A where b = 1."""
        member, advantage, omega_i = (
            next(x for x in atoms(f) if x.op == "app" and x.args[0] == name) for name in ("b", "A", "omega")
        )
        place = member.args[2]

        def of(ctx: Context, value: Theorem) -> Theorem:
            if value.concl.args[1] is ZERO:
                return k.sos(le(ZERO, f), [], [value], [mul(omega_i, advantage)])
            signs = [goal.given["C > 0"], ctx.at(goal.given["A_i > 0 wherever the prefix is found"], place)]
            equations = [value, ctx.at(goal.given["ω_i = C"], place)]
            return k.sos((lt if strict else le)(ZERO, f), [(One, ONE, signs)], equations, [mul(omega_i, advantage), advantage])

        known = [th for th in ctx.facts if th.concl is eq(member, ONE)]
        return of(ctx, known[0]) if known else zero_or_one(ctx, member, le(ZERO, f), of)

    bound, lo, hi, body = total.args
    largest = weight(goal, subst(body, {bound: term(j)}), strict=True)
    above = k.sos(positive, [(One, ONE, [largest]), (One, ONE, [member_below_sum(goal, total, term(j), weight)])], [], [])
    inside = goal.assuming(change.args[0])
    squares = term(sp.Sum(g(d) ** 2, (d, 1, D)))
    one = member_below_sum(inside, squares, term(m), lambda ctx, f: k.sos(le(ZERO, f), [(One, f.args[0], [])], [], []))
    some = square_positive(term(g(m)), inside.unequal(term(g(m)), ZERO))
    norm = k.sos(lt(ZERO, squares), [(One, ONE, [some]), (One, ONE, [one])], [], [])
    moved = change.args[1].args[1]
    product = k.sos(lt(ZERO, mul(total, squares)), [(One, ONE, [above, norm])], [], [])
    factored = goal.equal(moved, mul(total, squares))
    th = k.sos(change.args[1], [(One, ONE, [product])], [factored], [ONE])
    return conjunction(goal.claim, above, k.imp_intro(change.args[0], th))


@proposition(
    "fontana2026.b2.case1.ii",
    title="ω_i = C: where the prefix is found in mixed completions, W_agg is C times the algebraic sum of their advantages",
    source="Appendix B.2, case 1 (ii)",
    printed="ω_i = C ⇒ W_agg = C Σ_{i∈G̃} A_i, positive advantages against negative ones",
    assumptions=CONSTANT,
    statement=sp.And(
        equals(W_agg, C * sp.Sum(b(i) * A(i), (i, 1, G))),
        equals(W_agg, C * (sp.Sum(b(i) * sp.Max(A(i), 0), (i, 1, G)) - sp.Sum(b(i) * sp.Max(-A(i), 0), (i, 1, G)))),
    ),
    model=TWO_OF_THREE,
    drops={"ω_i = C": TWO_OF_THREE | {"omega": [1, 2, 1]}},
    not_claimed="which side prevails: that is up to the advantages",
    hints={"b": "binary"},
)
def case_1_ii(goal: Goal) -> Theorem:
    """C for ω_i in each term, and A = A+ - A- by the sign of A."""
    index = goal.fresh(goal.claim)
    inside = goal.assuming(le(ONE, index), le(index, term(G)))
    weight, place = inside.at(goal.given["ω_i = C"], index), {term(i): index}
    advantage, member, size = (subst(term(f), place) for f in (A(i), b(i), C))
    signed = subst(term(sp.Max(A(i), 0) - sp.Max(-A(i), 0)), place)
    by_sign = by_order(inside, ZERO, advantage, eq(advantage, signed), lambda ctx, p: settled(ctx, p, advantage))

    def with_parts(claim: Term, split: Theorem) -> Theorem:
        total, target = claim.args
        f = subst(total.args[3], {total.args[0]: index})
        value = mul(member, size, split.concl.args[1])
        term_ = k.linear(f, value, [weight, split], [mul(member, advantage), mul(member, size)])
        return goal.equal(total, target, k.sum_congr(index, *total.args[1:3], term_))

    whole = k.linear(advantage, advantage, [], [])
    two_sums = [len([f for f in atoms(q.args[1]) if f.op == "sum"]) > 1 for q in goal.claim.args]
    return k.and_intro([with_parts(q, by_sign if two else whole) for q, two in zip(goal.claim.args, two_sums, strict=True)])


centred = r(i) - mean(r(j), j, G)  # A_i of Eq. 2
ALL = {"G": 2, "C": 3, "omega": [3, 3], "r": [1, 0]}


@proposition(
    "fontana2026.b2.case1.iii",
    title="ω_i = C: on a prefix of all G completions the update cancels",
    source="Appendix B.2, case 1 (iii)",
    printed="ω_i = C and G̃ = G ⇒ W_agg = C Σ_i A_i = 0: the update cancels",
    assumptions=CONSTANT,
    statement=equals(sp.Sum(omega(i) * centred, (i, 1, G)), 0),
    model=ALL,
    drops={"ω_i = C": ALL | {"omega": [2, 1]}},
    not_claimed="that a method whose α s is constant has this: GCPO's true weight is |o_i| times that (prop1.gcpo)",
)
def case_1_iii(goal: Goal) -> Theorem:
    """C for ω_i in each term; then Σ_i (r_i - Σ_j r_j/G) = 0 by clearing denominators. An empty group has the sum 0."""
    total, zero = goal.claim.args
    members = goal.assuming(le(ONE, term(G)))
    index = goal.fresh(goal.claim)
    inside = members.assuming(le(ONE, index), le(index, term(G)))
    f = subst(total.args[3], {total.args[0]: index})
    value = put(inside.at(goal.given["ω_i = C"], index), k.linear(f, f, [], []))
    cancelled = members.equal(total, zero, k.sum_congr(index, *total.args[1:3], value))
    none = k.assume(neg(le(ONE, term(G))))
    return k.cases(le(ONE, term(G)), cancelled, k.sum_empty(total, [k.negate(none)]))


shown(
    "fontana2026.b2.case2",
    title="ω_i not constant: there are completions on whose common prefix the update does not cancel",
    source="Appendix B.2, case 2",
    printed="ω_i not constant ⇒ W_agg ≠ 0 in general",
    statement=sp.And(
        sp.Ne(1 / (G * n(1)), 1 / (G * n(2))),
        sp.Ne(sp.Sum(1 / (G * n(i)) * centred, (i, 1, G)), 0),
    ),
    witness={"G": 2, "n": [1, 2], "r": [1, 0]},
    module=__name__,
    finding="With ω_i = 1/(G |o_i|), lengths 1 and 2 and rewards 1 and 0, W_agg = (1/2)(1/2) + (1/4)(-1/2) = 1/8 on "
    "a prefix of both.",
    not_claimed="that it fails for every ω that is not constant: ω = (1, 2, 3) and A = (1, -2, 1) cancel; "
    "it cancels for all rewards exactly if ω is constant (lossproof.prefix_neutral)",
)
