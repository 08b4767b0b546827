"""Min and clip by the sign of A and their derivatives: what holds is proved, what is wrong in one place is refused."""

from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest
import sympy as sp

from theory import kernel as k
from theory.decide import decide
from theory.evaluate import Env, Undefined, truth
from theory.fontana2026 import table1, table1_exceptions, table1_gcpo, unified
from theory.fontana2026.table1_form import ALPHA_S, BOUNDS, LOGPI, OFF, RATIO, A, instance
from theory.fontana2026.unified import a, by_sign, clip, clipped_term, s, term_by_sign
from theory.kernel import Refused
from theory.kernel.terms import ONE, ZERO, le
from theory.kernel.theorem import same
from theory.language import derivative, equals, formula, reals, term
from theory.proposition import UNNEEDED
from theory.tactics import Context
from theory.tactics.clip import chosen, exp_of_zero, min_below, within
from theory.tactics.logic import conjunction
from theory.verdict import Status

x, y = reals("x y")
ROWS = [table1.grpo_r1, table1.grpo_v32, table1.gspo, table1.gtpo, table1.dapo, table1.cppo, table1.dr_grpo]
PROVED = [*ROWS, table1_exceptions.gpg, table1_exceptions.cispo, table1_gcpo.gcpo, table1_gcpo.gcpo_token_sum]


def swapped(p: Any, old: Any, new: Any) -> Any:
    """The proposition with one derivative's slope changed."""
    parts = [q for q in p.statement.args if not (isinstance(q, sp.Eq) and isinstance(q.lhs, sp.Derivative))]
    slopes = [q for q in p.statement.args if q not in parts]
    changed = [derivative(q.lhs.expr, q.lhs.variables[0], q.rhs.xreplace({old: new})) for q in slopes]
    assert changed != slopes
    return replace(p, statement=sp.And(*parts, *changed))


@pytest.mark.parametrize("p", PROVED, ids=lambda p: p.label)
def test_another_advantage_in_the_slope_is_refused(p: Any) -> None:
    i = unified.i
    assert decide(swapped(p, A(i), 2 * A(i))).status is Status.UNKNOWN


@pytest.mark.parametrize("p", ROWS, ids=lambda p: p.label)
@pytest.mark.parametrize("name", [BOUNDS, OFF])
def test_an_assumption_that_is_used_cannot_be_left_out(p: Any, name: str) -> None:
    fewer = {key: value for key, value in p.assumptions.items() if key != name}
    assert decide(replace(p, assumptions=fewer, drops=dict.fromkeys(fewer, UNNEEDED))).status is Status.UNKNOWN


def test_a_row_with_log_pi_for_its_ratio_is_refused() -> None:
    """The printed row of GPG with GRPO's α: its s is no multiple of π."""
    statement = instance(ALPHA_S, LOGPI)
    wrong = replace(table1.grpo_r1, statement=statement, proof=lambda goal: table1.prove_instance(goal, ALPHA_S, LOGPI))
    assert decide(wrong).status is Status.UNKNOWN


def test_term_by_sign_needs_a_clip_range() -> None:
    with pytest.raises(Refused):
        term_by_sign()
    proved = term_by_sign(formula(unified.low + unified.up >= 0))
    assert same(proved.concl, formula(equals(clipped_term(s, a), by_sign(s, a))))


@pytest.mark.parametrize("wrong", [sp.Max(x, y) + 1, sp.Min(x, y), sp.Max(x, y) * 2], ids=str)
def test_chosen_refuses_another_value(wrong: Any) -> None:
    ctx = Context()
    assert chosen(ctx, term(sp.Max(x, y)), term(sp.Max(y, x))).hyps == frozenset()
    with pytest.raises(Refused):
        chosen(ctx, term(sp.Max(x, y)), term(wrong))


def test_within_and_min_below() -> None:
    assert not within(Context(), formula(sp.Min(x, y) <= sp.Max(x, y))).hyps
    with pytest.raises(Refused):
        within(Context(), formula(sp.Max(x, y) <= sp.Min(x, y)))
    minimum = term(sp.Min(x, y))
    for bound in (term(x), term(y)):
        assert not min_below(minimum, bound).hyps
    with pytest.raises(Refused):
        min_below(minimum, term(x - 1))


def test_exp_of_zero_and_conjunction() -> None:
    zero = exp_of_zero(k.assume(formula(equals(x, 0))))
    assert same(zero.concl, formula(equals(sp.exp(x), 1))) and zero.trust == {"schema:exp_zero"}
    with pytest.raises(Refused):
        exp_of_zero(k.assume(formula(equals(x, 1))))
    one, two = (Context().prove(le(ZERO, term(v**2))) for v in (x, y))
    claim = k.mk("and", two.concl, one.concl)
    assert conjunction(claim, one, two).concl is claim
    with pytest.raises(Refused):
        conjunction(claim, one)


def test_clip_of_one_is_one_only_with_half_widths() -> None:
    with pytest.raises(Refused):
        chosen(Context(), term(clip(sp.Integer(1))), ONE)


@pytest.mark.parametrize(
    ("f", "at", "slope"),
    [(0 * sp.Symbol("c", real=True) + sp.Abs(x) * y, 0, 0), (x * sp.Abs(x), 0, 0), (sp.Max(0, y) * sp.Min(x, 1), 1, 0)],
    ids=str,
)
def test_a_kink_goes_away_in_a_product_with_zero(f: Any, at: int, slope: int) -> None:
    assert truth(formula(derivative(f, x, slope)), Env({"x": at, "y": 0})) is True
    assert truth(formula(derivative(f, x, slope + 1)), Env({"x": at, "y": 0})) is False


@pytest.mark.parametrize("f", [sp.Abs(x) * y, sp.Abs(x) + x, sp.exp(sp.Abs(x)), 1 / (1 + sp.Abs(x)), 1 - sp.Abs(x)], ids=str)
def test_a_kink_stays_in_anything_else(f: Any) -> None:
    with pytest.raises(Undefined, match="tie"):
        truth(formula(derivative(f, x, 0)), Env({"x": 0, "y": Fraction(1, 2)}))


def test_a_jump_is_no_kink() -> None:
    """Not even a factor 0 makes a function continuous; and a constant branch hides no tie."""
    jump = sp.Piecewise((x, x < 0), (x + 1, True))
    with pytest.raises(Undefined, match="tie"):
        truth(formula(derivative(y * jump, x, 0)), Env({"x": 0, "y": 0}))
    for constant in (sp.Min(x, 1), sp.Max(x, 1), sp.Min(1, x) * 2):
        with pytest.raises(Undefined, match="tie"):
            truth(formula(derivative(constant, x, 0)), Env({"x": 1}))


def test_the_fixed_ratio_rows_are_all_here() -> None:
    assert RATIO.has(LOGPI) and len({p.id for p in PROVED}) == len(PROVED) == 11
