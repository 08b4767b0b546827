"""Section 3, Table 1: are the ten rows ten objectives?

For generic inputs they are: one token of one group gets ten different weights ω (∇J_ADV = Σ A ω ∇log π). They are not
ten in the situations in which the methods are mostly compared. CPPO with γ = 0 is GRPO R1. On policy, with masks that
let everything pass, the ten rows have five different gradients. For completions of one token and β = 0, they have
two, up to σ(r).

ω is α s, but α in GPG, α clip(I) in CISPO and α |o_i| s in GCPO summed as in Eq. 1 (see `table1_exceptions`,
`table1_gcpo`).
"""

from itertools import pairwise
from typing import Any

import sympy as sp

from theory import kernel as k
from theory.decide import Goal
from theory.fontana2026.table1_form import A, at_token, for_tokens, over_tokens, sigma, summed
from theory.fontana2026.unified import SQUARES, G, advantage, clip, clipped_term, i, j, low, n, t, u, up
from theory.kernel import Term, Theorem, mk, subst, var
from theory.kernel.terms import ONE, ZERO, app, eq, le, lt
from theory.language import ForAll, equals, family, reals, term
from theory.proposition import proposition, shown
from theory.tactics import Context
from theory.tactics.clip import MINUS, chosen, congruent, exp_of_zero, follow, within
from theory.tactics.logic import conjunction

gamma, alpha_hat, norm, M, lam, delta = reals("gamma alpha_hat F_norm M lambda delta")
log_ratio, token_ratio, keep = family("logI"), family("I"), family("keep")
TOTAL = sp.Sum(n(j), (j, 1, G))
RATIO = sp.exp(log_ratio(i, t))
SEQUENCE = sp.exp(sp.Sum(log_ratio(i, u), (u, 1, n(i))))


def weights(ratio: Any, sequence: Any) -> dict[str, sp.Expr]:
    """ω of the ten rows for token t of completion i, inside the clip, from its ratio and that of its sequence."""
    standard = 1 / (G * n(i) * sigma)
    return {
        "cppo": standard * sp.Piecewise((1, sp.Abs(advantage(i)) > gamma), (0, True)) * ratio,
        "grpo_r1": standard * ratio,
        "dapo": ratio / (sigma * TOTAL),
        "grpo_v32": M * ratio / (G * n(i)),
        "cispo": M * clip(ratio) / (sigma * TOTAL),
        "gspo": standard * sequence,
        "gtpo": delta * lam * ratio / (G * n(i)),
        "gpg": alpha_hat / (norm * TOTAL),
        "dr_grpo": ratio / G,
        "gcpo": n(i) * sequence / (sigma * G),
    }


S, X = reals("S I")
TEN = list(weights(X, S).values())

shown(
    "fontana2026.table1.distinct",
    title="no two rows are the same objective: one token of one group gets ten different weights",
    source="Section 3, Table 1: ten distinct instances of Eq. 1",
    printed="ω: CPPO < GRPO R1 < DAPO < GRPO v3.2 < CISPO < GSPO < GTPO < GPG < Dr. GRPO < GCPO at one token of one "
    "group",
    assumptions={
        "sigma is the standard deviation": sp.And(sigma > 0, equals(sigma**2 * G, SQUARES)),
        "the ratios are inside the clip of a positive advantage": sp.And(advantage(i) > 0, X < 1 + up, S < 1 + up),
    },
    statement=sp.And(*(a < b for a, b in pairwise(TEN))),
    # Lengths 3 and 2, r = (3, 0): A = (3/2, -3/2), σ = 3/2. The token has I = 1/2; its sequence has 1/2 · 2 · 1 = 1.
    witness={
        "G": 2, "n": [3, 2], "r": [3, 0], "i": 1, "sigma": "3/2", "I": "1/2", "S": 1, "gamma": 2, "M": 1,
        "lambda": 2, "delta": 1, "alpha_hat": 1, "F_norm": 1, "epsilon_low": "1/5", "epsilon_up": "1/5",
    },
    module=__name__,
    not_claimed="that they differ in every situation: see the propositions table1.distinct.*, where many of them "
    "coincide. The weights here are 0, 1/18, 1/15, 1/12, 8/75, 1/9, 1/6, 1/5, 1/4 and 1",
)  # fmt: skip

# -- where rows coincide -----------------------------------------------------------------------------------------------

CLIP_WIDTHS = {"lower half-width": low >= 0, "upper half-width": up >= 0}
ON_POLICY = {"on policy: every ratio is 1": for_tokens(equals(log_ratio(i, t), 0))}
HERE = {"t is a token of completion i": sp.And(i >= 1, i <= G, t >= 1, t <= n(i))}
SCALE = {"sigma > 0": sigma > 0}
NO_EMPTY = {"no completion is empty": ForAll(i, 1, G, n(i) >= 1)}
STANDARD, GLOBAL = 1 / (G * n(i) * sigma), 1 / (sigma * TOTAL)


