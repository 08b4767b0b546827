"""Order at every G: of two completions of one length the better one never weighs less, for α = C h(|o_i|) with C, h > 0.

Statement   (1) If rewards differ, σ(r) > 0 for every ddof < G, and 1/(σ(r) + ε) > 0 for ε >= 0. (2) On policy, with
            α_i = C h(|o_i|) for any function h of the length, r_j < r_i and |o_i| = |o_j| give α_j A_j <= α_i A_i. (3)
            With rewards 1, 0, .., 0 the first weight is C h (G-1)/G > 0: the loss is not dead.
Place       Our own.
Hypotheses  C > 0 and h > 0, which (1) gives for C = c/(σ(r) + ε), c > 0; two members in (3).
Proof       (1) if Σ A_i² were 0, every A_i would be, and no two rewards would differ; (2) α_i = α_j by congruence.
Not claimed anything for completions of different length.
"""

from fractions import Fraction
from typing import Any

import sympy as sp

from theory import kernel as k
from theory.decide import Goal
from theory.kernel import Term, Theorem
from theory.kernel.terms import ONE, ZERO, le, lt
from theory.language import ForAll, equals, family, term
from theory.proposition import UNNEEDED, proposition
from theory.tactics import Context
from theory.tactics.logic import conjunction
from theory.tactics.members import first_and_others
from theory.tactics.order import squeezed
from theory.tactics.prefix import member_below_sum, put

from .lift_form import BELOW, EPSILON, PAIR, A, C, G, epsilon, i, j, n, r, rewards, sigma, spread_is_positive, square_sum

h = family("h")
One = Fraction(1)
MEMBERS = {"i and j are members": sp.And(1 <= i, i <= G, 1 <= j, j <= G)}
DIFFERENT: dict[str, Any] = {"G": 2, "ddof": 0, "i": 1, "j": 2, "r": [1, 0], "epsilon": 0}


@proposition(
    "lossproof.lift.spread_positive",
    title="σ(r) + ε is positive for every group in which two rewards differ",
    source="our own",
    printed="r_i ≠ r_j, ε >= 0 ⇒ Σ_k (r_k - mean r)² > 0 and 1/(σ(r) + ε) > 0",
    statement=sp.And(square_sum(rewards()) > 0, 1 / (sigma(rewards()) + epsilon) > 0),
    assumptions=MEMBERS | BELOW | {"r_i and r_j differ": sp.Ne(r(i), r(j))} | EPSILON,
    model=DIFFERENT,
    drops={
        "i and j are members": DIFFERENT | {"j": 3, "r": [1, 1, 0]},
        "ddof is below G": DIFFERENT | {"ddof": 3},
        "r_i and r_j differ": DIFFERENT | {"r": [0, 0]},
        "ε is not negative": DIFFERENT | {"epsilon": -1},
    },
)
def spread_positive(goal: Goal) -> Theorem:
    squares = term(square_sum(rewards()))
    positive = k.trichotomy(
        ZERO,
        squares,
        k.assume(lt(ZERO, squares)),
        *(silent(goal, squares, p) for p in (k.terms.eq(ZERO, squares), lt(squares, ZERO))),
    )
    return with_spread(goal, positive)


def with_spread(goal: Goal, positive: Theorem) -> Theorem:
    """σ(r) + ε > 0 from Σ A² > 0."""
    goal.know(positive)
    goal.define(positive)
    return conjunction(goal.claim, positive, k.inv_positive(spread_is_positive(goal)))


def silent(goal: Goal, squares: Term, p: Term) -> Theorem:
    """Σ A² <= 0 is not possible: A_i = 0 = A_j, so that r_i = r_j."""
    inside = goal.assuming(p)

    def square(ctx: Context, f: Term) -> Theorem:
        return k.sos(le(ZERO, f), [(One, f.args[0], [])], [], [])

    advantages = []
    for at in (i, j):
        largest = member_below_sum(inside, squares, term(at), square)
        advantages.append(squeezed(Context([largest, k.assume(p)]), term(A.subs(i, at)), ZERO))
    same = k.linear(term(r(i)), term(r(j)), advantages, [ONE, k.num(-1)])
    return k.absurd(same, goal.given["r_i and r_j differ"], lt(ZERO, squares))


