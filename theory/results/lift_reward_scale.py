"""Another unit of the reward, at every G: with 1/σ(r) no weight changes, without it all change linearly, with 1/(σ(r) + ε)
neither.

Statement   For the form of `lift_form` and φ > 0: (1) with D = σ(r), g(φ r) = g(r), whatever the regulariser; (2) with
            D = 1 and no regulariser, g(φ r) = φ g(r). For φ not 1 the other one fails, at every token that is pushed:
            (3) with D = 1 g(φ r) is not g(r), (4) with D = σ(r) it is not φ g(r); (5) with D = σ(r) + ε, ε > 0, it is
            neither; and (6) with D = 1 and a regulariser that pulls, it is not φ g(r).
Place       Our own: Eq. 23 of arXiv 2601.05002 (fontana2026.eq23) token by token, with clip, regulariser and ε.
Hypotheses  φ > 0; where σ(r) stands, rewards that are not all equal and ddof < G; the token's weight is not 0 in (3)-(5).
Proof       A(φ r) = φ A(r), which keeps its sign, so that S stays; σ(φ r) = φ σ(r).
Not claimed anything for thresholds on A, which do not scale.
"""

from typing import Any

import sympy as sp

from theory import kernel as k
from theory.decide import Goal
from theory.fontana2026.reward_scale import scaled_sigma
from theory.kernel import Term, Theorem
from theory.kernel.terms import ONE, ZERO, eq, lt, mk, mul
from theory.language import equals, reals, term
from theory.proposition import UNNEEDED, proposition
from theory.tactics import Context, discharge, instantiate
from theory.tactics.adam import W, congruence
from theory.tactics.logic import by_branches, conjunction, impossible, swapped
from theory.tactics.members import chain, differ

from .lift_form import (
    BELOW,
    DIFFER,
    SOME,
    A,
    advantage,
    down,
    epsilon,
    i,
    phi,
    pull,
    rewards,
    sigma,
    spread,
    spread_is_positive,
    t,
    up,
    weight,
)

hole = reals("hole")
PHI = {"φ is positive": phi > 0}
CASE: dict[str, Any] = {
    "G": 2, "ddof": 0, "i": 1, "t": 1, "r": [1, 0], "phi": 2, "epsilon": 1, "kappa": [1, 1], "up": [[1], [1]], "down": [[1], [1]],
    "p": [[0], [0]],
}  # fmt: skip


def scaled(at: Any) -> sp.Expr:
    return rewards(phi)(at)


def side(a: sp.Expr) -> sp.Expr:
    return sp.Piecewise((up(i, t), a > 0), (down(i, t), True))


def same_side(goal: Goal) -> Theorem:
    """S at φ r = S at r: φ A and A have the same sign."""
    a, u, v, f = map(k.var, ("a", "u", "v", "f"))

    def s(x: Term) -> Term:
        return mk("ite", lt(ZERO, x), u, v)

    def leaf(here: Context, equation: Term) -> Theorem:
        try:
            return here.prove(equation)
        except k.Refused:
            return impossible(here, equation, products=2)

    lemma = by_branches(Context([k.assume(lt(ZERO, f))]), eq(s(mul(f, a)), s(a)), leaf)
    values = dict(zip((a, u, v, f), map(term, (A, up(i, t), down(i, t), phi)), strict=True))
    kept = discharge(instantiate(lemma, values), [goal.given["φ is positive"]])
    scaled_advantage = goal.equal(term(advantage(scaled)), term(phi * A))
    return chain(congruence(scaled_advantage, term(hole), term(side(hole))), kept)


