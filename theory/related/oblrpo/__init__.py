"""Policy gradients with a variance-optimal baseline and a step size from the signal-to-noise ratio.

Only the abstract was at hand: every claim here is a reconstruction, from standard theory, of what it announces.
"""

TITLE = "Huang et al., OBLR-PO: A Theoretical Framework for Stable Reinforcement Learning (arXiv 2511.23310)"
SECTIONS = {
    "unbiased": "Which baselines leave the gradient unbiased",
    "variance": "The variance of the estimate",
    "baseline": "The baseline of least variance",
    "step": "The step size",
    "signal": "Estimating the signal-to-noise ratio",
    "convergence": "Convergence",
}
SOURCE = "reconstruction of what the abstract announces; no theorem of the paper was at hand"
