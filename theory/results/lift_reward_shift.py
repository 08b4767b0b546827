"""A constant added to all rewards: it changes no weight, for every G and every ratio, clip and regulariser.

Statement   g[i,t](r + c) = g[i,t](r) for the form of `lift_form` with D = 1 and with D = σ(r) + ε.
Place       Our own; the rewards enter Eq. 1 of arXiv 2601.05002 through A and σ(r) alone.
Hypotheses  for D = σ(r) + ε: ddof < G, rewards that are not all equal and ε >= 0, so that it is not 0.
Proof       A_i(r + c) = A_i(r) for each i, and with it σ(r); equals for equals.
Not claimed anything for advantages that are no function of the A_i, such as rewards without a baseline.
"""

import sympy as sp

from theory.decide import Goal
from theory.kernel import Theorem, rewrite, sum_congr
from theory.kernel.terms import ONE, ZERO, le, lt
from theory.language import equals, reals, term
from theory.proposition import UNNEEDED, proposition
from theory.tactics.adam import congruence
from theory.tactics.logic import conjunction, swapped
from theory.tactics.members import chain

from .lift_form import (
    BELOW,
    DIFFER,
    EPSILON,
    SOME,
    A,
    G,
    advantage,
    ddof,
    epsilon,
    i,
    pull,
    rewards,
    shifted,
    spread,
    spread_is_positive,
    weight,
    weight_at,
)

hole = reals("hole")
CASE = {
    "G": 2, "ddof": 1, "i": 1, "t": 1, "r": [1, 0], "c": 3, "epsilon": 0, "kappa": [1, 1], "up": [[1], [1]], "down": [[1], [1]],
    "p": [[0], [0]],
}  # fmt: skip


@proposition(
    "lossproof.lift.reward_shift_invariant",
    title="for every G a constant added to all rewards changes no token weight, be it divided by σ(r) + ε or not",
    source="our own",
    printed="g_{i,t}(r + c) = g_{i,t}(r), g_{i,t} = κ_i A_i S_{i,t}/D - p_{i,t}, D = 1 or σ(r) + ε",
    statement=sp.And(
        equals(weight(shifted, 1, pull), weight(rewards(), 1, pull)),
        equals(weight(shifted, spread(shifted), pull), weight(rewards(), spread(rewards()), pull)),
    ),
    assumptions=SOME | BELOW | DIFFER | EPSILON,
    model=CASE,
    drops={
        "a group has a member": UNNEEDED,
        "ddof is below G": CASE | {"ddof": 2},
        "rewards are not all equal": CASE | {"r": [1, 1]},
        "ε is not negative": UNNEEDED,
    },
    not_claimed="anything for advantages that are no function of the A_i",
)
def reward_shift_invariant(goal: Goal) -> Theorem:
    whole, same, squares = spread_is_positive(goal), goal.equal(term(advantage(shifted)), term(A)), same_squares(goal)
    for th, template in ((goal.given["rewards are not all equal"], hole), (whole, spread_of(hole))):
        goal.define(rewrite(swapped(squares), th, term(hole), lt(ZERO, term(template))))  # D is defined at r + c too
    plain = congruence(same, term(hole), term(weight_at(hole, 1, pull)))
    by_squares = congruence(squares, term(hole), term(weight_at(advantage(shifted), spread_of(hole), pull)))
    by_advantage = congruence(same, term(hole), term(weight_at(hole, spread(rewards()), pull)))
    return conjunction(goal.claim, plain, chain(by_squares, by_advantage))


def spread_of(squares: sp.Expr) -> sp.Expr:
    return sp.sqrt(squares / (G - ddof)) + epsilon


def same_squares(goal: Goal) -> Theorem:
    """Σ A_i(r + c)² = Σ A_i(r)², term by term."""
    inside = goal.assuming(le(ONE, term(i)), le(term(i), term(G)))
    return sum_congr(term(i), ONE, term(G), inside.equal(term(advantage(shifted) ** 2), term(A**2)))
