"""The number of correct completions among n independent ones: what follows from adding one completion at a time.

`b(n, k)` is the chance of k correct among n, each correct with probability p: b(0, 0) = 1, b(n, -1) = b(n, n+1) = 0 and
b(n+1, k) = p b(n, k-1) + (1-p) b(n, k) for n < top. From that, by induction on n: sums, ends and signs.
"""

from collections.abc import Callable
from copy import copy
from fractions import Fraction

from .. import kernel as k
from ..kernel import Term, Theorem, mk, subst, var
from ..kernel.terms import ONE, ZERO, add, app, eq, le, lt, mul, sub
from .basic import MINUS, Context, discharge, instantiate, pow_positive
from .powers import by_induction, power, power_one, power_step, power_zero
from .prefix import around, plain

One = Fraction(1)


def b(n: Term, j: Term) -> Term:
    return app("b", n, j)


class Law:
    """What a context that knows the recursion of b up to n = top says about b(n, ·) for n <= top."""

    def __init__(self, ctx: Context, p: Term, top: Term):
        self.p, self.q, self.top = p, sub(ONE, p), top
        self.ctx = plain(ctx)  # without the universal facts: they are called by name
        about = [th for th in ctx.facts if "b(" in repr(th.concl)]
        self.begin = next(th for th in about if th.concl.op == "eq" and th.concl.args[0] is b(ZERO, ZERO))
        self.step = next(th for th in about if th.concl.op == "all" and th.concl.args[1].args[1].op == "all")
        edges = [th for th in about if th.concl.op == "all" and th.concl.args[1].args[1].op == "eq"]
        n = var("edge_n", "Z")
        self.below, self.above = (
            next(th for th in edges if k.same(subst(th.concl.args[1].args[1].args[0], {th.concl.args[0]: n}), b(n, end)))
            for end in (k.num(-1), add(n, ONE))
        )

    def known(self, ctx: Context) -> "Law":
        """The same law, with more facts."""
        law = copy(self)
        law.ctx = ctx
        return law

    def induct(self, claim: Callable[[Term], Term], base: Theorem, step: Callable[[Context, Term], Theorem], at: Term) -> Theorem:
        """claim(at) for 0 <= at <= top; `step(ctx, n)` proves claim(n + 1) where ctx knows claim(n) and 0 <= n <= top - 1."""
        n = var("induct_n", "Z")
        within = le(n, self.top)
        guarded = mk("imp", within, claim(n))
        following = le(add(n, ONE), self.top)
        inside = self.ctx.assuming(le(ZERO, n), following)
        here = k.imp_elim(k.assume(guarded), inside.arith(within))
        next_ = k.imp_intro(following, step(inside.with_facts(here), n))
        start = k.imp_intro(subst(within, {n: ZERO}), base)
        th = k.induct(n, ZERO, guarded, start, next_)
        th = discharge(instantiate(th, {n: at}), [self.ctx.prove(le(ZERO, at))])
        return k.imp_elim(th, self.ctx.prove(le(at, self.top)))

    def moved(self, inside: Context, n: Term, weight: Callable[[Term], Term]) -> Theorem:
        """Σ_{j=0}^{n+1} w(j) b(n+1, j) = p Σ_{j=0}^{n} w(j+1) b(n, j) + (1-p) Σ_{j=0}^{n} w(j) b(n, j)."""
        j, last = var("moved_j", "Z"), add(n, ONE)
        member = inside.assuming(le(ZERO, j), le(j, last))
        recursion = member.at(self.step, n, j)
        f = mul(weight(j), b(last, j))
        parts = [mul(weight(j), b(n, sub(j, ONE))), mul(weight(j), b(n, j))]
        opened = k.linear(f, add(mul(self.p, parts[0]), mul(self.q, parts[1])), [recursion], [weight(j)])
        rows = k.sum_congr(j, ZERO, last, opened)
        split = k.sum_linear(j, ZERO, last, [self.p, self.q], parts)
        shifted_, same_ = (mk("sum", j, ZERO, last, part) for part in parts)
        reindexed = k.sum_reindex(shifted_, j, 1, ONE)  # j runs over -1..n
        front, empty, rest = around(inside, reindexed.concl.args[1], k.num(-1))
        none = k.sum_empty(empty, [Context().prove(lt(empty.args[2], empty.args[1]))])
        nothing = inside.at(self.below, n)
        tail = k.sum_step(same_, [inside.prove(le(ZERO, last))])
        zero = inside.at(self.above, n)
        goal = add(mul(self.p, self.sum(n, lambda i: weight(add(i, ONE)))), mul(self.q, self.sum(n, weight)))
        minus_one = weight(ZERO)
        used = [rows, split, reindexed, front, none, nothing, tail, zero]
        cofactors = [ONE, ONE, self.p, self.p, self.p, mul(self.p, minus_one), self.q, mul(self.q, weight(last))]
        return k.linear(rows.concl.args[0], goal, used, cofactors)

    def sum(self, n: Term, weight: Callable[[Term], Term]) -> Term:
        j = var("moved_j", "Z")
        return mk("sum", j, ZERO, n, mul(weight(j), b(n, j)))

    def total(self, at: Term) -> Theorem:
        """Σ_{j=0}^{n} b(n, j) = 1."""

        def claim(n: Term) -> Term:
            return eq(self.sum(n, lambda j: ONE), ONE)

        def step(inside: Context, n: Term) -> Theorem:
            moved, here = self.moved(inside, n, lambda j: ONE), inside.facts[-1]
            return k.linear(*claim(add(n, ONE)).args, [moved, here], [ONE, ONE])

        return self.induct(claim, self.at_zero(claim(ZERO), lambda j: ONE), step, at)

    def first(self, at: Term) -> Theorem:
        """Σ_{j=0}^{n} j b(n, j) = n p."""

        def claim(n: Term) -> Term:
            return eq(self.sum(n, lambda j: j), mul(n, self.p))

        def step(inside: Context, n: Term) -> Theorem:
            moved, here = self.moved(inside, n, lambda j: j), inside.facts[-1]
            j = var("moved_j", "Z")
            apart = k.sum_linear(j, ZERO, n, [ONE, ONE], [mul(j, b(n, j)), b(n, j)])
            one = self.known(inside).total(n)
            return k.linear(*claim(add(n, ONE)).args, [moved, apart, one, here], [ONE, self.p, self.p, ONE])

        return self.induct(claim, self.at_zero(claim(ZERO), lambda j: j), step, at)

    def at_zero(self, claim: Term, weight: Callable[[Term], Term]) -> Theorem:
        s = claim.args[0]
        step = k.sum_step(s, [Context().prove(le(ZERO, ZERO))])
        empty = mk("sum", s.args[0], ZERO, sub(ZERO, ONE), s.args[3])
        none = k.sum_empty(empty, [Context().prove(lt(empty.args[2], ZERO))])
        return k.linear(*claim.args, [step, none, self.begin], [ONE, ONE, weight(ZERO)])

    def none_correct(self, at: Term) -> Theorem:
        """b(n, 0) = (1-p)^n."""

        def claim(n: Term) -> Term:
            return eq(b(n, ZERO), power(self.q, n))

        def step(inside: Context, n: Term) -> Theorem:
            recursion, edge = inside.at(self.step, n, ZERO), inside.at(self.below, n)
            law = power_step(inside, self.q, n)
            used = [recursion, edge, inside.facts[-1], law]
            return k.linear(*claim(add(n, ONE)).args, used, [ONE, self.p, self.q, MINUS])

        return self.induct(claim, self.start(claim(ZERO), power_zero(self.q)), step, at)

    def all_correct(self, at: Term) -> Theorem:
        """b(n, n) = p^n."""

        def claim(n: Term) -> Term:
            return eq(b(n, n), power(self.p, n))

        def step(inside: Context, n: Term) -> Theorem:
            recursion, edge = inside.at(self.step, n, add(n, ONE)), inside.at(self.above, n)
            law = power_step(inside, self.p, n)
            used = [recursion, edge, inside.facts[-1], law]
            return k.linear(*claim(add(n, ONE)).args, used, [ONE, self.q, self.p, MINUS])

        return self.induct(claim, self.start(claim(ZERO), power_zero(self.p)), step, at)

    def start(self, claim: Term, one: Theorem) -> Theorem:
        return k.linear(*claim.args, [self.begin, one], [ONE, MINUS])

    def nonnegative(self, at: Term, j: Term) -> Theorem:
        """0 <= b(n, j) for 0 <= j <= n, where 0 < p < 1."""
        i = var("sign_i", "Z")

        def claim(n: Term) -> Term:
            return mk("all", i, mk("imp", mk("and", le(ZERO, i), le(i, n)), le(ZERO, b(n, i))))

        def inside_or_edge(inside: Context, here: Theorem, n: Term, x: Term, edge: Theorem, at_edge: Term) -> Theorem:
            """0 <= b(n, x), which is 0 at the edge."""
            tie, goal = eq(x, at_edge), le(ZERO, b(n, x))
            hole = var("hole", "Z")
            zero = k.sos(le(ZERO, edge.concl.args[0]), [], [edge], [ONE])
            turned = k.linear(at_edge, x, [k.assume(tie)], [MINUS])
            at_tie = k.rewrite(turned, zero, hole, le(ZERO, b(n, hole)))
            sides = [k.assume(lt(*ends)) for ends in ((x, at_edge), (at_edge, x))]
            away = [inside.with_facts(th, k.integer(th)) for th in sides]

            def regular(ctx: Context) -> Theorem:
                try:
                    return ctx.at(here, x)
                except k.Refused:
                    return k.absurd(k.linear(ZERO, ZERO, [], []), k.negate(ctx.arith(lt(ZERO, ZERO))), goal)

            return k.trichotomy(x, at_edge, regular(away[0]), at_tie, regular(away[1]))

        def step(inside: Context, n: Term) -> Theorem:
            here, last = inside.facts[-1], add(n, ONE)
            member = inside.assuming(le(ZERO, i), le(i, last))
            recursion = member.at(self.step, n, i)
            left = inside_or_edge(member, here, n, sub(i, ONE), inside.at(self.below, n), k.num(-1))
            right = inside_or_edge(member, here, n, i, inside.at(self.above, n), last)
            signs = [member.prove(lt(ZERO, x)) for x in (self.p, self.q)]
            parts = [(One, ONE, [signs[0], left]), (One, ONE, [signs[1], right])]
            th = k.sos(le(ZERO, b(last, i)), parts, [recursion], [ONE])
            return self.closed(claim(last), th, i)

        member = self.ctx.assuming(le(ZERO, i), le(i, ZERO))
        tie = zero_index(member, i)
        one = k.sos(le(ZERO, b(ZERO, ZERO)), [(One, ONE, [])], [self.begin], [ONE])
        hole = var("hole", "Z")
        base = self.closed(claim(ZERO), k.rewrite(tie, one, hole, le(ZERO, b(ZERO, hole))), i)
        return self.ctx.at(self.induct(claim, base, step, at), j)

    def closed(self, claim: Term, th: Theorem, i: Term) -> Theorem:
        """`for all i: 0 <= i <= n implies ..` from the conclusion under these hypotheses."""
        opened = subst(claim.args[1], {claim.args[0]: i})
        premise = k.assume(opened.args[0])
        for n in range(2):
            th = k.cut(k.and_elim(premise, n), th)
        return k.all_intro(i, k.imp_intro(opened.args[0], th))


