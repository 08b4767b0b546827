"""A reconstruction of "diversification accelerates GRPO's learning dynamics in a simplified setting": two steps, groups of two.

Setting     Step 1 succeeds with p1 = σ(θ1), then step 2 with p2 = σ(θ2); reward 1 for both, graded c in (0, 1) for step 1 alone.
            Advantages are divided by the deviation over G: ±1 in a pair whose rewards differ. SGPO grades all-wrong groups only.
Statement   Grading adds p1 (1-p1)(1-p2) to the update of θ1 and takes p2 times that from θ2. J = p1 p2 then grows faster exactly
            if 1 - p1 > p2 (1 - p2). In groups of any size the second step is always pushed down by grading.
Hypotheses  outcomes o = 1, 2, 3: step 1 fails, step 2 fails, success; scores -p1, 1-p1, 1-p1 in θ1, and 0, -p2, 1-p2 in θ2.
Not claimed the theorem of the paper, whose text was not found; larger groups are enumerated in the evidence.
"""

from fractions import Fraction

import sympy as sp

from theory import kernel as k
from theory.decide import Goal
from theory.kernel import Theorem
from theory.kernel.terms import ONE, ZERO, le, lt, mul
from theory.language import ForAll, equals, family, integers, mean, reals, term
from theory.proposition import Case, not_applicable, proposition, refuted
from theory.tactics import MINUS
from theory.tactics.logic import conjunction

G, i, j = integers("G i j")
p1, p2, c, sigma = reals("p1 p2 c sigma")
x = family("x")
One = Fraction(1)
SOURCE = "reconstruction: the theorem's text was not found; a two-step problem is the setting that reviews name"
CHANCE = [1 - p1, p1 * (1 - p2), p1 * p2]
SCORE_1 = [-p1, 1 - p1, 1 - p1]
SCORE_2 = [sp.Integer(0), -p2, 1 - p2]


def update(score: list[sp.Expr], graded: bool) -> sp.Expr:
    """E[(1/2) Σ A_i score_i] over pairs: (better - worse)/2 for each ordered pair with different rewards."""
    total = sp.Integer(0)
    for better in range(3):
        for worse in range(better):
            if better == 2 or graded:
                total += 2 * CHANCE[better] * CHANCE[worse] * (score[better] - score[worse]) / 2
    return total


GRPO, SGPO = ([update(score, graded) for score in (SCORE_1, SCORE_2)] for graded in (False, True))
SLOPES = [p2 * p1 * (1 - p1), p1 * p2 * (1 - p2)]  # ∂J/∂θ1, ∂J/∂θ2 of J = p1 p2
GAIN = sum(s * (g - h) for s, g, h in zip(SLOPES, SGPO, GRPO, strict=True))  # dJ of SGPO minus dJ of GRPO
EXTRA = p1 * (1 - p1) * (1 - p2)
UNIT = {"0 < p1 < 1": sp.And(p1 > 0, p1 < 1), "0 < p2 < 1": sp.And(p2 > 0, p2 < 1)}
CASE: Case = {"p1": "1/2", "p2": "1/2"}

refuted(
    "sgpo.acceleration",
    title="grading all-wrong groups makes J = p1 p2 grow faster, for all p1 and p2",
    source=SOURCE,
    printed="dJ(SGPO) > dJ(GRPO)",
    assumptions=UNIT,
    statement=GAIN > 0,
    witness={"p1": "9/10", "p2": "1/2"},
    module=__name__,
    repair="sgpo.acceleration.repaired",
    finding="Step 1 succeeds with 9/10, step 2 with 1/2, groups of two: grading adds 9/200 to the update of θ1, where J has "
    "the slope "
    "9/200, and takes 9/400 from θ2, where it has 9/40. So dJ changes by 81/40000 - 81/16000 < 0. Every graded winner is wrong "
    "in step 2.",
    hints={"p1": "unit", "p2": "unit"},
)


@proposition(
    "sgpo.acceleration.repaired",
    title="in groups of two it does exactly where 1 - p1 > p2 (1 - p2): where step 1 is the bottleneck",
    source=SOURCE,
    printed="dJ(SGPO) - dJ(GRPO) = p1² p2 (1-p1)(1-p2) (1 - p1 - p2 (1-p2))",
    assumptions=UNIT,
    statement=sp.And(
        equals(GAIN, p1**2 * p2 * (1 - p1) * (1 - p2) * (1 - p1 - p2 * (1 - p2))),
        sp.Implies(1 - p1 > p2 * (1 - p2), GAIN > 0),
        sp.Implies(1 - p1 < p2 * (1 - p2), GAIN < 0),
    ),
    model=CASE,
    drops={"0 < p1 < 1": {"p1": 0, "p2": "1/2"}, "0 < p2 < 1": {"p1": "1/2", "p2": 0}},
    hints={"p1": "unit", "p2": "unit"},
    not_claimed="the same region for larger groups; p1 < 3/4 suffices here, as p2 (1-p2) ≤ 1/4",
)
def acceleration(goal: Goal) -> Theorem:
    equation = next(q for q in goal.claim.args if q.op == "eq")
    value = goal.equal(*equation.args)
    signs = [goal.prove(lt(ZERO, term(e))) for e in (p1, p1, p2, 1 - p1, 1 - p2)]
    out = [value]
    for q in goal.claim.args:
        if q.op == "imp":
            premise, conclusion = q.args
            c0 = MINUS if conclusion.args[0] is ZERO else ONE
            th = k.sos(conclusion, [(One, ONE, [*signs, k.assume(premise)])], [value], [mul(MINUS, c0)])
            out.append(k.imp_intro(premise, th))
    return conjunction(goal.claim, *out)


