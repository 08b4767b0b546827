"""Section 4: do weights 1/|o_i| favour short completions (S4.a), and do outputs get shorter for it (S4.b)?

S4.a holds between completions of positive advantage; between negative ones the shorter weighs more as well. S4.b does
not follow: with two lengths, which way the expected update pushes depends on the mean rewards of the two lengths
alone, and rewards that ignore the completion push nowhere, under any weights (theory/results/length_drift.py, which
also has the case of three lengths, where the weights do matter).
"""

from fractions import Fraction

import sympy as sp

from theory import kernel as k
from theory.decide import Goal
from theory.kernel import Theorem, mk, subst
from theory.kernel.terms import ONE, ZERO, inv, le, lt, mul
from theory.language import ForAll, equals, family, int_family, integers, mean, reals, term
from theory.proposition import proposition, refuted
from theory.tactics import MINUS
from theory.tactics.logic import conjunction

G, i, j = integers("G i j")
C, p, f_1, f_2, rho_1, rho_2 = reals("C p f_1 f_2 rho_1 rho_2")
omega, A, r, c = (family(name) for name in ("omega", "A", "r", "c"))
n = int_family("n")
One = Fraction(1)
SHORT_AND_LONG = {"i": 1, "j": 2, "n": [1, 2], "A": [1, 1], "C": 1, "omega": [1, "1/2"]}


@proposition(
    "fontana2026.s4a",
    title="ω_i ∝ 1/|o_i|: of two completions with positive advantage the shorter one weighs more, unless its "
    "advantage is smaller",
    source="Section 4, after Prop. 1",
    printed="ω_i = C/|o_i|, |o_i| < |o_j|, A_i = A_j > 0 ⇒ ω_i A_i > ω_j A_j > 0 on the first tokens",
    assumptions={
        "ω ∝ 1/|o|": sp.And(*(equals(omega(e), C / n(e)) for e in (i, j))),
        "C > 0": C > 0,
        "i is the shorter one": sp.And(n(i) >= 1, n(i) < n(j)),
        "A_j > 0": A(j) > 0,
        "A_i is no smaller": A(i) >= A(j),
    },
    unstated=("C > 0", "A_i is no smaller"),
    statement=sp.And(omega(i) * A(i) > omega(j) * A(j), omega(j) * A(j) > 0),
    model=SHORT_AND_LONG,
    drops={
        "ω ∝ 1/|o|": SHORT_AND_LONG | {"omega": [1, 1]},
        "C > 0": SHORT_AND_LONG | {"C": -1, "omega": [-1, "-1/2"]},
        "i is the shorter one": SHORT_AND_LONG | {"n": [2, 1], "omega": ["1/2", 1]},
        "A_j > 0": SHORT_AND_LONG | {"A": [-1, -1]},
        "A_i is no smaller": SHORT_AND_LONG | {"A": [1, 2]},
    },
    not_claimed="that the model therefore gets shorter: of two negative advantages the shorter one weighs more as well (S4.b)",
)
def s4a(goal: Goal) -> Theorem:
    """C A_i/n_i - C A_j/n_j = C (A_i - A_j)/n_i + C A_j (n_j - n_i)/(n_i n_j)."""
    weights, positive, shorter, advantage, larger = goal.given.values()
    lengths = [term(n(e)) for e in (i, j)]
    inverses = [k.inv_positive(goal.prove(lt(ZERO, x))) for x in lengths]
    units = [k.field(mul(x, inv(x)), ONE, [goal.unequal(x, ZERO)]) for x in lengths]
    less = next(th for th in goal.facts if th.concl is lt(*lengths))
    # ω_j A_j = C A_j/n_j
    known = {p.args[0].args[2]: k.and_elim(weights, e) for e, p in enumerate(weights.concl.args)}
    (to_i, to_j), (of_i, of_j) = (known[term(e)] for e in (i, j)), (term(A(e)) for e in (i, j))
    small = k.sos(lt(ZERO, mul(term(omega(j)), of_j)), [(One, ONE, [positive, advantage, inverses[1]])], [to_j], [of_j])
    first = (One, ONE, [positive, larger, inverses[0]])
    second = (One, ONE, [positive, advantage, less, inverses[0], inverses[1]])
    # C A_j (n_j - n_i)/(n_i n_j) = C A_j/n_i - C A_j/n_j, by n/n = 1
    rest = mul(term(C), of_j)
    equations = [to_i, to_j, units[1], units[0]]
    cofactors = [of_i, mul(MINUS, of_j), mul(MINUS, rest, inv(lengths[0])), mul(rest, inv(lengths[1]))]
    large = k.sos(lt(mul(term(omega(j)), of_j), mul(term(omega(i)), of_i)), [first, second], equations, cofactors)
    return conjunction(goal.claim, large, small)


def probability(length: sp.Expr) -> sp.Expr:
    """Of a completion of 1 or 2 tokens, when the first token is the last one with probability p."""
    return (2 - length) * p + (length - 1) * (1 - p)


def stop_score(length: sp.Expr) -> sp.Expr:
    """∂log π_θ(o)/∂x for p = 1/(1 + e^-x): 1 - p if the completion stops after one token, -p if it does not."""
    return (2 - length) - p


def push(length: sp.Expr, other: sp.Expr) -> sp.Expr:
    """The term of one of two completions in the update: A/(G |o|) times its score, with A = r - (r + r')/2."""
    return (r(length) - r(other)) / 2 / (2 * length) * stop_score(length)


