"""Exact evaluation: values, balls that never guess, where there is no value, quantifiers, and what is printed."""

from fractions import Fraction
from typing import Any

import pytest
import sympy as sp
from claims import G, f, holds, i, j, length, n, q, r, steady, valued, x, y
from hypothesis import given
from hypothesis import strategies as st

from theory.evaluate import Env, Undefined, fails, sides, value
from theory.kernel import num
from theory.kernel.terms import app
from theory.language import ForAll, derivative, equals, formula, tends, term

EXACT = [
    (sp.Rational(1, 3), {}, "1/3"),
    (x / y, {"x": 2, "y": "-6"}, "-1/3"),
    (x**3 - y, {"x": "1/2", "y": 0}, "1/8"),
    (x**-2, {"x": 3}, "1/9"),
    (x**n, {"x": "2/3", "n": 3}, "8/27"),
    (x**n, {"x": 0, "n": 0}, "1"),
    (x**-n, {"x": 2, "n": 2}, "1/4"),
    (sp.sqrt(x), {"x": "9/4"}, "3/2"),
    (x ** sp.Rational(3, 2), {"x": 4}, "8"),
    (sp.exp(x), {"x": 0}, "1"),
    (sp.log(x), {"x": 1}, "0"),
    (sp.Sum(r(i), (i, 1, G)), {"G": 3, "r": [1, "1/2", -3]}, "-3/2"),
    (sp.Sum(r(i), (i, 1, G)), {"G": 0, "r": []}, "0"),
    (sp.Sum(r(i), (i, 1, G)), {"G": -5, "r": []}, "0"),  # SymPy's own sum would be -r(0) - .. - r(-4)
    (sp.Sum(r(i, j), (i, 1, j), (j, 1, G)), {"G": 2, "r": [[1, 2], [4, 8]]}, "11"),
    (sp.Sum(r(i) * sp.Sum(r(j), (j, 1, i)), (i, 1, 2)), {"r": [3, 5]}, "49"),
    (r(length(2)), {"r": [5, 6, 7], "length": [1, 3]}, "7"),
    (sp.Min(x, y) + sp.Max(x, 0), {"x": -1, "y": 4}, "-1"),
    (sp.Abs(x), {"x": "-2/7"}, "2/7"),
    (sp.Piecewise((1 / x, x > 0), (0, True)), {"x": 0}, "0"),  # the branch that is not taken is not evaluated
    (f(x), {"x": "1/2", "f": lambda a: a * a}, "1/4"),
]


@pytest.mark.parametrize(("e", "values", "result"), EXACT, ids=[str(e) for e, _, _ in EXACT])
def test_values_are_exact(e: Any, values: dict[str, Any], result: str) -> None:
    found = valued(e, **values)
    assert type(found) is Fraction and found == q(result)


ROOT = sp.sqrt(2, evaluate=False)
TINY = sp.Rational(1, 10**60)


@pytest.mark.parametrize(
    ("p", "expected"),
    [
        (sp.sqrt(x) ** 3 > 2, True),
        (sp.sqrt(x) < sp.Rational(141421356237, 10**11), False),
        (equals(sp.sqrt(x) * sp.sqrt(y), sp.sqrt(x * y)), None),  # true, but balls cannot say so
        (equals(sp.sqrt(x) * sp.sqrt(y), sp.sqrt(x * y) + TINY), None),  # false, by less than a ball can tell
        (equals(sp.sqrt(x), sp.Rational(3, 2)), False),
        (sp.sqrt(x) * sp.sqrt(y) <= sp.sqrt(x * y), None),
        (sp.sqrt(x) * sp.sqrt(y) < sp.sqrt(x * y) + TINY, None),
        (sp.Not(equals(sp.sqrt(x) * sp.sqrt(y), sp.sqrt(x * y))), None),
        (sp.And(x < y, sp.sqrt(x) * sp.sqrt(y) <= sp.sqrt(x * y)), None),
        (sp.And(y < x, sp.sqrt(x) * sp.sqrt(y) <= sp.sqrt(x * y)), False),
        (sp.Implies(y < x, sp.sqrt(x) * sp.sqrt(y) < sp.sqrt(x * y)), True),
        (sp.exp(x) - sp.log(x) > 6, True),
    ],
    ids=str,
)  # fmt: skip
def test_balls_never_guess(p: Any, expected: bool | None) -> None:
    assert holds(p, x=2, y=3) is expected


