"""The paper under check, a module per section: arXiv 2601.05002, "On the Hidden Objective Biases of Group-based RL"."""

TITLE = "Fontana et al., On the Hidden Objective Biases of Group-based Reinforcement Learning (arXiv 2601.05002)"
SECTIONS = {
    "unified": "Section 3: the unified objective",
    "unified_ratio": "Section 3: the unified objective",
    "unified_claims": "Section 3: the unified objective",
    "table1": "Section 3, Table 1: ten methods",
    "table1_exceptions": "Section 3, Table 1: ten methods",
    "table1_gcpo": "Section 3, Table 1: ten methods",
    "table1_distinct": "Section 3, Table 1: ten methods",
    "ratio_form": "Section 4, Eq. 12 and 14: the form of the ratio",
    "prefix_gradient": "Section 4, Eq. 13, 15 and 16: the gradient of Eq. 1",
    "shared_prefix": "Section 4, Eq. 17 and 18: shared prefixes",
    "aggregate_weight": "Section 4, Prop. 1",
    "prefix_bias": "Appendix B.2: when the update on a shared prefix cancels",
    "length_bias": "Section 4: short completions",
    "reward_scale": "Section 5 and Appendix C: AdamW and the scale of the reward",
    "clip_overshoot": "Section 5 and Appendix D, Prop. 3 and 7: momentum past the clip",
    "clip_correction": "Section 5: self-correction past the clip",
    "clip_region": "Appendix D, Eq. 28: the gradient in the clipped region",
    "clip_decay": "Appendix D, Eq. 29, 30, 34 and 38: the moments past the clip",
    "clip_ratio": "Appendix D, Eq. 31, 32, 35 and 36: the length of the steps past the clip",
    "clip_limits": "Appendix D, Eq. 33 and 37: their limits",
    "surrogate_value": "Appendix A: the surrogate's value as a signal",
    "kl_estimator": "The regulariser D_KL",
}
