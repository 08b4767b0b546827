"""How far the estimate is off: the exact tails of Theorem 2, the sure side of Corollary 3, and single prompts.

A_i - Ahat_i = phat - p for every completion, so the events are about R alone: phat - p > ε is R > G (p + ε).
"""

from fractions import Fraction

import sympy as sp

from theory import kernel as k
from theory.decide import Goal
from theory.kernel import Term, Theorem, subst
from theory.kernel.terms import ONE, ZERO, add, inv, le, lt, mul, neg, num
from theory.language import ForAll, equals, formula, integers, reals, term
from theory.proposition import UNNEEDED, proposition, refuted, shown
from theory.related.hadw.groups import GROUP, LAW, SOURCE, A, Facts, G, One, b, binomial, chance, group, j, p, r
from theory.tactics import MINUS, Context
from theory.tactics.powers import unit
from theory.tactics.prefix import denied, plain
from theory.tactics.replacing import through

m = integers("m")
eps = reals("eps")


def happens(condition: sp.Basic) -> sp.Expr:
    """The indicator of an event."""
    return sp.Piecewise((1, condition), (0, True), evaluate=False)


def tail(goal: Goal, whole: Term, part: Term, x: Term, cut: Term, above: bool) -> Theorem:
    """Σ_{1}^{G-1} of b where R > G x (`above`) or R < G x = its part beyond `cut` (m, or m - 1)."""
    bound, lo, hi, body = whole.args
    size = goal.prove(lt(ZERO, term(G)))
    inverse, one = k.inv_positive(size), unit(size)
    i = goal.fresh(whole, part)
    f = subst(body, {bound: i})
    event, scaled = f.args[0], mul(term(G), x)

    def rows(ctx: Context, first: Term, last: Term, above_cut: bool) -> Theorem:
        """The sum over one side of the cut: every term counts, or none does."""
        inside, counts = plain(ctx.assuming(le(first, i), le(i, last))), above == above_cut
        relation = lt if counts else le
        order = inside.arith(relation(scaled, i) if above_cut else relation(i, scaled))
        turned = x if above_cut else mul(MINUS, x)
        sides = event.args if counts else event.args[::-1]
        known = k.sos(relation(*sides), [(One, ONE, [inverse, order])], [one], [turned])
        value = k.if_(known if counts else denied(Context([known]), event), *f.args[1:])
        total = k.sum_congr(i, first, last, value)
        if counts:
            return total
        nothing = k.sum_linear(i, first, last, [ZERO], [ZERO])
        return k.linear(total.concl.args[0], ZERO, [total, nothing], [ONE, ONE])

    def split(ctx: Context) -> Theorem:
        parts = k.sum_split(whole, cut, [plain(ctx).arith(le(ZERO, cut)), plain(ctx).arith(le(cut, hi))])
        sides = [rows(ctx, lo, cut, False), rows(ctx, add(cut, ONE), hi, True)]
        return k.linear(whole, part, [parts, *sides], [ONE] * 3)

    def beyond(ctx: Context) -> Theorem:
        """The cut lies outside: nothing counts, and the part is empty."""
        empty = k.sum_empty(part, [plain(ctx).arith(lt(part.args[2], part.args[1]))])
        return k.linear(whole, part, [rows(ctx, lo, hi, not above), empty], [ONE, MINUS])

    within = le(cut, hi) if above else le(ZERO, cut)
    outside = k.negate(k.assume(neg(within)))
    return k.cases(within, split(goal.assuming(within)), beyond(goal.with_facts(outside, k.integer(outside))))


def conditional(goal: Goal, x: sp.Expr, cut: sp.Expr, above: bool, *facts: Theorem) -> Theorem:
    """P(.. | S) = part / P(S) in closed form."""
    known, (left, right) = Facts(goal), goal.claim.args
    goal.define(known.chance_positive, known.both_positive)
    total = known.chance
    whole, part = (next(a for a in t.args if a.op == "sum") for t in (left, right))
    goal.know(*facts)
    value = tail(goal, whole, part, term(x), term(cut), above)
    return through(total, goal.claim, lambda q: k.linear(*q.args, [value], [inv(term(A))]))


RANGE = {"ε ≥ 0": eps >= 0}
FLOOR = {"m = floor(G (p + ε))": sp.And(m <= G * (p + eps), G * (p + eps) < m + 1)}
CEIL = {"m = ceil(G (p - ε))": sp.And(m - 1 < G * (p - eps), G * (p - eps) <= m)}
NOTE = (
    "b(G, k) is C(G, k) p^k (1-p)^(G-k) by hadw.binomial. The paper asks for ε below the bias and for a hard (easy) "
    "prompt: neither is needed"
)