@steady(60)
@given(st.fractions(0, 9, max_denominator=9), st.fractions(0, 9, max_denominator=9))
def test_an_equation_of_balls_is_never_true(a: Fraction, b: Fraction) -> None:
    found = valued(sp.sqrt(x) * sp.sqrt(y), x=a, y=b), valued(sp.sqrt(x * y), x=a, y=b)
    same = holds(equals(sp.sqrt(x) * sp.sqrt(y), sp.sqrt(x * y)), x=a, y=b)
    assert same is True if all(type(v) is Fraction for v in found) else same is None or 0 in (a, b)


UNDEFINED = [
    (1 / x, {"x": 0}),
    (1 / (x - y), {"x": 2, "y": 2}),
    (x / (sp.sqrt(y) - 2), {"x": 1, "y": 4}),
    (sp.log(x), {"x": 0}),
    (sp.log(x), {"x": -1}),
    (sp.sqrt(x), {"x": "-1/9"}),
    (x**n, {"x": 2, "n": -1}),
    (x, {}),
    (r(1), {}),
    (r(3), {"r": [1, 2]}),
    (r(0), {"r": [1, 2]}),
    (r(1, 3), {"r": [[1, 2]]}),
    (x, {"x": 0.5}),
    (r(1), {"r": [0.5]}),
    (sp.Sum(1 / r(i), (i, 1, 2)), {"r": [1, 0]}),
]


@pytest.mark.parametrize(("e", "values"), UNDEFINED, ids=[f"{e} at {v}" for e, v in UNDEFINED])
def test_where_there_is_no_value(e: Any, values: dict[str, Any]) -> None:
    with pytest.raises(Undefined):
        valued(e, **values)


@pytest.mark.parametrize(
    ("e", "values"),
    [
        (n, {"n": "1/2"}),
        (length(1), {"length": ["3/2"]}),
        (length(1), {"length": lambda k: q("1/3")}),
        (sp.Sum(1, (i, 1, n)), {"n": "5/2"}),
        (x**n, {"x": 4, "n": "1/2"}),
    ],
    ids=["symbol", "list", "function", "bound of a sum", "exponent"],
)
def test_an_integer_takes_integers_only(e: Any, values: dict[str, Any]) -> None:
    with pytest.raises(Undefined):
        valued(e, **values)


@pytest.mark.parametrize(
    ("p", "values"),
    [
        (equals(x * (y + 1), x * y + x), {"x": 1}),
        (equals(x * (y + 1), x * y + x), {"x": 0.5, "y": 1}),
        (sp.Sum(r(i) ** 2, (i, 1, G)) >= 0, {"G": 3, "r": [1, 2]}),
        (sp.Abs(sp.sqrt(x) * sp.sqrt(y) - sp.sqrt(x * y)) <= 1, {"x": 2, "y": 3}),
        (1 / (sp.sqrt(x) * sp.sqrt(y) - sp.sqrt(x * y) + TINY) > 0, {"x": 2, "y": 3}),
        (sp.sqrt(sp.sqrt(x) * sp.sqrt(y) - sp.sqrt(x * y)) >= 0, {"x": 2, "y": 3}),
    ],
    ids=str,
)
def test_what_is_not_known_does_not_fail(p: Any, values: dict[str, Any]) -> None:
    """A true claim, and a case that leaves a value open: not a counterexample."""
    assert not fails(formula(p), Env(values))


def test_what_has_no_value_fails() -> None:
    assert fails(formula(equals(x / y, x / y)), Env({"x": 1, "y": 0}))
    assert not fails(formula(equals(x / y, x / y)), Env({"x": 1, "y": 1}))


