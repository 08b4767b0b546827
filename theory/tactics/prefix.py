"""Tactics of Section 4: derivatives of nested sums, exchange of two sums, sums of which one member is known."""

from collections.abc import Callable, Iterable
from fractions import Fraction

from .. import kernel as k
from ..kernel import Refused, Term, Theorem, mk, subst, var
from ..kernel.ring import canon
from ..kernel.terms import ONE, ZERO, add, eq, is_int, le, lt, neg, sub
from ..kernel.theorem import same
from .basic import Context, atoms, discharge, instantiate
from .logic import impossible, replaced, swapped, with_slope

One = Fraction(1)


def resolved(ctx: Context, goal: Term, products: int = 1) -> Theorem:
    """An equation with conditionals whose conditions the facts decide, the simplest condition first."""
    open_ = [t for t in atoms(goal) if t.op == "ite" and not any(a.op == "ite" for a in atoms(t.args[0]))]
    if not open_:
        return ctx.prove(goal)
    t = min(open_, key=lambda t: len(t.args[0].free))
    th, hole = chosen(ctx, t, products), var("hole")
    simpler = resolved(ctx, canon(replaced(goal, t, th.concl.args[1])), products)
    return k.rewrite(swapped(th), simpler, hole, replaced(goal, t, hole))


def settled(ctx: Context, goal: Term, x: Term, products: int = 1) -> Theorem:
    """`resolved`, in one case of `by_order`: where the case is a tie a = x, with a for x."""
    tie, hole = next((th for th in ctx.facts if th.concl.op == "eq" and th.concl.args[1] is x), None), var("hole")
    if tie is None:
        return resolved(ctx, goal, products)
    at_tie = resolved(ctx, canon(replaced(goal, x, tie.concl.args[0])), products)
    return k.rewrite(tie, at_tie, hole, replaced(goal, x, hole))


def chosen(ctx: Context, t: Term, products: int = 1) -> Theorem:
    """(a if p else b) = a or b, whichever the facts select."""
    p, a, b = t.args
    try:
        return k.if_(ctx.inequality(p, products=products), a, b)
    except Refused:
        return k.if_(denied(ctx, p, products), a, b)


def denied(ctx: Context, p: Term, products: int = 1) -> Theorem:
    """not p, because p contradicts the facts."""
    return k.cases(p, impossible(ctx.assuming(p), neg(p), products), k.assume(neg(p)))


def plain(ctx: Context) -> Context:
    """The facts that are inequalities, equations or their denials: all that arithmetic needs."""
    return Context(th for th in ctx.facts if th.concl.op in ("le", "lt", "eq", "not"))


def put(equation: Theorem, th: Theorem) -> Theorem:
    """x = t[b] from a = b and x = t[a]; the derivative of t[b] from that of t[a]."""
    a, _ = equation.concl.args
    hole = var("hole", "Z" if is_int(a) else "R")
    if th.concl.op == "eq":
        return k.rewrite(equation, th, hole, eq(th.concl.args[0], replaced(th.concl.args[1], a, hole)))
    v, f, slope = opened(th.concl)
    return k.rewrite(equation, th, hole, mk("deriv", v, replaced(f, a, hole), v, slope))


# -- derivatives -----------------------------------------------------------------------------------------------------


def slopes(ctx: Context, f: Term, v: Term) -> list[Theorem]:
    """What the facts say about the derivative in v of the opaque families that occur in f."""
    out = []
    for a in (a for a in atoms(f) if a.op == "app" and v in a.free):
        for th in ctx.facts:
            body, depth = th.concl, 0
            while body.op == "all":
                body, depth = body.args[1].args[1] if body.args[1].op == "imp" else body.args[1], depth + 1
            if body.op == "deriv" and body.args[1].op == "app" and body.args[1].args[0] == a.args[0]:
                try:
                    out.append(ctx.at(th, *[x for x in a.args[2:] if x is not v][:depth]))
                except Refused:
                    continue
    return out


