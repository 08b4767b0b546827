"""Algorithm 4 of MaskGRPO, the emerge sampler: from level t to level s < t a masked token stays masked or is drawn from π.

at and as are α_t and α_s, the probabilities of not being masked; α grows as the sampler runs. mask(j) = 1 - α after j
steps, and stay(j) is the probability that a token is still masked then.
"""

from fractions import Fraction
from typing import Any

import sympy as sp

from theory import kernel as k
from theory.decide import Goal
from theory.kernel import Term, Theorem, subst
from theory.kernel.terms import ONE, ZERO, add, eq, le, lt
from theory.language import ForAll, equals, family, formula, integers, reals, term
from theory.proposition import UNNEEDED, proposition
from theory.tactics import discharge, instantiate
from theory.tactics.convex import One
from theory.tactics.logic import conjunction

V, v, N, n, j, L = integers("V v N n j L")
before, after = reals("before after")
pi, mask, stay = map(family, ("pi", "mask", "stay"))
LEVELS = {"0 ≤ α_t ≤ α_s ≤ 1": sp.And(before >= 0, before <= after, after <= 1), "α_t < 1": before < 1}
drawn = (after - before) / (1 - before)
masked = (1 - after) / (1 - before)
KERNEL = "Algorithm 4 (emerge sampler)"
CASE = {"V": 2, "pi": ["1/4", "3/4"], "before": "1/4", "after": "1/2"}


@proposition(
    "maskgrpo.emerge.kernel",
    title="the reverse kernel is a distribution over tokens and the mask",
    source=KERNEL,
    printed="q_s = ((α_s-α_t)/(1-α_t)) π + ((1-α_s)/(1-α_t)) δ_MASK sums to 1 and is nowhere negative",
    assumptions=LEVELS | {"π sums to 1": equals(sp.Sum(pi(v), (v, 1, V)), 1)},
    statement=sp.And(equals(sp.Sum(drawn * pi(v), (v, 1, V)) + masked, 1), drawn >= 0, masked >= 0),
    model=CASE,
    drops={
        "0 ≤ α_t ≤ α_s ≤ 1": CASE | {"after": 0},
        "α_t < 1": CASE | {"before": 1, "after": 1},
        "π sums to 1": CASE | {"pi": [1, 1]},
    },
)
def is_distribution(goal: Goal) -> Theorem:
    """1 - α_s, α_s - α_t ≥ 0 over 1 - α_t > 0."""
    below = goal.prove(formula(1 / (1 - before) > 0))

    def sign(p: Term, top: sp.Basic) -> Theorem:
        return k.sos(p, [(One, ONE, [goal.prove(formula(top)), below])], [], [])

    total = next(p for p in goal.claim.args if p.op == "eq")
    left, right = (sign(formula(p), top) for p, top in ((drawn >= 0, after >= before), (masked >= 0, after <= 1)))
    return conjunction(goal.claim, goal.equal(*total.args, goal.given["π sums to 1"]), left, right)


@proposition(
    "maskgrpo.emerge.ancestral",
    title="it is the ancestral sampler of the absorbing process: the chance of MASK at s given MASK at t, by Bayes",
    source=KERNEL + " (a public reviewer says that it is the standard one of MDLM and MD4)",
    printed="P(x_s = MASK | x_t = MASK) = (1-α_s)/((1-α_s) + α_s (1 - α_t/α_s)) = (1-α_s)/(1-α_t)",
    assumptions=LEVELS | {"α_s > 0": after > 0},
    statement=equals((1 - after) / ((1 - after) + after * (1 - before / after)), masked),
    model=CASE,
    drops={
        "0 ≤ α_t ≤ α_s ≤ 1": UNNEEDED,
        "α_t < 1": CASE | {"before": 1, "after": 1},
        "α_s > 0": CASE | {"before": 0, "after": 0},
    },
    not_claimed="what the papers of the other samplers contain",
)
def ancestral(goal: Goal) -> Theorem:
    """α_s (1 - α_t/α_s) = α_s - α_t."""
    below = goal.equal(term((1 - after) + after * (1 - before / after)), term(1 - before))
    positive = k.sos(lt(ZERO, below.concl.args[0]), [(One, ONE, [goal.prove(formula(1 - before > 0))])], [below], [ONE])
    goal.define(positive)
    return goal.with_facts(positive).equal(*goal.claim.args)


