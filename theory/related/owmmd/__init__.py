"""OWMMD (arXiv 2501.12121): continual learning with the maximum mean discrepancy of every layer, weighted.

The method section was not at hand: the objective and the rule of the weights are reconstructed, the facts about MMD are
textbook. distance: MMD and its estimators. saturation: what bounded kernels do to far features. weights,
squared_weights: rules for the weights of the layers. layers: what an unpaired, unnormalised distance of layers misses.
"""

TITLE = "Huang et al., Learning Dynamic Representations via an Optimally-Weighted MMD (OWMMD, arXiv 2501.12121)"
SECTIONS = {
    "distance": "MMD and its estimators",
    "saturation": "Bounded kernels",
    "weights": "Rules for the weights of the layers",
    "squared_weights": "Rules for the weights of the layers",
    "layers": "Distances of layers",
}