def by_order(ctx: Context, a: Term, b: Term, goal: Term, prove: Callable[[Context, Term], Theorem]) -> Theorem:
    """A goal by cases a < b, a = b, b < a; a case that the facts exclude needs no proof."""

    def side(p: Term) -> Theorem:
        inside = follow(ctx.assuming(p))
        denial = [th for th in inside.facts if same(th.concl, neg(p))]
        if denial:
            return k.absurd(k.assume(p), denial[0], goal)
        try:
            return impossible(inside, goal)
        except Refused:
            return prove(inside, goal)

    return k.trichotomy(a, b, *map(side, (lt(a, b), eq(a, b), lt(b, a))))


def follow(ctx: Context) -> Context:
    """The context with the consequences of its implications whose premises are among its facts."""

    def known(p: Term) -> Theorem | None:
        if p.op == "and":
            parts = [known(q) for q in p.args]
            return k.and_intro(parts) if all(parts) else None
        return next((th for th in ctx.facts if same(th.concl, p)), None)

    rules = [(th, known(th.concl.args[0])) for th in ctx.facts if th.concl.op == "imp"]
    return ctx.with_facts(*(k.imp_elim(th, premise) for th, premise in rules if premise))


def opened(derivative: Term) -> tuple[Term, Term, Term]:
    """v, f(v) and the slope of a claim about the derivative of f at v."""
    bound, f, v, slope = derivative.args
    return v, subst(f, {bound: v}), slope


def substituted(equations: Iterable[Theorem], goal: Term, prove: Callable[[Term], Theorem]) -> Theorem:
    """A claim about a derivative by equations a = b that hold at every point: of the function with b for a,
    simplified.
    """
    (v, f, slope), steps = opened(goal), []
    for th in equations:
        (a, b), hole = th.concl.args, var("hole")
        f, slope, f_, slope_ = (replaced(x, a, y) for y in (b, hole) for x in (f, slope))
        steps.append((th, hole, mk("deriv", v, f_, v, slope_)))
    out = prove(mk("deriv", v, canon(f), v, canon(slope)))
    for th, hole, template in reversed(steps):
        out = k.rewrite(swapped(th), out, hole, template)
    return out


Known = Callable[[Context, Term], Iterable[Theorem]]


def differentiate(ctx: Context, v: Term, f: Term, known: Known = lambda ctx, f: ()) -> Theorem:
    """The derivative of v -> f at v. `known` adds facts about the parts of f, in a context that knows the ranges."""
    facts = [*known(ctx, f), *slopes(ctx, f, v)]
    for s in (a for a in atoms(f) if a.op == "sum" and v in a.free):
        bound, lo, hi, body = s.args
        i = ctx.fresh(s, f)
        inside = ctx.assuming(le(lo, i), le(i, hi))
        facts.append(k.sum_congr(i, lo, hi, differentiate(inside, v, subst(body, {bound: i}), known)))
    return k.diff(v, f, v, facts)


def clipped_token(ctx: Context, goal: Term, ratio: Term, advantage: Term, low: Term, high: Term) -> Theorem:
    """The derivative of A+ min(s, high) - A- max(s, low), by the sign of A and the place of s to the bound that it
    selects.
    """

    def signed(ctx: Context, goal: Term) -> Theorem:
        v, f, _ = opened(goal)
        constants = [chosen(plain(ctx), t) for t in atoms(f) if t.op == "ite" and v not in t.free]
        tie = [k.assume(eq(ZERO, advantage))] if sign_is(ctx, eq(ZERO, advantage)) else []
        return substituted([*constants, *map(swapped, tie)], goal, lambda simpler: placed(ctx, simpler))

    def placed(ctx: Context, goal: Term) -> Theorem:
        if sign_is(ctx, eq(ZERO, advantage)):
            return strictly(ctx, goal)
        return by_order(ctx, ratio, high if sign_is(ctx, lt(ZERO, advantage)) else low, goal, strictly)

    def strictly(ctx: Context, goal: Term) -> Theorem:
        v, f, slope = opened(goal)
        equations = [th for th in ctx.facts if th.concl.op == "eq" and th.concl.args[0].op == "app"]
        return with_slope(ctx, k.diff(v, f, v, [*ctx.facts, *slopes(ctx, f, v)]), slope, *equations)

    return by_order(ctx, ZERO, advantage, goal, signed)


def sign_is(ctx: Context, p: Term) -> bool:
    return any(th.concl is p for th in ctx.facts)


# -- sums ------------------------------------------------------------------------------------------------------------


