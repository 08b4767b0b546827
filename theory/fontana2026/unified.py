"""Section 3, Eq. 1 and 2: the unified objective and the group-centred advantage.

Eq. 1 is a definition: its term is well defined, is A_i on policy (Eq. 8), and is A min(s, 1+ε_up) or A max(s,
1-ε_low) by the sign of A, which is s A inside the clip range and constant beyond it (Eq. 13, 28). Eq. 2 centres the
rewards, and that is not the "standardising" that the text speaks of.
"""

from fractions import Fraction
from functools import cache
from typing import Any

import sympy as sp

from theory import kernel as k
from theory.decide import Goal
from theory.kernel import Term, Theorem
from theory.kernel.terms import ONE, le, neg
from theory.kernel.theorem import same
from theory.language import equals, family, formula, int_family, integers, maximum, mean, minimum, reals, term
from theory.proposition import proposition, refuted
from theory.tactics import Context
from theory.tactics.clip import MINUS, chosen, min_below, min_by_sign
from theory.tactics.logic import conjunction, parts_of

G, N, i, j, m, t, u = integers("G N i j m t u")
s, a, low, up, theta, eta = reals("s a epsilon_low epsilon_up theta eta")
r, logpi, logold, lognow, score = (family(x) for x in ("r", "logpi", "logold", "lognow", "score"))
n = int_family("n")


def one(*_: Any) -> Fraction:
    """1"""
    return Fraction(1)


def clip(ratio: sp.Expr) -> sp.Expr:
    return minimum(maximum(ratio, 1 - low), 1 + up)


def clipped_term(ratio: sp.Expr, advantage: sp.Expr) -> sp.Expr:
    """The inner term of Eq. 1: min(s A, clip(s, 1-ε_low, 1+ε_up) A)."""
    return minimum(ratio * advantage, clip(ratio) * advantage)


def by_sign(ratio: sp.Expr, advantage: sp.Expr) -> sp.Expr:
    """The same, by the sign of A: A min(s, 1+ε_up) where A > 0, A max(s, 1-ε_low) where A < 0."""
    return maximum(0, advantage) * minimum(ratio, 1 + up) + minimum(0, advantage) * maximum(ratio, 1 - low)


HALF_WIDTHS = {"lower half-width": low >= 0, "upper half-width": up >= 0}
CLIP = {"epsilon_low": "1/5", "epsilon_up": "1/5"}


# -- Eq. 1 -----------------------------------------------------------------------------------------------------------


@proposition(
    "fontana2026.eq1",
    title="the clipped term is well defined, and is what its other uses say: A on policy, s A inside, constant beyond",
    source="Section 3, Eq. 1; with Eq. 8 (on policy), Eq. 13 (the two branches), Eq. 28 (which side is clipped)",
    printed="J(θ) = E[ Σ_i Σ_t α_{i,t} min( s_{i,t} A_i, clip(s_{i,t}, 1-ε_low, 1+ε_up) A_i ) - β R(θ) ]",
    assumptions=HALF_WIDTHS,
    unstated=tuple(HALF_WIDTHS),
    statement=sp.And(
        equals(clipped_term(s, a), by_sign(s, a)),
        equals(clipped_term(sp.Integer(1), a), a),
        clipped_term(s, a) <= s * a,
    ),
    model={"s": 2, "A": 1, "a": 1, **CLIP},
    drops={
        "lower half-width": {"s": 1, "a": -1, "epsilon_low": "-1/2", "epsilon_up": "1/5"},
        "upper half-width": {"s": 1, "a": 1, "epsilon_low": "1/5", "epsilon_up": "-1/2"},
    },
    not_claimed="that J has a derivative where a ratio stands on the bound that its advantage favours; it has none there",
)
def eq1(goal: Goal) -> Theorem:
    """By the sign of A; min(s A, m A) is A min(s, m) or A max(s, m), and these are linear in s and the bounds."""
    one = chosen(goal, term(clip(sp.Integer(1))), ONE)
    return conjunction(
        goal.claim,
        term_by_sign(*map(formula, HALF_WIDTHS.values())),
        on_policy(term(clipped_term(sp.Integer(1), a)), term(a), one),
        min_below(term(clipped_term(s, a)), term(s * a)),
    )


