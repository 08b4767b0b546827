"""Section 4, Eq. 13, 15 and 16: the gradient of the unified objective, Eq. 1.

Eq. 13 holds off the kinks of min and clip. It is shown in two steps: Eq. 1's term min(s A, clip(s) A) is, at every s
and A, equal to A+ min(s, 1+ε_up) - A- max(s, 1-ε_low); and J written with the latter has the gradient. (That equal
functions have equal derivatives is left to the reader: the kernel differentiates a conditional only where one branch
holds strictly, and inside the clip range both arguments of the outer min are the same number.) Eq. 15 drops the
clipped branch without saying so: it needs every token in the unclipped one. Eq. 16 needs, besides, that no completion
is shorter than the prefix it splits off.

Gradients are taken in one real coordinate theta; `logpi` is log π_θ, differentiable with slope `score`, and s = kappa
exp(logpi) as in Eq. 12. α, A and kappa are numbers: what a method computes from π_θ under a stop-gradient, or as a
mask, is held fixed. Eq. 1 is taken for one group: every identity below then holds under the expectation over groups
from π_old too, which does not depend on θ.
"""

import sympy as sp

from theory import kernel as k
from theory.decide import Goal
from theory.kernel import Term, Theorem, subst
from theory.kernel.terms import ONE, ZERO, eq, le
from theory.language import ForAll, derivative, equals, family, formula, int_family, integers, maximum, minimum, reals, term
from theory.proposition import proposition
from theory.tactics import Context, atoms
from theory.tactics.logic import with_slope
from theory.tactics.prefix import Known, by_order, clipped_token, differentiate, opened, settled

G, i, t, cut = integers("G i t k")
theta, beta, low, up, x, a = reals("theta beta epsilon_low epsilon_up x a")
n = int_family("n")
alpha, A, R, dR, s, ds, live = (family(name) for name in ("alpha", "A", "R", "dR", "s", "ds", "live"))
logpi, score, kappa = (family(name) for name in ("logpi", "score", "kappa"))


def clip(ratio: sp.Expr) -> sp.Expr:
    return minimum(maximum(ratio, 1 - low), 1 + up)


def surrogate(ratio: sp.Expr, advantage: sp.Expr) -> sp.Expr:
    """min(s A, clip(s, 1-ε_low, 1+ε_up) A) as A+ min(s, 1+ε_up) - A- max(s, 1-ε_low): Eq. 13 proves that they are the
    same.
    """
    return maximum(advantage, 0) * minimum(ratio, 1 + up) - maximum(-advantage, 0) * maximum(ratio, 1 - low)


def over_tokens(f: sp.Expr) -> sp.Expr:
    """Σ_i Σ_t f, over the group and the tokens of each completion."""
    return sp.Sum(f, (t, 1, n(i)), (i, 1, G))


def for_tokens(claim: sp.Basic) -> sp.Basic:
    return ForAll(i, 1, G, ForAll(t, 1, n(i), claim))


def token_by_token(goal: Goal, claim: sp.Basic, ratio: sp.Expr, *conditions: str) -> Known:
    """For `differentiate`: the claim about the derivative of one token's term of Eq. 1, proved at the token of each
    summand.
    """

    def known(ctx: Context, summand: Term) -> list[Theorem]:
        weight = next((f for f in atoms(summand) if f.op == "app" and f.args[0] == "alpha"), None)
        if weight is None:
            return []
        place = dict(zip((term(i), term(t)), weight.args[2:], strict=True))
        here = ctx.with_facts(*(ctx.at(goal.given[name], *place.values()) for name in conditions))
        parts = (formula(claim), *map(term, (ratio, A(i), 1 - low, 1 + up)))
        return [clipped_token(here, *(subst(part, place) for part in parts))]

    return known


# -- Eq. 13 ------------------------------------------------------------------------------------------------------------

RATIO = s(i, t, theta)
NO_TIE = sp.And(
    sp.Implies(A(i) > 0, sp.Ne(RATIO, 1 + up, evaluate=False)),
    sp.Implies(A(i) < 0, sp.Ne(RATIO, 1 - low, evaluate=False)),
)
BRANCH = sp.And(
    sp.Implies(sp.And(A(i) > 0, RATIO < 1 + up), equals(live(i, t), 1)),
    sp.Implies(sp.And(A(i) > 0, RATIO > 1 + up), equals(live(i, t), 0)),
    sp.Implies(sp.And(A(i) < 0, RATIO > 1 - low), equals(live(i, t), 1)),
    sp.Implies(sp.And(A(i) < 0, RATIO < 1 - low), equals(live(i, t), 0)),
)
LIVE = "live is 1 in the unclipped branch and 0 inside the clipped one"
TIES = "no ratio is exactly at the bound that its advantage favours"
MIXED = {
    "theta": 1, "G": 2, "n": [1, 2], "alpha": [[1], [1, 1]], "A": [1, -1], "s": lambda i, t, theta: theta,
    "live": [[1], [1, 1]], "ds": lambda i, t, theta: 1, "R": lambda theta: theta * theta, "dR": lambda theta: 2 * theta,
    "epsilon_low": "1/5", "epsilon_up": "1/5", "beta": 1, "x": 2, "a": -1,
}  # fmt: skip


