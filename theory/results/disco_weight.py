"""How GRPO and DisCO weigh hard and easy questions in groups of G: both linearly in p, and never by 1/p, where p is small.

Statement   (1) E[√(phat(1-phat))], the weight of GRPO in groups of G (deviation over G), is at most √(G-1) p and at most
            √(G-1) (1-p): for p < 1/G its √p of Proposition 1 of DisCO is gone.
            (2) DisCO-b drops the groups without both outcomes, so that its expected gradient is P(S) ∇logit p, that is ∇p
            times P(S)/(p(1-p)) = Σ_{m=0}^{G-2} (p^m + (1-p)^m), which is at most G, not 1/(p(1-p)).
Place       Our own; it confronts DisCO (arXiv 2505.12366), Proposition 1, with groups of finite size. With
            disco.weight.finite.repaired and disco.weight.dr_grpo_finite: for p < 1/G all three are linear in p.
Hypotheses  G ≥ 2 completions, correct with probability p independently of each other.
Proof       (1) j (G-j) ≤ (G-1) j² for every integer j ≥ 0. (2) by induction on G: P(S) grows by p^G (1-p) + (1-p)^G p.
Not claimed anything about DisCO with the scores or the constraint of its full form.
"""

from fractions import Fraction

import sympy as sp

from theory import kernel as k
from theory.decide import Goal
from theory.kernel import Term, Theorem, mk, var
from theory.kernel.terms import ONE, ZERO, add, eq, inv, le, lt, mul, neg, num, sub
from theory.language import equals, integers, term
from theory.proposition import UNNEEDED, proposition
from theory.related.disco.finite_groups import DROPPED, HALF, WEIGHT, Moments, root_at, roots_defined
from theory.related.hadw.groups import GROUP, LAW, A, G, p
from theory.tactics import MINUS, Context, discharge, instantiate
from theory.tactics.logs import weaken
from theory.tactics.powers import power, power_at_most_one, power_step, power_zero, squares_order, unit

m = integers("m")
One = Fraction(1)


def products_of_integers(ctx: Context, j: Term) -> Theorem:
    """0 <= j (j-1) for an integer 0 <= j."""
    goal = le(ZERO, mul(j, sub(j, ONE)))
    many, few = le(ONE, j), neg(le(ONE, j))
    above = k.sos(goal, [(One, ONE, [ctx.prove(le(ZERO, j)), k.assume(many)])], [], [])
    below = k.negate(k.assume(few))
    none = k.sos(le(j, ZERO), [(One, ONE, [k.integer(below)])], [], [])
    return k.cases(many, above, k.sos(goal, [(One, ONE, [none, below])], [], []))


def root_linear(inside: Context, at: Term, count: Term, s: Theorem) -> Theorem:
    """√(phat(1-phat)) <= √(G-1) count/G, where count is j or G - j and `s` says 0 < √(G-1)."""
    x, root, sign = root_at(inside, at)
    size, S = term(G), s.concl.args[1]
    n, positive = inv(size), k.inv_positive(inside.prove(lt(ZERO, size)))
    integer = products_of_integers(inside, count)
    one = unit(inside.prove(lt(ZERO, size)))
    bound = mul(S, count, n)
    squares = [
        k.law("sqrt_square", y, ZERO, [th]) for y, th in ((x, sign), (term(G - 1), weaken(inside.prove(lt(ZERO, term(G - 1))))))
    ]
    # (G-1) c² - c (G-c) = G c (c-1), over G²
    cofactors = [MINUS, mul(count, count, n, n), mul(at, n)]
    equations = [squares[0], squares[1], one]
    goal = le(mk("pow", root, 2), mk("pow", bound, 2))
    order = k.sos(goal, [(One, ONE, [integer, positive, positive, inside.prove(lt(ZERO, size))])], equations, cofactors)
    return squares_order(
        root, bound, order, k.sos(le(ZERO, bound), [(One, ONE, [s, positive, inside.prove(le(ZERO, count))])], [], [])
    )


@proposition(
    "lossproof.disco_weight",
    title="in groups of G the weight of GRPO is at most √(G-1) p and √(G-1) (1-p): linear, not √p, for questions harder than 1/G",
    source="our own",
    printed="E[√(phat(1-phat))] ≤ √(G-1) p,  E[√(phat(1-phat))] ≤ √(G-1) (1-p)",
    assumptions=GROUP,
    statement=sp.And(WEIGHT <= sp.sqrt(G - 1) * p, WEIGHT <= sp.sqrt(G - 1) * (1 - p)),
    model=HALF,
    drops=DROPPED | {"G ≥ 2": HALF | {"G": 0}, "0 < p < 1": UNNEEDED},
    hints={"p": "unit"},
    not_claimed="that the bound is close where p G is large: disco.weight.finite.repaired is, there",
)
def disco_weight(goal: Goal) -> Theorem:
    moments, size = Moments(goal), term(G)
    fewer = goal.prove(lt(ZERO, term(G - 1)))
    s = goal.sqrt_positive(term(G - 1))
    goal.define(weaken(fewer))
    roots_defined(goal)
    S, n, one = s.concl.args[1], inv(size), unit(goal.prove(lt(ZERO, size)))
    out = {}
    for c0, c1 in ((ZERO, ONE), (size, MINUS)):
        total = moments.pointwise(lambda j: ZERO, lambda inside, at: root_linear(inside, at, add(c0, mul(c1, at)), s))  # noqa: B023
        scale = mul(S, n)
        mean = moments.mean(lambda j: mul(scale, add(c0, mul(c1, j))), mul(scale, c0), mul(scale, c1), ZERO)  # noqa: B023
        claim = le(total.concl.args[0], mul(S, term(p if c0 is ZERO else 1 - p)))
        value = goal.equal(mean.concl.args[1], claim.args[1], one)
        out[c0] = k.sos(claim, [(One, ONE, [total])], [mean, value], [MINUS, MINUS])
    return k.and_intro([next(k.restate(th, q) for th in out.values() if k.same(th.concl, q)) for q in goal.claim.args])


