"""Plans from a linear-Gaussian model: z ~ N(0, I) in D dimensions, E[y|z] = a·z, y given z with variance σ² (v here).

Claims B (exploitation: optimise the plan) and C (exploration: sample plans given a target return), both reconstructed.
"""

from fractions import Fraction
from typing import Any

import sympy as sp

from theory import kernel as k
from theory.decide import Goal
from theory.kernel import Term, Theorem, mk, subst
from theory.kernel.terms import ONE, ZERO, add, eq, le, lt, mul
from theory.language import ForAll, equals, family, formula, integers, reals, tends, term
from theory.proposition import UNNEEDED, Case, proposition, refuted
from theory.tactics import MINUS, discharge, instantiate
from theory.tactics.convex import One
from theory.tactics.logic import conjunction
from theory.tactics.powers import for_all, squared, unit
from theory.tactics.prefix import nonnegative

D, d, n, N = integers("D d n N")
lam, v, y, w, s, delta, e = reals("lam v y w s delta e")
a, z, plan, m, b = map(family, ("a", "z", "plan", "m", "b"))


def over(f: sp.Expr) -> sp.Expr:
    return sp.Sum(f, (d, 1, D))


norm = over(a(d) ** 2)  # |a|²
EXPLOIT, EXPLORE = "GAC, exploitation (reconstruction: Claim B)", "GAC, exploration (reconstruction: Claim C)"
FLAT: Case = {"D": 1, "a": [1], "z": [1]}

refuted(
    "gac.exploitation",
    title="n steps of ascent on the expected return reach a plan that maximises it (linear-Gaussian model, no prior term)",
    source=EXPLOIT,
    printed="z* = z_0 + n s a with z_0 = 0 ⇒ E[y|z*] ≥ E[y|z] for every z, with E[y|z] = a·z",
    assumptions={"a step": sp.And(n >= 0, s > 0)},
    statement=over(a(d) * (n * s * a(d))) >= over(a(d) * z(d)),
    witness={"D": 1, "a": [1], "n": 1, "s": 1, "z": [2]},
    module=__name__,
    repair="gac.exploitation.repaired",
    finding="In one dimension with a = 1 a step of size 1 from 0 reaches z* = 1, but z = 2 returns 2: there is no "
    "best plan (gac.exploitation.unbounded).",
)


@proposition(
    "gac.exploitation.unbounded",
    title="no plan maximises the expected return: from every plan a step along a leads to a better one",
    source=EXPLOIT,
    printed="E[y|z + a] = E[y|z] + |a|² > E[y|z] for every z",
    assumptions={"a ≠ 0": norm > 0},
    statement=over(a(d) * (z(d) + a(d))) > over(a(d) * z(d)),
    model=FLAT,
    drops={"a ≠ 0": FLAT | {"a": [0]}},
    not_claimed="that the environment returns what the model predicts there",
)
def unbounded(goal: Goal) -> Theorem:
    left, right = goal.claim.args
    same = goal.equal(right, term(over(a(d) * z(d)) + norm))
    return k.sos(goal.claim, [(One, ONE, [goal.given["a ≠ 0"]])], [same], [ONE])


@proposition(
    "gac.exploitation.repaired",
    title="with the prior as a penalty, a/λ is the one maximiser",
    source=EXPLOIT,
    printed="max_z a·z - (λ/2)|z|² = |a|²/(2λ), at z = a/λ; elsewhere it falls short by (λ/2)|z - a/λ|²",
    assumptions={"λ > 0": lam > 0},
    statement=sp.And(
        equals(norm / (2 * lam) - (over(a(d) * z(d)) - lam / 2 * over(z(d) ** 2)), lam / 2 * over((z(d) - a(d) / lam) ** 2)),
        over(a(d) * z(d)) - lam / 2 * over(z(d) ** 2) <= norm / (2 * lam),
    ),
    model=FLAT | {"lam": 1},
    drops={"λ > 0": FLAT | {"lam": -1}},
    not_claimed="which trust region, prior or number of steps GAC uses",
)
def penalised(goal: Goal) -> Theorem:
    identity, bound = sorted(goal.claim.args, key=lambda p: p.op)
    same = goal.prove(identity)
    squares = term(over((z(d) - a(d) / lam) ** 2))
    gap = nonnegative(goal, squares, ONE, term(D), lambda ctx, f: k.sos(le(ZERO, f), [(One, f.args[0], [])], [], []))
    return conjunction(goal.claim, same, k.sos(bound, [(One / 2, ONE, [gap, goal.given["λ > 0"]])], [same], [ONE]))


