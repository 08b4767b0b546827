"""GRPO's gradient with leave-one-out means is a U-statistic, and its exact variance.

Expectations are over outcomes a = 1..A of one completion with chances q(a); W is one coordinate of the score, so that
traces are sums over coordinates. Sharper than the paper: the remainder of Theorem 2 is (E[W²] Var Z + g²)/(G (G-1)).
"""

from fractions import Fraction

import sympy as sp

from theory import kernel as k
from theory.decide import Goal
from theory.kernel import Term, Theorem, mk, num, subst, var
from theory.kernel.terms import ONE, ZERO, add, eq, inv, le, lt, mul, sub
from theory.language import equals, family, integers, reals, term
from theory.proposition import UNNEEDED, proposition
from theory.tactics import MINUS, Context, discharge, instantiate
from theory.tactics.logic import conjunction

G, A, B, a, c, i, j, x, e, X, E = integers("G A B a c i j x e X E")
g, V, b, zeta_1, zeta_2, m_2, w_2, v_z, sigma_2 = reals("g V b zeta_1 zeta_2 E_WY2 E_W2 Var_Z sigma_2")
W, Z, q, w = family("W"), family("Z"), family("q"), family("w")
SOURCE = "arXiv 2603.01162"
One = Fraction(1)
HALF = term(sp.Rational(1, 2))


def over(f: sp.Expr, index: sp.Symbol = a) -> sp.Expr:
    """E[f]."""
    return sp.Sum(q(index) * f, (index, 1, A))


TOTAL_Z, TOTAL_W = sp.Sum(Z(j), (j, 1, G)), sp.Sum(W(j), (j, 1, G))
ESTIMATE = sp.Sum(W(i) * (Z(i) - (TOTAL_Z - Z(i)) / (G - 1)), (i, 1, G)) / G
PAIRS = sp.Sum(sp.Sum((W(i) - W(j)) * (Z(i) - Z(j)) / 2, (j, 1, i - 1)), (i, 1, G))
PAIR = {"G": 2, "W": [1, 0], "Z": [1, 0]}


@proposition(
    "ustat.lemma1",
    title="the gradient estimate with leave-one-out means is the mean over pairs of (1/2)(W_i - W_j)(Z_i - Z_j)",
    source=f"{SOURCE}, Lemma 1",
    printed="(1/G) Σ_g W_g (Z_g - mean_{h≠g} Z_h) = C(G,2)^{-1} Σ_{i<j} (1/2)(W_i - W_j)(Z_i - Z_j)",
    assumptions={"G ≥ 2": G >= 2},
    statement=equals(ESTIMATE, 2 / (G * (G - 1)) * PAIRS),
    model=PAIR,
    drops={"G ≥ 2": PAIR | {"G": 1}},
)
def lemma1(goal: Goal) -> Theorem:
    """2 Σ_{j<i} h_ij = G Σ WZ - Σ W Σ Z, by induction on G."""
    size = term(G)
    bound, _, _, inner = term(PAIRS).args
    n, t = var("pairs_n", "Z"), var("pairs_t", "Z")

    def at(f: sp.Function, s: Term) -> Term:
        return subst(term(f(i)), {term(i): s})

    def total(top: Term, f: Term) -> Term:
        return mk("sum", t, ONE, top, f)

    def sums(top: Term) -> tuple[Term, Term, Term]:
        return total(top, mul(at(W, t), at(Z, t))), total(top, at(W, t)), total(top, at(Z, t))

    def claim(top: Term) -> Term:
        both, ws, zs = sums(top)
        return eq(mk("sum", bound, ONE, top, inner), mul(HALF, sub(mul(top, both), mul(ws, zs))))

    start = Context()
    front = k.sum_step(mk("sum", bound, ONE, ONE, inner), [start.prove(le(ONE, ONE))])
    nothing = k.sum_empty(mk("sum", bound, ONE, sub(ONE, ONE), inner), [start.prove(lt(sub(ONE, ONE), ONE))])
    first = subst(inner, {bound: ONE})
    none = k.sum_empty(first, [start.prove(lt(first.args[2], first.args[1]))])
    singles = [single(s) for s in sums(ONE)]
    base = start.equal(*claim(ONE).args, front, nothing, none, *singles)

    last = add(n, ONE)
    inside = Context([k.assume(le(ONE, n))])
    grows = inside.arith(le(ONE, last))
    steps = [k.sum_step(s, [grows]) for s in (mk("sum", bound, ONE, last, inner), *sums(last))]
    row = inside.expand(subst(inner, {bound: last}))
    following = inside.equal(*claim(last).args, *steps, *([row] if row else []), k.assume(claim(n)))
    th = discharge(instantiate(k.induct(n, ONE, claim(n), base, following), {n: size}), [goal.arith(le(ONE, size))])
    return goal.equal(*goal.claim.args, th)


