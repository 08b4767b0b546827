"""How close phat is to p in groups with both outcomes (Lemmas 4 and 5), and P(S) over an interval of p (Eq. 81).

Hoeffding's inequality is an assumption here. P(S) is smallest at the ends of [Δ, 1-Δ], by induction on G.
"""

import sympy as sp

from theory import kernel as k
from theory.decide import Goal
from theory.kernel import Term, Theorem, mk, subst, var
from theory.kernel.terms import ONE, ZERO, add, app, eq, inv, le, lt, mul, sub
from theory.language import equals, reals, term
from theory.proposition import UNNEEDED, proposition, refuted
from theory.related.hadw.groups import GROUP, LAW, SOURCE, A, Facts, G, One, b, binomial, chance, group, j, p
from theory.related.hadw.tails import happens
from theory.tactics import MINUS, Context, atoms, pow_below_one
from theory.tactics.binomial import spread_powers
from theory.tactics.logic import by_branches, conjunction, impossible, swapped
from theory.tactics.powers import power_step
from theory.tactics.replacing import through

delta, Delta, zeta = reals("delta Delta zeta")
A_DELTA = 1 - (1 - Delta) ** G - Delta**G

NEAR = happens(sp.Abs(j / G - p) < zeta)
HOEFFDING = sp.Sum(b(G, j) * happens(zeta <= sp.Abs(j / G - p)), (j, 0, G)) <= 2 * sp.exp(-2 * G * zeta**2)
DELTAS = {"0 < Δ ≤ 1/2": sp.And(Delta > 0, Delta <= sp.Rational(1, 2))}


def smallest_chance(ctx: Context) -> Theorem:
    """0 < 1 - (1-Δ)^G - Δ^G."""
    low, high = term(Delta), term(1 - Delta)
    below = [pow_below_one(ctx, x, sub(term(G), ONE)) for x in (low, high)]
    steps = [power_step(ctx, x, sub(term(G), ONE)) for x in (low, high)]
    parts = [(One, ONE, [ctx.prove(lt(ZERO, x)), th]) for x, th in zip((low, high), below, strict=True)]
    return k.sos(lt(ZERO, term(A_DELTA)), parts, steps, [MINUS, MINUS])


@proposition(
    "hadw.lemma5",
    title="at ζ = ε_δ the bound of Lemma 4 is 1 - δ",
    source=f"{SOURCE}, Lemma 5",
    printed="ε_δ = sqrt((1/(2G)) log(2/(δ (1-(1-Δ)^G-Δ^G)))) ⇒ (1 - 2 exp(-2Gε_δ²) - (1-Δ)^G - Δ^G)/(1 - (1-Δ)^G - Δ^G) = 1-δ",
    assumptions={"G ≥ 2": G >= 2, "δ > 0": delta > 0}
    | DELTAS
    | {"ε_δ² = log(2/(δ P)) / (2G)": equals(zeta**2, sp.log(2 / (delta * A_DELTA)) / (2 * G))},
    statement=equals((A_DELTA - 2 * sp.exp(-2 * G * zeta**2)) / A_DELTA, 1 - delta),
    model={"G": 2, "delta": 4, "Delta": "1/2", "zeta": 0},
    drops={
        "G ≥ 2": UNNEEDED,
        "δ > 0": UNNEEDED,
        "0 < Δ ≤ 1/2": UNNEEDED,
        "ε_δ² = log(2/(δ P)) / (2G)": {"G": 2, "delta": 4, "Delta": "1/2", "zeta": 1},
    },
    hints={"delta": "unit", "Delta": "unit"},
    not_claimed="that ε_δ is small: for G = 8, δ = 0.05 it is 0.546 (Δ = 0.05) and 0.515 (Δ = 0.1), so that I_t is almost "
    "all of [Δ, 1-Δ]",
)
def lemma5(goal: Goal) -> Theorem:
    """exp(-log(2/(δ P))) = δ P/2."""
    least = smallest_chance(goal)
    ratio = term(2 / (delta * A_DELTA))
    inverses = [k.inv_positive(goal.given["δ > 0"]), k.inv_positive(least)]
    above = k.sos(lt(ZERO, ratio), [(2 * One, ONE, inverses)], [], [])
    goal.define(least, above)
    inside = goal.with_facts(least)
    log = app("log", ratio)
    given = next(th for name, th in goal.given.items() if name.startswith("ε"))
    exponent = next(a for a in atoms(goal.claim) if a.op == "app" and a.args[0] == "exp").args[2]
    cleared = inside.equal(exponent, mul(MINUS, log), given)
    product = inside.equal(mul(ratio, term(delta * A_DELTA / 2)), ONE)
    power = exp_of_minus_log(ratio, term(delta * A_DELTA / 2), product, above)
    hole = var("hole")
    at_exponent = k.rewrite(swapped(cleared), power, hole, eq(app("exp", hole), power.concl.args[1]))
    return inside.equal(*goal.claim.args, at_exponent)


