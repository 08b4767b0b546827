"""The translation of statements: what is read, as what, and what is refused; and that both sides mean the same."""

from fractions import Fraction
from typing import Any

import pytest
import sympy as sp
from claims import G, f, g, i, j, length, n, r, steady, x, y, z
from hypothesis import example, given
from hypothesis import strategies as st

from theory.evaluate import Env, Undefined, truth, value
from theory.kernel import Refused, mk, num, var
from theory.kernel.terms import ONE, ZERO, add, app, eq, inv, le, lt, mul, ne, neg
from theory.language import ForAll, derivative, equals, family, formula, maximum, mean, minimum, tends, term

X, Y, N, K, J = var("x"), var("y"), var("n", "Z"), var("i", "Z"), var("j", "Z")
SIZE, MINUS = var("G", "Z"), num(-1)
R_K = app("r", K)

TERMS = [
    (sp.Rational(-3, 7), num(Fraction(-3, 7))),
    (x, X),
    (n, N),
    (x + y, add(X, Y)),
    (3 * x, mul(num(3), X)),
    (x - y, add(X, mul(MINUS, Y))),
    (x**3, mk("pow", X, 3)),
    (1 / x, inv(X)),
    (x**-2, inv(mk("pow", X, 2))),
    (x / y, mul(X, inv(Y))),
    (sp.exp(x), app("exp", X)),
    (sp.exp(x) ** 2, app("exp", mul(num(2), X))),
    (sp.log(x), app("log", X)),
    (sp.sqrt(x), mk("pow", app("sqrt", X), 1)),
    (x ** sp.Rational(3, 2), mk("pow", app("sqrt", X), 3)),
    (x ** sp.Rational(-3, 2), inv(mk("pow", app("sqrt", X), 3))),
    (x**n, app("pow", X, N)),
    (x**-n, inv(app("pow", X, N))),
    (x ** (n + 2), app("pow", X, add(N, num(2)))),
    (r(i), R_K),
    (r(i, j + 1), app("r", K, add(J, ONE))),
    (r(x), app("r", X)),
    (length(i), app("length", K, sort="Z")),
    (sp.Sum(r(i), (i, 1, G)), mk("sum", K, ONE, SIZE, R_K)),
    (sp.Sum(r(j), (j, 1, G)), mk("sum", K, ONE, SIZE, R_K)),  # equal up to the name of the index
    (sp.Sum(r(i, j), (i, 1, j), (j, 1, G)), mk("sum", J, ONE, SIZE, mk("sum", K, ONE, J, app("r", K, J)))),
    (mean(r(i), i, G), mul(mk("sum", K, ONE, SIZE, R_K), inv(SIZE))),
    (sp.Min(x, y), mk("ite", le(X, Y), X, Y)),
    (sp.Max(x, y), mk("ite", le(X, Y), Y, X)),
    (minimum(y, x), mk("ite", le(X, Y), X, Y)),
    (maximum(y, x), mk("ite", le(X, Y), Y, X)),
    (maximum(x**2, 0), mk("ite", le(ZERO, mk("pow", X, 2)), mk("pow", X, 2), ZERO)),  # SymPy's own is x**2
    (sp.Abs(x), mk("ite", le(ZERO, X), X, mul(MINUS, X))),
    (sp.Piecewise((x, x < y), (0, True)), mk("ite", lt(X, Y), X, ZERO)),
    (
        sp.Piecewise((x, x < y), (y, sp.Eq(x, y)), (0, True)),
        mk("ite", lt(X, Y), X, mk("ite", eq(X, Y), Y, ZERO)),
    ),
]

FORMULAS = [
    (equals(x, x), eq(X, X)),
    (sp.Eq(x, y), eq(X, Y)),
    (sp.Ne(x, y), ne(X, Y)),
    (x <= y, le(X, Y)),
    (x >= y, le(Y, X)),
    (x < y, lt(X, Y)),
    (x > y, lt(Y, X)),
    (sp.Not(sp.Eq(x, y)), ne(X, Y)),
    (sp.Not(ForAll(x, x < y)), neg(mk("all", X, lt(X, Y)))),
    (sp.Implies(x < y, x <= y), mk("imp", lt(X, Y), le(X, Y))),
    (ForAll(x, x < y), mk("all", X, lt(X, Y))),
    (ForAll(i, 1, G, r(i) < x), mk("all", K, mk("imp", mk("and", le(ONE, K), le(K, SIZE)), lt(R_K, X)))),
    (derivative(x**2, x, 2 * x), mk("deriv", X, mk("pow", X, 2), X, mul(num(2), X))),
    (tends(1 / n, n, sp.oo, 0), mk("lim", N, inv(N), "oo", ZERO)),
    (tends(sp.log(1 + x), x, 0, 0), mk("lim", X, app("log", add(ONE, X)), "0+", ZERO)),
]


