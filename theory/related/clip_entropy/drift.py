"""Rewards that are 1 or -1 at random, whatever the token: what the clipped surrogate does to the entropy on average.

A token v = 1..V is drawn from old(v) and has the advantage 1 or -1, each with probability 1/2; π(v) = old(v) ratio(v). The
surrogate's gradient is ratio · A · score inside the clip, 0 for A = 1 above 1 + ε and for A = -1 below 1 - ε.

Statement   Without clipping, and with any weight that does not look at the sign of A, the gradient averages to 0. What is left
            is -(1/2) Σ π score over tokens above 1 + ε and (1/2) Σ π score over tokens below 1 - ε. A natural gradient
            step along the first changes H by (1/2) Σ π (log π + H) over those tokens, by clip_entropy.natural_step: down if they
            are rare, up if not. A gradient step moves the logit j by π_j (c_j - Σ π c) where the natural one moves it by c_j.
Not claimed anything about how often which tokens are clipped, on which the theorems of the paper rest.
"""

from fractions import Fraction

import sympy as sp

from theory import kernel as k
from theory.decide import Goal
from theory.kernel import Term, Theorem, subst
from theory.kernel.terms import ONE, ZERO, add, le, lt, mul
from theory.kernel.theorem import same
from theory.language import ForAll, equals, family, integers, reals, term
from theory.proposition import UNNEEDED, Case, not_applicable, proposition, refuted
from theory.tactics import MINUS, Context, atoms
from theory.tactics.clip import chosen
from theory.tactics.logic import by_branches

from .entropy import SOURCE

V, E, v, u, e = integers("V E v u e")
eps = reals("eps")
old, pi, ratio, w, s, q, A = map(family, ("old", "pi", "ratio", "w", "s", "q", "A"))
p = pi(v)


def over_tokens(f: sp.Expr) -> sp.Expr:
    return sp.Sum(f, (v, 1, V))


def where(condition: sp.Basic, f: sp.Expr) -> sp.Expr:
    return sp.Piecewise((f, condition), (0, True))


@proposition(
    "clip_entropy.sign_blind",
    title="random rewards move no parameter on average, if the weight of a token does not depend on the sign of A: unclipped "
    "ratios, and CISPO's clipped ones",
    source="our own; the unclipped case is in the notes on arXiv 2509.26114",
    printed="E_old[ w(v) A ∇log π(v) ] = 0 if E A = 0",
    assumptions={"rewards of mean 0": equals(sp.Sum(q(e) * A(e), (e, 1, E)), 0)},
    statement=equals(sp.Sum(old(v) * q(e) * w(v) * A(e) * s(v), (e, 1, E), (v, 1, V)), 0),
    model=(NOISE := {"V": 2, "E": 2, "old": ["1/2", "1/2"], "q": ["1/2", "1/2"], "A": [1, -1], "w": [2, 1], "s": [1, -1]}),
    drops={"rewards of mean 0": NOISE | {"A": [1, 1]}},
    not_claimed="that the entropy does not change on average: the variance of the steps changes it in second order",
)
def sign_blind(goal: Goal) -> Theorem:
    """The mean of A is a factor."""
    return goal.equal(*goal.claim.args, goal.given["rewards of mean 0"])


HIGH, LOW = ratio(v) > 1 + eps, ratio(v) < 1 - eps
PUSH = old(v) * ratio(v) * s(v)
LIVE_UP, LIVE_DOWN = where(ratio(v) <= 1 + eps, PUSH), where(ratio(v) >= 1 - eps, PUSH)
PAIR: Case = {"V": 2, "old": ["1/2", "1/2"], "ratio": ["3/2", "1/2"], "s": [1, -1], "eps": "1/5"}


