"""Shared prefixes at every G: neutral for weights that are the same for all completions, and for 1/|o_i| or |o_i| not.

Statement   On policy a first token that all completions share has the weights α_i A_i. (1) For α_i = C they add up to 0.
            (2) For α_i = C/|o_i| and (3) for α_i = C |o_i|, C not 0, there are rewards and lengths 1 and 2 for every
            G >= 2 with which they do not. (4) Off policy, where the clip silences the better completions of the token
            and not the others, one α for all does not help.
Place       Our own: case 1 of Appendix B.2 of arXiv 2601.05002 for the forms that α has in losses.
Hypotheses  C not 0 in (2) to (4); the groups that are given.
Proof       the advantages add up to 0; in (2) to (4) the sum is that of member 1 and G - 1 equal others.
Not claimed that other groups do not cancel.
"""

from typing import Any

import sympy as sp

from theory.decide import Goal
from theory.kernel import Theorem, linear, num, rewrite, var
from theory.kernel.terms import ne
from theory.language import ForAll, equals, family, reals, term
from theory.proposition import UNNEEDED, proposition
from theory.tactics.logic import conjunction
from theory.tactics.members import nonzero

from .lift_form import (
    FACTOR,
    ONE_SUCCESS,
    PAIR,
    SHORT_FIRST,
    SOME,
    A,
    C,
    G,
    have_tokens,
    i,
    n,
    over_group,
    sum_of,
    sum_of_rewards,
)


@proposition(
    "lossproof.lift.prefix_neutral",
    title="for every G, token weights α_i A_i with one α for all completions cancel on a shared prefix",
    source="our own",
    printed="Σ_i C (r_i - mean r) = 0",
    statement=equals(over_group(C * A), 0),
    assumptions=SOME,
    model={"G": 2, "r": [1, 0], "C": 1},
    drops={"a group has a member": UNNEEDED},
    not_claimed="anything for an α that differs between completions",
)
def prefix_neutral(goal: Goal) -> Theorem:
    return goal.prove(goal.claim)


GROUP: dict[str, Any] = {"G": 2, "r": [1, 0], "n": [1, 2], "C": 1}
DROPS: dict[str, Any] = {
    "two members": GROUP | {"G": 1},
    "C is not 0": GROUP | {"C": 0},
    "only the first has a reward": GROUP | {"r": [0, 0]},
    "the first has one token, the others two": GROUP | {"n": [1, -1]},
}


def is_not_zero(total: sp.Expr, value: sp.Expr) -> sp.Basic:
    return sp.And(equals(total, value), sp.Ne(total, 0, evaluate=False))


def fails(goal: Goal, *factors: sp.Expr) -> Theorem:
    """The sum is the product of these factors, none of which is 0."""
    total, value = next(p for p in goal.claim.args if p.op == "eq").args
    names = [name for name in (*ONE_SUCCESS, *SHORT_FIRST, *list(CLIPPED)[:1]) if name in goal.given]
    th = goal.equal(total, value, sum_of(goal, total, *names), sum_of_rewards(goal, *ONE_SUCCESS))
    hole = var("hole")
    back = linear(value, total, [th], [num(-1)])
    return conjunction(goal.claim, th, rewrite(back, nonzero(goal, value, *map(term, factors)), hole, ne(hole, num(0))))


@proposition(
    "lossproof.lift.prefix_neutral.fails",
    title="for every G >= 2, weights 1/|o_i| leave C (G-1)/(2G) on a prefix of lengths 1, 2, .., 2 with rewards 1, 0, .., 0",
    source="our own",
    printed="Σ_i (C/|o_i|) (r_i - mean r) = C (G-1)/(2G) ≠ 0",
    statement=is_not_zero(over_group(C / n(i) * A), C * (G - 1) / (2 * G)),
    assumptions=PAIR | FACTOR | ONE_SUCCESS | SHORT_FIRST,
    model=GROUP,
    drops=DROPS,
    not_claimed="that other groups do not cancel",
)
def short_weighs_more(goal: Goal) -> Theorem:
    have_tokens(goal)
    return fails(goal, sp.Rational(1, 2), C, G - 1, 1 / G)


@proposition(
    "lossproof.lift.prefix_neutral.fails_by_sum",
    title="for every G >= 2, weights |o_i| leave -C (G-1)/G on a prefix of lengths 1, 2, .., 2 with rewards 1, 0, .., 0",
    source="our own",
    printed="Σ_i C |o_i| (r_i - mean r) = -C (G-1)/G ≠ 0",
    statement=is_not_zero(over_group(C * n(i) * A), -C * (G - 1) / G),
    assumptions=PAIR | FACTOR | ONE_SUCCESS | SHORT_FIRST,
    model=GROUP,
    drops=DROPS,
    not_claimed="that other groups do not cancel",
)
def long_weighs_more(goal: Goal) -> Theorem:
    return fails(goal, sp.Integer(-1), C, G - 1, 1 / G)


x, S = reals("x"), family("S")
CLIPPED = {
    "the clip silences the better one only": sp.And(equals(S(1), 0), ForAll(i, 2, G, equals(S(i), x))),
    "x is not 0": sp.Ne(x, 0),
}
CLIPPED_GROUP = {name: value for name, value in GROUP.items() if name != "n"} | {"S": [0, 2], "x": 2}


@proposition(
    "lossproof.lift.prefix_neutral_off_policy.fails",
    title="for every G >= 2, where the clip silences the one better completion, one α leaves -C x (G-1)/G on a shared token",
    source="our own",
    printed="Σ_i C (r_i - mean r) S_i = -C x (G-1)/G ≠ 0 for rewards 1, 0, .., 0 and S = 0, x, .., x",
    statement=is_not_zero(over_group(C * A * S(i)), -C * x * (G - 1) / G),
    assumptions=PAIR | FACTOR | ONE_SUCCESS | CLIPPED,
    model=CLIPPED_GROUP,
    drops={
        "two members": CLIPPED_GROUP | {"G": 1},
        "C is not 0": CLIPPED_GROUP | {"C": 0},
        "only the first has a reward": CLIPPED_GROUP | {"r": [0, 0]},
        "the clip silences the better one only": CLIPPED_GROUP | {"S": [2, 2]},
        "x is not 0": CLIPPED_GROUP | {"x": 0, "S": [0, 0]},
    },
    not_claimed="that other groups do not cancel",
)
def one_side_is_clipped(goal: Goal) -> Theorem:
    return fails(goal, sp.Integer(-1), C, x, G - 1, 1 / G)
