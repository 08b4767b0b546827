"""The policy that maximises reward minus β KL(π‖π_ref): it is unique, and every other policy loses exactly β KL(π‖π*).

Statement   π* = π_ref exp(r/β)/Z, Z = Σ π_ref exp(r/β); J(π) = Σ π r - β KL(π‖π_ref) = β log Z - β KL(π‖π*).
Hypotheses  finitely many responses, π and π_ref positive, β > 0; all policies are allowed.
Proof       log(π/π*) = log(π/π_ref) - r/β + log Z, summed with π; KL is not negative, and 0 only between equals.
Not claimed anything about policies of a parametric class, nor policies that are 0 somewhere (0 log 0 = 0 by convention).
"""

from fractions import Fraction

import sympy as sp

from theory import kernel as k
from theory.decide import Goal
from theory.kernel import Term, Theorem, subst
from theory.kernel.terms import ONE, ZERO, app, eq, inv, le, mul
from theory.language import ForAll, equals, family, formula, integers, reals, term
from theory.proposition import UNNEEDED, Case, proposition
from theory.tactics import MINUS, Context
from theory.tactics.logs import divergence_nonnegative, equal_if_no_divergence, gibbs_log

N, y, j = integers("N y j")
beta, Z, value = reals("beta Z J")
pi, ref, star, r = (family(x) for x in ("pi", "ref", "pi*", "r"))
One = Fraction(1)


def over_responses(f: sp.Expr) -> sp.Expr:
    return sp.Sum(f, (y, 1, N))


def for_responses(claim: sp.Basic) -> sp.Basic:
    return ForAll(y, 1, N, claim)


def kl(p: sp.Function, q: sp.Function) -> sp.Expr:
    return over_responses(p(y) * sp.log(p(y) / q(y)))


def objective(p: sp.Function) -> sp.Expr:
    """J(p) = E_p r - β KL(p‖π_ref)."""
    return over_responses(p(y) * r(y)) - beta * kl(p, ref)


PRIOR = {"β > 0": beta > 0, "π_ref > 0": for_responses(ref(y) > 0)}
GIBBS = {
    "Z normalises": sp.And(Z > 0, equals(Z, over_responses(ref(y) * sp.exp(r(y) / beta)))),
    "π* is the Gibbs policy": for_responses(sp.And(star(y) > 0, equals(star(y), ref(y) * sp.exp(r(y) / beta) / Z))),
}
POLICY = {"π is a policy": sp.And(for_responses(pi(y) > 0), equals(over_responses(pi(y)), 1))}
CASE: Case = {
    "N": 2, "beta": 2, "Z": 1, "ref": ["1/2", "1/2"], "pi*": ["1/2", "1/2"], "r": [0, 0], "pi": ["1/4", "3/4"], "y": 1, "j": 1,
}  # fmt: skip
DROPS: Case = {
    "β > 0": UNNEEDED,
    "π_ref > 0": UNNEEDED,
    "Z normalises": CASE | {"Z": 2, "pi*": ["1/4", "1/4"]},
    "π* is the Gibbs policy": CASE | {"pi*": ["1/4", "1/2"]},
    "π is a policy": CASE | {"pi": ["1/4", "1/4"]},
}
NEGATIVE = {"β > 0": CASE | {"beta": -2}}  # a KL bonus: the Gibbs policy is the worst


class Facts:
    """What a goal with the assumptions above can use."""

    def __init__(self, goal: Goal):
        self.goal, self.size = goal, term(N)
        goal.know(*(th for th in goal.given.values()))
        self.normaliser = next(th for th in goal.facts if th.concl.op == "eq" and th.concl.args[0] is term(Z))

    def inside(self, index: Term) -> Context:
        return self.goal.assuming(le(ONE, index), le(index, self.size))

    def at(self, name: str, index: Term, op: str) -> Theorem:
        """The part of a universal assumption with this operator, at an index."""
        th = self.inside(index).at(self.goal.given[name], index)
        return next(k.and_elim(th, m) for m, q in enumerate(th.concl.args) if q.op == op)

    def gibbs(self, p: sp.Function, index: Term) -> Theorem:
        """log(p/π*) = log(p/π_ref) - r/β + log Z at an index."""
        at = {term(y): index}
        facts = [self.at("π* is the Gibbs policy", index, op) for op in ("lt", "eq")]
        inside = self.inside(index).with_facts(facts[0])
        q, w, x = (subst(term(f), at) for f in (p(y), ref(y), r(y) / beta))
        return gibbs_log(inside, q, w, x, term(Z), facts[1])

    def gap(self, p: sp.Function, one: Theorem) -> Theorem:
        """J(p) = β log Z - β KL(p‖π*), `one`: p sums to 1."""
        index = self.goal.fresh(self.goal.claim)
        logs = self.gibbs(p, index)
        weight = subst(term(p(y)), {term(y): index})
        target = mul(weight, logs.concl.args[1])
        row = k.linear(mul(weight, logs.concl.args[0]), target, [logs], [weight])
        total = k.sum_congr(index, ONE, self.size, row)
        right = term(beta * sp.log(Z) - beta * kl(p, star))
        return self.goal.equal(term(objective(p)), right, total, one)

    def star_sums(self) -> Theorem:
        """Σ π* = 1."""
        index = self.goal.fresh(self.goal.claim)
        rows = k.sum_congr(index, ONE, self.size, self.at("π* is the Gibbs policy", index, "eq"))
        turned = k.linear(*self.normaliser.concl.args[::-1], [self.normaliser], [MINUS])
        return self.goal.equal(rows.concl.args[0], ONE, rows, turned)

    def policy_sums(self) -> Theorem:
        return next(
            k.and_elim(self.goal.given["π is a policy"], m)
            for m, q in enumerate(self.goal.given["π is a policy"].concl.args)
            if q.op == "eq"
        )

    def divergence(self) -> tuple[Term, Theorem]:
        """KL(π‖π*) and 0 <= KL(π‖π*)."""
        index, total = self.goal.fresh(self.goal.claim), term(kl(pi, star))
        ctx = self.goal.with_facts(positive_star(self))
        p, q = (subst(term(f(y)), {term(y): index}) for f in (pi, star))
        return total, divergence_nonnegative(ctx, total, p, q, index, self.policy_sums(), self.star_sums())


