"""Section 5: with a regulariser (β ≠ 0), what depends on the scale of the reward, and what does not.

The regulariser's gradient does not scale with φ. Whether the dynamics depend on φ is decided by the other part: where
α has 1/σ(r), as in GRPO R1, nothing scales at all; where α is free of the rewards, the direction of the gradient turns
with φ unless both parts are parallel.
"""

from typing import Any

import sympy as sp

from theory import kernel as k
from theory.decide import Goal
from theory.fontana2026.reward_gradient import G, advantage, beta, i, n, over_tokens, phi, rewards, t
from theory.fontana2026.reward_scale import GROUP, ddof, gradient, sd, sd_, sigma
from theory.kernel import Term, Theorem
from theory.kernel.terms import ONE, ZERO, eq, mul, neg, sub
from theory.language import ForAll, equals, family, formula, reals, term
from theory.proposition import proposition, refuted
from theory.tactics import MINUS, Context, discharge
from theory.tactics.adam import W
from theory.tactics.powers import square_positive

s, score, pi, ref, a, b = (family(x) for x in ("s", "score", "pi", "ref", "a", "b"))
g, g_, pull, slope_a, slope_b, x, c = reals("g g_ pull slope_a slope_b x c")


def token(of: Any, at: Any) -> sp.Expr:
    """s ∇log π of a token."""
    return s(of, at) * score(of, at)


# ∇R of GRPO R1: R = (1/G) Σ_i (1/|o_i|) Σ_t D_KL, and D_KL has the derivative (1 - π_ref/π) ∇log π (at R's own tokens)
penalty = sp.Sum(over_tokens((1 - ref(i, t) / pi(i, t)) * score(i, t)) / (G * n(i)), (i, 1, G))


refuted(
    "fontana2026.s5a",
    title="with β ≠ 0 the gradient of GRPO R1 depends on the scale of the reward",
    source="Section 5, after Prop. 2, with Table 1, row GRPO R1",
    printed="with β ≠ 0 the invariance is lost: the dynamics depend on the reward's scale",
    statement=sp.Ne(g_, g),
    assumptions=GROUP
    | {
        "two completions of one token": sp.And(equals(G, 2), ForAll(i, 1, G, equals(n(i), 1)), equals(ddof, 0)),
        "∇R": equals(pull, penalty),
        "σ(r) and σ(φ r)": sp.And(equals(sd, sigma(rewards())), equals(sd_, sigma(rewards(phi)))),
        "g at r": equals(g, gradient(rewards(), 1 / (G * n(i) * sd), token) - beta * pull),
        "g* at φ r": equals(g_, gradient(rewards(phi), 1 / (G * n(i) * sd_), token) - beta * pull),
        "the scale changes": sp.Ne(phi, 1),
        "β is not 0": sp.Ne(beta, 0),
        "the regulariser pulls": sp.Ne(pull, 0),
    },
    unstated=(*tuple(GROUP)[:-1], "two completions of one token", "the scale changes", "the regulariser pulls"),
    witness={"G": 2, "ddof": 0, "n": [1, 1], "r": [0, 1], "phi": 2, "beta": 1}
    | {"s": [[1], [1]], "score": [[1], [0]], "pi": [["1/2"], ["1/4"]], "ref": [["1/4"], ["1/2"]]}
    | {"sd": "1/2", "sd_": 1, "pull": "1/4", "g": "-3/4", "g_": "-3/4"},
    module=__name__,
    repair="fontana2026.s5a.repaired",
    finding="GRPO R1, a row of Table 1 with a regulariser, divides by σ(r), so its gradient is the same for r and "
    "φ r at every β. For r = (0, 1), one token each, s = 1, ∇log π = (1, 0), π = 1/2 and π_ref = 1/4 for the first "
    "token, β = 1 (ddof = 0), the gradient is -1/2 - 1/4 = -3/4, and so it is for 2 r.",
)


def weighted(scale: Any, weight: Any) -> sp.Expr:
    """g_A in the coordinate in which α s ∇log π, summed over the tokens of completion i, is weight(i)."""
    return sp.Sum(advantage(rewards(scale)) * weight(i), (i, 1, G))


TWO: dict[str, Any] = {"G": 2, "r": [1, 0], "a": [2, 0], "b": [0, 2], "slope_a": 1, "slope_b": 0, "beta": 1, "phi": 2}