@pytest.mark.parametrize(("written", "meant"), TERMS, ids=[str(e) for e, _ in TERMS])
def test_every_kind_of_expression_is_read(written: Any, meant: Any) -> None:
    from theory.kernel.theorem import same

    assert same(eq(term(written), ZERO), eq(meant, ZERO)), f"{term(written)!r} is not {meant!r}"


@pytest.mark.parametrize(("written", "meant"), FORMULAS, ids=[str(p) for p, _ in FORMULAS])
def test_every_kind_of_statement_is_read(written: Any, meant: Any) -> None:
    assert formula(written) is meant


def test_conjunctions_and_equivalences_keep_all_parts() -> None:
    assert set(formula(sp.And(x < y, sp.Eq(y, z))).args) == {lt(X, Y), eq(Y, var("z"))}
    both = formula(sp.Equivalent(x < y, y < z))
    assert {p.op for p in both.args} == {"imp"} and both.args[0].args == both.args[1].args[::-1]


REFUSED = {
    "a float": x + 0.5,
    "a float in a bound": sp.Sum(r(i), (i, 1, 2.0)),
    "a float exponent": x**0.5,
    "infinity": sp.oo,
    "nan": sp.nan,
    "the imaginary unit": sp.I,
    "pi": sp.pi,
    "Euler's number": sp.E,
    "a third root": x ** sp.Rational(1, 3),
    "a real exponent": x**y,
    "a base that only exponents move": 2**x,
    "sine": sp.sin(x),
    "gamma": sp.gamma(n),
    "factorial": sp.factorial(n),
    "floor": sp.floor(x),
    "sign": sp.sign(x),
    "a Product": sp.Product(r(i), (i, 1, G)),
    "an Integral": sp.Integral(x, (x, 0, 1)),
    "a Derivative inside": x + sp.Derivative(f(x), x),
    "a Limit inside": 1 + sp.Limit(f(n), n, sp.oo),
    "a sum over reals": sp.Sum(x, (x, 1, 3)),
    "a sum to a half": sp.Sum(r(i), (i, 1, sp.Rational(3, 2))),
    "a sum to a real": sp.Sum(r(i), (i, 1, x)),
    "an infinite sum": sp.Sum(r(i), (i, 1, sp.oo)),
    "Piecewise without a last branch": sp.Piecewise((x, x < y), (y, x > y)),
    "Piecewise over Or": sp.Piecewise((x, sp.Or(x < y, x > 2 * y)), (0, True)),
    "a family named exp": family("exp")(x),
    "a family named log": family("log")(x),
    "a family named sqrt": family("sqrt")(x),
    "a family named pow": family("pow")(x, n),
    "a matrix": sp.Matrix([x]),
}


@pytest.mark.parametrize("e", REFUSED.values(), ids=REFUSED)
def test_expressions_outside_of_the_language_are_refused(e: Any) -> None:
    with pytest.raises(Refused):
        term(e)


NO_STATEMENT = {
    "True": True,
    "False": False,
    "decided by SymPy": sp.Eq(x, x),
    "decided by assumptions": sp.exp(x) > 0,
    "an expression": x + y,
    "a symbol": x,
    "Or": sp.Or(x < y, y < x),
    "Xor": sp.Xor(x < y, y < z),
    "equivalence of three": sp.Equivalent(x < y, y < z, x < z),
    "a float inside": x < 0.5,
    "second derivative": sp.Eq(sp.Derivative(f(x), (x, 2)), y, evaluate=False),
    "mixed derivative": sp.Eq(sp.Derivative(f(x, y), x, y), z, evaluate=False),
    "derivative of no stated order": sp.Eq(sp.Derivative(f(x), (x, n)), y, evaluate=False),
    "derivative on the right": sp.Eq(y, sp.Derivative(f(x), x), evaluate=False),
    "derivative in an integer": derivative(f(n), n, g(n)),
    "derivative as an inequality": sp.Le(sp.Derivative(f(x), x), y),
    "limit at -oo": sp.Eq(sp.Limit(f(x), x, -sp.oo), 0, evaluate=False),
    "limit at 1": sp.Eq(sp.Limit(f(x), x, 1), 0, evaluate=False),
    "limit at 0 of an integer": tends(f(n), n, 0, 1),
    "a non-relation under Not": sp.Not(sp.Symbol("p")),
}


@pytest.mark.parametrize("p", NO_STATEMENT.values(), ids=NO_STATEMENT)
def test_what_is_no_statement_is_refused(p: Any) -> None:
    with pytest.raises(Refused):
        formula(p)


@pytest.mark.parametrize("side", ["-", "+-"])
def test_a_limit_from_the_other_side_is_refused(side: str) -> None:
    """The kernel's limit at 0 is from above: a limit from below must not be read as one."""
    with pytest.raises(Refused):
        formula(sp.Eq(sp.Limit(1 / x, x, 0, dir=side), z, evaluate=False))


