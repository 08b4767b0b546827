"""Section 3, Table 1: the seven methods whose row is an instance of Eq. 1 with s = k π_θ, k free of θ (Eq. 12).

Each row states two things. First, the term of Eq. 1 by the sign of A, for all s and A, as in `fontana2026.eq1`.
Second, the gradient of the whole objective: for every group, Σ_i Σ_t α s A ∇log π over the tokens that are inside the
clip, and nothing from those beyond it, less β times the gradient of R. Group size and lengths are symbolic.
`table1_form` says what the symbols mean and proves it; here stand only α, s and R of each row. The losses of
`numerics/objectives` are held against the same closed forms by `numerics/evidence/table1.py`. GPG and CISPO:
`table1_exceptions`. GCPO: `table1_gcpo`.
"""

import sympy as sp

from theory import kernel as k
from theory.decide import Goal
from theory.fontana2026.table1_form import (
    ALPHA_S,
    D_KL,
    DROPS,
    LOGPI,
    MODEL,
    NO_EMPTY,
    OFF,
    POSITIVE_SCALE,
    RATIO,
    SCORE_,
    TOKENS,
    ZERO,
    A,
    assumed,
    at_token,
    for_all_tokens,
    for_tokens,
    instance,
    logref,
    needed,
    over_tokens,
    prove_instance,
    sigma,
    summed,
    token_slope,
    unstated,
    w,
    zero,
)
from theory.fontana2026.unified import G, i, j, lognow, logold, n, one, t, theta, u
from theory.kernel import Theorem
from theory.kernel.terms import ONE
from theory.language import ForAll, derivative, equals, family, reals, term
from theory.proposition import UNNEEDED, proposition, refuted
from theory.tactics.clip import exp_of_zero, over_range

gamma = reals("gamma")
M, delta, lam, H, dH, keep, ratio = (family(x) for x in ("M", "delta", "lambda", "H", "dH", "keep", "I"))
KL_SLOPE = (1 - sp.exp(logref(i, t) - LOGPI)) * SCORE_
KL = (over_tokens(w(i, t) * D_KL), over_tokens(w(i, t) * KL_SLOPE))
TIES = "a gradient where a ratio is on the bound that its advantage favours: there is none"


def kl_slope(goal: Goal) -> Theorem:
    return summed(token_slope(goal, w(i, t) * D_KL, w(i, t) * KL_SLOPE))


R1 = assumed(RATIO, POSITIVE_SCALE)


@proposition(
    "fontana2026.table1.grpo_r1",
    title="GRPO R1 is Eq. 1 with s = I: the gradient is Σ Σ α^S s A ∇log π inside the clip, less β ∇D_KL",
    source="Section 3, Table 1, row GRPO R1; Eq. 12-15",
    printed="α = 1/(G |o_i| σ(r)), s = I = π_θ/π_old, R = D_KL = π_ref/π_θ - log(π_ref/π_θ) - 1",
    assumptions=R1,
    unstated=unstated(R1),
    statement=instance(ALPHA_S, RATIO, *KL),
    model=MODEL,
    drops=needed(R1),
    not_claimed=TIES,
)
def grpo_r1(goal: Goal) -> Theorem:
    return prove_instance(goal, ALPHA_S, RATIO, kl_slope(goal))


V32_ALPHA = M(i, t) / (G * n(i))
V32_SLOPE = RATIO * (LOGPI - logref(i, t)) * SCORE_
V32 = assumed(RATIO)


@proposition(
    "fontana2026.table1.grpo_v32",
    title="GRPO v3.2 is Eq. 1 with s = I, and the gradient of its R = I D_KL is I log(π_θ/π_ref) ∇log π",
    source="Section 3, Table 1, row GRPO v3.2; Eq. 12-15",
    printed="α = M_{i,t}/(G |o_i|), s = I, R = I · D_KL",
    assumptions=V32,
    unstated=unstated(V32),
    statement=instance(V32_ALPHA, RATIO, over_tokens(w(i, t) * RATIO * D_KL), over_tokens(w(i, t) * V32_SLOPE)),
    model=MODEL | {"M": [[1], [1, 1]]},
    drops=needed(V32, M=[[1], [1, 1]]),
    not_claimed="a gradient of the mask M, which is under a stop-gradient",
)
def grpo_v32(goal: Goal) -> Theorem:
    return prove_instance(goal, V32_ALPHA, RATIO, summed(token_slope(goal, w(i, t) * RATIO * D_KL, w(i, t) * V32_SLOPE)))


NOW_RATIO = sp.exp(sp.Sum(lognow(i, u) - logold(i, u), (u, 1, n(i))))
GSPO_RATIO = NOW_RATIO * sp.exp(LOGPI - lognow(i, t))  # sg[S/π] π = sg[S] π/sg[π]
STOPPED = "lognow is the value of logpi at theta"
GSPO = assumed(GSPO_RATIO, POSITIVE_SCALE, {STOPPED: for_tokens(equals(lognow(i, t), LOGPI))})
# Sequence ratios e (A > 0, beyond the clip) and e · 1/e = 1 (inside, although both token ratios are far from 1).
GSPO_MODEL = MODEL | {"logold": [[-3], [-3, -1]], "lognow": [[-2], [-2, -2]], "kept": [[0], [1, 1]]}
GSPO_DROPS = DROPS | {OFF: {"epsilon_up": 0, "logold": [[-2], [-3, -1]]}, STOPPED: {"lognow": [[-2], [-2, -1]]}}


