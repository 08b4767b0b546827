"""Numeric evidence for the propositions of related papers, a module per paper.

May import theory, numerics, torch and Hypothesis; never lossproof.
"""