def exp_of_minus_log(x: Term, y: Term, product: Theorem, positive: Theorem) -> Theorem:
    """exp(-log x) = y from x y = 1 and 0 < x."""
    log = app("log", x)
    z = mul(MINUS, log)
    itself, one = k.law("exp_log", x, ZERO, [positive]), k.law("exp_zero", ZERO, ZERO, [])
    both = k.law("exp_add", log, z, [])
    power = app("exp", z)
    return k.linear(power, y, [product, one, both, itself], [mul(MINUS, power), y, mul(MINUS, y), mul(MINUS, y, power)])


refuted(
    "hadw.eq81",
    title="the chance of both outcomes, with a plus sign before the last term",
    source=f"{SOURCE}, Eq. 81 (reconstruction: the sign as noted from the text, here at p = Δ)",
    printed="P(S) = 1 - (1-Δ)^G + Δ^G at p = Δ",
    assumptions=GROUP,
    statement=equals(chance(), 1 - (1 - p) ** G + p**G),
    witness=group(2, "1/4"),
    module=__name__,
    repair="hadw.eq81.repaired",
    hints={"p": "unit"},
    finding="G = 2, Δ = 1/4: one right and one wrong have the probability 2 · 1/4 · 3/4 = 3/8; the formula with the plus "
    "sign gives 1 - 9/16 + 1/16 = 1/2. With a minus sign, as in the lemmas around it, it is 1 - 9/16 - 1/16 = 3/8.",
)


@proposition(
    "hadw.eq81.repaired",
    title="the chance of both outcomes is 1 - (1-p)^G - p^G, and for p in [Δ, 1-Δ] it is smallest at the ends",
    source=f"{SOURCE}, Eq. 81 and the proof of Lemma 4",
    printed="P(S) = 1 - (1-p)^G - p^G ≥ 1 - (1-Δ)^G - Δ^G",
    assumptions=GROUP | {"Δ > 0": Delta > 0, "Δ ≤ p ≤ 1-Δ": sp.And(Delta <= p, p <= 1 - Delta)},
    statement=sp.And(equals(chance(), A), A >= A_DELTA),
    model=group(2, "1/4", Delta="1/4"),
    drops={
        LAW: group(2, "1/4", Delta="1/4") | {"b": binomial("1/2")},
        "G ≥ 2": UNNEEDED,
        "0 < p < 1": UNNEEDED,
        "Δ > 0": UNNEEDED,
        "Δ ≤ p ≤ 1-Δ": group(2, "1/4", Delta="1/2"),
    },
    hints={"p": "unit", "Delta": "unit"},
)
def eq81(goal: Goal) -> Theorem:
    smallest = spread_powers(goal, term(Delta), term(p), term(G))
    return conjunction(goal.claim, Facts(goal).chance, k.sos(le(term(A_DELTA), term(A)), [(One, ONE, [smallest])], [], []))


