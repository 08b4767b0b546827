"""Wrong or unsafe answers of SymPy 1.14 (research/kernel.md, B3): the kernel's own path refuses, or is right.

`upstream` tests say what SymPy should answer. They fail strictly: when SymPy changes, they tell.
"""

import pytest
import sympy as sp
from kernel_reading import derive, given, raw, sequent, term

from theory import language
from theory.kernel import Refused, Term, Theorem, mk, same, subst

x, y, a, b = sp.symbols("x y a b", real=True)
p, q = sp.symbols("p q", positive=True)
i, n = sp.symbols("i n", integer=True)
upstream = pytest.mark.xfail(strict=True, raises=AssertionError, reason="SymPy answers otherwise")


def proves(sequent_: str, rule: str, params: list) -> Theorem:
    th = derive(rule, params)
    hyps, concl = sequent(sequent_)
    assert th.hyps == hyps and same(th.concl, concl)
    return th


def refuses(rule: str, params: list, by: str = "") -> None:
    with pytest.raises(Refused) as e:
        derive(rule, params)
    assert e.value.rule.split()[0] == (by or rule)


def unevaluated(text: str) -> Term:
    """What the statement language makes of a formula that SymPy is told to leave alone."""
    with sp.evaluate(False):
        return language.term(sp.sympify(text, locals={"x": x, "y": y, "n": n, "i": i, "p": p, "q": q}, evaluate=False))


# Simplification while an expression is built ---------------------------------------------------------------------


@upstream
def test_upstream_x_over_x():
    assert x / x != 1


def test_x_over_x():
    assert not same(unevaluated("x/x"), term("1"))
    refuses("field", ["x/x", "1", []])
    proves("x != 0 |- x/x == 1", "field", ["x/x", "1", ["x != 0 |- x != 0"]])


@upstream
def test_upstream_cancel():
    assert sp.cancel((x**2 - 1) / (x - 1)) != x + 1


def test_cancel():
    refuses("field", ["(x**2 - 1)/(x - 1)", "x + 1", []])
    refuses("field", ["(x**2 - 1)/(x - 1)", "x + 1", ["|- x != 0"]])
    proves(
        "x - 1 != 0 |- (x**2 - 1)/(x - 1) == x + 1",
        "field",
        ["(x**2 - 1)/(x - 1)", "x + 1", ["x - 1 != 0 |- x - 1 != 0"]],
    )


def test_zero_times_x_and_x_to_the_zero_hold_for_every_real():
    """0*x = 0 and x**0 = 1 are true of numbers, of 1/0 too, which is *some* number; 0/0 = 1 is not."""
    proves("|- 0*x == 0", "field", ["0*x", "0", []])
    proves("|- x**0 == 1", "field", ["x**0", "1", []])
    proves("|- 0*inv(0) == 0", "linear", ["0*inv(0)", "0", [], []])
    refuses("field", ["0*inv(0)", "1", []])
    refuses("field", ["inv(x)*x**2", "x", []])


@upstream
def test_upstream_exp():
    assert sp.exp(2 * x) - sp.exp(x) ** 2 != 0


def test_laws_of_exp_are_named():
    refuses("field", ["exp(2*x)", "exp(x)**2", []])
    law = derive("law", [raw("exp_add"), "x", "x", []])
    th = proves("|- exp(2*x) == exp(x)**2", "linear", ["exp(2*x)", "exp(x)**2", [lambda: law], ["1"]])
    assert th.trust == {"schema:exp_add"}


def test_what_sympy_decided_is_no_statement():
    for decided in (sp.Eq(x, x), sp.Le(0, p), x / x > 0, sp.Eq(sp.Max(x, y), sp.Max(y, x))):
        with pytest.raises(Refused):
            language.formula(decided)


# Laws that need a domain ----------------------------------------------------------------------------------------


@upstream
def test_upstream_expand_log_force():
    assert sp.expand_log(sp.log(x * y), force=True) == sp.log(x * y)


def test_log_of_a_product():
    """There is no such schema; for positive x and y it follows from exp_log, exp_add and log_exp."""
    refuses("field", ["log(x*y)", "log(x) + log(y)", []])
    refuses("law", [raw("log_mul"), "x", "y", []])
    ex, ey = (derive("law", [raw("exp_log"), v, "0", [f"0 < {v} |- 0 < {v}"]]) for v in "xy")
    add = derive("law", [raw("exp_add"), "log(x)", "log(y)", []])
    product = derive("linear", ["exp(log(x) + log(y))", "x*y", [lambda: add, lambda: ex, lambda: ey], ["1", "exp(log(y))", "x"]])
    log = derive("law", [raw("log_exp"), "log(x) + log(y)", "0", []])
    th = derive("rewrite", [lambda: product, lambda: log, "h", "log(h) == log(x) + log(y)"])
    assert th.hyps == {term("0 < x"), term("0 < y")} and th.concl is term("log(x*y) == log(x) + log(y)")
    assert th.trust == {"schema:exp_log", "schema:exp_add", "schema:log_exp"}


