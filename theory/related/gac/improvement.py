"""When inference on p(τ, y) improves the policy: Claim D, with luck in the environment and without.

Arms (or trajectories) are i = 1..K with probabilities w(i) under the policy; y(i) is the mean return of arm i, hit(i) the
chance that it reaches the target.
"""

import sympy as sp

from theory import kernel as k
from theory.decide import Goal
from theory.kernel import Refused, Term, Theorem, mk, subst
from theory.kernel.terms import ONE, ZERO, le, lt, mul, sub
from theory.language import ForAll, equals, family, integers, reals, term
from theory.proposition import UNNEEDED, Case, not_applicable, proposition, refuted, shown
from theory.tactics import MINUS
from theory.tactics.convex import One, square_of_mean
from theory.tactics.powers import unit

K, i, j, L, n = integers("K i j L n")
c = reals("c")
w, y, hit, higher, u, q, luck = map(family, ("w", "y", "hit", "higher", "u", "q", "luck"))


def over(f: sp.Expr) -> sp.Expr:
    return sp.Sum(f, (i, 1, K))


POLICY = {"a policy": sp.And(ForAll(i, 1, K, w(i) >= 0), equals(over(w(i)), 1))}
REACHED = {"the target is reached": over(w(i) * hit(i)) > 0}
returns, reaching = over(w(i) * hit(i) * y(i)), over(w(i) * hit(i))
conditioned = returns / reaching
CLAIM = "GAC, improvement as inference (reconstruction: Claim D)"
ARMS: Case = {"K": 2, "w": ["1/2", "1/2"], "y": ["3/5", "1/2"], "hit": [0, 1], "c": "1/2"}

refuted(
    "gac.improvement",
    title="conditioning the policy on a high return raises its expected return",
    source=CLAIM,
    printed="π'(i) ∝ w(i) P(y = y⁺ | i) ⇒ E_{π'}[y] ≥ E_w[y]",
    assumptions=POLICY | REACHED | {"chances": ForAll(i, 1, K, sp.And(hit(i) >= 0, hit(i) <= 1))},
    statement=conditioned >= over(w(i) * y(i)),
    witness={"K": 2, "w": ["1/2", "1/2"], "y": ["3/5", "1/2"], "hit": [0, "1/2"]},
    module=__name__,
    repair="gac.improvement.repaired",
    hints={"w": "unit", "hit": "unit"},
    finding="Arm A always returns 0.6, arm B 1 or 0 with equal chances. Given the return 1 the arm was B for sure, and always "
    "pulling B returns 0.5, less than the 0.55 of pulling either.",
)

TARGET = "reached only by returns of at least c, missed only by returns of at most c"
CERTAIN = {TARGET: ForAll(i, 1, K, sp.And(hit(i) * (y(i) - c) >= 0, (1 - hit(i)) * (c - y(i)) >= 0))}
CHANCES = {"chances": ForAll(i, 1, K, sp.And(hit(i) >= 0, hit(i) <= 1))}
SAFE: Case = ARMS | {"y": ["2/5", "3/5"]}