@proposition(
    "fontana2026.table1.gspo",
    title="GSPO, as its row prints it, is Eq. 1 with s = k π_θ: every token has the value of its sequence's ratio",
    source="Section 3, Table 1, row GSPO; Eq. 12-15",
    printed="α = 1/(G |o_i| σ(r)), s = sg[ (π_θ(y_i|x_i)/π_old(y_i|x_i)) / π_θ ] · π_θ, no R",
    assumptions=GSPO,
    unstated=unstated(GSPO),
    statement=instance(ALPHA_S, GSPO_RATIO, ZERO, ZERO, for_tokens(equals(GSPO_RATIO, NOW_RATIO))),
    model=GSPO_MODEL,
    drops={name: GSPO_MODEL | GSPO_DROPS[name] for name in GSPO},
    not_claimed="that the row is the ratio of GSPO's own paper, which has an |o_i|-th root: see table1.gspo.geometric_mean",
)
def gspo(goal: Goal) -> Theorem:
    """The bare π_θ of the row is the token's own probability; under the stop-gradient it is exp(lognow)."""
    here = at_token(goal)
    stopped = here.at(goal.given[STOPPED], term(i), term(t))
    unit = exp_of_zero(here.equal(term(LOGPI - lognow(i, t)), k.terms.ZERO, stopped))
    value = here.equal(term(GSPO_RATIO), term(NOW_RATIO), unit)
    return prove_instance(goal, ALPHA_S, GSPO_RATIO, more=(for_all_tokens(value),))


refuted(
    "fontana2026.table1.gspo.geometric_mean",
    title="the sequence ratio of the row is the one that GSPO itself defines, a geometric mean over the tokens",
    source="Section 3, Table 1, row GSPO, against the method that it names (arXiv 2507.18071, known to us at second hand)",
    printed="π_θ(y_i|x_i)/π_old(y_i|x_i), where GSPO has ( π_θ(y_i|x_i)/π_old(y_i|x_i) )^(1/|y_i|)",
    assumptions=(POSITIVE := {"ratios are positive": ForAll(t, 1, n(i), ratio(t) > 0), "the completion is not empty": n(i) >= 1}),
    statement=equals(
        PRODUCT := sp.exp(sp.Sum(sp.log(ratio(t)), (t, 1, n(i)))),
        GEOMETRIC := sp.exp(sp.Sum(sp.log(ratio(t)), (t, 1, n(i))) / n(i)),
    ),
    witness={"i": 1, "n": [2], "I": [2, 2]},
    module=__name__,
    repair="fontana2026.table1.gspo.geometric_mean.repaired",
    finding="For two tokens of ratio 2 each the row has s = 2 · 2 = 4, and the geometric mean is √4 = 2. So the row "
    "does not describe that form of GSPO: its log-ratio grows with the length.",
)


@proposition(
    "fontana2026.table1.gspo.geometric_mean.repaired",
    title="log s of the row is |o_i| times that of GSPO's geometric mean; the two agree for one token",
    source="Section 3, Table 1, row GSPO",
    printed="log( π_θ(y_i|x_i)/π_old(y_i|x_i) ) = |o_i| log( (π_θ(y_i|x_i)/π_old(y_i|x_i))^(1/|o_i|) )",
    assumptions=POSITIVE,
    statement=equals(sp.log(PRODUCT, evaluate=False), n(i) * sp.log(GEOMETRIC, evaluate=False)),
    model={"i": 1, "n": [2], "I": [1, 1]},
    drops={
        "ratios are positive": {"i": 1, "n": [1], "I": [0]},
        "the completion is not empty": {"i": 1, "n": [0], "I": [1]},
    },
    not_claimed="anything about the rest of GSPO's loss",
)
def geometric_mean(goal: Goal) -> Theorem:
    logs = [k.law("log_exp", term(x.args[0]), k.terms.ZERO, []) for x in (PRODUCT, GEOMETRIC)]
    return goal.equal(*goal.claim.args, *logs)


GTPO_ALPHA = delta(i) * lam(i, t) / (G * n(i))
GTPO_R = sp.Sum(delta(i) * H(i, theta) / n(i) * sp.Sum(RATIO * lam(i, t), (t, 1, n(i))), (i, 1, G)) / G
GTPO_PULL = sp.Sum(lam(i, t) * RATIO * (dH(i, theta) + H(i, theta) * SCORE_), (t, 1, n(i)))
ENTROPY, MEMBERS = "the mean entropy is differentiable", "the group has a member"
GTPO = assumed(RATIO, NO_EMPTY) | {
    ENTROPY: ForAll(i, 1, G, derivative(H(i, theta), theta, dH(i, theta))),
    MEMBERS: G >= 1,
}
GTPO_MODEL = {"delta": [1, 1], "lambda": [[2], [1, 0]], "H": one, "dH": zero}