@pytest.mark.parametrize("text", ["log(x*y) - log(x) - log(y)", "sqrt(x*y) - sqrt(x)*sqrt(y)", "pow(x, n + 1) - x*pow(x, n)"])
def test_sfield_expands_under_assumptions(text):
    """`sympy.polys.sfield` makes these zero for positive symbols: so the kernel's polynomials are its own."""
    refuses("field", [text, "0", []])
    refuses("field", [text, "0", ["|- 0 < x", "|- 0 < y"]])


@upstream
def test_upstream_root_of_a_square():
    assert sp.powdenest(sp.sqrt(x**2), force=True) == sp.Abs(x)


def test_root_of_a_square():
    refuses("law", [raw("sqrt_square"), "x", "0", []])
    refuses("field", ["sqrt(x**2)", "x", []])
    refuses("field", ["sqrt(x)**2", "x", []])
    proves("0 <= x |- sqrt(x)**2 == x", "law", [raw("sqrt_square"), "x", "0", ["0 <= x |- 0 <= x"]])


def test_assumptions_of_symbols_are_not_believed():
    """`positive=True` is no hypothesis: what follows from it has to be said."""
    assert language.term(p) is term("p") and language.term(sp.log(p * q)) is term("log(p*q)")
    refuses("field", ["p/p", "1", []])


# Floats ---------------------------------------------------------------------------------------------------------


@upstream
def test_upstream_floats():
    assert sp.expand((x + 0.1 + 0.2) - (x + sp.Rational(3, 10))) == 0


@pytest.mark.parametrize(
    "value", [0.5, sp.Float(1), x + 0.1, sp.Float("0.3") * x, sp.exp(0.5), float("nan"), sp.zoo, sp.nan, sp.oo]
)
def test_floats_and_infinities(value):
    with pytest.raises(Refused):
        language.term(value)


# Sums -----------------------------------------------------------------------------------------------------------


@upstream
def test_upstream_reversed_limits():
    assert sp.Sum(i, (i, -4, -8)).doit() == 0


def test_reversed_limits():
    """The range is empty, so the sum is 0; Karr's convention would make it 18."""
    below = derive("sos", ["-8 < -4", [(sp_fraction(4), "1", [])], [], []])
    proves("|- sum(i, -4, -8, i) == 0", "sum_empty", ["sum(i, -4, -8, i)", [lambda: below]])
    refuses("sum_step", ["sum(i, -4, -8, i)", [lambda: below]])
    refuses("sum_const", ["i", "-4", "-8", "1", [lambda: below]])


def sp_fraction(k):
    from fractions import Fraction

    return Fraction(k)


@upstream
def test_upstream_half_a_bound():
    assert sp.Sum(x, (x, 1, sp.Rational(3, 2))).doit() != sp.Rational(15, 8)


def test_half_a_bound():
    for text in ("sum(i, 1, 3/2, i)", "sum(x, 1, 2, x)", "sum(i, 1, x, i)", "sum(i, 1, n/2, i)"):
        with pytest.raises(Refused):
            term(text)


@upstream
def test_upstream_closed_form_below_the_range():
    assert sp.Sum(i, (i, 1, n)).doit().subs(n, -3) == 0


def test_closed_form_below_the_range():
    """The theorem says from where on it holds, and cannot be taken to -3."""
    triangle = "sum(i, 1, n, i) == n*(n + 1)/2"
    base = given("|- sum(i, 1, 1, i) == 1*(1 + 1)/2")
    step = given(f"1 <= n, {triangle} |- sum(i, 1, n + 1, i) == (n + 1)*(n + 1 + 1)/2")
    th = derive("induct", ["n", "1", triangle, lambda: base, lambda: step])
    assert th.hyps == {term("1 <= n")}
    refuses("all_intro", ["n", lambda: th])
    closed = derive("all_intro", ["n", lambda: derive("imp_intro", ["1 <= n", lambda: th])])
    refuses("imp_elim", [lambda: derive("all_elim", [lambda: closed, "-3"]), "|- -3 <= 1"])


@pytest.mark.parametrize("slope, shift", [(2, "0"), (1, "1/2"), (-2, "n"), (1, "x")])
def test_change_of_index(slope, shift):
    """`Sum.change_index` takes a symbolic or any slope; here it is 1 or -1, and the shift is an integer."""
    with pytest.raises(Refused):
        derive("sum_reindex", ["sum(i, 1, n, f(i))", "j", slope, shift])


# Derivatives and limits -----------------------------------------------------------------------------------------


@upstream
def test_upstream_derivative_of_min_at_a_tie():
    assert sp.diff(sp.Min(x, sp.Rational(1, 2)), x).subs(x, sp.Rational(1, 2)) is sp.nan