refuted(
    "fontana2026.s4b",
    title="weights 1/|o_i| push the model towards shorter outputs, whether or not length goes with quality",
    source="Section 4, after Prop. 1",
    printed="ω_i ∝ 1/|o_i| ⇒ E[update] moves the probability of stopping early up, whatever the rewards",
    assumptions={"p is a probability": sp.And(p > 0, p < 1)},
    statement=sp.Sum(probability(i) * probability(j) * (push(i, j) + push(j, i)), (j, 1, 2), (i, 1, 2)) > 0,
    witness={"p": "1/2", "r": [0, 1]},
    module=__name__,
    repair="fontana2026.s4b.repaired",
    finding="A policy stops after one token with p = 1/2, else after two; with reward 1 for the longer output and 0 "
    "for the shorter, groups of G = 2 and weights 1/(G |o_i|), only a group with both lengths (probability 1/2) has "
    "advantages, and it moves the stop logit by (1/2)(-1/2)(1/2) + (1/4)(1/2)(-1/2) = -3/16: on average -3/32, "
    "towards longer outputs. With rewards that ignore the completion the average is exactly 0.",
    hints={"p": "unit"},
)


SHORT = sp.Sum(c(i), (i, 1, G))
LONG = G - SHORT
mean_reward = c(i) * rho_1 + (1 - c(i)) * rho_2
update = sp.Sum((c(i) * f_1 + (1 - c(i)) * f_2) * (c(i) - p) * (mean_reward - mean(mean_reward, i, G)), (i, 1, G))
BOTH_LENGTHS = sp.And(SHORT > 0, LONG > 0)
EVEN_GROUP = {"G": 2, "c": [1, 0], "f_1": 1, "f_2": "1/2", "p": "1/2", "rho_1": 0, "rho_2": 1}


@proposition(
    "fontana2026.s4b.repaired",
    title="with two lengths every positive weight moves the model towards the length whose mean reward is higher, 1/|o| included",
    source="Section 4, after Prop. 1; a policy that stops after its first token with probability p or goes on to "
    "one other length",
    printed="Σ_i ω_i (M_i - mean M) ∂log π_θ(o_i)/∂x = (G_1 G_2/G) (ρ_1 - ρ_2) ((1-p) f_1 + p f_2)",
    assumptions={
        "a group has a member": G >= 1,
        "c is 1 for a short completion and 0 for a long one": ForAll(i, 1, G, equals(c(i) ** 2, c(i))),
        "p is a probability": sp.And(p > 0, p < 1),
        "weights are positive": sp.And(f_1 > 0, f_2 > 0),
    },
    statement=sp.And(
        equals(update, SHORT * LONG / G * (rho_1 - rho_2) * ((1 - p) * f_1 + p * f_2)),
        sp.Implies(sp.And(BOTH_LENGTHS, rho_1 > rho_2), update > 0),
        sp.Implies(sp.And(BOTH_LENGTHS, rho_1 < rho_2), update < 0),
        sp.Implies(equals(rho_1, rho_2), equals(update, 0)),
    ),
    model=EVEN_GROUP,
    drops={
        "a group has a member": EVEN_GROUP | {"G": 0},
        "c is 1 for a short completion and 0 for a long one": EVEN_GROUP | {"c": [2, 0]},
        "p is a probability": EVEN_GROUP | {"p": 2, "f_1": 3, "f_2": 1},
        "weights are positive": EVEN_GROUP | {"f_1": -3, "f_2": 1},
    },
    not_claimed="the same for three lengths or more: there 1/|o_i| can turn the direction "
    "(lossproof.length_drift.three). For any number of lengths, rewards with equal means M_i move nothing "
    "(lossproof.length_drift, which also justifies M_i for r_i). M_i is ρ_1 or ρ_2, ω_i is f_1 or f_2, and the G_1 "
    "short and G_2 long completions may stand in any order",
    hints={"c": "binary", "p": "unit"},
)
def s4b_repaired(goal: Goal) -> Theorem:
    """With c² = c the sum is a polynomial in G_1 = Σ c; then the sign of a product."""
    equation = next(q for q in goal.claim.args if q.op == "eq")
    total, closed = equation.args
    index = goal.fresh(goal.claim)
    inside = goal.assuming(le(ONE, index), le(index, term(G)))
    flag = subst(term(c(i)), {term(i): index})
    indicator = inside.at(goal.given["c is 1 for a short completion and 0 for a long one"], index)
    cube = inside.equal(mk("pow", flag, 3), flag, indicator)
    powers = [k.sum_congr(index, ONE, term(G), th) for th in (indicator, cube)]
    value = goal.equal(total, closed, *powers)
    factor = term((1 - p) * f_1 + p * f_2)
    mixed = goal.arith(lt(ZERO, factor), products=2)
    size = k.inv_positive(goal.prove(lt(ZERO, term(G))))
    out = [value]
    for claim in (q for q in goal.claim.args if q.op == "imp"):
        premise, conclusion = claim.args
        if premise.op == "eq":
            rest = mul(term(SHORT), term(LONG), inv(term(G)), factor)
            out.append(k.imp_intro(premise, k.linear(*conclusion.args, [value, k.assume(premise)], [ONE, rest])))
            continue
        given = [k.and_elim(k.assume(premise), e) for e in range(len(premise.args))]
        sign = k.sos(conclusion, [(One, ONE, [*given, size, mixed])], [value], [ONE if conclusion.args[0] is ZERO else MINUS])
        out.append(k.imp_intro(premise, sign))
    return conjunction(goal.claim, *out)
