"""The clip of a token's own ratio, at every G: silent beyond the bound that A favours, pushing beyond the other, linear inside.

Statement   For g = K A s inside the clip, 0 where A > 0 and s > 1 + ε_up or A <= 0 and s < 1 - ε_low (K the rest of α): (1)
            these are 0; (2) with K, A, s not 0, g is not 0 beyond the other bounds; (3) inside, g/s does not depend on s.
Place       Our own: Eq. 13 and 28 of arXiv 2601.05002 as the weight of a token.
Hypotheses  none for (1) and (3); K not 0 and s > 0 in (2).
Proof       by the branches of the clip.
Not claimed anything for ratios of sequences, which other tokens move too.
"""

from typing import Any

import sympy as sp

from theory import kernel as k
from theory.decide import Goal
from theory.kernel import Term, Theorem
from theory.kernel.terms import ne
from theory.language import equals, reals
from theory.proposition import proposition
from theory.tactics import Context
from theory.tactics.logic import by_branches, conjunction, impossible
from theory.tactics.members import nonzero

K, A, s, u, low, up = reals("K A s u epsilon_low epsilon_up")


def weight(ratio: sp.Expr) -> sp.Expr:
    above = sp.Piecewise((ratio, ratio <= 1 + up), (0, True))
    below = sp.Piecewise((ratio, ratio >= 1 - low), (0, True))
    return K * A * sp.Piecewise((above, A > 0), (below, True))


ABOVE, BELOW = s > 1 + up, s < 1 - low
INSIDE = sp.And(1 - low < s, s < 1 + up, 1 - low < u, u < 1 + up)
CASE: dict[str, Any] = {"K": 1, "A": -1, "s": 2, "u": 1, "epsilon_low": "1/5", "epsilon_up": "1/5"}


def branches(goal: Goal, prove: Any) -> Theorem:
    """Each implication, by the branches of the clip; a branch that its premise excludes needs no proof."""

    def leaf(here: Context, claim: Term) -> Theorem:
        try:
            return impossible(here, claim)
        except k.Refused:
            return prove(here, claim)

    parts = [
        k.imp_intro(p.args[0], by_branches(goal.assuming(p.args[0]), p.args[1], leaf))
        for p in (goal.claim.args if goal.claim.op == "and" else [goal.claim])
    ]
    return conjunction(goal.claim, *parts)


@proposition(
    "lossproof.lift.clipped_silent",
    title="for every G, a token beyond the clip bound that its advantage favours has no weight",
    source="our own",
    printed="s > 1 + ε_up, A > 0 or s < 1 - ε_low, A < 0 ⇒ g = 0",
    statement=sp.And(
        sp.Implies(sp.And(ABOVE, A > 0), equals(weight(s), 0)), sp.Implies(sp.And(BELOW, A < 0), equals(weight(s), 0))
    ),
    not_claimed="anything for ratios of sequences",
)
def clipped_silent(goal: Goal) -> Theorem:
    return branches(goal, lambda here, claim: here.prove(claim))


@proposition(
    "lossproof.lift.clip_pessimistic",
    title="for every G, a token beyond the other clip bound keeps its weight, for every ratio",
    source="our own",
    printed="s > 1 + ε_up, A < 0 or s < 1 - ε_low, A > 0 ⇒ g ≠ 0",
    statement=sp.And(
        sp.Implies(sp.And(ABOVE, A < 0), sp.Ne(weight(s), 0, evaluate=False)),
        sp.Implies(sp.And(BELOW, A > 0), sp.Ne(weight(s), 0, evaluate=False)),
    ),
    assumptions={"K is not 0": sp.Ne(K, 0), "ratios are positive": s > 0, "1 is inside the clip": sp.And(low >= 0, up >= 0)},
    model=CASE,
    drops={
        "K is not 0": CASE | {"K": 0},
        "ratios are positive": CASE | {"s": 0, "A": 1},
        "1 is inside the clip": CASE | {"epsilon_low": -2, "s": 2},
    },
    not_claimed="anything for ratios of sequences",
)
def clip_pessimistic(goal: Goal) -> Theorem:
    def product(here: Context, claim: Term) -> Theorem:
        return k.restate(nonzero(here, claim.args[0].args[0], *claim.args[0].args[0].args), ne(claim.args[0].args[0], k.num(0)))

    return branches(goal, product)


@proposition(
    "lossproof.lift.ratio_weighted",
    title="for every G, inside the clip a token's weight is its ratio times what no ratio is in",
    source="our own",
    printed="1 - ε_low < s, u < 1 + ε_up ⇒ u g(s) = s g(u)",
    statement=sp.Implies(INSIDE, equals(u * weight(s), s * weight(u))),
    not_claimed="anything for ratios of sequences",
)
def ratio_weighted(goal: Goal) -> Theorem:
    return branches(goal, lambda here, claim: here.prove(claim))