@proposition(
    "sgpo.updates",
    title="in groups of two, grading adds p1 (1-p1)(1-p2) to the update of θ1 and takes p2 times as much from that of θ2",
    source=SOURCE,
    printed="g1(SGPO) - g1(GRPO) = p1 (1-p1)(1-p2) > 0,  g2(SGPO) - g2(GRPO) = -p1 p2 (1-p1)(1-p2) < 0",
    assumptions=UNIT,
    statement=sp.And(equals(SGPO[0] - GRPO[0], EXTRA), EXTRA > 0, equals(SGPO[1] - GRPO[1], -p2 * EXTRA), -p2 * EXTRA < 0),
    model=CASE,
    drops={"0 < p1 < 1": {"p1": 0, "p2": "1/2"}, "0 < p2 < 1": {"p1": "1/2", "p2": 1}},
    hints={"p1": "unit", "p2": "unit"},
)
def updates(goal: Goal) -> Theorem:
    signs = [goal.prove(lt(ZERO, term(e))) for e in (p1, 1 - p1, 1 - p2)]
    second = goal.prove(lt(ZERO, term(p2)))
    out = []
    for q in goal.claim.args:
        if q.op == "eq":
            out.append(goal.equal(*q.args))
        else:
            out.append(k.sos(q, [(One, ONE, signs if q.args[0] is ZERO else [*signs, second])], [], []))
    return k.and_intro(out)


REACHED = sp.Sum(x(i), (i, 1, G))
SECOND = sp.Sum((c * x(i) - mean(c * x(j), j, G)) / sigma * (-p2 * x(i)), (i, 1, G))
HALF: Case = {"G": 2, "x": [1, 0], "c": "1/2", "sigma": 1, "p2": "1/2"}


@proposition(
    "sgpo.second_step",
    title="in an all-wrong group of any size grading pushes the second step down: its positive advantages go to wrong second "
    "steps",
    source="our own, in the two-step model",
    printed="Σ_i A_i ∂log π(o_i)/∂θ2 = -(c p2/σ) K (G-K)/G ≤ 0, K the number of answers whose step 1 is right",
    assumptions={
        "G ≥ 1": G >= 1,
        "x is 1 if step 1 is right, else 0": ForAll(i, 1, G, equals(x(i) ** 2, x(i))),
        "c > 0, σ > 0": sp.And(c > 0, sigma > 0),
        "p2 > 0": p2 > 0,
    },
    statement=sp.And(
        equals(SECOND, -c * p2 / sigma * REACHED * (G - REACHED) / G),
        sp.Implies(sp.And(REACHED > 0, REACHED < G), SECOND < 0),
    ),
    model=HALF,
    drops={
        "G ≥ 1": HALF | {"G": 0},
        "x is 1 if step 1 is right, else 0": HALF | {"x": [1, "1/2"]},
        "c > 0, σ > 0": HALF | {"c": -1},
        "p2 > 0": HALF | {"p2": 0},
    },
    not_claimed="that the whole update of θ2 is negative: mixed groups push it up, as in GRPO",
)
def second_step(goal: Goal) -> Theorem:
    index, size = goal.fresh(goal.claim), term(G)
    inside = goal.assuming(le(ONE, index), le(index, size))
    flags = k.sum_congr(index, ONE, size, inside.at(goal.given["x is 1 if step 1 is right, else 0"], index))
    equation = next(q for q in goal.claim.args if q.op == "eq")
    claim = next(q for q in goal.claim.args if q.op == "imp")
    value = goal.equal(*equation.args, flags)
    premise, conclusion = claim.args
    given = [k.and_elim(k.assume(premise), m) for m in (0, 1)]
    over = [k.inv_positive(goal.prove(lt(ZERO, t))) for t in (term(sigma), size)]
    signs = [goal.prove(lt(ZERO, term(c))), goal.given["p2 > 0"]]
    th = k.sos(conclusion, [(One, ONE, [*given, *over, *signs])], [value], [MINUS])
    return conjunction(goal.claim, value, k.imp_intro(premise, th))


not_applicable(
    "sgpo.theorem",
    title="diversification accelerates GRPO's learning dynamics in a simplified setting",
    source="abstract; the theorem's text was not found",
    printed="a rate for a stylised problem of two steps",
    reason="neither the statement nor its assumptions were at hand; sgpo.acceleration and sgpo.updates judge a reconstruction",
    module=__name__,
)
