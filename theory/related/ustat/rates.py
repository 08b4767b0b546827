"""Convergence of gradient ascent with GRPO's gradient (Lemma 6), the best group size (Theorem 7), and the limit laws.

Δ(n) is the expected gap E[J* - J(θ_n)], M bounds the mean squared error of the gradient estimate.
"""

from fractions import Fraction

import sympy as sp

from theory import kernel as k
from theory.decide import Goal
from theory.kernel import Term, Theorem, mk, subst
from theory.kernel.terms import ONE, ZERO, add, app, le, lt, mul, sub
from theory.language import ForAll, equals, family, integers, reals, term
from theory.proposition import UNNEEDED, not_applicable, proposition
from theory.tactics import Context
from theory.tactics.logic import conjunction, swapped
from theory.tactics.powers import by_induction, power_step, power_zero

n, m = integers("n m")
beta, mu, L, M, gap, following, slope = reals("beta mu L M Delta Delta_next S")
c_1, c_2, c_3, G, G_opt, N = reals("c_1 c_2 c_3 G G_opt N")
Delta = family("Delta")
SOURCE = "arXiv 2603.01162"
One = Fraction(1)
RHO = 1 - 2 * mu * beta + L * mu * beta**2
FLOOR = L * beta**2 * M / (4 * mu * beta - 2 * L * mu * beta**2)
STEP = {"0 < β < 1/(2L)": sp.And(beta > 0, 2 * L * beta < 1), "0 < μ ≤ L": sp.And(mu > 0, mu <= L)}
UNIT = {"beta": "1/4", "mu": 1, "L": 1, "M": 1}


@proposition(
    "ustat.lemma6.step",
    title="one step contracts the gap by 1 - 2μβ + Lμβ² and adds Lβ²M/2",
    source=f"{SOURCE}, Lemma 6 (reconstruction of its proof: smoothness, unbiasedness, then the PL condition)",
    printed="E Δ_{n+1} ≤ (1 - 2μβ + Lμβ²) E Δ_n + Lβ²M/2",
    assumptions=STEP
    | {
        "L-smooth and unbiased": following <= gap - beta * slope + L * beta**2 / 2 * (slope + M),
        "PL": slope >= 2 * mu * gap,
    },
    statement=following <= RHO * gap + L * beta**2 * M / 2,
    model=UNIT | {"Delta": 1, "Delta_next": 0, "S": 2},
    drops={
        "0 < β < 1/(2L)": UNIT | {"beta": 4, "Delta": 1, "Delta_next": 41, "S": 10, "M": 0},
        "0 < μ ≤ L": UNNEEDED,
        "L-smooth and unbiased": UNIT | {"Delta": 1, "Delta_next": 5, "S": 2},
        "PL": UNIT | {"Delta": 1, "Delta_next": 1, "S": 0},
    },
    hints={"mu": "ratio", "L": "ratio"},
)
def step(goal: Goal) -> Theorem:
    """β - Lβ²/2 > 0, so the PL condition may be put in for ‖∇J‖²."""
    positive, small = parts(goal, "0 < β < 1/(2L)", beta)
    # β - Lβ²/2 = β (1 - 2Lβ)/4 + 3β/4
    pieces = [(Fraction(1, 4), ONE, [positive, small]), (Fraction(3, 4), ONE, [positive])]
    factor = k.sos(lt(ZERO, term(beta - L * beta**2 / 2)), pieces, [], [])
    return k.sos(goal.claim, [(One, ONE, [goal.given["L-smooth and unbiased"]]), (One, ONE, [factor, goal.given["PL"]])], [], [])


def parts(goal: Goal, name: str, symbol: sp.Symbol) -> tuple[Theorem, Theorem]:
    """Both parts of an assumption, that which says 0 < symbol first."""
    both = [k.and_elim(goal.given[name], e) for e in range(2)]
    return tuple(sorted(both, key=lambda th: th.concl is not lt(ZERO, term(symbol))))  # type: ignore[return-value]


