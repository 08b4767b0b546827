"""DPO and its relatives: the policy that a KL penalty makes optimal, preferences in its place, and what they leave open.

One prompt; responses y = 1..N; h = log(π_θ(w)/π_ref(w)) - log(π_θ(l)/π_ref(l)), σ the logistic function. The statements of DPO
follow a transcription; IPO, SimPO, likelihood displacement and the survey were not at hand, as each `source` tells.
"""

TITLE = "Rafailov et al., Direct Preference Optimization (arXiv 2305.18290), with IPO and SimPO; a survey, 2503.11701"
SECTIONS = {
    "optimal_policy": "The optimal policy of a KL-regularised reward",
    "equivalence": "Rewards of the same class",
    "preferences": "Preferences, and the loss",
    "gradient": "The gradient",
    "identity": "IPO, and preferences without noise",
    "displacement": "Likelihood displacement",
    "lengths": "Length: R-DPO",
    "simpo": "Length: SimPO",
    "others": "Other constraints",
}