def steps(n: Any, d: Any) -> Any:
    """plan(n, d) = n"""
    return n


def stopped(n: Any, d: Any) -> Any:
    """plan(n, d) = min(n, 1)"""
    return min(n, Fraction(1))


RUN: Case = {"D": 1, "a": [2], "s": "1/2", "N": 1, "n": 1, "plan": steps}


@proposition(
    "gac.exploitation.steps",
    title="n steps of ascent raise the predicted return by n s |a|²: the number of steps is the only bound",
    source=EXPLOIT,
    printed="z_{n+1} = z_n + s ∇E[y|z_n] ⇒ E[y|z_n] = E[y|z_0] + n s |a|²",
    assumptions={
        "ascent": ForAll(n, 0, N - 1, ForAll(d, 1, D, equals(plan(n + 1, d), plan(n, d) + s * a(d)))),
        "a step": sp.And(n >= 0, n <= N),
    },
    statement=equals(over(a(d) * plan(n, d)), over(a(d) * plan(0, d)) + n * s * norm),
    model=RUN,
    drops={"ascent": RUN | {"s": 1}, "a step": RUN | {"n": 2, "plan": stopped}},
    not_claimed="that the return achieved rises",
)
def ascent(goal: Goal) -> Theorem:
    """Each step adds s Σ a²."""
    at = k.var("at", "Z")
    total = eq(*goal.claim.args)
    body = subst(total, {term(n): at})
    claim = mk("imp", le(at, term(N)), body)
    start = subst(claim, {at: ZERO})
    base = k.imp_intro(start.args[0], goal.equal(*start.args[1].args))
    inside = goal.assuming(le(ZERO, at), le(add(at, ONE), term(N)))
    ih = k.imp_elim(k.assume(claim), inside.prove(le(at, term(N))))
    later = subst(claim, {at: add(at, ONE)})
    index = inside.fresh(later)
    deep = inside.assuming(le(ONE, index), le(index, term(D)))
    step = deep.at(goal.given["ascent"], at, index)
    weight = subst(term(a(d)), {term(d): index})
    row = k.linear(mul(weight, step.concl.args[0]), mul(weight, step.concl.args[1]), [step], [weight])
    rows = k.sum_congr(index, ONE, term(D), row)
    next_ = k.imp_intro(later.args[0], inside.equal(*later.args[1].args, rows, ih))
    th = k.induct(at, ZERO, claim, base, next_)
    found = discharge(instantiate(th, {at: term(n)}), [goal.prove(formula(n >= 0))])
    return k.restate(k.imp_elim(found, goal.prove(formula(n <= N))), goal.claim)


VARIANCE = {"σ² > 0": v > 0}
POINT: Case = {"D": 1, "a": [1], "v": 1, "y": 2, "z": [1], "m": [1], "b": [1], "e": 2, "w": 2}
SIZE = {"e = σ² + |a|²": sp.And(equals(e, v + norm), e > 0)}


