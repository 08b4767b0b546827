"""SimPO: scores are means of log-probabilities; its optimum, which no KL penalty has. The text was not at hand."""

from fractions import Fraction

import sympy as sp

from theory import kernel as k
from theory.decide import Goal
from theory.kernel import Theorem
from theory.kernel.terms import ONE, ZERO, add, app, eq, inv, le, lt, mul, sub
from theory.language import ForAll, derivative, equals, family, int_family, integers, reals, term
from theory.proposition import UNNEEDED, Case, proposition, refuted
from theory.tactics import MINUS, atoms
from theory.tactics.logic import impossible, replaced
from theory.tactics.powers import for_all

from .equivalence import sigma
from .gradient import CASE as PAIR
from .gradient import MOVES, a, b, beta, da, db, logistic_slope, minus_one, theta
from .identity import exp_strict

N, y, i, j, t = integers("N y i j t")
n_w, n_l = integers("n_w n_l")
gamma, alpha, c, c2, d, x, Z = reals("gamma alpha c c' d x Z")
pi, ref, r, u = (family(name) for name in ("pi", "ref", "r", "u"))
n = int_family("n")
One = Fraction(1)
SIMPO = "reconstruction: SimPO, arXiv 2405.14734; general knowledge, the text was not at hand"
RDPO = "reconstruction: R-DPO; general knowledge, the text was not at hand"


MARGIN = beta / n_w * a(theta) - beta / n_l * b(theta) - gamma
LENGTHS = {"lengths": sp.And(n_w >= 1, n_l >= 1)}
SHORT: Case = PAIR | {"gamma": 0, "n_w": 1, "n_l": 2}


@proposition(
    "dpo.simpo.gradient",
    title="the gradient of SimPO: scores divided by the lengths, weighted by the misfit of mean log-probabilities and the "
    "target γ",
    source=SIMPO,
    printed="∇L = -σ(β/|y_l| log π(y_l) - β/|y_w| log π(y_w) + γ) β (∇log π(y_w)/|y_w| - ∇log π(y_l)/|y_l|)",
    assumptions=MOVES | LENGTHS,
    statement=derivative(-sp.log(sigma(MARGIN)), theta, -sigma(-MARGIN) * beta * (da(theta) / n_w - db(theta) / n_l)),
    model=SHORT,
    drops={"the policy is differentiable": SHORT | {"da": minus_one}, "lengths": SHORT | {"n_w": 0}},
)
def simpo_gradient(goal: Goal) -> Theorem:
    for size in (n_w, n_l):
        goal.know(k.negate(goal.prove(lt(ZERO, term(size)))))
    return logistic_slope(goal, term(MARGIN))


def score(index: sp.Symbol) -> sp.Expr:
    """(β/|y|) log π(y)."""
    return beta / n(index) * sp.log(pi(index))


POLICY = {
    "β > 0": beta > 0,
    "lengths and probabilities": ForAll(y, 1, N, sp.And(n(y) >= 1, pi(y) > 0)),
}
FIT: Case = {"N": 2, "beta": 1, "n": [1, 2], "pi": [1, 1], "r": [0, 0], "c": 0, "i": 1, "j": 2}


@proposition(
    "dpo.simpo.minimiser",
    title="the tabular optimum of SimPO (γ = 0) is log π(y) = |y| (r(y) + c)/β: with it the preferences are those of the reward",
    source="our own, for SimPO",
    printed="log π(y) = |y| (r(y)+c)/β ⇒ (β/|y|) log π(y) - (β/|y'|) log π(y') = r(y) - r(y')",
    assumptions=POLICY
    | {
        "π is the optimum": ForAll(y, 1, N, equals(sp.log(pi(y)), n(y) * (r(y) + c) / beta)),
        "1 ≤ i, j ≤ N": sp.And(i >= 1, i <= N, j >= 1, j <= N),
    },
    statement=equals(sigma(score(i) - score(j)), sigma(r(i) - r(j))),
    model=FIT,
    drops={
        "β > 0": UNNEEDED,
        "lengths and probabilities": UNNEEDED,
        "π is the optimum": FIT | {"r": [1, 0]},
        "1 ≤ i, j ≤ N": UNNEEDED,
    },
    not_claimed="that the optimum is of this form: that is dpo.simpo.minimiser.only",
)
def simpo_minimiser(goal: Goal) -> Theorem:
    facts = []
    for index in (term(i), term(j)):
        facts += [goal.at(goal.given["π is the optimum"], index), goal.at(goal.given["lengths and probabilities"], index)]
    logs = [facts[0], facts[2]]
    for th in (facts[1], facts[3]):
        goal.know(th)
    left, right = (next(e for e in atoms(side) if e.op == "app" and e.args[0] == "exp") for side in goal.claim.args)
    for index in (i, j):
        goal.define(goal.prove(lt(ZERO, term(pi(index)))), k.negate(goal.prove(lt(ZERO, term(n(index))))))
    same = goal.equal(left.args[2], right.args[2], *logs)
    for e in (left, right):
        sign = k.law("exp_positive", e.args[2], ZERO, [])
        goal.define(k.sos(lt(ZERO, add(ONE, e)), [(One, ONE, [sign]), (One, ONE, [])], [], []))
    hole, first = k.var("hole"), goal.claim.args[0]
    template = replaced(first, left, app("exp", hole))
    return k.rewrite(same, k.linear(first, first, [], []), hole, eq(first, template))


