"""MaskGRPO's importance estimate (Eq. 9 and 10): the exponential of a difference of masked, 1/t-weighted log-probabilities.

delta(i) is log π_1 - log π_2 of token i given the visible ones. What the estimate is of: the ratio of the whole
completion, not of the tokens decoded in one step. What it is not: unbiased, or bounded by the bounds it is made of.
"""

import sympy as sp

from theory import kernel as k
from theory.decide import Goal
from theory.kernel import Theorem, subst
from theory.kernel.terms import ONE, ZERO, add, app, le, lt, mul, num
from theory.language import ForAll, equals, family, integers, reals, term
from theory.proposition import proposition, refuted
from theory.tactics import MINUS
from theory.tactics.clip import congruent, exp_of_zero
from theory.tactics.convex import One, exp_of_mean, exp_tangent
from theory.tactics.order import exponent_below
from theory.tactics.powers import inverse_is
from theory.tactics.surrogate import under_sums

L, m, n, i, S, s, M, N = integers("L m n i S s M N")
t, x1, x2, a1, a2, b1, b2 = reals("t x1 x2 a1 a2 b1 b2")
delta, chance, w, x, mask, other, logp, old = map(family, ("delta", "chance", "w", "x", "mask", "other", "logp", "old"))
HELD = {
    "n of m masked tokens are decoded": sp.And(n >= 1, n <= m, m <= L),
    "t is the masked fraction": equals(t, m / L),
}
estimate = sp.Sum(delta(i), (i, 1, m)) / t

refuted(
    "maskgrpo.importance",
    title="the log-ratio of the tokens decoded in a step is the difference of the 1/t-weighted masked sums",
    source="the key approximation before Eq. 9 (≈ read as = for independent tokens, decoded tokens numbered first)",
    printed="log π_1(⊙^t|c,o^{t+dt}) - log π_2(⊙^t|c,o^{t+dt}) ≈ l_{π_1}(o^t,o|c) - l_{π_2}(o^t,o|c)",
    assumptions=HELD,
    statement=equals(sp.Sum(delta(i), (i, 1, n)), estimate),
    witness={"L": 4, "m": 4, "n": 1, "t": 1, "delta": [1, 1, 1, 1]},
    module=__name__,
    repair="maskgrpo.importance.repaired",
    finding="Four tokens, all masked, each with the log-ratio 1, one of them decoded: the step has the log-ratio 1, the "
    "right side, as transcribed, is 4, that of the whole completion.",
)


@proposition(
    "maskgrpo.importance.repaired",
    title="in expectation over which tokens are decoded, the step has n/L times the difference of the masked sums",
    source="the key approximation before Eq. 9",
    printed="E[log π_1(⊙^t) - log π_2(⊙^t)] = (n/L) (l_{π_1} - l_{π_2}), n of m masked tokens decoded, t = m/L",
    assumptions=HELD | {"each masked token is as likely": ForAll(i, 1, m, equals(chance(i), n / m))},
    statement=equals(sp.Sum(chance(i) * delta(i), (i, 1, m)), n / L * estimate),
    model={"L": 4, "m": 2, "n": 1, "t": "1/2", "delta": [1, 3], "chance": ["1/2", "1/2"]},
    drops={
        "n of m masked tokens are decoded": {"L": 1, "m": 0, "n": 0, "t": 0, "delta": [], "chance": []},
        "t is the masked fraction": {"L": 4, "m": 2, "n": 1, "t": 1, "delta": [1, 3], "chance": ["1/2", "1/2"]},
        "each masked token is as likely": {"L": 4, "m": 2, "n": 1, "t": "1/2", "delta": [1, 3], "chance": [1, 0]},
    },
    not_claimed="the same for one draw, or for tokens that depend on each other",
)
def scaled(goal: Goal) -> Theorem:
    """1/t = L/m."""
    chances = under_sums(goal, goal.claim.args[0], goal.given["each masked token is as likely"])
    level = goal.given["t is the masked fraction"]
    masked = goal.equal(term(t * L / m), ONE, level)
    above = k.sos(lt(ZERO, term(t)), [(One, ONE, [goal.prove(lt(ZERO, term(m / L)))])], [level], [ONE])
    goal.define(above)
    inverse = inverse_is(goal.with_facts(above), term(t), term(L / m), masked)
    return goal.equal(*goal.claim.args, chances, inverse)


