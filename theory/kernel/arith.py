"""Rules of arithmetic: field identities, linear combinations of equations, inequalities by sums of squares, schemas."""

from fractions import Fraction

from .logic import formula
from .ring import UNIT, Poly, clear, difference, plus, poly, power, times
from .terms import ONE, ZERO, Term, add, app, eq, inv, is_int, le, lt, mk, mul, ne
from .theorem import Sequent, Theorem, find, hyps_of, need, rule, same
@rule
def field(a: Term, b: Term, facts: list[Theorem]) -> Sequent:
    """a = b, because the numerator of a - b is the zero polynomial; every denominator must be known to be non-zero."""
    def inverses(*ps: Poly) -> set[Term]:
        return {atom for p in ps for m in p for atom, _ in m if atom.op == "inv"}
    p, used, todo = difference(a, b), list[Theorem](), inverses(poly(a), poly(b))
    while todo:
        d = max(todo, key=lambda t: (len(repr(t)), repr(t))).args[0]
        used.append(find("field", ne(d, ZERO), facts))
        p, todo = clear(p, d), (todo - {inv(d)}) | inverses(poly(d))
    need(not p, "field", f"{a} = {b} by ring arithmetic", "a numerator that is not the zero polynomial")
    return hyps_of(used), eq(a, b)

def combination(eqs: list[Theorem], cofactors: list[Term]) -> Poly:
    p: Poly = {}
    for th, c in zip(eqs, cofactors, strict=True):
        need(th.concl.op == "eq", "linear", "equations", th.concl)
        p = plus(p, times(poly(c), difference(*th.concl.args)))
    return p
@rule
def linear(a: Term, b: Term, eqs: list[Theorem], cofactors: list[Term]) -> Sequent:
    """a = b, because a - b is the combination of known equations with the given cofactors. Inverses stay opaque."""
    rest = plus(difference(a, b), combination(eqs, cofactors), Fraction(-1))
    need(not rest, "linear", f"{a} - {b} as a combination of equations", [th.concl for th in eqs], rest)
    return hyps_of(eqs), eq(a, b)
@rule
def sos(goal: Term, parts: list[tuple[Fraction, Term, list[Theorem]]], eqs: list[Theorem], cofactors: list[Term]) -> Sequent:
    """a <= b or a < b, because b - a = sum of w q^2 (product of known inequalities' differences) + known equations."""
    need(goal.op in ("le", "lt"), "sos", "an inequality", goal)
    total, strict, used = combination(eqs, cofactors), False, list(eqs)
    for weight, q, factors in parts:
        need(type(weight) is Fraction and weight >= 0, "sos", "weights that are non-negative rationals", weight)
        product = times({UNIT: weight}, power(poly(q), 2))
        positive = set(product) == {UNIT}
        for th in factors:
            need(th.concl.op in ("le", "lt"), "sos", "inequalities as factors", th.concl)
            product = times(product, difference(th.concl.args[1], th.concl.args[0]))
            positive = positive and th.concl.op == "lt"
        total, strict, used = plus(total, product), strict or positive, [*used, *factors]
    rest = plus(difference(goal.args[1], goal.args[0]), total, Fraction(-1))
    need(not rest, "sos", f"{goal} from its certificate", "a rest", rest)
    need(goal.op == "le" or strict, "sos", f"a positive part for {goal}", "none", "a strict inequality or a constant")
    return hyps_of(used), goal
@rule
def inv_positive(th: Theorem) -> Sequent:
    need(th.concl.op == "lt" and same(th.concl.args[0], ZERO), "inv_positive", "0 < x", th.concl)
    return th.hyps, lt(ZERO, inv(th.concl.args[1]))
@rule
def nonzero_product(factors: list[Term], facts: list[Theorem]) -> Sequent:
    return hyps_of(find("nonzero_product", ne(d, ZERO), facts) for d in factors), ne(mul(*factors), ZERO)
@rule
def integer(th: Theorem) -> Sequent:
    """a < b gives a + 1 <= b for integers."""
    need(th.concl.op == "lt" and all(map(is_int, th.concl.args)), "integer", "a < b between integer terms", th.concl)
    return th.hyps, le(add(th.concl.args[0], ONE), th.concl.args[1])

def schemas(x: Term, y: Term) -> dict[str, tuple[list[Term], Term]]:
    """Schema name -> (domain conditions, conclusion), for the opaque functions exp, log, sqrt, pow (pow x n, n >= 0)."""
    exp, log, sqrt, pow_xy = app("exp", x), app("log", x), app("sqrt", x), app("pow", x, y)
    return {
        "exp_zero": ([], eq(app("exp", ZERO), ONE)),
        "exp_add": ([], eq(app("exp", add(x, y)), mul(exp, app("exp", y)))),
        "exp_positive": ([], lt(ZERO, exp)),
        "exp_above_tangent": ([ne(x, ZERO)], lt(add(ONE, x), exp)),
        "log_exp": ([], eq(app("log", exp), x)),
        "exp_log": ([lt(ZERO, x)], eq(app("exp", log), x)),
        "sqrt_square": ([le(ZERO, x)], eq(mk("pow", sqrt, 2), x)),
        "sqrt_nonnegative": ([le(ZERO, x)], le(ZERO, sqrt)),
        "pow_zero": ([], eq(app("pow", x, ZERO), ONE)),
    } | ({"pow_step": ([le(ZERO, y)], eq(app("pow", x, add(y, ONE)), mul(x, pow_xy)))} if is_int(y) else {})
@rule
def law(name: str, x: Term, y: Term, facts: list[Theorem]) -> Sequent:
    """An instance of a named schema, its domain conditions among the facts."""
    need(name in (known := schemas(x, y)), "law", f"one of {sorted(known)}", name)
    return hyps_of(find(f"law {name}", c, facts) for c in known[name][0]), known[name][1], {f"schema:{name}"}
@rule
def axiom(name: str, p: Term) -> Sequent:
    return [], formula(p), {f"axiom:{name}"}
