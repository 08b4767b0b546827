"""The step size from the signal-to-noise ratio, and what the smoothness of J gives with it. g2 = ‖∇J‖², V = tr Var ĝ.

Statement   If J is L-smooth, a step η along an unbiased ĝ gains at least η g2 - (L η²/2)(g2 + V) on average. This is largest
            at η* = (1/L) g2/(g2 + V), and is g2²/(2L (g2 + V)) there; η* grows with the number of prompts and responses.
"""

from fractions import Fraction

import sympy as sp

from theory import kernel as k
from theory.decide import Goal
from theory.kernel import Theorem, subst
from theory.kernel.terms import ONE, ZERO, add, app, inv, le, lt, mul
from theory.kernel.theorem import same
from theory.language import ForAll, equals, family, integers, reals, tends, term
from theory.proposition import UNNEEDED, Case, not_applicable, proposition
from theory.tactics import MINUS, Context, discharge, instantiate
from theory.tactics.adam import with_limit
from theory.tactics.logic import conjunction

from . import SOURCE

N, G, M, H, D, E, e, i = integers("N G M H D E e i")
L, eta, g2, V, V1, V2, U, J = reals("L eta g2 V V1 V2 U J")
P, ghat, grad, J_after = map(family, ("P", "ghat", "grad", "J1"))
one = Fraction(1)


def gain(eta: sp.Expr, V: sp.Expr = V) -> sp.Expr:
    return eta * g2 - L * eta**2 / 2 * (g2 + V)


def best(V: sp.Expr = V) -> sp.Expr:
    return g2 / (L * (g2 + V))


SIGNS = {"L > 0": L > 0, "g2 > 0": g2 > 0, "V >= 0": V >= 0}
ONES: Case = {"L": 1, "g2": 1, "V": 1, "eta": 1}


def outcomes(f: sp.Expr) -> sp.Expr:
    return sp.Sum(P(e) * f, (e, 1, E))


UNBIASED, NOISE, SMOOTH = "ĝ is unbiased", "V is the variance of ĝ", "J is L-smooth"


@proposition(
    "oblrpo.ascent",
    title="one step along an unbiased estimate gains η g2 - (L η²/2)(g2 + V) on average, or more",
    source=SOURCE,
    printed="E J(θ + η ĝ) ≥ J(θ) + η ‖∇J‖² - (L η²/2)(‖∇J‖² + V)",
    assumptions={
        "probabilities": sp.And(ForAll(e, 1, E, P(e) >= 0), equals(sp.Sum(P(e), (e, 1, E)), 1)),
        UNBIASED: equals(outcomes(sp.Sum(grad(i) * ghat(i, e), (i, 1, D))), g2),
        NOISE: equals(outcomes(sp.Sum(ghat(i, e) ** 2, (i, 1, D))), g2 + V),
        SMOOTH: ForAll(
            e,
            1,
            E,
            J_after(e) >= J + eta * sp.Sum(grad(i) * ghat(i, e), (i, 1, D)) - L * eta**2 / 2 * sp.Sum(ghat(i, e) ** 2, (i, 1, D)),
        ),
    },
    statement=outcomes(J_after(e)) >= J + gain(eta),
    model=(STEP := ONES | {"E": 1, "D": 1, "P": [1], "ghat": [[1]], "grad": [1], "J": 0, "J1": [1], "V": 0}),
    drops={
        "probabilities": STEP | {"E": 2, "P": [1, 1], "ghat": [[1, 0]], "J": 1, "J1": [2, 1], "L": 1} | {"J": -1, "J1": [0, -1]},
        UNBIASED: STEP | {"g2": 2, "V": -1},
        NOISE: STEP | {"V": -2},
        SMOOTH: STEP | {"J1": [0]},
    },
    not_claimed="that J of a policy is L-smooth, and with which L",
)
def ascent(goal: Goal) -> Theorem:
    """The mean of the inequality of smoothness over outcomes."""
    t, last = goal.fresh(goal.claim), term(E)
    inside = goal.assuming(le(ONE, t), le(t, last))
    law = goal.given["probabilities"]
    parts = [k.and_elim(law, n) for n in (0, 1)]
    positive, whole = sorted(parts, key=lambda th: th.concl.op == "eq")
    smooth = inside.at(goal.given[SMOOTH], t)
    weight = inside.at(positive, t)
    low, high = (mul(app("P", t), side) for side in smooth.concl.args)
    each = k.sos(le(low, high), [(Fraction(1), ONE, [weight, smooth])], [], [])
    mean = k.sum_congr(t, ONE, last, each)
    average = goal.equal(mean.concl.args[0], goal.claim.args[0], whole, goal.given[UNBIASED], goal.given[NOISE])
    return k.sos(goal.claim, [(Fraction(1), ONE, [mean])], [average], [ONE])


