"""Groups without a signal, at every G: silent if nothing divides by σ(r) alone; where σ(r) + 0 divides, by zero.

Statement   If all rewards are a: (1) κ_i A_i S/D = 0 for D = 1, and for D = σ(r) + ε with ε > 0; (2) σ(r) = 0, so that
            a weight divided by σ(r) has no value.
Place       Our own.
Hypotheses  ε > 0 in (1) for D = σ(r) + ε; ddof < G.
Proof       the mean is a, so that every A_i is 0 and with them σ(r).
Not claimed anything about a regulariser, which pulls without a reward too.
"""

from fractions import Fraction
from typing import Any

import sympy as sp

from theory import kernel as k
from theory.decide import Goal
from theory.kernel import Theorem, subst
from theory.kernel.terms import ONE, ZERO, le, lt, mk
from theory.language import ForAll, equals, reals, term
from theory.proposition import UNNEEDED, proposition
from theory.tactics.adam import root
from theory.tactics.logic import conjunction

from .lift_form import BELOW, A, G, ddof, epsilon, i, j, r, rewards, sigma, spread, square_sum, weight

One = Fraction(1)
a = reals("a")
MEMBER = {"i is a member": sp.And(1 <= i, i <= G)}
EQUAL = {"all rewards are a": ForAll(j, 1, G, equals(r(j), a))}
CASE: dict[str, Any] = {
    "G": 2, "ddof": 0, "i": 1, "t": 1, "r": [1, 1], "a": 1, "epsilon": 1, "kappa": [1, 1], "up": [[1], [1]], "down": [[1], [1]],
}  # fmt: skip


def sum_is(goal: Goal) -> Theorem:
    """Σ r = G a."""
    inside = goal.assuming(le(ONE, term(j)), le(term(j), term(G)))
    each = k.sum_congr(term(j), ONE, term(G), inside.at(goal.given["all rewards are a"], term(j)))
    return goal.equal(term(sp.Sum(r(j), (j, 1, G))), term(G * a), each)


def no_squares(goal: Goal) -> Theorem:
    """Σ A² = 0."""
    member = goal.fresh(goal.claim)
    inside = goal.assuming(le(ONE, member), le(member, term(G)))
    own = inside.at(goal.given["all rewards are a"], member)
    square = subst(term(A**2), {term(i): member})
    each = k.sum_congr(member, ONE, term(G), inside.equal(square, ZERO, own, sum_is(goal)))
    return goal.equal(term(square_sum(rewards())), ZERO, each)


def sigma_is_zero(goal: Goal) -> Theorem:
    goal.know(k.integer(goal.prove(lt(term(ddof), term(G)))))
    goal.know(goal.arith(lt(ZERO, term(G - ddof))), goal.arith(le(ONE, term(G))))
    nothing = no_squares(goal)
    inside = term(square_sum(rewards()) / (G - ddof))
    square = goal.equal(mk("pow", ZERO, 2), inside, nothing)
    floor = k.sos(le(ZERO, inside), [], [square], [k.num(-1)])
    goal.define(goal.prove(lt(ZERO, term(G - ddof))), floor)
    return root(goal, inside, ZERO, square)


@proposition(
    "lossproof.lift.equal_rewards_silent",
    title="for every G equal rewards give no token a weight, if no σ(r) divides, or one that ε > 0 keeps from 0",
    source="our own",
    printed="r = a, .., a ⇒ κ_i A_i S_{i,t} = κ_i A_i S_{i,t}/(σ(r) + ε) = 0",
    statement=sp.And(equals(weight(rewards()), 0), equals(weight(rewards(), spread(rewards())), 0)),
    assumptions=MEMBER | BELOW | EQUAL | {"ε is positive": epsilon > 0},
    model=CASE,
    drops={
        "i is a member": CASE | {"r": [1, 1, 2], "i": 3, "kappa": [1, 1, 1], "up": [[1]] * 3, "down": [[1]] * 3},
        "ddof is below G": CASE | {"ddof": 2},
        "all rewards are a": CASE | {"r": [1, 0]},
        "ε is positive": CASE | {"epsilon": 0},
    },
    not_claimed="anything about a regulariser",
)
def equal_rewards_silent(goal: Goal) -> Theorem:
    zero, own, total = sigma_is_zero(goal), goal.at(goal.given["all rewards are a"], term(i)), sum_is(goal)
    goal.define(k.sos(lt(ZERO, term(spread(rewards()))), [(One, ONE, [goal.given["ε is positive"]])], [zero], [ONE]))
    return conjunction(goal.claim, *(goal.equal(*p.args, own, total) for p in goal.claim.args))


@proposition(
    "lossproof.lift.equal_rewards_silent.fails",
    title="for every G equal rewards have σ(r) = 0, so that weights divided by σ(r) have no value",
    source="our own",
    printed="r = a, .., a ⇒ σ(r) = 0",
    statement=equals(sigma(rewards()), 0),
    assumptions={"a group has a member": G >= 1} | BELOW | EQUAL,
    model=CASE,
    drops={"a group has a member": UNNEEDED, "ddof is below G": CASE | {"ddof": 2}, "all rewards are a": CASE | {"r": [1, 0]}},
    not_claimed="what a program makes of 0/0",
)
def no_spread(goal: Goal) -> Theorem:
    return sigma_is_zero(goal)