@proposition(
    "ustat.lemma6",
    title="with a constant step the gap decays geometrically to a floor",
    source=f"{SOURCE}, Lemma 6",
    printed="E Δ_n ≤ (1 - 2μβ + Lμβ²)^n Δ_0 + Lβ²M/(4μβ - 2Lμβ²)",
    assumptions=STEP
    | {
        "n ≥ 0": n >= 0,
        "one step": ForAll(m, 0, n - 1, Delta(m + 1) <= RHO * Delta(m) + L * beta**2 * M / 2),
        "M ≥ 0": M >= 0,
    },
    statement=Delta(n) <= RHO**n * Delta(0) + FLOOR,
    model=UNIT | {"n": 1, "Delta": lambda m: 1 if m == 0 else 0},
    drops={
        "0 < β < 1/(2L)": UNIT | {"beta": 2, "n": 0, "Delta": lambda m: 1},
        "0 < μ ≤ L": UNNEEDED,
        "n ≥ 0": UNIT | {"n": -1, "Delta": lambda m: 1},
        "one step": UNIT | {"n": 1, "Delta": lambda m: 9 * m},
        "M ≥ 0": UNIT | {"M": -9, "n": 0, "Delta": lambda m: 0},
    },
    hints={"mu": "ratio", "L": "ratio", "M": "ratio"},
)
def lemma6(goal: Goal) -> Theorem:
    """The floor is the fixed point of the step; ρ > 0, so that the induction keeps the order."""
    positive, small = parts(goal, "0 < β < 1/(2L)", beta)
    curvature, order = parts(goal, "0 < μ ≤ L", mu)
    both = [(One, ONE, [curvature, positive, small]), (3 * One, ONE, [curvature, positive])]
    # 4μβ - 2Lμβ² = μβ (1 - 2Lβ) + 3μβ
    bottom = k.sos(lt(ZERO, term(4 * mu * beta - 2 * L * mu * beta**2)), both, [], [])
    smooth = k.sos(lt(ZERO, term(L)), [(One, ONE, [curvature]), (One, ONE, [order])], [], [])
    # ρ = (1 - 2Lβ) + 2β (L - μ) + Lμβ²
    pieces = [(One, ONE, [small]), (2 * One, ONE, [positive, order]), (One, ONE, [smooth, curvature, positive, positive])]
    rho = k.sos(lt(ZERO, term(RHO)), pieces, [], [])
    goal.define(bottom)
    floor, size = term(FLOOR), term(n)
    inverse = k.inv_positive(bottom)
    fixed = goal.with_facts(bottom).equal(floor, add(mul(term(RHO), floor), term(L * beta**2 * M / 2)))
    floor_sign = k.sos(le(ZERO, floor), [(One, ONE, [smooth, positive, positive, goal.given["M ≥ 0"], inverse])], [], [])

    def claim(i: Term) -> Term:
        power = app("pow", term(RHO), i)
        within = le(i, size)
        return mk("imp", within, le(subst(term(Delta(m)), {term(m): i}), add(mul(power, start), floor)))

    start = term(Delta(0))
    one = power_zero(term(RHO))
    first = k.sos(claim(ZERO).args[1], [(One, ONE, [floor_sign])], [one], [start])
    base = k.imp_intro(claim(ZERO).args[0], first)

    def next_(inside: Context, i: Term) -> Theorem:
        reach = claim(add(i, ONE)).args[0]
        here = inside.assuming(reach)
        known = k.imp_elim(k.assume(claim(i)), here.arith(le(i, size)))
        move = here.with_facts(here.arith(le(i, sub(size, ONE)))).at(goal.given["one step"], i)
        law = power_step(here, term(RHO), i)
        pieces = [(One, ONE, [move]), (One, ONE, [rho, known])]
        th = k.sos(claim(add(i, ONE)).args[1], pieces, [fixed, law], [ONE, start])
        return k.imp_intro(reach, th)

    th = by_induction(goal, claim, base, next_, size)
    return k.imp_elim(th, goal.prove(le(size, size)))