def single(s: Term) -> Theorem:
    """Σ_{t=1}^{1} f(t) = f(1)."""
    known = Context()
    step = k.sum_step(s, [known.prove(le(ONE, ONE))])
    empty = k.sum_empty(mk("sum", s.args[0], ONE, ZERO, s.args[3]), [known.prove(lt(ZERO, ONE))])
    return k.linear(s, subst(s.args[3], {s.args[0]: ONE}), [step, empty], [ONE, ONE])


LAW = {
    "the chances add up to 1": equals(sp.Sum(q(a), (a, 1, A)), 1),
    "the score has mean 0": equals(over(W(a)), 0),
    "V is the mean reward": equals(over(Z(a)), V),
    "g is the gradient": equals(over(W(a) * Z(a)), g),
}
COIN = {"A": 2, "q": ["1/2", "1/2"], "W": [1, -1], "Z": [1, 0], "V": "1/2", "g": "1/2"}
COIN_DROPS = {
    "the chances add up to 1": COIN | {"q": [1, 1], "V": 1, "g": 1},
    "the score has mean 0": COIN | {"W": [1, 0]},
    "V is the mean reward": COIN | {"V": 1},
    "g is the gradient": COIN | {"g": 1},
}


@proposition(
    "ustat.zeta1",
    title="the projection of the kernel on one completion is half of the oracle's term W (Z - V), plus half of g",
    source=f"{SOURCE}, proof of Theorem 2 (reconstruction: the proof was not at hand)",
    printed="E[h_12 | W_1, Z_1] = (1/2)(W_1 (Z_1 - V) + g)",
    assumptions=LAW,
    statement=equals(over((W(c) - W(a)) * (Z(c) - Z(a)) / 2), (W(c) * (Z(c) - V) + g) / 2),
    model=COIN | {"c": 1},
    drops={name: case | {"c": 1} for name, case in COIN_DROPS.items()},
    hints={"q": "unit"},
)
def zeta1(goal: Goal) -> Theorem:
    return goal.equal(*goal.claim.args, *goal.given.values())


MOMENTS = {
    "E[W² (Z-V)²]": equals(over(W(a) ** 2 * (Z(a) - V) ** 2), m_2),
    "E[W²]": equals(over(W(a) ** 2), w_2),
    "Var Z": equals(over((Z(a) - V) ** 2), v_z),
}
PAIR_SQUARE = over(sp.Sum(q(c) * ((W(a) - W(c)) * (Z(a) - Z(c)) / 2) ** 2, (c, 1, A)))
COIN_MOMENTS = COIN | {"E_WY2": "1/4", "E_W2": 1, "Var_Z": "1/4"}


@proposition(
    "ustat.theorem2",
    title="the variance for a group of two: the oracle's, plus (E[W²] Var Z + g²)/2",
    source=f"{SOURCE}, Theorem 2, for G = 2 with the remainder in closed form",
    printed="E[h_12²] - g² = Var(W (Z-V))/2 + (E[W²] Var Z + g²)/2",
    assumptions=LAW | MOMENTS,
    statement=equals(PAIR_SQUARE - g**2, (m_2 - g**2) / 2 + (w_2 * v_z + g**2) / 2),
    model=COIN_MOMENTS,
    drops={
        "the chances add up to 1": COIN_MOMENTS | {"q": [1, 1], "V": 1, "g": 1, "E_WY2": 1, "E_W2": 2, "Var_Z": 1},
        "the score has mean 0": COIN_MOMENTS | {"W": [1, 0], "E_WY2": "1/8", "E_W2": "1/2"},
        "V is the mean reward": COIN_MOMENTS | {"V": 1, "E_WY2": "1/2", "Var_Z": "1/2"},
        "g is the gradient": UNNEEDED,
        "E[W² (Z-V)²]": COIN_MOMENTS | {"E_WY2": 0},
        "E[W²]": COIN_MOMENTS | {"E_W2": 0},
        "Var Z": COIN_MOMENTS | {"Var_Z": 0},
    },
    hints={"q": "unit"},
    not_claimed="the count of pairs of pairs for G > 2: ustat.theorem2.remainder takes the classical formula",
)
def theorem2(goal: Goal) -> Theorem:
    """Everything in the moments E[q], E[W], E[Z], E[WZ], E[W²], E[Z²], E[W²Z], E[W²Z²], E[WZ²] of one completion."""
    left, right = goal.claim.args
    opened = [
        goal.equal(th.concl.args[1], th.concl.args[0], k.linear(th.concl.args[1], th.concl.args[0], [th], [MINUS]))
        for name, th in goal.given.items()
        if name in MOMENTS
    ]
    return goal.equal(left, right, *opened, *(th for name, th in goal.given.items() if name in LAW))


EXACT = (4 * (G - 2) * zeta_1 + 2 * zeta_2) / (G * (G - 1))
REST = w_2 * v_z + g**2
ZETAS = {
    "ζ_1 = Var(W (Z-V))/4": equals(zeta_1, sigma_2 / 4),
    "ζ_2 is the variance for G = 2": equals(zeta_2, (sigma_2 + REST) / 2),
}
NUMBERS = {"G": 2, "zeta_1": 0, "zeta_2": "1/4", "sigma_2": 0, "E_W2": 1, "Var_Z": "1/4", "g": "1/2"}


