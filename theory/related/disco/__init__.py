"""DisCO: GRPO as a weighted difference of scores of correct and incorrect answers, and what to maximise in its place.

One question; outputs o = 1..N with probabilities q(o) under the sampling policy and binary rewards r(o); p = Σ q r is the
accuracy. Sections 1-3 were read; what is said of the rest follows a reader's note, as each `source` tells.
"""

TITLE = "Li et al., Reinforcing Large Reasoning Models with Discriminative Constrained Optimization (DisCO, arXiv 2505.12366)"
SECTIONS = {
    "discriminative": "Proposition 1: GRPO as a discriminative objective",
    "finite_groups": "The weight of a question in groups of finite size",
    "log_odds": "Section 4: difficulty bias",
    "group_gradient": "Section 4: difficulty bias",
    "scores": "Section 4: scoring functions and the basic objective",
    "free_energy": "Section 4: the objective over hard negatives",
    "free_energy_bounds": "Section 4: the objective over hard negatives",
    "constraint": "Section 4: the constraint and its penalty",
    "released_code": "The released code, and what only experiments can tell",
}
