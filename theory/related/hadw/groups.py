"""The law of a group of G completions, each correct with probability p, and what conditioning on both outcomes does.

b(n, j) is the chance of j correct among n, given by adding one completion at a time (`hadw.binomial`: it is
C(n, j) p^j (1-p)^(n-j)). S is the event that a group has a correct and a wrong completion, 1 <= R <= G-1; phat = R/G.
"""

from collections.abc import Callable
from fractions import Fraction
from functools import cached_property
from math import comb
from typing import Any

import sympy as sp

from theory import kernel as k
from theory.kernel import Term, Theorem, mk
from theory.kernel.terms import ONE, ZERO, add, le, lt, mul, sub
from theory.language import ForAll, equals, family, integers, reals, term
from theory.proposition import Case
from theory.tactics import MINUS, Context, pow_below_one
from theory.tactics.binomial import Law
from theory.tactics.powers import power_step

G, n, j = integers("G n j")
p, r = reals("p r")
b = family("b")
One = Fraction(1)
SOURCE = "arXiv 2601.08521"
Q = 1 - p

LAW = "b is the law of the number of correct completions"
GROUP = {
    LAW: sp.And(
        equals(b(0, 0), 1),
        ForAll(n, 0, G, equals(b(n, -1), 0)),
        ForAll(n, 0, G, equals(b(n, n + 1), 0)),
        ForAll(n, 0, G - 1, ForAll(j, 0, n + 1, equals(b(n + 1, j), p * b(n, j - 1) + (1 - p) * b(n, j)))),
    ),
    "G ≥ 2": G >= 2,
    "0 < p < 1": sp.And(p > 0, p < 1),
}


def binomial(chance: Fraction | str | int) -> Callable[[Fraction, Fraction], Fraction]:
    """The binomial law with this success probability, as a family (n, j)."""
    x = Fraction(chance)

    def law(n: Fraction, j: Fraction) -> Fraction:
        return comb(int(n), int(j)) * x ** int(j) * (1 - x) ** int(n - j) if 0 <= j <= n else Fraction(0)

    law.__doc__ = f"C(n, j) {x}^j (1 - {x})^(n-j)"
    return law


def group(size: int, x: str, **more: Any) -> Case:
    """A case: groups of `size`, completions correct with probability x."""
    return {"G": size, "p": x, "b": binomial(x)} | more


def chance(f: Any = 1) -> sp.Expr:
    """E[f(R) 1_S]; P(S) for f = 1."""
    return sp.Sum(b(G, j) * f, (j, 1, G - 1))


def given_s(f: sp.Expr) -> sp.Expr:
    """E[f(R) | S]."""
    return chance(f) / chance()


A = 1 - (1 - p) ** G - p**G  # P(S) in closed form
BASELINE = given_s(j / G)  # E[phat | S]
BIAS = BASELINE - p


class Facts:
    """What follows from the assumptions GROUP: the ends of the law, P(S) and E[phat 1_S] in closed form, signs."""

    def __init__(self, ctx: Context):
        self.size = term(G)
        self.fewer = sub(self.size, ONE)
        self.p, self.q = term(p), term(Q)
        self.law = Law(ctx, self.p, self.size)
        self.ctx = ctx = self.law.ctx
        self.signs = [ctx.prove(lt(ZERO, x)) for x in (self.p, self.q)]
        self.steps = [power_step(ctx, x, self.fewer) for x in (self.p, self.q)]  # p^G = p p^(G-1)
        self.below = [pow_below_one(ctx, x, self.fewer) for x in (self.p, self.q)]  # p^(G-1) < 1

    def inner(self, weight: Callable[[Term], Term], full: Theorem) -> Theorem:
        """Σ_{j=1}^{G-1} w(j) b(G, j) in closed form, from the closed form of the sum over 0..G."""
        ctx, (bound, _, _, f) = self.ctx, full.concl.args[0].args
        split = k.sum_split(full.concl.args[0], ZERO, [ctx.prove(le(MINUS, ZERO)), ctx.prove(le(ZERO, self.size))])
        front = k.sum_step(mk("sum", bound, ZERO, ZERO, f), [ctx.prove(le(ZERO, ZERO))])
        none = k.sum_empty(mk("sum", bound, ZERO, MINUS, f), [ctx.prove(lt(MINUS, ZERO))])
        last = k.sum_step(mk("sum", bound, ONE, self.size, f), [ctx.prove(le(ONE, self.size))])
        ends = [self.law.none_correct(self.size), self.law.all_correct(self.size)]
        wrong, right = (mul(MINUS, weight(x)) for x in (ZERO, self.size))
        value = add(full.concl.args[1], mul(wrong, ends[0].concl.args[1]), mul(right, ends[1].concl.args[1]))
        used = [full, split, front, none, last, *ends]
        cofactors = [ONE, MINUS, MINUS, MINUS, MINUS, wrong, right]
        return k.linear(mk("sum", bound, ONE, self.fewer, f), value, used, cofactors)

    def nonnegative(self, at: Term, ctx: Context) -> Theorem:
        """0 <= b(G, at), where ctx knows that 0 <= at <= G."""
        index = [ctx.prove(le(ZERO, at)), ctx.prove(le(at, self.size))]
        facts = [*self.law.ctx.facts, *self.signs, *index, self.ctx.prove(le(ZERO, self.size))]
        return self.law.known(Context(facts)).nonnegative(self.size, at)

    @cached_property
    def chance(self) -> Theorem:
        """P(S) = 1 - (1-p)^G - p^G."""
        th = self.inner(lambda j: ONE, self.law.total(self.size))
        return k.linear(term(chance()), term(A), [th], [ONE])

    @cached_property
    def correct(self) -> Theorem:
        """Σ_{j=1}^{G-1} j b(G, j) = G p - G p^G."""
        return self.inner(lambda j: j, self.law.first(self.size))

    @cached_property
    def both_positive(self) -> Theorem:
        """0 < 1 - (1-p)^G - p^G = p (1 - p^(G-1)) + (1-p) (1 - (1-p)^(G-1))."""
        parts = [(One, ONE, [sign, th]) for sign, th in zip(self.signs, self.below, strict=True)]
        return k.sos(lt(ZERO, term(A)), parts, self.steps, [MINUS, MINUS])

    @cached_property
    def chance_positive(self) -> Theorem:
        """0 < P(S)."""
        return k.sos(lt(ZERO, term(chance())), [(One, ONE, [self.both_positive])], [self.chance], [ONE])
