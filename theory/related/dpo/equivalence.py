"""Rewards that differ by a function of the prompt: same preferences, same optimal policy, one representative β log π/π_ref.

Hypotheses  one prompt, so that the function is a number c; finitely many responses, π_ref > 0, β > 0 (the "mild assumptions").
"""

from fractions import Fraction
from typing import Any

import sympy as sp

from theory import kernel as k
from theory.decide import Goal
from theory.kernel import Term, Theorem, subst
from theory.kernel.terms import ONE, ZERO, app, eq, inv, le, lt, mul, sub
from theory.language import equals, family, integers, reals, term
from theory.proposition import UNNEEDED, Case, proposition
from theory.tactics import MINUS, atoms
from theory.tactics.logs import log_of_product
from theory.tactics.powers import for_all
from theory.tactics.prefix import put

from .optimal_policy import CASE as GIBBS_CASE
from .optimal_policy import DROPS as GIBBS_DROPS
from .optimal_policy import (
    GIBBS,
    PRIOR,
    Facts,
    N,
    Z,
    beta,
    for_responses,
    gibbs_itself,
    over_responses,
    pi,
    positive_star,
    r,
    ref,
    star,
    y,
)

i, j, m, n = integers("i j m n")
c = reals("c")
r2, pi2 = family("r'"), family("pi'")
One = Fraction(1)


def sigma(x: sp.Expr) -> sp.Expr:
    """The logistic function 1/(1 + exp(-x))."""
    return 1 / (1 + sp.exp(-x))


def without_shift(goal: Goal, weight: sp.Expr, exponent: sp.Expr, shift: sp.Expr, at: Term, lo: Term, hi: Term) -> Theorem:
    """w(at) exp(x(at) + e)/Σ w exp(x + e) = w(at) exp(x(at))/Σ w exp(x), e free of the index y; w is positive in lo..hi."""
    e, index = term(shift), goal.fresh(goal.claim)
    here, there = ({term(y): t} for t in (index, at))
    positive = k.law("exp_positive", e, ZERO, [])

    def row(place: dict[Term, Term]) -> tuple[Theorem, Term]:
        w, x = (subst(term(f), place) for f in (weight, exponent))
        product = k.law("exp_add", x, e, [])
        return k.linear(mul(w, product.concl.args[0]), mul(w, product.concl.args[1]), [product], [w]), mul(w, app("exp", x))

    rows, small = row(here)
    sums = k.sum_congr(index, lo, hi, rows)
    plain = k.mk("sum", index, lo, hi, small)
    big = goal.equal(sums.concl.args[0], mul(plain, app("exp", e)), sums)
    sign = goal.prove(lt(ZERO, plain))
    above = k.sos(lt(ZERO, big.concl.args[0]), [(One, ONE, [sign, positive])], [big], [ONE])
    goal.know(sign, above, positive)
    goal.define(sign, above)
    top, alone = row(there)
    quotient = mul(top.concl.args[0], inv(big.concl.args[0]))
    first = put(big, k.linear(quotient, quotient, [], []))
    full = mul(plain, app("exp", e))
    units = [unit(sign), unit(product_of(sign, positive))]
    # E w exp(x)/(S E) = w exp(x)/S
    end = k.linear(
        mul(top.concl.args[1], inv(full)), mul(alone, inv(plain)), units,
        [mul(MINUS, alone, app("exp", e), inv(full)), mul(alone, inv(plain))],
    )  # fmt: skip
    return k.linear(quotient, mul(alone, inv(plain)), [first, top, end], [ONE, inv(full), ONE])


def product_of(a: Theorem, b: Theorem) -> Theorem:
    """0 < x y from 0 < x and 0 < y."""
    return k.sos(lt(ZERO, mul(a.concl.args[1], b.concl.args[1])), [(One, ONE, [a, b])], [], [])


def unit(positive: Theorem) -> Theorem:
    """x/x = 1 from 0 < x."""
    x = positive.concl.args[1]
    return k.field(mul(x, inv(x)), ONE, [k.negate(positive)])


