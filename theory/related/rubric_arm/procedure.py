"""What Rubric-ARM runs beside its theory: a greedy judge, alternating phases, the EM analogy, the reward of Eq. 16."""

import sympy as sp

from theory import kernel as k
from theory.decide import Goal
from theory.kernel import Refused, Term, Theorem, mk, subst
from theory.kernel.terms import ONE, ZERO, eq, le, lt, mul, sub
from theory.language import ForAll, equals, integers, reals, term
from theory.proposition import Case, not_applicable, proposition, refuted
from theory.related.rubric_arm.variance import RUBRICS, K, d, over_rubrics, p, p1, r, score, squared_norm, term_i, u, w
from theory.tactics import MINUS, Context
from theory.tactics.convex import One, square_of_mean
from theory.tactics.logic import by_branches, impossible
from theory.tactics.order import zero_or_one
from theory.tactics.powers import sum_sign, unit

m = integers("m")
scale, va, forward, backward, vb, mb, signal, noise = reals("scale va forward backward vb mb signal noise")
WEIGHTS = {"probabilities": sp.And(ForAll(r, 1, K, w(r) >= 0), equals(over_rubrics(w(r)), 1))}
GREEDY = {"a greedy judge is right or wrong": ForAll(r, 1, K, equals(p(r) ** 2, p(r)))}
CERTAIN: Case = RUBRICS | {"p": [1, 0]}
accuracy = over_rubrics(w(r) * p(r))


@proposition(
    "rubric_arm.greedy.term",
    title="with the greedy judge that is run, the term (I) of Proposition 5.2 is 0",
    source="Eq. 7-8 (one judge rollout by greedy decoding) with Proposition 5.2",
    printed="p(r) ∈ {0, 1} ⇒ E_r[p (1-p) ‖u_r‖²] = 0",
    assumptions=GREEDY,
    statement=equals(term_i, 0),
    model=CERTAIN,
    drops={"a greedy judge is right or wrong": RUBRICS},
    hints={"p": "binary", "w": "unit"},
)
def greedy_term(goal: Goal) -> Theorem:
    """p (1-p) = 0 for every rubric."""
    total = goal.claim.args[0]
    index = goal.fresh(total)
    inside = goal.assuming(le(ONE, index), le(index, term(K)))
    body = subst(total.args[3], {total.args[0]: index})
    square = inside.at(goal.given["a greedy judge is right or wrong"], index)
    rest = subst(term(w(r) * squared_norm(u(r, d))), {term(r): index})
    zero = k.linear(body, ZERO, [square], [mul(MINUS, rest)])
    nothing = k.sum_linear(index, ONE, term(K), [ZERO], [ZERO])
    return k.linear(total, ZERO, [k.sum_congr(index, ONE, term(K), zero), nothing], [ONE, ONE])


greedy = over_rubrics(w(r) * sp.Piecewise((1, p(r) >= sp.Rational(1, 2)), (0, True)))

refuted(
    "rubric_arm.greedy.objective",
    title="the greedy judge's accuracy is the objective of Eq. 7, the accuracy of the sampled one",
    source="Eq. 7-8 (reconstruction: greedy decoding picks the likelier answer)",
    printed="E_r 1[p(r) ≥ 1/2] = E_r p(r)",
    assumptions=WEIGHTS | {"chances": ForAll(r, 1, K, sp.And(p(r) >= 0, p(r) <= 1))},
    statement=equals(greedy, accuracy),
    witness={"K": 1, "w": [1], "p": ["3/5"]},
    module=__name__,
    repair="rubric_arm.greedy.objective.repaired",
    hints={"p": "unit", "w": "unit"},
    finding="One rubric with p = 3/5: the greedy judge is always right, the sampled one in 60 %. The gradient 3/5 of Eq. 7 "
    "wants p higher, greedy accuracy has nothing left to gain.",
)


@proposition(
    "rubric_arm.greedy.objective.repaired",
    title="it is where every p(r) is 0 or 1",
    source="Eq. 7-8",
    printed="p(r) ∈ {0, 1} ⇒ E_r 1[p(r) ≥ 1/2] = E_r p(r)",
    assumptions=GREEDY,
    statement=equals(greedy, accuracy),
    model=CERTAIN,
    drops={"a greedy judge is right or wrong": RUBRICS},
    hints={"p": "binary", "w": "unit"},
)
def greedy_exact(goal: Goal) -> Theorem:
    """For p = 0 and p = 1, and either side of the comparison."""
    left, right = goal.claim.args
    index = goal.fresh(goal.claim)
    inside = goal.assuming(le(ONE, index), le(index, term(K)))
    body = subst(left.args[3], {left.args[0]: index})
    chance, weight = (subst(term(f), {term(r): index}) for f in (p(r), w(r)))
    square = inside.at(goal.given["a greedy judge is right or wrong"], index)
    wanted = eq(body, mul(weight, chance))

    def known(ctx: Context, value: Theorem) -> Theorem:
        def leaf(ctx: Context, claim: Term) -> Theorem:
            try:
                return ctx.equal(*claim.args, value)
            except Refused:
                return impossible(ctx, claim)

        return by_branches(ctx, wanted, leaf)

    same = zero_or_one(inside.with_facts(square), chance, wanted, known)
    return goal.equal(left, right, k.sum_congr(index, ONE, term(K), same))


