"""HA-DW, "Your Group-Relative Advantage Is Biased" (arXiv 2601.08521): binary rewards, one prompt, groups with both outcomes.

`groups`, `binomial_law`: the law of a group; `baseline`, `direction`: Eq. 32, Lemma 2, Theorem 1; `tails`: Theorem 2,
Corollary 3; `uniform`: Corollaries 1 and 2; `algorithm`, `reweighting`: Eqs. 7-17; `closeness`, `rectified`: Lemmas 1 and
3-6; `effect`: Theorem 3; `bounded`: Theorem 4, Corollaries 4 and 5, the reported experiments.
"""

TITLE = "Yang et al., Your Group-Relative Advantage Is Biased (HA-DW, arXiv 2601.08521)"
SECTIONS = {
    "groups": "The law of a group",
    "binomial_law": "The law of a group",
    "baseline": "Eq. 32 and Lemma 2: the baseline",
    "direction": "Theorem 1: the direction of the bias",
    "tails": "Theorem 2 and Corollary 3",
    "uniform": "Corollaries 1 and 2",
    "algorithm": "Eq. 7 to 17: the algorithm",
    "reweighting": "Eq. 7 to 17: the algorithm",
    "closeness": "Lemmas 1 and 3 to 6",
    "rectified": "Lemmas 1 and 3 to 6",
    "effect": "Theorem 3: what reweighting repairs",
    "bounded": "Theorem 4, Corollaries 4 and 5, the experiments",
}