@proposition(
    "fontana2026.eq13",
    title="gradient of Eq. 1: A_i ∇s in the unclipped branch, 0 inside the clipped one, added up over the tokens",
    source="Section 4, Eq. 13",
    printed="∇J = E[ Σ_i Σ_t α_{i,t} ∇min( s A_i, clip(s) A_i ) - β ∇R ]; unclipped: ∇min = A_i ∇s_{i,t}; clipped, interior: 0",
    assumptions={
        "clip widths are positive": sp.And(low > 0, up > 0),
        "s is differentiable": for_tokens(derivative(RATIO, theta, ds(i, t, theta))),
        "R is differentiable": derivative(R(theta), theta, dR(theta)),
        LIVE: for_tokens(BRANCH),
        TIES: for_tokens(NO_TIE),
    },
    unstated=(TIES,),
    statement=sp.And(
        equals(minimum(x * a, clip(x) * a), surrogate(x, a)),
        derivative(
            over_tokens(alpha(i, t) * surrogate(RATIO, A(i))) - beta * R(theta),
            theta,
            over_tokens(alpha(i, t) * live(i, t) * A(i) * ds(i, t, theta)) - beta * dR(theta),
        ),
    ),
    model=MIXED,
    drops={
        "clip widths are positive": MIXED | {"epsilon_low": -1, "epsilon_up": "-1/2", "x": 1, "A": [0, 0]},
        "s is differentiable": MIXED | {"ds": lambda i, t, theta: 2},
        "R is differentiable": MIXED | {"dR": lambda theta: 0},
        LIVE: MIXED | {"live": [[0], [0, 0]]},
        TIES: MIXED | {"theta": "6/5"},
    },
    not_claimed="anything at a ratio exactly on the favoured bound, where min has a kink; that α has no gradient of "
    "its own where a method computes it from π_θ (the masks of GRPO v3.2 and GTPO): it is held fixed",
    hints={"s": "ratio", "epsilon_low": "unit", "epsilon_up": "unit"},
)
def eq13(goal: Goal) -> Theorem:
    """min and clip by cases, for every x and a; then each token by cases, and the sums term by term."""
    identity, gradient = goal.claim.args
    v, f, slope = opened(gradient)
    claim = derivative(surrogate(RATIO, A(i)), theta, live(i, t) * A(i) * ds(i, t, theta))
    th = differentiate(goal, v, f, token_by_token(goal, claim, RATIO, LIVE, TIES))
    return k.and_intro([min_and_clip(goal, identity), with_slope(goal, th, slope)])


def min_and_clip(goal: Goal, identity: Term) -> Theorem:
    """min(x a, clip(x) a) = a+ min(x, 1+ε_up) - a- max(x, 1-ε_low), by the sign of a and the place of x to both
    bounds.
    """
    ctx = Context([goal.given["clip widths are positive"]])
    ratio, advantage, bottom, top = map(term, (x, a, 1 - low, 1 + up))

    def placed(ctx: Context, claim: Term) -> Theorem:
        if eq(ZERO, advantage) in [th.concl for th in ctx.facts]:
            return settled(ctx, claim, advantage)
        return by_order(ctx, bottom, ratio, claim, lambda ctx, claim: by_order(ctx, top, ratio, claim, leaf))

    def leaf(ctx: Context, claim: Term) -> Theorem:
        return settled(ctx, claim, ratio, products=2)

    return by_order(ctx, ZERO, advantage, identity, placed)


# -- Eq. 15 and 16 -----------------------------------------------------------------------------------------------------