@proposition(
    "hadw.lemma4",
    title="how close phat is to p in groups with both outcomes",
    source=f"{SOURCE}, Lemma 4",
    printed="P(|phat-p| < ζ | S) ≥ (1 - 2 exp(-2Gζ²) - (1-Δ)^G - Δ^G)/(1 - (1-Δ)^G - Δ^G) for p in [Δ, 1-Δ]",
    assumptions=GROUP | DELTAS | {"Δ ≤ p ≤ 1-Δ": sp.And(Delta <= p, p <= 1 - Delta), "Hoeffding": HOEFFDING},
    unstated=("Hoeffding",),
    statement=chance(NEAR) / chance() >= (A_DELTA - 2 * sp.exp(-2 * G * zeta**2)) / A_DELTA,
    model=group(2, "1/4", Delta="1/4", zeta=1),
    drops={
        LAW: UNNEEDED,
        "G ≥ 2": group(1, "1/4", Delta="1/4", zeta=1),
        "0 < p < 1": UNNEEDED,
        "0 < Δ ≤ 1/2": UNNEEDED,
        "Δ ≤ p ≤ 1-Δ": UNNEEDED,
        "Hoeffding": UNNEEDED,
    },
    hints={"p": "unit", "Delta": "unit", "zeta": "unit"},
    not_claimed="Hoeffding's inequality itself, which is a theorem about the law b and is assumed here",
)
def lemma4(goal: Goal) -> Theorem:
    """P(near, S) = P(S) - P(far, S) >= P(S) - h; and h/P(S) is at most h/P(S) at Δ."""
    facts = Facts(goal)
    both, least = facts.both_positive, smallest_chance(goal)
    goal.define(facts.chance_positive, least)
    size, x = term(G), goal.fresh(goal.claim, goal.given["Hoeffding"].concl)
    near = next(a for a in term(chance(NEAR) / chance()).args if a.op == "sum" and "ite" in repr(a))
    far = goal.given["Hoeffding"].concl.args[0]
    limit = goal.given["Hoeffding"].concl.args[1]
    parts = [subst(s.args[3], {s.args[0]: x}) for s in (near, far)]
    here = app("b", size, x)
    rows = k.sum_congr(x, ONE, facts.fewer, one_of_two(parts, here))
    split = k.sum_linear(x, ONE, facts.fewer, [ONE, ONE], parts)
    inner = mk("sum", far.args[0], ONE, facts.fewer, far.args[3])
    # the sum over 0..G is the inner one and two terms that are not negative
    first = k.sum_split(far, ZERO, [goal.prove(le(MINUS, ZERO)), goal.prove(le(ZERO, size))])
    front = k.sum_step(mk("sum", far.args[0], ZERO, ZERO, far.args[3]), [goal.prove(le(ZERO, ZERO))])
    none = k.sum_empty(mk("sum", far.args[0], ZERO, MINUS, far.args[3]), [goal.prove(lt(MINUS, ZERO))])
    last = k.sum_step(mk("sum", far.args[0], ONE, size, far.args[3]), [goal.prove(le(ONE, size))])
    signs = []
    for at in (ZERO, size):
        value = subst(far.args[3], {far.args[0]: at})
        weight = facts.nonnegative(at, goal)
        signs.append(by_branches(goal.with_facts(weight), le(ZERO, value), lambda ctx, q: ctx.prove(q)))
    used = [first, front, none, last]
    fewer = k.sos(le(inner, far), [(One, ONE, [th]) for th in signs], used, [ONE] * 4)
    total = facts.chance
    joined = k.linear(term(A), add(near, inner), [rows, split, total], [MINUS, ONE, MINUS])
    below = k.sos(le(sub(term(A), limit), near), [(One, ONE, [fewer]), (One, ONE, [goal.given["Hoeffding"]])], [joined], [MINUS])
    smallest = spread_powers(goal, term(Delta), term(p), size)
    inverses = [k.inv_positive(th) for th in (both, least)]
    tail = k.law("exp_positive", limit_exponent(limit), ZERO, [])
    cleared = [k.field(mul(th.concl.args[1], inv(th.concl.args[1])), ONE, [k.negate(th)]) for th in (both, least)]
    a, d = (th.concl.args[1] for th in inverses)

    def simpler(q: Term) -> Theorem:
        weights = [(One, ONE, [below, inverses[0]]), (2 * One, ONE, [tail, *inverses, smallest])]
        cofactors = [add(ONE, mul(MINUS, limit, d)), add(MINUS, mul(limit, a))]
        return k.sos(q, weights, cleared, cofactors)

    return through(total, goal.claim, simpler)


def one_of_two(parts: list[Term], whole: Term) -> Theorem:
    """near + far = b: an outcome is near or far."""
    return by_branches(Context(), eq(add(*parts), whole), lambda ctx, q: either(ctx, q))


def either(ctx: Context, q: Term) -> Theorem:
    try:
        return ctx.equal(*q.args)
    except k.Refused:
        return impossible(ctx, q)


def limit_exponent(limit: Term) -> Term:
    return next(a for a in limit.args if a.op == "app").args[2]
