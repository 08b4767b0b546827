"""The variance of the estimate over N prompts with G responses each, exactly, for N and G of any size.

Statement   X(i, j) = s_ij (r_ij - b_i) in one coordinate, E[X²] = m2. Two responses to a prompt are independent given the prompt,
            so E[X X'] = d = E_x[g(x)²]; two of different prompts are independent, so E[X X'] = (E g)². The mean over all has
            the variance (d - (E g)²)/N + (m2 - d)/(N G). The trace is the sum over coordinates.
Place       The law of total variance; b enters m2 alone, as a square.
Proof       by induction, one more draw adds its own square and its products with those before.
"""

from collections.abc import Callable

import sympy as sp

from theory import kernel as k
from theory.decide import Goal
from theory.kernel import Term, Theorem, mk
from theory.kernel.terms import ONE, ZERO, add, app, eq, le, mul, sub
from theory.language import ForAll, equals, family, integers, reals, term
from theory.proposition import proposition
from theory.tactics import Context
from theory.tactics.powers import by_induction
from theory.tactics.prefix import exchange

from . import SOURCE

N, G, E, e, i, j, h, m = integers("N G E e i j h m")
m2, d, g = reals("m2 d g")
P, X = family("P"), family("X")
Draw = Callable[[Term, Term], Term]  # index of the draw, outcome -> value


def expect(f: sp.Expr) -> sp.Expr:
    """Over outcomes e = 1..E."""
    return sp.Sum(P(e) * f, (e, 1, E))


def expected(f: Callable[[Term], Term], outcome: Term) -> Term:
    return mk("sum", outcome, ONE, term(E), mul(app("P", outcome), f(outcome)))


def total(draw: Draw, n: Term, outcome: Term) -> Term:
    probe = k.var("draw_n", "Z")
    index = k.var(f"draw_{draw(probe, outcome).height}", "Z")  # a name of its own at each depth
    return mk("sum", index, ONE, n, draw(index, outcome))


def with_sum(
    ctx: Context, weight: Callable[[Term], Term], draw: Draw, n: Term, each: Callable[[Context, Term], Theorem]
) -> Theorem:
    """E[W Σ_a X_a] = n c, from E[W X_a] = c for a in 1..n, which each(ctx, a) proves."""
    outcome, index = (k.var(name, "Z") for name in ("draw_e", "draw_a"))
    inner = mk("sum", index, ONE, n, mul(app("P", outcome), weight(outcome), draw(index, outcome)))
    double = mk("sum", outcome, ONE, term(E), inner)
    swap = exchange(ctx, double)
    a = ctx.fresh(double, n)
    rows = k.sum_congr(a, ONE, n, each(ctx.assuming(le(ONE, a), le(a, n)), a))
    product = expected(lambda o: mul(weight(o), total(draw, n, o)), outcome)
    c = rows.concl.args[1].args[3]
    chain = [ctx.equal(product, double), swap, rows, ctx.equal(rows.concl.args[1], mul(n, c))]
    return k.linear(product, mul(n, c), chain, [ONE] * 4)


Own = Callable[[Context, Term], Theorem]
Cross = Callable[[Context, Term, Term], Theorem]


def square_of_sum(ctx: Context, draw: Draw, n: Term, moments: tuple[Term, Term], own: Own, cross: Cross) -> Theorem:
    """E[(Σ_a X_a)²] = n m + n (n - 1) c, from E[X_a²] = m (own) and E[X_a X_b] = c for a < b in 1..n (cross)."""
    (m, c), outcome = moments, k.var("draw_e", "Z")

    def square(top: Term) -> Term:
        return expected(lambda o: mk("pow", total(draw, top, o), 2), outcome)

    def claim(top: Term) -> Term:
        return mk("imp", le(top, n), eq(square(top), add(mul(top, m), mul(top, sub(top, ONE), c))))

    def step(inside: Context, now: Term) -> Theorem:
        new = add(now, ONE)
        more = inside.assuming(le(new, n))
        before = k.imp_elim(k.assume(claim(now)), more.prove(le(now, n)))
        o = more.fresh(new, n)
        row = more.assuming(le(ONE, o), le(o, term(E)))
        whole, front, last = total(draw, new, o), total(draw, now, o), draw(new, o)
        grows = k.sum_step(whole, [row.prove(le(ONE, new))])
        left = mul(app("P", o), mk("pow", whole, 2))
        right = mul(app("P", o), add(mk("pow", front, 2), mul(k.num(2), front, last), mk("pow", last, 2)))
        rows = k.sum_congr(o, ONE, term(E), row.equal(left, right, grows))
        between = with_sum(more, lambda o: draw(new, o), draw, now, lambda ctx, a: cross(ctx, a, new))
        return k.imp_intro(le(new, n), more.equal(*claim(new).args[1].args, rows, before, between, own(more, new)))

    empty = k.sum_empty(total(draw, ZERO, outcome), [ctx.prove(k.terms.lt(ZERO, ONE))])
    rows = k.sum_congr(outcome, ONE, term(E), ctx.equal(mul(app("P", outcome), mk("pow", empty.concl.args[0], 2)), ZERO, empty))
    base = k.imp_intro(le(ZERO, n), ctx.equal(*claim(ZERO).args[1].args, rows))
    return k.imp_elim(by_induction(ctx, claim, base, step, n), ctx.prove(le(n, n)))


