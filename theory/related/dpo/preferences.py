"""Preferences: the Bradley-Terry model through policies, what the loss is minimised by, and what it leaves open.

x = β h is the difference of the implicit rewards of two responses, q the probability that the first is preferred.
"""

from fractions import Fraction

import sympy as sp

from theory import kernel as k
from theory.decide import Goal
from theory.kernel import Term, Theorem
from theory.kernel.ring import canon
from theory.kernel.terms import ONE, ZERO, add, app, eq, inv, le, lt, mk, mul, neg, sub
from theory.language import ForAll, equals, int_family, integers, reals, term
from theory.proposition import UNNEEDED, Case, proposition, refuted
from theory.tactics import MINUS, Context, atoms
from theory.tactics.adam import by_steps
from theory.tactics.convex import log_tangent
from theory.tactics.logic import impossible, replaced
from theory.tactics.logs import log_of_product
from theory.tactics.order import squeezed
from theory.tactics.powers import for_all

from .equivalence import sigma, unit, without_shift
from .optimal_policy import CASE as GIBBS_CASE
from .optimal_policy import DROPS as GIBBS_DROPS
from .optimal_policy import GIBBS, PRIOR, Facts, N, Z, beta, gibbs_itself, positive_star, r, ref, star, y

i, j, m, w, l = integers("i j m w l")  # noqa: E741
q, s = reals("q s")
pi, pi2 = (sp.Function(x, real=True) for x in ("pi", "pi'"))
One = Fraction(1)


def log_ratio(index: sp.Symbol) -> sp.Expr:
    return sp.log(star(index) / ref(index))


def exponentials(t: Term) -> list[Term]:
    return [a for a in atoms(t) if a.op == "app" and a.args[0] == "exp"]


PAIR = {"1 ≤ i, j ≤ N": sp.And(i >= 1, i <= N, j >= 1, j <= N)}


@proposition(
    "dpo.eq6",
    title="Bradley-Terry preferences of a reward are those of β log(π*/π_ref): the normaliser Z cancels",
    source="Eq. 6",
    printed="p(y1 > y2) = σ(r_1 - r_2) = σ(β log π*(y1)/π_ref(y1) - β log π*(y2)/π_ref(y2))",
    assumptions=PRIOR | GIBBS | PAIR,
    statement=equals(sigma(r(i) - r(j)), sigma(beta * log_ratio(i) - beta * log_ratio(j))),
    model=GIBBS_CASE | {"i": 1, "j": 2},
    drops={name: UNNEEDED for name in (*PRIOR, *GIBBS, *PAIR)}
    | {"π* is the Gibbs policy": GIBBS_DROPS["π* is the Gibbs policy"] | {"i": 1, "j": 2}},
)
def eq6(goal: Goal) -> Theorem:
    facts = Facts(goal)
    goal.define(positive_star(facts))
    b, logs = term(beta), []
    for index in (term(i), term(j)):
        inside = facts.inside(index).with_facts(facts.at("π* is the Gibbs policy", index, "lt"))
        th = gibbs_itself(facts, inside, index)
        for h in [h for h in th.hyps if h.op == "le"]:
            th = k.cut(goal.prove(h), th)
        logs.append(th)
    cancel = goal.equal(mul(b, inv(b)), ONE)
    left, right = (next(a.args[2] for a in exponentials(side)) for side in goal.claim.args)
    cofactors = [b, mul(MINUS, b), term(r(i) - r(j))]
    same = k.linear(left, right, [*logs, cancel], cofactors)
    hole = k.var("hole")
    one = k.rewrite(same, k.linear(app("exp", left), app("exp", left), [], []), hole, eq(app("exp", left), app("exp", hole)))
    for x in (left, right):
        sign = k.law("exp_positive", x, ZERO, [])
        goal.define(k.sos(lt(ZERO, add(ONE, app("exp", x))), [(One, ONE, [sign]), (One, ONE, [])], [], []))
    first, second = goal.claim.args
    return k.rewrite(one, k.linear(first, first, [], []), hole, eq(first, replaced(canon(first), canon(app("exp", left)), hole)))


CHOICE = {"1 ≤ m ≤ N": sp.And(m >= 1, m <= N)}
RANKED = beta * log_ratio(y)


