"""What the released code does where it differs from the paper, and claims that only experiments can settle.

The code is known from a note about one snapshot of https://github.com/Optimization-AI/DisCO, so it is reconstructed here.
"""

from fractions import Fraction
from typing import Any

import sympy as sp

from theory import kernel as k
from theory.decide import Goal
from theory.kernel import Theorem
from theory.kernel.terms import ONE, ZERO, inv, lt, mul
from theory.language import ForAll, derivative, equals, family, int_family, integers, reals, term
from theory.proposition import UNNEEDED, Case, not_applicable, proposition
from theory.tactics import MINUS
from theory.tactics.prefix import opened
from theory.tactics.slopes import by_parts

from .constraint import CASE, D, beta, dD, delta, one, theta, two

B, o = integers("B o")
S, dS, loss = (family(x) for x in ("S", "dS", "loss"))
valid = int_family("valid")
w, c, n = reals("w c n")
SNAPSHOT = "reconstruction: the authors' repository, one snapshot, as a reader's note describes it"
WEIGHT = "w is the stopped weight β [D-δ]₊"
MOVES = {"D has a derivative": derivative(D(theta), theta, dD(theta))}


@proposition(
    "disco.code.half_slope",
    title="stop_grad(max(β (D-δ), 0)) D has half the gradient of the printed penalty β [D-δ]₊²: it is that of (β/2) [D-δ]₊²",
    source=SNAPSHOT,
    printed="∇(sg[max(β (D-δ), 0)] D) = β [D-δ]₊ ∇D = ½ · 2 β [D-δ]₊ ∇D",
    assumptions=MOVES | {"β ≥ 0": beta >= 0, WEIGHT: equals(w, beta * sp.Max(D(theta) - delta, 0))},
    statement=sp.And(
        derivative(w * D(theta), theta, w * dD(theta)),
        equals(w * dD(theta), sp.Rational(1, 2) * (2 * beta * sp.Max(D(theta) - delta, 0) * dD(theta))),
    ),
    model=CASE | {"w": 1},
    drops={"D has a derivative": CASE | {"w": 1, "dD": two}, "β ≥ 0": UNNEEDED, WEIGHT: CASE | {"w": 2}},
    not_claimed="that the optimum differs: a factor of β is a matter of tuning (disco.penalty.kept.repaired with β/2 for β)",
)
def half_slope(goal: Goal) -> Theorem:
    derivative_, equation = sorted(goal.claim.args, key=lambda q: q.op)
    slope = by_parts(goal, derivative_)
    halves = goal.equal(*equation.args, goal.given[WEIGHT])
    return k.and_intro([slope if q is derivative_ else halves for q in goal.claim.args])


def line(x: Any) -> Any:
    """S(x) = 2 + x"""
    return x + Fraction(2)


SUM_CASE: Case = {"theta": 0, "S": line, "dS": one, "c": 2, "n": 3}