PAIR: Case = {"N": 2, "beta": 2, "ref": ["1/2", "1/2"], "r": [1, 0], "c": 1, "y": 1, "m": 1}


@proposition(
    "dpo.lemma2",
    title="rewards that differ by a function of the prompt have the same optimal policy",
    source="Lemma 2",
    printed="r' - r = f(x) ⇒ π_ref exp(r'/β)/Z' = π_ref exp(r/β)/Z",
    assumptions=PRIOR | {"1 ≤ i ≤ N": sp.And(i >= 1, i <= N)},
    statement=equals(
        ref(i) * sp.exp((r(i) + c) / beta) / over_responses(ref(y) * sp.exp((r(y) + c) / beta)),
        ref(i) * sp.exp(r(i) / beta) / over_responses(ref(y) * sp.exp(r(y) / beta)),
    ),
    model=PAIR | {"i": 1},
    drops={"β > 0": UNNEEDED, "π_ref > 0": PAIR | {"i": 1, "ref": [1, -1], "r": [0, 0], "c": 0}, "1 ≤ i ≤ N": UNNEEDED},
)
def lemma2(goal: Goal) -> Theorem:
    th = without_shift(goal, ref(y), r(y) / beta, c / beta, term(i), ONE, term(N))
    return k.restate(th, goal.claim)


@proposition(
    "dpo.lemma1",
    title="and the same Plackett-Luce preferences: in each choice among the responses m..N that are left, the shift cancels",
    source="Lemma 1; for N - m = 1 the choice is Bradley-Terry's",
    printed="exp(r_i + f)/Σ_{j≥m} exp(r_j + f) = exp(r_i)/Σ_{j≥m} exp(r_j)",
    assumptions={"1 ≤ m ≤ N": sp.And(m >= 1, m <= N)},
    statement=equals(sp.exp(r(m) + c) / sp.Sum(sp.exp(r(y) + c), (y, m, N)), sp.exp(r(m)) / sp.Sum(sp.exp(r(y)), (y, m, N))),
    model=PAIR,
    drops={"1 ≤ m ≤ N": PAIR | {"m": 3, "r": [1, 0, 0]}},
    not_claimed="the product over choices as one formula: each of its factors is unchanged",
)
def lemma1(goal: Goal) -> Theorem:
    th = without_shift(goal, sp.Integer(1), r(y), c, term(m), term(m), term(N))
    return k.restate(th, goal.claim)


@proposition(
    "dpo.lemma1.converse",
    title="conversely, rewards with the same Bradley-Terry preferences on a pair have the same difference on it",
    source="our own",
    printed="σ(r_i - r_j) = σ(r'_i - r'_j) ⇒ r_i - r'_i = r_j - r'_j",
    statement=sp.Implies(equals(sigma(r(i) - r(j)), sigma(r2(i) - r2(j))), equals(r(i) - r2(i), r(j) - r2(j))),
    not_claimed="anything about pairs that are never compared: with all pairs compared the rewards are of one class",
)
def lemma1_converse(goal: Goal) -> Theorem:
    """1/(1+a) = 1/(1+b) gives a = b, and then the logarithms are equal."""
    premise, conclusion = goal.claim.args
    exponents = [term(-(f(i) - f(j))) for f in (r, r2)]
    a, b = (app("exp", x) for x in exponents)
    signs = [k.law("exp_positive", x, ZERO, []) for x in exponents]
    sums = [
        k.sos(lt(ZERO, k.terms.add(ONE, x)), [(One, ONE, [s]), (One, ONE, [])], [], [])
        for x, s in zip((a, b), signs, strict=True)
    ]
    goal.define(*sums)
    first, second = (unit(th) for th in sums)
    x, y_ = (th.concl.args[1] for th in sums)
    given = k.assume(premise)
    # x y (1/x - 1/y) = y - x
    same = k.linear(b, a, [given, first, second], [mul(x, y_), mul(MINUS, y_), x])
    hole = k.var("hole")
    equal = k.rewrite(same, k.law("log_exp", exponents[1], ZERO, []), hole, eq(app("log", hole), exponents[1]))
    itself = k.law("log_exp", exponents[0], ZERO, [])
    return k.imp_intro(premise, k.linear(*conclusion.args, [equal, itself], [MINUS, ONE]))


