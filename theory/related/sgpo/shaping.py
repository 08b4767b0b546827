"""Grading as reward shaping; what dividing by the deviation does to the size of grades and to a judge's errors."""

from fractions import Fraction

import sympy as sp

from theory import kernel as k
from theory.decide import Goal
from theory.kernel import Theorem
from theory.kernel.terms import ONE, ZERO, inv, le, lt, mul
from theory.language import ForAll, derivative, equals, family, integers, mean, reals, term
from theory.proposition import UNNEEDED, Case, not_applicable, proposition, refuted
from theory.tactics import MINUS, atoms
from theory.tactics.deviation import scaled_root
from theory.tactics.logs import weaken
from theory.tactics.powers import root_is
from theory.tactics.slopes import by_parts

G, i, j = integers("G i j")
p1, p2, c, a, d, e, u, v = reals("p1 p2 c a d e u v")
prefix_a, success_a, prefix_b, success_b = reals("prefix_A success_A prefix_B success_B")
r, rho = family("r"), family("rho")
One = Fraction(1)
MODEL = "our own, in the two-step model: reward 1 for both steps, c for the first alone"
SHAPED = p1 * p2 + c * p1 * (1 - p2)
UNIT = {"0 < p1": p1 > 0, "0 ≤ p2 ≤ 1": sp.And(p2 >= 0, p2 <= 1), "0 < c < 1": sp.And(c > 0, c < 1)}
CASE: Case = {"p1": "1/2", "p2": "1/2", "c": "1/2"}


@proposition(
    "sgpo.shaping.chain",
    title="graded everywhere and not normalised, GRPO ascends J' = p1 p2 + c p1 (1-p2): the pull on step 2 shrinks by 1 - c",
    source=MODEL,
    printed="∂J'/∂p2 = p1 (1-c),  ∂J'/∂p1 = p2 + c (1-p2),  both > 0",
    assumptions=UNIT,
    statement=sp.And(
        derivative(SHAPED, p2, p1 * (1 - c)), derivative(SHAPED, p1, p2 + c * (1 - p2)), p1 * (1 - c) > 0, p2 + c * (1 - p2) > 0
    ),
    model=CASE,
    drops={"0 < p1": CASE | {"p1": 0}, "0 ≤ p2 ≤ 1": CASE | {"p2": -2}, "0 < c < 1": CASE | {"c": 1}},
    hints={"p1": "unit", "p2": "unit"},
    not_claimed="the same optimum where the first step is a choice: sgpo.shaping.branching",
)
def chain(goal: Goal) -> Theorem:
    out = []
    for q in goal.claim.args:
        if q.op == "deriv":
            out.append(by_parts(goal, q))
        elif k.same(q.args[1], term(p1 * (1 - c))):
            out.append(k.sos(q, [(One, ONE, [goal.given["0 < p1"], goal.prove(lt(term(c), ONE))])], [], []))
        else:  # p2 (1-c) + c
            parts = [
                (One, ONE, [goal.prove(le(ZERO, term(p2))), goal.prove(lt(term(c), ONE))]),
                (One, ONE, [goal.prove(lt(ZERO, term(c)))]),
            ]
            out.append(k.sos(q, parts, [], []))
    return k.and_intro(out)


CHAIN_OPTIMUM: Case = {"p1": "1/2", "p2": 1, "c": "1/2"}


@proposition(
    "sgpo.shaping.optimum",
    title="the chain keeps its best policy: J' is below 1, its value where both steps always succeed, everywhere else",
    source=MODEL,
    printed="J'(1, 1) = 1, and J'(p1, p2) < 1 for p1 p2 < 1",
    assumptions={
        "0 ≤ p1 ≤ 1": sp.And(p1 >= 0, p1 <= 1),
        "0 < c < 1": sp.And(c > 0, c < 1),
        "some step can fail": p1 * p2 < 1,
    },
    statement=sp.And(SHAPED < 1, equals(SHAPED.subs({p1: 1, p2: 1}), 1)),
    model=CHAIN_OPTIMUM,
    drops={
        "0 ≤ p1 ≤ 1": {"p1": 2, "p2": 0, "c": "9/10"},
        "0 < c < 1": {"p1": 1, "p2": "1/2", "c": 1},
        "some step can fail": {"p1": 1, "p2": 1, "c": "1/2"},
    },
    hints={"p1": "unit", "p2": "unit", "c": "unit"},
    not_claimed="the same optimum where the first step is a choice: sgpo.shaping.branching",
)
def optimum(goal: Goal) -> Theorem:
    """1 - J' = (1-c)(1 - p1 p2) + c (1 - p1)."""
    parts = [
        (One, ONE, [goal.prove(lt(term(c), ONE)), goal.given["some step can fail"]]),
        (One, ONE, [goal.prove(lt(ZERO, term(c))), goal.prove(le(term(p1), ONE))]),
    ]
    return k.and_intro([k.sos(q, parts, [], []) if q.op == "lt" else goal.equal(*q.args) for q in goal.claim.args])


