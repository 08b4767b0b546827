"""A proposition to copy: the leave-one-out advantage is the group-centred one times G/(G-1).

Statement   r_i minus the mean of the *other* rewards equals G/(G-1) times (r_i minus the mean of all).
Place       Our own; the identity behind RLOO against GRPO (Dr. GRPO, arXiv 2503.20783, Appendix A, states it).
Hypotheses  the group has at least two members (used to divide by G - 1).
Proof       clear denominators; the sum of all rewards is one opaque number, so this is a field identity.
Not claimed anything about the variance of either estimator.
"""

import sympy as sp

from theory.decide import Goal
from theory.kernel import Theorem
from theory.language import equals, family, integers
from theory.proposition import proposition

G, i, j = integers("G i j")
r = family("r")
total = sp.Sum(r(j), (j, 1, G))


@proposition(
    "lossproof.leave_one_out",
    title="the leave-one-out advantage is G/(G-1) times the centred one",
    source="our own",
    printed="r_i - (1/(G-1)) Σ_{j≠i} r_j = (G/(G-1)) (r_i - (1/G) Σ_j r_j)",
    assumptions={"two members": G >= 2},
    statement=equals(r(i) - (total - r(i)) / (G - 1), G / (G - 1) * (r(i) - total / G)),
    model={"G": 2, "i": 1, "r": [1, 0]},
    drops={"two members": {"G": 1, "i": 1, "r": [1]}},
    not_claimed="anything about the variance of either estimator",
)
def leave_one_out(goal: Goal) -> Theorem:
    return goal.prove(goal.claim)