@proposition(
    "clip_entropy.clipped_drift",
    title="of random rewards ±1 the clipped surrogate leaves, on average, the part of the clipped tokens alone",
    source=SOURCE,
    printed="E g = -(1/2) Σ_{ratio > 1+ε} old · ratio · ∇log π + (1/2) Σ_{ratio < 1-ε} old · ratio · ∇log π",
    statement=equals(
        over_tokens(LIVE_UP) / 2 - over_tokens(LIVE_DOWN) / 2,
        -over_tokens(where(HIGH, PUSH)) / 2 + over_tokens(where(LOW, PUSH)) / 2,
    ),
    not_claimed="the gradient at ratios of exactly 1 ± ε, where the surrogate has none",
)
def clipped_drift(goal: Goal) -> Theorem:
    """Token by token: live for A = 1 is 1 - above, live for A = -1 is 1 - below."""
    t, last = goal.fresh(goal.claim), term(V)
    inside = goal.assuming(le(ONE, t), le(t, last))
    up, down, high, low = (subst(term(f), {term(v): t}) for f in (LIVE_UP, LIVE_DOWN, where(HIGH, PUSH), where(LOW, PUSH)))
    halves = [k.num(Fraction(sign, 2)) for sign in (1, -1)]
    left, right = (k.sum_linear(t, ONE, last, halves, pair) for pair in ([up, down], [low, high]))
    sides = [add(*(mul(c, f) for c, f in zip(halves, pair, strict=True))) for pair in ((up, down), (low, high))]
    summed = k.sum_congr(t, ONE, last, chosen(inside, *sides))
    return k.linear(*goal.claim.args, [left, summed, right], [MINUS, ONE, ONE])


# -- what the two parts do to the entropy ----------------------------------------------------------------------------

LAW = {
    "π > 0": ForAll(v, 1, V, p > 0),
    "π sums to 1": equals(over_tokens(p), 1),
    "old > 0": ForAll(v, 1, V, old(v) > 0),
    "old sums to 1": equals(over_tokens(old(v)), 1),
}
ENTROPY = -sp.Sum(pi(u) * sp.log(pi(u)), (u, 1, V))
EXCESS = sp.log(p) + ENTROPY  # log π + H: negative for tokens rarer than e^(-H)
ABOVE, BELOW = p > (1 + eps) * old(v), p < (1 - eps) * old(v)
PLAIN = p * EXCESS - sp.Sum(pi(u) ** 2 * (sp.log(pi(u)) + ENTROPY.subs(u, e)), (u, 1, V))


def change(clipped: sp.Basic, sign: int, excess: sp.Expr = EXCESS) -> sp.Expr:
    """Of H, to first order in the step size: the part of tokens clipped above (sign 1) or below (-1)."""
    return sign * over_tokens(where(clipped, p * excess)) / 2


UPPER: Case = {"V": 2, "old": ["1/2", "1/2"], "pi": ["3/4", "1/4"], "eps": "1/5"}
LOWER: Case = {"V": 2, "old": ["9/10", "1/10"], "pi": ["7/10", "3/10"], "eps": "1/5"}
POINTWISE = "reconstruction: Theorems 1 and 2 of arXiv 2509.26114, read for any π, without an assumption on how it came about"

RARE = "the clipped tokens are rare"
FINDINGS = {
    "clip_high": "Tokens of old = (1/2, 1/2), π = (3/4, 1/4), ε = 1/5: the first is clipped above. It is more likely than "
    "e^(-H), log(3/4) + H = 0.275, so holding it down raises the entropy, by (1/2)(3/4) 0.275 = 0.103 per unit of the step.",
    "clip_high.plain": "Tokens of old = (1/2, 1/2), π = (3/4, 1/4), ε = 1/5: the first is clipped above. With l = "
    "log π + H = (0.275, -0.824) the change is (1/2)(3/4)(0.75 · 0.275 - Σ π² l) = 0.375 (0.206 - 0.103) = 0.039, upwards.",
    "clip_low": "Tokens of old = (9/10, 1/10), π = (7/10, 3/10), ε = 1/5: the first is clipped below. It is still more likely "
    "than e^(-H), log(7/10) + H = 0.254, so holding it up lowers H, by (1/2)(7/10) 0.254 = 0.089 per unit of the step.",
    "clip_low.plain": "Tokens of old = (9/10, 1/10), π = (7/10, 3/10), ε = 1/5: the first is clipped below. With l = "
    "log π + H = (0.254, -0.593) the change is -(1/2)(7/10)(0.7 · 0.254 - Σ π² l) = -0.35 (0.178 - 0.071) = -0.037, downwards.",
}


def never_positive(goal: Goal) -> Theorem:
    """Σ over the clipped tokens of π times something that is at most 0 there."""
    t, last = goal.fresh(goal.claim), term(V)
    inside = goal.assuming(le(ONE, t), le(t, last))
    total = next(x for x in atoms(goal.claim) if x.op == "sum")
    summand = subst(total.args[3], {total.args[0]: t})
    positive, rare = inside.at(goal.given["π > 0"], t), k.all_elim(goal.given[RARE], t)
    rare = k.imp_elim(rare, inside.prove(rare.concl.args[0]))

    def part(ctx: Context, p: Term) -> Theorem:
        clipped = next((th for th in ctx.facts if same(th.concl, rare.concl.args[0])), None)
        if clipped is None:
            return ctx.prove(p)
        return k.sos(p, [(Fraction(1), ONE, [positive, k.imp_elim(rare, clipped)])], [], [])

    below = k.sum_congr(t, ONE, last, by_branches(inside, le(summand, ZERO), part))
    nothing = k.sum_linear(t, ONE, last, [ZERO], [ZERO])
    return k.sos(goal.claim, [(Fraction(1, 2), ONE, [below])], [nothing], [k.num(Fraction(-1, 2))])