@proposition(
    "gac.posterior",
    title="the plans given a target return are normal about a y/(σ²+|a|²), with the precision I + a aᵀ/σ²",
    source=EXPLORE,
    printed="|z|² + (y - a·z)²/σ² = |z-m|² + (a·(z-m))²/σ² + y²/(σ²+|a|²), m = a y/(σ²+|a|²)",
    assumptions=VARIANCE | SIZE,
    statement=equals(
        over(z(d) ** 2) + (y - over(a(d) * z(d))) ** 2 / v,
        over((z(d) - a(d) * y / e) ** 2) + over(a(d) * (z(d) - a(d) * y / e)) ** 2 / v + y**2 / e,
    ),
    model=POINT,
    drops={"σ² > 0": POINT | {"v": 0, "e": 1}, "e = σ² + |a|²": POINT | {"e": 1}},
    not_claimed="other models: the exponent of p(z) p(y|z), up to the factor -1/2, is a quadratic in z about m",
)
def posterior(goal: Goal) -> Theorem:
    size = next(th for th in goal.facts if th.concl.op == "eq")
    total = k.linear(term(norm), term(e - v), [size], [MINUS])
    return goal.equal(*goal.claim.args, total)


IMAGE = "m = (I - a aᵀ/(σ²+|a|²)) b"


@proposition(
    "gac.posterior.covariance",
    title="their covariance is I - a aᵀ/(σ²+|a|²): the precision takes it, applied to any vector b, back to b",
    source=EXPLORE,
    printed="(I + a aᵀ/σ²)(I - a aᵀ/(σ²+|a|²)) b = b",
    assumptions=VARIANCE
    | SIZE
    | {"m = (I - a aᵀ/(σ²+|a|²)) b": ForAll(d, 1, D, equals(m(d), b(d) - a(d) * over(a(d) * b(d)) / e))},
    statement=ForAll(n, 1, D, equals(m(n) + a(n) * over(a(d) * m(d)) / v, b(n))),
    model=POINT | {"m": ["1/2"]},
    drops={
        "σ² > 0": POINT | {"v": 0, "e": 1, "m": [0]},
        "e = σ² + |a|²": POINT | {"e": 1, "m": [0]},
        IMAGE: POINT,
    },
)
def covariance(goal: Goal) -> Theorem:
    """a·m = (1 - |a|²/(σ²+|a|²)) a·b = σ² a·b/(σ²+|a|²)."""
    at = goal.fresh(goal.claim)
    image = goal.given[IMAGE]
    size = next(th for th in goal.facts if th.concl.op == "eq")
    square = k.linear(term(norm), term(e - v), [size], [MINUS])
    index = k.var("index", "Z")
    inside = goal.assuming(le(ONE, index), le(index, term(D)))
    row = inside.at(image, index)
    weight = subst(term(a(d)), {term(d): index})
    rows = k.sum_congr(
        index, ONE, term(D), k.linear(mul(weight, row.concl.args[0]), mul(weight, row.concl.args[1]), [row], [weight])
    )
    dot = goal.equal(term(over(a(d) * m(d))), term(v * over(a(d) * b(d)) / e), rows, square)
    within = goal.assuming(le(ONE, at), le(at, term(D)))
    claim = subst(goal.claim.args[1].args[1], {goal.claim.args[0]: at})
    return k.restate(for_all(at, ONE, term(D), within.equal(*claim.args, dot, within.at(image, at))), goal.claim)


mean_return = over(a(d) * (a(d) * y / e))  # E[a·z | y]

refuted(
    "gac.exploration",
    title="plans drawn for a target return achieve it on average",
    source=EXPLORE,
    printed="E[a·z | y⁺] = y⁺",
    assumptions=VARIANCE | SIZE,
    statement=equals(mean_return, y),
    witness=POINT,
    module=__name__,
    repair="gac.exploration.repaired",
    finding="With |a|² = σ² = 1 and the target 2, the plans are N(1, 1/2) and return 1 on average: half of what was asked for.",
)


