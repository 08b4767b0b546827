"""Length at every G: equal rewards give equal weights where α is the same for all completions, and for 1/|o_i| not.

Statement   On policy the tokens of completion i weigh α_i A_i. (1) For α_i = C, r_i = r_j makes them equal. (2) For
            α_i = C/|o_i| and (3) C |o_i|, C not 0, and every G >= 3 they differ for rewards 1, 1, 0, .., 0 where the
            first has one token and the second two.
Place       Our own; Sec. 3.1 of "Understanding R1-Zero-Like Training" (arXiv 2503.20783) for the forms of α.
Hypotheses  G >= 3 in (2), (3): for two members equal rewards are all rewards, and every weight is 0.
Proof       field arithmetic; in (2), (3) the mean of the rewards is 2/G, so that A_1 = A_2 = (G-2)/G is not 0.
Not claimed which way the lengths drift; see lossproof.length_drift.
"""

from typing import Any

import sympy as sp

from theory.decide import Goal
from theory.kernel import Theorem, assume, imp_intro
from theory.language import ForAll, equals, term
from theory.proposition import UNNEEDED, proposition
from theory.tactics.members import differ

from .lift_form import FACTOR, SOME, A, C, G, i, j, n, r, sum_of_rewards


@proposition(
    "lossproof.lift.length_neutral",
    title="for every G, completions of equal reward have equal token weights if one α serves all, whatever their lengths",
    source="our own",
    printed="r_i = r_j ⇒ C (r_i - mean r) = C (r_j - mean r)",
    statement=sp.Implies(equals(r(i), r(j)), equals(C * A, C * A.subs(i, j))),
    assumptions=SOME,
    model={"G": 2, "i": 1, "j": 2, "r": [1, 0], "C": 1},
    drops={"a group has a member": UNNEEDED},
    not_claimed="anything for an α that differs between completions",
)
def length_neutral(goal: Goal) -> Theorem:
    same, claim = goal.claim.args
    return imp_intro(same, goal.equal(*claim.args, assume(same)))


TWO_SUCCESSES = {"the first two have a reward": sp.And(equals(r(1), 1), equals(r(2), 1), ForAll(i, 3, G, equals(r(i), 0)))}
LENGTHS = {"the first has one token, the second two": sp.And(equals(n(1), 1), equals(n(2), 2))}
GROUP: dict[str, Any] = {"G": 3, "r": [1, 1, 0], "n": [1, 2, 1], "C": 1}
DROPS: dict[str, Any] = {
    "three members": GROUP | {"G": 2},
    "C is not 0": GROUP | {"C": 0},
    "the first two have a reward": GROUP | {"r": [0, 0, 0]},
    "the first has one token, the second two": GROUP | {"n": [1, 1, 1]},
}


def fails(goal: Goal, difference: sp.Rational) -> Theorem:
    """The weights differ by a multiple of C (G-2)/G."""
    mean = sum_of_rewards(goal, *TWO_SUCCESSES, count=2)
    known = [th for th in goal.facts if th.concl.op == "eq"]
    return differ(goal, goal.claim, [term(f) for f in (difference, C, G - 2, 1 / G)], known, mean)


@proposition(
    "lossproof.lift.length_neutral.fails",
    title="for every G >= 3, weights 1/|o_i| differ for rewards 1, 1, 0, .., 0 with lengths 1 and 2 of the first two",
    source="our own",
    printed="C (r_1 - mean r)/|o_1| ≠ C (r_2 - mean r)/|o_2|",
    statement=sp.Ne(C / n(1) * A.subs(i, 1), C / n(2) * A.subs(i, 2), evaluate=False),
    assumptions={"three members": G >= 3} | FACTOR | TWO_SUCCESSES | LENGTHS,
    model=GROUP,
    drops=DROPS,
    not_claimed="anything for G = 2, where equal rewards give no weight at all",
)
def short_weighs_more(goal: Goal) -> Theorem:
    return fails(goal, sp.Rational(1, 2))


@proposition(
    "lossproof.lift.length_neutral.fails_by_sum",
    title="for every G >= 3, weights |o_i| differ for rewards 1, 1, 0, .., 0 with lengths 1 and 2 of the first two",
    source="our own",
    printed="C |o_1| (r_1 - mean r) ≠ C |o_2| (r_2 - mean r)",
    statement=sp.Ne(C * n(1) * A.subs(i, 1), C * n(2) * A.subs(i, 2), evaluate=False),
    assumptions={"three members": G >= 3} | FACTOR | TWO_SUCCESSES | LENGTHS,
    model=GROUP,
    drops=DROPS,
    not_claimed="anything for G = 2, where equal rewards give no weight at all",
)
def long_weighs_more(goal: Goal) -> Theorem:
    return fails(goal, sp.Integer(-1))