BUDGET = {
    "G > 0": G > 0,
    "G* > 0": G_opt > 0,
    "c_1 ≥ 0": c_1 >= 0,
    "N > 0": N > 0,
    "G* = sqrt(c_3/c_1)": equals(c_1 * G_opt**2, c_3),
}


def cost(size: sp.Expr) -> sp.Expr:
    """c_1/B + c_2/(BG) + c_3/(BG²) at B = N/G."""
    return c_1 / (N / size) + c_2 / (N / size * size) + c_3 / (N / size * size**2)


CASE = {"c_1": 1, "c_2": 1, "c_3": 4, "G_opt": 2, "G": 1, "N": 8}


@proposition(
    "ustat.theorem7",
    title="for a fixed number N = BG of completions the bound is least at G* = sqrt(c_3/c_1), whatever N and c_2 are",
    source=f"{SOURCE}, Theorem 7",
    printed="c_1/B + c_2/(BG) + c_3/(BG²) at BG = N is least at G* = sqrt(c_3/c_1)",
    assumptions=BUDGET,
    statement=sp.And(
        equals(cost(G) - cost(G_opt), c_1 * (G - G_opt) ** 2 / (N * G)),
        cost(G_opt) <= cost(G),
    ),
    model=CASE,
    drops={
        "G > 0": CASE | {"G": 0},
        "G* > 0": CASE | {"G_opt": 0, "c_3": 0},
        "c_1 ≥ 0": CASE | {"c_1": -1, "c_3": -4},
        "N > 0": CASE | {"N": 0},
        "G* = sqrt(c_3/c_1)": CASE | {"c_3": 1},
    },
    hints={"G": "ratio", "G_opt": "ratio", "c_1": "ratio", "N": "ratio"},
    not_claimed="that the true error is least there: c_3 is the constant of an O() term, and the bound is an upper bound. B and "
    "G are real numbers here",
)
def theorem7(goal: Goal) -> Theorem:
    sizes = [goal.given[name] for name in ("G > 0", "G* > 0", "N > 0")]
    inside = goal.with_facts(*sizes)
    equation, order = sorted(goal.claim.args, key=lambda q: q.op != "eq")
    value = inside.equal(*equation.args, swapped(goal.given["G* = sqrt(c_3/c_1)"]))
    pieces = [(One, term(G - G_opt), [goal.given["c_1 ≥ 0"], k.inv_positive(sizes[0]), k.inv_positive(sizes[2])])]
    return conjunction(goal.claim, value, k.sos(order, pieces, [value], [ONE]))


for label, title, printed, reason in (
    ("theorem7.universal", "the best group size is the same for every budget in training",
     "G* does not depend on N", "training runs; as noted from the paper's table, G* is 64 at N = 1024, 2048 but 128 at 4096"),
    ("theorem8", "with steps 1/n, n times the gap tends to a weighted sum of chi-squared variables",
     "n Δ(π_n) → Σ_k w_k χ²_1", "a limit in distribution: probability theory beyond finite sums"),
    ("corollary9", "the weights of the limit law are the oracle's up to O(G^-2)",
     "w_k = w_k(oracle) + O(G^{-2})", "rests on the limit law of Theorem 8, whose weights were not at hand"),
    ("corollary10", "the value baseline's limit law is that of the group mean up to O(G^-2)",
     "Corollary 10: as Corollary 9", "rests on the limit law of Theorem 8; the exact statement was not at hand"),
):  # fmt: skip
    not_applicable(
        f"ustat.{label}",
        title=title,
        source=f"{SOURCE}, {label.partition('.')[0].capitalize()}" + (" (reconstruction)" if label == "corollary10" else ""),
        printed=printed,
        reason=reason,
        module=__name__,
    )