@proposition(
    "gac.exploration.repaired",
    title="they achieve |a|²/(σ²+|a|²) of it, less than the target if that is positive",
    source=EXPLORE,
    printed="E[a·z | y⁺] = |a|² y⁺/(σ²+|a|²) < y⁺ for y⁺ > 0",
    assumptions=VARIANCE | SIZE | {"y⁺ > 0": y > 0},
    statement=sp.And(equals(mean_return, norm * y / e), mean_return < y),
    model=POINT,
    drops={"σ² > 0": POINT | {"v": 0, "e": 1}, "e = σ² + |a|²": POINT | {"e": "1/2"}, "y⁺ > 0": POINT | {"y": 0}},
)
def shortfall(goal: Goal) -> Theorem:
    """y - |a|² y/e = σ² y/e > 0."""
    size = next(th for th in goal.facts if th.concl.op == "eq")
    positive = next(th for th in goal.facts if th.concl is lt(ZERO, term(e)))
    identity, bound = sorted(goal.claim.args, key=lambda p: p.op)
    same = goal.prove(identity)
    parts = [k.inv_positive(positive), goal.given["σ² > 0"], goal.given["y⁺ > 0"]]
    # y - |a|² y/e = v y/e + y (e - v - |a|²)/e + y (1 - e/e)
    cofactors = [MINUS, mul(term(y), term(1 / e)), mul(MINUS, term(y))]
    return conjunction(goal.claim, same, k.sos(bound, [(One, ONE, parts)], [same, size, unit(positive)], cofactors))


guided = w * norm * y / (v + w * norm)


@proposition(
    "gac.exploration.guidance",
    title="with guidance w the shortfall is σ²/(σ² + w|a|²) of the target, which tends to 0",
    source="LPT-7 in the linear-Gaussian model (reconstruction)",
    printed="E = w|a|² y/(σ² + w|a|²), y - E = σ² y/(σ² + w|a|²), |a|² y/(σ²/w + |a|²) → y as w → ∞",
    assumptions=VARIANCE | {"w > 0": w > 0, "a ≠ 0": norm > 0},
    statement=sp.And(
        equals(y - guided, v * y / (v + w * norm)),
        equals(guided, norm * y / (v / w + norm)),
        tends(norm * y / (v / s + norm), s, sp.oo, y),
    ),
    model=POINT,
    drops={"σ² > 0": UNNEEDED, "w > 0": POINT | {"w": -1}, "a ≠ 0": UNNEEDED},
    not_claimed="that the plans stay near the data",
)
def guidance(goal: Goal) -> Theorem:
    some, power, noise = goal.given["a ≠ 0"], goal.given["w > 0"], goal.given["σ² > 0"]
    whole = k.sos(lt(ZERO, term(v + w * norm)), [(One, ONE, [noise]), (One, ONE, [power, some])], [], [])
    shrunk = k.sos(lt(ZERO, term(v / w + norm)), [(One, ONE, [noise, k.inv_positive(power)]), (One, ONE, [some])], [], [])
    goal.define(whole, shrunk)
    known = goal.with_facts(whole, shrunk)

    def part(c: Term) -> Theorem:
        if c.op == "eq":
            return known.equal(*c.args)
        found = k.limit(term(s), term(norm * y / (v / s + norm)), "oo", [k.negate(some)])
        simple = goal.equal(found.concl.args[3], c.args[3], unit(some))
        hole = k.var("hole")
        moved = k.rewrite(simple, found, hole, mk("lim", term(s), term(norm * y / (v / s + norm)), "oo", hole))
        return k.restate(moved, c)

    return k.and_intro([part(c) for c in goal.claim.args])


@proposition(
    "gac.exploration.raised",
    title="raising the target by δ moves the mean plan by δ a/(σ²+|a|²), without end: away from the plans that the data know",
    source=EXPLORE,
    printed="|m(y+δ) - m(y)|² = δ² |a|²/(σ²+|a|²)²",
    assumptions=VARIANCE | SIZE,
    statement=equals(over((a(d) * (y + delta) / e - a(d) * y / e) ** 2), delta**2 * norm / e**2),
    model=POINT | {"delta": 1},
    drops={"σ² > 0": UNNEEDED, "e = σ² + |a|²": POINT | {"delta": 1, "e": 0}},
)
def raised(goal: Goal) -> Theorem:
    positive = next(th for th in goal.facts if th.concl is lt(ZERO, term(e)))
    goal.define(squared(positive))
    return goal.with_facts(squared(positive)).equal(*goal.claim.args)