GRADES = {
    "chances and grades": sp.And(
        success_a >= 0, success_a <= 1, success_b >= 0, success_b <= 1, prefix_a >= 0, prefix_a < 1, prefix_b >= 0, prefix_b < 1
    ),
}
BRANCHES: Case = {"success_A": 0, "prefix_A": "9/10", "success_B": "1/2", "prefix_B": 0}

refuted(
    "sgpo.shaping.branching",
    title="grading leaves the better branch the better one",
    source="our own: grades are no potential-based shaping",
    printed="success_B > success_A ⇒ success_B + (1 - success_B) prefix_B ≥ success_A + (1 - success_A) prefix_A",
    assumptions=GRADES,
    statement=sp.Implies(success_b > success_a, success_b + (1 - success_b) * prefix_b >= success_a + (1 - success_a) * prefix_a),
    witness=BRANCHES,
    module=__name__,
    repair="sgpo.shaping.branching.repaired",
    finding="Branch A never succeeds but is right for nine tenths of its steps, grade 9/10; branch B succeeds half of the "
    "time, with grade "
    "0 otherwise. The graded reward is 9/10 for A and 1/2 for B: a dead end with a long prefix wins.",
)


@proposition(
    "sgpo.shaping.branching.repaired",
    title="it does if the grades of wrong answers are the same on both branches, or higher on the better one",
    source="our own",
    printed="success_B > success_A, prefix_B ≥ prefix_A ⇒ success_B + (1 - success_B) prefix_B > success_A + (1 - success_A) "
    "prefix_A",
    assumptions=GRADES | {"the better branch": success_b > success_a, "is graded no lower": prefix_b >= prefix_a},
    statement=success_b + (1 - success_b) * prefix_b > success_a + (1 - success_a) * prefix_a,
    model=BRANCHES | {"prefix_A": 0},
    drops={
        "chances and grades": {"success_A": 0, "prefix_A": 3, "success_B": "1/2", "prefix_B": 3},
        "the better branch": BRANCHES | {"success_B": 0, "prefix_A": 0},
        "is graded no lower": BRANCHES,
    },
)
def branching(goal: Goal) -> Theorem:
    """(s_B - s_A)(1 - g_A) + (1 - s_B)(g_B - g_A)."""
    better, grade = goal.given["the better branch"], goal.given["is graded no lower"]
    below = goal.prove(lt(term(prefix_a), ONE))
    chance = goal.prove(le(term(success_b), ONE))
    return k.sos(goal.claim, [(One, ONE, [better, below]), (One, ONE, [chance, grade])], [], [])


def spread(f: sp.Function) -> sp.Expr:
    return sp.Sum((f(j) - mean(f(j), j, G)) ** 2, (j, 1, G)) / G


def advantage(f: sp.Function) -> sp.Expr:
    return (f(i) - mean(f(j), j, G)) / sp.sqrt(spread(f))


AFFINE = {
    "G ≥ 1": G >= 1,
    "a > 0": a > 0,
    "ρ = a r + d": ForAll(j, 1, G, equals(rho(j), a * r(j) + d)),
    "1 ≤ i ≤ G": sp.And(i >= 1, i <= G),
    "the rewards differ": spread(r) > 0,
}
TWO: Case = {"G": 2, "i": 1, "a": 2, "d": 1, "r": [1, 0], "rho": [3, 1]}


@proposition(
    "sgpo.affine",
    title="divided by the deviation, advantages do not change under r → a r + d: only the shape of the grades counts, not "
    "their size",
    source="our own",
    printed="ρ = a r + d, a > 0 ⇒ (ρ_i - mean ρ)/std(ρ) = (r_i - mean r)/std(r)",
    assumptions=AFFINE,
    statement=equals(advantage(rho), advantage(r)),
    model=TWO,
    drops={
        "G ≥ 1": UNNEEDED, "a > 0": TWO | {"a": -2, "rho": [-1, 1]}, "ρ = a r + d": TWO | {"rho": [0, 1]}, "1 ≤ i ≤ G": UNNEEDED,
        "the rewards differ": TWO | {"r": [1, 1], "rho": [3, 3]},
    },
)  # fmt: skip
def affine(goal: Goal) -> Theorem:
    size, index = term(G), goal.fresh(goal.claim)
    inside = goal.assuming(le(ONE, index), le(index, size))
    row = inside.at(goal.given["ρ = a r + d"], index)
    sums = k.sum_congr(index, ONE, size, row)
    square = inside.equal(mul(row.concl.args[0], row.concl.args[0]), mul(row.concl.args[1], row.concl.args[1]), row)
    squares = k.sum_congr(index, ONE, size, k.linear(k.mk("pow", row.concl.args[0], 2), square.concl.args[1], [square], [ONE]))
    big, small = term(spread(rho)), term(spread(r))
    scaled = goal.equal(big, mul(term(a), term(a), small), squares, sums)
    positive, root = scaled_root(goal, big, small, term(a), k.linear(big, mul(k.mk("pow", term(a), 2), small), [scaled], [ONE]))
    base = goal.sqrt_positive(small)
    factor = goal.given["a > 0"]
    above = k.sos(lt(ZERO, root.concl.args[0]), [(One, ONE, [factor, base])], [root], [ONE])
    goal.know(positive, base, above)
    goal.define(positive, base, above)
    at_i = goal.at(goal.given["ρ = a r + d"], term(i))
    top = goal.equal(term(rho(i) - mean(rho(j), j, G)), mul(term(a), term(r(i) - mean(r(j), j, G))), at_i, sums)
    R, S = root.concl.args[0], base.concl.args[1]
    units = [goal.equal(mul(x, inv(x)), ONE) for x in (R, S)]
    centred = term(r(i) - mean(r(j), j, G))
    # a x/R = x/S, as R = a S
    end = k.linear(
        mul(term(a), centred, inv(R)), mul(centred, inv(S)), [units[1], root, units[0]],
        [mul(MINUS, term(a), centred, inv(R)), mul(MINUS, centred, inv(R), inv(S)), mul(centred, inv(S))],
    )  # fmt: skip
    return k.linear(*goal.claim.args, [top, end], [inv(R), ONE])