@proposition(
    "dpo.theorem1",
    title="every class of rewards has a representative β log(π/π_ref), π a policy: π is the optimal policy of the class",
    source="Theorem 1",
    printed="r - β log(π*/π_ref) = β log Z for all responses, Σ π* = 1",
    assumptions=PRIOR | GIBBS,
    statement=sp.And(
        equals(over_responses(star(y)), 1),
        for_responses(equals(r(y) - beta * sp.log(star(y) / ref(y)), beta * sp.log(Z))),
    ),
    model=GIBBS_CASE,
    drops={name: case for name, case in GIBBS_DROPS.items() if name != "π is a policy"},
)
def theorem1(goal: Goal) -> Theorem:
    facts = Facts(goal)
    goal.define(positive_star(facts))
    one, index = facts.star_sums(), goal.fresh(goal.claim)
    inside = facts.inside(index).with_facts(facts.at("π* is the Gibbs policy", index, "lt"))
    b, itself = term(beta), gibbs_itself(facts, inside, index)
    reward = subst(term(r(y)), {term(y): index})
    cancel = inside.equal(mul(b, inv(b)), ONE)
    body = subst(term(r(y) - beta * sp.log(star(y) / ref(y))), {term(y): index})
    th = k.linear(body, term(beta * sp.log(Z)), [itself, cancel], [mul(MINUS, b), mul(MINUS, reward)])
    shared = for_all(index, ONE, term(N), th)
    return k.and_intro([next(k.restate(t, q) for t in (one, shared) if k.same(t.concl, q)) for q in goal.claim.args])


def policy(f: Any) -> sp.Basic:
    return sp.And(for_responses(f(y) > 0), equals(over_responses(f(y)), 1))


SAME: Case = {"N": 2, "beta": 2, "c": 0, "ref": ["1/2", "1/2"], "pi": ["1/2", "1/2"], "pi'": ["1/2", "1/2"]}


@proposition(
    "dpo.prop1",
    title="the representative is unique: two policies whose β log π/π_ref differ by a function of the prompt are equal",
    source="Proposition 1",
    printed="β log(π/π_ref) - β log(π'/π_ref) = f(x) ⇒ π = π'",
    assumptions=PRIOR
    | {
        "π is a policy": policy(pi),
        "π' is a policy": policy(pi2),
        "one class": for_responses(equals(beta * sp.log(pi(y) / ref(y)) - beta * sp.log(pi2(y) / ref(y)), c)),
    },
    statement=for_responses(equals(pi(y), pi2(y))),
    model=SAME,
    drops={
        "β > 0": SAME | {"beta": 0, "pi'": ["3/4", "1/4"]},
        "π_ref > 0": UNNEEDED,
        "π is a policy": UNNEEDED,
        "π' is a policy": UNNEEDED,
        "one class": SAME | {"pi'": ["3/4", "1/4"]},
    },
)
def prop1(goal: Goal) -> Theorem:
    """π = exp(c/β) π', and both sum to 1."""
    index, b = goal.fresh(goal.claim), term(beta)
    place = {term(y): index}
    inside = goal.assuming(le(ONE, index), le(index, term(N)))
    p, p2, w = (subst(term(f(y)), place) for f in (pi, pi2, ref))
    sums, signs = [], []
    for name in ("π is a policy", "π' is a policy"):
        parts = [k.and_elim(goal.given[name], at) for at in (0, 1)]
        sums.append(next(th for th in parts if th.concl.op == "eq"))
        signs.append(inside.at(next(th for th in parts if th.concl.op == "all"), index))
    inside.know(*signs, inside.at(goal.given["π_ref > 0"], index))
    logs = [log_of_product(inside, x, inv(w)) for x in (p, p2)]
    given = inside.at(goal.given["one class"], index)
    cancel = goal.equal(mul(b, inv(b)), ONE)
    d = mul(term(c), inv(b))
    # log π = c/β + log π'
    gap = sub(app("log", p), app("log", p2))
    shift = k.linear(gap, d, [given, logs[0], logs[1], cancel], [inv(b), mul(MINUS, b, inv(b)), mul(b, inv(b)), mul(MINUS, gap)])
    itself = [k.law("exp_log", x, ZERO, [s]) for x, s in zip((p, p2), signs, strict=True)]
    product = k.law("exp_add", d, app("log", p2), [])
    hole = k.var("hole")
    target = k.terms.add(d, app("log", p2))
    turned = k.linear(app("log", p), target, [shift], [ONE])
    moved = k.rewrite(turned, itself[0], hole, eq(app("exp", hole), p))
    scaled = k.linear(p, mul(app("exp", d), p2), [moved, product, itself[1]], [MINUS, ONE, app("exp", d)])
    total = goal.equal(k.mk("sum", index, ONE, term(N), p), app("exp", d), k.sum_congr(index, ONE, term(N), scaled), sums[1])
    one = k.linear(app("exp", d), ONE, [total, sums[0]], [MINUS, ONE])
    return k.restate(for_all(index, ONE, term(N), k.linear(p, p2, [scaled, one], [ONE, p2])), goal.claim)


