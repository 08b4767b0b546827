"""MaskGRPO's released trainer beside the formulas of the paper, and what only a measurement can settle."""

import sympy as sp

from theory import kernel as k
from theory.decide import Goal
from theory.kernel import Term, Theorem
from theory.kernel.terms import ONE, ZERO, le, lt
from theory.language import ForAll, derivative, equals, family, integers, reals, term
from theory.proposition import UNNEEDED, not_applicable, proposition, refuted
from theory.related.maskgrpo.objective import RANGE
from theory.tactics import Context
from theory.tactics.clip import linear_leaf
from theory.tactics.convex import One
from theory.tactics.logic import by_branches
from theory.tactics.prefix import nonnegative
from theory.tactics.slopes import slope_claim
from theory.tactics.surrogate import under_sums

G, i, j, mu = integers("G i j mu")
A, gamma, eps, r1, r2 = reals("A gamma eps r1 r2")
r = family("r")
code_level = sp.Min(gamma + (1 - gamma) * (j + 1) / mu, sp.Rational(999, 1000))

refuted(
    "maskgrpo.code.schedule",
    title="the released schedule is t_j of the paper, counted from 0",
    source="released code: min(γ + (1-γ)(j+1)/μ, 0.999)",
    printed="min(γ + (1-γ)(j+1)/μ, 0.999) = γ + (1-γ)(j+1)/μ, j = 0..μ-1",
    assumptions=RANGE | {"an inner update": sp.And(j >= 0, j < mu)},
    statement=equals(code_level, gamma + (1 - gamma) * (j + 1) / mu),
    witness={"gamma": "3/5", "j": 3, "mu": 4},
    module=__name__,
    repair="maskgrpo.code.schedule.repaired",
    finding="In the last inner update t = 1 by the formula and 0.999 in the code: one token in a thousand stays visible.",
)


@proposition(
    "maskgrpo.code.schedule.repaired",
    title="it is never above it, never above 0.999, and equal to it below 0.999",
    source="released code: min(γ + (1-γ)(j+1)/μ, 0.999)",
    printed="t = min(t_{j+1}, 0.999)",
    assumptions={"an inner update": mu >= 1},
    statement=sp.And(
        code_level <= gamma + (1 - gamma) * (j + 1) / mu,
        code_level <= sp.Rational(999, 1000),
        sp.Implies(
            gamma + (1 - gamma) * (j + 1) / mu <= sp.Rational(999, 1000),
            equals(code_level, gamma + (1 - gamma) * (j + 1) / mu),
        ),
    ),
    model={"gamma": "3/5", "j": 3, "mu": 4},
    drops={"an inner update": {"gamma": "3/5", "j": 3, "mu": 0}},
)
def capped(goal: Goal) -> Theorem:
    return by_branches(goal, goal.claim, leaf)


def leaf(ctx: Context, p: Term) -> Theorem:
    """One side of the minimum."""
    if p.op == "and":
        return k.and_intro([leaf(ctx, q) for q in p.args])
    if p.op == "imp":
        return k.imp_intro(p.args[0], leaf(ctx.assuming(p.args[0]), p.args[1]))
    return linear_leaf(ctx, p) if p.op == "eq" else ctx.prove(p)


refuted(
    "maskgrpo.code.ratio",
    title="the released loss is that of Eq. 9: a mean of token ratios is the exponential of their sum (t = 1, two tokens)",
    source="released code against Eq. 9",
    printed="(1/m) Σ_{masked} π_θ/π_old = exp(l_θ - l_old)",
    statement=equals((r1 + r2) / 2, r1 * r2),
    witness={"r1": 1, "r2": 4},
    module=__name__,
    repair="maskgrpo.code.ratio.repaired",
    finding="Two masked tokens with ratios 1 and 4, t = 1: the code averages them, 5/2; Eq. 9 multiplies them, 4.",
)


@proposition(
    "maskgrpo.code.ratio.repaired",
    title="on policy both are 1 and have slopes in the token ratios that differ by the number of masked tokens",
    source="released code against Eq. 9",
    printed="∂/∂ρ_1 of (ρ_1 + ρ_2)/2 is 1/2, of ρ_1 ρ_2 at ρ = 1 it is 1",
    assumptions={"on policy": sp.And(equals(r1, 1), equals(r2, 1))},
    statement=sp.And(
        equals((r1 + r2) / 2, r1 * r2),
        derivative((r1 + r2) / 2, r1, sp.Rational(1, 2)),
        derivative(r1 * r2, r1, sp.Integer(1)),
    ),
    model={"r1": 1, "r2": 1},
    drops={"on policy": {"r1": 1, "r2": 4}},
)
def on_policy(goal: Goal) -> Theorem:
    one = goal.given["on policy"]
    known = [k.and_elim(one, n) for n in (0, 1)]

    def part(p: Term) -> Theorem:
        if p.op == "eq":
            return goal.equal(*p.args, *known)
        return slope_claim(goal, p, *known)

    return k.and_intro([part(p) for p in goal.claim.args])