for step, excess, of in (("", EXCESS, "a natural gradient step"), (".plain", PLAIN, "a gradient step")):
    for side, clipped, sign, case, other in (("high", ABOVE, 1, UPPER, LOWER), ("low", BELOW, -1, LOWER, UPPER)):
        part = change(clipped, sign, excess)
        moves, claim = ("lower", sp.Le(part, 0, evaluate=False)) if sign > 0 else ("raise", sp.Ge(part, 0, evaluate=False))
        refuted(
            f"clip_entropy.clip_{side}{step}",
            title=f"{of} along what clip-{side} leaves of random rewards {moves}s the entropy, or leaves it",
            source=POINTWISE,
            printed=f"clip-{side} {moves}s the entropy",
            assumptions=LAW,
            statement=claim,
            witness=case,
            module=__name__,
            repair=f"clip_entropy.clip_{side}{step}.repaired",
            hints={"pi": "unit", "old": "unit"},
            finding=FINDINGS[f"clip_{side}{step}"],
        )
        proposition(
            f"clip_entropy.clip_{side}{step}.repaired",
            title=f"it {moves}s it, or leaves it, if every token that is clipped {side} "
            + ("is rarer than e^(-H)" if not step else "has π (log π + H) ≤ Σ π² (log π + H)"),
            source="our own",
            printed="log π + H ≤ 0 for the clipped tokens"
            if not step
            else "π (log π + H) ≤ Σ π² (log π + H) for the clipped tokens",
            assumptions={"π > 0": LAW["π > 0"], RARE: ForAll(v, 1, V, sp.Implies(clipped, excess <= 0))},
            statement=claim,
            model=other,
            drops={"π > 0": UNNEEDED, RARE: case},
            hints={"pi": "unit", "old": "unit"},
            not_claimed="how large the change is beyond the first order of the step",
        )(never_positive)


one_pi, one_old = reals("pi old")


@proposition(
    "clip_entropy.common_tokens",
    title="a token of probability 1/(1 + ε) or more, 0.83 for ε = 0.2, is never clipped above: clip-high meets rarer tokens only",
    source="our own",
    printed="π > (1 + ε) old  ⇒  old < 1/(1 + ε)",
    assumptions={"π ≤ 1": one_pi <= 1, "ε > -1": eps > -1},
    statement=sp.Implies(one_pi > (1 + eps) * one_old, one_old < 1 / (1 + eps)),
    model={"pi": "1/2", "old": "1/4", "eps": "1/5"},
    drops={"π ≤ 1": {"pi": 2, "old": 1, "eps": "1/5"}, "ε > -1": {"pi": 0, "old": 1, "eps": -2}},
)
def common_tokens(goal: Goal) -> Theorem:
    """(1 + ε) old < π ≤ 1."""
    up = k.sos(lt(ZERO, term(1 + eps)), [(Fraction(1), ONE, [goal.given["ε > -1"]])], [], [])
    goal.know(up)
    goal.define(up)
    above = k.assume(goal.claim.args[0])
    inverse = k.inv_positive(up)
    unit = k.field(mul(term(1 + eps), term(1 / (1 + eps))), ONE, [k.negate(up)])
    parts = [(Fraction(1), ONE, [inverse, above]), (Fraction(1), ONE, [inverse, goal.given["π ≤ 1"]])]
    return k.imp_intro(above.concl, k.sos(goal.claim.args[1], parts, [unit], [term(one_old)]))


not_applicable(
    "clip_entropy.symmetric_clip",
    title="with ε = 0.2 on both sides the effect of clip-high dominates, and entropy falls",
    source=SOURCE,
    printed="(Theorems 1 and 2, and training runs)",
    reason="the theorems' assumption on how π comes from random-reward updates was not at hand; which side weighs more depends "
    "on the policy (see the evidence of clip_entropy.clipped_drift), and that runs lose entropy is an outcome of training",
    module=__name__,
)
