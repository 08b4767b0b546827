"""Terms: what may be built, what binds, and substitution that captures nothing."""

import copy
import pickle
from fractions import Fraction

import pytest
from kernel_reading import derive, given, term

from theory.kernel import Refused, mk, num, same, subst, var
from theory.kernel import terms as T
from theory.kernel.ring import canon

x, y, i, j, n = (term(name) for name in "xyijn")
hash0, bang0 = var("#0", "Z"), var("!0", "Z")

BAD = [
    ("num", "a float", lambda: num(0.5)),
    ("num", "a float that is whole", lambda: num(1.0)),
    ("num", "a bool", lambda: num(True)),
    ("num", "a string", lambda: num("1/2")),
    ("num", "a subclass of Fraction, which may override equality", lambda: num(type("Q", (Fraction,), {})(1, 2))),
    ("num", "through mk", lambda: mk("num", 0.1)),
    ("num", "nothing", lambda: num(None)),
    ("var", "an unknown sort", lambda: var("x", "C")),
    ("var", "an empty sort", lambda: var("x", "")),
    ("var", "a name that is no string", lambda: var(1)),
    ("var", "a name that is a list", lambda: var(["x"])),
    ("var", "through mk", lambda: mk("var", "x", "Q")),
    ("mk", "an unknown operator", lambda: mk("abs", x)),
    ("mk", "no operator", lambda: mk("")),
    ("mk", "an inverse of two", lambda: mk("inv", x, y)),
    ("mk", "an inverse of nothing", lambda: mk("inv")),
    ("mk", "a bare number as an argument", lambda: mk("add", x, 1)),
    ("mk", "a string as an argument", lambda: mk("mul", x, "y")),
    ("mk", "a formula as a summand", lambda: mk("add", x, term("x < y"))),
    ("mk", "a formula as a factor", lambda: mk("mul", x, term("x < y"))),
    ("mk", "the inverse of a formula", lambda: mk("inv", term("x < y"))),
    ("mk", "the power of a formula", lambda: mk("pow", term("x < y"), 2)),
    ("mk", "a negative exponent", lambda: mk("pow", x, -1)),
    ("mk", "an exponent that is a bool", lambda: mk("pow", x, True)),
    ("mk", "an exponent that is a float", lambda: mk("pow", x, 2.0)),
    ("mk", "an exponent that is a fraction", lambda: mk("pow", x, Fraction(1, 2))),
    ("mk", "an exponent that is a term", lambda: mk("pow", x, num(2))),
    ("mk", "a formula as an argument of a function", lambda: mk("app", "f", "R", term("x < y"))),
    ("mk", "a function without a sort", lambda: mk("app", "f")),
    ("mk", "a function of an unknown sort", lambda: mk("app", "f", "C", x)),
    ("mk", "a function whose name is a term", lambda: mk("app", x, "R", x)),
    ("mk", "a function whose name is a number", lambda: mk("app", 1, "R", x)),
    ("mk", "a term as a condition", lambda: mk("ite", x, x, y)),
    ("mk", "a formula as a branch", lambda: mk("ite", term("x < y"), term("x < y"), y)),
    ("mk", "a formula as the other branch", lambda: mk("ite", term("x < y"), y, term("x < y"))),
    ("mk", "an equation of formulas", lambda: mk("eq", term("x < y"), term("x < y"))),
    ("mk", "an equation with a formula on the left", lambda: mk("eq", term("x < y"), y)),
    ("mk", "an equation with a formula on the right", lambda: mk("eq", x, term("x < y"))),
    ("mk", "x <= a formula", lambda: mk("le", x, term("x < y"))),
    ("mk", "a formula <= x", lambda: mk("le", term("x < y"), x)),
    ("mk", "x < a formula", lambda: mk("lt", x, term("x < y"))),
    ("mk", "a formula < x", lambda: mk("lt", term("x < y"), x)),
    ("mk", "the negation of a term", lambda: mk("not", x)),
    ("mk", "a conjunction with a term", lambda: mk("and", term("x < y"), x)),
    ("mk", "a term implies", lambda: mk("imp", x, term("x < y"))),
    ("mk", "an implication of a term", lambda: mk("imp", term("x < y"), x)),
    ("mk", "all over a term", lambda: mk("all", term("f(x)"), term("x < y"))),
    ("mk", "all over a formula", lambda: mk("all", term("x < y"), term("x < y"))),
    ("mk", "all of a term", lambda: mk("all", x, y)),
    ("mk", "a sum over a number", lambda: mk("sum", num(1), num(1), n, i)),
    ("mk", "a sum over a function of sort Z", lambda: mk("sum", mk("app", "N", "Z", x), num(1), n, i)),
    ("mk", "a sum over the reals", lambda: mk("sum", x, num(1), n, x)),
    ("mk", "a sum from a real", lambda: mk("sum", i, x, n, i)),
    ("mk", "a sum to a real", lambda: mk("sum", i, num(1), x, i)),
    ("mk", "a sum to a half", lambda: mk("sum", i, num(1), num(Fraction(3, 2)), i)),
    ("mk", "a sum to an inverse", lambda: mk("sum", i, num(1), term("inv(n)"), i)),
    ("mk", "a sum to a real-valued function of an integer", lambda: mk("sum", i, num(1), term("f(n)"), i)),
    ("mk", "a sum to a sum of reals", lambda: mk("sum", i, num(1), term("sum(i, 1, n, f(i))"), i)),
    ("mk", "a sum to a conditional real", lambda: mk("sum", i, num(1), term("(n if x < y else x)"), i)),
    ("mk", "a sum to n + 1/2 - 1/2, by form", lambda: mk("sum", i, num(1), term("n + 1/2 - 1/2"), i)),
    ("mk", "a sum of formulas", lambda: mk("sum", i, num(1), n, term("x < y"))),
    ("mk", "a sum to a formula", lambda: mk("sum", i, num(1), term("x < y"), i)),
    ("mk", "a limit over a term", lambda: mk("lim", term("f(x)"), x, "oo", y)),
    ("mk", "a limit of a formula", lambda: mk("lim", x, term("x < y"), "oo", y)),
    ("mk", "a limit that is a formula", lambda: mk("lim", x, x, "oo", term("x < y"))),
    ("mk", "a limit of an unknown kind", lambda: mk("lim", x, x, "0-", y)),
    ("mk", "a limit at 0+ over the integers", lambda: mk("lim", n, n, "0+", num(0))),
    ("mk", "a limit whose kind is a number", lambda: mk("lim", x, x, 0, y)),
    ("mk", "a derivative over the integers", lambda: mk("deriv", n, n, num(1), num(1))),
    ("mk", "a derivative over a term", lambda: mk("deriv", term("f(x)"), x, num(1), num(1))),
    ("mk", "a derivative of a formula", lambda: mk("deriv", x, term("x < y"), num(1), num(1))),
    ("mk", "a derivative at a formula", lambda: mk("deriv", x, x, term("x < y"), num(1))),
    ("mk", "a derivative that is a formula", lambda: mk("deriv", x, x, num(1), term("x < y"))),
    ("mk", "a free name that a binder would capture", lambda: mk("sum", i, num(1), n, mk("mul", i, hash0))),
    ("mk", "the same through canonical form", lambda: canon(mk("sum", i, num(1), n,
     term("0*sum(j, 1, n, j) + var('#0', 'Z')*i")))),
    ("subst", "a real for an integer", lambda: subst(n, {n: x})),
    ("subst", "a half for an integer", lambda: subst(term("n + 1"), {n: num(Fraction(1, 2))})),
    ("subst", "a formula for a variable", lambda: subst(x, {x: term("x < y")})),
    ("subst", "for a term", lambda: subst(term("f(x)"), {term("f(x)"): y})),
    ("subst", "for a number", lambda: subst(num(1), {num(1): num(2)})),
]  # fmt: skip


