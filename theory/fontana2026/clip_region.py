"""Section 5 and Appendix D: the clipped region, and the gradient in it.

Eq. 28 holds if "inside" means every token with an advantage. What is left inside, -β∇R, pulls a token above π_ref back.
With one step per group (μ = 1) every ratio is 1 and no token is inside.
"""

from fractions import Fraction

import sympy as sp

from theory import kernel as k_
from theory.decide import Goal
from theory.kernel import Term, Theorem, mk, subst
from theory.kernel.terms import ONE, ZERO, inv, lt, mul
from theory.language import ForAll, derivative, equals, family, formula, int_family, integers, maximum, minimum, reals, term
from theory.proposition import not_applicable, proposition, refuted
from theory.tactics import Context, atoms
from theory.tactics.logic import conjunction, with_slope
from theory.tactics.powers import MINUS, product_sign
from theory.tactics.prefix import Known, clipped_token, differentiate, opened, resolved

from .clip_cases import described

G, i, t = integers("G i t")
theta, beta, low, up = reals("theta beta epsilon_low epsilon_up")
n = int_family("n")
alpha, A, R, dR, s, ds = (family(name) for name in ("alpha", "A", "R", "dR", "s", "ds"))
RATIO = s(i, t, theta)


def clip(ratio: sp.Expr) -> sp.Expr:
    return minimum(maximum(ratio, 1 - low), 1 + up)


def surrogate(ratio: sp.Expr, advantage: sp.Expr) -> sp.Expr:
    """min(s A, clip(s) A) as A+ min(s, 1+ε_up) - A- max(s, 1-ε_low): fontana2026.eq13 proves that they are the same."""
    return maximum(advantage, 0) * minimum(ratio, 1 + up) - maximum(-advantage, 0) * maximum(ratio, 1 - low)


def over_tokens(f: sp.Expr) -> sp.Expr:
    """Σ_i Σ_t f, over the group and the tokens of each completion."""
    return sp.Sum(f, (t, 1, n(i)), (i, 1, G))


def for_tokens(claim: sp.Basic) -> sp.Basic:
    return ForAll(i, 1, G, ForAll(t, 1, n(i), claim))


J = over_tokens(alpha(i, t) * surrogate(RATIO, A(i))) - beta * R(theta)
OUTSIDE = sp.And(sp.Implies(A(i) > 0, RATIO < 1 + up), sp.Implies(A(i) < 0, RATIO > 1 - low))
INSIDE = sp.And(sp.Implies(A(i) > 0, RATIO > 1 + up), sp.Implies(A(i) < 0, RATIO < 1 - low))
SMOOTH = {
    "s is differentiable": for_tokens(derivative(RATIO, theta, ds(i, t, theta))),
    "R is differentiable": derivative(R(theta), theta, dR(theta)),
}
advantage_gradient = over_tokens(alpha(i, t) * A(i) * ds(i, t, theta))


PAIR = {
    "theta": 1,
    "G": 2,
    "n": [1, 2],
    "alpha": [[1], [1, 1]],
    "A": [1, -1],
    "s": described("θ", lambda i, t, theta: theta),
    "ds": described("1", lambda i, t, theta: 1),
    "R": described("θ²", lambda theta: theta * theta),
    "dR": described("2θ", lambda theta: 2 * theta),
    "epsilon_low": "1/5",
    "epsilon_up": "1/5",
    "beta": 1,
}
apart = described("θ + 1 for completion 1, θ for 2", lambda i, t, theta: theta if i == 2 else theta + 1)


