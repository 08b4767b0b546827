"""Slopes by dual numbers: against the kernel's derivatives at random points, and at ties, where there is none."""

from fractions import Fraction
from typing import Any

import pytest
import sympy as sp
from claims import holds, s, steady, x, y
from hypothesis import given
from hypothesis import strategies as st

from theory import kernel as k
from theory.evaluate import Env, Undefined, truth, truth_of, value
from theory.kernel import Refused, Term, mk, num, var
from theory.kernel.terms import add, app, inv, le, lt, mul
from theory.language import derivative
from theory.numbers import Dual, dual, number

V, A, B = var("v"), var("a"), var("b")
LEAVES = st.sampled_from([V, A, num(2), num(Fraction(-1, 3)), mul(V, B)])
POINTS = st.fractions(-2, 2, max_denominator=4)


def grown(t: st.SearchStrategy[Term]) -> st.SearchStrategy[Term]:
    pair = st.tuples(t, t)
    return st.one_of(
        pair.map(lambda ab: add(*ab)),
        pair.map(lambda ab: mul(*ab)),
        pair.map(lambda ab: mk("ite", le(*ab), ab[0], mul(num(2), ab[1]))),
        pair.map(lambda ab: mk("ite", lt(*ab), mul(*ab), V)),
        t.map(inv),
        t.map(lambda u: mk("pow", u, 3)),
        t.map(lambda u: app("exp", u)),
        t.map(lambda u: app("log", u)),
        t.map(lambda u: app("sqrt", u)),
    )


def by_kernel(t: Term, env: Env) -> Term | None:
    """The kernel's derivative of v -> t at v, under conditions that hold there; None if it needs one that does not."""
    facts: list[Any] = []
    for _ in range(20):
        try:
            return k.diff(V, t, V, facts).concl.args[3]
        except Refused as e:
            assert isinstance(e.needed, Term), e
            asked = [e.needed, lt(*e.needed.args[::-1])] if e.needed.op == "lt" else [e.needed]
            true = [p for p in asked if truth(p, env) is True]
            if not true:
                return None
            facts.append(k.axiom("holds here", true[0]))
    raise AssertionError("more conditions than this")


SEEN: dict[str, int] = {"agree": 0, "no slope": 0}


@steady(300)
@given(st.recursive(LEAVES, grown, max_leaves=6), POINTS, POINTS, POINTS)
def at_random(t: Term, at: Fraction, a: Fraction, b: Fraction) -> None:
    env = Env({"v": at, "a": a, "b": b})
    try:
        value(t, env)
        slope = by_kernel(t, env)
        theirs = None if slope is None else value(slope, env)
    except Undefined:
        return
    try:
        ours = dual(value(t, env.bind(V, Dual(at, Fraction(1))))).slope
    except Undefined:
        SEEN["no slope"] += 1
        assert theirs is None  # where the kernel has a derivative, so have we
        return
    if theirs is not None:
        SEEN["agree"] += 1
        assert truth_of("eq", number(ours), number(theirs)) is not False


def test_slopes_agree_with_the_kernels_derivative() -> None:
    at_random()
    assert SEEN["agree"] >= 100 and SEEN["no slope"] >= 3, SEEN


@pytest.mark.parametrize("at", ["1/3", "2", "7/2"])
def test_slopes_of_transcendental_functions(at: str) -> None:
    for e in (sp.exp(x**2), sp.log(x), sp.sqrt(x) * x, 1 / sp.exp(x), sp.log(1 + sp.exp(x))):
        assert holds(derivative(e, x, sp.diff(e, x)), x=at) is not False
        assert holds(derivative(e, x, sp.diff(e, x) + sp.Rational(1, 10**9)), x=at) is False


TIES = [
    (sp.Max(0, x), 0),
    (sp.Min(0, x), 0),
    (sp.Abs(x), 0),
    (sp.Min(x, x**2), 0),
    (sp.Min(x, x**2), 1),
    (sp.Max(x - 1, 1 - x), 1),
    (sp.Max(sp.Min(x, 0), -1), 0),
    (sp.Max(sp.Min(x, 0), -1), -1),
    (sp.Piecewise((x, x < 0), (x + 1, True)), 0),
    (sp.Piecewise((1, x < 0), (x, True)), 0),
    (sp.Piecewise((0, x <= 0), (x, True)), 0),
    (3 * x + sp.Max(0, x), 0),
    (sp.exp(sp.Abs(x)), 0),
    (1 / (1 + sp.Max(0, x)), 0),
]


@pytest.mark.parametrize(("e", "at"), TIES, ids=[f"{e} at {at}" for e, at in TIES])
@pytest.mark.parametrize("slope", [0, 1])
def test_a_tie_has_no_slope(e: Any, at: int, slope: int) -> None:
    with pytest.raises(Undefined):
        holds(derivative(e, x, slope), x=at)


SMOOTH = [
    (sp.Max(x, x**2 - x + 1), 1, 1),
    (sp.Piecewise((x**2, x < 0), (x**3, True)), 0, 0),
    (y * sp.Max(0, x), 0, 0),  # the kink has the factor 0
    (y * sp.Min(2 * x, sp.Max(x, 0)) + 3 * x, 0, 3),
    (sp.Min(s * y, y * sp.Max(x, 0)), 0, 0),
    (sp.Max(0, x) * x, 0, 0),
    (sp.Abs(x) * sp.Max(0, x), 0, 0),
    (x * sp.Abs(x) + x, 0, 1),
]


@pytest.mark.parametrize(("e", "at", "slope"), SMOOTH, ids=[str(row[0]) for row in SMOOTH])
def test_branches_that_touch_have_a_slope(e: Any, at: int, slope: int) -> None:
    assert holds(derivative(e, x, slope), x=at, y=0, s=2) is True
    assert holds(derivative(e, x, slope + 1), x=at, y=0, s=2) is False


HIDDEN = [
    (sp.Max(0, x) + sp.Min(0, x), 1),
    (sp.Max(x, 2 * x) + sp.Min(x, 2 * x), 3),
    (sp.Piecewise((x**2, sp.Eq(x, 0)), (x, True)), 1),
    (sp.Piecewise((x, sp.Not(sp.Eq(x, 0))), (x**2, True)), 1),
]


@pytest.mark.parametrize(("e", "slope"), HIDDEN, ids=[str(e) for e, _ in HIDDEN])
def test_the_slopes_on_both_sides_of_a_tie_may_agree(e: Any, slope: int) -> None:
    assert holds(derivative(e, x, slope), x=0) is True
    assert holds(derivative(e, x, slope + 1), x=0) is False


@pytest.mark.parametrize("slope", [0, 1])
def test_a_tie_in_a_condition_on_a_range(slope: int) -> None:
    with pytest.raises(Undefined):
        holds(derivative(sp.Piecewise((x, (x >= 0) & (x <= 1)), (x**2, True)), x, slope), x=0)