refuted(
    "rubric_arm.theorem5_5.units",
    title="which of the two variances is larger does not depend on how the generator is parametrised",
    source="Theorem 5.5 (it compares gradients with respect to different parameters; reconstruction)",
    printed="Var(g_B) > E Var(g_A) ⇒ Var(c g_B) > E Var(g_A), c > 0 from θ_r → θ_r/c",
    assumptions={"c > 0": scale > 0},
    statement=sp.Implies(
        p1 * squared_norm(score(d)) - squared_norm(p1 * score(d)) > va,
        p1 * squared_norm(scale * score(d)) - squared_norm(p1 * scale * score(d)) > va,
    ),
    witness={"scale": "1/2", "p1": "1/2", "va": "1/8", "D": 1, "score": [1]},
    module=__name__,
    repair="rubric_arm.snr",
    hints={"p1": "unit"},
    finding="With Var(g_B) = 1/4 and E Var(g_A) = 1/8, doubling the generator's parameters halves its scores, and Var(g_B) "
    "becomes 1/16.",
)


SCALED: Case = {"p1": "1/2", "D": 1, "score": [1], "scale": 2, "vb": 1, "mb": 1, "signal": 4, "noise": 4}


@proposition(
    "rubric_arm.snr",
    title="signal to noise does not depend on it, and the judge's is p/(1-p) whatever the scores",
    source="Remark 5.6 (lower signal to noise in phase B; the ratio is not computed there)",
    printed="‖E g_A‖²/Var(g_A|r) = p/(1-p); ‖c E g‖²/Var(c g) = ‖E g‖²/Var(g)",
    assumptions={
        "0 < p < 1": sp.And(p1 > 0, p1 < 1),
        "some score": squared_norm(score(d)) > 0,
        "c > 0": scale > 0,
        "some variance": vb > 0,
        "scaled": sp.And(equals(signal, scale**2 * mb), equals(noise, scale**2 * vb)),
    },
    statement=sp.And(
        equals(squared_norm(p1 * score(d)) / (p1 * (1 - p1) * squared_norm(score(d))), p1 / (1 - p1)),
        equals(signal / noise, mb / vb),
    ),
    model=SCALED,
    drops={
        "0 < p < 1": SCALED | {"p1": 1},
        "some score": SCALED | {"score": [0]},
        "c > 0": SCALED | {"scale": 0, "signal": 0, "noise": 0},
        "some variance": SCALED | {"vb": 0, "noise": 0},
        "scaled": SCALED | {"signal": 1},
    },
    hints={"p1": "unit"},
    not_claimed="‖E g_B‖² = mb and Var(g_B) = vb are any numbers here",
)
def snr(goal: Goal) -> Theorem:
    """‖p u‖² = p² ‖u‖²; c²/c² = 1."""
    scaled = [k.and_elim(goal.given["scaled"], n) for n in (0, 1)]
    noisy = next(th for th in scaled if th.concl.args[0] is term(noise))
    squares = [goal.given["c > 0"]] * 2
    above = k.sos(lt(ZERO, term(noise)), [(One, ONE, [*squares, goal.given["some variance"]])], [noisy], [ONE])
    goal.define(above)
    ctx = goal.with_facts(above, *goal.lemmas)

    def part(c: Term) -> Theorem:
        if c.args[1] is not term(mb / vb):
            return ctx.prove(c)
        product = ctx.equal(term(signal), mul(term(mb / vb), term(noise)), *scaled)
        return k.linear(*c.args, [product, unit(above)], [term(1 / noise), term(mb / vb)])

    return k.and_intro([part(c) for c in goal.claim.args])


TILTED = {"some rubric helps": accuracy > 0}
HELPFUL: Case = {"K": 2, "w": ["1/2", "1/2"], "p": ["4/5", "2/5"], "m": 1}


@proposition(
    "rubric_arm.em.step",
    title="one step with the true posterior over rubrics raises the accuracy to E[p²]/E[p] (a step of EM)",
    source="the EM analogy (its E-step; compare gac.improvement.reweighting)",
    printed="w'(r) = w(r) p(r)/E[p] ⇒ E_{w'}[p] = E_w[p²]/E_w[p] ≥ E_w[p]",
    assumptions=WEIGHTS | TILTED,
    statement=sp.And(
        equals(over_rubrics(w(r) * p(r) / accuracy * p(r)), over_rubrics(w(r) * p(r) ** 2) / accuracy),
        over_rubrics(w(r) * p(r) ** 2) / accuracy >= accuracy,
    ),
    model=HELPFUL,
    drops={
        "probabilities": HELPFUL | {"w": [1, 1]},
        "some rubric helps": HELPFUL | {"p": [0, 0]},
    },
    hints={"p": "unit", "w": "unit"},
    not_claimed="that GRPO on the generator takes this step",
)
def em_step(goal: Goal) -> Theorem:
    """E[p²] - E[p]² = Σ w (p - E p)²."""
    one = next(th for th in goal.facts if th.concl.op == "eq")
    mean = term(accuracy)
    gap = square_of_mean(goal, term(r), ONE, term(K), term(w(r)), term(p(r)), mean)
    squares = term(over_rubrics(w(r) * p(r) ** 2))
    variance = k.sos(le(mk("pow", mean, 2), squares), [(One, ONE, [gap])], [one], [mul(MINUS, mk("pow", mean, 2))])
    some = goal.given["some rubric helps"]
    over, whole = k.inv_positive(some), unit(some)

    def part(c: Term) -> Theorem:
        if c.op == "eq":
            return goal.prove(c)
        return k.sos(c, [(One, ONE, [variance, over])], [whole], [mean])

    return k.and_intro([part(c) for c in goal.claim.args])