PLACES = {"t > 0": t > 0, "masked with probability t": ForAll(i, 1, L, equals(chance(i), t))}
whole = {"L": 2, "t": "1/2", "chance": ["1/2", "1/2"], "delta": [1, 2]}


@proposition(
    "maskgrpo.importance.sequence",
    title="over masks, the 1/t-weighted masked sum of independent tokens has the log-ratio of the whole completion as mean",
    source="Eq. 9 (what ρ̂ is an estimate of)",
    printed="E_{o^t}[l_{π_1}(o^t,o|c) - l_{π_2}(o^t,o|c)] = log π_1(o|c) - log π_2(o|c) for independent tokens",
    assumptions=PLACES,
    statement=equals(sp.Sum(chance(i) * delta(i) / t, (i, 1, L)), sp.Sum(delta(i), (i, 1, L))),
    model=whole,
    drops={"t > 0": whole | {"t": 0, "chance": [0, 0]}, "masked with probability t": whole | {"chance": [1, 0]}},
    not_claimed="the same of its exponential: see maskgrpo.eq9",
)
def whole_completion(goal: Goal) -> Theorem:
    masks = under_sums(goal, goal.claim.args[0], goal.given["masked with probability t"])
    return goal.equal(*goal.claim.args, masks)


refuted(
    "maskgrpo.eq9",
    title="the estimate ρ̂ has the ratio of the completion as its mean over masks (two independent tokens, one masked)",
    source="Eq. 9 (reconstruction: unbiasedness is what an importance ratio needs; the paper calls ρ̂ an estimate)",
    printed="E[ρ̂] = π_θ(o)/π_old(o), ρ̂ = exp(l_θ(o^t,o) - l_old(o^t,o))",
    statement=equals((x1**2 + x2**2) / 2, x1 * x2),  # t = 1/2: exp(log(x)/t) = x²
    witness={"x1": 1, "x2": 2},
    module=__name__,
    repair="maskgrpo.eq9.repaired",
    finding="Two independent tokens with ratios 1 and 2, one of which is masked, t = 1/2: ρ̂ is 1 or 4, its mean 5/2. "
    "The completion has the ratio 2.",
)

MASKS = {"weights": ForAll(s, 1, S, w(s) >= 0), "they sum to 1": equals(sp.Sum(w(s), (s, 1, S)), 1)}
TWO = {"S": 2, "w": ["1/2", "1/2"], "x": [0, 1]}
WITHOUT = {"weights": TWO | {"w": [2, -1], "x": [0, "-1/2"]}, "they sum to 1": TWO | {"w": [1, 1], "x": [0, -2]}}


@proposition(
    "maskgrpo.eq9.repaired",
    title="the mean of ρ̂ over masks is at least the exponential of the difference of the two bounds",
    source="Eq. 9",
    printed="E[ρ̂] ≥ exp(ELBO_θ - ELBO_old)",
    assumptions=MASKS,
    statement=sp.exp(sp.Sum(w(s) * x(s), (s, 1, S))) <= sp.Sum(w(s) * sp.exp(x(s)), (s, 1, S)),
    model=TWO,
    drops={"weights": WITHOUT["weights"], "they sum to 1": TWO | {"w": ["1/4", "1/4"], "x": [0, 0]}},
    not_claimed="how large the gap is: for two tokens see maskgrpo.eq9.bias",
)
def jensen(goal: Goal) -> Theorem:
    args = (term(s), ONE, term(S), term(w(s)), term(x(s)))
    return k.restate(exp_of_mean(goal, *args, goal.given["they sum to 1"]), goal.claim)


@proposition(
    "maskgrpo.eq9.bias",
    title="two independent tokens, one masked: ρ̂ exceeds the ratio by half the squared difference of the token ratios",
    source="Eq. 9",
    printed="E[ρ̂] - π_θ(o)/π_old(o) = (ρ_1 - ρ_2)²/2 ≥ 0",
    statement=sp.And(
        equals((x1**2 + x2**2) / 2 - x1 * x2, (x1 - x2) ** 2 / 2),
        (x1**2 + x2**2) / 2 - x1 * x2 >= 0,
    ),
    not_claimed="other mask ratios",
)
def bias(goal: Goal) -> Theorem:
    identity = next(p for p in goal.claim.args if p.op == "eq")
    above = next(p for p in goal.claim.args if p.op == "le")
    half = k.sos(above, [(One / 2, term(x1 - x2), [])], [], [])
    return k.and_intro([goal.prove(p) if p is identity else half for p in goal.claim.args])