@proposition(
    "fontana2026.table1.distinct.on_policy",
    title="on policy the ten rows have five different gradients: R1 = GSPO = CPPO, v3.2 = GTPO, DAPO = CISPO = GPG, "
    "Dr. GRPO, GCPO",
    source="Section 3, Table 1, where all masks are 1 (M = λ = δ = 1, γ below every |A_i|), α̂ = 1 and F_norm = σ(r)",
    printed="ω = 1/(G |o_i| σ) (R1, GSPO), 1/(G |o_i|) (v3.2, GTPO), 1/(σ Σ|o_i|) (DAPO, CISPO, GPG), 1/G (Dr. "
    "GRPO), |o_i|/(σ G) (GCPO)",
    assumptions=ON_POLICY | HERE | CLIP_WIDTHS | SCALE | NO_EMPTY,
    unstated=(*CLIP_WIDTHS, *SCALE, *NO_EMPTY),
    statement=sp.And(
        equals(STANDARD * RATIO, STANDARD),
        equals(STANDARD * SEQUENCE, STANDARD),
        equals(RATIO / (G * n(i)), 1 / (G * n(i))),
        equals(GLOBAL * RATIO, GLOBAL),
        equals(GLOBAL * clip(RATIO), GLOBAL),
        equals(RATIO / G, 1 / G),
        equals(n(i) * SEQUENCE / (sigma * G), n(i) / (sigma * G)),
    ),
    model=(
        AT := {
            "G": 1, "n": [2], "i": 1, "t": 1, "logI": [[0, 0]], "sigma": 1, "epsilon_low": "1/5", "epsilon_up": "1/5",
        }
    ),
    drops={
        "on policy: every ratio is 1": AT | {"logI": [[1, 0]]},
        "t is a token of completion i": AT | {"t": 3, "logI": [[0, 0, 1]]},
        "lower half-width": AT | {"epsilon_low": "-1/2", "epsilon_up": 1},
        "upper half-width": AT | {"epsilon_up": "-1/2"},
        "sigma > 0": AT | {"sigma": 0},
        "no completion is empty": AT | {"G": 2, "n": [2, -2]},
    },
    not_claimed="that the five differ for every group: with equal lengths the weights of a group differ by constants "
    "only",
)  # fmt: skip
def on_policy(goal: Goal) -> Theorem:
    """exp(0) = 1 for the token and for its sequence, and clip(1) = 1."""
    level = goal.given["on policy: every ratio is 1"]
    inside = goal.assuming(le(ONE, term(u)), le(term(u), term(n(i))))
    flat = k.sum_congr(term(u), ONE, term(n(i)), inside.at(level, term(i), term(u)))
    ratio = exp_of_zero(goal.at(level, term(i), term(t)))
    sequence = exp_of_zero(goal.equal(term(SEQUENCE.exp), ZERO, flat))
    clipped = chosen(Context([ratio, *(goal.given[name] for name in CLIP_WIDTHS)]), term(clip(RATIO)), ONE)
    return conjunction(goal.claim, *(goal.equal(*p.args, ratio, sequence, clipped) for p in goal.claim.args))


ONE_TOKEN = {"every completion has one token": ForAll(i, 1, G, equals(n(i), 1))}
MEMBER = {"i is a completion": sp.And(i >= 1, i <= G)}


