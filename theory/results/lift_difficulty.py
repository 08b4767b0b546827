"""Difficulty at every G: without σ(r) every prompt pulls alike, per unit of advantage; with σ(r) not, from G = 4 on.

Statement   (1) With one α = C > 0 and lengths L, Σ_i Σ_t |C A_i| = C L Σ_i |A_i|: the pull per unit of advantage is C L,
            whatever the rewards. (2) If C = K/(σ(r) + ε), K not 0, it differs between one and two correct completions of
            G >= 4 (0/1 rewards); for G = 3 the two have the same σ.
Place       Our own; the question is Sec. 3.1 of "Understanding R1-Zero-Like Training" (arXiv 2503.20783).
Hypotheses  (2) ε >= 0 and ddof < G.
Proof       (1) |C x| = C |x|; (2) Σ A² = m - m²/G for m ones, and 1 - 1/G = 2 - 4/G for G = 3 alone.
Not claimed anything for other numbers of correct completions: m and G - m have the same σ.
"""

from fractions import Fraction
from typing import Any

import sympy as sp

from theory import kernel as k
from theory.decide import Goal
from theory.kernel import Term, Theorem
from theory.kernel.terms import ONE, ZERO, add, eq, inv, le, lt, mk, mul, neg, sub
from theory.language import ForAll, equals, family, integers, reals, term
from theory.proposition import UNNEEDED, proposition
from theory.tactics import MINUS, Context, discharge, instantiate
from theory.tactics.logic import by_branches, impossible
from theory.tactics.members import nonzero

from .lift_form import BELOW, EPSILON, SOME, A, C, G, advantage, ddof, epsilon, i, r, t

L = integers("L")
K = reals("K")


@proposition(
    "lossproof.lift.difficulty_neutral",
    title="for every G, with one α free of the rewards and equal lengths the pull per unit of advantage is always the same",
    source="our own",
    printed="Σ_i Σ_t |C A_i| = C L Σ_i |A_i|",
    statement=equals(sp.Sum(sp.Abs(C * A), (t, 1, L), (i, 1, G)), C * L * sp.Sum(sp.Abs(A), (i, 1, G))),
    assumptions=SOME | {"C is positive": C > 0, "completions have tokens": L >= 1},
    model={"G": 2, "L": 1, "C": 2, "r": [1, 0]},
    drops={
        "a group has a member": UNNEEDED,
        "C is positive": {"G": 2, "L": 1, "C": -2, "r": [1, 0]},
        "completions have tokens": {"G": 2, "L": -1, "C": 2, "r": [1, 0]},
    },
    not_claimed="anything for completions of different length",
)
def difficulty_neutral(goal: Goal) -> Theorem:
    inside = goal.assuming(le(ONE, term(i)), le(term(i), term(G)))
    scaled = absolute(goal)
    each = k.sum_congr(term(t), ONE, term(L), scaled)
    rows = k.sum_congr(term(i), ONE, term(G), inside.equal(each.concl.args[0], term(C * L * sp.Abs(A)), each))
    return goal.equal(*goal.claim.args, rows)


def absolute(goal: Goal) -> Theorem:
    """|C A| = C |A| for C > 0."""
    x, f = k.var("x"), k.var("f")

    def size(y: Term) -> Term:
        return mk("ite", le(ZERO, y), y, mul(k.num(-1), y))

    def leaf(here: Context, equation: Term) -> Theorem:
        try:
            return here.equal(*equation.args)
        except k.Refused:
            return impossible(here, equation, products=2)

    lemma = by_branches(Context([k.assume(lt(ZERO, f))]), eq(size(mul(f, x)), mul(f, size(x))), leaf)
    values = {x: term(A), f: term(C)}
    return discharge(instantiate(lemma, values), [goal.given["C is positive"]])


q = family("q")


def binary(reward: Any, correct: int) -> sp.Basic:
    return sp.And(ForAll(i, 1, G, equals(reward(i) ** 2, reward(i))), equals(sp.Sum(reward(i), (i, 1, G)), correct))


def squares(of: Any) -> sp.Expr:
    return sp.Sum(advantage(of) ** 2, (i, 1, G))


def pull_per_advantage(of: Any) -> sp.Expr:
    return K / (sp.sqrt(squares(of) / (G - ddof)) + epsilon)


CASE: dict[str, Any] = {"G": 4, "ddof": 0, "r": [1, 0, 0, 0], "q": [1, 1, 0, 0], "K": 1, "epsilon": 0}


