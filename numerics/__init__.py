"""Policies, groups, objectives, optimiser runs and numeric evidence, in PyTorch float64.

May import torch and theory; never lossproof.
"""
