"""Policy evaluation as maximum likelihood of p(τ, y): Claim A, and what a normal return model cannot do.

Outcomes i = 1..N are pairs (τ, y), finitely many. Plans are z = 1..K.
"""

import sympy as sp

from theory import kernel as k
from theory.decide import Goal
from theory.kernel import Term, Theorem, mk, subst
from theory.kernel.terms import ONE, ZERO, app, eq, le, lt, mul, ne, neg, sub
from theory.language import ForAll, equals, family, formula, integers, reals, term
from theory.proposition import UNNEEDED, Case, proposition, refuted
from theory.tactics import MINUS, Context
from theory.tactics.clip import congruent
from theory.tactics.convex import One, exp_tangent, square_of_mean
from theory.tactics.logic import conjunction
from theory.tactics.powers import positive_sum

N, i, j, K, z = integers("N i j K z")
sigma, y, centre, tau = reals("sigma y centre tau")
D, P, Q, r, q = map(family, "DPQrq")


def over_data(e: sp.Expr) -> sp.Expr:
    return sp.Sum(e, (i, 1, N))


def over_plans(e: sp.Expr) -> sp.Expr:
    return sp.Sum(e, (z, 1, K))


def kl(model: sp.Function) -> sp.Expr:
    """KL(p_D‖model)."""
    return over_data(D(i) * (sp.log(D(i)) - sp.log(model(i))))


def likelihood(model: sp.Function) -> sp.Expr:
    return over_data(D(i) * sp.log(model(i)))


POSITIVE = {"p > 0": ForAll(i, 1, N, sp.And(D(i) > 0, P(i) > 0))}
DATA = POSITIVE | {"p_D sums to 1": equals(over_data(D(i)), 1), "p_θ sums to 1": equals(over_data(P(i)), 1)}
COINS: Case = {"N": 2, "D": ["1/2", "1/2"], "P": ["1/4", "3/4"], "Q": ["1/3", "2/3"], "j": 1}
EVALUATION = "GAC, policy evaluation (reconstruction: maximum likelihood of p(τ, y))"
excess = P(i) - D(i) - D(i) * (sp.log(P(i)) - sp.log(D(i)))


@proposition(
    "gac.evaluation",
    title="maximising the likelihood of p(τ, y) is minimising KL(p_D‖p_θ), which is never negative",
    source=EVALUATION,
    printed="E_D[log p_θ] - E_D[log p_η] = KL(p_D‖p_η) - KL(p_D‖p_θ), KL(p_D‖p_θ) ≥ 0",
    assumptions=DATA | {"p_η > 0": ForAll(i, 1, N, Q(i) > 0)},
    statement=sp.And(equals(likelihood(P) - likelihood(Q), kl(Q) - kl(P)), kl(P) >= 0),
    model=COINS,
    drops={
        "p > 0": COINS | {"D": [1, 0]},
        "p_D sums to 1": COINS | {"D": ["1/8", "1/8"]},
        "p_θ sums to 1": COINS | {"P": [1, 1]},
        "p_η > 0": COINS | {"Q": [0, 1]},
    },
    hints={"D": "unit", "P": "unit", "Q": "unit"},
    not_claimed="that the maximum is reached; densities (the outcomes are finite)",
)
def evaluation(goal: Goal) -> Theorem:
    identity, bound = sorted(goal.claim.args, key=lambda p: p.op)
    at = goal.fresh(goal.claim)
    inside = goal.assuming(le(ONE, at), le(at, term(N)))
    total = mk("sum", at, ONE, term(N), subst(term(excess), {term(i): at}))
    positive = goal.nonnegative_sum(total, weaken_tangent(inside, at), at)
    same = goal.equal(total, term(kl(P)), goal.given["p_D sums to 1"], goal.given["p_θ sums to 1"])
    return conjunction(goal.claim, goal.prove(identity), k.sos(bound, [(One, ONE, [positive])], [same], [MINUS]))


def weaken_tangent(ctx: Context, at: Term, *different: Theorem) -> Theorem:
    """0 <= P - D - D log(P/D), and 0 < where log P != log D: the tangent of exp at 0, times D."""
    density, model = (subst(term(e), {term(i): at}) for e in (D(i), P(i)))
    signs = [ctx.prove(lt(ZERO, e)) for e in (density, model)]
    log, of_model = (app("log", e) for e in (density, model))
    gap = sub(of_model, log)
    of_d, of_p = (k.law("exp_log", e, ZERO, [th]) for e, th in zip((density, model), signs, strict=True))
    product = k.law("exp_add", gap, log, [])  # exp(log P) = exp(log P - log D) exp(log D)
    tangent = k.law("exp_above_tangent", gap, ZERO, list(different)) if different else exp_tangent(gap)
    above = (lt if different else le)(ZERO, subst(term(excess), {term(i): at}))
    # P - D - D gap = D (exp(gap) - 1 - gap), as P = exp(gap) exp(log D)
    return k.sos(above, [(One, ONE, [tangent, signs[0]])], [product, of_d, of_p], [ONE, app("exp", gap), MINUS])


