"""Corollaries 1 and 2: how likely the estimate is too small for a prompt with uniformly distributed p.

Two readings. Conditioned on S as printed, a prompt counts in proportion to P(S | p): P(phat > p, S, p < a) / P(S, p < a),
integrals of polynomials, stated here in closed form (`integral` differentiates it). The paper's numbers are those of
another reading, the plain average over p of P(phat > p | S, p): `averaged`, for which see the numeric evidence.
"""

from fractions import Fraction
from functools import cache
from math import comb
from typing import Any

import sympy as sp

from theory import kernel as k
from theory.decide import Goal
from theory.kernel import Theorem
from theory.language import ForAll, derivative, equals, int_family, integers, minimum, reals
from theory.proposition import not_applicable, proposition, refuted
from theory.related.hadw.groups import SOURCE
from theory.tactics import Context
from theory.tactics.logic import conjunction, with_slope
from theory.tactics.powers import at_value
from theory.tactics.prefix import resolved

G, n, i, j = integers("G n i j")
a, x = reals("a x")
C = int_family("C")


def at_most(n: Any, j: Any, x: Any, binomial: Any = C) -> sp.Expr:
    """∫_0^x C(n, j) p^j (1-p)^(n-j) dp = (1/(n+1)) Σ_{i=j+1}^{n+1} C(n+1, i) x^i (1-x)^(n+1-i)."""
    summand = binomial(n + 1, i) * x**i * (1 - x) ** (n + 1 - i)
    if isinstance(n, int):
        return sp.Add(*(summand_at(n + 1, e, x) for e in range(j + 1, n + 2))) / (n + 1)
    return sp.Sum(summand, (i, j + 1, n + 1)) / (n + 1)


def summand_at(n: int, e: int, x: Any) -> sp.Expr:
    return comb(n, e) * x**e * (1 - x) ** (n - e)


def both(n: Any, a: Any) -> sp.Expr:
    """∫_0^a P(S | p) dp = a - (1 - (1-a)^(n+1))/(n+1) - a^(n+1)/(n+1)."""
    return a - (1 - (1 - a) ** (n + 1)) / (n + 1) - a ** (n + 1) / (n + 1)


@cache
def too_small(n: int, a: Any) -> sp.Expr:
    """∫_0^a P(phat > p, S | p) dp for a group of n: R = j counts for p below j/n."""
    return sp.Add(*(at_most(n, j, minimum(sp.Rational(j, n), a)) for j in range(1, n)))


TOO_SMALL = sp.Sum(at_most(G, j, minimum(j / G, a)), (j, 1, G - 1))
PASCAL = {
    "C is Pascal's triangle": ForAll(
        n, 0, G, ForAll(i, 0, n, sp.And(equals(C(n, 0), 1), equals(C(n, n), 1), equals(C(n + 1, i + 1), C(n, i) + C(n, i + 1))))
    )
}


def choose(n: Fraction, i: Fraction) -> Fraction:
    """binomial coefficients"""
    return Fraction(comb(int(n), int(i)) if i >= 0 else 0)


def holds_with(share: sp.Rational) -> sp.Basic:
    """P(Ahat_i < A_i | S, p < a) > share."""
    return TOO_SMALL > share * both(G, a)


READ = "p uniform on [0, 1], conditioned on S as printed"
for name, limit, share, size, value in (
    ("half", sp.Rational(1, 2), sp.Rational(63, 100), 5, "0.6267"),
    ("quarter", sp.Rational(1, 4), sp.Rational(78, 100), 6, "0.7455"),
):
    refuted(
        f"hadw.corollary1.{name}",
        title=f"of prompts with p < {limit}, groups with both outcomes under-estimate with probability above {share}",
        source=f"{SOURCE}, Corollary 1, {READ}",
        printed=f"P(Ahat_i < A_i | S, p < {limit}) > {float(share):.2f} for 2 ≤ G ≤ 8",
        assumptions={"2 ≤ G ≤ 8": sp.And(G >= 2, G <= 8), "a": equals(a, limit)} | PASCAL,
        statement=holds_with(share),
        witness={"G": size, "a": Fraction(int(limit.p), int(limit.q)), "C": choose},
        module=__name__,
        repair=f"hadw.corollary1.{name}.repaired",
        finding=f"For G = {size} the exact share is {value}, and it falls further up to G = 8. The paper's numbers are those "
        "of the plain average over p, which gives prompts that rarely reach S the same weight as the others.",
    )


def by_numbers(goal: Goal) -> Theorem:
    """Each part at the number that a is: each minimum is one of its sides, the rest is rational arithmetic."""
    out = []
    for claim in goal.claim.args:
        premise, conclusion = claim.args
        value = at_value(goal, k.assume(premise), conclusion, lambda ctx, closed: resolved(Context(), closed))
        out.append(k.imp_intro(premise, value))
    return conjunction(goal.claim, *out)


def above(n: int, share: sp.Rational) -> sp.Basic:
    """In a group of n; unevaluated, for SymPy would spend seconds on the sign of what is asked."""
    return sp.Gt(too_small(n, a), share * both(n, a), evaluate=False)


