"""The paper under check, a module per section: arXiv 2601.05002, "On the Hidden Objective Biases of Group-based RL"."""

TITLE = "Fontana et al., On the Hidden Objective Biases of Group-based Reinforcement Learning (arXiv 2601.05002)"
SECTIONS = {
    "unified": "Section 3: the unified objective",
    "table1": "Section 3, Table 1: ten methods",
    "prefix_bias": "Section 4 and Appendix B: shared prefixes",
    "reward_scale": "Section 5 and Appendix C: AdamW and the scale of the reward",
    "clip_overshoot": "Section 5 and Appendix D: momentum past the clip",
    "surrogate_value": "Appendix A: the surrogate's value as a signal",
    "kl_estimator": "The regulariser D_KL",
}
