"""The constraint KL(π_old‖π_θ) ≤ δ and its penalty β [KL - δ]₊²: what it leaves of the constraint.

D(θ) is the divergence as a function of one coordinate θ, dD(θ) its slope.
"""

from fractions import Fraction
from typing import Any

import sympy as sp

from theory import kernel as k
from theory.decide import Goal
from theory.kernel import Term, Theorem
from theory.kernel.terms import ONE, ZERO, eq, inv, le, lt, mul, neg, sub
from theory.language import ForAll, derivative, equals, family, integers, reals, term
from theory.proposition import UNNEEDED, Case, proposition, refuted, shown
from theory.tactics import MINUS, Context, atoms
from theory.tactics.convex import log_tangent
from theory.tactics.logs import weaken
from theory.tactics.prefix import chosen, opened, put, slopes

N, o = integers("N o")
theta, beta, delta, d, lam, g_j, g_d = reals("theta beta delta D lambda g_J g_D")
D, dD = family("D"), family("dD")
pi, dpi, old = (family(x) for x in ("pi", "dpi", "old"))
One = Fraction(1)
SOURCE = "Section 4 (squared hinge), as a reader's note gives it"
HINGE = sp.Max(D(theta) - delta, 0)
MOVES = {"D has a derivative": derivative(D(theta), theta, dD(theta))}
OFF = {"D ≠ δ": sp.Ne(D(theta), delta)}


def line(x: Any) -> Any:
    """D(x) = 2 + x"""
    return x + Fraction(2)


def one(x: Any) -> Any:
    """dD(x) = 1"""
    return Fraction(1)


def two(x: Any) -> Any:
    """dD(x) = 2"""
    return Fraction(2)


CASE: Case = {"theta": 0, "D": line, "dD": one, "delta": 1, "beta": 1}


@proposition(
    "disco.penalty.gradient",
    title="the penalty has the gradient 2 β [D-δ]₊ ∇D, which is 0 where the constraint holds",
    source=SOURCE,
    printed="∇ β [D-δ]₊² = 2 β [D-δ]₊ ∇D",
    assumptions=MOVES | OFF,
    statement=derivative(beta * HINGE**2, theta, 2 * beta * HINGE * dD(theta)),
    model=CASE,
    drops={"D has a derivative": CASE | {"dD": two}, "D ≠ δ": UNNEEDED},
    not_claimed="that it fails at D = δ: the rules for derivatives do not reach a tie; the slope there is 0 as well",
)
def penalty_gradient(goal: Goal) -> Theorem:
    """[D-δ]₊ is D - δ on one side of the tie and 0 on the other."""

    def side(ctx: Context, claim: Term) -> Theorem:
        v, f, slope = opened(claim)
        above = ctx.facts[-1].concl.args[0] is term(delta)
        shift = sub(term(D(theta)), term(delta))
        shifted = k.sos(lt(ZERO, shift) if above else lt(shift, ZERO), [(One, ONE, [ctx.facts[-1]])], [], [])
        weak = weaken(shifted)
        facts = [*ctx.facts, shifted, weak, *slopes(ctx, f, v)]
        th = k.diff(v, f, v, facts)
        choices = dict.fromkeys([*conditionals(th.concl.args[3]), *conditionals(slope)])
        values = [chosen(Context([*ctx.facts, shifted, weak]), c) for c in choices]
        sides = []
        for t in (th.concl.args[3], slope):
            e = k.linear(t, t, [], [])
            for value in values:
                e = put(value, e)
            sides.append(e)
        middle = ctx.equal(sides[0].concl.args[1], sides[1].concl.args[1])
        equal = k.linear(th.concl.args[3], slope, [sides[0], middle, sides[1]], [ONE, ONE, MINUS])
        hole = k.var("hole")
        return k.restate(k.rewrite(equal, th, hole, k.mk("deriv", *th.concl.args[:3], hole)), claim)

    x, y = term(delta), term(D(theta))
    turned = k.linear(y, x, [k.assume(eq(x, y))], [MINUS])
    never = k.absurd(turned, goal.given["D ≠ δ"], goal.claim)
    return k.trichotomy(x, y, side(goal.assuming(lt(x, y)), goal.claim), never, side(goal.assuming(lt(y, x)), goal.claim))


def conditionals(t: Term) -> list[Term]:
    return [a for a in atoms(t) if a.op == "ite"]


STATIONARY = {
    "β > 0": beta > 0,
    "stationary": equals(g_j, 2 * beta * sp.Max(d - delta, 0) * g_d),
    "λ is the multiplier": sp.And(equals(g_j, lam * g_d), sp.Ne(g_d, 0)),
    "the constraint is active": lam > 0,
}
ACTIVE: Case = {"beta": "1/2", "D": 1, "delta": 0, "g_J": 1, "g_D": 1, "lambda": 1}