def zero_index(ctx: Context, i: Term) -> Theorem:
    """0 = i from 0 <= i <= 0."""
    goal = eq(ZERO, i)
    sides = [
        k.absurd(k.linear(ZERO, ZERO, [], []), k.negate(ctx.assuming(p).arith(lt(ZERO, ZERO))), goal)
        for p in (lt(ZERO, i), lt(i, ZERO))
    ]
    return k.trichotomy(ZERO, i, sides[0], k.assume(goal), sides[1])


def power_grows(ctx: Context, x: Term, y: Term, n: Term) -> Theorem:
    """x^n < y^n for 0 < x < y and 1 <= n."""
    above, apart = ctx.prove(lt(ZERO, x)), ctx.prove(lt(x, y))
    larger = k.sos(lt(ZERO, y), [(One, ONE, [above]), (One, ONE, [apart])], [], [])
    m = var("grows_n", "Z")
    claim = lt(power(x, m), power(y, m))
    base = k.sos(subst(claim, {m: ONE}), [(One, ONE, [apart])], [power_one(x), power_one(y)], [MINUS, ONE])
    ih, start = k.assume(claim), k.assume(le(ONE, m))
    inside = Context([above, start])
    steps = [power_step(inside, z, m) for z in (x, y)]
    # y y^m - x x^m = y (y^m - x^m) + (y - x) x^m
    parts = [(One, ONE, [larger, ih]), (One, ONE, [apart, pow_positive(inside, x, m)])]
    following = k.sos(subst(claim, {m: add(m, ONE)}), parts, steps, [MINUS, ONE])
    th = k.induct(m, ONE, claim, base, following)
    return discharge(instantiate(th, {m: n}), [ctx.prove(le(ONE, n))])