@proposition(
    "oblrpo.step",
    title="the guaranteed gain is largest at η* = g2/(L (g2 + V)); any other step loses (L/2)(g2 + V)(η - η*)² of it",
    source=SOURCE,
    printed="η* = (1/L) ‖∇J‖²/(‖∇J‖² + V), gain ‖∇J‖⁴/(2L (‖∇J‖² + V))",
    assumptions=SIGNS,
    statement=sp.And(
        equals(gain(best()), g2**2 / (2 * L * (g2 + V))),
        equals(gain(best()) - gain(eta), L / 2 * (g2 + V) * (eta - best()) ** 2),
        gain(eta) <= gain(best()),
    ),
    model=ONES,
    drops={"L > 0": ONES | {"L": -1}, "g2 > 0": ONES | {"g2": 0, "V": 0}, "V >= 0": ONES | {"V": -2}},
    not_claimed="that this step is best for J: it is best for a lower bound; anything about a step rescaled by Adam",
)
def step(goal: Goal) -> Theorem:
    whole = k.sos(lt(ZERO, term(g2 + V)), [(Fraction(1), ONE, [goal.given[name]]) for name in ("g2 > 0", "V >= 0")], [], [])
    product = k.sos(lt(ZERO, term(L * (g2 + V))), [(Fraction(1), ONE, [goal.given["L > 0"], whole])], [], [])
    goal.know(whole, product)
    goal.define(whole, product)
    equations = [goal.equal(*q.args) for q in goal.claim.args if q.op == "eq"]
    loss = next(th for th in equations if term(eta) in th.concl.free)
    part = (Fraction(1, 2), term(eta - best()), [goal.given["L > 0"], whole])
    least = k.sos(le(term(gain(eta)), term(gain(best()))), [part], [loss], [ONE])
    return conjunction(goal.claim, *equations, least)


@proposition(
    "oblrpo.step.snr",
    title="in terms of the signal-to-noise ratio R = g2/V the step is (1/L) R/(1 + R)",
    source=SOURCE,
    printed="η* = (1/L) SNR/(1 + SNR), SNR = ‖∇J‖²/V",
    assumptions={"L > 0": L > 0, "g2 > 0": g2 > 0, "V > 0": V > 0},
    statement=equals(best(), g2 / V / (1 + g2 / V) / L),
    model=ONES,
    drops={"L > 0": ONES | {"L": 0}, "g2 > 0": UNNEEDED, "V > 0": ONES | {"V": 0}},
)
def by_ratio(goal: Goal) -> Theorem:
    signs = [goal.given[name] for name in ("g2 > 0", "V > 0")]
    whole = k.sos(lt(ZERO, term(g2 + V)), [(Fraction(1), ONE, [th]) for th in signs], [], [])
    product = k.sos(lt(ZERO, term(L * (g2 + V))), [(Fraction(1), ONE, [goal.given["L > 0"], whole])], [], [])
    ratio = k.sos(
        lt(ZERO, term(1 + g2 / V)), [(Fraction(1), ONE, [signs[0], k.inv_positive(signs[1])]), (Fraction(1), ONE, [])], [], []
    )
    goal.define(whole, product, ratio)
    return goal.with_facts(whole, product, ratio).prove(goal.claim)


def spread(N: sp.Expr, G: sp.Expr) -> sp.Expr:
    return V1 / N + V2 / (N * G)