@proposition(
    "gac.improvement.repaired",
    title="it does without luck, where the return of an arm says whether it reaches the target",
    source=CLAIM,
    printed="hit(i) = 1[y(i) ≥ c] ⇒ E[y | y ≥ c] ≥ E[y]",
    assumptions=POLICY | REACHED | CERTAIN | CHANCES,
    statement=conditioned >= over(w(i) * y(i)),
    model=SAFE,
    drops={
        "a policy": SAFE | {"w": [1, 1]},
        "the target is reached": SAFE | {"w": [1, 0], "hit": [0, 1]},
        TARGET: ARMS,
        "chances": UNNEEDED,
    },
    hints={"w": "unit", "hit": "binary"},
    not_claimed="that the target return is achieved; for a higher c: gac.improvement.monotone",
)
def without_luck(goal: Goal) -> Theorem:
    """Σ w h (y - c) · Σ w (1-h) + Σ w h · Σ w (1-h) (c - y) ≥ 0, over (Σ w h)²."""
    size, total = term(over(w(i) * hit(i))), term(over(w(i) * y(i)))
    reached, one = goal.given["the target is reached"], next(th for th in goal.facts if th.concl.op == "eq")
    above = summed(goal, w(i) * (hit(i) * (y(i) - c)), TARGET)
    below = summed(goal, w(i) * ((1 - hit(i)) * (c - y(i))), TARGET)
    missed = summed(goal, w(i) * (1 - hit(i)), "chances")
    A, B, R = (th.concl.args[1] for th in (above, below, missed))
    a, b, r = (term(f) for f in (returns - c * reaching, c - c * reaching - over(w(i) * y(i)) + returns, 1 - reaching))
    parts = [goal.equal(A, a), goal.equal(B, b, one), goal.equal(R, r, one)]
    product = mk("add", mul(A, R), mul(size, B))
    positive = k.sos(le(ZERO, product), [(One, ONE, [above, missed]), (One, ONE, [reached, below])], [], [])
    same = k.linear(product, mk("add", mul(a, r), mul(size, b)), parts, [R, size, a])
    over_size = k.inv_positive(reached)
    cofactors = [mul(MINUS, over_size.concl.args[1]), total]
    return k.sos(goal.claim, [(One, ONE, [positive, over_size])], [same, unit(reached)], cofactors)


HIGHER = "the higher target c is reached by the better of those arms: by returns of at least c"
NESTED = {
    "weights": ForAll(i, 1, K, w(i) >= 0),
    "the higher target is reached": over(w(i) * higher(i)) > 0,
    "who reaches it reaches the lower one": ForAll(i, 1, K, sp.And(higher(i) >= 0, hit(i) - higher(i) >= 0)),
    HIGHER: ForAll(i, 1, K, sp.And(higher(i) * (y(i) - c) >= 0, (hit(i) - higher(i)) * (c - y(i)) >= 0)),
}
LADDER: Case = {"K": 2, "w": ["1/2", "1/2"], "y": [0, 1], "hit": [1, 1], "higher": [0, 1], "c": 1}


@proposition(
    "gac.improvement.monotone",
    title="without luck, the higher the target, the higher the return of the conditioned policy",
    source=CLAIM + ": deterministic environments",
    printed="c ≤ c' ⇒ E[y | y ≥ c'] ≥ E[y | y ≥ c]",
    assumptions=NESTED,
    statement=over(w(i) * higher(i) * y(i)) / over(w(i) * higher(i)) >= conditioned,
    model=LADDER,
    drops={
        "weights": LADDER | {"w": ["-1/2", 1]},
        "the higher target is reached": LADDER | {"higher": [0, 0], "c": 2},
        "who reaches it reaches the lower one": LADDER | {"hit": [1, -3]},
        HIGHER: LADDER | {"higher": [1, 0]},
    },
    hints={"w": "unit", "hit": "binary", "higher": "binary"},
    not_claimed="that the target return is achieved; the lower target 'every return' gives gac.improvement.repaired",
)
def higher_target(goal: Goal) -> Theorem:
    """Y'/H' - Y/H = (Σ w h' (y - c) · Σ w (h - h') + H' · Σ w (h - h') (c - y))/(H H')."""
    few, all_, top, rest = (term(over(w(i) * f)) for f in (higher(i), hit(i), higher(i) * y(i), hit(i) * y(i)))
    reached = goal.given["the higher target is reached"]
    above = summed(goal, w(i) * (higher(i) * (y(i) - c)), HIGHER)
    below = summed(goal, w(i) * ((hit(i) - higher(i)) * (c - y(i))), HIGHER)
    missed = summed(goal, w(i) * (hit(i) - higher(i)), "who reaches it reaches the lower one")
    A, B, R = (th.concl.args[1] for th in (above, below, missed))
    product = mk("add", mul(A, R), mul(few, B))
    positive = k.sos(le(ZERO, product), [(One, ONE, [above, missed]), (One, ONE, [reached, below])], [], [])
    same = goal.equal(product, sub(mul(top, all_), mul(rest, few)))
    more = goal.equal(R, sub(all_, few))
    both = k.sos(lt(ZERO, all_), [(One, ONE, [reached]), (One, ONE, [missed])], [more], [MINUS])
    goal.define(both)
    units, over_ = [unit(both), unit(reached)], [k.inv_positive(both), k.inv_positive(reached)]
    i_all, i_few = (th.concl.args[1] for th in over_)
    cofactors = [mul(MINUS, i_all, i_few), mul(MINUS, top, i_few), mul(rest, i_all)]
    return k.sos(goal.claim, [(One, ONE, [positive, *over_])], [same, *units], cofactors)