@proposition(
    "disco.code.log_mean_exp",
    title="S/stop_grad(S) has the gradient of log(S/n), for every n, but the value 1: the logged loss says nothing",
    source=SNAPSHOT,
    printed="∇(S/sg[S]) = ∇S/S = ∇log(S/n),  S/sg[S] = 1",
    assumptions={
        "S > 0": S(theta) > 0,
        "n > 0": n > 0,
        "S has a derivative": derivative(S(theta), theta, dS(theta)),
        "c is S, stopped": equals(c, S(theta)),
    },
    statement=sp.And(
        derivative(S(theta) / c, theta, dS(theta) / S(theta)),
        derivative(sp.log(S(theta) / n), theta, dS(theta) / S(theta)),
        equals(S(theta) / c, 1),
    ),
    model=SUM_CASE,
    drops={
        "S > 0": UNNEEDED, "n > 0": SUM_CASE | {"n": -1}, "S has a derivative": SUM_CASE | {"dS": two},
        "c is S, stopped": SUM_CASE | {"c": 1},
    },
)  # fmt: skip
def log_mean_exp(goal: Goal) -> Theorem:
    s, stopped = term(S(theta)), term(c)
    is_s, positive = goal.given["c is S, stopped"], goal.given["S > 0"]
    above = k.sos(lt(ZERO, stopped), [(Fraction(1), ONE, [positive])], [is_s], [ONE])
    ratio = k.sos(lt(ZERO, mul(s, inv(term(n)))), [(Fraction(1), ONE, [positive, k.inv_positive(goal.given["n > 0"])])], [], [])
    goal.know(above, ratio)
    goal.define(above, ratio)
    units = [goal.equal(mul(x, inv(x)), ONE) for x in (s, stopped)]
    # 1/c = 1/S
    over = k.linear(
        inv(stopped), inv(s), [units[1], units[0], is_s], [inv(s), mul(MINUS, inv(stopped)), mul(MINUS, inv(stopped), inv(s))]
    )
    out = []
    for q in goal.claim.args:
        if q.op == "eq":
            out.append(k.linear(*q.args, [over, units[0]], [s, ONE]))
            continue
        v, f, slope = opened(q)
        th = k.diff(v, f, v, [*goal.facts, goal.unequal(stopped, ZERO), goal.unequal(term(n), ZERO)])
        equal, hole = goal.equal(th.concl.args[3], slope, over), k.var("hole")
        out.append(k.restate(k.rewrite(equal, th, hole, k.mk("deriv", *th.concl.args[:3], hole)), q))
    return k.and_intro(out)


VALID = sp.Sum(valid(o), (o, 1, B))


@proposition(
    "disco.code.denominator",
    title="divided by all B questions, degenerate ones included, it is the share of valid questions times their mean",
    source=SNAPSHOT,
    printed="(1/B) Σ_valid loss = (B_valid/B) · (1/B_valid) Σ_valid loss",
    assumptions={"B ≥ 1": B >= 1, "a question is valid": VALID >= 1, "0 or 1": ForAll(o, 1, B, equals(valid(o) ** 2, valid(o)))},
    statement=equals(
        sp.Sum(valid(o) * loss(o), (o, 1, B)) / B,
        (1 - sp.Sum(1 - valid(o), (o, 1, B)) / B) * (sp.Sum(valid(o) * loss(o), (o, 1, B)) / VALID),
    ),
    model={"B": 2, "valid": [1, 0], "loss": [3, 7]},
    drops={
        "B ≥ 1": UNNEEDED, "a question is valid": {"B": 2, "valid": [0, 0], "loss": [3, 7]}, "0 or 1": UNNEEDED,
    },
)  # fmt: skip
def denominator(goal: Goal) -> Theorem:
    return goal.prove(goal.claim)


not_applicable(
    "disco.code.dispatcher",
    title="the branch for disco_Lratio calls a function that does not take tau, so DisCO (L-ratio) cannot be run as released",
    source=SNAPSHOT,
    printed="TypeError: unexpected keyword argument 'tau'",
    reason="the snapshot of the repository is not at hand, so that the call cannot be run",
    module=__name__,
)
not_applicable(
    "disco.entropy",
    title="clipping makes entropy collapse (ε = 0.2) or explode (ε_high = 0.28), scores without clipping keep it at about 0.22",
    source="Section 5",
    printed="entropy during training, per method",
    reason="empirical: it is about training runs of language models; what clipping does to entropy is judged under clip_entropy",
    module=__name__,
)
not_applicable(
    "disco.headline",
    title="DisCO (log-L) reaches .533 on six benchmarks with 1.5B parameters, GRPO .457, DAPO .473, Dr. GRPO .443",
    source="Section 5, as a reader's note gives it",
    printed="gains of 7% (1.5B), 3.5% (7B) and 5.5% (8B) over GRPO",
    reason="empirical: the runs are not reproduced here",
    module=__name__,
)