OWN, PAIR, APART = "squares", "two responses to a prompt", "responses to two prompts"


@proposition(
    "oblrpo.variance.draws",
    title="the mean of n uncorrelated draws of the same moments has the variance of one draw over n",
    source=SOURCE,
    printed="E[((1/N) Σ X)²] - g² = (E[X²] - g²)/N",
    assumptions={
        "draws": N >= 1,
        OWN: ForAll(i, 1, N, equals(expect(X(i, e) ** 2), m2)),
        PAIR: ForAll(j, 1, N, ForAll(i, 1, j - 1, equals(expect(X(j, e) * X(i, e)), g**2))),
    },
    statement=equals(expect((sp.Sum(X(i, e), (i, 1, N)) / N) ** 2) - g**2, (m2 - g**2) / N),
    model=(TWO := {"N": 2, "E": 4, "P": ["1/4"] * 4, "X": [[1, 1, -1, -1], [1, -1, 1, -1]], "m2": 1, "g": 0}),
    drops={
        "draws": TWO | {"N": 0},
        OWN: TWO | {"m2": 2},
        PAIR: TWO | {"X": [[1, 1, -1, -1], [1, 1, -1, -1]]},
    },
)
def variance_of_mean(goal: Goal) -> Theorem:
    size = term(N)

    def draw(a: Term, o: Term) -> Term:
        return app("X", a, o)

    def own(ctx: Context, a: Term) -> Theorem:
        return ctx.at(goal.given[OWN], a)

    def cross(ctx: Context, a: Term, b: Term) -> Theorem:
        return ctx.at(goal.given[PAIR], b, a)

    square = square_of_sum(goal, draw, size, (term(m2), term(g**2)), own, cross)
    return goal.equal(*goal.claim.args, square)


@proposition(
    "oblrpo.variance",
    title="the exact variance over N prompts with G responses each: (E_x[g(x)²] - g²)/N + (E[s² (r - b)²] - E_x[g(x)²])/(N G)",
    source=SOURCE,
    printed="Var ĝ = (1/N) Var_x g(x) + (1/(N G)) E_x[ E_y[s² (r - b(x))²] - g(x)² ]",
    assumptions={
        "prompts and responses": sp.And(N >= 1, G >= 1),
        OWN: ForAll(i, 1, N, ForAll(j, 1, G, equals(expect(X(i, j, e) ** 2), m2))),
        PAIR: ForAll(i, 1, N, ForAll(j, 1, G, ForAll(h, 1, j - 1, equals(expect(X(i, j, e) * X(i, h, e)), d)))),
        APART: ForAll(
            i, 1, N, ForAll(m, 1, i - 1, ForAll(j, 1, G, ForAll(h, 1, G, equals(expect(X(i, j, e) * X(m, h, e)), g**2))))
        ),
    },
    statement=equals(
        expect((sp.Sum(X(i, j, e), (j, 1, G), (i, 1, N)) / (N * G)) ** 2) - g**2, (d - g**2) / N + (m2 - d) / (N * G)
    ),
    model=(ONE_PROMPT := {"N": 1, "G": 2, "E": 4, "P": ["1/4"] * 4, "X": [TWO["X"]], "m2": 1, "d": 0, "g": 0}),
    drops={
        "prompts and responses": ONE_PROMPT | {"N": 0},
        OWN: ONE_PROMPT | {"m2": 2},
        PAIR: ONE_PROMPT | {"d": 1},
        APART: {"N": 2, "G": 1, "E": 2, "P": ["1/2", "1/2"], "X": [[[1, -1]], [[1, -1]]], "m2": 1, "d": 0, "g": 0},
    },
    not_claimed="that the moments are such: that is the independence of the draws; anything off policy, with clipping, or for "
    "prompts drawn without replacement",
)
def variance(goal: Goal) -> Theorem:
    """Twice the lemma: over the responses to a prompt, then over prompts, whose sums have the moments that follow."""
    prompts, size = term(N), term(G)
    moments = add(mul(size, term(m2)), mul(size, sub(size, ONE), term(d)))
    apart = mul(size, size, term(g**2))

    def response(prompt: Term) -> Draw:
        return lambda a, o: app("X", prompt, a, o)

    def prompt_sum(a: Term, o: Term) -> Term:
        return total(response(a), size, o)

    def own(ctx: Context, prompt: Term) -> Theorem:
        def single(ctx: Context, a: Term) -> Theorem:
            return ctx.at(goal.given[OWN], prompt, a)

        def pair(ctx: Context, a: Term, b: Term) -> Theorem:
            return ctx.at(goal.given[PAIR], prompt, b, a)

        return square_of_sum(ctx, response(prompt), size, (term(m2), term(d)), single, pair)

    def cross(ctx: Context, first: Term, second: Term) -> Theorem:
        def with_response(ctx: Context, a: Term) -> Theorem:
            """E[(sum of the first prompt) X(second, a)] = G g²."""

            def pair(ctx: Context, b: Term) -> Theorem:
                return ctx.at(goal.given[APART], second, first, a, b)

            return with_sum(ctx, lambda o: response(second)(a, o), response(first), size, pair)

        return with_sum(ctx, lambda o: prompt_sum(first, o), response(second), size, with_response)

    square = square_of_sum(goal, prompt_sum, prompts, (moments, apart), own, cross)
    return goal.equal(*goal.claim.args, square)