@proposition(
    "fontana2026.eq28",
    title="gradient of Eq. 1: with every token outside R_clip it is ∇J_ADV - β∇R, with every token inside -β∇R",
    source="Appendix D, Eq. 28",
    printed="∇J = ∇J_ADV - β∇R outside R_clip, -β∇R inside",
    statement=sp.And(
        sp.Implies(for_tokens(OUTSIDE), derivative(J, theta, advantage_gradient - beta * dR(theta))),
        sp.Implies(for_tokens(INSIDE), derivative(J, theta, -beta * dR(theta))),
        evaluate=False,
    ),
    assumptions=SMOOTH,
    model=PAIR,
    drops={
        "s is differentiable": PAIR | {"ds": described("2", lambda i, t, theta: 2)},
        "R is differentiable": PAIR | {"dR": described("0", lambda theta: 0)},
    },
    hints={"s": "ratio", "epsilon_low": "unit", "epsilon_up": "unit"},
    not_claimed="-β∇R as soon as one token is inside (fontana2026.eq28.one_token); a gradient at a ratio on its bound",
)
def eq28(goal: Goal) -> Theorem:
    sides = []
    for case in goal.claim.args:
        region, gradient = case.args
        inside = goal.assuming(region)
        slope = A(i) * ds(i, t, theta) if region is formula(for_tokens(OUTSIDE)) else sp.Integer(0)
        v, f, whole = opened(gradient)
        th = differentiate(inside, v, f, tokens(k_.assume(region), derivative(surrogate(RATIO, A(i)), theta, slope)))
        sides.append(k_.imp_intro(region, with_slope(inside, th, whole)))
    return k_.and_intro(sides)


def tokens(region: Theorem, claim: sp.Basic) -> Known:
    """The claim about the derivative of one token's term, at the token of each summand, from its place to the clip."""

    def known(ctx: Context, summand: Term) -> list[Theorem]:
        weight = next((f for f in atoms(summand) if f.op == "app" and f.args[0] == "alpha"), None)
        if weight is None:
            return []
        place = dict(zip((term(i), term(t)), weight.args[2:], strict=True))
        parts = (formula(claim), *map(term, (RATIO, A(i), 1 - low, 1 + up)))
        return [clipped_token(ctx.with_facts(ctx.at(region, *place.values())), *(subst(part, place) for part in parts))]

    return known


TOKEN = sp.And(*(q.xreplace({i: sp.Integer(1), t: sp.Integer(1)}) for q in INSIDE.args))

refuted(
    "fontana2026.eq28.one_token",
    title="one token in R_clip is enough for ∇J = -β∇R",
    source="Appendix D, Eq. 28, read for a single token",
    printed="∇J = -β∇R inside R_clip",
    module=__name__,
    statement=derivative(J, theta, -beta * dR(theta)),
    assumptions=SMOOTH | {"token 1 of completion 1 has an advantage and is in R_clip": sp.And(TOKEN, sp.Ne(A(1), 0))},
    witness=PAIR | {"n": [1, 1], "alpha": [[1], [1]], "s": apart},
    finding="Take two completions of one token, A = 1 and -1, ratios 2 and 1 of slope 1, α = 1, R = θ², β = θ = 1. "
    "The first token is in R_clip and the second is not, so ∇J = 0 - 1 - 2 = -3 and not -β∇R = -2: every token with an "
    "advantage has to be inside.",
    repair="fontana2026.eq28",
)


p, p_ref, p_old, a = reals("p p_ref p_old a")
divergence = p_ref / p - sp.log(p_ref / p) - 1
INSIDE_CASE = {"p": "1/2", "p_ref": "1/4"}


