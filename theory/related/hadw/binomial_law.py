"""The number of correct completions has the binomial law: b(n, j) = C(n, j) p^j (1-p)^(n-j), from Pascal's rule for C."""

import sympy as sp

from theory import kernel as k
from theory.decide import Goal
from theory.kernel import Term, Theorem, mk, subst, var
from theory.kernel.terms import ONE, ZERO, add, app, eq, le, lt, mul, sub
from theory.language import ForAll, equals, int_family, integers, term
from theory.proposition import UNNEEDED, proposition
from theory.related.hadw.groups import GROUP, LAW, SOURCE, Facts, G, b, binomial, group, j, n, p
from theory.related.hadw.uniform import choose
from theory.tactics import MINUS, Context
from theory.tactics.binomial import zero_index
from theory.tactics.powers import power, power_step, power_zero

C = int_family("C")
i = integers("i")
PASCAL = "C is Pascal's triangle"
TRIANGLE = sp.And(
    equals(C(0, 0), 1),
    ForAll(n, 0, G, equals(C(n, -1), 0)),
    ForAll(n, 0, G, equals(C(n, n + 1), 0)),
    ForAll(n, 0, G - 1, ForAll(j, 0, n + 1, equals(C(n + 1, j), C(n, j - 1) + C(n, j)))),
)


@proposition(
    "hadw.binomial",
    title="the number of correct completions in a group is binomial",
    source=f"{SOURCE}, Theorem 2 and App. D.1, which use it",
    printed="P(R = k) = C(G,k) p^k (1-p)^{G-k}",
    assumptions={LAW: GROUP[LAW], PASCAL: TRIANGLE, "G ≥ 2": GROUP["G ≥ 2"], "0 < p < 1": GROUP["0 < p < 1"]},
    statement=ForAll(i, 0, G, equals(b(G, i), C(G, i) * p**i * (1 - p) ** (G - i))),
    model=group(2, "1/4", C=choose),
    drops={
        LAW: group(2, "1/4", C=choose) | {"b": binomial("1/2")},
        PASCAL: group(2, "1/4", C=lambda n, j: 1),
        "G ≥ 2": UNNEEDED,
        "0 < p < 1": UNNEEDED,
    },
    hints={"p": "unit"},
)
def binomial_law(goal: Goal) -> Theorem:
    """Adding one completion: both shares of b(n+1, j) are multiples of p^j (1-p)^(n+1-j)."""
    facts = Facts(goal)
    law, x = facts.law, var("index", "Z")
    parts = [k.and_elim(goal.given[PASCAL], e) for e in range(4)]
    start = next(th for th in parts if th.concl.op == "eq")
    rule = next(th for th in parts if th.concl.op == "all" and th.concl.args[1].args[1].op == "all")
    left, right = (
        next(th for th in parts if th not in (start, rule) and k.same(instance(th, x), choices(x, end)))
        for end in (k.num(-1), add(x, ONE))
    )

    def value(size: Term, at: Term) -> Term:
        return mul(choices(size, at), power(facts.p, at), power(facts.q, sub(size, at)))

    def claim(size: Term) -> Term:
        within = mk("and", le(ZERO, x), le(x, size))
        return mk("all", x, mk("imp", within, eq(app("b", size, x), value(size, x))))

    def share(
        ctx: Context, size: Term, at: Term, scale: Term, edges: tuple[Theorem, Theorem], here: Theorem, edge: Term
    ) -> Theorem:
        """scale b(n, at) = C(n, at) p^x (1-p)^(n+1-x), where at is x or x - 1: from the claim, or both are 0 at the edge."""
        common = mul(power(facts.p, x), power(facts.q, sub(add(size, ONE), x)))
        goal_ = eq(mul(scale, app("b", size, at)), mul(choices(size, at), common))
        zero = subst(goal_, {x: edge})
        at_edge = k.linear(*zero.args, list(edges), [scale, mul(MINUS, subst(common, {x: edge}))])
        hole = var("hole", "Z")
        tie = k.linear(edge, x, [k.assume(eq(x, edge))], [MINUS])
        tied = k.rewrite(tie, at_edge, hole, subst(goal_, {x: hole}))
        sides = []
        for order in (lt(x, edge), lt(edge, x)):
            known = k.assume(order)
            inside = ctx.with_facts(known, k.integer(known))
            try:
                law_ = power_step(inside, scale, at if scale is facts.p else sub(size, x))
                sides.append(inside.equal(*goal_.args, inside.at(here, at), law_))
            except k.Refused:
                sides.append(k.absurd(k.linear(ZERO, ZERO, [], []), k.negate(inside.arith(lt(ZERO, ZERO))), goal_))
        return k.trichotomy(x, edge, sides[0], tied, sides[1])

    def step(inside: Context, size: Term) -> Theorem:
        here, last = inside.facts[-1], add(size, ONE)
        lean = Context([th for th in inside.facts if th is not here])
        member = lean.assuming(le(ZERO, x), le(x, last))
        recursion, triangle = member.at(law.step, size, x), member.at(rule, size, x)
        below = (lean.at(law.below, size), lean.at(left, size))
        above = (lean.at(law.above, size), lean.at(right, size))
        one = share(member, size, sub(x, ONE), facts.p, below, here, ZERO)
        two = share(member, size, x, facts.q, above, here, last)
        common = mul(power(facts.p, x), power(facts.q, sub(last, x)))
        th = k.linear(app("b", last, x), value(last, x), [recursion, one, two, triangle], [ONE, ONE, ONE, mul(MINUS, common)])
        return law.closed(claim(last), th, x)

    none = Context([k.assume(le(ZERO, x)), k.assume(le(x, ZERO))])
    first = k.linear(
        app("b", ZERO, ZERO),
        value(ZERO, ZERO),
        [law.begin, start, power_zero(facts.p), power_zero(facts.q)],
        [ONE, mul(MINUS, power(facts.p, ZERO), power(facts.q, ZERO)), mul(MINUS, power(facts.q, ZERO)), MINUS],
    )
    hole = var("hole", "Z")
    template = eq(app("b", ZERO, hole), value(ZERO, hole))
    base = law.closed(claim(ZERO), k.rewrite(zero_index(none, x), first, hole, template), x)
    return k.restate(law.induct(claim, base, step, term(G)), goal.claim)


def choices(size: Term, at: Term) -> Term:
    return app("C", size, at, sort="Z")


def instance(th: Theorem, x: Term) -> Term:
    """The left side of a bounded universal equation, at x."""
    return subst(th.concl.args[1].args[1].args[0], {th.concl.args[0]: x})