# -- quantifiers -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("p", "values", "expected"),
    [
        (ForAll(i, 1, G, r(i) > 0), {"G": 2, "r": [1, 2]}, True),
        (ForAll(i, 1, G, r(i) > 0), {"G": 3, "r": [1, 2, 0]}, False),
        (ForAll(i, 1, G, r(i) > 0), {"G": 0, "r": []}, True),
        (ForAll(i, 1, G, ForAll(j, i, G, r(i) <= r(j))), {"G": 3, "r": [1, 2, 2]}, True),
        (ForAll(i, 1, G, ForAll(j, 1, i, r(i) <= r(j))), {"G": 3, "r": [1, 2, 2]}, False),
        (ForAll(i, i > 0), {}, None),
        (ForAll(x, x**2 >= y), {"y": 0}, None),
        (sp.Not(ForAll(i, 1, 3, r(i) > 0)), {"r": [1, 0, 1]}, True),
        (tends(1 / n, n, sp.oo, 0), {}, None),
    ],
    ids=str,
)
def test_quantifiers(p: Any, values: dict[str, Any], expected: bool | None) -> None:
    assert holds(p, **values) is expected


@pytest.mark.parametrize(
    ("p", "values"),
    [
        (ForAll(i, sp.Implies((i > 0) & (i < n), (i < n))), {"n": 2}),
        (ForAll(i, x, y, r(i) > 0), {"x": "1/2", "y": "5/2", "r": [1, 1]}),
        (ForAll(i, x, y, r(i) > 0), {"x": -3, "y": "-1/2", "r": lambda k: 1 if k < 0 else 0}),
    ],
    ids=["strict bounds", "real bounds", "negative real bounds"],
)  # fmt: skip
def test_a_range_holds_only_what_lies_in_it(p: Any, values: dict[str, Any]) -> None:
    assert not fails(formula(p), Env(values))


@pytest.mark.parametrize(
    ("p", "values", "text"),
    [
        (equals(x, y), {"x": "1/2", "y": 2}, "1/2 = 2 is false"),
        (x <= y, {"x": 3, "y": 2}, "3 <= 2 is false"),
        (sp.Ne(x, y), {"x": 3, "y": 3}, "not 3 = 3 is false"),
        (sp.And(x <= y, 2 * y < x + y), {"x": 1, "y": 1}, "2 < 2 is false"),
        (sp.Implies(x < y, y < x), {"x": 0, "y": 1}, "1 < 0 is false"),
        (ForAll(i, 1, 3, r(i) > 0), {"r": [1, -2, -3]}, "at index 2: 0 < -2 is false"),
        (derivative(x**2, x, x), {"x": 3}, "6 = 3 is false"),
        (equals(1 / x, 1), {"x": 0}, "undefined: division by 0"),
        (equals(sp.sqrt(x), 1), {"x": 2}, "1.4142136 = 1 is false"),
    ],
    ids=str,
)
def test_what_is_printed_of_a_failure(p: Any, values: dict[str, Any], text: str) -> None:
    assert fails(formula(p), Env(values)) and sides(formula(p), Env(values)) == text


def test_what_is_printed_where_a_premise_has_no_value() -> None:
    assert "undefined" in sides(formula(sp.Implies(1 / x > 0, y <= 2)), Env({"x": 0, "y": 1}))


def test_terms_are_read_by_name() -> None:
    assert valued(x + n, x=1, n=2) == 3 and value(term(x), Env({"x": 1, "y": 5})) == 1


def test_a_family_by_formula_is_given_fractions() -> None:
    """Whoever writes 1/i in a witness gets a fraction, not a float."""
    assert value(app("f", num(3)), Env({"f": lambda i: 1 / i})) == Fraction(1, 3)


def test_a_list_has_no_member_between_two() -> None:
    env = Env({"f": [1, 2]})
    assert value(app("f", num(2)), env) == 2
    with pytest.raises(Undefined):
        value(app("f", num(Fraction(3, 2))), env)
