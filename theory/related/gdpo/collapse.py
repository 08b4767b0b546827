"""Standardising the total reward: what GRPO keeps of it, and what GRPO without the deviation keeps.

Statement   (r - mean)/std does not change under r -> a r + b, a > 0; of two different rewards it keeps the order alone.
            r - mean tells two groups apart unless one is the other, shifted.
Hypotheses  the rewards are not all equal: Eq. 2 prints no constant in its denominator, and is 0/0 for equal rewards.
"""

from collections.abc import Callable
from fractions import Fraction

import sympy as sp

from theory import kernel as k
from theory.decide import Goal
from theory.kernel import Term, Theorem, subst
from theory.kernel.terms import ONE, ZERO, add, app, le, lt, mul, sub
from theory.language import ForAll, equals, family, integers, mean, reals, term
from theory.proposition import UNNEEDED, Case, not_applicable, proposition, refuted
from theory.tactics import MINUS, Context
from theory.tactics.deviation import cross_multiplied, replacing, scaled_root, squares_nonnegative
from theory.tactics.logic import conjunction
from theory.tactics.powers import for_all

SECTION = "Section 2, Eq. 2"
G, i, j, h = integers("G i j h")
a, b, c, x, y, eps = reals("a b c x y eps")
r, q = family("r"), family("q")
Rewards = Callable[[sp.Expr], sp.Expr]


def centred(f: Rewards, at: sp.Expr) -> sp.Expr:
    return f(at) - mean(f(h), h, G)


def variance(f: Rewards) -> sp.Expr:
    """Of the rewards f(1), .., f(G), as of a sample."""
    return sp.Sum(centred(f, i) ** 2, (i, 1, G)) / (G - 1)


def standardised(f: Rewards, at: sp.Expr) -> sp.Expr:
    return centred(f, at) / sp.sqrt(variance(f))


TWO, VARY = "two rollouts", "not all rewards are equal"
GROUP = {TWO: G >= 2}
VARIES = {VARY: variance(r) > 0}
PAIR: Case = {"G": 2, "r": [0, 1], "j": 1}


@proposition(
    "gdpo.eq2.affine_invariant",
    title="a standardised reward does not change when the reward is scaled and shifted",
    source=SECTION,
    printed="A(a r + b) = A(r) for a > 0",
    assumptions=GROUP | VARIES | {"a > 0": a > 0},
    statement=equals(standardised(lambda t: a * r(t) + b, j), standardised(r, j)),
    model=PAIR | {"a": 2, "b": 1},
    drops={
        TWO: UNNEEDED,
        VARY: PAIR | {"a": 2, "b": 1, "r": [0, 0]},
        "a > 0": {"G": 4, "r": [1, 0, 0, 0], "j": 1, "a": -1, "b": 0},
    },
    not_claimed="anything about the clipped objective, Eq. 3, in which A is put",
)
def affine_invariant(goal: Goal) -> Theorem:
    """The variance of a r + b is a² times that of r."""
    wide, narrow = term(variance(lambda t: a * r(t) + b)), term(variance(r))
    scaled = goal.equal(wide, term(a**2 * variance(r)))
    positive, root = scaled_root(goal, wide, narrow, term(a), scaled)
    goal.define(positive)
    goal.know(positive)
    return replacing(goal.claim, root, goal.prove)


def pair(at: sp.Expr, x: sp.Expr = x, y: sp.Expr = y) -> sp.Expr:
    """Eq. 2 for two rollouts with the rewards x and y."""
    m = (x + y) / 2
    return (at - m) / sp.sqrt((x - m) ** 2 + (y - m) ** 2)