@proposition(
    "lossproof.lift.reward_scale_invariant",
    title="for every G, with weights over σ(r) another unit of the reward changes no token weight, whatever the regulariser",
    source="our own",
    printed="g_{i,t}(φ r) = g_{i,t}(r) for φ > 0, g_{i,t} = κ_i A_i S_{i,t}/σ(r) - p_{i,t}",
    statement=equals(weight(scaled, sigma(scaled), pull), weight(rewards(), sigma(rewards()), pull)),
    assumptions=BELOW | DIFFER | PHI,
    model=CASE,
    drops={
        "ddof is below G": CASE | {"ddof": 2},
        "rewards are not all equal": CASE | {"r": [1, 1]},
        "φ is positive": CASE | {"phi": -1},
    },
    not_claimed="anything for thresholds on A, which do not scale",
)
def reward_scale_invariant(goal: Goal) -> Theorem:
    sigmas = scaled_sigma(goal)
    return goal.equal(*goal.claim.args, same_side(goal), *sigmas)


@proposition(
    "lossproof.lift.reward_scale_linear",
    title="for every G, with weights free of σ(r) and no regulariser another unit of the reward scales every token weight",
    source="our own",
    printed="g_{i,t}(φ r) = φ g_{i,t}(r) for φ > 0, g_{i,t} = κ_i A_i S_{i,t}",
    statement=equals(weight(scaled), phi * weight(rewards())),
    assumptions=SOME | PHI,
    model=CASE,
    drops={"a group has a member": UNNEEDED, "φ is positive": CASE | {"phi": -1, "up": [[1], [1]], "down": [[0], [0]]}},
    not_claimed="anything for thresholds on A, which do not scale",
)
def reward_scale_linear(goal: Goal) -> Theorem:
    return goal.equal(*goal.claim.args, same_side(goal))


OTHER = {"φ is not 1": sp.Ne(phi - 1, 0, evaluate=False)}
SIGMA = BELOW | DIFFER
NOT_ONE = CASE | {"phi": 1}


def pushed(divisor: Any = 1, beside: Any = None) -> dict[str, sp.Basic]:
    return {"the token is pushed": sp.Ne(weight(rewards(), divisor, beside), 0, evaluate=False)}


def differs(left: sp.Expr, right: sp.Expr) -> sp.Basic:
    return sp.Ne(left, right, evaluate=False)


@proposition(
    "lossproof.lift.reward_scale_invariant.fails",
    title="for every G, with weights free of σ(r) another unit of the reward changes every token weight that is pushed",
    source="our own",
    printed="g_{i,t}(φ r) ≠ g_{i,t}(r) for φ ≠ 1, g_{i,t} = κ_i A_i S_{i,t} - p_{i,t}, κ_i A_i S_{i,t} ≠ 0",
    statement=differs(weight(scaled, 1, pull), weight(rewards(), 1, pull)),
    assumptions=SOME | PHI | OTHER | pushed(),
    model=CASE,
    drops={
        "a group has a member": UNNEEDED,
        "φ is positive": CASE | {"phi": -1, "up": [[1], [1]], "down": [[-1], [-1]]},
        "φ is not 1": NOT_ONE,
        "the token is pushed": CASE | {"up": [[0], [0]]},
    },
)
def changes_without_sigma(goal: Goal) -> Theorem:
    return differ(goal, goal.claim, [term(phi - 1), term(weight(rewards()))], [], same_side(goal))


@proposition(
    "lossproof.lift.reward_scale_linear.fails",
    title="for every G, with weights divided by σ(r) no token weight scales with the unit of the reward",
    source="our own",
    printed="g_{i,t}(φ r) ≠ φ g_{i,t}(r) for φ ≠ 1, g_{i,t} = κ_i A_i S_{i,t}/σ(r) - p_{i,t} ≠ 0",
    statement=differs(weight(scaled, sigma(scaled), pull), phi * weight(rewards(), sigma(rewards()), pull)),
    assumptions=SIGMA | PHI | OTHER | pushed(sigma(rewards()), pull),
    model=CASE,
    drops={
        "ddof is below G": UNNEEDED,  # where σ(r) is not defined, no weight is
        "rewards are not all equal": UNNEEDED,
        "φ is positive": UNNEEDED,
        "φ is not 1": NOT_ONE,
        "the token is pushed": CASE | {"up": [[0], [0]]},
    },
)
def stays_with_sigma(goal: Goal) -> Theorem:
    of_sigma = [k.num(-1), term(phi - 1), term(weight(rewards(), sigma(rewards()), pull))]
    sigmas = scaled_sigma(goal)
    return differ(goal, goal.claim, of_sigma, [], same_side(goal), *sigmas)


