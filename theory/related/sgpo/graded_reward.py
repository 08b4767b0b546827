"""The graded reward 1/(1 + exp(β (RTS - γ))) of a wrong answer, RTS the share of its steps before the first error."""

from fractions import Fraction

import sympy as sp

from theory import kernel as k
from theory.decide import Goal
from theory.kernel import Theorem
from theory.kernel.terms import ONE, ZERO, add, lt, mul
from theory.language import reals, term
from theory.proposition import Case, not_applicable, proposition, refuted
from theory.related.dpo.equivalence import unit
from theory.related.dpo.identity import exp_strict
from theory.tactics import MINUS

beta, gamma, x, y = reals("beta gamma x y")
One = Fraction(1)
SOURCE = "reconstruction: Eq. 2 of v1, as a third party quotes it; v4 was not at hand"


def quoted(rts: sp.Expr) -> sp.Expr:
    return 1 / (1 + sp.exp(beta * (rts - gamma)))


def intended(rts: sp.Expr) -> sp.Expr:
    return 1 / (1 + sp.exp(-beta * (rts - gamma)))


ORDER = {"β > 0": beta > 0, "x < y": x < y}
CASE: Case = {"beta": 1, "gamma": "1/2", "x": 0, "y": 1}

refuted(
    "sgpo.eq2.monotone",
    title="the graded reward grows with the share of steps before the first error",
    source=SOURCE,
    printed="RTS < RTS' ⇒ 1/(1 + exp(β (RTS - γ))) < 1/(1 + exp(β (RTS' - γ)))",
    assumptions=ORDER,
    statement=quoted(x) < quoted(y),
    witness=CASE,
    module=__name__,
    repair="sgpo.eq2.monotone.repaired",
    finding="With β = 1 and γ = 1/2 the reward is 1/(1 + e^(-1/2)) = 0.622 for an answer that is wrong from its first step "
    "(RTS = 0) and "
    "1/(1 + e^(1/2)) = 0.378 for one that is right until its end (RTS = 1). Either the quotation lacks a minus, or RTS is the "
    "other share.",
)


def falls(goal: Goal, low: sp.Expr, high: sp.Expr) -> Theorem:
    """1/(1 + exp(high)) < 1/(1 + exp(low)) for low < high."""
    order = k.sos(lt(term(low), term(high)), [(One, ONE, [goal.given["β > 0"], goal.given["x < y"]])], [], [])
    grows = exp_strict(order)
    e, f = grows.concl.args
    signs = [k.law("exp_positive", t.args[2], ZERO, []) for t in (e, f)]
    sums = [k.sos(lt(ZERO, add(ONE, th.concl.args[1])), [(One, ONE, [th]), (One, ONE, [])], [], []) for th in signs]
    goal.define(*sums)
    over = [k.inv_positive(th) for th in sums]
    a, b = (th.concl.args[1] for th in over)
    units = [unit(th) for th in sums]
    # 1/(1+e) - 1/(1+f) = (f - e)/((1+e)(1+f))
    return k.sos(lt(b, a), [(One, ONE, [grows, *over])], units, [b, mul(MINUS, a)])


@proposition(
    "sgpo.eq2.monotone.repaired",
    title="it does with -β in the place of β; as quoted it falls strictly",
    source="our own",
    printed="RTS < RTS' ⇒ 1/(1 + e^(-β(RTS-γ))) < 1/(1 + e^(-β(RTS'-γ))), and 1/(1 + e^(β(RTS'-γ))) < 1/(1 + e^(β(RTS-γ)))",
    assumptions=ORDER,
    statement=sp.And(intended(x) < intended(y), quoted(y) < quoted(x)),
    model=CASE,
    drops={"β > 0": CASE | {"beta": -1}, "x < y": CASE | {"x": 2}},
)
def monotone(goal: Goal) -> Theorem:
    proofs = [falls(goal, -beta * (y - gamma), -beta * (x - gamma)), falls(goal, beta * (x - gamma), beta * (y - gamma))]
    return k.and_intro([next(k.restate(th, q) for th in proofs if k.same(th.concl, q)) for q in goal.claim.args])


@proposition(
    "sgpo.eq2.range",
    title="a graded reward lies strictly between 0 and 1, so that no wrong answer reaches the reward of a right one",
    source=SOURCE,
    printed="0 < 1/(1 + exp(β (RTS - γ))) < 1",
    statement=sp.And(sp.Lt(0, quoted(x), evaluate=False), sp.Lt(quoted(x), 1, evaluate=False), evaluate=False),
)
def in_range(goal: Goal) -> Theorem:
    e = k.law("exp_positive", term(beta * (x - gamma)), ZERO, [])
    total = k.sos(lt(ZERO, add(ONE, e.concl.args[1])), [(One, ONE, [e]), (One, ONE, [])], [], [])
    over = k.inv_positive(total)
    goal.define(total)
    above = k.sos(lt(over.concl.args[1], ONE), [(One, ONE, [e, over])], [unit(total)], [MINUS])
    return k.and_intro([next(k.restate(th, q) for th in (over, above) if k.same(th.concl, q)) for q in goal.claim.args])


not_applicable(
    "sgpo.graded_groups",
    title="only groups without a correct answer are graded, or the wrong answers of all groups",
    source="reviews say the first, a third party's code does the second",
    printed="r(y) for wrong answers of mixed groups",
    reason="the text that would decide it was not at hand; both readings are in numerics/related/sgpo.py",
    module=__name__,
)