@pytest.mark.parametrize("row", BAD, ids=[f"{who}: {why}" for who, why, _ in BAD])
def test_bad(row):
    who, _, build = row
    with pytest.raises(Refused) as e:
        build()
    assert e.value.rule == who


SAME = [
    ("bound names do not matter", "sum(i, 1, n, f(i))", "sum(j, 1, n, f(j))"),
    ("nor inside others", "sum(i, 1, n, sum(j, 1, i, f(i, j)))", "sum(j, 1, n, sum(i, 1, j, f(j, i)))"),
    ("nor of different sorts", "all(x, sum(i, 1, n, x*i) < 0)", "all(y, sum(k, 1, n, y*k) < 0)"),
    ("nor in limits", "lim(x, f(x), 'oo', y)", "lim(z, f(z), 'oo', y)"),
    ("nor in derivatives", "deriv(x, f(x), y, z)", "deriv(u, f(u), y, z)"),
    ("an inner binder hides an outer one", "sum(i, 1, n, sum(i, 1, n, f(i)))", "sum(j, 1, n, sum(i, 1, n, f(i)))"),
    ("a free name inside, as it was bound before", "sum(i, 1, n, i)", "sum(var('#0', 'Z'), 1, n, var('#0', 'Z'))"),
    ("a bound may mention what is free outside", "sum(i, i, n, f(i))", "sum(j, i, n, f(j))"),
]
DIFFERENT = [
    ("the order of binders", "sum(i, 1, n, sum(j, 1, n, f(i, j)))", "sum(i, 1, n, sum(j, 1, n, f(j, i)))"),
    ("a free variable instead of the bound one", "sum(i, 1, n, f(i))", "sum(i, 1, n, f(j))"),
    ("the sort of what is bound", "all(x, f(x) < 0)", "all(n, f(n) < 0)"),
    ("the sort of a variable", "f(x) < 0", "f(var('x', 'Z')) < 0"),
    ("the sort of a function", "f(x) < 0", "app('f', 'Z', x) < 0"),
    ("the kind of a limit", "lim(x, f(x), 'oo', y)", "lim(x, f(x), '0+', y)"),
    ("a function of no arguments is not a variable", "app('x', 'R')", "x"),
    ("nothing is simplified: x/x", "x/x", "1"),
    ("nothing is simplified: 0*x", "0*x", "0"),
    ("nothing is simplified: x**0", "x**0", "1"),
    ("a bound that mentions the index", "sum(i, i, n, f(i))", "sum(j, j, n, f(j))"),
]


