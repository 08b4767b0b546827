"""Tactics about logarithms of products, and about Gibbs distributions: the variational principle behind KL penalties."""

from fractions import Fraction

from .. import kernel as k
from ..kernel import Term, Theorem, mk, subst
from ..kernel.terms import ONE, ZERO, add, app, eq, inv, le, lt, mul, sub
from .basic import MINUS, Context
from .convex import log_tangent
from .powers import weaken
from .prefix import member_below_sum

One = Fraction(1)


def log_from(exponential: Theorem) -> Theorem:
    """log(x) = v from exp(v) = x."""
    v, hole = exponential.concl.args[0].args[2], k.var("hole")
    return k.rewrite(exponential, k.law("log_exp", v, ZERO, []), hole, eq(app("log", hole), v))


def exponent_of(ctx: Context, factor: Term) -> Theorem:
    """exp(v) = f for a positive f: v is a for f = exp(a), -log x for f = 1/x, else log f."""
    if factor.op == "inv":
        inner = exponent_of(ctx, factor.args[0])
        v = inner.concl.args[0].args[2]
        both, one = k.law("exp_add", v, mul(MINUS, v), []), k.law("exp_zero", ZERO, ZERO, [])
        unit = ctx.equal(mul(factor.args[0], factor), ONE)
        minus = app("exp", mul(MINUS, v))
        return k.linear(
            minus, factor, [both, inner, unit, one], [mul(MINUS, factor), mul(MINUS, factor, minus), mul(MINUS, minus), factor]
        )
    if factor.op == "app" and factor.args[0] == "exp":
        return k.linear(factor, factor, [], [])
    return k.law("exp_log", factor, ZERO, [ctx.prove(lt(ZERO, factor))])


def log_of_product(ctx: Context, *factors: Term) -> Theorem:
    """log(f g ..) = log f + log g + .., with log exp(a) = a and log(1/x) = -log x; ctx knows the signs."""
    th = exponent_of(ctx, factors[0])
    for factor in factors[1:]:
        other = exponent_of(ctx, factor)
        (e, t), (e2, t2) = th.concl.args, other.concl.args
        product = k.law("exp_add", e.args[2], e2.args[2], [])
        th = k.linear(product.concl.args[0], mul(t, t2), [product, th, other], [ONE, e2, t])
    return log_from(th)


def log_below(small: Theorem, left: Theorem, right: Theorem) -> Theorem:
    """u <= v from x <= y, where `left` says exp(u) = x and `right` exp(v) = y."""
    u, v = (th.concl.args[0].args[2] for th in (left, right))
    d, goal = sub(u, v), le(u, v)
    above = k.assume(lt(v, u))
    flipped = k.sos(lt(ZERO, d), [(One, ONE, [above])], [], [])
    tangent = k.law("exp_above_tangent", d, ZERO, [k.negate(flipped)])
    product, positive = k.law("exp_add", d, v, []), k.law("exp_positive", v, ZERO, [])
    # exp(u) = exp(u - v) exp(v) > exp(v) >= exp(u)
    parts = [(One, ONE, [tangent, positive]), (One, ONE, [flipped, positive]), (One, ONE, [small])]
    broken = k.sos(lt(ZERO, ZERO), parts, [product, left, right], [ONE, MINUS, ONE])
    never = k.absurd(k.linear(ZERO, ZERO, [], []), k.negate(broken), goal)
    weak = [k.sos(goal, [(One, ONE, [k.assume(lt(u, v))])], [], []), k.sos(goal, [], [k.assume(eq(u, v))], [MINUS])]
    return k.trichotomy(u, v, *weak, never)


def divergence(i: Term, lo: Term, hi: Term, p: Term, q: Term) -> Term:
    """KL(p‖q) = Σ p log(p/q)."""
    return mk("sum", i, lo, hi, mul(p, app("log", mul(p, inv(q)))))


def divergence_nonnegative(ctx: Context, kl: Term, p: Term, q: Term, i: Term, one_p: Theorem, one_q: Theorem) -> Theorem:
    """0 <= Σ p log(p/q), p(i), q(i) > 0: p log(p/q) = -p log(q/p) >= p - q. `one_p`, `one_q`: both sum to 1."""
    bound, lo, hi, body = kl.args
    inside = ctx.assuming(le(lo, i), le(i, hi))
    positive = inside.prove(lt(ZERO, p))
    up, down = (log_of_product(inside, *pair) for pair in ((p, inv(q)), (q, inv(p))))
    ratio = mul(q, inv(p))
    tangent = log_tangent(ratio, inside.prove(lt(ZERO, ratio)))
    unit = inside.equal(mul(p, ratio), q)
    member = subst(body, {bound: i})
    pointwise = k.sos(le(sub(p, q), member), [(One, ONE, [positive, tangent])], [up, down, unit], [p, p, MINUS])
    total = k.sum_congr(i, lo, hi, pointwise)
    nothing = ctx.equal(total.concl.args[0], ZERO, one_p, one_q)
    return k.sos(le(ZERO, kl), [(One, ONE, [total])], [nothing], [ONE])


