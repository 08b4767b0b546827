"""Appendix A, Eq. 9-11: what the on-policy value says of the rewards, for the usual token weights.

Continues `surrogate_value`: an outcome w is a sampled group with rewards r(w, i) and lengths n(w, i), and A_i is r_i
minus the mean reward (Eq. 2). C(w) may differ from group to group, as 1/σ(r) does.
"""

from collections.abc import Callable

import sympy as sp

from theory.decide import Goal
from theory.kernel import Theorem
from theory.language import ForAll, equals, family, mean, reals
from theory.proposition import UNNEEDED, proposition, refuted

from .surrogate_value import G, N, R, beta, expectation, i, j, m, n, over_group, over_tokens, r, w

C, Omega = family("C"), family("Omega")
A_i = r(w, i) - mean(r(w, j), j, G)  # Eq. 2
NOT_EMPTY = {"a group has a member": G >= 1, "completions have tokens": ForAll(w, 1, N, ForAll(i, 1, G, n(w, i) >= 1))}
REWARDED = {"N": 1, "G": 2, "p": [1], "n": [[1, 2]], "r": [[1, 0]], "C": [2], "beta": "1/10", "R": [3]}


@proposition(
    "fontana2026.eq9",
    title="with ω̃ = C/|o_i| the on-policy value is -β E[R], for all rewards",
    source="Appendix A, Eq. 9",
    printed="ω̃ = C/|o_i| ⇒ Ω_i = C ⇒ J = -β E[R]: no reward information in the value",
    assumptions=NOT_EMPTY,
    statement=equals(expectation(over_group(A_i * over_tokens(C(w) / n(w, i))) - beta * R(w)), -beta * expectation(R(w))),
    model=REWARDED,
    drops={"a group has a member": UNNEEDED, "completions have tokens": REWARDED | {"n": [[1, 0]]}},
    not_claimed="that C is the same for all groups: C(w) may depend on the group, as 1/σ(r) does",
)
def eq9_value_blind(goal: Goal) -> Theorem:
    """Ω_i = |o_i| C/|o_i| = C, and C Σ A_i = 0."""
    return goal.prove(goal.claim)


length_weighted = C(w) * over_group(A_i * n(w, i))


@proposition(
    "fontana2026.eq10",
    title="with ω̃ = C the on-policy value is E[C Σ A_i |o_i| - β R]",
    source="Appendix A, Eq. 10",
    printed="ω̃ = C ⇒ J = E[ C Σ_i A_i |o_i| - β R ]: the value tracks length",
    assumptions={"a group has a member": G >= 1, "lengths": ForAll(w, 1, N, ForAll(i, 1, G, n(w, i) >= 0))},
    statement=equals(expectation(over_group(A_i * over_tokens(C(w))) - beta * R(w)), expectation(length_weighted - beta * R(w))),
    model=REWARDED,
    drops={"a group has a member": UNNEEDED, "lengths": REWARDED | {"n": [[0, -1]]}},
    not_claimed="that longer completions raise the value: see eq10.length_shift",
)
def eq10_length(goal: Goal) -> Theorem:
    return goal.prove(goal.claim)


@proposition(
    "fontana2026.eq10.length_shift",
    title="what Eq. 10 tracks is no length as such: m more tokens in every completion leave the value as it is",
    source="Appendix A, Eq. 10",
    printed="ω̃ = C ⇒ J = E[ C Σ_i A_i |o_i| - β R ]: the value tracks length",
    assumptions={"a group has a member": G >= 1},
    statement=equals(
        expectation(C(w) * over_group(A_i * (n(w, i) + m)) - beta * R(w)), expectation(length_weighted - beta * R(w))
    ),
    model=REWARDED | {"m": 5},
    drops={"a group has a member": UNNEEDED},
)
def eq10_shift(goal: Goal) -> Theorem:
    return goal.prove(goal.claim)