def positive_star(facts: Facts) -> Theorem:
    """π* > 0 for all responses, as one fact."""
    claim = formula(for_responses(star(y) > 0))
    index = facts.goal.fresh(claim)
    opened = subst(claim.args[1], {claim.args[0]: index})
    th = facts.at("π* is the Gibbs policy", index, "lt")
    for m in (0, 1):
        th = k.cut(k.and_elim(k.assume(opened.args[0]), m), th)
    return k.all_intro(index, k.imp_intro(opened.args[0], th))


@proposition(
    "dpo.eq4.gap",
    title="every policy falls short of the optimum β log Z by exactly β KL(π‖π*)",
    source="Eq. 4 and its proof",
    printed="E_π[r] - β KL(π‖π_ref) = β log Z - β KL(π‖π*)",
    assumptions=PRIOR | GIBBS | POLICY,
    statement=equals(objective(pi), beta * sp.log(Z) - beta * kl(pi, star)),
    model=CASE,
    drops=DROPS | {"Z normalises": UNNEEDED, "π is a policy": CASE | {"pi": ["1/4", "1/4"], "Z": "1/2", "ref": ["1/4", "1/4"]}},
)
def gap(goal: Goal) -> Theorem:
    facts = Facts(goal)
    goal.define(positive_star(facts))
    return k.restate(facts.gap(pi, facts.policy_sums()), goal.claim)


@proposition(
    "dpo.eq4",
    title="π* = π_ref exp(r/β)/Z is a policy and maximises E_π[r] - β KL(π‖π_ref), whose maximum is β log Z",
    source="Eq. 4",
    printed="π*(y|x) = π_ref(y|x) exp(r(x,y)/β)/Z(x) = argmax_π E_π[r] - β KL(π‖π_ref)",
    assumptions=PRIOR | GIBBS | POLICY,
    statement=sp.And(
        equals(over_responses(star(y)), 1),
        equals(objective(star), beta * sp.log(Z)),
        objective(pi) <= beta * sp.log(Z),
    ),
    model=CASE,
    drops=DROPS | NEGATIVE | {"π is a policy": CASE | {"pi": ["1/4", "1/8"]}},
    not_claimed="that a parametric policy reaches it",
)
def eq4(goal: Goal) -> Theorem:
    return optimum(goal)


def optimum(goal: Goal) -> Theorem:
    """Σ π* = 1, J(π*) = β log Z and J(π) <= β log Z, in any order."""
    facts = Facts(goal)
    goal.define(positive_star(facts))
    one, of_pi = facts.star_sums(), facts.gap(pi, facts.policy_sums())
    index = goal.fresh(goal.claim)
    # J(π*): log(π*/π_ref) = r/β - log Z
    at = {term(y): index}
    positive = facts.at("π* is the Gibbs policy", index, "lt")
    inside = facts.inside(index).with_facts(positive)
    s = subst(term(star(y)), at)
    itself = gibbs_itself(facts, inside, index)
    rows = k.sum_congr(
        index, ONE, facts.size, k.linear(mul(s, itself.concl.args[0]), mul(s, itself.concl.args[1]), [itself], [s])
    )
    best = goal.equal(term(objective(star)), term(beta * sp.log(Z)), rows, one)
    total, sign = facts.divergence()
    below = formula(objective(pi) <= beta * sp.log(Z))
    bound = k.sos(below, [(One, ONE, [goal.given["β > 0"], sign])], [of_pi], [MINUS])
    proofs = [one, best, bound]
    return k.and_intro([next(k.restate(th, q) for th in proofs if k.same(th.concl, q)) for q in goal.claim.args])