p1, p2, q1, q2 = reals("p1 p2 q1 q2")

refuted(
    "maskgrpo.code.kl",
    title="the gradient of the code's KL term, on average over tokens of π, is that of KL(π‖π_ref) (softmax over two tokens)",
    source="released code: exp(d) - d - 1 with d = log π_ref - log π, differentiated in the loss",
    printed="E_π[∂(e^d - d - 1)/∂x_1] = π_1 - ref_1 = π_1 (log(π_1/ref_1) - KL(π‖π_ref)) = ∂KL(π‖π_ref)/∂x_1",
    assumptions={
        "π": sp.And(p1 > 0, p2 > 0, equals(p1 + p2, 1)),
        "π_ref": sp.And(q1 > 0, q2 > 0, equals(q1 + q2, 1)),
    },
    statement=equals(p1 - q1, p1 * (sp.log(p1 / q1) - (p1 * sp.log(p1 / q1) + p2 * sp.log(p2 / q2)))),
    witness={"p1": "1/2", "p2": "1/2", "q1": "1/4", "q2": "3/4"},
    module=__name__,
    repair="lossproof.k3_gradient",
    hints={"p1": "unit", "q1": "unit"},
    finding="With π = (1/2, 1/2) and π_ref = (1/4, 3/4) the code's gradient at the first logit is 1/4, that of "
    "KL(π_ref‖π); the gradient of KL(π‖π_ref) is 0.2747.",
)

total = sp.Sum(r(i), (i, 1, G))
deviation = sp.sqrt(sp.Sum((r(i) - total / G) ** 2, (i, 1, G)) / (G - 1))
EQUAL = {"two members": G >= 2, "equal rewards": ForAll(i, 1, G, equals(r(i), A)), "ε > 0": eps > 0}


@proposition(
    "maskgrpo.code.std",
    title="equal rewards give advantages of 0: the 1e-5 beside the standard deviation keeps 0/0 away",
    source="released code: advantage over std + 1e-5, ddof = 1",
    printed="r_1 = .. = r_G ⇒ (r_j - mean(r))/(σ(r) + ε) = 0",
    assumptions=EQUAL | {"a member": sp.And(j >= 1, j <= G)},
    statement=equals((r(j) - total / G) / (deviation + eps), 0),
    model={"G": 2, "r": [1, 1], "A": 1, "eps": "1/100000", "j": 1},
    drops={
        "two members": UNNEEDED,
        "equal rewards": {"G": 2, "r": [1, 0], "A": 1, "eps": 1, "j": 1},
        "ε > 0": {"G": 2, "r": [1, 1], "A": 1, "eps": 0, "j": 1},
        "a member": {"G": 2, "r": [1, 1, 2], "A": 1, "eps": 1, "j": 3},
    },
)
def silent(goal: Goal) -> Theorem:
    """The numerator is 0; the denominator is at least ε."""
    members = goal.given["equal rewards"]
    mean = under_sums(goal, term(total), members)
    zero = goal.equal(term(r(j) - total / G), ZERO, mean, goal.at(members, term(j)))
    squares = term(sp.Sum((r(i) - total / G) ** 2, (i, 1, G)))
    sign = nonnegative(goal, squares, ONE, term(G), lambda ctx, f: k.sos(le(ZERO, f), [(One, f.args[0], [])], [], []))
    below = k.inv_positive(goal.prove(lt(ZERO, term(G - 1))))
    variance = k.sos(le(ZERO, term(deviation).args[0].args[2]), [(One, ONE, [sign, below])], [], [])
    root = k.law("sqrt_nonnegative", variance.concl.args[1], ZERO, [variance])
    goal.define(variance, k.sos(lt(ZERO, term(deviation + eps)), [(One, ONE, [root]), (One, ONE, [goal.given["ε > 0"]])], [], []))
    return k.linear(goal.claim.args[0], ZERO, [zero], [term(1 / (deviation + eps))])


not_applicable(
    "maskgrpo.code.gspo",
    title="the code's 'gspo' option is GSPO",
    source="released code (its text was not at hand, only a description: a per-token clamp as in GMPO, no mean over tokens)",
    printed="-",
    reason="the text of the option was not at hand",
    module=__name__,
)
not_applicable(
    "maskgrpo.benchmarks",
    title="GSM8K 76.7 → 84.7, MATH500 32.4 → 37.6, MBPP 39.0 → 45.4, GenEval 0.56 → 0.81; up to 30 % faster training",
    source="headline numbers and ablation (secondary)",
    printed="-",
    reason="a measurement on trained models, which no proof or enumeration settles",
    module=__name__,
)