@pytest.mark.parametrize("a, b", [row[1:] for row in SAME], ids=[row[0] for row in SAME])
def test_same_object(a, b):
    assert term(a) is term(b)


@pytest.mark.parametrize("a, b", [row[1:] for row in DIFFERENT], ids=[row[0] for row in DIFFERENT])
def test_different_object(a, b):
    assert term(a) is not term(b)


CANON_DIFFERENT = [
    ("a coefficient", "2*x", "x"),
    ("a sign", "-x", "x"),
    ("a coefficient of a product", "1/2*x*y", "x*y"),
    ("a constant", "x + 1", "x + 2"),
    ("a constant alone", "1", "2"),
    ("an exponent", "x**2", "x"),
    ("an exponent of an atom", "f(x)**2*y", "f(x)*y"),
    ("a summand", "x + y", "x"),
    ("a zero", "0*x + y", "x + y"),
    ("x/x is not 1", "x/x", "1"),
    ("0/0 is not 1", "inv(0)*0 + 1", "inv(0)"),
    ("1/0 is not 0", "inv(0)", "0"),
    ("the inverse of a product", "inv(x*y)", "inv(x)*inv(y)"),
    ("a sum of products", "sum(i, 1, n, f(i)*g(i))", "sum(i, 1, n, f(i))*sum(i, 1, n, g(i))"),
    ("a sum over another range", "sum(i, 1, n, f(i))", "sum(i, 1, n + 1, f(i))"),
    ("a condition and its negation", "(x if x < y else y)", "(x if y <= x else y)"),
    ("an inequality and its converse", "x < y", "y < x"),
    ("weak and strict", "x < y", "x <= y"),
    ("an equation and its negation", "x == y", "x != y"),
    ("an implication and its converse", "(x < y) >> (y < z)", "(y < z) >> (x < y)"),
    ("a cross term", "(x + y)**2", "x**2 + y**2"),
    ("exp of a sum", "exp(x + y)", "exp(x)*exp(y)"),
    ("a constant limit", "lim(x, f(x), 'oo', 1)", "lim(x, f(x), 'oo', 2)"),
    ("the point of a derivative", "deriv(x, f(x), y, 1)", "deriv(x, f(x), z, 1)"),
    ("functions that differ by arity", "f(x)", "f(x, x)"),
]
CANON_SAME = [
    ("ring arithmetic", "(x + y)*(x - y)", "x**2 - y**2"),
    ("below functions and binders", "sum(i, 1, n, f(i + 0*x)*2)", "sum(j, 1, n + 1 - 1, f(j) + f(j))"),
    ("in conditions", "(x if x - x < y else y)", "(x if 0 < y else y)"),
    ("numbers are inverted", "x*inv(2) + inv(inv(2))", "1/2*x + 2"),
    ("x**0", "x**0", "1"),
    ("a binder that vanishes inside another", "sum(i, 1, n, 0*sum(j, 1, i, j) + i)", "sum(i, 1, n, i)"),
]