@proposition(
    "fontana2026.table1.gtpo",
    title="GTPO is Eq. 1 with s = I; its R pulls on I λ and, unless ⟨H⟩ is detached, on the entropy too",
    source="Section 3, Table 1, row GTPO; Eq. 12-15",
    printed="α = δ_i λ_{i,t}/(G |o_i|), s = I, R = (1/G) Σ_i (δ_i ⟨H⟩_i/|o_i|) Σ_t I λ_{i,t}",
    assumptions=GTPO,
    unstated=unstated(GTPO, ENTROPY, MEMBERS),
    statement=instance(GTPO_ALPHA, RATIO, GTPO_R, sp.Sum(delta(i) / n(i) * GTPO_PULL, (i, 1, G)) / G),
    model=MODEL | GTPO_MODEL,
    drops=needed(GTPO, **GTPO_MODEL)
    | {
        ENTROPY: MODEL | GTPO_MODEL | {"dH": one},
        MEMBERS: MODEL | GTPO_MODEL | {"G": 0},
        TOKENS: MODEL | GTPO_MODEL | {"n": [1, 0]},
    },
    not_claimed="a gradient of δ_i at its threshold: λ and δ are held fixed. With ⟨H⟩ detached, dH = 0",
)
def gtpo(goal: Goal) -> Theorem:
    """R by the product rule in each completion."""
    tokens = over_range(token_slope(goal, RATIO * lam(i, t), RATIO * lam(i, t) * SCORE_), (term(t), ONE, term(n(i))))
    entropy = at_token(goal).at(goal.given[ENTROPY], term(i))
    member = term(delta(i) * H(i, theta) / n(i) * sp.Sum(RATIO * lam(i, t), (t, 1, n(i))))
    completion = k.diff(term(theta), member, term(theta), [tokens, entropy])
    return prove_instance(goal, GTPO_ALPHA, RATIO, over_range(completion, (term(i), ONE, term(G))))


DAPO_ALPHA = 1 / (sigma * sp.Sum(n(j), (j, 1, G)))
DAPO = assumed(RATIO, POSITIVE_SCALE, NO_EMPTY)


@proposition(
    "fontana2026.table1.dapo",
    title="DAPO is Eq. 1 with s = I and one weight for every token of the group",
    source="Section 3, Table 1, row DAPO; Eq. 12-15",
    printed="α = 1/(σ(r) Σ|o_i|), s = I, no R",
    assumptions=DAPO,
    unstated=unstated(DAPO),
    statement=instance(DAPO_ALPHA, RATIO),
    model=MODEL,
    drops=needed(DAPO),
    not_claimed="anything about DAPO's resampling of groups without signal",
)
def dapo(goal: Goal) -> Theorem:
    return prove_instance(goal, DAPO_ALPHA, RATIO)


INDICATOR = "keep is the indicator of |A_i| > gamma"
KEEP = sp.And(sp.Implies(sp.Abs(A(i)) > gamma, sp.Eq(keep(i), 1)), sp.Implies(sp.Abs(A(i)) <= gamma, sp.Eq(keep(i), 0)))
CPPO = assumed(RATIO, POSITIVE_SCALE, {INDICATOR: ForAll(i, 1, G, KEEP)})


@proposition(
    "fontana2026.table1.cppo",
    title="CPPO is Eq. 1 with s = I, the completions with |A_i| <= γ left out",
    source="Section 3, Table 1, row CPPO; Eq. 12-15",
    printed="α = α^S_i · 1{|A_i| > γ}, s = I, R = D_KL",
    assumptions=CPPO,
    unstated=unstated(CPPO),
    statement=instance(ALPHA_S * keep(i), RATIO, *KL),
    model=MODEL | {"gamma": "1/4", "keep": [1, 1]},
    drops=needed(CPPO, gamma="1/4", keep=[1, 1]) | {INDICATOR: UNNEEDED},
    not_claimed="that R leaves out the same completions: the row has the indicator in α alone",
)
def cppo(goal: Goal) -> Theorem:
    return prove_instance(goal, ALPHA_S * keep(i), RATIO, kl_slope(goal))


DR = assumed(RATIO)


@proposition(
    "fontana2026.table1.dr_grpo",
    title="Dr. GRPO is Eq. 1 with s = I and the weight 1/G for every token",
    source="Section 3, Table 1, row Dr. GRPO; Eq. 12-15",
    printed="α = 1/G, s = I, R = D_KL",
    assumptions=DR,
    unstated=unstated(DR),
    statement=instance(1 / G, RATIO, *KL),
    model=MODEL,
    drops=needed(DR),
    not_claimed="that the method is run with β ≠ 0",
)
def dr_grpo(goal: Goal) -> Theorem:
    return prove_instance(goal, 1 / G, RATIO, kl_slope(goal))
