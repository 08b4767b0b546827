"""Completions of two tokens: what estimators of single tokens yield when their losses or rewards are added up.

A first token v = 1..V is drawn from pi(v) with score s(v), then a second one, w = 1..V, from pi2(v, w) with score s2(v, w);
ref and ref2 are the same of π_ref. Given KL at each state, the divergence of completions is KL_1 + Σ_v pi(v) KL_2(v), and
its gradient, by the product rule, Σ pi(v) s(v) (log(pi/ref) + KL_2(v)) + Σ pi(v) ∇KL_2(v).
"""

import sympy as sp

from theory import kernel as k
from theory.decide import Goal
from theory.kernel import Theorem, subst
from theory.kernel.terms import le
from theory.language import ForAll, equals, family, integers, term
from theory.proposition import Case, proposition, refuted

from .values import SOURCE

V, v, w = integers("V v w")
pi, ref, s, pi2, ref2, s2 = map(family, ("pi", "ref", "s", "pi2", "ref2", "s2"))
p, q, p2, q2 = pi(v), ref(v), pi2(v, w), ref2(v, w)
PRODUCT_RULE = "that the gradient of the divergence of completions is the sum named so: it is its product rule"
HINTS = {"pi": "unit", "ref": "unit", "pi2": "unit", "ref2": "unit"}


def first(f: sp.Expr) -> sp.Expr:
    """Σ over first tokens."""
    return sp.Sum(f, (v, 1, V))


def second(f: sp.Expr) -> sp.Expr:
    """Σ over second tokens."""
    return sp.Sum(f, (w, 1, V))


POSITIVE = {
    "probabilities are positive": ForAll(v, 1, V, sp.And(p > 0, q > 0)),
    "and those of second tokens": ForAll(v, 1, V, ForAll(w, 1, V, sp.And(p2 > 0, q2 > 0))),
}
SUMS = {"π_θ of second tokens sums to 1": ForAll(v, 1, V, equals(second(p2), 1))}
SECOND_SCORE = {"the score of second tokens averages to 0": ForAll(v, 1, V, equals(second(p2 * s2(v, w)), 0))}
FIRST_SCORE = {"the score of first tokens averages to 0": equals(first(p * s(v)), 0)}
log1, log2 = sp.log(p / q), sp.log(p2 / q2)
KL2 = second(p2 * log2)
FORWARD = first(p * s(v) * (log1 + KL2)) + first(p * second(p2 * log2 * s2(v, w)))  # ∇KL of completions, π_θ first
REVERSE = -first(q * s(v)) - first(q * second(q2 * s2(v, w)))  # ∇KL of completions, π_ref first
HALVES = [["1/2", "1/2"], ["1/2", "1/2"]]
CASE: Case = {
    "V": 2, "pi": ["1/2", "1/2"], "ref": ["1/4", "3/4"], "s": [1, -1], "pi2": HALVES, "ref2": [["1/4", "3/4"], ["1/2", "1/2"]],
    "s2": [[1, -1], [0, 0]],
}  # fmt: skip


def by_first_token(goal: Goal, summand: sp.Expr) -> Theorem:
    """The claim, by way of `summand`, to which the summands of its left side are equal at each first token."""
    left, right = goal.claim.args
    index, lo, hi, body = left.args
    i = goal.fresh(goal.claim)
    inside = goal.assuming(le(lo, i), le(i, hi))
    states = [inside.at(th, i) for th in goal.given.values() if th.concl.op == "all"]
    equations = [th for th in states if th.concl.op == "eq"]
    at_token = inside.equal(subst(body, {index: i}), subst(term(summand), {term(v): i}), *equations)
    known = [th for th in goal.given.values() if th.concl.op == "eq"]
    return goal.equal(left, right, k.sum_congr(i, lo, hi, at_token), *known)


@proposition(
    "kl_estimators.sequence.k1_reward",
    title="Σ_t k1 of a completion, times the score of the completion, has the expectation ∇KL of completions",
    source=SOURCE,
    printed="E[(Σ_t k1_t) (Σ_t ∇log π_t)] = ∇KL(π_θ‖π_ref) of completions",
    assumptions=POSITIVE | SUMS | SECOND_SCORE,
    statement=equals(first(p * second(p2 * (log1 + log2) * (s(v) + s2(v, w)))), FORWARD),
    model=CASE,
    drops={
        "probabilities are positive": CASE | {"ref": [0, 1]},
        "and those of second tokens": CASE | {"ref2": [[0, 1], ["1/2", "1/2"]]},
        "π_θ of second tokens sums to 1": CASE | {"pi2": [[1, 1], ["1/2", "1/2"]]},
        "the score of second tokens averages to 0": CASE | {"s2": [[1, 0], [0, 0]]},
    },
    hints=HINTS,
    not_claimed=PRODUCT_RULE,
)
def k1_reward(goal: Goal) -> Theorem:
    """The score of the second token averages to 0, so log(pi/ref) does not meet it."""
    return by_first_token(goal, p * s(v) * (log1 + KL2) + p * second(p2 * log2 * s2(v, w)))


