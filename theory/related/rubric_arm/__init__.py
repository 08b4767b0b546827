"""Rubric-ARM (arXiv 2602.01511): a rubric generator and a judge, trained in turn; what its variance theory shows.

Rubrics are r = 1..K with probabilities w(r); p(r) is the chance that the judge is right given rubric r; u(r, d) and v(r, d)
are the d-th coordinates of the scores of the generator and of the judge's right answer. variance: Propositions 5.1 and 5.2,
reuse of a rubric. domination: Assumption 5.3 and Theorem 5.5. constant: the constant C1. baseline: the same with the
baseline that GRPO subtracts. procedure: greedy judging, the EM analogy, the reward of Eq. 16.
"""

TITLE = "Xu et al., Alternating RL for Rubric-Based Reward Modeling (Rubric-ARM, arXiv 2602.01511)"
SECTIONS = {
    "variance": "Propositions 5.1 and 5.2",
    "domination": "Assumption 5.3 and Theorem 5.5",
    "constant": "The constant C1",
    "baseline": "With GRPO's baseline",
    "procedure": "The procedure",
}