@proposition(
    "gac.evaluation.unique",
    title="the maximum is p_D alone: a model that is wrong about one outcome has a smaller likelihood",
    source=EVALUATION,
    printed="p_θ(j) ≠ p_D(j) for some j ⇒ E_D[log p_θ] < E_D[log p_D]",
    assumptions=DATA | {"wrong about j": sp.And(j >= 1, j <= N, sp.Ne(P(j), D(j)))},
    statement=likelihood(P) < over_data(D(i) * sp.log(D(i))),
    model=COINS,
    drops={
        "p > 0": UNNEEDED,
        "p_D sums to 1": COINS | {"D": ["1/8", "1/8"]},
        "p_θ sums to 1": COINS | {"P": [1, 1]},
        "wrong about j": COINS | {"N": 1, "D": [1], "P": [1]},
    },
    hints={"D": "unit", "P": "unit"},
    not_claimed="that a well-specified model, or enough data, is at hand",
)
def unique(goal: Goal) -> Theorem:
    """Strict at j, as log is injective there."""
    place, hole = term(j), k.var("hole")
    density, model = term(D(j)), term(P(j))
    logs = k.assume(eq(sub(app("log", model), app("log", density)), ZERO))
    equal = k.linear(app("log", model), app("log", density), [logs], [ONE])
    lifted = congruent(equal, hole, app("exp", hole))
    back = [k.law("exp_log", e, ZERO, [goal.prove(lt(ZERO, e))]) for e in (model, density)]
    agree = k.linear(model, density, [lifted, *back], [ONE, MINUS, ONE])
    apart = goal.prove(ne(model, density))
    different = k.cases(logs.concl, k.absurd(agree, apart, neg(logs.concl)), k.assume(neg(logs.concl)))
    strict = weaken_tangent(goal, place, different)
    total = term(over_data(excess))

    def sign(ctx: Context, at: Term) -> Theorem:
        return weaken_tangent(ctx, at)

    positive = positive_sum(goal, total, place, sign, strict)
    sums = [goal.given[name] for name in ("p_D sums to 1", "p_θ sums to 1")]
    same = goal.equal(total, term(over_data(D(i) * sp.log(D(i))) - likelihood(P)), *sums)
    return k.sos(goal.claim, [(One, ONE, [positive])], [same], [MINUS])


refuted(
    "gac.evaluation.delta",
    title="the model gives a return that is a function of τ the conditional variance 0",
    source="LPT-1 with p_γ(y|z) = N(r_γ(z), σ²), σ fixed (reconstruction: exactness where the return is a function of τ)",
    printed="Var(y|τ) = 0, whatever the posterior over plans",
    assumptions={"σ² > 0": sigma > 0, "a posterior": equals(over_plans(q(z)), 1)},
    statement=equals(over_plans(q(z) * (sigma + r(z) ** 2)) - over_plans(q(z) * r(z)) ** 2, 0),
    witness={"K": 1, "q": [1], "r": [3], "sigma": 1},
    module=__name__,
    repair="gac.evaluation.delta.repaired",
    hints={"q": "unit"},
    finding="One plan with r(z) = 3 and σ² = 1: y given τ has the variance 1, however good the fit. σ² stands for sigma here.",
)


@proposition(
    "gac.evaluation.delta.repaired",
    title="the conditional variance of the return is σ² plus that of r(z) over plans, so at least σ²",
    source="LPT-1 with p_γ(y|z) = N(r_γ(z), σ²)",
    printed="Var(y|τ) = σ² + Var_{z|τ}(r_γ(z)) ≥ σ²",
    assumptions={"a posterior": sp.And(ForAll(z, 1, K, q(z) >= 0), equals(over_plans(q(z)), 1))},
    statement=sp.And(
        equals(
            over_plans(q(z) * (sigma + r(z) ** 2)) - over_plans(q(z) * r(z)) ** 2,
            sigma + over_plans(q(z) * r(z) ** 2) - over_plans(q(z) * r(z)) ** 2,
        ),
        over_plans(q(z) * (sigma + r(z) ** 2)) - over_plans(q(z) * r(z)) ** 2 >= sigma,
    ),
    model={"K": 1, "q": [1], "r": [3], "sigma": 1},
    drops={"a posterior": {"K": 1, "q": [2], "r": [1], "sigma": 0}},
    hints={"q": "unit"},
    not_claimed="sigma stands for σ²",
)
def never_sharp(goal: Goal) -> Theorem:
    one = next(th for th in goal.facts if th.concl.op == "eq")
    mean = term(over_plans(q(z) * r(z)))
    spread = square_of_mean(goal, term(z), ONE, term(K), term(q(z)), term(r(z)), mean)
    identity, bound = sorted(goal.claim.args, key=lambda p: p.op)
    same = goal.equal(*identity.args, one)
    above = k.sos(bound, [(One, ONE, [spread])], [same, one], [ONE, mul(MINUS, mk("pow", mean, 2))])
    return conjunction(goal.claim, same, above)


@proposition(
    "gac.evaluation.bound",
    title="the log-likelihood of the return is at most -log(σ √(2π)), however well it is predicted",
    source="LPT-1 with p_γ(y|z) = N(r_γ(z), σ²)",
    printed="log p_γ(y|z) = -log σ - (1/2) log 2π - (y - r)²/(2σ²) ≤ -log σ - (1/2) log 2π",
    assumptions={"σ > 0": sigma > 0, "2π": tau > 0},
    statement=-sp.log(sigma) - sp.log(tau) / 2 - (y - centre) ** 2 / (2 * sigma**2) <= -sp.log(sigma) - sp.log(tau) / 2,
    model={"sigma": 1, "tau": 6, "y": 1, "centre": 0},
    drops={
        "σ > 0": {"sigma": 0, "tau": 6, "y": 1, "centre": 0},
        "2π": {"sigma": 1, "tau": 0, "y": 1, "centre": 0},
    },
    not_claimed="tau stands for 2π; any positive number does",
)
def bounded(goal: Goal) -> Theorem:
    goal.define(k.sos(formula(sigma**2 > 0), [(One, ONE, [goal.given["σ > 0"]] * 2)], [], []))
    variance = k.inv_positive(goal.lemmas[0])
    return k.sos(goal.claim, [(One / 2, term(y - centre), [variance])], [], [])
