"""Generative Actor Critic (arXiv 2512.21527): policy evaluation as a model of p(τ, y), improvement as inference on it.

Only its abstract was at hand. The model is that of the Latent Plan Transformer (arXiv 2402.04647), whose equations LPT-n
were read; what GAC claims of it is reconstructed. evaluation: fitting p(τ, y). latent: the model. planning: plans from
ascent and from a target return, in the linear-Gaussian case. improvement: when inference improves the policy. langevin: the
sampler.
"""

TITLE = "Qin et al., Generative Actor Critic (arXiv 2512.21527)"
SECTIONS = {
    "evaluation": "Policy evaluation as a model of the return",
    "latent": "The latent model",
    "planning": "Plans by ascent and for a target return",
    "improvement": "When inference improves the policy",
    "langevin": "The sampler",
}