@proposition(
    "lossproof.lift.difficulty_neutral.fails",
    title="for every G >= 4, weights over σ(r) + ε pull differently per unit of advantage at one and at two correct completions",
    source="our own",
    printed="K/(σ(r) + ε) ≠ K/(σ(q) + ε) for 0/1 rewards r with one 1 and q with two",
    statement=sp.Ne(pull_per_advantage(r), pull_per_advantage(q), evaluate=False),
    assumptions={"four members": G >= 4}
    | BELOW
    | EPSILON
    | {"one of r is 1": binary(r, 1), "two of q are 1": binary(q, 2), "K is not 0": sp.Ne(K, 0)},
    model=CASE,
    drops={
        "four members": CASE | {"G": 2, "r": [1, 0], "q": [1, 1]},
        "ddof is below G": CASE | {"ddof": 4},
        "ε is not negative": CASE | {"epsilon": "-1/2"},
        "one of r is 1": CASE | {"r": [1, 1, 0, 0]},
        "two of q are 1": CASE | {"q": [0, 0, 0, 0]},
        "K is not 0": CASE | {"K": 0},
    },
    hints={"r": "binary", "q": "binary"},
    not_claimed="anything for G = 3, where one and two correct completions have the same σ(r)",
)
def difficulty_matters(goal: Goal) -> Theorem:
    """If the pulls were equal, the roots would be, and with them their squares, (1 - 1/G) and (2 - 4/G) over G - ddof."""
    goal.know(k.integer(goal.prove(lt(term(ddof), term(G)))))
    goal.know(goal.arith(lt(ZERO, term(G - ddof))))
    goal.define(goal.prove(lt(ZERO, term(G - ddof))))
    one, two = deviation(goal, r, "one of r is 1", 1), deviation(goal, q, "two of q are 1", 2)
    (x, _), (y, _) = one, two
    scale, e = term(K), term(epsilon)
    tie = k.assume(goal.claim.args[0])
    d, f, unit = add(x, e), add(y, e), [unit_of(goal, z) for z in (add(x, e), add(y, e), scale)]
    crossed = k.linear(mul(scale, f), mul(scale, d), [tie, *unit[:2]], [mul(d, f), mul(MINUS, scale, f), mul(scale, d)])
    roots = k.linear(y, x, [crossed, unit[2]], [inv(scale), mul(MINUS, sub(y, x))])
    gap = mul(term(G - 3), inv(term(G)), inv(term(G - ddof)))
    values = goal.equal(gap, sub(two[1].concl.args[1], one[1].concl.args[1]))
    nothing = k.linear(gap, ZERO, [values, two[1], one[1], roots], [ONE, MINUS, ONE, add(x, y)])
    contrary = nonzero(goal, gap, *gap.args)
    return k.cases(tie.concl, k.absurd(nothing, contrary, goal.claim), k.assume(neg(tie.concl)))


def unit_of(goal: Goal, x: Term) -> Theorem:
    """x/x = 1."""
    return k.field(mul(x, inv(x)), ONE, [goal.unequal(x, ZERO)])


def deviation(goal: Goal, of: Any, name: str, correct: int) -> tuple[Term, Theorem]:
    """σ of rewards of which `correct` are 1, and that its square is (m - m²/G)/(G - ddof), which is made known."""
    both = [k.and_elim(goal.given[name], at) for at in (0, 1)]
    binary_, total = sorted(both, key=lambda th: th.concl.op != "all")
    inside = goal.assuming(le(ONE, term(i)), le(term(i), term(G)))
    each = k.sum_congr(term(i), ONE, term(G), inside.at(binary_, term(i)))
    value = term(sp.Integer(correct) * (G - correct) / G)
    sum_ = goal.equal(term(squares(of)), value, each, total)
    signs = [goal.arith(lt(ZERO, term(G - correct))), k.inv_positive(goal.arith(lt(ZERO, term(G))))]
    positive = k.sos(lt(ZERO, term(squares(of))), [(Fraction(correct), ONE, signs)], [sum_], [ONE])
    goal.know(positive)
    variance = term(squares(of) / (G - ddof))
    root = goal.sqrt_positive(variance)
    goal.know(root)
    whole = goal.arith(lt(ZERO, term(sp.sqrt(squares(of) / (G - ddof)) + epsilon)))
    goal.know(whole)
    goal.define(positive, root, whole)
    law = k.law("sqrt_square", variance, ZERO, [goal.prove(le(ZERO, variance))])
    return root.concl.args[1], goal.equal(law.concl.args[0], mul(value, inv(term(G - ddof))), law, sum_)