@proposition(
    "fontana2026.s5c.pull",
    title="inside the clip the regulariser pulls a token above π_ref back",
    source="Section 5, with Eq. 28 and D_KL of Table 1",
    printed="∂D_KL/∂π_θ = (π_θ - π_ref)/π_θ² > 0 for π_θ > π_ref, so that -β∇D_KL lowers π_θ",
    statement=sp.And(
        derivative(divergence, p, (p - p_ref) / p**2), sp.Implies(p > p_ref, (p - p_ref) / p**2 > 0), evaluate=False
    ),
    assumptions={"0 < π_θ": p > 0, "0 < π_ref": p_ref > 0},
    model=INSIDE_CASE,
    drops={"0 < π_θ": INSIDE_CASE | {"p": 0}, "0 < π_ref": INSIDE_CASE | {"p_ref": "-1/4"}},
    hints={"p": "unit", "p_ref": "unit"},
)
def s5c_pull(goal: Goal) -> Theorem:
    """The rules of differentiation, and signs."""
    above, ref = term(p), term(p_ref)
    positive = [goal.prove(lt(ZERO, x)) for x in (above, ref)]
    ctx = goal.with_facts(product_sign(lt(ZERO, mul(ref, inv(above))), positive[1], k_.inv_positive(positive[0])))
    pull, sign = sorted(goal.claim.args, key=lambda q: q.op)
    v, f, slope = opened(pull)
    th = with_slope(ctx, k_.diff(v, f, v, [*ctx.facts, k_.negate(positive[0])]), slope)
    over = k_.assume(sign.args[0])
    twice = [k_.inv_positive(product_sign(lt(ZERO, mk("pow", above, 2)), positive[0], positive[0])), over]
    goal.define(*ctx.facts, product_sign(lt(ZERO, mk("pow", above, 2)), positive[0], positive[0]))
    return conjunction(goal.claim, th, k_.imp_intro(sign.args[0], product_sign(sign.args[1], *twice)))


ratio = p / p_old
ON_POLICY = {"p": "1/2", "p_old": "1/2", "a": 1, "epsilon_low": "1/5", "epsilon_up": "1/5"}

not_applicable(
    "fontana2026.s5d",
    title="such methods converge with μ = 1, where clipping is inactive",
    source="Section 5",
    printed="(empirical, cited) such methods converge with μ = 1, where clipping is inactive",
    reason="that training of language models converges is empirical, and cited; what can be proved is in s5d.inactive",
    module=__name__,
)


@proposition(
    "fontana2026.s5d.inactive",
    title="with μ = 1 no token is clipped: every ratio is 1, strictly inside the bounds",
    source="Section 5",
    printed="μ = 1: π_θ = π_old, so 1-ε_low < s < 1+ε_up and min(s A, clip(s) A) = s A",
    statement=sp.And(1 - low < ratio, ratio < 1 + up, equals(minimum(ratio * a, clip(ratio) * a), ratio * a), evaluate=False),
    assumptions={
        "θ is still θ_old": sp.Eq(p, p_old),
        "π_old > 0": p_old > 0,
        "clip widths are positive": sp.And(low > 0, up > 0),
    },
    model=ON_POLICY,
    drops={
        "θ is still θ_old": ON_POLICY | {"p": 1},
        "π_old > 0": ON_POLICY | {"p": 0, "p_old": 0},
        "clip widths are positive": ON_POLICY | {"epsilon_up": 0},
    },
    hints={"p": "unit", "p_old": "unit", "epsilon_low": "unit", "epsilon_up": "unit"},
    not_claimed="the same where π_old is computed by another engine or precision than π_θ: then s is not exactly 1",
)
def s5d_inactive(goal: Goal) -> Theorem:
    """s = 1 lies between the bounds, so clip(s) = 1 and both arguments of min are A."""
    given, one = goal.given, Fraction(1)
    old = term(p_old)
    unit = k_.field(mul(old, inv(old)), ONE, [goal.unequal(old, ZERO)])
    s_ = term(ratio)
    is_one = k_.linear(s_, ONE, [unit, given["θ is still θ_old"]], [ONE, inv(old)])
    low_, up_ = (k_.and_elim(given["clip widths are positive"], n) for n in (0, 1))
    bounds = [
        k_.sos(formula(q), [(one, ONE, [x])], [is_one], [c])
        for q, x, c in ((1 - low < ratio, low_, ONE), (ratio < 1 + up, up_, MINUS))
    ]
    ctx = Context([*bounds])
    return conjunction(goal.claim, *bounds, resolved(ctx, formula(equals(minimum(ratio * a, clip(ratio) * a), ratio * a))))
