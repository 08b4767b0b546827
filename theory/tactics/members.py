"""Tactics about a group: sums of which the first members are known and the others equal, neighbours that change places."""

from .. import kernel as k
from ..kernel import Term, Theorem, mk, num, subst, var
from ..kernel.terms import ONE, ZERO, add, app, eq, le, lt, mul, ne, neg, sub
from .basic import Context, discharge
from .logic import impossible
from .prefix import put


def nonzero(ctx: Context, goal: Term, *factors: Term) -> Theorem:
    """x != 0 for x that is, in canonical form, the product of these factors, each known not to be 0."""
    facts = [ctx.unequal(f, ZERO) for f in factors]
    return k.restate(k.nonzero_product(list(factors), facts), ne(goal, ZERO))


def replaced_by(value: Theorem, th: Theorem) -> Theorem:
    """x = y, with y rewritten by an equation between applications; any other theorem changes nothing."""
    return put(value, th) if value.concl.op == "eq" else th


def first_and_others(ctx: Context, s: Term, first: list[Theorem], others: list[Theorem], count: int = 1) -> Theorem:
    """Σ_{i=1..G} f = f(1) + .. + f(count) + (G - count) x. `first`: equations at 1..count; `others`: for all i above, from
    which f(i) = x, the same for all of them."""
    bound, lo, hi, f = s.args
    last = num(count)

    def at(index: Term) -> Term:
        return subst(f, {bound: index})

    def known(index: Term, *equations: Theorem) -> Theorem:
        th = k.linear(at(index), at(index), [], [])
        for equation in equations:
            th = replaced_by(equation, th)
        return th

    split = k.sum_split(s, last, [ctx.prove(le(ZERO, last)), ctx.prove(le(last, hi))])
    parts, values = [split], []
    for m in range(count, 0, -1):
        parts.append(k.sum_step(mk("sum", bound, lo, num(m), f), [ctx.prove(le(ONE, num(m)))]))
        parts.append(known(num(m), *first))
        values.append(parts[-1].concl.args[1])
    parts.append(k.sum_empty(mk("sum", bound, lo, ZERO, f), [ctx.prove(lt(ZERO, ONE))]))
    member = ctx.fresh(s)
    inside = ctx.assuming(le(num(count + 1), member), le(member, hi))
    rest = k.sum_congr(member, num(count + 1), hi, known(member, *(inside.at(th, member) for th in others)))
    whole = add(*values, rest.concl.args[1])
    return ctx.equal(s, whole, k.linear(s, whole, [*parts, rest], [ONE] * (len(parts) + 1)))


def lengths_positive(ctx: Context, n: str, size: Term, first: Theorem, others: Theorem) -> Theorem:
    """1 <= n(i) for i = 1..size, from n(1) = a number and n(i) = a number for i = 2..size, both at least 1."""
    index = ctx.fresh(size)
    inside = ctx.assuming(le(ONE, index), le(index, size))
    length = app(n, index, sort="Z")
    goal = le(ONE, length)
    above, tie, below = lt(ONE, index), eq(ONE, index), lt(index, ONE)
    more = k.integer(k.assume(above))
    later = inside.with_facts(more)
    by_others = later.with_facts(later.at(others, index)).arith(goal)
    hole = var("hole", "Z")
    by_first = k.rewrite(
        k.assume(tie), Context([first]).arith(le(ONE, app(n, ONE, sort="Z"))), hole, le(ONE, app(n, hole, sort="Z"))
    )
    th = k.trichotomy(ONE, index, by_others, by_first, impossible(inside.assuming(below), goal))
    span = mk("and", le(ONE, index), le(index, size))
    return k.all_intro(index, k.imp_intro(span, discharge(th, [k.and_elim(k.assume(span), at) for at in (0, 1)])))


def differ(ctx: Context, goal: Term, factors: list[Term], values: list[Theorem], *equations: Theorem) -> Theorem:
    """a != b, because with these values of their parts and by the equations a - b is a product of factors that are not 0."""
    sides = []
    for side in goal.args[0].args:
        th = k.linear(side, side, [], [])
        for value in values:
            th = replaced_by(value, th)
        sides.append(th)
    a, b = (th.concl.args[1] for th in sides)
    product = mul(*factors)
    gap = ctx.equal(sub(a, b), product, *equations)
    tie = k.assume(goal.args[0])
    nothing = k.linear(product, ZERO, [gap, tie, *sides], [num(-1), ONE, num(-1), ONE])
    return k.cases(tie.concl, k.absurd(nothing, nonzero(ctx, product, *factors), goal), k.assume(neg(tie.concl)))


def chain(first: Theorem, second: Theorem) -> Theorem:
    """a = c from a = b and b = c."""
    return k.linear(first.concl.args[0], second.concl.args[1], [first, second], [ONE, ONE])


def exchanged_neighbours(
    ctx: Context, s: Term, other: Term, m: Term, here: Theorem, there: Theorem, below: Theorem, above: Theorem
) -> Theorem:
    """Σ f' = Σ f over 1..G from f'(m) = f(m+1) (here), f'(m+1) = f(m) (there), and f'(j) = f(j) below m and above m+1
    (for a variable j that the range hypotheses speak of)."""

    def parts(total: Term) -> tuple[list[Theorem], Term, Term]:
        bound, lo, hi, f = total.args
        split = k.sum_split(total, add(m, ONE), [ctx.prove(le(sub(lo, ONE), add(m, ONE))), ctx.prove(le(add(m, ONE), hi))])
        upper = k.sum_step(mk("sum", bound, lo, add(m, ONE), f), [ctx.prove(le(lo, add(m, ONE)))])
        lower = k.sum_step(mk("sum", bound, lo, m, f), [ctx.prove(le(lo, m))])
        return [split, upper, lower], mk("sum", bound, lo, sub(m, ONE), f), mk("sum", bound, add(m, num(2)), hi, f)

    one, two = parts(s), parts(other)
    return ctx.equal(s, other, k.linear(s, other, [*one[0], below, above, here, there, *two[0]], [ONE] * 7 + [num(-1)] * 3))
