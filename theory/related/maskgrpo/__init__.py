"""MaskGRPO (arXiv 2510.02880): importance ratios, re-masking and sampling for RL on masked diffusion models.

Known from a reader's notes with Eq. 2, 9, 10 and Algorithms 1, 2, 4, and from the released trainer; Appendix C was not at
hand. elbo: the bound, and when it is tight. ratio: the importance estimate. objective: the loss and its truncation.
released: the trainer beside the formulas. remask, clamped: the fading-out masks. sampler: the emerge sampler.
"""

TITLE = "Ma et al., Consolidating RL for Multimodal Discrete Diffusion Models (MaskGRPO, arXiv 2510.02880)"
SECTIONS = {
    "elbo": "Eq. 2: the bound",
    "ratio": "Eq. 9 and 10: the importance ratio",
    "objective": "The objective",
    "released": "The released trainer",
    "remask": "The fading-out masks",
    "clamped": "The fading-out masks",
    "sampler": "The emerge sampler",
}