@proposition(
    "fontana2026.table1.distinct.one_token",
    title="for completions of one token, s is I in GSPO and GCPO too, and α is 1/(G σ) or 1/G in all clipped rows: "
    "two objectives",
    source="Section 3, Table 1, where β = 0 and all masks are 1 (M = λ = δ = 1, γ below every |A_i|)",
    printed="1/(G |o_i| σ) = 1/(σ Σ|o_i|) = 1/(σ G) (R1, GSPO, CPPO, DAPO, GCPO), 1/(G |o_i|) = 1/G (v3.2, GTPO, Dr. "
    "GRPO), π_θ(y_i|x)/π_old(y_i|x) = I",
    assumptions=ONE_TOKEN | MEMBER | SCALE,
    unstated=tuple(SCALE),
    statement=sp.And(
        equals(STANDARD, 1 / (sigma * G)),
        equals(GLOBAL, 1 / (sigma * G)),
        equals(1 / (G * n(i)), 1 / G),
        equals(SEQUENCE, RATIO.subs(t, 1)),
    ),
    model=(ALONE := {"G": 2, "n": [1, 1], "i": 1, "logI": [[0, 0], [0]], "sigma": 1}),
    drops={
        "every completion has one token": ALONE | {"n": [2, 1]},
        "i is a completion": ALONE | {"i": 3, "n": [1, 1, 2], "logI": [[0, 0], [0], [0, 0]]},
        "sigma > 0": ALONE | {"sigma": 0},
    },
    not_claimed="anything about GPG and CISPO off policy; on policy they have the gradient of DAPO with F_norm = σ(r), α̂ = 1",
)
def one_token(goal: Goal) -> Theorem:
    """Σ|o_i| = G; a sum over 1..1 is its one member."""
    count, single = sp.Symbol("count", integer=True), goal.given["every completion has one token"]
    here = goal.assuming(le(ONE, term(j)), le(term(j), term(G)))
    total = goal.equal(term(G), term(TOTAL), k.sum_congr(term(j), ONE, term(G), here.at(single, term(j))))
    length = goal.equal(ONE, term(n(i)), goal.at(single, term(i)))
    exponent = sp.Sum(log_ratio(i, u), (u, 1, count))
    first = subst(term(exponent), {term(count): ONE})
    step = k.sum_step(first, [goal.prove(le(ONE, ONE))])
    empty = k.sum_empty(mk("sum", *first.args[:2], ZERO, first.args[3]), [goal.prove(lt(ZERO, ONE))])
    value = k.linear(term(log_ratio(i, 1)), first, [step, empty], [MINUS, MINUS])
    longer = k.rewrite(length, value, term(count), eq(term(log_ratio(i, 1)), term(exponent)))
    parts = [
        congruent(length, term(count), term(1 / (G * count * sigma))),
        congruent(total, term(count), term(1 / (sigma * count))),
        congruent(length, term(count), term(1 / (G * count))),
        congruent(longer, hole := var("hole"), app("exp", hole)),
    ]
    return conjunction(goal.claim, *(k.linear(*reversed(th.concl.args), [th], [MINUS]) for th in parts))


TERM = clipped_term(token_ratio(i, t), A(i))
INDICATOR = {
    "keep is the indicator of |A_i| > 0": ForAll(
        i,
        1,
        G,
        sp.And(sp.Implies(sp.Abs(A(i)) > 0, sp.Eq(keep(i), 1)), sp.Implies(sp.Abs(A(i)) <= 0, sp.Eq(keep(i), 0))),
    )
}


@proposition(
    "fontana2026.table1.distinct.cppo_at_zero",
    title="CPPO with γ = 0 is GRPO R1: a completion that it drops contributes nothing",
    source="Section 3, Table 1, rows CPPO and GRPO R1",
    printed="Σ_i Σ_t α^S_i 1{|A_i| > 0} min(I A_i, clip(I) A_i) = Σ_i Σ_t α^S_i min(I A_i, clip(I) A_i)",
    assumptions=INDICATOR | SCALE,
    unstated=tuple(SCALE),
    statement=equals(over_tokens(STANDARD * keep(i) * TERM), over_tokens(STANDARD * TERM)),
    model=(
        ZERO_CASE := {
            "G": 2, "n": [1, 1], "A": [1, 0], "keep": [1, 0], "sigma": 1, "I": [[1], [1]],
            "epsilon_low": 0, "epsilon_up": 0,
        }
    ),
    drops={"keep is the indicator of |A_i| > 0": ZERO_CASE | {"keep": [0, 0]}, "sigma > 0": ZERO_CASE | {"sigma": 0}},
    not_claimed="the same for γ > 0; there CPPO leaves out completions that GRPO does not",
)  # fmt: skip
def cppo_at_zero(goal: Goal) -> Theorem:
    """At a token, by the sign of A: keep = 1, or A = 0 and the term is 0."""
    here, advantage_ = at_token(goal), term(A(i))
    left, right = (term(STANDARD * x * TERM) for x in (keep(i), sp.Integer(1)))
    indicator, minimum = here.at(next(iter(goal.given.values())), term(i)), term(TERM)

    def signed(sign: Term) -> Theorem:
        size = within(Context([k.assume(sign)]), lt(ZERO, term(sp.Abs(A(i)))))
        return here.equal(left, right, *follow(Context([size]), indicator))

    tie = k.assume(eq(advantage_, ZERO))
    equal_sides = Context([tie]).equal(*minimum.args[0].args, tie)
    below = k.sos(minimum.args[0], [], [equal_sides], [MINUS])
    nothing = Context().equal(minimum, ZERO, k.if_(below, *minimum.args[1:]), tie)
    sides = signed(lt(advantage_, ZERO)), here.equal(left, right, nothing), signed(lt(ZERO, advantage_))
    return k.restate(summed(k.trichotomy(advantage_, ZERO, *sides)), goal.claim)