def summed(goal: Goal, f: sp.Expr, fact: str) -> Theorem:
    """0 <= Σ w x from 0 <= w and what the fact says of x."""
    index = goal.fresh(goal.claim)
    inside = goal.assuming(le(ONE, index), le(index, term(K)))
    weights = next(th for th in goal.facts if th.concl.op == "all" and "w(" in repr(th.concl))
    said = inside.at(goal.given[fact], index)
    body = subst(term(f), {term(i): index})
    for n_ in range(2):
        try:
            th = k.sos(le(ZERO, body), [(One, ONE, [inside.at(weights, index), k.and_elim(said, n_)])], [], [])
            return goal.nonnegative_sum(mk("sum", index, ONE, term(K), body), th, index)
        except Refused:
            continue
    raise Refused("summed", f, said.concl)


shown(
    "gac.improvement.expected",
    title="ranking plans by expected return, as exploitation does, picks the safe arm; conditioning picks the lucky one",
    source=CLAIM + ", with plans that encode the arm alone",
    printed="E[y|A] = 0.6 > 0.5 = E[y|B], P(B | y = 1) = 1",
    statement=sp.And(y(1) > y(2), equals(w(2) * hit(2) / over(w(i) * hit(i)), 1)),
    witness={"K": 2, "w": ["1/2", "1/2"], "y": ["3/5", "1/2"], "hit": [0, "1/2"]},
    module=__name__,
    not_claimed="the same where plans encode luck: see gac.improvement.lucky",
)

LUCK = {"luck": sp.And(ForAll(j, 1, L, q(j) >= 0), equals(sp.Sum(q(j), (j, 1, L)), 1)), "a lucky plan": sp.And(n >= 1, n <= L)}
LUCKIEST = {"the luckiest": ForAll(j, 1, L, luck(j) <= luck(n))}
TOSS: Case = {"L": 2, "q": ["1/2", "1/2"], "luck": [1, 0], "n": 1}
achieved = sp.Sum(q(j) * luck(j), (j, 1, L))

refuted(
    "gac.improvement.lucky",
    title="the best expected return of a plan is achieved by acting on it, also where plans encode luck",
    source=CLAIM + ", with plans inferred from whole trajectories; luck(j) is the return of arm B under luck j",
    printed="max_z E[y|z] = E[y | acting on argmax z]",
    assumptions=LUCK | LUCKIEST,
    statement=equals(achieved, luck(n)),
    witness=TOSS,
    module=__name__,
    repair="gac.improvement.lucky.repaired",
    hints={"q": "unit"},
    finding='The plan "arm B, and it wins" predicts the return 1, above arm A\'s 0.6. Acting on it pulls arm B, which wins half '
    "of the time: 0.5.",
)