refuted(
    "disco.penalty.kept",
    title="a stationary point of the penalised objective satisfies the constraint",
    source="reconstruction: the penalty is introduced to enforce KL ≤ δ",
    printed="∇J_2 = ∇ β [D-δ]₊² ⇒ D ≤ δ",
    assumptions=STATIONARY,
    statement=d <= delta,
    witness=ACTIVE,
    module=__name__,
    repair="disco.penalty.kept.repaired",
    finding="With β = 1/2, δ = 0 and ∇J_2 = ∇D = 1 the two forces balance where 2 · (1/2) · D = 1, at D = 1 > 0. A force that is "
    "needed to hold the constraint exists only beyond it.",
)


@proposition(
    "disco.penalty.kept.repaired",
    title="it violates an active constraint by exactly λ/(2β), λ the multiplier of the constrained problem",
    source="our own",
    printed="∇J_2 = λ ∇D, λ > 0 ⇒ D - δ = λ/(2β) > 0",
    assumptions=STATIONARY,
    statement=sp.And(equals(d - delta, lam / (2 * beta)), d > delta),
    model=ACTIVE,
    drops={
        "β > 0": UNNEEDED,
        "stationary": ACTIVE | {"D": 2},
        "λ is the multiplier": ACTIVE | {"lambda": 2},
        "the constraint is active": ACTIVE | {"lambda": 0, "g_J": 0, "D": -1},
    },
)
def penalty_kept(goal: Goal) -> Theorem:
    b, x, y, gd, force = (term(e) for e in (beta, d, delta, g_d, lam))
    multiplier = goal.given["λ is the multiplier"]
    balance = goal.given["stationary"]
    (hinge,) = conditionals(balance.concl.args[1])
    of_j = next(k.and_elim(multiplier, m) for m in (0, 1) if multiplier.concl.args[m].op == "eq")
    moving = next(k.and_elim(multiplier, m) for m in (0, 1) if multiplier.concl.args[m].op == "not")
    unit = k.field(mul(gd, inv(gd)), ONE, [moving])
    two_b = k.sos(lt(ZERO, mul(k.num(2), b)), [(Fraction(2), ONE, [goal.given["β > 0"]])], [], [])
    # 2 β hinge = λ
    value = k.linear(
        mul(k.num(2), b, hinge),
        force,
        [balance, of_j, unit],
        [mul(MINUS, inv(gd)), inv(gd), mul(sub(force, mul(k.num(2), b, hinge)), ONE)],
    )

    shift, over = sub(x, y), inv(mul(k.num(2), b))
    inside, outside = k.assume(neg(hinge.args[0])), k.assume(hinge.args[0])
    none = k.linear(force, ZERO, [value, k.if_(inside, *hinge.args[1:])], [MINUS, mul(k.num(2), b)])
    broken = k.absurd(none, k.negate(goal.given["the constraint is active"]), goal.claim)
    unit_b = goal.with_facts(two_b).equal(mul(k.num(2), b, over), ONE)
    used = [value, k.if_(outside, *hinge.args[1:]), unit_b]
    equal = k.linear(shift, mul(force, over), used, [over, mul(k.num(-2), b, over), mul(MINUS, shift)])
    positive = k.sos(lt(y, x), [(One, ONE, [goal.given["the constraint is active"], k.inv_positive(two_b)])], [equal], [ONE])
    out = []
    for q in goal.claim.args:
        if q.op == "eq":
            flat = goal.with_facts(two_b).equal(mul(force, over), q.args[1])
            out.append(k.linear(*q.args, [equal, flat], [ONE, ONE]))
        else:
            out.append(k.restate(positive, q))
    return k.cases(hinge.args[0], k.and_intro(out), broken)


OUTPUTS = {
    "probabilities are positive": ForAll(o, 1, N, sp.And(pi(o, theta) > 0, old(o) > 0)),
    "θ moves the policy": ForAll(o, 1, N, derivative(pi(o, theta), theta, dpi(o, theta))),
}
DIVERGENCE = sp.Sum(old(o) * (sp.log(old(o)) - sp.log(pi(o, theta))), (o, 1, N))
K1_SLOPE = sp.Sum(old(o) * (-dpi(o, theta) / pi(o, theta)), (o, 1, N))


def moved(o: Any, x: Any) -> Any:
    """pi(1, x) = 1/4 + x, pi(2, x) = 3/4 - x"""
    return x + Fraction(1, 4) if o == 1 else x * Fraction(-1) + Fraction(3, 4)


def slope(o: Any, x: Any) -> Any:
    """dpi(1, x) = 1, dpi(2, x) = -1"""
    return Fraction(1 if o == 1 else -1)


def flat(o: Any, x: Any) -> Any:
    """dpi(o, x) = 0"""
    return Fraction(0)