@proposition(
    "gdpo.collapse",
    title="of two rollouts GRPO keeps the order alone: totals (0,1), (0,2), (1,2) all become (-0.7071, 0.7071)",
    source="Section 2, Fig. 2",
    printed="(0,1), (0,2), (1,2) → (-0.7071, 0.7071)",
    assumptions={"x < y": x < y},
    statement=sp.And(equals(pair(x), -sp.sqrt(2) / 2), equals(pair(y), sp.sqrt(2) / 2)),
    model={"x": 0, "y": 1},
    drops={"x < y": {"x": 1, "y": 0}},
    not_claimed="the same of larger groups, of which any shape of the totals survives",
)
def collapse(goal: Goal) -> Theorem:
    positive, sides = order_kept(goal, term(x), term(y), *goal.claim.args)
    goal.define(positive)
    return conjunction(goal.claim, *sides)


def order_kept(ctx: Context, low: Term, high: Term, *claims: Term) -> tuple[Theorem, list[Theorem]]:
    """The sum of squares of a pair is positive, and Eq. 2 gives ±√2/2, where ctx knows low < high: std = (high - low)/√2."""
    gap, two = ctx.prove(lt(ZERO, sub(high, low))), term(sp.Integer(2))
    factor = mul(term(sp.Rational(1, 2)), sub(high, low))
    half = k.sos(lt(ZERO, factor), [(Fraction(1, 2), ONE, [gap])], [], [])
    inside = ctx.with_facts(half, gap)
    squares = subst(term((x - (x + y) / 2) ** 2 + (y - (x + y) / 2) ** 2), {term(x): low, term(y): high})
    positive, root = scaled_root(inside, squares, two, factor, inside.equal(squares, mul(factor, factor, two)))
    square_of_root = k.law("sqrt_square", two, ZERO, [ctx.prove(le(ZERO, two))])
    below = root.concl.args[1]
    above_zero = k.sos(lt(ZERO, below), [(Fraction(1), ONE, [half, inside.sqrt_positive(two)])], [], [])
    prover = inside.with_facts(positive, above_zero)

    return positive, [replacing(p, root, lambda p: cross_multiplied(prover, p, below, square_of_root)) for p in claims]


def nonnegative_variance(ctx: Context, f: Rewards) -> Theorem:
    """0 <= variance, for two rollouts or more."""
    squares = squares_nonnegative(ctx, term(sp.Sum(centred(f, i) ** 2, (i, 1, G))))
    above = k.inv_positive(ctx.prove(lt(ZERO, term(G - 1))))
    return k.sos(le(ZERO, term(variance(f))), [(Fraction(1), ONE, [above, squares])], [], [])


refuted(
    "gdpo.collapse.equal_totals",
    title="rollouts of equal totals, (0,0), (1,1) or (2,2), get (0, 0) from Eq. 2",
    source="Section 2, Fig. 2",
    printed="(0,0), (1,1), (2,2) → (0, 0)",
    statement=sp.And(equals(pair(x), 0), equals(pair(y), 0)),
    assumptions={"x = y": equals(x, y)},
    witness={"x": 0, "y": 0},
    module=__name__,
    repair="gdpo.collapse.equal_totals.repaired",
    finding="With equal totals the numerator and the deviation of Eq. 2 are both 0, and 0/0 has no value. It takes "
    "a convention, such as a constant ε > 0 in the denominator, and with that the advantages are 0.",
)