@proposition(
    "rubric_arm.em.collapse",
    title="the accuracy itself is largest for a generator that always writes one best rubric",
    source="the EM analogy (ascending E_r[p(r)] instead of matching the posterior)",
    printed="E_w[p] ≤ p(m) for p(m) = max p, with equality for w = δ_m",
    assumptions=WEIGHTS | {"m is a best rubric": sp.And(m >= 1, m <= K, ForAll(r, 1, K, p(r) <= p(m)))},
    statement=accuracy <= p(m),
    model=HELPFUL,
    drops={"probabilities": HELPFUL | {"w": [2, 0]}, "m is a best rubric": HELPFUL | {"m": 2}},
    hints={"p": "unit", "w": "unit"},
    not_claimed="that training gets there",
)
def collapse(goal: Goal) -> Theorem:
    """Σ w (p(m) - p) ≥ 0."""
    one = next(th for th in goal.facts if th.concl.op == "eq")
    gap = term(over_rubrics(w(r) * (p(m) - p(r))))
    best = next(th for th in goal.facts if th.concl.op == "all" and "p(" in repr(th.concl))
    weights = next(th for th in goal.facts if th.concl.op == "all" and "w(" in repr(th.concl))

    def sign(ctx: Context, i: Term) -> Theorem:
        f = subst(gap.args[3], {gap.args[0]: i})
        return k.sos(le(ZERO, f), [(One, ONE, [ctx.at(weights, i), ctx.at(best, i)])], [], [])

    positive = sum_sign(gap, goal, sign, ONE, term(K))
    parts = goal.equal(gap, sub(term(p(m)), term(accuracy)), one)
    return k.sos(goal.claim, [(One, ONE, [positive])], [parts], [MINUS])


reward = sp.Rational(1, 2) * ((1 - forward) + backward)


@proposition(
    "rubric_arm.eq16",
    title="a judge that picks the same place in both orders gives 1/2, whatever the responses: position bias cancels",
    source="Eq. 16",
    printed="R = (1[o_fwd = 0] + 1[o_bwd = 1])/2 ∈ {0, 1/2, 1}; o_fwd = o_bwd ⇒ R = 1/2",
    assumptions={"answers": sp.And(equals(forward**2, forward), equals(backward**2, backward))},
    statement=sp.And(
        equals(reward * (reward - sp.Rational(1, 2)) * (reward - 1), 0),
        sp.Implies(equals(forward, backward), equals(reward, sp.Rational(1, 2))),
    ),
    model={"forward": 0, "backward": 1},
    drops={"answers": {"forward": 2, "backward": 0}},
    hints={"forward": "binary", "backward": "binary"},
    not_claimed="that the judge is right",
)
def both_orders(goal: Goal) -> Theorem:
    answers = [k.and_elim(goal.given["answers"], n) for n in (0, 1)]

    def part(c: Term) -> Theorem:
        if c.op == "imp":
            return k.imp_intro(c.args[0], goal.equal(*c.args[1].args, k.assume(c.args[0])))
        return goal.equal(*c.args, *answers)

    return k.and_intro([part(c) for c in goal.claim.args])


not_applicable(
    "rubric_arm.remark5_6",
    title="therefore the judge is to be trained first, and phase B has the lower signal to noise",
    source="Remark 5.6",
    printed="-",
    reason="the theorem compares two gradients at one point; no statement about schedules or their order follows from it, and "
    "the ratio it speaks of is not defined (rubric_arm.snr computes the judge's)",
    module=__name__,
)
not_applicable(
    "rubric_arm.schedule",
    title="alternating updates reach a better judge than joint ones",
    source="Eq. 9-11, Section 4",
    printed="-",
    reason="an experiment on trained models; the paper states no bound for any schedule",
    module=__name__,
)
not_applicable(
    "rubric_arm.benchmarks",
    title="reward model average 74.8 (Rubric-RM 70.1), reversed order 72.4, position bias 1.27, online GRPO 46.8 → 55.4",
    source="Section 6, tables",
    printed="-",
    reason="a measurement on trained models, which no proof or enumeration settles",
    module=__name__,
)
