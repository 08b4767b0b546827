"""The sampler of LPT-5, unadjusted Langevin steps z' = z + s ∇log π(z) + √(2s) ε, for a normal target N(μ, σ²).

A coordinate of any normal target in its own axes: v stands for σ², mean(n) and var(n) for the moments after n steps, which
are mean' - μ = (1 - s/σ²)(mean - μ) and var' = (1 - s/σ²)² var + 2s.
"""

from fractions import Fraction
from typing import Any

import sympy as sp

from theory import kernel as k
from theory.decide import Goal
from theory.kernel import Theorem, mk, subst
from theory.kernel.terms import ONE, ZERO, add, eq, inv, le, lt, mul, num
from theory.language import ForAll, equals, family, formula, integers, reals, term
from theory.proposition import UNNEEDED, Case, proposition, refuted
from theory.tactics import MINUS, discharge, instantiate
from theory.tactics.convex import One
from theory.tactics.logic import conjunction
from theory.tactics.powers import unit

n, N = integers("n N")
s, v, mu, rate, fixed = reals("s v mu rate fixed")
moment = family("moment")
STEP = {"σ² > 0": v > 0, "0 < s < 2σ²": sp.And(s > 0, s < 2 * v)}
HALF: Case = {"s": "1/2", "v": 1}
stationary = v / (1 - s / (2 * v))


def after(variance: sp.Expr) -> sp.Expr:
    return (1 - s / v) ** 2 * variance + 2 * s


refuted(
    "gac.lpt5",
    title="the steps keep the target: they leave its variance as it is",
    source="LPT-5 (unadjusted steps; reconstruction: that they sample the posterior)",
    printed="var = σ² ⇒ (1 - s/σ²)² σ² + 2s = σ²",
    assumptions=STEP,
    statement=equals(after(v), v),
    witness=HALF,
    module=__name__,
    repair="gac.lpt5.repaired",
    finding="With σ² = 1 and s = 1/2 a step turns the variance 1 into 1/4 + 1 = 5/4; it settles at 4/3.",
)


@proposition(
    "gac.lpt5.repaired",
    title="the variance they keep is σ²/(1 - s/(2σ²)), above the target's",
    source="LPT-5",
    printed="var = σ²/(1 - s/(2σ²)) ⇒ (1 - s/σ²)² var + 2s = var > σ²",
    assumptions=STEP,
    statement=sp.And(equals(after(stationary), stationary), stationary > v),
    model=HALF,
    drops={"σ² > 0": UNNEEDED, "0 < s < 2σ²": {"s": 2, "v": 1}},
    not_claimed="a Metropolis correction, or step sizes that decrease",
)
def kept(goal: Goal) -> Theorem:
    """1 - s/(2σ²) > 0 as s < 2σ², and stationary - σ² = (s/2)/(1 - s/(2σ²))."""
    noise, over = goal.given["σ² > 0"], goal.prove(formula(1 / v > 0))
    small, some = goal.prove(formula(s < 2 * v)), goal.prove(formula(s > 0))
    room = k.sos(formula(1 - s / (2 * v) > 0), [(One / 2, ONE, [small, over])], [unit(noise)], [MINUS])
    goal.define(room)
    known = goal.with_facts(room)
    same, bound = sorted(goal.claim.args, key=lambda p: p.op)
    ratio = known.equal(mul(room.concl.args[1], inv(room.concl.args[1])), ONE)
    excess = k.sos(
        bound,
        [(One / 2, ONE, [some, k.inv_positive(room)])],
        [ratio, unit(noise)],
        [term(v), mul(num(One / 2), term(s), inv(room.concl.args[1]))],
    )
    return conjunction(goal.claim, known.equal(*same.args), excess)


@proposition(
    "gac.lpt5.stable",
    title="the steps contract exactly for s < 2σ² (the smallest σ² of the target decides)",
    source="LPT-5",
    printed="(1 - s/σ²)² < 1 ⟺ s < 2σ², for s > 0",
    assumptions={"σ² > 0": v > 0, "s > 0": s > 0},
    statement=sp.Equivalent((1 - s / v) ** 2 < 1, s < 2 * v, evaluate=False),
    model=HALF,
    drops={"σ² > 0": {"s": 1, "v": 0}, "s > 0": {"s": -1, "v": 1}},
)
def contracts(goal: Goal) -> Theorem:
    """1 - (1 - s/σ²)² = (s/σ²²)(2σ² - s)."""
    noise, some, over = goal.given["σ² > 0"], goal.given["s > 0"], goal.prove(formula(1 / v > 0))
    whole = unit(noise)
    square, small = formula((1 - s / v) ** 2 < 1), formula(s < 2 * v)
    # forth: if 2σ² <= s, then (s/σ²²)(s - 2σ²) >= 0
    above = k.negate(k.assume(mk("not", small)))
    large = k.sos(le(ONE, square.args[0]), [(One, ONE, [some, over, over, above])], [whole], [mul(num(2), term(s / v))])
    known = k.assume(square)
    impossible = k.sos(lt(ZERO, ZERO), [(One, ONE, [known]), (One, ONE, [large])], [], [])
    contrary = k.absurd(k.linear(ZERO, ZERO, [], []), k.negate(impossible), small)
    forth = k.imp_intro(square, k.cases(small, k.assume(small), contrary))
    premise = k.assume(small)
    back = k.sos(square, [(One, ONE, [some, over, over, premise])], [whole], [mul(num(-2), term(s / v))])
    return conjunction(goal.claim, forth, k.imp_intro(small, back))


