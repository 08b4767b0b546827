"""The total overshoot ρ/(1-ρ), ρ = β1/√β2, in numbers: for the paper's decay rates and for PyTorch's.

Statement   12.05 last steps for (0.9, 0.95), 9.05 for (0.9, 0.999), to two decimals.
Place       Our own; the rates are those of Eq. 33 of arXiv 2601.05002 and of torch.optim.AdamW.
Hypotheses  the rates.
Proof       c <= ρ/(1-ρ) is c/(1+c) <= ρ for ρ < 1; ρ = 0.9/√β2 is bounded by squaring.
Not claimed that a run gets there: the limit is for T → ∞ (theory.results.total_overshoot has the bounds).
"""

from fractions import Fraction

import sympy as sp

from theory import kernel as k_
from theory.decide import Goal
from theory.fontana2026.clip_cases import b1, b2
from theory.kernel import Theorem, num
from theory.kernel.terms import ONE, ZERO, inv, le, lt, mul, sub
from theory.language import formula
from theory.proposition import proposition
from theory.tactics import Context
from theory.tactics.logic import conjunction
from theory.tactics.powers import at_values, over_root_between

ONE_ = Fraction(1)
ratio = b1 / sp.sqrt(b2)
in_all = ratio / (1 - ratio)


def at_rates(b2_value: sp.Rational) -> dict[str, sp.Basic]:
    return {"β1 = 0.9": sp.Eq(b1, sp.Rational(9, 10)), f"β2 = {float(b2_value)}": sp.Eq(b2, b2_value)}


def between(low: sp.Rational, high: sp.Rational) -> sp.Basic:
    return sp.And(low <= in_all, in_all <= high, evaluate=False)


def by_squaring(goal: Goal, *ends: sp.Rational) -> Theorem:
    """Both ends, at the values of the rates; then the rates are put back."""
    equations = list(goal.given.values())
    low, high = (Fraction(int(x.p), int(x.q)) for x in ends)
    x = equations[1].concl.args[1].args[0]
    bounds = over_root_between(low / (1 + low), Fraction(9, 10), x, high / (1 + high))
    r = bounds[0].concl.args[1]
    gap = sub(ONE, r)  # at least 1 - high/(1 + high)
    gap_sign = k_.sos(lt(ZERO, gap), [(ONE_, ONE, [bounds[1]]), (1 / (1 + high), ONE, [])], [], [])
    root_sign = Context([Context().prove(lt(ZERO, num(x)))]).sqrt_positive(num(x))
    one = k_.field(mul(gap, inv(gap)), ONE, [k_.negate(gap_sign), k_.negate(root_sign)])
    over = k_.inv_positive(gap_sign)
    least = k_.sos(le(num(low), mul(r, inv(gap))), [(1 + low, ONE, [over, bounds[0]])], [one], [num(low)])
    most = k_.sos(le(mul(r, inv(gap)), num(high)), [(1 + high, ONE, [over, bounds[1]])], [one], [num(-high)])
    known = {1 - ratio > 0: gap_sign, sp.sqrt(b2) > 0: root_sign, b2 > 0: Context().prove(lt(ZERO, num(x)))}
    goal.define(*(at_values(goal, equations, formula(q), th) for q, th in known.items()))
    parts = ((ends[0] <= in_all, least), (in_all <= ends[1], most))
    return conjunction(goal.claim, *(at_values(goal, equations, formula(q), th) for q, th in parts))


PAPER = sp.Rational(12045, 1000), sp.Rational(12055, 1000)
PYTORCH = sp.Rational(9045, 1000), sp.Rational(9055, 1000)


@proposition(
    "lossproof.total_overshoot.paper_rates",
    title="12.05 last steps in all for (0.9, 0.95)",
    source="our own",
    printed="β = (0.9, 0.95): ρ/(1-ρ) = 12.05 to two decimals",
    statement=between(*PAPER),
    assumptions=at_rates(sp.Rational(19, 20)),
    model={"b1": "9/10", "b2": "19/20"},
    drops={"β1 = 0.9": {"b1": "1/2", "b2": "19/20"}, "β2 = 0.95": {"b1": "9/10", "b2": "999/1000"}},
)
def paper_rates(goal: Goal) -> Theorem:
    return by_squaring(goal, *PAPER)


@proposition(
    "lossproof.total_overshoot.pytorch_rates",
    title="9.05 last steps in all for PyTorch's (0.9, 0.999)",
    source="our own",
    printed="β = (0.9, 0.999): ρ/(1-ρ) = 9.05 to two decimals",
    statement=between(*PYTORCH),
    assumptions=at_rates(sp.Rational(999, 1000)),
    model={"b1": "9/10", "b2": "999/1000"},
    drops={"β1 = 0.9": {"b1": "1/2", "b2": "999/1000"}, "β2 = 0.999": {"b1": "9/10", "b2": "19/20"}},
)
def pytorch_rates(goal: Goal) -> Theorem:
    return by_squaring(goal, *PYTORCH)