@proposition(
    "ustat.theorem2.remainder",
    title="the mean squared error is the oracle's plus (E[W²] Var Z + g²)/(G (G-1)), so within 4 E[W²] Var Z/G² of it",
    source=f"{SOURCE}, Theorem 2, from the variance of a U-statistic, (4 (G-2) ζ_1 + 2 ζ_2)/(G (G-1))",
    printed="MSE = Var(W (Z-V))/G + (E[W²] Var Z + g²)/(G (G-1)), 0 ≤ MSE - Var(W (Z-V))/G ≤ 4 E[W²] Var Z/G²",
    assumptions={"G ≥ 2": G >= 2} | ZETAS | {"second moments": sp.And(w_2 >= 0, v_z >= 0), "Cauchy-Schwarz": g**2 <= w_2 * v_z},
    unstated=("Cauchy-Schwarz",),
    statement=sp.And(
        equals(EXACT, sigma_2 / G + REST / (G * (G - 1))),
        EXACT >= sigma_2 / G,
        EXACT - sigma_2 / G <= 4 * w_2 * v_z / G**2,
    ),
    model=NUMBERS,
    drops={
        "G ≥ 2": NUMBERS | {"G": 1},
        "ζ_1 = Var(W (Z-V))/4": NUMBERS | {"G": 3, "zeta_1": 1},
        "ζ_2 is the variance for G = 2": NUMBERS | {"zeta_2": 1},
        "second moments": UNNEEDED,
        "Cauchy-Schwarz": NUMBERS | {"g": 2, "zeta_2": "17/8"},
    },
    hints={"E_W2": "ratio", "Var_Z": "ratio"},
    not_claimed="the classical variance of a U-statistic itself, which is taken from Hoeffding (1948); groups by enumeration: "
    "numeric evidence",
)
def remainder(goal: Goal) -> Theorem:
    size, fewer = goal.prove(lt(ZERO, term(G))), goal.arith(lt(ZERO, term(G - 1)))
    inside = goal.with_facts(size, fewer)
    zetas = [goal.given[name] for name in ZETAS]
    equation = next(p for p in goal.claim.args if p.op == "eq")
    value = inside.equal(*equation.args, *zetas)
    over_g, over_f = k.inv_positive(size), k.inv_positive(fewer)
    product = k.sos(le(ZERO, term(w_2 * v_z)), [(One, ONE, list(second_moments(goal)))], [], [])
    rest = k.sos(le(ZERO, term(REST)), [(One, ONE, [product]), (One, term(g), [])], [], [])
    units = [k.field(mul(th.concl.args[1], inv(th.concl.args[1])), ONE, [k.negate(th)]) for th in (size, fewer)]
    out = [value]
    squared = k.sos(lt(ZERO, term(G**2)), [(One, ONE, [size, size])], [], [])
    goal.define(squared, size, fewer)
    square = k.field(term(1 / G**2), mul(inv(term(G)), inv(term(G))), [k.negate(squared), k.negate(size)])
    oracle, scale = term(sigma_2 / G), mul(inv(term(G)), inv(term(G - 1)))
    gap = k.linear(sub(term(EXACT), oracle), mul(term(REST), scale), [value], [ONE])
    for claim in (p for p in goal.claim.args if p.op == "le"):
        if claim.args[0] is oracle or k.same(claim.args[0], oracle):
            out.append(k.sos(claim, [(One, ONE, [rest, over_g, over_f])], [gap], [ONE]))
            continue
        # y/(G (G-1)) <= 2x/(G (G-1)) <= 4x/G², from y <= 2x and 1/(G-1) <= 2/G
        double = k.sos(le(term(REST), term(2 * w_2 * v_z)), [(One, ONE, [goal.given["Cauchy-Schwarz"]])], [], [])
        half = fraction_order(goal, over_g, over_f, units)
        parts = [(One, ONE, [double, over_g, over_f]), (2 * One, ONE, [product, over_g, half])]
        out.append(k.sos(claim, parts, [gap, square], [MINUS, term(4 * w_2 * v_z)]))
    return conjunction(goal.claim, *out)


def second_moments(goal: Goal) -> list[Theorem]:
    return [k.and_elim(goal.given["second moments"], n) for n in range(2)]


def fraction_order(goal: Goal, over_g: Theorem, over_f: Theorem, units: list[Theorem]) -> Theorem:
    """1/(G-1) <= 2/G for 2 <= G."""
    u, v = over_g.concl.args[1], over_f.concl.args[1]
    # 2u - v = (G - 2) u v, for u G = 1 and v (G-1) = 1
    claim = le(v, mul(num(2), u))
    return k.sos(claim, [(One, ONE, [goal.given["G ≥ 2"], over_g, over_f])], units, [v, mul(num(-2), u)])