@proposition(
    "gdpo.collapse.equal_totals.repaired",
    title="rollouts of equal rewards get 0, for every size of the group, if ε > 0 is added to the deviation",
    source="our own",
    printed="r_1 = .. = r_G  ⇒  (r_j - mean)/(std + ε) = 0",
    assumptions=GROUP
    | {"ε > 0": eps > 0, "equal rewards": ForAll(i, 1, G, equals(r(i), c)), "a rollout": sp.And(1 <= j, j <= G)},
    statement=equals(centred(r, j) / (sp.sqrt(variance(r)) + eps), 0),
    model={"G": 2, "eps": 1, "r": [3, 3], "c": 3, "j": 1},
    drops={
        TWO: {"G": 1, "eps": 1, "r": [3], "c": 3, "j": 1},
        "ε > 0": {"G": 2, "eps": 0, "r": [3, 3], "c": 3, "j": 1},
        "equal rewards": {"G": 4, "eps": 1, "r": [3, 2, 2, 2], "c": 3, "j": 1},
        "a rollout": UNNEEDED,
    },
)
def equal_totals(goal: Goal) -> Theorem:
    """The numerator is c - c."""
    t = goal.fresh(goal.claim)
    same = goal.assuming(le(ONE, t), le(t, term(G))).at(goal.given["equal rewards"], t)
    own = goal.at(goal.given["equal rewards"], term(j))
    total = k.sum_congr(t, ONE, term(G), same)
    nonneg = nonnegative_variance(goal, r)
    floor = k.law("sqrt_nonnegative", term(variance(r)), ZERO, [nonneg])
    goal.define(
        nonneg,
        k.sos(
            lt(ZERO, term(sp.sqrt(variance(r)) + eps)), [(Fraction(1), ONE, [th]) for th in (floor, goal.given["ε > 0"])], [], []
        ),
    )
    goal.know(*goal.lemmas)
    zero = goal.equal(term(centred(r, j)), ZERO, own, total)
    left = goal.claim.args[0]
    inverse = term(1 / (sp.sqrt(variance(r)) + eps))
    return k.linear(left, ZERO, [zero], [inverse])


@proposition(
    "gdpo.without_std",
    title="without the deviation two groups get the same advantages exactly if their rewards differ by a constant",
    source="Section 2: GRPO without std",
    printed="r_j - mean r = q_j - mean q for all j  ⇔  r_j - q_j is the same for all j",
    assumptions={"a group": G >= 1},
    statement=sp.Equivalent(
        ForAll(j, 1, G, equals(centred(r, j), centred(q, j))), ForAll(j, 1, G, ForAll(i, 1, G, equals(r(j) - q(j), r(i) - q(i))))
    ),
    model={"G": 2, "r": [0, 1], "q": [1, 2]},
    drops={"a group": UNNEEDED},
)
def without_std(goal: Goal) -> Theorem:
    """⇒: r_j - q_j = mean r - mean q. ⇐: then its mean is its value."""
    parts = []
    for p in goal.claim.args:
        premise, conclusion = p.args
        inside = goal.assuming(premise)
        given = k.assume(premise)
        s, t = (k.var(name, "Z") for name in ("s", "t"))
        member = inside.assuming(le(ONE, s), le(s, term(G)))
        other = member.assuming(le(ONE, t), le(t, term(G)))
        if conclusion.args[1].args[1].op == "all":
            at_s, at_t = (other.at(given, v) for v in (s, t))
            left, right = (sub(app("r", v), app("q", v)) for v in (s, t))
            th = for_all(s, ONE, term(G), for_all(t, ONE, term(G), k.linear(left, right, [at_s, at_t], [ONE, MINUS])))
        else:
            both = other.at(given, s, t)
            moved = k.linear(app("r", t), add(app("q", t), both.concl.args[0]), [both], [MINUS])
            total = member.equal(
                term(sp.Sum(r(i), (i, 1, G))),
                k.mk("sum", t, ONE, term(G), moved.concl.args[1]),
                k.sum_congr(t, ONE, term(G), moved),
            )
            own, others = (subst(term(centred(f, j)), {term(j): s}) for f in (r, q))
            th = for_all(s, ONE, term(G), member.equal(own, others, total))
        parts.append(k.imp_intro(premise, k.restate(th, conclusion)))
    return conjunction(goal.claim, *parts)


not_applicable(
    "gdpo.without_std.slight",
    title="dropping the deviation only slightly increases the number of distinct groups",
    source="Section 3.1, Fig. 3",
    printed="(a figure)",
    reason="'slightly' names no bound; the exact counts are in the evidence of gdpo.distinct_groups",
    module=__name__,
)
