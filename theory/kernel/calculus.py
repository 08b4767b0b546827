"""Derivatives by structure; limits by algebra and a table, of rational functions by degrees."""

from .ring import canon, poly
from .terms import ONE, ZERO, Refused, Term, add, app, inv, is_int, lt, mk, mul, ne, num, sub, subst
from .theorem import Sequent, Theorem, find, hyps_of, need, rule, same

def is_opaque(t: Term) -> bool:
    return t.op == "app" and t.args[0] in ("exp", "log", "sqrt") and t.args[1] == "R" and len(t.args) == 3
@rule
def diff(v: Term, f: Term, p: Term, facts: list[Theorem]) -> Sequent:
    """The derivative of v -> f at p. Facts: derivatives of its opaque parts and of sums that depend on v (sum_congr),
    domain conditions, and which branch of a conditional holds strictly at p."""
    used: list[Theorem] = []
    def at_p(t: Term) -> Term:
        return subst(t, {v: p})
    def d(t: Term) -> Term:
        if v not in t.free or t is v:
            return ONE if t is v else ZERO
        for th in facts:
            if th.concl.op == "deriv" and same(mk("deriv", v, t, p, th.concl.args[3]), th.concl):
                used.append(th)
                return th.concl.args[3]
        if t.op == "add":
            return add(*map(d, t.args))
        if t.op == "mul":
            return add(*(mul(*(d(a) if k == n else at_p(a) for k, a in enumerate(t.args))) for n in range(len(t.args))))
        if t.op == "pow" and t.args[1]:
            return mul(num(t.args[1]), mk("pow", at_p(t.args[0]), t.args[1] - 1), d(t.args[0]))
        if t.op == "inv":
            used.append(find("diff", ne(at_p(t.args[0]), ZERO), facts))
            return mul(num(-1), d(t.args[0]), mk("pow", at_p(t), 2))
        if is_opaque(t):
            x = t.args[2]
            if t.args[0] == "exp":
                return mul(at_p(t), d(x))
            used.append(find("diff", lt(ZERO, at_p(x)), facts))
            return mul(d(x), inv(at_p(x) if t.args[0] == "log" else mul(num(2), at_p(t))))
        if t.op == "ite" and t.args[0].op in ("le", "lt"):
            a, b = t.args[0].args
            d(a), d(b)  # differentiable at p, so continuous: a strict inequality at p holds around p
            below = any(same(th.concl, lt(at_p(a), at_p(b))) for th in facts)
            used.append(find("diff", lt(at_p(a), at_p(b)) if below else lt(at_p(b), at_p(a)), facts))
            return d(t.args[1] if below else t.args[2])
        raise Refused("diff", f"a rule or a fact for d/d{v} of {t}", [th.concl for th in facts])
    slope = d(f)
    return hyps_of(used), mk("deriv", v, f, p, slope)
@rule
def limit(v: Term, f: Term, kind: str, facts: list[Theorem]) -> Sequent:
    """The limit of v -> f, by the algebra of limits and continuity. Table: constants, v -> 0+, 1/v -> 0, and
    r^(v + c) -> 0 for |r| < 1. Facts: limits of other parts, what must be non-zero or positive in the limit."""
    used: list[Theorem] = []
    def lim(t: Term) -> Term:
        if v not in t.free:
            return t
        for th in facts:
            if th.concl.op == "lim" and same(mk("lim", v, t, kind, th.concl.args[3]), th.concl):
                used.append(th)
                return th.concl.args[3]
        if t is v and kind == "0+" or t.op == "inv" and t.args[0] is v and kind == "oo":
            return ZERO
        if t.op in ("add", "mul"):
            return mk(t.op, *map(lim, t.args))
        if t.op == "pow":
            return mk("pow", lim(t.args[0]), t.args[1])
        if t.op == "inv":
            below = lim(t.args[0])
            used.append(find("limit", ne(below, ZERO), facts))
            return inv(below)
        if is_opaque(t):
            inner = lim(t.args[2])
            if t.args[0] != "exp":
                used.append(find("limit", lt(ZERO, inner), facts))
            return app(t.args[0], inner)
        if t.op == "app" and t.args[:2] == ("pow", "R") and kind == "oo" and len(t.args) == 4 and is_int(v):
            r, shift = t.args[2], canon(sub(t.args[3], v))
            if v not in r.free | shift.free and is_int(shift):
                used.extend([find("limit", lt(num(-1), r), facts), find("limit", lt(r, ONE), facts)])
                return ZERO
        raise Refused("limit", f"a table entry or a fact for the limit of {t} as {v} -> {kind}", [th.concl for th in facts])
    target = lim(f)
    return hyps_of(used), mk("lim", v, f, kind, target)
@rule
def limit_rational(v: Term, top: Term, bottom: Term) -> Sequent:
    """The limit at infinity of a ratio of polynomials in v with rational coefficients, by degrees."""
    ends = []
    for t in (top, bottom):
        need(poly(t) and all(a is v for m in poly(t) for a, _ in m), "limit_rational", f"a non-zero polynomial in {v}", t)
        ends.append(max((sum(k for _, k in m), c) for m, c in poly(t).items()))
    (n, a), (m, b) = ends
    need(n <= m, "limit_rational", "a numerator of no higher degree", (n, m))
    return [], mk("lim", v, mul(top, inv(bottom)), "oo", num(a / b) if n == m else ZERO)
