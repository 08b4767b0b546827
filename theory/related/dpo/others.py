"""Constraints other than the reverse KL divergence, and methods without a common optimum."""

from fractions import Fraction

import sympy as sp

from theory import kernel as k
from theory.decide import Goal
from theory.kernel import Theorem
from theory.kernel.terms import ONE, ZERO, lt
from theory.language import derivative, reals, term
from theory.proposition import Case, not_applicable, proposition
from theory.tactics.prefix import opened

x, q, r, beta, c = reals("x q r beta c")
One = Fraction(1)
SOURCE = "reconstruction: f-DPO, as listed by surveys; general knowledge, the text was not at hand"
POSITIVE = {"π > 0": x > 0, "π_ref > 0": q > 0}
CASE: Case = {"x": 1, "q": 1, "r": 0, "beta": 1, "c": 0}


def stationary(goal: Goal) -> Theorem:
    """The slope of one response's part of the Lagrangian; it is 0 exactly where the reward is as claimed."""
    positive = goal.prove(lt(ZERO, term(x)))
    ratio = k.sos(lt(ZERO, term(x / q)), [(One, ONE, [goal.given["π > 0"], k.inv_positive(goal.given["π_ref > 0"])])], [], [])
    goal.know(positive, ratio, k.negate(goal.given["π_ref > 0"]))
    goal.define(positive, ratio)
    slope = next(p for p in goal.claim.args if p.op == "deriv")
    v, f, target = opened(slope)
    th = k.diff(v, f, v, [*goal.facts, k.negate(goal.given["π > 0"]), k.negate(ratio)])
    equal, hole = goal.equal(th.concl.args[3], target), k.var("hole")
    first = k.restate(k.rewrite(equal, th, hole, k.mk("deriv", *th.concl.args[:3], hole)), slope)
    return k.and_intro([first if p is slope else goal.prove(p) for p in goal.claim.args])


@proposition(
    "dpo.fdpo.reverse_kl",
    title="with the reverse KL divergence, f(u) = u log u, stationarity gives r = β log(π/π_ref) + const, as in DPO",
    source=SOURCE,
    printed="∂/∂π [r π - β π_ref f(π/π_ref) - λ π] = r - β log(π/π_ref) - β - λ",
    assumptions=POSITIVE,
    statement=sp.And(derivative(r * x - beta * x * sp.log(x / q) - c * x, x, r - beta * sp.log(x / q) - beta - c), x / q > 0),
    model=CASE,
    drops={"π > 0": CASE | {"x": -1}, "π_ref > 0": CASE | {"q": -1}},
)
def reverse_kl(goal: Goal) -> Theorem:
    return stationary(goal)


@proposition(
    "dpo.fdpo.forward_kl",
    title="with the forward KL divergence, f(u) = -log u, it gives r = const - β π_ref/π",
    source=SOURCE,
    printed="∂/∂π [r π + β π_ref log(π/π_ref) - λ π] = r + β π_ref/π - λ",
    assumptions=POSITIVE,
    statement=sp.And(derivative(r * x + beta * q * sp.log(x / q) - c * x, x, r + beta * q / x - c), x / q > 0),
    model=CASE,
    drops={"π > 0": CASE | {"x": -1}, "π_ref > 0": CASE | {"q": -1}},
    not_claimed="that such a policy exists for every reward: r must stay below the constant",
)
def forward_kl(goal: Goal) -> Theorem:
    return stationary(goal)


not_applicable(
    "dpo.fdpo",
    title="for every f-divergence with invertible f' and 0 not in the domain of f', r = β f'(π/π_ref) + const",
    source=SOURCE,
    printed="r(x,y) = β f'(π*(y|x)/π_ref(y|x)) + const(x)",
    reason="a derivative of an unspecified f at a ratio needs the chain rule for opaque functions, which the kernel does not "
    "have; "
    "the two instances with a name are dpo.fdpo.reverse_kl and dpo.fdpo.forward_kl",
    module=__name__,
)
not_applicable(
    "dpo.other_losses",
    title="TDPO, ORPO, KTO and CPO share an optimum with DPO",
    source="survey; general knowledge, the text was not at hand",
    printed="losses listed side by side",
    reason="no text at hand states their losses completely enough to be compared",
    module=__name__,
)
not_applicable(
    "dpo.survey_taxonomy",
    title="methods differ in data strategy, learning framework, constraint mechanism and model property",
    source="arXiv 2503.11701, abstract",
    printed="a taxonomy",
    reason="a classification of papers, not a statement that holds or fails",
    module=__name__,
)
