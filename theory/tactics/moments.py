"""Tactics of Appendix D: Adam's moments once there is no gradient, and the steps that follow from them.

They speak of the symbols and assumptions of `theory.fontana2026.clip_cases`: m, v, g, theta, s, b1, b2, T, k.
"""

from collections.abc import Callable
from fractions import Fraction

from .. import kernel as k
from ..kernel import Term, Theorem, mk, var
from ..kernel.terms import ONE, ZERO, add, app, eq, inv, le, lt, mul, sub
from .basic import Context, pow_below_one, pow_positive
from .logic import conjunction
from .powers import MINUS, added, by_induction, power, power_one, power_step, product_sign

B1, B2, T, K = var("b1"), var("b2"), var("T", "Z"), var("k", "Z")


def decayed(ctx: Context, given: dict[str, Theorem], name: str, *index: Term, steps: Term = K) -> Theorem:
    """m(T+k) = b1^(k+1) m(T-1), or the same of v, for k = steps: by induction, the recursion without its gradient."""
    rate, rule, last = (B1, "first moment", steps) if name == "m" else (B2, "second moment", steps)

    def at(n: Term) -> Term:
        return app(name, *index, n)

    def one_step(ctx: Context, n: Term, zero: Theorem) -> Theorem:
        """moment(n) = rate moment(n - 1), where the gradient of step n is zero."""
        return ctx.equal(at(n), mul(rate, at(sub(n, ONE))), ctx.at(given[rule], *index, n), zero)

    def value(n: Term) -> Term:
        return eq(at(add(T, n)), mul(power(rate, add(n, ONE)), at(sub(T, ONE))))

    def claim(n: Term) -> Term:
        return mk("imp", le(n, last), value(n))

    def following(inside: Context, n: Term) -> Theorem:
        more = inside.assuming(le(add(n, ONE), last))
        earlier = k.imp_elim(k.assume(claim(n)), more.prove(le(n, last)))
        now = add(T, n, ONE)
        zero = more.at(given["no gradient after T"], *index, now)
        law = power_step(more, rate, add(n, ONE))
        th = more.equal(*value(add(n, ONE)).args, one_step(more, now, zero), earlier, law)
        return k.imp_intro(le(add(n, ONE), last), th)

    zero = given["no gradient at T"]
    first = one_step(ctx, T, ctx.at(zero, *index) if index else zero)
    base = ctx.equal(*value(ZERO).args, first, power_one(rate))
    if steps is ZERO:
        return base
    th = by_induction(ctx, claim, k.imp_intro(le(ZERO, last), base), following, last)
    return k.imp_elim(th, ctx.prove(le(last, last)))


def nonnegative(ctx: Context, given: dict[str, Theorem], n: Term, end: Term, *index: Term) -> Theorem:
    """0 <= v(n) for 0 <= n <= end, from 0 <= v(0)."""

    def claim(i: Term) -> Term:
        return mk("imp", le(i, end), le(ZERO, app("v", *index, i)))

    def following(inside: Context, i: Term) -> Theorem:
        now = add(i, ONE)
        more = inside.assuming(le(now, end))
        earlier = k.imp_elim(k.assume(claim(i)), more.prove(le(i, end)))
        rule = more.at(given["second moment"], *index, now)
        above, below = more.prove(lt(ZERO, B2)), more.prove(lt(B2, ONE))
        g = app("g", *index, now)
        parts = [(Fraction(1), ONE, [above, earlier]), (Fraction(1), g, [below])]
        return k.imp_intro(le(now, end), k.sos(le(ZERO, app("v", *index, now)), parts, [rule], [ONE]))

    start = given["v_0 >= 0"]
    base = k.imp_intro(le(ZERO, end), ctx.at(start, *index) if index else start)
    return k.imp_elim(by_induction(ctx, claim, base, following, n), ctx.prove(le(n, end)))


def plain(ctx: Context) -> Context:
    """The context without its universal facts: instances of those are asked for one by one, which is much faster."""
    return Context(th for th in ctx.facts if th.concl.op not in ("all", "and"))


def corrections(ctx: Context, n: Term) -> list[Theorem]:
    """0 < 1 - b1^n and 0 < 1 - b2^n for a step n >= 1."""
    below = [pow_below_one(ctx, b, n) for b in (B1, B2)]
    return [added(lt(ZERO, sub(ONE, th.concl.args[0])), th) for th in below]


def negative_moment(ctx: Context, given: dict[str, Theorem], n: Term) -> Theorem:
    """m(n) < 0 for a step n >= 1 below T, from g < 0 in every step before T and m(0) <= 0."""
    return _signed(ctx, given, n, lambda i: lt(app("m", i), ZERO), "first moment", B1, given["m_0 <= 0"])


def positive_moment(ctx: Context, given: dict[str, Theorem], n: Term) -> Theorem:
    """0 < v(n) for a step n >= 1 below T, from g < 0 in every step before T and 0 <= v(0)."""
    return _signed(ctx, given, n, lambda i: lt(ZERO, app("v", i)), "second moment", B2, given["v_0 >= 0"])