def exchange(ctx: Context, double: Term) -> Theorem:
    """Sum_i Sum_t f = Sum_t Sum_i f for bounds of t that are free of i, by induction on the last i."""
    bound, lo, hi, inner = double.args
    i, n = ctx.fresh(double), var("exchange_n", "Z")
    inner = subst(inner, {bound: i})
    t = var("exchange_t", "Z")
    first, last = inner.args[1:3]
    f = subst(inner.args[3], {inner.args[0]: t})
    if i in first.free | last.free:
        raise Refused("exchange", "inner bounds that do not depend on the outer index", (first, last))

    def column(top: Term, at: Term = t) -> Term:
        return mk("sum", i, lo, top, subst(f, {t: at}))

    def both(top: Term) -> tuple[Term, Term]:
        return mk("sum", i, lo, top, mk("sum", t, first, last, f)), mk("sum", t, first, last, column(top))

    def nothing(top: Term, below: Theorem) -> Theorem:
        """Both are 0 where the range of i is empty."""
        rows = k.sum_empty(both(top)[0], [below])
        columns = k.sum_congr(t, first, last, k.sum_empty(column(top), [below]))
        zeros = k.sum_linear(t, first, last, [ZERO], [ZERO])
        return k.linear(*both(top), [rows, columns, zeros], [ONE, minus, minus])

    start, minus = sub(lo, ONE), k.num(-1)
    base = nothing(start, k.sos(lt(start, lo), [(One, ONE, [])], [], []))
    above = add(n, ONE)
    grows = k.sos(le(lo, above), [(One, ONE, [k.assume(le(start, n))])], [], [])
    step = k.sum_step(both(above)[0], [grows])
    columns = k.sum_congr(t, first, last, k.sum_step(column(above), [grows]))
    parts = k.sum_linear(t, first, last, [ONE, ONE], [column(n), subst(f, {i: above})])
    ih = k.assume(eq(*both(n)))
    next_ = k.linear(*both(above), [step, ih, columns, parts], [ONE, ONE, minus, minus])
    th = instantiate(k.induct(n, start, ih.concl, base, next_), {n: hi})
    short = k.assume(neg(le(start, hi)))
    below = k.sos(lt(hi, lo), [(One, ONE, [k.negate(short)]), (One, ONE, [])], [], [])
    return k.cases(le(start, hi), th, nothing(hi, below))


def around(ctx: Context, s: Term, j: Term) -> tuple[Theorem, Term, Term]:
    """Sum f = (Sum below j) + f(j) + (Sum above j), and the two outer sums."""
    bound, lo, hi, f = s.args
    upper = k.sum_split(s, j, [ctx.prove(le(sub(lo, ONE), j)), ctx.prove(le(j, hi))])
    below, above = mk("sum", bound, lo, sub(j, ONE), f), mk("sum", bound, add(j, ONE), hi, f)
    member = k.sum_step(mk("sum", bound, lo, j, f), [ctx.prove(le(lo, j))])
    parts = add(below, subst(f, {bound: j}), above)
    return k.linear(s, parts, [upper, member], [ONE, ONE]), below, above


def nonnegative(ctx: Context, s: Term, lo: Term, hi: Term, prove: Callable[[Context, Term], Theorem]) -> Theorem:
    """0 <= s for a sum within lo..hi, from 0 <= f(i) for every i in lo..hi."""
    bound, first, last, body = s.args
    i = ctx.fresh(s)
    f = subst(body, {bound: i})
    inside = ctx.assuming(le(first, i), le(i, last))
    within = [inside.prove(le(lo, i)), inside.prove(le(i, hi))]
    return ctx.nonnegative_sum(s, discharge(prove(ctx.assuming(le(lo, i), le(i, hi)), f), within), i)


def member_below_sum(ctx: Context, s: Term, j: Term, prove: Callable[[Context, Term], Theorem]) -> Theorem:
    """f(j) <= Sum f, where `prove(inside, f(i))` shows 0 <= f(i)."""
    bound, lo, hi, body = s.args
    split, below, above = around(ctx, s, j)
    outer = [nonnegative(ctx, part, lo, hi, prove) for part in (below, above)]
    return k.sos(le(subst(body, {bound: j}), s), [(One, ONE, [th]) for th in outer], [split], [ONE])