@proposition(
    "oblrpo.step.batch",
    title="with V = V1/N + V2/(N G) the step grows with N and with G, and stays below 1/L",
    source=SOURCE,
    printed="N ≤ M, G ≤ H  ⇒  η*(N, G) ≤ η*(M, H) ≤ 1/L",
    assumptions={
        "L > 0": L > 0,
        "g2 > 0": g2 > 0,
        "variances": sp.And(V1 >= 0, V2 >= 0),
        "sizes": sp.And(N >= 1, G >= 1, M >= N, H >= G),
    },
    statement=sp.And(best(spread(N, G)) <= best(spread(M, H)), best(spread(M, H)) <= 1 / L),
    model=(SIZES := {"L": 1, "g2": 1, "V1": 1, "V2": 1, "N": 1, "G": 1, "M": 2, "H": 2}),
    drops={
        "L > 0": SIZES | {"L": -1},
        "g2 > 0": SIZES | {"g2": 0, "V1": 0, "V2": 0},
        "variances": SIZES | {"V1": "-1/2", "V2": 0},
        "sizes": SIZES | {"M": 1, "N": 2},
    },
)
def batch(goal: Goal) -> Theorem:
    """Both variances fall with the sizes, and η* falls with the variance."""
    of_sizes = goal.given["sizes"]
    at_least = [k.and_elim(of_sizes, n) for n in range(4)]
    n, g, m, h = map(term, (N, G, M, H))
    positive = {x: goal.with_facts(*at_least).arith(lt(ZERO, x)) for x in (n, g, m, h)}
    products = {(x, y): k.sos(lt(ZERO, mul(x, y)), [(one, ONE, [positive[x], positive[y]])], [], []) for x, y in ((n, g), (m, h))}
    prompts, group = (goal.arith(le(*pair)) for pair in ((n, m), (g, h)))
    both = k.sos(le(mul(n, g), mul(m, h)), [(one, ONE, [prompts, positive[h]]), (one, ONE, [group, positive[n]])], [], [])
    orders = [inverse_order(positive[n], positive[m], prompts), inverse_order(products[n, g], products[m, h], both)]
    unfold = [
        Context([positive[x], positive[y], products[x, y]]).equal(mul(inv(x), inv(y)), inv(mul(x, y)))
        for x, y in ((n, g), (m, h))
    ]
    variances = [k.and_elim(goal.given["variances"], i) for i in (0, 1)]
    weights = {th.concl.args[1]: th for th in variances}
    signs = [weights[term(V1)], weights[term(V2)]]
    wide, narrow = term(spread(N, G)), term(spread(M, H))
    parts = [(one, ONE, [sign, order]) for sign, order in zip(signs, orders, strict=True)]
    falls = k.sos(le(narrow, wide), parts, unfold, [term(V2), mul(MINUS, term(V2))])
    floors = []
    for top, x, y, unfolded in ((wide, n, g, unfold[0]), (narrow, m, h, unfold[1])):
        inverses = [k.inv_positive(positive[x]), k.inv_positive(products[x, y])]
        pairs = [(one, ONE, [sign, up]) for sign, up in zip(signs, inverses, strict=True)]
        floors.append(k.sos(le(ZERO, top), pairs, [unfolded], [term(V2)]))
    steps = falling_step(goal)
    x, y = term(U), term(V)
    known = [falls, *floors]
    order = discharge(instantiate(steps[0], {x: wide, y: narrow}), known)
    ceiling = discharge(instantiate(steps[1], {x: wide, y: narrow}), known)
    define = [
        k.sos(lt(ZERO, add(term(g2), th.concl.args[1])), [(one, ONE, [th]), (one, ONE, [goal.given["g2 > 0"]])], [], [])
        for th in floors
    ]
    goal.define(
        *define,
        *(k.sos(lt(ZERO, mul(term(L), th.concl.args[1])), [(one, ONE, [goal.given["L > 0"], th])], [], []) for th in define),
    )
    goal.define(*positive.values(), *products.values())
    return conjunction(goal.claim, order, ceiling)


