"""Advantages of several rewards: standardise their sum (GRPO), or sum what is standardised reward by reward (GDPO).

Rewards r(k, j), k = 1..n, of rollouts j = 1..G of one prompt. The standard deviation is that of a sample (G - 1), as the
printed values ±0.7071 for two rollouts imply.
"""

TITLE = "Liu et al., GDPO: Group reward-Decoupled Normalization Policy Optimization (arXiv 2601.05242)"
SECTIONS = {
    "collapse": "Section 2, Eq. 1 to 3: GRPO on the sum of the rewards",
    "decoupled": "Section 3.1, Eq. 4 and 5: GDPO",
    "constant_total": "Section 3.1: rollouts of the same total",
    "order": "Section 3.1: how many groups are told apart, and in which order",
    "batch": "Section 3.1, Eq. 6: over the batch",
    "priority": "Section 3.2, Eq. 7 and 8: weights and conditions",
}