@proposition(
    "dpo.simpo.minimiser.only",
    title="and only those: scores whose differences are those of the reward are r + c for one c",
    source="our own, for SimPO",
    printed="(β/|y|) log π(y) - r(y) the same for all y ⇒ log π(y) = |y| (r(y)+c)/β",
    assumptions=POLICY
    | {
        "1 ≤ j ≤ N": sp.And(j >= 1, j <= N),
        "same differences": ForAll(y, 1, N, equals(score(y) - score(j), r(y) - r(j))),
        "c": equals(c, score(j) - r(j)),
    },
    statement=ForAll(y, 1, N, equals(sp.log(pi(y)), n(y) * (r(y) + c) / beta)),
    model=FIT,
    drops={
        "β > 0": UNNEEDED,
        "lengths and probabilities": UNNEEDED,
        "1 ≤ j ≤ N": UNNEEDED,
        "same differences": FIT | {"r": [1, 0]},
        "c": FIT | {"c": 1},
    },
)
def simpo_only(goal: Goal) -> Theorem:
    index = goal.fresh(goal.claim)
    inside = goal.assuming(le(ONE, index), le(index, term(N)))
    inside.know(inside.at(goal.given["lengths and probabilities"], index))
    at_j = goal.at(goal.given["lengths and probabilities"], term(j))
    goal.know(at_j)
    positive = goal.prove(lt(ZERO, term(pi(j))))
    goal.define(positive)
    difference = inside.at(goal.given["same differences"], index)
    body = k.subst(term(n(y) * (r(y) + c) / beta), {term(y): index})
    log, size, b_ = (k.subst(term(f), {term(y): index}) for f in (sp.log(pi(y)), n(y), beta))
    # log π = (n/β) (β/n) log π
    weight = mul(size, inv(b_))
    both = inside.equal(mul(weight, b_, inv(size)), ONE)
    th = k.linear(log, body, [difference, goal.given["c"], both], [weight, mul(MINUS, weight), mul(MINUS, log)])
    return k.restate(for_all(index, ONE, term(N), th), goal.claim)


def total(e: sp.Expr) -> sp.Expr:
    """Σ exp(|y| (r(y)+e)/β)."""
    return sp.Sum(sp.exp(n(y) * (r(y) + e) / beta), (y, 1, N))


@proposition(
    "dpo.simpo.normaliser",
    title="the constant c is unique: Σ exp(|y| (r(y)+c)/β) grows strictly with c",
    source="our own, for SimPO",
    printed="c < c' ⇒ Σ exp(|y| (r+c)/β) < Σ exp(|y| (r+c')/β)",
    assumptions={
        "β > 0": beta > 0, "lengths": ForAll(y, 1, N, n(y) >= 1), "N ≥ 1": N >= 1, "c < c'": c < c2,
    },
    statement=total(c) < total(c2),
    model={"N": 1, "beta": 1, "n": [1], "r": [0], "c": 0, "c'": 1},
    drops={
        "β > 0": {"N": 1, "beta": -1, "n": [1], "r": [0], "c": 0, "c'": 1},
        "lengths": {"N": 1, "beta": 1, "n": [0], "r": [0], "c": 0, "c'": 1},
        "N ≥ 1": {"N": 0, "beta": 1, "n": [1], "r": [0], "c": 0, "c'": 1},
        "c < c'": {"N": 1, "beta": 1, "n": [1], "r": [0], "c": 1, "c'": 0},
    },
    not_claimed="that there is one: the sum is continuous, near 0 for c → -∞ and above every bound for c → ∞",
)  # fmt: skip
def simpo_normaliser(goal: Goal) -> Theorem:
    return growing(goal, c, c2, goal.given["c < c'"])


