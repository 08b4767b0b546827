"""Functions of related papers that take other inputs than an objective or an advantage estimator, a module per paper.

May import torch, not lossproof.
"""
