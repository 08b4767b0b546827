"""The loss's value on policy, at every G: always 0 with 1/|o_i|, and not with one α for all completions.

Statement   On policy a loss of ratios has the value -Σ_i |o_i| α_i A_i. (1) For α_i = C/|o_i| it is 0 for all rewards. (2)
            For α_i = C, rewards 1, 0, 0, .. and 0, 1, 0, .. at lengths 1, 2, .., 2 have values that differ by C.
Place       Our own; it tells which losses Eq. 9 of arXiv 2601.05002 speaks of.
Hypotheses  completions have tokens; two members and C not 0 in (2). C may hold σ(r): the two groups have the same.
Proof       the advantages add up to 0; sums of which the first two members are known.
Not claimed anything for losses of log π_θ, whose value depends on it.
"""

from typing import Any

import sympy as sp

from theory import kernel as k
from theory.decide import Goal
from theory.kernel import Theorem
from theory.language import ForAll, equals, family, term
from theory.proposition import UNNEEDED, proposition
from theory.tactics.members import differ

from .lift_form import FACTOR, PAIR, SOME, A, C, G, advantage, i, n, over_group, r, sum_of

q = family("q")


@proposition(
    "lossproof.lift.value_blind",
    title="for every G, with weights over |o_i| the value on policy is 0 for all rewards and lengths",
    source="our own",
    printed="Σ_i |o_i| (C/|o_i|) (r_i - mean r) = 0",
    statement=equals(over_group(n(i) * (C / n(i)) * A), 0),
    assumptions=SOME | {"completions have tokens": ForAll(i, 1, G, n(i) >= 1)},
    model={"G": 2, "n": [1, 2], "r": [1, 0], "C": 1},
    drops={"a group has a member": UNNEEDED, "completions have tokens": UNNEEDED},
    not_claimed="anything for losses of log π_θ",
)
def value_blind(goal: Goal) -> Theorem:
    return goal.prove(goal.claim)


LENGTHS = {"lengths are 1, 2, 2, ..": sp.And(equals(n(1), 1), equals(n(2), 2), ForAll(i, 3, G, equals(n(i), 2)))}
FIRST = {"the first of r is rewarded": sp.And(equals(r(1), 1), equals(r(2), 0), ForAll(i, 3, G, equals(r(i), 0)))}
SECOND = {"the second of q is rewarded": sp.And(equals(q(1), 0), equals(q(2), 1), ForAll(i, 3, G, equals(q(i), 0)))}
CASE: dict[str, Any] = {"G": 2, "n": [1, 2], "r": [1, 0], "q": [0, 1], "C": 1}


def value(of: Any) -> sp.Expr:
    return over_group(C * n(i) * advantage(of))


@proposition(
    "lossproof.lift.value_blind.fails",
    title="for every G >= 2, with one α for all completions the value on policy depends on which completion has the reward",
    source="our own",
    printed="Σ_i C |o_i| (r_i - mean r) ≠ Σ_i C |o_i| (q_i - mean q) for r = 1, 0, 0, .., q = 0, 1, 0, .., |o| = 1, 2, .., 2",
    statement=sp.Ne(value(r), value(q), evaluate=False),
    assumptions=PAIR | FACTOR | LENGTHS | FIRST | SECOND,
    model=CASE,
    drops={
        "two members": UNNEEDED,
        "C is not 0": CASE | {"C": 0},
        "lengths are 1, 2, 2, ..": CASE | {"n": [1, 1]},
        "the first of r is rewarded": CASE | {"r": [0, 1]},
        "the second of q is rewarded": CASE | {"q": [1, 0]},
    },
)
def value_depends(goal: Goal) -> Theorem:
    lengths = sum_of(goal, term(over_group(n(i))), *LENGTHS, count=2)
    known = [lengths]
    for of, names in ((r, FIRST), (q, SECOND)):
        known.append(sum_of(goal, term(over_group(of(i))), *names, count=2))
        known.append(sum_of(goal, term(over_group(n(i) * of(i))), *LENGTHS, *names, count=2))
    return differ(goal, goal.claim, [k.num(-1), term(C)], [], *known)