PAIR: Case = {"N": 2, "theta": 0, "pi": moved, "dpi": slope, "old": ["1/2", "1/2"]}


@proposition(
    "disco.kl_estimate.gradient",
    title="log π_old - log π_θ of outputs of π_old has the expected gradient of KL(π_old‖π_θ)",
    source=SOURCE,
    printed="E_old[∇(log π_old - log π_θ)] = ∇KL(π_old‖π_θ)",
    assumptions=OUTPUTS,
    statement=derivative(DIVERGENCE, theta, K1_SLOPE),
    model=PAIR,
    drops={"probabilities are positive": UNNEEDED, "θ moves the policy": PAIR | {"dpi": flat}},
)
def kl_estimate_gradient(goal: Goal) -> Theorem:
    return divergence_slope(goal)


def divergence_slope(goal: Goal, *equations: Theorem) -> Theorem:
    v, f, target = opened(goal.claim)
    index = goal.fresh(goal.claim)
    inside = goal.assuming(le(ONE, index), le(index, term(N)))
    inside.know(inside.at(goal.given["probabilities are positive"], index), inside.at(goal.given["θ moves the policy"], index))
    body = k.subst(f.args[3], {f.args[0]: index})
    row = k.diff(v, body, v, inside.facts)
    if "θ = θ_old" in goal.given:
        d = row.concl.args[3]
        same = put(inside.at(goal.given["θ = θ_old"], index), k.linear(d, d, [], []))
        simple = inside.equal(same.concl.args[1], mul(MINUS, k.subst(term(dpi(o, theta)), {term(o): index})))
        equal, hole = k.linear(d, simple.concl.args[1], [same, simple], [ONE, ONE]), k.var("hole")
        row = k.rewrite(equal, row, hole, k.mk("deriv", *row.concl.args[:3], hole))
    th = k.sum_congr(index, ONE, term(N), row)
    equal, hole = goal.equal(th.concl.args[3], target, *equations), k.var("hole")
    return k.restate(k.rewrite(equal, th, hole, k.mk("deriv", *th.concl.args[:3], hole)), goal.claim)


AT_OLD = {
    "θ = θ_old": ForAll(o, 1, N, equals(old(o), pi(o, theta))),
    "probabilities keep adding up to 1": equals(sp.Sum(dpi(o, theta), (o, 1, N)), 0),
}
START: Case = PAIR | {"old": ["1/4", "3/4"]}


@proposition(
    "disco.penalty.first_step",
    title="at θ = θ_old KL(π_old‖π_θ) has the slope 0: the first step of each batch does not feel the constraint",
    source="our own",
    printed="θ = θ_old:  ∇KL(π_old‖π_θ) = 0",
    assumptions=OUTPUTS | AT_OLD,
    statement=derivative(DIVERGENCE, theta, sp.Integer(0)),
    model=START,
    drops={
        "probabilities are positive": UNNEEDED,
        "θ moves the policy": UNNEEDED,
        "θ = θ_old": PAIR,
        "probabilities keep adding up to 1": UNNEEDED,
    },
)
def first_step(goal: Goal) -> Theorem:
    return divergence_slope(goal, goal.given["probabilities keep adding up to 1"])


shown(
    "disco.kl_estimate.negative",
    title="the estimate of the divergence from one output can be negative, and the penalty then pushes nowhere",
    source="our own",
    printed="there are π_old, π_θ and o with log π_old(o) - log π_θ(o) < 0",
    statement=sp.And(
        sp.log(old(1)) - sp.log(pi(1)) < 0, old(1) > 0, pi(1) > 0, equals(old(1) + old(2), 1), equals(pi(1) + pi(2), 1)
    ),
    witness={"old": ["1/4", "3/4"], "pi": ["1/2", "1/2"]},
    module=__name__,
)


r = reals("r")


@proposition(
    "disco.kl_estimate.low_variance",
    title="the other estimate of the released code, -log r + r - 1 with r = π_θ/π_old, is never negative",
    source="reconstruction: the authors' repository, one snapshot, as a reader's note describes it (ppo_kl_type = low_var_kl)",
    printed="r > 0 ⇒ -log r + r - 1 ≥ 0",
    assumptions={"r > 0": r > 0},
    statement=-sp.log(r) + r - 1 >= 0,
    model={"r": 2},
    drops={"r > 0": {"r": 0}},
    hints={"r": "ratio"},
    not_claimed="its mean over outputs of π_old: that is KL(π_old‖π_θ) by kl_estimators.value.k3, with π_old in the place of π_θ",
)
def low_variance(goal: Goal) -> Theorem:
    """log r ≤ r - 1."""
    positive = goal.given["r > 0"]
    return k.sos(goal.claim, [(One, ONE, [log_tangent(term(r), positive)])], [], [])