S = kappa(i, t) * sp.exp(logpi(i, t, theta))
UNCLIPPED = "every token is in the unclipped branch of Eq. 13"
TOKEN_GRADIENT = {
    "log π_θ is differentiable": for_tokens(derivative(logpi(i, t, theta), theta, score(i, t, theta))),
    "R is differentiable": derivative(R(theta), theta, dR(theta)),
    UNCLIPPED: for_tokens(sp.And(sp.Implies(A(i) > 0, S < 1 + up), sp.Implies(A(i) < 0, S > 1 - low))),
}
J = over_tokens(alpha(i, t) * surrogate(S, A(i))) - beta * R(theta)
weighted = alpha(i, t) * S * score(i, t, theta)
ON_POLICY = {
    "theta": 0, "G": 2, "n": [1, 2], "alpha": lambda i, t: 1, "A": [1, -1], "kappa": lambda i, t: 1,
    "logpi": lambda i, t, theta: theta,
    "score": lambda i, t, theta: 1, "R": lambda theta: theta * theta, "dR": lambda theta: 2 * theta,
    "epsilon_low": "1/5", "epsilon_up": "1/5", "beta": 1,
}  # fmt: skip
DROPS = {
    "log π_θ is differentiable": ON_POLICY | {"score": lambda i, t, theta: 2},
    "R is differentiable": ON_POLICY | {"dR": lambda theta: 1},
    UNCLIPPED: ON_POLICY | {"kappa": lambda i, t: 2},
}


def gradient_of_eq1(goal: Goal) -> Theorem:
    """The derivative of J, token by token, its slope as the rules give it."""
    v, f, _ = opened(goal.claim)
    claim = derivative(surrogate(S, A(i)), theta, A(i) * S * score(i, t, theta))
    return differentiate(goal, v, f, token_by_token(goal, claim, S, UNCLIPPED))


@proposition(
    "fontana2026.eq15",
    title="the gradient of Eq. 1 weighs ∇log π_θ of each token by A_i α_{i,t} s_{i,t}, where no token is clipped",
    source="Section 4, Eq. 15, under Eq. 12",
    printed="∇J = E[ Σ_i A_i Σ_t α_{i,t} s_{i,t} ∇log π_θ(y_{i,t}|·) - β ∇R ]",
    assumptions=TOKEN_GRADIENT,
    unstated=(UNCLIPPED,),
    statement=derivative(J, theta, sp.Sum(A(i) * sp.Sum(weighted, (t, 1, n(i))), (i, 1, G)) - beta * dR(theta)),
    model=ON_POLICY,
    drops=DROPS,
    not_claimed="the formula where a token is clipped: s = 2, A = 1, ε_up = 1/5 has gradient 0 and not s A ∇log "
    "π_θ; nor for the rows GPG, CISPO and GCPO, whose s is not of the form of Eq. 12",
    hints={"epsilon_low": "unit", "epsilon_up": "unit"},
)
def eq15(goal: Goal) -> Theorem:
    return with_slope(goal, gradient_of_eq1(goal), opened(goal.claim)[2])


LONG_ENOUGH = "no completion is shorter than the prefix"


@proposition(
    "fontana2026.eq16",
    title="the gradient of Eq. 15, split after token k into prefix and rest",
    source="Section 4, Eq. 16, under Eq. 12",
    printed="∇J = E[ Σ_i A_i Σ_{t≤k} α s ∇log π_θ + Σ_i A_i Σ_{t>k} α s ∇log π_θ - β ∇R ]",
    assumptions=TOKEN_GRADIENT | {LONG_ENOUGH: sp.And(cut >= 0, ForAll(i, 1, G, cut <= n(i)))},
    unstated=(UNCLIPPED, LONG_ENOUGH),
    statement=derivative(
        J,
        theta,
        sp.Sum(A(i) * sp.Sum(weighted, (t, 1, cut)), (i, 1, G))
        + sp.Sum(A(i) * sp.Sum(weighted, (t, cut + 1, n(i))), (i, 1, G))
        - beta * dR(theta),
    ),
    model=ON_POLICY | {"k": 1},
    drops={name: case | {"k": 1} for name, case in DROPS.items()} | {LONG_ENOUGH: ON_POLICY | {"k": 2}},
    not_claimed="the split for a completion that ends before token k: its prefix part would sum over tokens that it "
    "does not have",
    hints={"epsilon_low": "unit", "epsilon_up": "unit"},
)
def eq16(goal: Goal) -> Theorem:
    """Eq. 15, and each completion's sum over tokens split at k."""
    th, slope = gradient_of_eq1(goal), opened(goal.claim)[2]
    (whole,) = (f for f in atoms(th.concl.args[3]) if f.op == "sum")
    i_ = goal.fresh(goal.claim)
    inside = goal.assuming(le(ONE, i_), le(i_, term(G)))
    tokens = subst(whole.args[3], {whole.args[0]: i_})
    split = k.sum_split(tokens, term(cut), [inside.prove(le(ZERO, term(cut))), inside.prove(le(term(cut), tokens.args[2]))])
    return with_slope(goal, th, slope, k.sum_congr(i_, ONE, term(G), split))