@proposition(
    "lossproof.lift.reward_scale.fails_by_epsilon",
    title="for every G, with weights over σ(r) + ε, ε > 0, another unit of the reward neither keeps nor scales a token weight",
    source="our own",
    printed="g_{i,t}(φ r) ≠ g_{i,t}(r), φ g_{i,t}(r) for φ ≠ 1, g_{i,t} = κ_i A_i S_{i,t}/(σ(r) + ε) ≠ 0",
    statement=sp.And(
        differs(weight(scaled, spread(scaled)), weight(rewards(), spread(rewards()))),
        differs(weight(scaled, spread(scaled)), phi * weight(rewards(), spread(rewards()))),
    ),
    assumptions=SIGMA | {"ε is positive": epsilon > 0} | PHI | OTHER | pushed(spread(rewards())),
    model=CASE,
    drops={
        "ddof is below G": UNNEEDED,
        "rewards are not all equal": UNNEEDED,
        "ε is positive": CASE | {"epsilon": 0},
        "φ is positive": CASE | {"phi": -1, "down": [[-1], [-1]]},
        "φ is not 1": NOT_ONE,
        "the token is pushed": CASE | {"up": [[0], [0]]},
    },
)
def between(goal: Goal) -> Theorem:
    """The differences are (φ-1) ε and -φ (φ-1) σ(r) times what is not 0."""
    root, _ = scaled_sigma(goal)
    spread_is_positive(goal)
    at_scale = term(phi * sigma(rewards()) + epsilon)
    whole = k.sos(
        lt(ZERO, at_scale),
        [
            (W, ONE, [goal.given["φ is positive"], goal.prove(lt(ZERO, term(sigma(rewards()))))]),
            (W, ONE, [goal.given["ε is positive"]]),
        ],
        [],
        [],
    )
    goal.know(whole)
    goal.define(k.rewrite(swapped(root), whole, term(hole), lt(ZERO, term(hole + epsilon))))
    common = [term(phi - 1), k.terms.inv(at_scale), term(weight(rewards(), spread(rewards())))]
    more = {1: [term(epsilon)], 2: [k.num(-1), term(phi), term(sigma(rewards()))]}
    parts = []
    for claim in goal.claim.args:
        linear = term(phi) in claim.args[0].args[1].free
        parts.append(differ(goal, claim, [*common, *more[2 if linear else 1]], [root], same_side(goal)))
    return conjunction(goal.claim, *parts)


@proposition(
    "lossproof.lift.reward_scale_linear.fails_by_regulariser",
    title="for every G, where a regulariser pulls at a token its weight does not scale with the unit of the reward",
    source="our own",
    printed="g_{i,t}(φ r) ≠ φ g_{i,t}(r) for φ ≠ 1, g_{i,t} = κ_i A_i S_{i,t} - p_{i,t}, p_{i,t} ≠ 0",
    statement=differs(weight(scaled, 1, pull), phi * weight(rewards(), 1, pull)),
    assumptions=SOME | PHI | OTHER | {"the regulariser pulls": sp.Ne(pull(i, t), 0)},
    model=CASE | {"p": [[1], [1]]},
    drops={
        "a group has a member": UNNEEDED,
        "φ is positive": CASE | {"p": [[1], [1]], "phi": -1, "down": [[-3], [-3]]},
        "φ is not 1": NOT_ONE | {"p": [[1], [1]]},
        "the regulariser pulls": CASE,
    },
)
def pull_does_not_scale(goal: Goal) -> Theorem:
    return differ(goal, goal.claim, [term(phi - 1), term(pull(i, t))], [], same_side(goal))