POSITIVE = {"C is positive": C > 0, "h is positive": ForAll(i, 1, G, h(n(i)) > 0)}


@proposition(
    "lossproof.lift.reward_aligned",
    title="for every G, of two completions of one length the better one never weighs less, if α is positive and depends on "
    "the completion by its length alone",
    source="our own",
    printed="|o_i| = |o_j|, r_j < r_i ⇒ C h(|o_j|) A_j <= C h(|o_i|) A_i;  r = 1, 0, .., 0 ⇒ C h(|o_1|) A_1 > 0",
    statement=sp.And(
        sp.Implies(sp.And(equals(n(i), n(j)), r(j) < r(i)), C * h(n(j)) * A.subs(i, j) <= C * h(n(i)) * A, evaluate=False),
        sp.Implies(sp.And(equals(r(1), 1), ForAll(i, 2, G, equals(r(i), 0))), C * h(n(1)) * A.subs(i, 1) > 0, evaluate=False),
        evaluate=False,
    ),
    assumptions=PAIR | {"i and j are members": MEMBERS["i and j are members"]} | POSITIVE,
    model={"G": 2, "i": 1, "j": 2, "r": [1, 0], "n": [1, 1], "C": 1, "h": lambda length: length},
    drops={
        "two members": {"G": 1, "i": 1, "j": 1, "r": [1], "n": [1], "C": 1, "h": lambda length: length},
        "i and j are members": UNNEEDED,
        "C is positive": {"G": 2, "i": 1, "j": 2, "r": [1, 0], "n": [1, 1], "C": -1, "h": lambda length: length},
        "h is positive": {"G": 2, "i": 1, "j": 2, "r": [1, 0], "n": [1, 1], "C": 1, "h": lambda length: -length},
    },
    not_claimed="anything for completions of different length",
)
def reward_aligned(goal: Goal) -> Theorem:
    order, alive = sorted(goal.claim.args, key=lambda p: p.args[1].op != "le")
    return conjunction(goal.claim, better_weighs_more(goal, order), first_is_pushed(goal, alive))


def better_weighs_more(goal: Goal, claim: Term) -> Theorem:
    """h(|o_j|) = h(|o_i|), and C h (r_i - r_j) >= 0."""
    inside = goal.assuming(claim.args[0])
    same, less = sorted((k.and_elim(k.assume(claim.args[0]), at) for at in (0, 1)), key=lambda th: th.concl.op != "eq")
    at_i = term(h(n(i)))
    equal = put(same, k.linear(at_i, at_i, [], []))  # h(n(i)) = h(n(j))
    positive = inside.at(goal.given["h is positive"], term(j))
    parts = [(One, ONE, [goal.given["C is positive"], positive, less])]
    th = k.sos(claim.args[1], parts, [equal], [term(C * A)])
    return k.imp_intro(claim.args[0], th)


def first_is_pushed(goal: Goal, claim: Term) -> Theorem:
    given = k.assume(claim.args[0])
    inside = goal.assuming(claim.args[0])
    first, others = sorted((k.and_elim(given, at) for at in (0, 1)), key=lambda th: th.concl.op == "all")
    mean = first_and_others(inside, term(sp.Sum(r(i), (i, 1, G))), [first], [others])
    positive = inside.at(goal.given["h is positive"], ONE)
    value = inside.equal(claim.args[1].args[1], term(C * h(n(1)) * (G - 1) / G), mean, first)
    signs = [inside.arith(lt(ZERO, term(G - 1))), k.inv_positive(inside.arith(lt(ZERO, term(G))))]
    parts = [(One, ONE, [goal.given["C is positive"], positive, *signs])]
    return k.imp_intro(claim.args[0], k.sos(claim.args[1], parts, [value], [ONE]))