@proposition(
    "gac.improvement.lucky.repaired",
    title="what is achieved is at most what the luckiest plan predicts",
    source=CLAIM,
    printed="E[y | acting on z*] ≤ max_z E[y|z]",
    assumptions=LUCK | LUCKIEST,
    statement=achieved <= luck(n),
    model=TOSS,
    drops={"luck": TOSS | {"q": [2, 0]}, "a lucky plan": UNNEEDED, "the luckiest": TOSS | {"n": 2}},
    hints={"q": "unit"},
    not_claimed="how large the disappointment is",
)
def disappointed(goal: Goal) -> Theorem:
    """Σ q (luck(n) - luck(j)) ≥ 0."""
    index = goal.fresh(goal.claim)
    inside = goal.assuming(le(ONE, index), le(index, term(L)))
    facts = [inside.at(th, index) for th in goal.facts if th.concl.op == "all"]
    body = subst(term(q(j) * (luck(n) - luck(j))), {term(j): index})
    row = k.sos(le(ZERO, body), [(One, ONE, facts)], [], [])
    total = goal.nonnegative_sum(mk("sum", index, ONE, term(L), body), row, index)
    one = next(th for th in goal.facts if th.concl.op == "eq")
    same = goal.equal(total.concl.args[1], term(luck(n) - achieved), one)
    return k.sos(goal.claim, [(One, ONE, [total])], [same], [MINUS])


mean, second = over(w(i) * u(i)), over(w(i) * u(i) ** 2)


@proposition(
    "gac.improvement.reweighting",
    title="one step of reweighting by a utility raises it by its variance over its mean (compare rubric_arm.em.step)",
    source=CLAIM + ", as reward-weighted regression",
    printed="w'(i) = w(i) u(i)/E[u] ⇒ E_{w'}[u] = E[u²]/E[u], E_{w'}[u] - E[u] = E[(u - E u)²]/E[u] ≥ 0",
    assumptions=POLICY | {"E[u] > 0": mean > 0},
    statement=sp.And(
        equals(over(w(i) * u(i) / mean * u(i)), second / mean),
        equals(second / mean - mean, over(w(i) * (u(i) - mean) ** 2) / mean),
        second / mean >= mean,
    ),
    model={"K": 2, "w": ["1/2", "1/2"], "u": [1, 0]},
    drops={"a policy": {"K": 1, "w": [2], "u": [1]}, "E[u] > 0": {"K": 2, "w": ["1/2", "1/2"], "u": [0, 0]}},
    hints={"w": "unit"},
    not_claimed="that u is the return: for a chance of success it is gac.improvement's conditioning with u = hit",
)
def reweighted(goal: Goal) -> Theorem:
    some, one = goal.given["E[u] > 0"], next(th for th in goal.facts if th.concl.op == "eq")
    over_mean, size = k.inv_positive(some), term(mean)
    gap = square_of_mean(goal, term(i), ONE, term(K), term(w(i)), term(u(i)), size)

    def part(p: Term) -> Theorem:
        if p.op == "eq":
            return goal.equal(*p.args, one)
        # E u² / E u - E u = (E u² - 2 m E u + m² Σ w)/m + m² (1 - Σ w)/m + m (m/m - 1)
        cofactors = [size, mul(MINUS, mk("pow", size, 2), over_mean.concl.args[1])]
        return k.sos(p, [(One, ONE, [gap, over_mean])], [unit(some), one], cofactors)

    return k.and_intro([part(p) for p in goal.claim.args])


not_applicable(
    "gac.g2_g5",
    title="evaluation is learning p(τ, y), improvement is inference on it; the latent plan is optimised or sampled",
    source="abstract (G1 to G5); the body of the paper was not at hand",
    printed="-",
    reason="a description of the method; what follows from it in the model of LPT is stated claim by claim in this package",
    module=__name__,
)
not_applicable(
    "gac.g6",
    title="strong results offline and offline-to-online on Gym-MuJoCo and Maze2D, also without step-wise rewards",
    source="abstract (G6); the numbers were not seen",
    printed="-",
    reason="a measurement on trained models, whose numbers were not at hand",
    module=__name__,
)
