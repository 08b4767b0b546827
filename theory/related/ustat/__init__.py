"""The U-statistic view of GRPO, "Demystifying GRPO: Its Policy Gradient is a U-Statistic" (arXiv 2603.01162).

`estimator`: Lemma 1, Theorem 2; `prompts`: Proposition 3, Corollaries 4 and 5; `rates`: Lemma 6, Theorems 7 and 8, Corollaries
9 and 10; `normalised`: Lemma 11 and Proposition 13. One coordinate W of the score, rewards Z, V = E[Z].
"""

TITLE = "Demystifying GRPO: Its Policy Gradient is a U-Statistic (arXiv 2603.01162)"
SECTIONS = {
    "estimator": "Lemma 1 and Theorem 2",
    "prompts": "Proposition 3, Corollaries 4 and 5",
    "rates": "Lemma 6, Theorems 7 and 8, Corollaries 9 and 10",
    "normalised": "Lemma 11 and Proposition 13",
}