def cov(x: Callable[..., sp.Expr], y: Callable[..., sp.Expr], *outcome: sp.Symbol) -> sp.Expr:
    """The population covariance of two families over a group."""
    mean_x, mean_y = mean(x(*outcome, j), j, G), mean(y(*outcome, j), j, G)
    return mean((x(*outcome, i) - mean_x) * (y(*outcome, i) - mean_y), i, G)


r_, Omega_ = family("r'"), family("Omega'")  # of a second group
R_1, R_2 = reals("R R'")


def one_group(reward: Callable[..., sp.Expr], weight: Callable[..., sp.Expr], regulariser: sp.Symbol) -> sp.Expr:
    return over_group((reward(i) - mean(reward(j), j, G)) * weight(i)) - beta * regulariser


refuted(
    "fontana2026.eq11",
    title="the on-policy value is proportional to Cov(A, Ω): J Cov' = J' Cov for any two groups",
    source="Appendix A, Eq. 11",
    printed="J ∝ Cov(A, Ω)",
    assumptions={"a group has a member": G >= 1},
    statement=equals(one_group(r, Omega, R_1) * cov(r_, Omega_), one_group(r_, Omega_, R_2) * cov(r, Omega)),
    witness={
        "G": 2, "beta": 1, "r": [1, 1], "Omega": [1, 1], "R": 1, "r'": [1, 0], "Omega'": [1, 0], "R'": 1,
    },
    module=__name__,
    repair="fontana2026.eq11.repaired",
    finding="With β = R = 1, rewards 1, 1 give A = 0, so Cov(A, Ω) = 0, but J = -β R = -1; rewards 1, 0 with Ω = 1, 0 "
    "give Cov = 1/4 and J = 1/2 - 1 = -1/2. No c fits J = c Cov in both: it is J + β E[R] that is G Cov.",
)  # fmt: skip


value = expectation(over_group(A_i * Omega(w, i)) - beta * R(w))  # Eq. 8
ONE_OUTCOME = {"N": 1, "G": 2, "p": [1], "r": [[1, 0]], "Omega": [[1, 2]], "beta": 1, "R": [1]}


@proposition(
    "fontana2026.eq11.repaired",
    title="J + β E[R] = G E[Cov(A, Ω)] = G E[Cov(r, Ω)], the covariance taken within each group",
    source="Appendix A, Eq. 11",
    printed="J ∝ Cov(A, Ω)",
    assumptions={"a group has a member": G >= 1},
    statement=sp.And(
        equals(value + beta * expectation(R(w)), G * expectation(cov(lambda w, i: r(w, i) - mean(r(w, m), m, G), Omega, w))),
        equals(value + beta * expectation(R(w)), G * expectation(cov(r, Omega, w))),
    ),
    model=ONE_OUTCOME,
    drops={"a group has a member": ONE_OUTCOME | {"G": 0}},
    not_claimed="the same factor for the sample covariance: with ddof = 1 it is G - 1",
)
def eq11_covariance(goal: Goal) -> Theorem:
    """Σ A_i Ω_i = Σ A_i (Ω_i - mean Ω), since Σ A_i = 0."""
    return goal.prove(goal.claim)


@proposition(
    "fontana2026.eq11.pooled",
    title="the same for the covariance over all completions of all groups, E[AΩ] - E[A] E[Ω]",
    source="Appendix A, Eq. 11",
    printed="J ∝ Cov(A, Ω)",
    assumptions={"a group has a member": G >= 1},
    statement=equals(
        value + beta * expectation(R(w)),
        G * (expectation(mean(A_i * Omega(w, i), i, G)) - expectation(mean(A_i, i, G)) * expectation(mean(Omega(w, i), i, G))),
    ),
    model=ONE_OUTCOME,
    drops={"a group has a member": ONE_OUTCOME | {"G": 0}},
    not_claimed="the same with r in place of A: pooled over groups, r also varies between them",
)
def eq11_pooled(goal: Goal) -> Theorem:
    """E[A] = 0 in every group."""
    return goal.prove(goal.claim)
