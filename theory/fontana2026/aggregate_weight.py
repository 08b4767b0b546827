"""Proposition 1: the gradient on a shared prefix is ∇log π_θ times W_agg, a sum of token weights and advantages.

It holds under Eq. 12, position by position; one W_agg serves the whole prefix where ω does not depend on the
position. GCPO falls outside: Eq. 1 adds its sequence-level ratio |o_i| times, so its weight is |o_i| times the ω of
Eq. 18.

Notation as in Eq. 18: `b` is the indicator of G̃, the completions that share the prefix; `theta` is one real
coordinate of the parameters, and `score` the slope of log π_θ.
"""

import sympy as sp

from theory import kernel as k
from theory.decide import Goal
from theory.kernel import Theorem, subst
from theory.kernel.terms import ONE, le
from theory.language import ForAll, derivative, equals, family, int_family, integers, term
from theory.proposition import proposition, refuted
from theory.tactics import atoms
from theory.tactics.logic import conjunction, with_slope
from theory.tactics.prefix import differentiate, opened

from .prefix_gradient import A, G, alpha, cut, i, logpi, score, t, theta
from .shared_prefix import (
    IN_PREFIX,
    PREFIX,
    SHARING,
    SHARING_DROPS,
    b,
    omega,
    regrouped,
    shared_part,
    shared_token,
    shared_tokens,
    unfolded,
)

u = integers("u")
w, rest = family("w"), family("rest")
n = int_family("n")


BEYOND = {  # a second token, which is not of the prefix, and of which Eq. 18 does not hold
    "t": 2, "w": [1, 2, 5], "alpha": [[1, 1], [2, 2], [1, 1]], "kappa": [[1, 1], [1, 1], [5, 5]],
    "omega": [[1, 0], [2, 0], [5, 0]],
}  # fmt: skip


@proposition(
    "fontana2026.prop1",
    title="the gradient on a shared prefix is ∇log π_θ times W_agg, the sum of ω_i A_i over those that share it",
    source="Section 4, Prop. 1, under Eq. 12",
    printed="the gradient on a shared prefix is modulated by W_agg = Σ_{i∈G̃} ω_i A_i",
    assumptions=PREFIX | {"t is a token of the prefix": sp.And(t >= 1, t <= cut)},
    unstated=(IN_PREFIX,),
    statement=sp.And(
        derivative(shared_token(), theta, score(t, theta) * sp.Sum(b(i) * omega(i, t) * A(i), (i, 1, G))),
        sp.Implies(
            ForAll(i, 1, G, ForAll(t, 1, cut, equals(w(i), omega(i, t)))),
            derivative(shared_part(cut), theta, sp.Sum(score(t, theta), (t, 1, cut)) * sp.Sum(b(i) * w(i) * A(i), (i, 1, G))),
        ),
    ),
    model=SHARING | {"w": [1, 2, 5]},
    drops={name: case | {"w": [1, 2, 5]} for name, case in SHARING_DROPS.items()}
    | {"t is a token of the prefix": SHARING | BEYOND},
    not_claimed="one W_agg for the whole prefix where ω depends on t: then each position t has its own, Σ_i ω_{i,t} A_i",
    hints={"b": "binary", "epsilon_low": "unit", "epsilon_up": "unit"},
)
def prop1(goal: Goal) -> Theorem:
    """At one position: the slope of each term has the factor ∇log π_θ(y_t|·). Over the prefix: Eq. 18 with ω_{i,t} =
    w_i.
    """
    claim, whole = sorted(goal.claim.args, key=lambda q: q.op != "deriv")
    v, f, slope = opened(claim)
    definition = goal.given["Eq. 18: ω = α s"]
    (weights,) = (part for part in atoms(slope) if part.op == "sum")
    at_token = with_slope(
        goal, differentiate(goal, v, f, shared_tokens(goal)), slope, unfolded(goal, weights, term(t), definition)
    )
    inside = goal.assuming(whole.args[0])
    v, f, slope = opened(whole.args[1])
    by_token = term(sp.Sum(score(t, theta) * sp.Sum(b(i) * w(i) * A(i), (i, 1, G)), (t, 1, cut)))
    over_prefix = regrouped(inside, differentiate(inside, v, f, shared_tokens(goal)), by_token, inside.facts[-1], definition)
    return conjunction(goal.claim, at_token, k.imp_intro(whole.args[0], with_slope(inside, over_prefix, slope)))