def mixture(p: sp.Expr, q: sp.Expr) -> sp.Expr:
    return sp.log((sp.exp(p) + sp.exp(q)) / 2)


gap = (a1 + a2) / 2 - (b1 + b2) / 2
log_ratio = mixture(a1, a2) - mixture(b1, b2)

refuted(
    "maskgrpo.eq9.lower_bound",
    title="the difference of the two bounds is a lower bound of the log-ratio (two orders)",
    source="Eq. 9 (reconstruction: both terms are lower bounds)",
    printed="ELBO_θ - ELBO_old ≤ log π_θ(o) - log π_old(o)",
    statement=gap <= log_ratio,
    witness={"a1": -1, "a2": -1, "b1": -1, "b2": -3},
    module=__name__,
    repair="maskgrpo.eq9.lower_bound.repaired",
    finding="Let both orders give π_θ = e^-1, and π_old = e^-1 or e^-3: the bounds are -1 and -2, their difference 1. The "
    "log-ratio is -1 - log((e^-1 + e^-3)/2) = 0.566.",
)

refuted(
    "maskgrpo.eq9.upper_bound",
    title="the difference of the two bounds is an upper bound of the log-ratio (two orders)",
    source="Eq. 9 (reconstruction: both terms are lower bounds)",
    printed="ELBO_θ - ELBO_old ≥ log π_θ(o) - log π_old(o)",
    statement=gap >= log_ratio,
    witness={"a1": -1, "a2": -3, "b1": -1, "b2": -1},
    module=__name__,
    repair="maskgrpo.eq9.lower_bound.repaired",
    finding="The other way round: the orders give π_θ = e^-1 or e^-3, and both give π_old = e^-1. The difference of the "
    "bounds is -1, the log-ratio -0.566.",
)


@proposition(
    "maskgrpo.eq9.lower_bound.repaired",
    title="it is a lower bound where the bound of the old policy is tight, that is, where its orders agree",
    source="Eq. 9",
    printed="ELBO_old = log π_old(o) ⇒ ELBO_θ - ELBO_old ≤ log π_θ(o) - log π_old(o)",
    assumptions={"the old orders agree": equals(b1, b2)},
    statement=gap <= log_ratio,
    model={"a1": -1, "a2": -3, "b1": -1, "b2": -1},
    drops={"the old orders agree": {"a1": -1, "a2": -1, "b1": -1, "b2": -3}},
    not_claimed="more than two orders",
)
def lower(goal: Goal) -> Theorem:
    """The tangents at the mean for the new policy; b1 = b2 makes the mixture of the old one exp(b2)."""
    left, right = term((a1 + a2) / 2), term(b2)
    total, old_total = (term((sp.exp(p) + sp.exp(q)) / 2) for p, q in ((a1, a2), (b1, b2)))
    positive = k.law("exp_positive", left, ZERO, [])
    gaps = [term((a1 - a2) / 2), term((a2 - a1) / 2)]
    tangents = [(One / 2, ONE, [exp_tangent(g), positive]) for g in gaps]
    products = [k.law("exp_add", g, left, []) for g in gaps]
    below = k.sos(le(app("exp", left), total), tangents, products, [num(One / 2)] * 2)
    above = k.sos(lt(ZERO, total), [(One, ONE, [below]), (One, ONE, [positive])], [], [])
    tie, hole = goal.given["the old orders agree"], k.var("hole")
    agree = k.linear(old_total, app("exp", right), [congruent(tie, hole, app("exp", hole))], [num(One / 2)])
    old_above = k.sos(lt(ZERO, old_total), [(One, ONE, [k.law("exp_positive", right, ZERO, [])])], [agree], [ONE])
    goal.define(above, old_above)
    logs = [congruent(agree, hole, app("log", hole)), k.law("log_exp", right, ZERO, [])]
    mean = exponent_below(goal.with_facts(above, below), left, app("log", total), strict=False)
    return k.sos(goal.claim, [(One, ONE, [mean])], [*logs, tie], [MINUS, MINUS, num(One / 2)])