@proposition(
    "sgpo.pair_sign",
    title="in a pair any difference of grades gives advantages ±1, so that a judge's error of any size can turn the update round",
    source="our own",
    printed="u > v ⇒ (u - m)/√(((u-m)² + (v-m)²)/2) = 1, m = (u+v)/2",
    assumptions={"u > v": u > v},
    statement=equals((u - (u + v) / 2) / sp.sqrt(((u - (u + v) / 2) ** 2 + (v - (u + v) / 2) ** 2) / 2), 1),
    model={"u": 1, "v": 0},
    drops={"u > v": {"u": 0, "v": 1}},
)
def pair_sign(goal: Goal) -> Theorem:
    half = term((u - v) / 2)
    positive = k.sos(lt(ZERO, half), [(Fraction(1, 2), ONE, [goal.given["u > v"]])], [], [])
    root = next(t for t in atoms(goal.claim.args[0]) if t.op == "app" and t.args[0] == "sqrt")
    inner = root.args[2]
    square = k.linear(k.mk("pow", half, 2), inner, [], [])
    over = k.sos(lt(ZERO, inner), [(One, ONE, [positive, positive])], [], [])
    value = root_is(goal.with_facts(weaken(over), weaken(positive)), inner, half, square)
    sign = k.sos(lt(ZERO, root), [(One, ONE, [positive])], [value], [ONE])
    goal.know(sign, over)
    goal.define(sign, over)
    unit = goal.equal(mul(root, inv(root)), ONE)
    return k.linear(*goal.claim.args, [value, unit], [mul(MINUS, inv(root)), ONE])


GOOD, BAD = reals("g_right g_wrong")


@proposition(
    "sgpo.judge_noise",
    title="a judge that swaps the order of a pair with probability e scales the expected update by 1 - 2e: from e = 1/2 on it "
    "misleads",
    source="reconstruction: robustness to a weak judge is an empirical claim",
    printed="(1-e) (g_+ - g_-) + e (g_- - g_+) = (1 - 2e) (g_+ - g_-)",
    assumptions={"e ≥ 1/2": 2 * e >= 1, "the right order helps": GOOD > BAD},
    statement=sp.And(
        equals((1 - e) * (GOOD - BAD) + e * (BAD - GOOD), (1 - 2 * e) * (GOOD - BAD)),
        (1 - e) * (GOOD - BAD) + e * (BAD - GOOD) <= 0,
    ),
    model={"e": "3/4", "g_right": 1, "g_wrong": 0},
    drops={
        "e ≥ 1/2": {"e": 0, "g_right": 1, "g_wrong": 0},
        "the right order helps": {"e": 1, "g_right": 0, "g_wrong": 1},
    },
    not_claimed="anything about errors that depend on the answers",
)
def judge_noise(goal: Goal) -> Theorem:
    out = []
    for q in goal.claim.args:
        if q.op == "eq":
            out.append(goal.equal(*q.args))
        else:
            out.append(k.sos(q, [(One, ONE, [goal.given["e ≥ 1/2"], goal.given["the right order helps"]])], [], []))
    return k.and_intro(out)


not_applicable(
    "sgpo.weak_judge",
    title="the judge need not be able to solve the task, and results are robust to a weak one",
    source="abstract and reviews",
    printed="ablations of the judge, β and γ",
    reason="empirical; two ablations are reported to point in opposite directions. sgpo.pair_sign and sgpo.judge_noise are "
    "what is formal in it",
    module=__name__,
)
not_applicable(
    "sgpo.not_a_prm",
    title="SGPO differs from a process reward model: the position of the first error after the fact, not a forward estimate of "
    "value",
    source="abstract and reviews",
    printed="prose",
    reason="a distinction of methods, not a statement that holds or fails",
    module=__name__,
)
not_applicable(
    "sgpo.headline",
    title="consistent gains over GRPO with 7B, 14B and 32B parameters on nine benchmarks",
    source="abstract (v4); average gains, not uniform, in the TMLR version",
    printed="AIME24 31.2 avg@16, AMC23 77.6, MATH500 87.8 for an unnamed model",
    reason="empirical: the runs are not reproduced here, and the accounts of them differ",
    module=__name__,
)