@proposition(
    "dpo.eq7.plackett_luce",
    title="and so are Plackett-Luce preferences: in each choice among the responses m..N that are left, Z cancels",
    source="Eq. 7, its version for rankings",
    printed="exp(r_m)/Σ_{j≥m} exp(r_j) = exp(rhat_m)/Σ_{j≥m} exp(rhat_j),  rhat = β log(π*/π_ref)",
    assumptions=PRIOR | GIBBS | CHOICE,
    statement=equals(
        sp.exp(r(m)) / sp.Sum(sp.exp(r(y)), (y, m, N)), sp.exp(RANKED.subs(y, m)) / sp.Sum(sp.exp(RANKED), (y, m, N))
    ),
    model=GIBBS_CASE | {"m": 1},
    drops={name: UNNEEDED for name in (*PRIOR, *GIBBS, *CHOICE)}
    | {"π* is the Gibbs policy": GIBBS_DROPS["π* is the Gibbs policy"] | {"m": 1}},
    not_claimed="the product over choices as one formula: each of its factors is unchanged",
)
def plackett_luce(goal: Goal) -> Theorem:
    """r = rhat + β log Z, and a common shift cancels (dpo.lemma1)."""
    facts, hole, x = Facts(goal), k.var("hole"), goal.fresh(goal.claim)
    goal.define(positive_star(facts))
    cancel = goal.equal(mul(term(beta), inv(term(beta))), ONE)

    def shifted(at: Term, known: Context) -> Theorem:
        """exp(r) = exp(rhat + β log Z) at a response."""
        inside = facts.inside(at).with_facts(facts.at("π* is the Gibbs policy", at, "lt"))
        th = gibbs_itself(facts, inside, at)
        for h in [h for h in th.hyps if h.op == "le"]:
            th = k.cut(known.prove(h), th)
        reward, ranked = (k.subst(term(f), {term(y): at}) for f in (r(y), RANKED + beta * sp.log(Z)))
        same = k.linear(reward, ranked, [th, cancel], [mul(MINUS, term(beta)), mul(MINUS, reward)])
        exponential = app("exp", reward)
        return k.rewrite(same, k.linear(exponential, exponential, [], []), hole, eq(exponential, app("exp", hole)))

    inside = goal.assuming(le(term(m), x), le(x, term(N)))
    sums = k.sum_congr(x, term(m), term(N), shifted(x, inside))
    top = shifted(term(m), goal)
    sign = goal.prove(lt(ZERO, sums.concl.args[0]))
    goal.define(sign)
    left = mul(top.concl.args[0], inv(sums.concl.args[0]))
    moved = k.rewrite(sums, k.linear(left, left, [], []), hole, eq(left, mul(top.concl.args[0], inv(hole))))
    end = without_shift(goal, sp.Integer(1), RANKED, beta * sp.log(Z), term(m), term(m), term(N))
    return k.linear(*goal.claim.args, [moved, top, end], [ONE, inv(sums.concl.args[1]), ONE])


CROSS_ENTROPY = -q * sp.log(s) - (1 - q) * sp.log(1 - s)
COIN: Case = {"q": "1/2", "s": "1/4"}


@proposition(
    "dpo.eq7.population",
    title="on a pair that is compared often, the expected loss is least where σ(β h) is the probability of the preference",
    source="Eq. 7",
    printed="-q log σ(βh) - (1-q) log(1-σ(βh)) ≥ -q log q - (1-q) log(1-q), equal at σ(βh) = q",
    assumptions={"0 < q < 1": sp.And(q > 0, q < 1), "0 < σ < 1": sp.And(s > 0, s < 1)},
    statement=CROSS_ENTROPY >= -q * sp.log(q) - (1 - q) * sp.log(1 - q),
    model=COIN,
    drops={"0 < q < 1": COIN | {"q": 2}, "0 < σ < 1": COIN | {"s": 2}},
    hints={"q": "unit", "s": "unit"},
    not_claimed="that a policy reaches q on all pairs at once: it does if preferences are Bradley-Terry (dpo.eq6). For "
    "preferences "
    "without noise, q = 1, there is no minimum (dpo.deterministic)",
)
def population(goal: Goal) -> Theorem:
    """log(s/q) ≤ s/q - 1, and the same for 1-s and 1-q; weighted by q and 1-q the right sides cancel."""
    parts, equations, cofactors = [], [], []
    for a, b in ((term(q), term(s)), (term(1 - q), term(1 - s))):
        ratio = mul(b, inv(a))
        sign = goal.prove(lt(ZERO, a))
        above = goal.prove(lt(ZERO, b))
        positive = k.sos(lt(ZERO, ratio), [(One, ONE, [above, k.inv_positive(sign)])], [], [])
        goal.define(sign, above)
        parts.append((One, ONE, [sign, log_tangent(ratio, positive)]))
        equations += [log_of_product(goal, b, inv(a)), unit(sign)]
        cofactors += [a, mul(MINUS, b)]
    return k.sos(goal.claim, parts, equations, cofactors)