@proposition(
    "hadw.theorem2.hard",
    title="the exact chance that the advantage is under-estimated by more than ε",
    source=f"{SOURCE}, Theorem 2",
    printed="P(A_i - Ahat_i > ε | S) = Σ_{k=floor(G(p+ε))+1}^{G-1} C(G,k) p^k (1-p)^{G-k} / (1 - (1-p)^G - p^G)",
    assumptions=GROUP | RANGE | FLOOR,
    statement=equals(chance(happens(j / G - p > eps)) / chance(), sp.Sum(b(G, j), (j, m + 1, G - 1)) / A),
    model=group(4, "1/4", eps="1/8", m=1),
    drops={
        LAW: group(4, "1/4", eps="1/8", m=1) | {"b": binomial("1/2")},
        "G ≥ 2": group(1, "1/4", eps=0, m=0),
        "0 < p < 1": group(2, "1", eps=0, m=2),
        "ε ≥ 0": group(2, "1/4", eps="-1", m="-2"),
        "m = floor(G (p + ε))": group(4, "1/4", eps="1/8", m=2),
    },
    hints={"p": "unit", "eps": "unit"},
    not_claimed=NOTE,
)
def theorem2_hard(goal: Goal) -> Theorem:
    facts = Facts(goal)
    size = goal.prove(lt(ZERO, term(G)))
    parts = [(One, ONE, [size, th]) for th in (facts.signs[0], goal.given["ε ≥ 0"])]
    small = k.sos(le(ZERO, mul(term(G), term(p + eps))), parts, [], [])
    above = goal.with_facts(small).arith(lt(ZERO, term(m + 1)))
    return conditional(goal, p + eps, m, True, small, above, k.integer(above))


@proposition(
    "hadw.theorem2.easy",
    title="the exact chance that the advantage is over-estimated by more than ε",
    source=f"{SOURCE}, Theorem 2",
    printed="P(Ahat_i - A_i > ε | S) = Σ_{k=1}^{ceil(G(p-ε))-1} C(G,k) p^k (1-p)^{G-k} / (1 - (1-p)^G - p^G)",
    assumptions=GROUP | RANGE | CEIL,
    statement=equals(chance(happens(p - j / G > eps)) / chance(), sp.Sum(b(G, j), (j, 1, m - 1)) / A),
    model=group(4, "3/4", eps="1/8", m=3),
    drops={
        LAW: group(4, "3/4", eps="1/8", m=3) | {"b": binomial("1/2")},
        "G ≥ 2": group(1, "3/4", eps=0, m=1),
        "0 < p < 1": group(2, "1", eps=0, m=2),
        "ε ≥ 0": group(2, "3/4", eps="-1", m=4),
        "m = ceil(G (p - ε))": group(4, "3/4", eps="1/8", m=2),
    },
    hints={"p": "unit", "eps": "unit"},
    not_claimed=NOTE,
)
def theorem2_easy(goal: Goal) -> Theorem:
    facts = Facts(goal)
    size = goal.prove(lt(ZERO, term(G)))
    # G (p - ε) = G - G (1 - p) - G ε
    parts = [(One, ONE, [size, th]) for th in (facts.signs[1], goal.given["ε ≥ 0"])]
    large = k.sos(lt(mul(term(G), term(p - eps)), term(G)), parts, [], [])
    below = goal.with_facts(large).arith(lt(term(m - 1), term(G)))
    return conditional(goal, p - eps, m - 1, False, large, below, k.integer(below))


def only_estimate(goal: Goal, near_edge: Theorem, above: bool) -> Theorem:
    """1/G <= j/G <= (G-1)/G for 1 <= j <= G-1; `near_edge` says that p is beyond the first or the last."""
    size = goal.prove(lt(ZERO, term(G)))
    inverse = k.inv_positive(size)
    i = goal.fresh(goal.claim)
    opened = subst(goal.claim.args[1], {goal.claim.args[0]: i})
    ends = k.assume(opened.args[0])
    bound = k.and_elim(ends, 0 if above else 1)
    parts = [(One, ONE, [inverse, bound]), (One, ONE, [near_edge])]
    th = k.sos(opened.args[1], parts, [], [])
    return k.restate(k.all_intro(i, k.imp_intro(opened.args[0], th)), goal.claim)


@proposition(
    "hadw.corollary3.hard",
    title="below p = 1/G every estimate of a group with both outcomes is too small",
    source=f"{SOURCE}, Corollary 3",
    printed="p < 1/G ⇒ Ahat_i < A_i surely on S",
    assumptions={"G ≥ 2": G >= 2, "p < 1/G": p < 1 / G},
    statement=ForAll(j, 1, G - 1, r - j / G < r - p),
    model={"G": 2, "p": "1/4", "r": 1},
    drops={"G ≥ 2": UNNEEDED, "p < 1/G": {"G": 2, "p": "3/4", "r": 1}},
    hints={"p": "unit", "r": "binary"},
)
def corollary3_hard(goal: Goal) -> Theorem:
    return only_estimate(goal, goal.given["p < 1/G"], True)


@proposition(
    "hadw.corollary3.easy",
    title="above p = (G-1)/G every estimate of a group with both outcomes is too large",
    source=f"{SOURCE}, Corollary 3",
    printed="p > (G-1)/G ⇒ Ahat_i > A_i surely on S",
    assumptions={"G ≥ 2": G >= 2, "p > (G-1)/G": p > (G - 1) / G},
    statement=ForAll(j, 1, G - 1, r - j / G > r - p),
    model={"G": 2, "p": "3/4", "r": 1},
    drops={"G ≥ 2": UNNEEDED, "p > (G-1)/G": {"G": 2, "p": "1/4", "r": 1}},
    hints={"p": "unit", "r": "binary"},
)
def corollary3_easy(goal: Goal) -> Theorem:
    return only_estimate(goal, goal.given["p > (G-1)/G"], False)


