"""What clipping does to the entropy of a softmax policy when rewards are random: the first order of one step.

The theorems were not at hand: what is refuted here is their reading without the assumption on how the policy came about.
"""

TITLE = "Park et al., Clip-Low Increases Entropy and Clip-High Decreases Entropy in RL of LLMs (arXiv 2509.26114)"
SECTIONS = {
    "entropy": "The entropy of a softmax along a step",
    "drift": "What clipping leaves of random rewards",
}