def growing(goal: Goal, least: sp.Expr, most: sp.Expr, order: Theorem) -> Theorem:
    """Σ exp(|y| (r+e)/β) grows with e: each term grows, and there is one."""
    index, size = goal.fresh(goal.claim), term(N)
    inside = goal.assuming(le(ONE, index), le(index, size))
    inside.know(inside.at(goal.given["lengths"], index))
    low, high = (k.subst(term(n(y) * (r(y) + e) / beta), {term(y): index}) for e in (least, most))
    more = inside.prove(lt(ZERO, k.subst(term(n(y)), {term(y): index})))
    larger = k.sos(lt(low, high), [(One, ONE, [order, k.inv_positive(goal.given["β > 0"]), more])], [], [])
    grows = exp_strict(larger)
    gap = k.mk("sum", index, ONE, size, sub(grows.concl.args[1], grows.concl.args[0]))
    rising = k.sos(lt(ZERO, sub(grows.concl.args[1], grows.concl.args[0])), [(One, ONE, [grows])], [], [])
    positive = goal.with_facts(for_all(index, ONE, size, rising)).sum_sign(gap, True)
    split = k.sum_linear(index, ONE, size, [ONE, MINUS], [grows.concl.args[1], grows.concl.args[0]])
    return k.sos(lt(term(total(least)), term(total(most))), [(One, ONE, [positive])], [split], [MINUS])


FLAT: Case = {"N": 1, "beta": 1, "n": [1], "r": [0], "c": 0, "c'": -1, "d": 1}


@proposition(
    "dpo.simpo.shift",
    title="a constant that is added to the reward changes nothing: c takes it back, so r + c and the optimum stay",
    source="our own, for SimPO",
    printed="Σ exp(|y| (r+c)/β) = 1 = Σ exp(|y| (r+d+c')/β) ⇒ d + c' = c",
    assumptions={
        "β > 0": beta > 0,
        "lengths": ForAll(y, 1, N, n(y) >= 1),
        "N ≥ 1": N >= 1,
        "both are policies": sp.And(equals(total(c), 1), equals(total(d + c2), 1)),
    },
    statement=equals(d + c2, c),
    model=FLAT,
    drops={
        "β > 0": UNNEEDED,
        "lengths": FLAT | {"n": [0], "c'": 5},
        "N ≥ 1": UNNEEDED,
        "both are policies": FLAT | {"c'": 0},
    },
    not_claimed="the same for rewards that are multiplied by a constant: differences of scores are those of the reward",
)
def simpo_shift(goal: Goal) -> Theorem:
    """A larger constant would give a larger sum."""
    this, other = (k.and_elim(goal.given["both are policies"], m) for m in (0, 1))

    def larger(least: sp.Expr, most: sp.Expr) -> Theorem:
        order = k.assume(lt(term(least), term(most)))
        return impossible(goal.with_facts(order, growing(goal, least, most, order), this, other), goal.claim)

    return k.trichotomy(term(d + c2), term(c), larger(d + c2, c), k.assume(goal.claim), larger(c, d + c2))


refuted(
    "dpo.simpo.monotone",
    title="in the optimum of SimPO the response of the higher reward is no less likely",
    source="our own, for SimPO",
    printed="r(1) + c > r(2) + c ⇒ π(1) ≥ π(2), where r(y) + c = (β/|y|) log π(y)",
    assumptions={
        "β > 0": beta > 0,
        "lengths": sp.And(n(1) >= 1, n(2) >= 1),
        "a policy": sp.And(pi(1) > 0, pi(2) > 0, equals(pi(1) + pi(2), 1)),
    },
    statement=sp.Implies(score(sp.Integer(1)) > score(sp.Integer(2)), pi(1) >= pi(2)),
    witness={"beta": 1, "n": [8, 1], "pi": ["1/4", "3/4"]},
    module=__name__,
    repair="dpo.simpo.minimiser",
    finding="A response of 8 tokens with π = 1/4 and one of a single token with π = 3/4: per token the log-probabilities are "
    "log(1/4)/8 = -0.173 and log(3/4) = -0.288. The long one has the higher reward and a third of the probability.",
)


@proposition(
    "dpo.simpo.gamma",
    title="with a target γ > 0 no difference x of scores fits a pair that is seen in both orders: Bradley-Terry is not the "
    "optimum",
    source="our own, for SimPO",
    printed="x = r_w - r_l + γ and -x = r_l - r_w + γ have no solution x for γ > 0",
    assumptions={"γ > 0": gamma > 0},
    statement=sp.Not(sp.And(equals(r(i) - r(j) + gamma, x), equals(r(j) - r(i) + gamma, -x))),
    model={"gamma": 1, "r": [1, 0], "i": 1, "j": 2, "x": 1},
    drops={"γ > 0": {"gamma": 0, "r": [1, 0], "i": 1, "j": 2, "x": 1}},
    not_claimed="where the minimum lies for a pair that is seen in both orders: only that no score difference x serves both",
)
def simpo_gamma(goal: Goal) -> Theorem:
    """Added up, γ = 0 follows."""
    both = goal.claim.args[0]
    parts = [k.and_elim(k.assume(both), m) for m in (0, 1)]
    zero = k.linear(term(gamma), ZERO, parts, [k.num(Fraction(1, 2))] * 2)
    refusal = k.absurd(zero, k.negate(goal.given["γ > 0"]), goal.claim)
    return k.cases(both, refusal, k.assume(goal.claim))