def power_weakly_grows(ctx: Context, x: Term, y: Term, n: Term) -> Theorem:
    """x^n <= y^n for 0 < x <= y and 0 <= n."""
    above, apart = ctx.prove(lt(ZERO, x)), ctx.prove(le(x, y))
    larger = k.sos(lt(ZERO, y), [(One, ONE, [above]), (One, ONE, [apart])], [], [])
    base_facts = Context([above])

    def claim(i: Term) -> Term:
        return le(power(x, i), power(y, i))

    def step(inside: Context, i: Term) -> Theorem:
        laws = [power_step(inside, z, i) for z in (x, y)]
        positive = pow_positive(base_facts.assuming(le(ZERO, i)), x, i)
        parts = [(One, ONE, [larger, k.assume(claim(i))]), (One, ONE, [apart, positive])]
        return k.sos(claim(add(i, ONE)), parts, laws, [MINUS, ONE])

    base = k.sos(claim(ZERO), [], [power_zero(x), power_zero(y)], [MINUS, ONE])
    return by_induction(ctx, claim, base, step, n)


def spread_powers(ctx: Context, low: Term, p: Term, n: Term) -> Theorem:
    """p^n + (1-p)^n <= low^n + (1-low)^n for 0 < low <= p <= 1 - low and 0 <= n."""
    q, high = sub(ONE, p), sub(ONE, low)
    signs = [ctx.prove(lt(ZERO, low)), ctx.prove(le(low, p)), ctx.prove(le(p, high))]
    facts = Context(signs)
    order = facts.arith(le(low, q))
    positive = [facts.arith(lt(ZERO, high)), signs[1], signs[2]]

    def claim(i: Term) -> Term:
        return le(add(power(p, i), power(q, i)), add(power(low, i), power(high, i)))

    def step(inside: Context, i: Term) -> Theorem:
        # with t = p - low: the gap grows to high (gap) + (high - p) (p^i - low^i) + t (q^i - low^i)
        laws = [power_step(inside, z, i) for z in (p, q, low, high)]
        known = Context([*signs, order, k.assume(le(ZERO, i))])
        grown = [power_weakly_grows(known, low, z, i) for z in (p, q)]
        parts = [(One, ONE, [positive[0], k.assume(claim(i))])]
        parts += [(One, ONE, [positive[2], grown[0]]), (One, ONE, [positive[1], grown[1]])]
        return k.sos(claim(add(i, ONE)), parts, laws, [MINUS, MINUS, ONE, ONE])

    base = k.sos(claim(ZERO), [], [power_zero(z) for z in (p, q, low, high)], [MINUS, MINUS, ONE, ONE])
    return by_induction(ctx, claim, base, step, n)