SMALL = {"2 ≤ G ≤ 8": sp.And(G >= 2, G <= 8)}
ALL_OF_THEM = "that every prompt with p below 1/8 has groups with both outcomes often. Sure for each p, so for p drawn by any law"


def at_most_eight(goal: Goal, claim: Term, near: Theorem, edge: Fraction) -> Theorem:
    """1/8 <= 1/G, and p is beyond 1/8 or 7/8, the edge: below 1/G, or above (G-1)/G."""
    size = goal.prove(lt(ZERO, term(G)))
    inverse, small = k.inv_positive(size), goal.prove(le(term(G), term(sp.Integer(8))))
    eighth = Fraction(1, 8)
    return k.sos(claim, [(eighth, ONE, [inverse, small]), (One, ONE, [near])], [unit(size)], [num(edge)])


@proposition(
    "hadw.corollary1.eighth",
    title="below p = 1/8 every estimate of a group of at most 8 with both outcomes is too small",
    source=f"{SOURCE}, Corollary 1, its third line",
    printed="P(Ahat_i < A_i | S, p < 0.125) = 1.00, 2 ≤ G ≤ 8",
    assumptions=SMALL | {"p < 1/8": p < sp.Rational(1, 8)},
    statement=ForAll(j, 1, G - 1, r - j / G < r - p),
    model={"G": 8, "p": "1/9", "r": 1},
    drops={"2 ≤ G ≤ 8": {"G": 10, "p": "1/9", "r": 1}, "p < 1/8": {"G": 8, "p": "1/8", "r": 1}},
    hints={"p": "unit", "r": "binary"},
    not_claimed=ALL_OF_THEM,
)
def corollary1_eighth(goal: Goal) -> Theorem:
    return only_estimate(goal, at_most_eight(goal, formula(p < 1 / G), goal.given["p < 1/8"], Fraction(1, 8)), True)


@proposition(
    "hadw.corollary1.eighth.mirror",
    title="above p = 7/8 every estimate of a group of at most 8 with both outcomes is too large",
    source=f"{SOURCE}, Corollary 1, its third line",
    printed="P(Ahat_i > A_i | S, p > 0.875) = 1.00, 2 ≤ G ≤ 8",
    assumptions=SMALL | {"p > 7/8": p > sp.Rational(7, 8)},
    statement=ForAll(j, 1, G - 1, r - j / G > r - p),
    model={"G": 8, "p": "8/9", "r": 1},
    drops={"2 ≤ G ≤ 8": {"G": 10, "p": "8/9", "r": 1}, "p > 7/8": {"G": 8, "p": "7/8", "r": 1}},
    hints={"p": "unit", "r": "binary"},
    not_claimed=ALL_OF_THEM,
)
def corollary1_eighth_mirror(goal: Goal) -> Theorem:
    return only_estimate(goal, at_most_eight(goal, formula(p > (G - 1) / G), goal.given["p > 7/8"], Fraction(-7, 8)), False)


shown(
    "hadw.corollary3.boundary",
    title="at p = 1/G there is a group whose estimates are exact: the strict inequality is needed",
    source=f"{SOURCE}, Corollary 3",
    printed="p = 1/G, R = 1: Ahat_i = A_i",
    statement=sp.And(equals(G * p, 1), 1 <= j, j <= G - 1, equals(r - j / G, r - p)),
    witness={"G": 8, "p": "1/8", "j": 1, "r": 1},
    module=__name__,
    finding="For G = 8 this group has the conditional probability 0.598: a tie is then the most likely outcome.",
)

for name, limit, bound, witness, text in (
    ("half", sp.Rational(1, 2), sp.Rational(63, 100), group(3, "2/5"), "Of groups of three with both outcomes, a share p has two "
     "right: at p = 2/5 the estimate is too small with probability 2/5 only (phat = 2/3), else phat = 1/3 < p."),
    ("quarter", sp.Rational(1, 4), sp.Rational(78, 100), group(5, "6/25"), "At p = 6/25 a group of five with one right has "
     "phat = 1/5 < p, and this is the case for 54 % of the groups with both outcomes."),
):  # fmt: skip
    refuted(
        f"hadw.corollary1.pointwise.{name}",
        title=f"for every prompt with p < {limit} the estimate is too small with probability above {bound}",
        source=f"{SOURCE}, Corollary 1 (reconstruction: read for each p; the paper averages over p)",
        printed=f"P(Ahat_i < A_i | S) > {float(bound):.2f} for every p < {limit}, 2 ≤ G ≤ 8",
        assumptions=GROUP | {"G ≤ 8": G <= 8},
        statement=sp.Implies(p < limit, chance(happens(j / G - p > 0)) / chance() > bound),
        witness=witness,
        module=__name__,
        repair="hadw.corollary3.hard",
        hints={"p": "unit"},
        finding=text,
    )