STEPS = {
    "masked at first": sp.And(equals(stay(0), 1), equals(mask(0), 1)),
    "levels": ForAll(j, 0, N - 1, mask(j) > 0),
    "each step": ForAll(j, 0, N - 1, equals(stay(j + 1), stay(j) * (mask(j + 1) / mask(j)))),
}


def halving(j: Any) -> Any:
    """2^-j"""
    return Fraction(1, 2 ** int(j))


def doubled(j: Any) -> Any:
    """2^(1-j)"""
    return 2 * halving(j)


def constant(j: Any) -> Any:
    """1"""
    return Fraction(1)


def gone(j: Any) -> Any:
    """0"""
    return Fraction(0)


def broken(j: Any) -> Any:
    """2^-j up to j = 2, then 1"""
    return halving(j) if j < 3 else Fraction(1)


RUN = {"N": 2, "n": 1, "mask": halving, "stay": halving, "L": 8}


@proposition(
    "maskgrpo.emerge.telescoping",
    title="the chance to be masked still is the mask ratio: the steps telescope, whatever the schedule",
    source=KERNEL,
    printed="P(still masked after n steps) = Π_j k_{j+1}/k_j = k_n = 1 - α (cosine, 12 steps: k_11 = 0.1305)",
    assumptions=STEPS | {"a step": sp.And(n >= 0, n <= N)},
    statement=equals(stay(n), mask(n)),
    model=RUN,
    drops={
        "masked at first": RUN | {"stay": doubled},
        "levels": UNNEEDED,
        "each step": RUN | {"stay": constant},
        "a step": RUN | {"n": 3, "stay": broken},
    },
    not_claimed="which tokens are decoded: they are drawn independently of the model's confidence",
)
def telescoping(goal: Goal) -> Theorem:
    """stay(j+1) = mask(j) mask(j+1)/mask(j)."""
    m = k.var("m", "Z")
    claim = k.mk("imp", le(m, term(N)), eq(subst(term(stay(n)), {term(n): m}), subst(term(mask(n)), {term(n): m})))
    first = goal.given["masked at first"]
    ends = [k.and_elim(first, q) for q in (0, 1)]
    start = subst(claim, {m: ZERO})
    one = goal.with_facts(*ends).equal(*start.args[1].args, *ends)
    base = k.imp_intro(start.args[0], one)
    inside = goal.assuming(le(ZERO, m), le(add(m, ONE), term(N)))
    ih = k.imp_elim(k.assume(claim), inside.prove(le(m, term(N))))
    step = inside.at(goal.given["each step"], m)
    level = inside.at(goal.given["levels"], m)
    later = subst(claim, {m: add(m, ONE)})
    next_ = inside.with_facts(level).equal(*later.args[1].args, step, ih)
    th = k.induct(m, ZERO, claim, base, k.imp_intro(later.args[0], next_))
    at = discharge(instantiate(th, {m: term(n)}), [goal.prove(formula(n >= 0))])
    return k.restate(k.imp_elim(at, goal.prove(formula(n <= N))), goal.claim)


@proposition(
    "maskgrpo.emerge.decoded",
    title="of L tokens, L (k_n - k_{n+1}) are decoded in step n + 1 on average; all that are left, L k_n, in the last",
    source=KERNEL + " (T = 12, cosine: 13 % of the image in the last step)",
    printed="E[decoded in step n+1] = L k_n (1 - k_{n+1}/k_n) = L (k_n - k_{n+1}); k_{n+1} = 0 ⇒ L k_n",
    assumptions={"level": mask(n) > 0},
    statement=sp.And(
        equals(L * mask(n) * (1 - mask(n + 1) / mask(n)), L * (mask(n) - mask(n + 1))),
        sp.Implies(equals(mask(n + 1), 0), equals(L * mask(n) * (1 - mask(n + 1) / mask(n)), L * mask(n))),
    ),
    model=RUN,
    drops={"level": RUN | {"mask": gone}},
    not_claimed="the spread of that number: it is binomial, where MaskGIT decodes a fixed number",
)
def decoded(goal: Goal) -> Theorem:
    def part(p: Term) -> Theorem:
        if p.op == "imp":
            return k.imp_intro(p.args[0], goal.equal(*p.args[1].args, k.assume(p.args[0])))
        return goal.prove(p)

    return k.and_intro([part(p) for p in goal.claim.args])
