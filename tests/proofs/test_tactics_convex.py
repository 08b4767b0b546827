"""Tactics about convexity: what they conclude, and from which hypotheses alone."""

import pytest
import sympy as sp

from theory import kernel as k
from theory.kernel import Refused, var
from theory.kernel.terms import ONE, add, app, le, sub
from theory.language import ForAll, derivative, equals, family, formula, integers, reals, term
from theory.tactics import Context
from theory.tactics.convex import exp_of_mean, exp_tangent, log_tangent, square_of_mean
from theory.tactics.slopes import by_parts, slope_claim

K, i = integers("K i")
x, a = reals("x a")
w, f = family("w"), family("f")
NONNEGATIVE = formula(ForAll(i, 1, K, w(i) >= 0))
TOTAL = formula(equals(sp.Sum(w(i), (i, 1, K)), 1))
ARGS = (term(i), ONE, term(K), term(w(i)), term(f(i)))


def test_tangents_say_what_they_should_and_assume_no_more() -> None:
    t = var("t")
    assert exp_tangent(t).concl is le(add(ONE, t), app("exp", t)) and not exp_tangent(t).hyps
    positive = k.assume(formula(x > 0))
    th = log_tangent(term(x), positive)
    assert th.concl is le(app("log", term(x)), sub(term(x), ONE)) and th.hyps == {positive.concl}


def test_jensen_rests_on_the_signs_and_the_sum_of_the_weights() -> None:
    ctx = Context([k.assume(NONNEGATIVE)])
    th = exp_of_mean(ctx, *ARGS, k.assume(TOTAL))
    claim = sp.exp(sp.Sum(w(i) * f(i), (i, 1, K))) <= sp.Sum(w(i) * sp.exp(f(i)), (i, 1, K))
    assert k.same(th.concl, formula(claim)) and th.hyps == {NONNEGATIVE, TOTAL}


def test_without_signs_there_is_no_jensen_and_no_square_of_a_mean() -> None:
    with pytest.raises(Refused):
        exp_of_mean(Context(), *ARGS, k.assume(TOTAL))
    with pytest.raises(Refused):
        square_of_mean(Context(), *ARGS, term(a))


def test_square_of_mean_holds_for_any_number() -> None:
    th = square_of_mean(Context([k.assume(NONNEGATIVE)]), *ARGS, term(a))
    first, total = (sp.Sum(w(i) * f(i) ** n, (i, 1, K)) for n in (1, 2))
    assert k.same(th.concl, formula(2 * a * first - a**2 * sp.Sum(w(i), (i, 1, K)) <= total)) and th.hyps == {NONNEGATIVE}


def test_a_slope_needs_its_domain_and_is_not_just_any() -> None:
    claim = formula(derivative(sp.log(x), x, 1 / x))
    with pytest.raises(Refused):
        slope_claim(Context(), claim)
    positive = Context([k.assume(formula(x > 0))])
    assert slope_claim(positive, claim).concl is claim
    with pytest.raises(Refused):
        slope_claim(positive, formula(derivative(sp.log(x), x, 2 / x)))
    both = formula(sp.And(derivative(x**2, x, 2 * x), equals(x + a - a, x), evaluate=False))
    assert by_parts(Context(), both).concl is both