@proposition(
    "kl_estimators.sequence.k3_loss",
    title="k3 of each token in the loss yields ∇KL(π_ref‖π_θ) of each state, but weighs the states by π_θ",
    source="our own",
    printed="E[Σ_t ∇k3_t] = ∇KL_1(π_ref‖π_θ) + Σ_v π_θ(v) ∇KL_2(v)(π_ref‖π_θ)",
    assumptions=POSITIVE | SUMS | FIRST_SCORE | SECOND_SCORE,
    statement=equals(
        first(p * second(p2 * ((1 - q / p) * s(v) + (1 - q2 / p2) * s2(v, w)))),
        -first(q * s(v)) - first(p * second(q2 * s2(v, w))),
    ),
    model=CASE,
    drops={
        "probabilities are positive": CASE | {"pi": [0, 1], "s": [1, 0]},
        "and those of second tokens": CASE | {"pi2": [[0, 1], ["1/2", "1/2"]], "s2": [[1, 0], [0, 0]]},
        "π_θ of second tokens sums to 1": CASE | {"pi2": [[1, 1], ["1/2", "1/2"]]},
        "the score of first tokens averages to 0": CASE | {"s": [1, 0]},
        "the score of second tokens averages to 0": CASE | {"s2": [[1, 0], [0, 0]]},
    },
    hints=HINTS,
    not_claimed=PRODUCT_RULE,
)
def k3_loss(goal: Goal) -> Theorem:
    """Σ pi s = 0 and Σ pi2 s2 = 0; what is left are the parts -r s."""
    return by_first_token(goal, p * s(v) - q * s(v) - p * second(q2 * s2(v, w)))


refuted(
    "kl_estimators.sequence.k3_loss.divergence",
    title="k3 of each token in the loss yields the gradient of KL(π_ref‖π_θ) of completions",
    source="reconstruction: arXiv 2512.21852, as a reader might extend it from one token",
    printed="E[Σ_t ∇k3_t] = ∇KL(π_ref‖π_θ) of completions",
    assumptions=POSITIVE | SUMS | FIRST_SCORE | SECOND_SCORE,
    statement=equals(first(p * second(p2 * ((1 - q / p) * s(v) + (1 - q2 / p2) * s2(v, w)))), REVERSE),
    witness=CASE | {"s": [0, 0]},
    module=__name__,
    repair="kl_estimators.sequence.k3_loss",
    hints=HINTS,
    finding="Let only the second token after token 1 depend on θ: π_θ = (1/2, 1/2), π_ref = (1/4, 3/4), scores 1 and -1 there. "
    "Its part -Σ π_ref ∇log π_θ = 1/2 counts half under π_θ's prefixes, 1/4, and a quarter under π_ref's, 1/8.",
)

refuted(
    "kl_estimators.sequence.k2_loss",
    title="k2 of each token in the loss yields the gradient of KL(π_θ‖π_ref) of completions",
    source="reconstruction: arXiv 2512.21852, as a reader might extend it from one token",
    printed="E[Σ_t ∇k2_t] = ∇KL(π_θ‖π_ref) of completions",
    assumptions=POSITIVE | SUMS | FIRST_SCORE | SECOND_SCORE,
    statement=equals(first(p * second(p2 * (log1 * s(v) + log2 * s2(v, w)))), FORWARD),
    witness=CASE | {"ref": ["1/2", "1/2"]},
    module=__name__,
    repair="kl_estimators.sequence.k2_loss.repaired",
    hints=HINTS,
    finding="Let π_θ = π_ref on the first token, scores 1 and -1, and differ after token 1 only, by KL_2 = log(4/3)/2. Moving "
    "probability to token 1 raises the divergence at the rate KL_2/2 = 0.0719; the loss of k2 does not see it.",
)


@proposition(
    "kl_estimators.sequence.k2_loss.repaired",
    title="what k2 of each token in the loss misses is the divergence of later tokens, credited to earlier ones",
    source="our own",
    printed="E[Σ_t ∇k2_t] = ∇KL(π_θ‖π_ref) of completions - Σ_v π_θ(v) ∇log π_θ(v) KL_2(v)",
    assumptions=POSITIVE | SUMS,
    statement=equals(first(p * second(p2 * (log1 * s(v) + log2 * s2(v, w)))), FORWARD - first(p * s(v) * KL2)),
    model=CASE,
    drops={
        "probabilities are positive": CASE | {"ref": [0, 1]},
        "and those of second tokens": CASE | {"ref2": [[0, 1], ["1/2", "1/2"]]},
        "π_θ of second tokens sums to 1": CASE | {"pi2": [[1, 1], ["1/2", "1/2"]]},
    },
    hints=HINTS,
    not_claimed=PRODUCT_RULE,
)
def k2_loss_repaired(goal: Goal) -> Theorem:
    """The gradient of KL_2 is in both; the part of log(pi/ref) too."""
    return by_first_token(goal, p * s(v) * log1 + p * second(p2 * log2 * s2(v, w)))