NORMALISER = sp.Sum(ref(j) * sp.exp(r(j) / beta), (j, 1, N))
PROJECTED = r(y) - beta * sp.log(NORMALISER)  # f(r)
EVEN: Case = {"N": 2, "beta": 2, "ref": ["1/2", "1/2"], "r": [0, 0]}


@proposition(
    "dpo.theorem1.projection",
    title="the map r → r - β log Z to the representative is a projection: E_{π_ref} exp(r/β) is 1 from then on",
    source="proof of Theorem 1",
    printed="f(r) = r - β log Σ π_ref exp(r/β):  Σ π_ref exp(f(r)/β) = 1",
    assumptions=PRIOR | {"N ≥ 1": N >= 1},
    statement=equals(over_responses(ref(y) * sp.exp(PROJECTED / beta)), 1),
    model=EVEN,
    drops={"β > 0": UNNEEDED, "π_ref > 0": UNNEEDED, "N ≥ 1": EVEN | {"N": 0}},
)
def projection(goal: Goal) -> Theorem:
    """exp(r/β - log Z) = exp(r/β)/Z."""
    total, index = term(NORMALISER), goal.fresh(goal.claim)
    positive = goal.prove(lt(ZERO, total))
    goal.know(positive)
    goal.define(positive)
    place = {term(y): index}
    w, x = (subst(term(f), place) for f in (ref(y), r(y) / beta))
    log = app("log", total)
    minus = mul(MINUS, log)
    back, zero, itself = (
        k.law("exp_add", log, minus, []),
        k.law("exp_zero", ZERO, ZERO, []),
        k.law("exp_log", total, ZERO, [positive]),
    )
    e, one = app("exp", minus), unit(positive)
    inverse = k.linear(
        e, inv(total), [back, itself, zero, one], [mul(MINUS, inv(total)), mul(MINUS, inv(total), e), inv(total), mul(MINUS, e)]
    )
    split = k.law("exp_add", x, minus, [])
    left = goal.claim.args[0]
    body = subst(left.args[3], {left.args[0]: index})
    inner = next(a for a in atoms(body) if a.op == "app" and a.args[0] == "exp")
    flat = goal.equal(inner.args[2], split.concl.args[0].args[2])
    hole = k.var("hole")
    same = k.rewrite(flat, k.linear(inner, inner, [], []), hole, eq(inner, app("exp", hole)))
    row = k.linear(body, mul(w, app("exp", x), inv(total)), [same, split, inverse], [w, w, mul(w, app("exp", x))])
    rows = k.sum_congr(index, ONE, term(N), row)
    return goal.equal(left, ONE, rows, one)