def equal_if_no_divergence(
    ctx: Context, kl: Term, p: Term, q: Term, i: Term, at: Term, one_p: Theorem, one_q: Theorem, nothing: Theorem
) -> Theorem:
    """p(at) = q(at) from Σ p log(p/q) <= 0, which `nothing` says: no term p log(p/q) - p + q is negative."""
    bound, lo, hi, body = kl.args
    s = mk("sum", i, lo, hi, add(subst(body, {bound: i}), mul(MINUS, p), q))

    def sign(inside: Context, f: Term) -> Theorem:
        return excess(inside, f, False)

    def excess(inside: Context, f: Term, strict: bool) -> Theorem:
        """0 <= p log(p/q) - p + q, or 0 < where inside knows p != q."""
        index = next(a for a in f.free if a not in ctx_free and a.args[1] == "Z") if not strict else at
        x, y = (subst(t, {i: index}) for t in (p, q))
        ratio = mul(y, inv(x))
        up, down = (log_of_product(inside, *pair) for pair in ((x, inv(y)), (y, inv(x))))
        positive, unit = inside.prove(lt(ZERO, x)), inside.equal(mul(x, ratio), y)
        over = inside.prove(lt(ZERO, ratio))
        if not strict:
            return k.sos(le(ZERO, f), [(One, ONE, [positive, log_tangent(ratio, over)])], [up, down, unit], [x, x, MINUS])
        log, itself = app("log", ratio), k.law("exp_log", ratio, ZERO, [over])
        apart = k.law("exp_above_tangent", log, ZERO, [not_zero(inside, x, y, ratio, unit, itself)])
        return k.sos(lt(ZERO, f), [(One, ONE, [positive, apart])], [up, down, unit, itself], [x, x, MINUS, mul(MINUS, x)])

    ctx_free = kl.free | at.free
    member = member_below_sum(ctx, s, at, sign)
    total = ctx.equal(s, kl, one_p, one_q)
    x, y = (subst(t, {i: at}) for t in (p, q))
    goal = eq(x, y)
    inside = ctx.assuming(k.terms.ne(x, y))
    strict = excess(inside, subst(s.args[3], {s.args[0]: at}), True)
    broken = k.sos(lt(ZERO, ZERO), [(One, ONE, [th]) for th in (strict, member, nothing)], [total], [MINUS])
    return k.cases(goal, k.assume(goal), k.absurd(k.linear(ZERO, ZERO, [], []), k.negate(broken), goal))


def not_zero(ctx: Context, x: Term, y: Term, ratio: Term, unit: Theorem, itself: Theorem) -> Theorem:
    """log(y/x) != 0, because x != y."""
    tie, hole = k.assume(eq(app("log", ratio), ZERO)), k.var("hole")
    one = k.rewrite(tie, itself, hole, eq(app("exp", hole), ratio))
    is_one = k.linear(x, y, [one, k.law("exp_zero", ZERO, ZERO, []), unit], [x, mul(MINUS, x), ONE])
    goal = k.terms.ne(app("log", ratio), ZERO)
    return k.cases(tie.concl, k.absurd(is_one, ctx.prove(k.terms.ne(x, y)), goal), k.assume(goal))


def gibbs_log(ctx: Context, q: Term, w: Term, x: Term, Z: Term, gibbs: Theorem) -> Theorem:
    """log(q/s) = log(q/w) - x + log Z, where `gibbs` says s = w exp(x)/Z; q, w, Z, s are positive."""
    s, hole = gibbs.concl.args[0], k.var("hole")
    parts = log_of_product(ctx, w, app("exp", x), inv(Z))
    value = k.linear(gibbs.concl.args[1], parts.concl.args[0].args[2], [], [])
    of_s = k.linear(s, parts.concl.args[0].args[2], [gibbs, value], [ONE, ONE])
    turned = k.linear(*of_s.concl.args[::-1], [of_s], [MINUS])
    log_s = k.rewrite(turned, parts, hole, eq(app("log", hole), parts.concl.args[1]))
    over_s, over_w = log_of_product(ctx, q, inv(s)), log_of_product(ctx, q, inv(w))
    goal = add(over_w.concl.args[0], mul(MINUS, x), app("log", Z))
    return k.linear(over_s.concl.args[0], goal, [over_s, over_w, log_s], [ONE, MINUS, MINUS])


__all__ = [
    "divergence", "divergence_nonnegative", "equal_if_no_divergence", "exponent_of", "gibbs_log", "log_below", "log_from",
    "log_of_product", "weaken",
]  # fmt: skip