@pytest.mark.parametrize("fact", ["|- 1/2 == 1/2", "|- 1/2 <= 1/2"])
def test_derivative_of_min_and_max_at_a_tie(fact):
    for f in (sp.Min(x, sp.Rational(1, 2)), sp.Max(x, sp.Rational(1, 2)), sp.Abs(x - sp.Rational(1, 2))):
        refuses("diff", ["x", lambda f=f: language.term(f), "1/2", [fact]])


@upstream
def test_upstream_derivative_of_a_filled_gap():
    sinc = sp.Piecewise((1, sp.Eq(x, 0)), (sp.sin(x) / x, True))
    assert sp.diff(sinc, x, 2).subs(x, 0) == sp.Rational(-1, 3)


def test_derivative_of_a_filled_gap():
    refuses("diff", ["x", "1 if x == 0 else exp(x)/x", "0", []])
    refuses("diff", ["x", "1 if x == 0 else exp(x)/x", "z", ["|- z != 0"]])


def test_jumps_are_no_terms():
    for f in (sp.sign(x), sp.Heaviside(x), sp.floor(x), sp.Mod(x, 2), sp.DiracDelta(x)):
        with pytest.raises(Refused):
            language.term(f)


@upstream
def test_upstream_limit_believes_positive():
    t = sp.Symbol("t", positive=True)
    f = (p * sp.exp(-p * t) + q * sp.exp(-q * t)) * sp.exp(q * t)
    assert sp.limit(f, t, sp.oo) != sp.oo


@pytest.mark.parametrize(
    "f",
    [
        "(a*exp(-a*t) + b*exp(-b*t))*exp(b*t)",
        "exp(-t)",
        "t*exp(-t)",
        "pow(1 + 1/n, n)",
        "log(t)/t",
        "exp(t)/exp(t)",
    ],
)
def test_limits_outside_the_table(f):
    variable = "n" if "n" in f else "t"
    refuses("limit", [variable, f, raw("oo"), ["|- 0 < a", "|- 0 < b"]])


def test_limits_that_depend_on_the_side():
    refuses("limit", ["x", "1/x", raw("0+"), []])
    refuses("limit", ["x", "x if 0 < x else 1", raw("0+"), []])
    with pytest.raises(Refused):
        term("lim(x, f(x), '0-', 1)")


# Substitution ---------------------------------------------------------------------------------------------------


@upstream
def test_upstream_order_of_subs():
    assert (x / y).subs(x, 0).subs(y, 0) == (x / y).subs(y, 0).subs(x, 0)


@pytest.mark.parametrize("text", ["x/y", "x/(x + y)", "1/(1 + x/y)"])
def test_order_of_subst(text):
    t, vx, vy, zero = term(text), term("x"), term("y"), term("0")
    first = subst(subst(t, {vx: zero}), {vy: zero})
    assert first is subst(subst(t, {vy: zero}), {vx: zero}) is subst(t, {vx: zero, vy: zero})


def test_subst_is_simultaneous_and_captures_nothing():
    assert subst(term("x - y"), {term("x"): term("y"), term("y"): term("x")}) is term("y - x")
    assert subst(term("sum(i, 1, n, i*x)"), {term("x"): term("i")}) is term("sum(j, 1, n, j*i)")


# Negative answers -----------------------------------------------------------------------------------------------


def test_no_normal_form_is_no_refutation():
    """`equals` says False of true identities; here what is not proved is refused, never negated."""
    for lhs, rhs in [
        ("(x if x <= y else y) + (y if x <= y else x)", "x + y"),
        ("exp(x)*exp(-x)", "1"),
        ("sqrt(x)**2", "x"),
    ]:
        refuses("field", [lhs, rhs, []])
    low, high = "(x if x <= y else y)", "(y if x <= y else x)"
    branches = []
    for condition in ("x <= y", "not x <= y"):
        eqs = [derive("if", [f"{condition} |- {condition}", s, t]) for s, t in (("x", "y"), ("y", "x"))]
        branches.append(derive("linear", [f"{low} + {high}", "x + y", [lambda e=e: e for e in eqs], ["1", "1"]]))
    proves(f"|- {low} + {high} == x + y", "cases", ["x <= y", lambda: branches[0], lambda: branches[1]])


def test_contradictory_assumptions_are_shown():
    """`ask` answers True under a contradiction; a theorem carries it."""
    th = derive("absurd", ["x < 0 |- x < 0", "not x < 0 |- not x < 0", "0 < 0"])
    assert th.hyps == {term("x < 0"), mk("not", term("x < 0"))}


@upstream
def test_conditions_stay_inside_the_sum_that_binds_them() -> None:
    """SymPy takes a condition on v out of the sum over v, where v stands free: the kernel's term has it, too."""
    weight, of = sp.Function("w"), sp.Function("g")
    chosen = sp.Max(0, of(i)) * sp.Piecewise((1, weight(n) < 1), (0, True)) + sp.Min(0, of(i))
    nested = sp.Sum(sp.Sum(chosen, (n, 1, 2)) * of(i), (i, 1, 2))
    assert not nested.free_symbols