def below(n: int, share: sp.Rational) -> sp.Basic:
    return sp.Lt(too_small(n, a), share * both(n, a), evaluate=False)


def at(limit: sp.Rational, claim: sp.Basic) -> sp.Basic:
    return sp.Implies(equals(a, limit), claim, evaluate=False)


for name, limit, low, high, fail, values in (
    ("half", sp.Rational(1, 2), sp.Rational(57, 100), sp.Rational(63, 100), range(5, 9),
     "1, 0.7199, 0.7031, 0.6267, 0.6194, 0.5826, 0.5799"),
    ("quarter", sp.Rational(1, 4), sp.Rational(7, 10), sp.Rational(78, 100), range(6, 9),
     "1, 1, 1, 0.8208, 0.7455, 0.7157, 0.7080"),
):  # fmt: skip
    proposition(
        f"hadw.corollary1.{name}.repaired",
        title=f"the share is above {low} for 2 ≤ G ≤ 8, and below {high} from G = {fail[0]} on",
        source=f"{SOURCE}, Corollary 1, {READ}",
        printed=f"P(Ahat_i < A_i | S, p < {limit}) > {float(low):.2f} for 2 ≤ G ≤ 8, < {float(high):.2f} for {fail[0]} ≤ G ≤ 8",
        statement=sp.And(
            *(at(limit, above(size, low)) for size in range(2, 9)),
            *(at(limit, below(size, high)) for size in fail),
        ),
        finding=f"The exact shares for G = 2, ..., 8 are {values}.",
        not_claimed="groups above 8. The mirror image p > 1 - a follows by exchanging right and wrong",
    )(by_numbers)

refuted(
    "hadw.corollary2",
    title="of prompts with p < 2/G, groups with both outcomes under-estimate with probability above 0.78, for G ≥ 6",
    source=f"{SOURCE}, Corollary 2, {READ}",
    printed="P(Ahat_i < A_i | S, p < 2/G) > 0.78 for G ≥ 6",
    assumptions={"G ≥ 6": G >= 6, "a": equals(a, 2 / G)} | PASCAL,
    statement=holds_with(sp.Rational(78, 100)),
    witness={"G": 6, "a": Fraction(1, 3), "C": choose},
    module=__name__,
    repair="hadw.corollary2.repaired",
    finding="For G = 6 the exact share is 0.7079. As in Corollary 1, the paper's 0.78 is the plain average over p.",
)

SIZES = range(6, 13)
proposition(
    "hadw.corollary2.repaired",
    title="the share is above 0.70 and below 0.71 for 6 ≤ G ≤ 12",
    source=f"{SOURCE}, Corollary 2, {READ}",
    printed="0.70 < P(Ahat_i < A_i | S, p < 2/G) < 0.71 for 6 ≤ G ≤ 12",
    statement=sp.And(
        *(at(sp.Rational(2, n), above(n, sp.Rational(7, 10))) for n in SIZES),
        *(at(sp.Rational(2, n), below(n, sp.Rational(71, 100))) for n in SIZES),
    ),
    not_claimed="groups above 12",
)(by_numbers)

for id, title, printed in (
    ("hadw.corollary1.averaged", "averaged over p < 1/2 (1/4), P(Ahat_i < A_i | S, p) is above 0.63 (0.78) for 2 ≤ G ≤ 8",
     "(1/a) ∫_0^a P(Ahat_i < A_i | S, p) dp > 0.63 for a = 1/2, > 0.78 for a = 1/4"),
    ("hadw.corollary2.averaged", "averaged over p < 2/G, P(Ahat_i < A_i | S, p) is above 0.78 for G ≥ 6",
     "(G/2) ∫_0^{2/G} P(Ahat_i < A_i | S, p) dp > 0.78 for G ≥ 6"),
):  # fmt: skip
    not_applicable(
        id,
        title=title,
        source=f"{SOURCE}, Eqs. 43 and 52, Tables 4 and 5: the reading that the paper computes",
        printed=printed,
        reason="integrals of rational functions of p: the kernel has no integration. Rigorous enclosures agree: numeric evidence",
        module=__name__,
    )


@proposition(
    "hadw.corollary1.integral",
    title="the closed forms in these statements are the integrals over p, for 2 ≤ G ≤ 8",
    source=f"{SOURCE}, Corollary 1",
    printed="d/dx (1/(G+1)) Σ_{i>k} C(G+1,i) x^i (1-x)^{G+1-i} = C(G,k) x^k (1-x)^{G-k}; d/da of ∫ P(S) is P(S)",
    statement=sp.And(
        *(derivative(at_most(n, j, x), x, summand_at(n, j, x)) for n in range(2, 9) for j in range(1, n)),
        *(derivative(both(n, x), x, 1 - (1 - x) ** n - x**n) for n in range(2, 9)),
    ),
)
def integral(goal: Goal) -> Theorem:
    """Polynomials; at x = 0 both are 0."""
    out = []
    for claim in goal.claim.args:
        v, f, point, slope = claim.args
        th = k.diff(v, f, point, [])
        out.append(k.restate(with_slope(goal, th, slope), claim))
    return conjunction(goal.claim, *out)
