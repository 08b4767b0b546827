"""SGPO: when all answers of a group are wrong, grade them by how far they are right, and keep GRPO's advantage.

The text of the theorem was not found; reviews, a survey and a third party's quotation of Eq. 2 (v1) were. What is called a
reconstruction is one, in a model of two steps, and says nothing about the paper's own theorem.
"""

TITLE = "Chen et al., Stepwise Guided Policy Optimization (SGPO, arXiv 2505.11595)"
SECTIONS = {
    "all_negative": "Groups without a correct answer",
    "graded_reward": "The graded reward",
    "two_steps": "Two steps: where grading helps",
    "shaping": "Grading as reward shaping, and weak judges",
}
