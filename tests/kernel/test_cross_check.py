"""The kernel against independent means: evaluation by loops over fractions, flint's polynomials, flint's balls."""

from fractions import Fraction

import flint
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from kernel_reading import derive, raw, term
from kernel_values import (
    IX,
    J,
    M,
    N,
    Unknown,
    X,
    Y,
    environments,
    formulas,
    integer_terms,
    renamed,
    ring_terms,
    small,
    terms,
    value,
    whole,
)

from theory.kernel import RULES, Refused, Term, Theorem, axiom, law, mk, num, subst, var
from theory.kernel import assume as assumed
from theory.kernel.arith import schemas
from theory.kernel.ring import canon, difference
from theory.kernel.terms import add, inv, le, lt, mul, ne, sub

checked = settings(max_examples=100, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
everything = terms(X, Y, N)
environment = environments(X, Y, N, M, IX, J)


def true_in(th: Theorem, env) -> bool:
    return not all(value(h, env) for h in th.hyps) or value(th.concl, env)


# Canonical forms and substitution ------------------------------------------------------------------------------


@checked
@given(everything, environment)
def test_canonical_forms_keep_the_value(t, env):
    assert value(canon(t), env) == value(t, env)
    assert canon(canon(t)) is canon(t)


@checked
@given(formulas(everything), environment)
def test_canonical_forms_keep_the_truth(p, env):
    assert value(canon(p), env) == value(p, env)


@checked
@given(everything, everything, integer_terms(N, IX), environment)
def test_substitution_agrees_with_evaluation(t, u, k, env):
    """Simultaneous; `u` and `k` may mention every name that is bound in `t`."""
    both = subst(t, {X: u, N: k})
    assert value(both, env) == value(t, env | {X: value(u, env), N: value(k, env)})
    assert both.free <= (t.free - {X, N}) | u.free | k.free


@checked
@given(everything, st.randoms(use_true_random=False))
def test_bound_names_do_not_matter(t, rng):
    assert renamed(t, lambda: rng.choice(["i", "j", "k", "n", "!0", "!1", "#7"])) is t


@checked
@given(everything, everything, environment)
def test_equal_objects_have_equal_values(a, b, env):
    if canon(a) is canon(b):
        assert value(a, env) == value(b, env)


# Decisions of ring and field against flint -------------------------------------------------------------------


CONTEXT = flint.fmpq_mpoly_ctx.get(["x", "y"], "lex")
GENS = dict(zip([X, Y], CONTEXT.gens(), strict=True))
ring = ring_terms(st.sampled_from([X, Y]))


def fraction(t: Term):
    """Numerator and denominator as flint's polynomials; the denominator may be the zero polynomial."""
    one = CONTEXT.constant(1)
    match t.op, t.args:
        case "num", (q,):
            return CONTEXT.constant(flint.fmpq(q.numerator, q.denominator)), one
        case "var", _:
            return GENS[t], one
        case "pow", (a, k):
            p, q = fraction(a)
            return p**k, q**k
        case "inv", (a,):
            p, q = fraction(a)
            return q, p
    top, bottom = (CONTEXT.constant(0) if t.op == "add" else one), one
    for a in t.args:
        p, q = fraction(a)
        top, bottom = (top * q + p * bottom if t.op == "add" else top * p), bottom * q
    return top, bottom


@checked
@given(ring, ring)
def test_ring_decisions_agree_with_flint(a, b):
    for s, t in ((a, b), (a, canon(a)), (mul(a, b), mul(b, a)), (sub(a, b), mul(num(-1), sub(b, a)))):
        zero = fraction(s)[0] == fraction(t)[0]
        assert (not difference(s, t)) == zero
        assert proved("linear", s, t, [], []) == proved("field", s, t, []) == zero


def proved(rule, *params) -> bool:
    try:
        return bool(RULES[rule](*params))
    except Refused:
        return False


rational = st.recursive(
    st.sampled_from([X, Y]) | small.map(num),
    lambda t: st.one_of(
        st.lists(t, min_size=1, max_size=3).map(lambda ts: add(*ts)),
        st.lists(t, min_size=1, max_size=3).map(lambda ts: mul(*ts)),
        t.map(inv),
    ),
    max_leaves=6,
)


@checked
@given(
    rational,
    rational,
    st.sampled_from(
        [
            lambda a, b: (a, b),
            lambda a, b: (mul(a, inv(b), b), a),
            lambda a, b: (inv(add(inv(a), inv(b))), mul(a, b, inv(add(a, b)))),
        ]
    ),
)
def test_field_decisions_agree_with_flint(a, b, shape):
    """With every denominator granted, `field` proves exactly what is zero as a fraction; without, it asks for it."""
    s, t = shape(a, b)
    facts: list[Theorem] = []
    (p, q), (u, v) = fraction(s), fraction(t)
    assume(q != 0 and v != 0)
    while True:
        try:
            th = RULES["field"](s, t, facts)
            break
        except Refused as e:
            if not isinstance(e.needed, Term):
                th = None
                break
            d = e.needed.args[0].args[0]
            assume(all(x != 0 for x in fraction(d)))
            facts.append(assumed(ne(d, num(0))))
    assert (th is not None) == (p * v == u * q)
    assert th is None or th.hyps == {f.concl for f in facts}


@checked
@given(ring, ring, st.lists(st.tuples(ring, ring), max_size=2), environment)
def test_sos_agrees_with_evaluation(q1, q2, factors, env):
    known = [assumed(lt(a, b)) for a, b in factors]
    parts = [(Fraction(1, 2), q1, known), (Fraction(3), q2, [])]
    total = mul(num(Fraction(1, 2)), q1, q1, *(sub(b, a) for a, b in factors))
    goal = le(num(0), add(total, mul(num(3), q2, q2)))
    assert true_in(RULES["sos"](goal, parts, [], []), env)


# Sums: every rule's conclusion by explicit loops, empty ranges included ----------------------------------------


summands = terms(X, N)
ranges = st.tuples(integer_terms(N, M), integer_terms(N, M))


def sum_rule(name, lo, hi, body, other, k):
    """The theorem of a rule, its side conditions assumed."""
    total = mk("sum", IX, lo, hi, body)
    match name:
        case "sum_empty":
            return RULES[name](total, [assumed(lt(hi, lo))])
        case "sum_step":
            return RULES[name](total, [assumed(le(lo, hi))])
        case "sum_linear":
            return RULES[name](IX, lo, hi, [X, k, subst(other, {IX: N})], [body, other, IX])
        case "sum_const":
            return RULES[name](IX, lo, hi, subst(body, {IX: k}), [assumed(le(sub(lo, num(1)), hi))])
        case "sum_split":
            return RULES[name](total, k, [assumed(le(sub(lo, num(1)), k)), assumed(le(k, hi))])
        case "sum_reindex":
            return RULES[name](total, J, 1, k)
        case "sum_reindex back":
            return RULES["sum_reindex"](total, J, -1, k)
    raise ValueError(name)


@pytest.mark.parametrize(
    "name", ["sum_empty", "sum_step", "sum_linear", "sum_const", "sum_split", "sum_reindex", "sum_reindex back"]
)
@checked
@given(ranges, summands, summands, integer_terms(N, M), environment)
def test_sum_rules_agree_with_loops(name, ends, body, other, k, env):
    th = sum_rule(name, *ends, body, other, k)
    for n in range(-3, 5):
        assert true_in(th, env | {N: Fraction(n)})


@checked
@given(ranges, summands, summands, environment, st.sampled_from(["eq", "le"]))
def test_congruence_agrees_with_loops(ends, f, g, env, op):
    """The premise is made true pointwise on the range, and false somewhere outside it."""
    lo, hi = ends
    low, high = value(lo, env), value(hi, env)
    pointwise = [value(mk(op, f, g), env | {IX: Fraction(k)}) for k in range(int(low), int(high) + 1)]
    guarded = mk("ite", mk("and", le(lo, IX), le(IX, hi)), g if op == "eq" else mk("ite", le(f, g), f, g), X)
    other = mk("ite", mk("and", le(lo, IX), le(IX, hi)), g, add(X, num(1)))
    th = axiom("pointwise", mk("imp", le(lo, IX), mk("imp", le(IX, hi), mk(op, guarded, other))))
    for h in (le(lo, IX), le(IX, hi)):
        th = RULES["imp_elim"](th, assumed(h))
    assume(IX not in lo.free | hi.free)
    assert value(RULES["sum_congr"](IX, lo, hi, th).concl, env)
    if pointwise and not all(pointwise):
        with pytest.raises(Refused):
            RULES["sum_congr"](IX, lo, hi, assumed(mk(op, f, mk("mul", g, IX))))


# Schemas, derivatives, limits by balls --------------------------------------------------------------------------


def ball(t: Term, env):
    """A ball that contains the value; exp, log, sqrt and pow are the true functions."""
    arb = flint.arb
    match t.op, t.args:
        case "num", (q,):
            return arb(flint.fmpq(q.numerator, q.denominator))
        case "var", _:
            return ball(num(env[t]), env)
        case "add", ts:
            return sum((ball(a, env) for a in ts), arb(0))
        case "mul", ts:
            out = arb(1)
            for a in ts:
                out *= ball(a, env)
            return out
        case "pow", (a, k):
            return ball(a, env) ** k
        case "inv", (a,):
            return 1 / ball(a, env)
        case "app", ("exp" | "log" | "sqrt" as name, "R", a):
            return getattr(ball(a, env), name)()
        case "app", ("pow", "R", a, k):
            return ball(a, env) ** int(value(k, env))
        case "ite", (c, a, b):
            return ball(a if holds(c, env) else b, env)
    raise Unknown(t.op)


def holds(p: Term, env) -> bool | None:
    """True or False where the balls tell, else None."""
    if p.op == "not":
        inner = holds(p.args[0], env)
        return None if inner is None else not inner
    if value_is_exact(p):
        return value(p, env)
    d = ball(p.args[1], env) - ball(p.args[0], env)
    if p.op == "eq":
        return None if d.contains(0) else False
    return True if d > 0 else False if d < 0 else None


def value_is_exact(p: Term) -> bool:
    return "exp" not in repr(p) and "log" not in repr(p) and "sqrt" not in repr(p) and "pow(" not in repr(p)


arguments = [term(t) for t in ("0", "1", "-1", "x", "-x", "x + y", "x*y", "x - y", "x**2", "1/2", "2*x")]
exponents = [term(t) for t in ("0", "1", "n", "n + 1", "2*n", "3", "n - 2")]
reals = environments(X, Y, N)


@pytest.mark.parametrize("name", sorted(schemas(X, N)))
@settings(checked, max_examples=60)
@given(st.sampled_from(arguments), st.sampled_from(arguments), st.sampled_from(exponents), reals)
def test_schemas_hold(name, x, y, k, env):
    second = k if name.startswith("pow") else y
    conditions, concl = schemas(x, second)[name]
    th = law(name, x, second, [assumed(c) for c in conditions])
    assert th.concl is concl and th.hyps == set(conditions) and th.trust == {f"schema:{name}"}
    if all(value(c, env) for c in conditions):
        assert holds(concl, env) is not False
    if name == "exp_above_tangent" and not value(x, env):
        assert not conditions or not value(conditions[0], env)


smooth = st.recursive(
    st.sampled_from([X, X, Y]) | small.map(num),
    lambda t: st.one_of(
        st.lists(t, min_size=1, max_size=2).map(lambda ts: add(*ts)),
        st.lists(t, min_size=1, max_size=2).map(lambda ts: mul(*ts)),
        st.builds(lambda a, k: mk("pow", a, k), t, st.integers(1, 3)),
        t.map(inv),
        st.builds(lambda f, a: mk("app", f, "R", a), st.sampled_from(["exp", "log", "sqrt"]), t),
        st.builds(lambda a, b, c: mk("ite", le(a, b), b, c), t, t, t),
    ),
    max_leaves=6,
)


def granting(rule, *params):
    """The theorem when everything that the rule asks for is granted."""
    facts: list[Theorem] = []
    while True:
        try:
            return RULES[rule](*params, facts)
        except Refused as e:
            if e.rule != rule or not isinstance(e.needed, Term):
                return None
            facts.append(assumed(e.needed))


@settings(checked, max_examples=200)
@given(smooth, small, small)
def test_derivatives_agree_with_difference_quotients(f, at, y):
    point, env = num(at), {X: at, Y: y}
    th = granting("diff", X, f, point)
    assume(th is not None)
    old, flint.ctx.prec = flint.ctx.prec, 400
    try:
        assume(all(holds(h, env) for h in th.hyps))
        slope, h = ball(th.concl.args[3], env), Fraction(1, 10**30)
        quotient = (ball(f, env | {X: at + h}) - ball(f, env | {X: at - h})) / flint.arb("2e-30")
        assume(slope.is_finite() and quotient.is_finite() and abs(slope) < 10**4)
        assert abs(slope - quotient) < 1e-4
    finally:
        flint.ctx.prec = old


polynomials = st.lists(whole, min_size=1, max_size=4).map(
    lambda cs: add(*(mul(num(c), mk("pow", X, k)) for k, c in enumerate(cs)))
)


@checked
@given(polynomials, polynomials, st.sampled_from(["R", "Z"]))
def test_limits_of_rational_functions(top, bottom, sort):
    v = var("x", sort)
    try:
        th = RULES["limit_rational"](v, *(subst(t, {X: v}) for t in (top, bottom)))
    except Refused:
        degree = [max((k for k, a in enumerate(t.args) if a.args[0].args[0]), default=None) for t in (top, bottom)]
        assert degree[0] is None or degree[1] is None or degree[0] > degree[1]
        return
    far = {X: Fraction(10**9)}
    assert abs(value(top, far) / value(bottom, far) - th.concl.args[3].args[0]) < Fraction(1, 10**6)


@settings(checked, max_examples=200)
@given(smooth, st.sampled_from(["oo", "0+"]), small)
def test_limits_by_algebra(f, kind, y):
    """At a point far out, the value is close to the limit."""
    f = subst(f, {X: inv(X)}) if kind == "oo" else f
    th = granting("limit", X, f, kind)
    assume(th is not None)
    old, flint.ctx.prec = flint.ctx.prec, 600
    try:
        env = {X: Fraction(1, 10**80) if kind == "0+" else Fraction(10**80), Y: y}
        assume(all(holds(h, env) for h in th.hyps))
        target = ball(th.concl.args[3], env)
        assume(target.is_finite() and abs(target) < 10**4)
        assert abs(ball(f, env) - target) < 1e-4
    finally:
        flint.ctx.prec = old


@pytest.mark.parametrize("r", [Fraction(1, 2), Fraction(-9, 10), Fraction(0), Fraction(99, 100)])
@pytest.mark.parametrize("shift", [-3, 0, 5])
def test_limits_of_geometric_sequences(r, shift):
    """Also where the first exponents are negative: only the tail counts."""
    params = ["n", f"pow(r, n + {shift})", raw("oo"), ["|- -1 < r", "|- r < 1"]]
    assert derive("limit", params).concl.args[3] is num(0)
    assert abs(r ** (5000 + shift)) < Fraction(1, 10**6)


# The oracle ------------------------------------------------------------------------------------------------------


@settings(checked, max_examples=25)
@given(formulas(ring), st.lists(formulas(ring), max_size=2), environment)
def test_what_the_solvers_prove_holds(goal, facts, env):
    try:
        th = RULES["smt"](goal, [assumed(p) for p in facts], 300)
    except Refused:
        return
    assert true_in(th, env)