def _signed(
    ctx: Context, given: dict[str, Theorem], n: Term, sign: Callable[[Term], Term], rule: str, b: Term, start: Theorem
) -> Theorem:
    """The sign in every step 1..T-1: a step adds (1 - b) g or (1 - b) g^2 to b times the moment."""
    one, last, above, below = Fraction(1), sub(T, ONE), ctx.prove(lt(ZERO, b)), ctx.prove(lt(b, ONE))

    def claim(i: Term) -> Term:
        return mk("imp", le(add(i, ONE), last), sign(add(i, ONE)))

    def next_(inside: Context, now: Term, earlier: Theorem) -> Theorem:
        """The sign in step now < T, from the sign (weak or strict) one step earlier."""
        more = inside.assuming(le(now, last))
        gradient = more.at(given["persistent sign"], now)
        fresh = [below, gradient] if rule == "first moment" else [below, gradient, gradient]
        law = more.at(given[rule], now)
        cofactor = MINUS if rule == "first moment" else ONE
        th = k.sos(sign(now), [(one, ONE, [above, earlier]), (one, ONE, fresh)], [law], [cofactor])
        return k.imp_intro(le(now, last), th)

    def following(inside: Context, i: Term) -> Theorem:
        now = add(i, ONE, ONE)
        ahead = inside.assuming(le(now, last))
        earlier = k.imp_elim(k.assume(claim(i)), ahead.prove(le(add(i, ONE), last)))
        return next_(inside, now, earlier)

    th = by_induction(ctx, claim, next_(ctx, ONE, start), following, sub(n, ONE))
    return k.imp_elim(th, ctx.prove(le(n, last)))


def later_steps_rise(ctx: Context, given: dict[str, Theorem], m_sign: Theorem, v_sign: Theorem, n: Term) -> Theorem:
    """theta(T+n-1) < theta(T+n) for 0 <= n <= k, from m(T-1) < 0 < v(T-1), without weight decay: g < 0 raises theta."""
    one, now = Fraction(1), add(T, n)
    m_after, v_after = (decayed(ctx, given, name, steps=n) for name in "mv")
    decays = [pow_positive(ctx, b, add(n, ONE)) for b in (B1, B2)]
    m_now = k.sos(lt(m_after.concl.args[0], ZERO), [(one, ONE, [decays[0], m_sign])], [m_after], [MINUS])
    v_now = k.sos(lt(ZERO, v_after.concl.args[0]), [(one, ONE, [decays[1], v_sign])], [v_after], [ONE])
    q1, q2 = corrections(ctx, now)
    inside = product_sign(lt(ZERO, mul(app("v", now), inv(q2.concl.args[1]))), v_now, k.inv_positive(q2))
    root = Context([inside]).sqrt_positive(inside.concl.args[1])
    eps = var("eps")
    below = added(lt(ZERO, add(eps, root.concl.args[1])), root, ctx.prove(le(ZERO, eps)))
    xi, earlier = var("xi"), app("theta", sub(now, ONE))
    factors = [ctx.prove(lt(ZERO, xi)), m_now, k.inv_positive(q1), k.inv_positive(below)]
    moved = ctx.at(given["AdamW's update"], now)
    goal = lt(earlier, app("theta", now))
    return k.sos(goal, [(one, ONE, factors)], [moved, given["no weight decay"]], [ONE, mul(MINUS, xi, earlier)])


def all_deeper(claim: Term, ctx: Context, given: dict[str, Theorem], past: str, m_sign: Theorem, v_sign: Theorem) -> Theorem:
    """From m(T-1) < 0 < v(T-1): theta rises in every step T + n, n <= k, and s(theta) with it, further past the bound.

    `past` names the assumption bound <= s(theta(T-1)).
    """
    bound = given[past].concl.args[0]

    def ratio(n: Term) -> Term:
        return app("s", app("theta", sub(add(T, n), ONE)))

    def rise(inside: Context, n: Term) -> tuple[Theorem, Theorem]:
        """theta(T+n-1) < theta(T+n), and s with it."""
        up = later_steps_rise(inside, given, m_sign, v_sign, n)
        both = inside.at(given["the ratio rises with θ"], add(T, n))
        parts = [k.and_elim(both, i) for i in (0, 1)]
        return up, next(k.imp_elim(q, up) for q in parts if k.same(q.concl.args[0], up.concl))

    def so_far(n: Term) -> Term:
        return mk("imp", le(n, K), le(bound, ratio(n)))

    def following(inside: Context, n: Term) -> Theorem:
        more = inside.assuming(le(add(n, ONE), K))
        earlier = k.imp_elim(k.assume(so_far(n)), more.prove(le(n, K)))
        return k.imp_intro(le(add(n, ONE), K), added(le(bound, ratio(add(n, ONE))), earlier, rise(more, n)[1]))

    th = by_induction(ctx, so_far, k.imp_intro(le(ZERO, K), given[past]), following, K)
    up, s_up = rise(ctx, K)
    past_bound = k.imp_elim(th, ctx.prove(le(K, K)))
    return conjunction(claim, up, s_up, added(lt(bound, s_up.concl.args[1]), past_bound, s_up))