@pytest.mark.parametrize("p", [ForAll(i, 1, i > 0), ForAll(i, 1, G, G, i > 0)], ids=["a single bound", "three bounds"])
def test_a_forall_with_other_than_two_bounds_is_refused(p: Any) -> None:
    with pytest.raises(Refused):
        formula(p)


def test_a_real_and_an_integer_symbol_of_one_name_stay_apart() -> None:
    real = sp.Symbol("n", real=True)
    assert term(real) is not term(n) and formula(equals(real, n)) is eq(var("n"), N)


# -- the same meaning on both sides ------------------------------------------------------------------------------------

SMALL = st.fractions(-3, 3, max_denominator=3)
LEAVES = st.sampled_from([x, y, n, r(1), r(2), sp.Integer(2), sp.Rational(-1, 2), r(n)])


def grown(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    pair = st.tuples(inner, inner)
    index, members = st.sampled_from([i, r(i), i * r(i), x * r(i)]), st.sampled_from([(1, 3), (1, n), (n, 2), (2, -1)])
    return st.one_of(
        pair.map(lambda ab: ab[0] + ab[1]),
        pair.map(lambda ab: ab[0] * ab[1]),
        pair.map(lambda ab: ab[0] - 2 * ab[1]),
        pair.map(lambda ab: ab[0] / (ab[1] ** 2 + 1)),
        inner.map(lambda a: 1 / a if a != 0 else sp.Integer(0)),
        inner.map(lambda a: a**3),
        inner.map(sp.Abs),
        inner.map(lambda a: sp.sqrt(a**2 + 1)),
        pair.map(lambda ab: sp.Min(*ab)),
        pair.map(lambda ab: sp.Max(*ab)),
        st.tuples(inner, inner, inner).map(lambda abc: sp.Piecewise((abc[0], abc[1] < abc[2]), (abc[1], True))),
        st.tuples(index, members).map(lambda fm: sp.Sum(fm[0], (i, *fm[1]))),
    )


def by_sympy(e: Any, values: dict[Any, Any]) -> Any:
    """SymPy's own substitution of exact numbers; sums by plain addition, so that an empty range gives 0."""
    if isinstance(e, sp.Sum):
        ((k, lo, hi),) = e.limits
        lo, hi = (int(by_sympy(b, values)) for b in (lo, hi))
        return sp.Add(*(by_sympy(e.function.subs(k, number), values) for number in range(lo, hi + 1)))
    if e in values:
        return values[e]
    if not e.args:
        return e
    if isinstance(e, sp.Piecewise):
        return next(by_sympy(v, values) for v, c in e.args if by_sympy(c, values) == sp.true)
    return e.func(*(by_sympy(a, values) for a in e.args))


@steady(250)
@given(
    st.recursive(LEAVES, grown, max_leaves=6),
    st.recursive(LEAVES, grown, max_leaves=3),
    SMALL,
    SMALL,
    st.integers(-1, 4),
)
@example(sp.Sum(r(i), (i, 1, n)), sp.Integer(0), Fraction(1), Fraction(2), 0)
@example(sp.Sum(r(i), (i, 3, 1)), sp.Integer(0), Fraction(1), Fraction(2), 0)
@example(1 / (x - y), x, Fraction(1, 2), Fraction(1, 2), 1)
def test_values_agree_with_sympys_substitution(left: Any, right: Any, a: Fraction, b: Fraction, size: int) -> None:
    rewards = [Fraction(1, 2), a, Fraction(-2), b]
    rational = {
        x: sp.Rational(a.numerator, a.denominator),
        y: sp.Rational(b.numerator, b.denominator),
        n: sp.Integer(size),
    }
    family_values = {k: Fraction(0) for k in range(-4, 8)} | dict(enumerate(rewards, 1))
    rational |= {r(k): sp.Rational(v.numerator, v.denominator) for k, v in family_values.items()}
    env = Env({"x": a, "y": b, "n": size, "r": lambda k: family_values[int(k)]})
    rational |= {r(n): rational[r(size)]}
    try:
        theirs = [by_sympy(sp.sympify(e), rational) for e in (left, right)]
    except (TypeError, ValueError):  # Min, Max or a comparison of a pole
        theirs = [sp.nan]
    if any(v.has(sp.nan, sp.zoo, sp.oo, -sp.oo) for v in theirs):
        with pytest.raises(Undefined):
            value(term(left), env), value(term(right), env)
        return
    for relation in (sp.Le, sp.Lt, sp.Eq):
        ours = truth(formula(relation(left, right, evaluate=False)), env)
        assert ours in (None, bool(relation(*theirs))), (left, right)
        exact = all(v.is_Rational for v in theirs)
        assert not exact or ours is not None
