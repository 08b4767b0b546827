"""Groups in which all rewards are equal: GRPO does nothing with them, but for a regulariser."""

from fractions import Fraction

import sympy as sp

from theory import kernel as k
from theory.decide import Goal
from theory.kernel import Theorem, subst
from theory.kernel.terms import ONE, ZERO, inv, le, lt
from theory.language import ForAll, equals, family, integers, mean, reals, term
from theory.proposition import UNNEEDED, Case, proposition, refuted
from theory.related.hadw.groups import GROUP, LAW, b, group, p
from theory.related.hadw.groups import G as SIZE
from theory.tactics import atoms
from theory.tactics.binomial import Law
from theory.tactics.deviation import squares_nonnegative

G, i, j = integers("G i j")
c, eps, beta, g_kl = reals("c epsilon beta g_KL")
r, w = family("r"), family("w")
One = Fraction(1)
SOURCE = "abstract and reviews"
STD = sp.sqrt(sp.Sum((r(j) - mean(r(j), j, G)) ** 2, (j, 1, G)) / G)
ADVANTAGE = (r(i) - mean(r(j), j, G)) / (STD + eps)
EQUAL = {"all rewards are equal": ForAll(i, 1, G, equals(r(i), c)), "G ≥ 1": G >= 1, "ε > 0": eps > 0}
CASE: Case = {"G": 2, "r": [0, 0], "c": 0, "epsilon": 1, "i": 1}


@proposition(
    "sgpo.all_negative",
    title="if all answers of a group are wrong (or all right) every advantage is 0, so GRPO learns nothing from it",
    source=SOURCE,
    printed="r_1 = .. = r_G ⇒ A_i = (r_i - mean)/(std + ε) = 0",
    assumptions=EQUAL,
    statement=ForAll(i, 1, G, equals(ADVANTAGE, 0)),
    model=CASE,
    drops={"all rewards are equal": CASE | {"r": [1, 0]}, "G ≥ 1": UNNEEDED, "ε > 0": CASE | {"epsilon": 0}},
    not_claimed="anything for ε = 0: the advantage is 0/0 there",
)
def all_negative(goal: Goal) -> Theorem:
    index = goal.fresh(goal.claim)
    inside = goal.assuming(le(ONE, index), le(index, term(G)))
    same = inside.at(goal.given["all rewards are equal"], index)
    rows = k.sum_congr(index, ONE, term(G), same)
    body = subst(goal.claim.args[1], {goal.claim.args[0]: index})
    variance = next(a.args[2] for a in atoms(term(STD)) if a.op == "app" and a.args[0] == "sqrt")
    positive = k.inv_positive(goal.prove(lt(ZERO, term(G))))
    (total,) = [a for a in atoms(variance) if a.op == "sum" and a.height > 1] or [a for a in atoms(variance) if a.op == "sum"][:1]
    weak = k.sos(le(ZERO, variance), [(One, ONE, [positive, squares_nonnegative(goal, total)])], [], [])
    root = k.law("sqrt_nonnegative", variance, ZERO, [weak])
    below = k.sos(lt(ZERO, term(STD + eps)), [(One, ONE, [root]), (One, ONE, [goal.given["ε > 0"]])], [], [])
    goal.define(weak, below)
    top = inside.equal(subst(term(r(i) - mean(r(j), j, G)), {term(i): index}), ZERO, rows, same)
    th = k.linear(body.args[1].args[0], ZERO, [top], [inv(term(STD + eps))])
    for m in (0, 1):
        th = k.cut(k.and_elim(k.assume(body.args[0]), m), th)
    return k.restate(k.all_intro(index, k.imp_intro(body.args[0], th)), goal.claim)


refuted(
    "sgpo.all_negative.no_update",
    title="so the update is 0 on such a group",
    source=SOURCE + ", read for GRPO with its KL term",
    printed="r_1 = .. = r_G ⇒ Σ_i A_i ∇log π(o_i) - β ∇KL = 0",
    assumptions={"all rewards are equal": ForAll(i, 1, G, equals(r(i), c)), "G ≥ 1": G >= 1},
    statement=equals(sp.Sum((r(i) - mean(r(j), j, G)) * w(i), (i, 1, G)) - beta * g_kl, 0),
    witness={"G": 2, "r": [0, 0], "c": 0, "w": [1, 1], "beta": 1, "g_KL": 1},
    module=__name__,
    repair="sgpo.all_negative",
    finding="Two wrong answers: both advantages are 0, and what is left is the regulariser, -β ∇KL = -1 for β = ∇KL = 1. A group "
    "without signal still pulls the policy to the reference (or, with an entropy bonus, spreads it).",
)


@proposition(
    "sgpo.all_negative.probability",
    title="a group is all wrong with probability (1-p)^G, all right with p^G: 0.663 of the groups for p = 0.05 and G = 8",
    source=SOURCE,
    printed="P(all negative) = (1-p)^G, P(all positive) = p^G",
    assumptions=GROUP,
    statement=sp.And(equals(b(SIZE, 0), (1 - p) ** SIZE), equals(b(SIZE, SIZE), p**SIZE)),
    model=group(2, "1/2"),
    drops={LAW: group(2, "1/2", b=lambda n, j: Fraction(1)), "G ≥ 2": UNNEEDED, "0 < p < 1": UNNEEDED},
    hints={"p": "unit"},
)
def probability(goal: Goal) -> Theorem:
    law = Law(goal, term(p), term(SIZE))
    ends = law.none_correct(term(SIZE)), law.all_correct(term(SIZE))
    return k.and_intro([next(k.restate(th, q) for th in ends if k.same(th.concl, q)) for q in goal.claim.args])