@cache
def term_by_sign(*bounds: Term) -> Theorem:
    """The term of Eq. 1 is its form by the sign of A, for every s and A; `bounds` give 1-ε_low <= 1+ε_up."""
    ordered = Context(map(k.assume, bounds))
    return min_by_sign(ordered, term(clipped_term(s, a)), term(s), term(clip(s)), term(a), factors(s, a))


def factors(ratio: sp.Expr, advantage: sp.Expr) -> tuple[Term, ...]:
    """The four factors of `by_sign`."""
    parts = maximum(0, advantage), minimum(ratio, 1 + up), minimum(0, advantage), maximum(ratio, 1 - low)
    return tuple(map(term, parts))


def on_policy(least: Term, advantage: Term, one: Theorem) -> Theorem:
    """min(A, clip(1) A) = A, since clip(1) = 1."""
    condition, *values = least.args
    sides = []
    for known in (k.assume(condition), k.assume(neg(condition))):
        value = k.if_(known, *values)
        equations = [value] if same(value.concl.args[1], advantage) else [value, one]
        sides.append(k.linear(least, advantage, equations, [ONE, advantage][: len(equations)]))
    return k.cases(condition, *sides)


# -- Eq. 2 -----------------------------------------------------------------------------------------------------------


def advantage(index: sp.Symbol) -> sp.Expr:
    """A_i = r_i - (1/G) Σ_j r_j."""
    return r(index) - mean(r(j), j, G)


SQUARES = sp.Sum(advantage(i) ** 2, (i, 1, G))


@proposition(
    "fontana2026.eq2",
    title="the group-centred advantages add up to 0, for every group",
    source="Section 3, Eq. 2",
    printed="A_i = r_i - (1/G) Σ_j r_j; Σ_i A_i = 0",
    statement=equals(sp.Sum(advantage(i), (i, 1, G)), 0),
    not_claimed="that a part of the group adds up to 0",
)
def eq2(goal: Goal) -> Theorem:
    return for_every_group(goal, goal.claim)


def for_every_group(ctx: Context, claim: Term) -> Theorem:
    """Equations between sums over the group: by expansion where it has a member, 0 = 0 where it has none."""
    nonempty = le(ONE, term(G))
    none = k.negate(k.assume(neg(nonempty)))

    def vanishing(p: Term) -> Theorem:
        empty = [(k.sum_empty(x, [none]), c) for x, c in zip(p.args, (ONE, MINUS), strict=True) if x.op == "sum"]
        return k.linear(*p.args, [th for th, _ in empty], [c for _, c in empty])

    sides = ctx.assuming(nonempty).prove(claim), conjunction(claim, *map(vanishing, parts_of(claim)))
    return k.cases(nonempty, *sides)


MEMBERS = {"the group has a member": G >= 1}

refuted(
    "fontana2026.eq2.standardising",
    title="Eq. 2 standardises the rewards: the advantages have unit variance, for one of the two usual definitions of it",
    source="Section 3, the text at Eq. 2",
    printed="standardising: Σ_i A_i² = G, or Σ_i A_i² = G - 1",
    assumptions=MEMBERS | {"the rewards are not all equal": SQUARES > 0},
    statement=equals((SQUARES - G) * (SQUARES - (G - 1)), 0),
    witness={"G": 2, "r": [1, 0]},
    module=__name__,
    repair="fontana2026.eq2.standardising.repaired",
    finding="For two completions with rewards 1 and 0, A = (1/2, -1/2) and Σ A² = 1/2, where unit variance needs 2 "
    "(divisor G) or 1 (divisor G - 1). Eq. 2 subtracts the mean and nothing else; the six rows of Table 1 with "
    "1/σ(r) in α standardise (GPG if F_norm = σ(r)), the others do not.",
)


@proposition(
    "fontana2026.eq2.standardising.repaired",
    title="Eq. 2 centres the rewards: mean 0, and the variance of the rewards",
    source="Section 3, the text at Eq. 2, corrected",
    printed="Σ_i A_i = 0, Σ_i (A_i - Ā)² = Σ_i (r_i - r̄)²",
    statement=sp.And(
        equals(sp.Sum(advantage(i), (i, 1, G)), 0),
        equals(sp.Sum((advantage(i) - mean(advantage(m), m, G)) ** 2, (i, 1, G)), SQUARES),
    ),
    not_claimed="anything about the scale of the advantages: it is that of the rewards",
)
def centring(goal: Goal) -> Theorem:
    return for_every_group(goal, goal.claim)
