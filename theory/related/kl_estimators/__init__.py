"""What the estimators k1, k2, k3 of KL(π_θ‖π_ref) estimate, and what training on them does, in the loss and in the reward.

With r = π_ref/π_θ and samples from π_θ: k1 = -log r, k2 = log²r/2, k3 = r - 1 - log r. In the loss an estimator is
differentiated; in the reward its value multiplies the score ∇log π_θ. The text was not at hand, a summary was.
"""

TITLE = "Shah et al., A Comedy of Estimators: On KL Regularization in RL Training of LLMs (arXiv 2512.21852)"
SECTIONS = {
    "values": "What the estimators estimate",
    "gradients": "One token: in the loss or in the reward",
    "loss_and_reward": "One token: in the loss and in the reward",
    "sequences": "Completions of two tokens",
}