def inverse_order(low: Theorem, high: Theorem, order: Theorem) -> Theorem:
    """1/y <= 1/x from 0 < x, 0 < y and x <= y."""
    x, y = order.concl.args
    units = [k.field(mul(z, inv(z)), ONE, [k.negate(th)]) for z, th in ((x, low), (y, high))]
    # 1/x - 1/y = (y - x)/(x y)
    parts = [(one, ONE, [order, k.inv_positive(low), k.inv_positive(high)])]
    return k.sos(le(inv(y), inv(x)), parts, units, [inv(y), mul(MINUS, inv(x))])


def falling_step(goal: Goal) -> tuple[Theorem, Theorem]:
    """η*(U) <= η*(V) and η*(V) <= 1/L, from 0 <= V <= U."""
    x, y, size, signal = map(term, (U, V, L, g2))
    order, floors = k.assume(le(y, x)), [k.assume(le(ZERO, x)), k.assume(le(ZERO, y))]
    signs = [goal.given["L > 0"], goal.given["g2 > 0"]]
    wholes = [
        k.sos(lt(ZERO, add(signal, z)), [(one, ONE, [th]), (one, ONE, [signs[1]])], [], [])
        for z, th in zip((x, y), floors, strict=True)
    ]
    falls = inverse_order(wholes[1], wholes[0], k.sos(le(add(signal, y), add(signal, x)), [(one, ONE, [order])], [], []))
    over = k.inv_positive(signs[0])
    first = k.sos(le(term(best(U)), term(best(V))), [(one, ONE, [over, signs[1], falls])], [], [])
    below = k.inv_positive(wholes[1])
    identity = Context([*signs, wholes[1]]).equal(term(1 / L - best(V)), mul(y, inv(size), below.concl.args[1]))
    return first, k.sos(le(term(best(V)), term(1 / L)), [(one, ONE, [floors[1], over, below])], [identity], [ONE])


@proposition(
    "oblrpo.step.saturates",
    title="the step tends to 1/L as prompts are added, but only to g2/(L (g2 + V1/N)) as responses to the same N prompts are",
    source=SOURCE,
    printed="η* → 1/L as N → ∞; η* → (1/L) g2/(g2 + V1/N) as G → ∞",
    assumptions={
        "L > 0": L > 0,
        "g2 > 0": g2 > 0,
        "variances": sp.And(V1 >= 0, V2 >= 0),
        "sizes": sp.And(N >= 1, G >= 1),
    },
    statement=sp.And(
        tends(best(spread(M, G)), M, sp.oo, 1 / L),
        tends(best(spread(N, H)), H, sp.oo, g2 / (L * (g2 + V1 / N))),
    ),
    model=SIZES,
    drops={name: UNNEEDED for name in ("L > 0", "g2 > 0", "variances", "sizes")},
)
def saturates(goal: Goal) -> Theorem:
    """1/N and 1/G tend to 0; the rest is continuous."""
    signs = [k.and_elim(goal.given["variances"], n) for n in (0, 1)]
    size = goal.arith(lt(ZERO, term(N)), *(k.and_elim(goal.given["sizes"], n) for n in (0, 1)))
    share = next(th for th in signs if same(th.concl.args[1], term(V1)))
    rest = k.sos(
        lt(ZERO, term(g2 + V1 / N)), [(one, ONE, [share, k.inv_positive(size)]), (one, ONE, [goal.given["g2 > 0"]])], [], []
    )
    goal.know(size, rest)
    goal.define(size, rest)
    parts = []
    for p in goal.claim.args:
        index, f, kind, limit = p.args
        v = term(H) if term(N) in f.free else term(M)
        f = subst(f, {index: v})
        below = rest if v is term(H) else goal.given["g2 > 0"]
        found = k.limit(v, f, kind, [k.negate(below), k.negate(goal.given["L > 0"])])
        parts.append(k.restate(with_limit(goal, found, limit), p))
    return conjunction(goal.claim, *parts)


not_applicable(
    "oblrpo.smoothness",
    title="the expected reward of a softmax policy is L-smooth, with L ≤ 5R/2 for a bandit with rewards up to R",
    source="general knowledge (Mei et al. 2020), not a claim of the abstract",
    printed="L ≤ 5R/2",
    reason="the kernel has no second derivatives along a line; L-smoothness is an assumption of oblrpo.ascent",
    module=__name__,
)
