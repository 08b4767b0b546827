"""Length and bias, "On the Impossibility of Unbiased and Length-Invariant Policy Optimization with Outcome Rewards"
(arXiv 2607.23364): estimators (1/G) Σ_i f(L_i) (R_i - mean R) S_i with S_i = Σ_t ∇ log π.

`theorem`: what the estimate has as expectation (P1), and that P1 and P2 exclude each other; `shares`: which part of an
update a long completion has, and how the size of a score grows. Theorem numbers are known from a note, the exact texts are
not: all statements are reconstructions.
"""

TITLE = "On the Impossibility of Unbiased and Length-Invariant Policy Optimization with Outcome Rewards (arXiv 2607.23364)"
SECTIONS = {
    "theorem": "Unbiased against length-invariant",
    "shares": "Shares of an update",
}