@pytest.mark.parametrize("a, b", [row[1:] for row in CANON_DIFFERENT], ids=[row[0] for row in CANON_DIFFERENT])
def test_canon_keeps_apart(a, b):
    assert not same(term(a), term(b))


@pytest.mark.parametrize("a, b", [row[1:] for row in CANON_SAME], ids=[row[0] for row in CANON_SAME])
def test_canon_joins(a, b):
    assert same(term(a), term(b)) and canon(canon(term(a))) is canon(term(b))


FREE = [
    ("sum(i, 1, n, x*i)", {"n", "x"}),
    ("sum(i, i, j, i)", {"i", "j"}),
    ("all(x, x < y)", {"y"}),
    ("lim(x, x + y, 'oo', x*z)", {"x", "y", "z"}),
    ("deriv(x, x + y, x*u, z)", {"x", "y", "u", "z"}),
    ("sum(i, 1, n, sum(j, i, k, j))", {"n", "k"}),
    ("f(x, y) if x < z else sum(i, 1, n, i)", {"x", "y", "z", "n"}),
]


@pytest.mark.parametrize("text, names", FREE, ids=[row[0] for row in FREE])
def test_free_variables(text, names):
    assert term(text).free == {term(name) for name in names}


SUBST = [
    ("everywhere it is free", "x + f(x)", {"x": "y*z"}, "y*z + f(y*z)"),
    ("simultaneously", "x - y", {"x": "y", "y": "x"}, "y - x"),
    ("not where it is bound", "sum(i, 1, i, i)", {"i": "n"}, "sum(i, 1, n, i)"),
    ("an index is renamed where it would capture", "sum(i, 1, n, x*i)", {"x": "i"}, "sum(j, 1, n, i*j)"),
    ("in bounds too", "sum(i, m, n, i)", {"m": "i", "n": "2*i"}, "sum(j, i, 2*i, j)"),
    ("through two binders", "sum(i, 1, n, sum(j, 1, n, x*i*j))", {"x": "i*j"}, "sum(k, 1, n, sum(l, 1, n, i*j*k*l))"),
    ("under all", "all(y, x < y)", {"x": "y"}, "all(z, y < z)"),
    ("under a limit, and in its value", "lim(y, x*y, 'oo', x)", {"x": "y"}, "lim(z, y*z, 'oo', y)"),
    ("at the point of a derivative", "deriv(x, x*y, x, y)", {"x": "2*x", "y": "x"}, "deriv(z, z*x, 2*x, x)"),
    ("by a term that binds", "sum(i, 1, n, x*i)", {"x": "sum(i, 1, n, i)"}, "sum(j, 1, n, sum(i, 1, n, i)*j)"),
    ("in a condition", "(x if x < y else y)", {"x": "0"}, "(0 if 0 < y else y)"),
    ("a name like those of fresh variables, in the body", "sum(i, 1, n, var('!0', 'Z')*i*x)", {"x": "y"},
     "sum(i, 1, n, var('!0', 'Z')*i*y)"),
    ("a name like those of fresh variables, as the value", "sum(i, 1, n, x*i)", {"x": "var('!0', 'Z')"},
     "sum(i, 1, n, var('!0', 'Z')*i)"),
    ("a name like those of fresh variables, in a bound", "sum(i, 1, var('!0', 'Z'), i)", {"var('!0', 'Z')": "n"},
     "sum(i, 1, n, i)"),
    ("nothing to do", "sum(i, 1, n, i)", {"i": "n", "x": "y"}, "sum(i, 1, n, i)"),
    ("an integer for a real", "f(x)", {"x": "n"}, "f(n)"),
]  # fmt: skip


