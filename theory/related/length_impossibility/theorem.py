"""P1: the expectation is c times the gradient for every policy; P2: f(L) Γ(L) is the same for all lengths (Theorem 6).

One coordinate of the score S; outcomes a = 1..A of a completion with chances q(a). Γ(L) is the typical size of S at length L.
"""

from fractions import Fraction

import sympy as sp

from theory import kernel as k
from theory.decide import Goal
from theory.kernel import Term, Theorem, num, subst
from theory.kernel.terms import ONE, ZERO, inv, le, lt, mul
from theory.language import ForAll, equals, family, integers, reals, term
from theory.proposition import UNNEEDED, proposition
from theory.tactics import MINUS
from theory.tactics.logic import conjunction

A, G, N, T, a, e, i, j, t, u = integers("A G N T a e i j t u")
c, mu, kappa, f_l, f_m, g_l, g_m, s_l, s_m, J = reals("c mu kappa f_l f_m Gamma_l Gamma_m s_l s_m J")
long, short, r, b = reals("L_long L_short r b")
q, f, S, R, L, adv, s = (family(name) for name in ("q", "f", "S", "R", "L", "A_", "s"))
SOURCE = "arXiv 2607.23364 (reconstruction)"
One = Fraction(1)


def over(x: sp.Expr) -> sp.Expr:
    return sp.Sum(q(a) * x, (a, 1, A))


def expected(weight: sp.Expr, reward: sp.Expr, mean: sp.Expr) -> sp.Expr:
    """E[w_i S_i (R_i - mean R)]: the G-1 others enter the mean of the rewards linearly, so by their mean."""
    return over(weight * S(a) * (reward - (reward + (G - 1) * mean) / G))


LAW = {
    "the chances add up to 1": equals(sp.Sum(q(a), (a, 1, A)), 1),
    "μ is the mean reward": equals(over(R(a)), mu),
}
COIN = {"A": 2, "q": ["1/2", "1/2"], "S": [1, -1], "R": [1, 0], "f": [1, 2], "mu": "1/2", "G": 2}


@proposition(
    "length_impossibility.corollary12",
    title="the expectation of the estimate is 1 - 1/G times the covariance of f(L) S with the reward",
    source=f"{SOURCE}, Corollary 12 (its closed form was not seen)",
    printed="E[f(L_i) (R_i - mean R) S_i] = (1 - 1/G) (E[f(L) S R] - E[f(L) S] E[R])",
    assumptions={"G ≥ 1": G >= 1} | LAW,
    statement=equals(expected(f(a), R(a), mu), (1 - 1 / G) * (over(f(a) * S(a) * R(a)) - over(f(a) * S(a)) * over(R(a)))),
    model=COIN,
    drops={"G ≥ 1": COIN | {"G": 0}, "the chances add up to 1": UNNEEDED, "μ is the mean reward": COIN | {"mu": 1}},
    hints={"q": "unit"},
    not_claimed="the same of the group's sample space as a whole: lossproof.group_factor. f(a) is f at the length of a",
)
def corollary12(goal: Goal) -> Theorem:
    mean = goal.given["μ is the mean reward"]
    return goal.with_facts(goal.prove(lt(ZERO, term(G)))).equal(*goal.claim.args, mean)


@proposition(
    "length_impossibility.fixed_length",
    title="if all completions have the same length, every f gives the gradient up to a factor",
    source=f"{SOURCE}, scope of Theorem 6",
    printed="L = const ⇒ E[f(L) S R] - E[f(L) S] E[R] = f (E[S R] - E[S] E[R])",
    assumptions={"one length": ForAll(a, 1, A, equals(f(a), c))},
    statement=equals(
        over(f(a) * S(a) * R(a)) - over(f(a) * S(a)) * over(R(a)), c * (over(S(a) * R(a)) - over(S(a)) * over(R(a)))
    ),
    model=COIN | {"f": [1, 1], "c": 1},
    drops={"one length": COIN | {"f": [1, 3], "c": 1}},
    hints={"q": "unit"},
)
def fixed_length(goal: Goal) -> Theorem:
    index = goal.fresh(goal.claim)
    same = goal.assuming(le(ONE, index), le(index, term(A))).at(goal.given["one length"], index)
    at = {term(a): index}
    rows = []
    for x in (q(a) * S(a) * R(a), q(a) * S(a)):
        weight = subst(term(x), at)
        th = k.linear(mul(weight, same.concl.args[0]), mul(weight, same.concl.args[1]), [same], [weight])
        rows.append(k.sum_congr(index, ONE, term(A), th))
    return goal.equal(*goal.claim.args, *rows)


# A policy with four equally likely completions: two of length l with scores ±s_l, two of length m with scores ±s_m.
R_1, R_2, R_3, R_4 = reals("R_1 R_2 R_3 R_4")
GRADIENT = (s_l * R_1 - s_l * R_2 + s_m * R_3 - s_m * R_4) / 4
ESTIMATE = (f_l * s_l * R_1 - f_l * s_l * R_2 + f_m * s_m * R_3 - f_m * s_m * R_4) / 4  # E[f S] is 0


def rewarded(x: sp.Expr, *rewards: int) -> sp.Expr:
    return x.subs(dict(zip((R_1, R_2, R_3, R_4), rewards, strict=True)))


