"""Rules of finite sums of symbolic length (empty below their lower bound), and induction."""

from .logic import drop, fresh
from .terms import ONE, ZERO, Term, add, eq, is_int, le, lt, mk, mul, num, sub, subst
from .theorem import Sequent, Theorem, find, need, rule

def at(total: Term, t: Term) -> Term:
    """The summand at index t."""
    need(total.op == "sum", "sum", "a sum", total)
    return subst(total.args[3], {total.args[0]: t})
@rule
def sum_empty(total: Term, facts: list[Theorem]) -> Sequent:
    _, lo, hi, _ = total.args
    return find("sum_empty", lt(hi, lo), facts).hyps, eq(mk("sum", *total.args), ZERO)
@rule
def sum_step(total: Term, facts: list[Theorem]) -> Sequent:
    """Split off the last summand of a non-empty sum."""
    i, lo, hi, body = total.args
    return find("sum_step", le(lo, hi), facts).hyps, eq(total, add(mk("sum", i, lo, sub(hi, ONE), body), at(total, hi)))
@rule
def sum_linear(i: Term, lo: Term, hi: Term, coefficients: list[Term], bodies: list[Term]) -> Sequent:
    """Sum of c_1 f_1 + .. = c_1 Sum f_1 + .., the c_k free of i."""
    fresh("sum_linear", i, coefficients)
    pairs = list(zip(coefficients, bodies, strict=True))
    total = mk("sum", i, lo, hi, add(*(mul(c, f) for c, f in pairs)))
    return [], eq(total, add(*(mul(c, mk("sum", i, lo, hi, f)) for c, f in pairs)))
@rule
def sum_const(i: Term, lo: Term, hi: Term, c: Term, facts: list[Theorem]) -> Sequent:
    """Sum of a constant over a range that is at most empty: c (hi - lo + 1)."""
    fresh("sum_const", i, [c])
    known = find("sum_const", le(sub(lo, ONE), hi), facts)
    return known.hyps, eq(mk("sum", i, lo, hi, c), mul(c, add(sub(hi, lo), ONE)))
@rule
def sum_split(total: Term, m: Term, facts: list[Theorem]) -> Sequent:
    """Split after m, where lo - 1 <= m <= hi."""
    i, lo, hi, body = total.args
    low, high = find("sum_split", le(sub(lo, ONE), m), facts), find("sum_split", le(m, hi), facts)
    parts = mk("sum", i, lo, m, body), mk("sum", i, add(m, ONE), hi, body)
    return low.hyps | high.hyps, eq(mk("sum", *total.args), add(*parts))
@rule
def sum_reindex(total: Term, j: Term, slope: int, c: Term) -> Sequent:
    """Substitute i = c + j (slope 1) or i = c - j (slope -1)."""
    need(slope in (1, -1) and type(slope) is int, "sum_reindex", "slope 1 or -1", slope)
    fresh("sum_reindex", j, [total, c])
    lo, hi = total.args[1:3]
    ends = (sub(lo, c), sub(hi, c)) if slope == 1 else (sub(c, hi), sub(c, lo))
    return [], eq(total, mk("sum", j, *ends, at(total, add(c, mul(num(slope), j)))))
@rule
def sum_congr(i: Term, lo: Term, hi: Term, th: Theorem) -> Sequent:
    """f(i) = g(i), or <= (monotone), or f(i) has the derivative g(i), for lo <= i <= hi: the same of the two sums."""
    need(th.concl.op in ("eq", "le", "deriv"), "sum_congr", "an equation, a weak inequality or a derivative", th.concl)
    v, f, p, d = th.concl.args if th.concl.op == "deriv" else (ZERO, th.concl.args[0], ZERO, th.concl.args[1])
    need(v is ZERO or v not in lo.free | hi.free, "sum_congr", f"bounds free of {v}", (lo, hi))
    hyps = drop(th, le(lo, i), le(i, hi))
    need(is_int(i), "sum_congr", "an integer index", i)
    fresh("sum_congr", i, [*hyps, lo, hi, p])
    sides = mk("sum", i, lo, hi, f), mk("sum", i, lo, hi, d)
    return hyps, mk(th.concl.op, *sides) if v is ZERO else mk("deriv", v, sides[0], p, sides[1])
@rule
def induct(n: Term, start: Term, p: Term, base: Theorem, step: Theorem) -> Sequent:
    """p at start, and p(n) -> p(n + 1) for n >= start: p(n) for every integer n >= start."""
    need(n.op == "var" and is_int(n) and is_int(start), "induct", "an integer variable and start", (n, start))
    find("induct", subst(p, {n: start}), [base])
    find("induct", subst(p, {n: add(n, ONE)}), [step])
    hyps = drop(step, p, le(start, n)) | base.hyps
    fresh("induct", n, [*hyps, start])
    return hyps | {le(start, n)}, p