prefix_log_prob = sp.Sum(logpi(t, theta), (t, 1, cut))
SEQUENCE = sp.exp(prefix_log_prob + rest(i))  # π_θ(y_i|x)/π_old(y_i|x); `rest`: the log of what does not stand in the prefix
GCPO = sp.Sum(sp.Sum(b(i) * alpha(i) * SEQUENCE * A(i), (u, 1, n(i))), (i, 1, G))
GCPO_GROUP = {
    "log π_θ is differentiable": ForAll(t, 1, cut, derivative(logpi(t, theta), theta, score(t, theta))),
    "every completion has a token": ForAll(i, 1, G, n(i) >= 1),
}
LENGTHS_1_2 = {
    "theta": 0, "G": 2, "k": 1, "n": [1, 2], "A": ["1/2", "-1/2"], "alpha": [1, 1], "b": [1, 1], "rest": [0, 0],
    "logpi": lambda t, theta: theta, "score": lambda t, theta: 1,
}  # fmt: skip

refuted(
    "fontana2026.prop1.gcpo",
    title="W_agg = Σ_i α_i s_i A_i modulates the gradient of GCPO on a shared prefix",
    source="Section 4, Prop. 1, for the row GCPO of Table 1 with no completion clipped",
    printed="the gradient on a shared prefix is modulated by W_agg = Σ_{i∈G̃} ω_i A_i, ω_i = α_i s_i",
    assumptions=GCPO_GROUP,
    statement=derivative(
        GCPO, theta, sp.Sum(score(t, theta), (t, 1, cut)) * sp.Sum(b(i) * alpha(i) * SEQUENCE * A(i), (i, 1, G))
    ),
    witness=LENGTHS_1_2,
    module=__name__,
    repair="fontana2026.prop1.gcpo.repaired",
    finding="Eq. 1 adds the ratio of the whole sequence |o_i| times, so a shared token has the weight α |o_i| s. On "
    "policy with lengths 1 and 2, A = (1/2, -1/2) and α = 1 (s = 1, so ω is constant and B.2 case 1 lets the update "
    "cancel), the gradient on a shared first token is 1·1/2 - 2·1/2 = -1/2 of ∇log π_θ and not 0; with α = 1/(G "
    "σ(r)), σ(r) = √(1/2), it is -√2/4.",
)


@proposition(
    "fontana2026.prop1.gcpo.repaired",
    title="GCPO's gradient on a shared prefix is ∇log π_θ times Σ_i α_i |o_i| s_i A_i: longer completions weigh more",
    source="Section 4, Prop. 1, for the row GCPO of Table 1 with no completion clipped",
    printed="∇J̃ = Σ_{t≤k} ∇log π_θ(y_t|·) Σ_{i∈G̃} α_i |o_i| s_i A_i",
    assumptions=GCPO_GROUP,
    statement=derivative(
        GCPO, theta, sp.Sum(score(t, theta), (t, 1, cut)) * sp.Sum(b(i) * alpha(i) * n(i) * SEQUENCE * A(i), (i, 1, G))
    ),
    model=LENGTHS_1_2,
    drops={
        "log π_θ is differentiable": LENGTHS_1_2 | {"score": lambda t, theta: 0},
        "every completion has a token": LENGTHS_1_2 | {"n": [1, -1]},
    },
    not_claimed="this weight where a completion is clipped: then its part is 0",
    hints={"b": "binary"},
)
def prop1_gcpo(goal: Goal) -> Theorem:
    """∇s_i = s_i Σ_u ∇log π_θ(y_u|·), and the sum over the tokens of a completion adds |o_i| equal terms."""
    v, f, slope = opened(goal.claim)
    index = goal.fresh(goal.claim)
    inside = goal.assuming(le(ONE, index), le(index, f.args[2]))
    tokens = subst(f.args[3], {f.args[0]: index})
    (total,) = (part for part in atoms(tokens.args[3]) if part.op == "sum")
    token = k.diff(v, tokens.args[3], v, [differentiate(inside, v, total)])
    unit = inside.fresh(tokens)
    completion = k.sum_congr(unit, *tokens.args[1:3], token)
    th = k.sum_congr(
        index, *f.args[1:3], with_slope(inside, completion, inside.simplified(completion.concl.args[3]).concl.args[1])
    )
    return with_slope(goal, th, slope)
