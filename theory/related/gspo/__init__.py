"""GSPO: one ratio per completion, the geometric mean of its tokens' ratios, clipped once.

Known from a reader's note; what is "our own" are checks of common readings of it.
"""

TITLE = "Zheng et al., Group Sequence Policy Optimization (GSPO, arXiv 2507.18071)"
SECTIONS = {
    "ratio": "The ratio and its gradient",
    "importance": "The ratio as an importance weight",
    "clip": "The clip and the length",
}