def gibbs_itself(facts: Facts, inside: Context, index: Term) -> Theorem:
    """log(π*/π_ref) = r/β - log Z."""
    at = {term(y): index}
    s, w, x = (subst(term(f), at) for f in (star(y), ref(y), r(y) / beta))
    th = gibbs_log(inside, s, w, x, term(Z), facts.at("π* is the Gibbs policy", index, "eq"))
    one = inside.equal(mul(s, inv(s)), ONE)
    hole = k.var("hole")
    zero_of = eq(app("log", hole), ZERO)
    log_one = k.rewrite(k.law("exp_zero", ZERO, ZERO, []), k.law("log_exp", ZERO, ZERO, []), hole, zero_of)
    turned = k.linear(ONE, mul(s, inv(s)), [one], [MINUS])
    nothing = k.rewrite(turned, log_one, hole, zero_of)
    ratio = app("log", mul(s, inv(w)))
    return k.linear(ratio, subst(term(r(y) / beta - sp.log(Z)), at), [th, nothing], [MINUS, ONE])


@proposition(
    "dpo.eq4.unique",
    title="it is the only maximiser: a policy with that value is π*",
    source="Eq. 4",
    printed="E_π[r] - β KL(π‖π_ref) ≥ β log Z ⇒ π = π*",
    assumptions=PRIOR | GIBBS | POLICY,
    statement=sp.Implies(objective(pi) >= beta * sp.log(Z), for_responses(equals(pi(y), star(y)))),
    model=CASE,
    drops=DROPS
    | {
        "β > 0": CASE | {"beta": -2},
        "π* is the Gibbs policy": CASE | {"pi*": ["1/4", "1/2"], "pi": ["1/2", "1/2"]},
        "Z normalises": CASE | {"Z": "1/2", "pi*": [1, 1], "pi": ["1/2", "1/2"]},
        "π is a policy": CASE | {"pi": ["1/2", "1/4"]},
    },
)
def eq4_unique(goal: Goal) -> Theorem:
    facts = Facts(goal)
    goal.define(positive_star(facts))
    premise, conclusion = goal.claim.args
    of_pi = facts.gap(pi, facts.policy_sums())
    best = k.assume(premise)
    total = term(kl(pi, star))
    # β KL = β log Z - J <= 0
    inverse = k.inv_positive(goal.given["β > 0"])
    b = term(beta)
    unit = goal.equal(mul(b, inv(b)), ONE)
    none = k.sos(le(total, ZERO), [(One, ONE, [inverse, best])], [of_pi, unit], [mul(MINUS, inv(b)), total])
    index = goal.fresh(goal.claim)
    within = subst(conclusion.args[1], {conclusion.args[0]: index})
    ctx = goal.with_facts(positive_star(facts)).assuming(le(ONE, index), le(index, facts.size))
    i = k.var("kl_i", "Z")
    p, q = (subst(term(f(y)), {term(y): i}) for f in (pi, star))
    th = equal_if_no_divergence(ctx, total, p, q, i, index, facts.policy_sums(), facts.star_sums(), none)
    for m in (0, 1):
        th = k.cut(k.and_elim(k.assume(within.args[0]), m), th)
    return k.imp_intro(premise, k.restate(k.all_intro(index, k.imp_intro(within.args[0], th)), conclusion))


@proposition(
    "dpo.eq5",
    title="the reward is β log(π*/π_ref) + β log Z",
    source="Eq. 5",
    printed="r(x,y) = β log(π*(y|x)/π_ref(y|x)) + β log Z(x)",
    assumptions=PRIOR | GIBBS,
    statement=for_responses(equals(r(y), beta * sp.log(star(y) / ref(y)) + beta * sp.log(Z))),
    model=CASE,
    drops={name: case for name, case in DROPS.items() if name != "π is a policy"} | {"Z normalises": UNNEEDED},
)
def eq5(goal: Goal) -> Theorem:
    facts = Facts(goal)
    goal.define(positive_star(facts))
    index = goal.fresh(goal.claim)
    inside = facts.inside(index).with_facts(facts.at("π* is the Gibbs policy", index, "lt"))
    itself = gibbs_itself(facts, inside, index)
    body = subst(goal.claim.args[1], {goal.claim.args[0]: index})
    b = term(beta)
    unit = inside.equal(mul(b, inv(b)), ONE)
    reward = subst(term(r(y)), {term(y): index})
    th = k.linear(*body.args[1].args, [itself, unit], [mul(MINUS, b), mul(MINUS, reward)])
    for m in (0, 1):
        th = k.cut(k.and_elim(k.assume(body.args[0]), m), th)
    return k.restate(k.all_intro(index, k.imp_intro(body.args[0], th)), goal.claim)