POLICIES = sp.And(
    ForAll(y, 1, N, sp.And(pi(y) > 0, pi2(y) > 0)),
    equals(sp.Sum(pi(y), (y, 1, N)), 1),
    equals(sp.Sum(pi2(y), (y, 1, N)), 1),
)

refuted(
    "dpo.coverage",
    title="a policy with the least loss is the optimal policy of the KL-regularised reward, whatever pairs are compared",
    source="reconstruction: Eq. 7 read without a condition on which pairs are compared",
    printed="π_w/π_l = π*_w/π*_l on the compared pair (w, l) ⇒ π = π* on all N responses",
    assumptions={
        "policies": POLICIES,
        "N ≥ 2": N >= 2,
        "1 and 2 are compared": equals(pi(1) * pi2(2), pi(2) * pi2(1)),
    },
    statement=ForAll(y, 1, N, equals(pi(y), pi2(y))),
    witness={"N": 3, "pi": ["1/4", "1/4", "1/2"], "pi'": ["3/8", "3/8", "1/4"]},
    module=__name__,
    repair="dpo.coverage.repaired",
    finding="Three responses, of which only the first two are ever compared: (1/4, 1/4, 1/2) and (3/8, 3/8, 1/4) have the same "
    "ratio π_1/π_2 = 1, so the same loss. What the third response gets, here 1/2 or 1/4, is left to the initialisation.",
)


@proposition(
    "dpo.coverage.repaired",
    title="it is, if every response is compared with one that all are compared with: ratios to it determine the policy",
    source="our own",
    printed="π_y/π_1 = π*_y/π*_1 for all y ⇒ π = π*",
    assumptions={
        "policies": POLICIES,
        "N ≥ 1": N >= 1,
        "all are compared with 1": ForAll(y, 1, N, equals(pi(y) * pi2(1), pi2(y) * pi(1))),
    },
    statement=ForAll(y, 1, N, equals(pi(y), pi2(y))),
    model={"N": 2, "pi": ["1/2", "1/2"], "pi'": ["1/2", "1/2"]},
    drops={
        "policies": {"N": 2, "pi": ["1/2", "1/2"], "pi'": ["1/4", "1/4"]},
        "N ≥ 1": UNNEEDED,
        "all are compared with 1": {"N": 2, "pi": ["1/2", "1/2"], "pi'": ["1/4", "3/4"]},
    },
    not_claimed="the same for every connected comparison graph: that is dpo.coverage.connected",
)
def coverage(goal: Goal) -> Theorem:
    return determined(goal, goal.given["all are compared with 1"])


def determined(goal: Goal, to_first: Theorem) -> Theorem:
    """π = π' from π_y π'_1 = π'_y π_1 for all y: summed over y, π'_1 = π_1."""
    index = goal.fresh(goal.claim)
    inside = goal.assuming(le(ONE, index), le(index, term(N)))
    row = inside.at(to_first, index)
    rows = k.sum_congr(index, ONE, term(N), row)
    parts = [k.and_elim(goal.given["policies"], m) for m in range(3)]
    sums = [th for th in parts if th.concl.op == "eq"]
    a, b = term(pi2(1)), term(pi(1))
    left = goal.equal(rows.concl.args[0], a, *sums)
    right = goal.equal(rows.concl.args[1], b, *sums)
    same = k.linear(a, b, [rows, left, right], [ONE, MINUS, ONE])
    first = goal.at(next(th for th in parts if th.concl.op == "all"), ONE)
    positive = next(k.and_elim(first, m) for m in (0, 1) if "pi'" in repr(first.concl.args[m]))
    x, z = (k.subst(term(f(y)), {term(y): index}) for f in (pi, pi2))
    cancel = unit(positive)
    # π a = π' b = π' a
    th = k.linear(x, z, [row, same, cancel], [inv(a), mul(MINUS, z, inv(a)), mul(MINUS, sub(x, z))])
    return k.restate(for_all(index, ONE, term(N), th), goal.claim)


