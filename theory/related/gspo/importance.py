"""GSPO's ratio as a weight of completions o = 1..N with probabilities old(o), pi(o) and lengths n(o): its mean under π_old."""

from fractions import Fraction

import sympy as sp

from theory import kernel as k
from theory.decide import Goal
from theory.kernel import Term, Theorem
from theory.kernel.terms import ONE, ZERO, add, app, inv, le, lt, mul, sub
from theory.language import ForAll, equals, family, int_family, integers, reals, term
from theory.proposition import UNNEEDED, Case, proposition, refuted
from theory.tactics import MINUS
from theory.tactics.convex import exp_tangent
from theory.tactics.powers import for_all
from theory.tactics.prefix import put

N, o, n, t, t2, L, i, j = integers("N o n t t' L i j")
theta, c, v, eps, mu, A = reals("theta c v epsilon mu A")
u, du, e, old, pi, C, x, p = (family(name) for name in ("u", "du", "e", "old", "pi", "C", "x", "p"))
length = int_family("n")
One = Fraction(1)
RATIO = sp.exp(sp.log(pi(o) / old(o)) / length(o))  # s = (π/π_old)^(1/n)
LAWS = {
    "probabilities are positive": ForAll(o, 1, N, sp.And(old(o) > 0, pi(o) > 0)),
    "lengths": ForAll(o, 1, N, length(o) >= 1),
    "both add up to 1": sp.And(equals(sp.Sum(old(o), (o, 1, N)), 1), equals(sp.Sum(pi(o), (o, 1, N)), 1)),
}
EXPECTED = sp.Sum(old(o) * RATIO, (o, 1, N))
FAIR: Case = {"N": 2, "old": ["1/2", "1/2"], "pi": ["1/2", "1/2"], "n": [1, 2], "L": 1}
TILTED: Case = {"N": 2, "old": ["1/2", "1/2"], "pi": ["9/10", "1/10"], "n": [1, 2]}

refuted(
    "gspo.importance_weight",
    title="GSPO's ratio is an importance weight: its mean under π_old is 1",
    source="our own; a common reading of 'importance sampling at the level of sequences'",
    printed="E_old[s] = 1",
    assumptions=LAWS,
    statement=equals(EXPECTED, 1),
    witness=TILTED | {"n": [2, 2]},
    module=__name__,
    repair="gspo.importance_weight.repaired",
    finding="Two completions of 2 tokens, π_old = (1/2, 1/2), π = (9/10, 1/10): s is √1.8 = 1.342 and √0.2 = 0.447, with mean "
    "0.894. "
    "For tokens (.7, .3) against (.5, .5) the mean is 1, .958, .933, .921, .917 for 1, 2, 5, 20, 100 tokens.",
)

refuted(
    "gspo.importance_weight.below_one",
    title="its mean under π_old is at most 1, by Jensen's inequality",
    source="our own; stated so in notes on the paper, where all completions have one length",
    printed="E_old[s] ≤ 1",
    assumptions=LAWS,
    statement=EXPECTED <= 1,
    witness=TILTED,
    module=__name__,
    repair="gspo.importance_weight.repaired",
    finding="Let the likely completion be the short one: lengths 1 and 2, π_old = (1/2, 1/2), π = (9/10, 1/10). Then s is 1.8 "
    "and "
    "√0.2 = 0.447, with mean 1.124. Jensen's inequality needs one length for all.",
)