@pytest.mark.parametrize("row", SUBST, ids=[row[0] for row in SUBST])
def test_subst(row):
    _, text, values, wanted = row
    assert subst(term(text), {term(v): term(w) for v, w in values.items()}) is term(wanted)


INTEGERS = ["2", "n", "n*m - 3", "n**2", "N(x)", "sum(i, 1, n, i)", "(n if x < y else 1)", "add()", "mul()"]
NOT_BY_FORM = [
    "1/2",
    "x",
    "n*x",
    "n + 1/2",
    "x**2",
    "f(n)",
    "sum(i, 1, n, f(i))",
    "(n if x < y else x)",
    "inv(n)",
    "inv(1)",
]


@pytest.mark.parametrize("text", INTEGERS)
def test_integer_by_form(text):
    assert T.is_int(term(text))


@pytest.mark.parametrize("text", NOT_BY_FORM)
def test_not_integer_by_form(text):
    assert not T.is_int(term(text))


@pytest.mark.parametrize(
    "copied", [copy.copy, copy.deepcopy, lambda t: pickle.loads(pickle.dumps(t))], ids=["copy", "deepcopy", "pickle"]
)
def test_copies_are_interned(copied):
    """A second `i` is no fresh variable: (1 <= i -> 0 = 1) would be summed over i as if it did not depend on i."""
    for t in (i, term("sum(i, 1, n, f(i)) < x"), term("1/2")):
        assert copied(t) is t
    with pytest.raises(Refused):
        derive("all_intro", [copied(x), given("0 < x |- 0 < x")])


def test_fractions_and_integers_are_one_number():
    assert num(2) is num(Fraction(4, 2)) is mk("num", 2) and term("2/4") is num(Fraction(1, 2))


def test_mixed_names_do_not_mix_values():
    """Variables that print alike: of two sorts, or called like a number."""
    assert not same(term("x - x"), term("x - var('x', 'Z')"))
    assert not same(term("1 < 2"), term("var('1', 'R') < var('2', 'R')"))


def test_a_refusal_says_who_what_and_how():
    with pytest.raises(Refused) as e:
        derive("field", ["x/x", "1", ["|- y != 0"]])
    assert str(e.value) == (
        "REFUSED field: needed not((x = 0)); known: [not((y = 0))]; add: a theorem that concludes not((x = 0))"
    )
    assert str(Refused("rule", "this", "that")) == "REFUSED rule: needed this; known: that"