ratio = sp.exp(sp.Sum(mask(i) * logp(i), (i, 1, L)) / t - sp.Sum(other(i) * old(i), (i, 1, L)) / t)
TERMS = mask(i) * logp(i), other(i) * old(i), mask(i), old(i)
SAME = {
    "t > 0": t > 0,
    "π_θ = π_old": ForAll(i, 1, L, equals(logp(i), old(i))),
    "one common mask": ForAll(i, 1, L, equals(mask(i), other(i))),
}
BOTH = {"L": 2, "t": "1/2", "logp": [-1, -2], "old": [-1, -2], "mask": [1, 0], "other": [1, 0]}


@proposition(
    "maskgrpo.common_mask",
    title="with one common mask, on policy every ρ̂ is 1",
    source="the shared random mask of the method (seen in the released code)",
    printed="π_θ = π_old ⇒ ρ̂ = 1",
    assumptions=SAME,
    statement=equals(ratio, 1),
    model=BOTH,
    drops={
        "t > 0": BOTH | {"t": 0},
        "π_θ = π_old": BOTH | {"old": [-2, -2]},
        "one common mask": BOTH | {"other": [0, 1]},
    },
    not_claimed="anything off policy",
)
def common(goal: Goal) -> Theorem:
    """Both sums have the same terms, so the exponent is 0."""
    exponent = goal.claim.args[0].args[2]
    index = goal.fresh(goal.claim)
    inside = goal.assuming(le(ONE, index), le(index, term(L)))
    facts = [inside.at(goal.given[name], index) for name in ("π_θ = π_old", "one common mask")]
    ours, theirs, our_mask, their_value = (subst(term(f), {term(i): index}) for f in TERMS)
    rows = k.sum_congr(index, ONE, term(L), k.linear(ours, theirs, facts, [our_mask, their_value]))
    return k.restate(exp_of_zero(k.linear(exponent, ZERO, [rows], [term(1 / t)])), goal.claim)


pairs = sp.Sum(sp.Sum(w(M) * w(N) * sp.exp(x(M) - x(N)), (N, 1, S)), (M, 1, S))

refuted(
    "maskgrpo.independent_masks",
    title="with independent masks for π_θ and π_old, ρ̂ still averages to 1 on policy",
    source="Eq. 9 (reconstruction: without the shared mask)",
    printed="π_θ = π_old ⇒ E_{o^t, o'^t}[ρ̂] = 1",
    assumptions=MASKS,
    statement=equals(pairs, 1),
    witness=TWO,
    module=__name__,
    repair="maskgrpo.independent_masks.repaired",
    finding="Two masks, each with probability 1/2, on which the weighted log-probability is 0 and 1: ρ̂ is 1, 1, e or 1/e, "
    "its mean 1/2 + (e + 1/e)/4 = 1.27.",
)


@proposition(
    "maskgrpo.independent_masks.repaired",
    title="it averages to at least 1",
    source="Eq. 9",
    printed="π_θ = π_old ⇒ E_{o^t, o'^t}[ρ̂] ≥ 1",
    assumptions=MASKS,
    statement=pairs >= 1,
    model=TWO,
    drops={"weights": TWO | {"S": 2, "w": [2, -1], "x": [0, 5]}, "they sum to 1": TWO | {"w": ["1/4", "1/4"], "x": [0, 0]}},
    not_claimed="that the variance of ρ̂ is small with a common mask",
)
def independent(goal: Goal) -> Theorem:
    """exp(x - x') ≥ 1 + x - x', whose mean is 1."""
    double = goal.claim.args[1]
    one = goal.given["they sum to 1"]
    outer = goal.fresh(double)
    ctx = goal.assuming(le(ONE, outer), le(outer, term(S)))
    inner = subst(double.args[3], {double.args[0]: outer})
    index = ctx.fresh(inner)
    inside = ctx.assuming(le(ONE, index), le(index, term(S)))
    product = subst(inner.args[3], {inner.args[0]: index})
    there = {term(M): outer, term(N): index}
    gap_ = subst(term(x(M) - x(N)), there)
    weights = [subst(term(f), there) for f in (w(M), w(N))]
    signs = [inside.prove(le(ZERO, f)) for f in weights]
    linear = mul(*weights, add(ONE, gap_))
    pointwise = k.sos(le(linear, product), [(One, ONE, [*signs, exp_tangent(gap_)])], [], [])
    rows = k.sum_congr(index, ONE, term(S), pointwise)
    total = k.sum_congr(outer, ONE, term(S), rows)
    is_one = goal.equal(total.concl.args[0], ONE, one)
    return k.sos(goal.claim, [(One, ONE, [total])], [is_one], [ONE])