def mean_ratio(goal: Goal) -> tuple[Theorem, Theorem, Term]:
    """Σ old s <= Σ old + Σ (π - old)/n, by exp(x/n) <= 1 + (exp(x) - 1)/n; the sum of the old probabilities; the last sum."""
    size, index = term(N), goal.fresh(goal.claim)
    inside = goal.assuming(le(ONE, index), le(index, size))
    here = {term(o): index}
    q, w, m = (k.subst(term(f), here) for f in (pi(o), old(o), length(o)))
    inside.know(inside.at(goal.given["probabilities are positive"], index), inside.at(goal.given["lengths"], index))
    above = inside.prove(lt(ZERO, m))
    ratio = mul(q, inv(w))
    positive = k.sos(
        lt(ZERO, ratio), [(One, ONE, [inside.prove(lt(ZERO, q)), k.inv_positive(inside.prove(lt(ZERO, w)))])], [], []
    )
    goal.define(for_all(index, ONE, size, positive), for_all(index, ONE, size, k.negate(above)))
    X, mean = app("log", ratio), mul(app("log", ratio), inv(m))
    at_mean = app("exp", mean)
    sign = k.law("exp_positive", mean, ZERO, [])
    share = k.inv_positive(above)
    rest = k.sos(
        le(ZERO, sub(ONE, inv(m))), [(One, ONE, [inside.prove(le(ONE, m)), share])], [inside.equal(mul(m, inv(m)), ONE)], [MINUS]
    )
    # (1/n) e^x >= (1/n) e^m (1 + x - m) and (1 - 1/n) >= (1 - 1/n) e^m (1 - m)
    tangents = [exp_tangent(sub(X, mean)), exp_tangent(mul(MINUS, mean))]
    products = [k.law("exp_add", sub(X, mean), mean, []), k.law("exp_add", mul(MINUS, mean), mean, [])]
    zero, itself = k.law("exp_zero", ZERO, ZERO, []), k.law("exp_log", ratio, ZERO, [positive])
    bound = add(ONE, mul(inv(m), sub(ratio, ONE)))
    row = k.sos(
        le(at_mean, bound),
        [(One, ONE, [share, sign, tangents[0]]), (One, ONE, [rest, sign, tangents[1]])],
        [products[0], itself, products[1], zero],
        [inv(m), mul(MINUS, inv(m)), sub(ONE, inv(m)), mul(MINUS, sub(ONE, inv(m)))],
    )  # fmt: skip
    weight = inside.prove(lt(ZERO, w))
    target = add(w, mul(inv(m), sub(q, w)))
    flat = inside.equal(mul(w, bound), target)
    full = k.sos(le(mul(w, at_mean), target), [(One, ONE, [weight, row])], [flat], [MINUS])
    total = k.sum_congr(index, ONE, size, full)
    shifted = k.mk("sum", index, ONE, size, mul(inv(m), sub(q, w)))
    parts = k.sum_linear(index, ONE, size, [ONE, ONE], [w, mul(inv(m), sub(q, w))])
    return total, parts, shifted


@proposition(
    "gspo.importance_weight.repaired",
    title="its mean under π_old is at most 1 + Σ (π - π_old)/|y|: above 1 only as far as π prefers short completions",
    source="our own",
    printed="E_old[s] ≤ 1 + Σ_y (π(y) - π_old(y))/|y|",
    assumptions=LAWS,
    statement=EXPECTED <= 1 + sp.Sum((pi(o) - old(o)) / length(o), (o, 1, N)),
    model=FAIR,
    drops={
        "probabilities are positive": UNNEEDED,
        "lengths": FAIR | {"n": [0, 1]},
        "both add up to 1": {"N": 1, "old": [2], "pi": [2], "n": [1]},
    },
    not_claimed="that it is close: both sides are equal for completions of one token",
)
def importance_weight(goal: Goal) -> Theorem:
    total, parts, _ = mean_ratio(goal)
    both = [k.and_elim(goal.given["both add up to 1"], m) for m in (0, 1)]
    one_old = next(th for th in both if "old(" in repr(th.concl))
    return k.sos(goal.claim, [(One, ONE, [total])], [parts, one_old], [MINUS, MINUS])


@proposition(
    "gspo.importance_weight.one_length",
    title="for completions of one length it is at most 1",
    source="our own",
    printed="|y| = L for all y ⇒ E_old[s] ≤ 1",
    assumptions=LAWS | {"one length": sp.And(L >= 1, ForAll(o, 1, N, equals(length(o), L)))},
    statement=EXPECTED <= 1,
    model=FAIR | {"n": [1, 1]},
    drops={
        "probabilities are positive": UNNEEDED,
        "lengths": UNNEEDED,
        "both add up to 1": {"N": 1, "old": [1], "pi": [2], "n": [1], "L": 1},
        "one length": TILTED | {"L": 1},
    },
)
def one_length(goal: Goal) -> Theorem:
    """Σ (π - π_old)/L = 0."""
    total, parts, shifted = mean_ratio(goal)
    both = [k.and_elim(goal.given["both add up to 1"], m) for m in (0, 1)]
    one_old = next(th for th in both if "old(" in repr(th.concl))
    goal.know(goal.given["one length"])
    index, size = goal.fresh(goal.claim), term(N)
    inside = goal.assuming(le(ONE, index), le(index, size))
    same = inside.at(next(th for th in goal.facts if th.concl.op == "all" and "L" in repr(th.concl)), index)
    body = k.subst(shifted.args[3], {shifted.args[0]: index})
    flat = put(same, k.linear(body, body, [], []))
    nothing = goal.equal(shifted, ZERO, k.sum_congr(index, ONE, size, flat), *both)
    return k.sos(goal.claim, [(One, ONE, [total])], [parts, one_old, nothing], [MINUS, MINUS, MINUS])