RUN = "each step"


def halving(n: Any) -> Any:
    """moment(n) = 1 + 2^-n"""
    return 1 + Fraction(1, 2 ** int(n))


def ended(n: Any) -> Any:
    """1 + 2^-n up to n = 2, then 1"""
    return halving(n) if n < 3 else Fraction(1)


TWO: Case = {"N": 2, "n": 1, "rate": "1/2", "fixed": 1, "moment": halving}


@proposition(
    "gac.lpt5.steps",
    title="after n steps the mean and the variance have approached what the steps keep by a factor per step",
    source="LPT-5 (n = 15; rate is 1 - s/σ² for the mean about μ, its square for the variance about σ²/(1 - s/(2σ²)))",
    printed="x_{n+1} - x* = ρ (x_n - x*) ⇒ x_n - x* = ρⁿ (x_0 - x*)",
    assumptions={
        RUN: ForAll(n, 0, N - 1, equals(moment(n + 1), fixed + rate * (moment(n) - fixed))),
        "a step": sp.And(n >= 0, n <= N),
    },
    statement=equals(moment(n) - fixed, rate**n * (moment(0) - fixed)),
    model=TWO,
    drops={RUN: TWO | {"rate": 1}, "a step": TWO | {"n": 3, "N": 2, "moment": ended}},
    not_claimed="targets that are not normal",
)
def geometric(goal: Goal) -> Theorem:
    at = k.var("at", "Z")
    claim = mk("imp", le(at, term(N)), subst(eq(*goal.claim.args), {term(n): at}))
    start = subst(claim, {at: ZERO})
    base = k.imp_intro(start.args[0], goal.equal(*start.args[1].args, k.law("pow_zero", term(rate), ZERO, [])))
    inside = goal.assuming(le(ZERO, at), le(add(at, ONE), term(N)))
    ih = k.imp_elim(k.assume(claim), inside.prove(le(at, term(N))))
    later = subst(claim, {at: add(at, ONE)})
    step = inside.at(goal.given[RUN], at)
    power = k.law("pow_step", term(rate), at, [inside.prove(le(ZERO, at))])
    left, right = later.args[1].args
    cofactors = [ONE, term(rate), mul(MINUS, term(moment(0) - fixed))]
    next_ = k.imp_intro(later.args[0], k.linear(left, right, [step, ih, power], cofactors))
    th = k.induct(at, ZERO, claim, base, next_)
    found = discharge(instantiate(th, {at: term(n)}), [goal.prove(formula(n >= 0))])
    return k.restate(k.imp_elim(found, goal.prove(formula(n <= N))), goal.claim)


@proposition(
    "gac.lpt5.moments",
    title="one step moves the mean and the variance by those factors",
    source="LPT-5",
    printed="mean' - μ = (1 - s/σ²)(mean - μ); var' - var* = (1 - s/σ²)² (var - var*)",
    assumptions=STEP,
    statement=sp.And(
        equals(fixed - s * (fixed - mu) / v - mu, (1 - s / v) * (fixed - mu)),
        equals(after(fixed) - stationary, (1 - s / v) ** 2 * (fixed - stationary)),
    ),
    model=HALF | {"fixed": 2, "mu": 0},
    drops={"σ² > 0": UNNEEDED, "0 < s < 2σ²": {"s": 2, "v": 1, "fixed": 2, "mu": 0}},
    not_claimed="fixed is the mean, or the variance, before the step; ∇log π(z) = -(z - μ)/σ²",
)
def moments(goal: Goal) -> Theorem:
    noise, over, small = goal.given["σ² > 0"], goal.prove(formula(1 / v > 0)), goal.prove(formula(s < 2 * v))
    room = k.sos(formula(1 - s / (2 * v) > 0), [(One / 2, ONE, [small, over])], [unit(noise)], [MINUS])
    goal.define(room)
    known = goal.with_facts(room)
    return k.and_intro([known.equal(*p.args) for p in goal.claim.args])