@proposition(
    "fontana2026.s5a.repaired",
    title="if α is free of the rewards, the direction of g turns with the scale, unless g_A and ∇R are parallel",
    source="Section 5, after Prop. 2, corrected",
    printed="with β ≠ 0 the invariance is lost: the dynamics depend on the reward's scale",
    statement=sp.Ne(
        (weighted(phi, a) - beta * slope_a) * (weighted(1, b) - beta * slope_b),
        (weighted(phi, b) - beta * slope_b) * (weighted(1, a) - beta * slope_a),
        evaluate=False,
    ),
    assumptions={
        "the scale changes": sp.Ne(phi, 1),
        "β is not 0": sp.Ne(beta, 0),
        "g_A and ∇R are not parallel": sp.Ne(weighted(1, a) * slope_b, weighted(1, b) * slope_a, evaluate=False),
    },
    unstated=("the scale changes", "g_A and ∇R are not parallel"),
    model=TWO,
    drops={
        "the scale changes": TWO | {"phi": 1},
        "β is not 0": TWO | {"beta": 0},
        "g_A and ∇R are not parallel": TWO | {"slope_b": -1},
    },
    not_claimed="that the update of Adam changes at every step: see s5a.first_step. a and b are two coordinates of θ",
)
def direction_turns(goal: Goal) -> Theorem:
    """The difference of both sides is (φ-1) β (g_A,b ∇R_a - g_A,a ∇R_b), a product of numbers that are not 0."""
    one_a, one_b, two_a, two_b = map(term, (weighted(1, a), weighted(1, b), weighted(phi, a), weighted(phi, b)))
    scaled = [goal.equal(two, mul(term(phi), one)) for two, one in ((two_a, one_a), (two_b, one_b))]
    alike = goal.claim.args[0]
    factors = [term(phi - 1), term(beta), term(weighted(1, b) * slope_a - weighted(1, a) * slope_b)]
    rests = [term(beta * slope_b - weighted(1, b)), term(weighted(1, a) - beta * slope_a)]
    zero = k.linear(mul(*factors), ZERO, [k.assume(alike), *scaled], [ONE, *rests])
    names = ("the scale changes", "β is not 0", "g_A and ∇R are not parallel")
    known = [apart(goal.given[name]) for name in names]
    crossed = k.nonzero_product([MINUS, known[2].concl.args[0].args[0]], [Context().unequal(MINUS, ZERO), known[2]])
    product = k.nonzero_product(factors, [*known, crossed])
    return denied(alike, k.absurd(zero, product, goal.claim))


def apart(unequal: Theorem) -> Theorem:
    """a - b != 0 from a != b."""
    x, y = unequal.concl.args[0].args
    zero = eq(sub(x, y), ZERO)
    return denied(zero, k.absurd(k.linear(x, y, [k.assume(zero)], [ONE]), unequal, neg(zero)))


def denied(p: Term, contrary: Theorem) -> Theorem:
    """not p, because p implies it."""
    return k.cases(p, contrary, k.assume(neg(p)))


@proposition(
    "fontana2026.s5a.first_step",
    title="where β ∂R = c g_A, Adam's first ε-free step reverses with the scale at φ = c if c > 0, and never if c <= 0",
    source="Section 5, after Prop. 2, for Adam's first step",
    printed="with β ≠ 0 the invariance is lost: the dynamics depend on the reward's scale",
    statement=sp.And(
        sp.Implies(c <= 0, (phi * x - c * x) * (x - c * x) > 0),
        sp.Implies(sp.And(c > 0, phi > c), x * (phi * x - c * x) > 0),
        sp.Implies(sp.And(c > 0, phi < c), x * (phi * x - c * x) < 0),
    ),
    assumptions={"φ is positive": phi > 0, "g_A is not 0": sp.Ne(x, 0)},
    unstated=("g_A is not 0",),
    model={"phi": 2, "x": 1, "c": 1},
    drops={"φ is positive": {"phi": -2, "x": 1, "c": -1}, "g_A is not 0": {"phi": 2, "x": 0, "c": 1}},
    not_claimed="anything about later steps. x is g_A in a coordinate; the first ε-free step is ξ sign(φ g_A - β ∂R)",
)
def first_step_reverses(goal: Goal) -> Theorem:
    """The products are (φ-c)(1-c) x² and (φ-c) x²."""
    square, positive = square_positive(term(x), goal.given["g_A is not 0"]), goal.given["φ is positive"]
    below, above, under = (k.assume(formula(p)) for p in (c <= 0, phi > c, phi < c))
    same = [[positive, square], [positive, below, square], [below, square], [below, below, square]]
    leaves = {
        formula((phi * x - c * x) * (x - c * x) > 0): [(W, ONE, factors) for factors in same],
        formula(x * (phi * x - c * x) > 0): [(W, ONE, [above, square])],
        formula(x * (phi * x - c * x) < 0): [(W, ONE, [under, square])],
    }
    known = [k.sos(p, parts, [], []) for p, parts in leaves.items()]

    def proved(p: Term) -> Theorem:
        premise, claim = p.args
        parts = [k.assume(premise)] if premise.op != "and" else [k.and_elim(k.assume(premise), at) for at in (0, 1)]
        return k.imp_intro(premise, discharge(next(th for th in known if th.concl is claim), parts))

    return k.and_intro([proved(p) for p in goal.claim.args])