SERIES = sp.Sum(p**m + (1 - p) ** m, (m, 0, G - 2))
EQUAL_CHANCES = {name: a for name, a in GROUP.items() if name != LAW}
SMALL = {"G": 2, "p": "1/2"}


def series_of(n: Term, x: Term, y: Term) -> Term:
    """Σ_{m=0}^{n} (x^m + y^m)."""
    i = var("series_m", "Z")
    return mk("sum", i, ZERO, n, add(power(x, i), power(y, i)))


@proposition(
    "lossproof.disco_group_weight",
    title="relative to the gradient of accuracy DisCO-b weighs a question by P(S)/(p(1-p)) = Σ_{m≤G-2} (p^m + (1-p)^m) ≤ G",
    source="our own",
    printed="(1 - p^G - (1-p)^G)/(p(1-p)) = Σ_{m=0}^{G-2} (p^m + (1-p)^m) ≤ G",
    assumptions=EQUAL_CHANCES,
    statement=sp.And(equals(A / (p * (1 - p)), SERIES), SERIES <= G),
    model=SMALL,
    drops={"G ≥ 2": SMALL | {"G": 0}, "0 < p < 1": {"G": 4, "p": -1}},
    not_claimed="the same for groups that are sampled until both outcomes occur: there the weight is 1/(p(1-p))",
)
def disco_group_weight(goal: Goal) -> Theorem:
    """For n = G-2 by induction: with n the left side grows by p^(n+2) q + q^(n+2) p = p q (p^(n+1) + q^(n+1)), q = 1-p."""
    x, y = term(p), term(1 - p)
    n = var("series_n", "Z")
    signs = [goal.prove(lt(ZERO, z)) for z in (x, y)]

    def claim(i: Term) -> Term:
        top = add(i, num(2))
        equal = eq(sub(sub(ONE, power(x, top)), power(y, top)), mul(x, y, series_of(i, x, y)))
        return mk("and", equal, le(series_of(i, x, y), top))

    def powers(i: Term, inside: Context) -> list[Theorem]:
        """z^(i+1) = z z^i for both."""
        return [power_step(inside, z, i) for z in (x, y)]

    start = Context()
    first = k.sum_step(series_of(ZERO, x, y), [start.prove(le(ZERO, ZERO))])
    none = k.sum_empty(series_of(MINUS, x, y), [start.prove(lt(MINUS, ZERO))])
    zero = [power_zero(z) for z in (x, y)]
    ones = [*powers(ZERO, start), *powers(ONE, start)]
    two = start.equal(series_of(ZERO, x, y), num(2), first, none, *zero)
    left, right = claim(ZERO).args[0].args
    squares = start.equal(left, right, ones[2], ones[3], ones[0], ones[1], *zero, two)
    base = k.and_intro([squares, k.sos(claim(ZERO).args[1], [], [two], [MINUS])])

    ih, nonneg = k.assume(claim(n)), k.assume(le(ZERO, n))
    inside = goal.with_facts(nonneg)
    following = add(n, ONE)
    grow = k.sum_step(series_of(following, x, y), [inside.prove(le(ZERO, following))])
    third, second, first_ = (powers(add(n, num(c)), inside) for c in (2, 1, 0))  # z^(n+3), z^(n+2), z^(n+1)
    equal, below = (k.and_elim(ih, c) for c in (0, 1))
    used = [*third, *second, equal, grow]
    cofactors = [MINUS, MINUS, sub(ONE, x), sub(ONE, y), ONE, mul(MINUS, x, y)]
    next_equal = k.linear(*claim(following).args[0].args, used, cofactors)
    smaller = [power_at_most_one(inside, z, n) for z in (x, y)]
    parts = [(One, ONE, [below]), *((One, ONE, pair) for pair in zip(signs, smaller, strict=True))]
    next_below = k.sos(claim(following).args[1], [(w, q, list(f)) for w, q, f in parts], [grow, *first_], [MINUS] * 3)
    th = k.induct(n, ZERO, claim(n), base, k.and_intro([next_equal, next_below]))
    th = discharge(instantiate(th, {n: term(G - 2)}), [goal.prove(le(ZERO, term(G - 2)))])
    series, bound = (k.and_elim(th, c) for c in (0, 1))
    goal.define(*signs)
    over, units = mul(inv(x), inv(y)), [unit(sign) for sign in signs]
    quotient = mul(term(A), over)
    value = k.linear(
        quotient, term(SERIES), [series, units[0], units[1]], [over, mul(term(SERIES), y, inv(y)), term(SERIES)]
    )  # fmt: skip
    return k.and_intro([k.restate(value if q.op == "eq" else bound, q) for q in goal.claim.args])
