"""Preferences: the Bradley-Terry model through policies, what the loss is minimised by, and what it leaves open.

x = β h is the difference of the implicit rewards of two responses, q the probability that the first is preferred.
"""

from fractions import Fraction

import sympy as sp

from theory import kernel as k
from theory.decide import Goal
from theory.kernel import Term, Theorem
from theory.kernel.ring import canon
from theory.kernel.terms import ONE, ZERO, add, app, eq, inv, le, lt, mul, sub
from theory.language import ForAll, equals, integers, reals, term
from theory.proposition import UNNEEDED, Case, proposition, refuted
from theory.tactics import MINUS, atoms
from theory.tactics.convex import log_tangent
from theory.tactics.logic import replaced
from theory.tactics.logs import log_of_product
from theory.tactics.powers import for_all

from .equivalence import sigma, unit
from .optimal_policy import CASE as GIBBS_CASE
from .optimal_policy import DROPS as GIBBS_DROPS
from .optimal_policy import GIBBS, PRIOR, Facts, N, beta, gibbs_itself, positive_star, r, ref, star, y

i, j, w, l = integers("i j w l")  # noqa: E741
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


refuted(
    "dpo.coverage",
    title="a policy with the least loss is the optimal policy of the KL-regularised reward, whatever pairs are compared",
    source="reconstruction: Eq. 7 read without a condition on which pairs are compared",
    printed="π_w/π_l = π*_w/π*_l on the compared pair (w, l) ⇒ π = π* on all N responses",
    assumptions={
        "policies": sp.And(
            ForAll(y, 1, N, sp.And(pi(y) > 0, pi2(y) > 0)),
            equals(sp.Sum(pi(y), (y, 1, N)), 1),
            equals(sp.Sum(pi2(y), (y, 1, N)), 1),
        ),
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
        "policies": sp.And(
            ForAll(y, 1, N, sp.And(pi(y) > 0, pi2(y) > 0)),
            equals(sp.Sum(pi(y), (y, 1, N)), 1),
            equals(sp.Sum(pi2(y), (y, 1, N)), 1),
        ),
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
    not_claimed="the same for every connected comparison graph: there the ratios multiply along paths to response 1",
)
def coverage(goal: Goal) -> Theorem:
    """Summed over y, π'_1 = π_1."""
    index = goal.fresh(goal.claim)
    inside = goal.assuming(le(ONE, index), le(index, term(N)))
    row = inside.at(goal.given["all are compared with 1"], index)
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