step = int_family("next")
PATH: Case = {"N": 3, "pi": ["1/4", "1/4", "1/2"], "pi'": ["1/4", "1/4", "1/2"], "next": [1, 1, 2]}


@proposition(
    "dpo.coverage.connected",
    title="it is on every connected comparison graph: where each response leads, pair by pair, to response 1",
    source="the population minimiser of Eq. 7, as the notes state it: every pair of responses is connected by comparisons",
    printed="π_y/π_next(y) = π*_y/π*_next(y), 1 ≤ next(y) < y, for y = 2..N ⇒ π = π*",
    assumptions={
        "policies": POLICIES,
        "N ≥ 1": N >= 1,
        "a path to 1": ForAll(y, 2, N, sp.And(step(y) >= 1, step(y) <= y - 1)),
        "its pairs are compared": ForAll(y, 2, N, equals(pi(y) * pi2(step(y)), pi2(y) * pi(step(y)))),
    },
    statement=ForAll(y, 1, N, equals(pi(y), pi2(y))),
    model=PATH,
    drops={
        "policies": {"N": 1, "pi": ["1/2"], "pi'": ["1/4"], "next": [1]},
        "N ≥ 1": UNNEEDED,
        "a path to 1": PATH | {"pi'": ["3/8", "3/8", "1/4"], "next": [1, 1, 3]},
        "its pairs are compared": PATH | {"pi'": ["3/8", "3/8", "1/4"]},
    },
    not_claimed="that responses can be numbered so that next(y) < y: in a connected graph they can, by their distance from 1",
)
def connected(goal: Goal) -> Theorem:
    """By induction on n, π_y π'_1 = π'_y π_1 for y = 1..n: the ratios multiply along the path."""
    n, last, i = k.var("n", "Z"), term(N), goal.fresh(goal.claim)
    (a, b), (first_a, first_b) = ([k.subst(term(f(y)), {term(y): at}) for f in (pi, pi2)] for at in (i, ONE))
    ratio = eq(mul(a, first_b), mul(b, first_a))

    def climb(ctx: Context, before: Theorem) -> Theorem:
        inside = ctx.assuming(le(ONE, i), le(i, add(n, ONE)))
        here, later = inside.assuming(lt(i, k.num(2))), inside.with_facts(k.negate(k.assume(neg(lt(i, k.num(2))))))
        one, hole = squeezed(here.with_facts(k.integer(here.prove(lt(i, k.num(2))))), ONE, i), k.var("hole", "Z")
        itself = k.linear(mul(first_a, first_b), mul(first_a, first_b), [], [])
        start = k.rewrite(one, itself, hole, k.subst(ratio, {i: hole}))
        path = later.at(goal.given["a path to 1"], i)
        known = later.with_facts(*(k.and_elim(path, m) for m in (0, 1)))
        q = k.subst(term(step(y)), {term(y): i})
        reached, row = known.at(before, q), later.at(goal.given["its pairs are compared"], i)
        signs = known.at(next(th for m in range(3) if (th := k.and_elim(goal.given["policies"], m)).concl.op == "all"), q)
        positive = next(th for m in (0, 1) if "pi'" in repr((th := k.and_elim(signs, m)).concl))
        over = inv(positive.concl.args[1])
        cofactors = [mul(first_b, over), mul(b, over), mul(MINUS, sub(mul(a, first_b), mul(b, first_a)))]
        onward = k.linear(*ratio.args, [row, reached, unit(positive)], cofactors)
        return for_all(i, ONE, add(n, ONE), k.cases(lt(i, k.num(2)), start, onward))

    nothing = goal.assuming(le(ONE, i), le(i, ZERO))
    base = for_all(i, ONE, ZERO, impossible(nothing, ratio))
    claim = mk("all", i, mk("imp", mk("and", le(ONE, i), le(i, n)), ratio))
    return determined(goal, by_steps(goal, n, last, claim, base, climb))