SCORED = {"the scores are not 0": sp.And(sp.Ne(s_l, 0), sp.Ne(s_m, 0))}
P1 = sp.And(*(equals(rewarded(ESTIMATE, *x), c * rewarded(GRADIENT, *x)) for x in ((1, 0, 0, 0), (0, 0, 1, 0))))
FOUR = {"s_l": 1, "s_m": 2, "f_l": 1, "f_m": 1, "c": 1, "Gamma_l": 1, "Gamma_m": 1}


@proposition(
    "length_impossibility.theorem6",
    title="no f is both unbiased and length-invariant where the size of the score varies with the length",
    source=f"{SOURCE}, Theorem 6",
    printed="P1 for this policy and two rewards ⇒ f(l) = f(m) = c; with P2, f(l) Γ(l) = f(m) Γ(m), also Γ(l) = Γ(m)",
    assumptions=SCORED | {"P1": P1, "c ≠ 0": sp.Ne(c, 0)},
    unstated=("c ≠ 0",),
    statement=sp.And(equals(f_l, c), equals(f_m, c), sp.Implies(equals(f_l * g_l, f_m * g_m), equals(g_l, g_m))),
    model=FOUR,
    drops={
        "the scores are not 0": FOUR | {"s_m": 0, "f_m": 2},
        "P1": FOUR | {"f_m": 2},
        "c ≠ 0": FOUR | {"f_l": 0, "f_m": 0, "c": 0, "Gamma_m": 2},
    },
    not_claimed="the same for f that depends on more than the length of a completion. Without c ≠ 0, f = 0 satisfies both",
)
def theorem6(goal: Goal) -> Theorem:
    both = goal.given["the scores are not 0"]
    nonzero = {th.concl.args[0].args[0]: th for th in (k.and_elim(both, n) for n in range(2))}
    unbiased = [k.and_elim(goal.given["P1"], n) for n in range(2)]
    values = []
    for weight, score in ((f_l, s_l), (f_m, s_m)):
        given = next(th for th in unbiased if term(weight) in th.concl.free)
        unit = k.field(mul(term(score), inv(term(score))), ONE, [nonzero[term(score)]])
        scale = mul(num(4), inv(term(score)))
        values.append(k.linear(term(weight), term(c), [given, unit], [scale, mul(MINUS, term(weight - c))]))
    last = next(p for p in goal.claim.args if p.op == "imp")
    given = k.assume(last.args[0])
    unit = k.field(mul(term(c), inv(term(c))), ONE, [goal.given["c ≠ 0"]])
    over_c = inv(term(c))
    sizes = k.linear(
        *last.args[1].args,
        [given, values[0], values[1], unit],
        [over_c, mul(MINUS, over_c, term(g_l)), mul(over_c, term(g_m)), term(g_m - g_l)],
    )
    return conjunction(goal.claim, *values, k.imp_intro(last.args[0], sizes))


@proposition(
    "length_impossibility.corollary8",
    title="of the family L^(α-1), α = 0 (GRPO) is length-invariant exactly if the score grows like L, α = 1/2 exactly if it "
    "grows like sqrt(L)",
    source=f"{SOURCE}, Corollary 8, with the growth of the score said",
    printed="f_0(L) Γ(L) = κ iff Γ(L) = κ L;  f_{1/2}(L) Γ(L) = κ iff Γ(L) = κ sqrt(L)",
    assumptions={"L > 0": long > 0},
    statement=sp.And(
        sp.Equivalent(equals(g_l / long, kappa), equals(g_l, kappa * long), evaluate=False),
        sp.Equivalent(equals(g_l / sp.sqrt(long), kappa), equals(g_l, kappa * sp.sqrt(long)), evaluate=False),
    ),
    model={"L_long": 4, "Gamma_l": 1, "kappa": 1},
    drops={"L > 0": {"L_long": 0, "Gamma_l": 1, "kappa": 1}},
    hints={"L_long": "ratio"},
    not_claimed="α = 1 (Dr. GRPO): f = 1 is length-invariant exactly if Γ is constant",
)
def corollary8(goal: Goal) -> Theorem:
    length = goal.given["L > 0"]
    root = goal.sqrt_positive(term(long))
    goal.define(root)
    out = []
    for claim, positive in zip(goal.claim.args, sizes_of(goal.claim.args, [length, root]), strict=True):
        x = positive.concl.args[1]
        unit = k.field(mul(x, inv(x)), ONE, [k.negate(positive)])
        directions = []
        for way in claim.args:
            given = k.assume(way.args[0])
            divided = "inv(" in repr(way.args[0])
            cofactors = [x, mul(MINUS, term(g_l))] if divided else [inv(x), term(kappa)]
            directions.append(k.imp_intro(way.args[0], k.linear(*way.args[1].args, [given, unit], cofactors)))
        out.append(k.and_intro(directions))
    return conjunction(goal.claim, *out)


def sizes_of(claims: tuple[Term, ...], positives: list[Theorem]) -> list[Theorem]:
    """For each claim the positive number that it divides by."""
    length, root = positives
    return [root if "sqrt" in repr(claim) else length for claim in claims]
