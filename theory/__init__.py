"""Statements and proofs of propositions about RL objectives. May import SymPy and the kernel; never torch.

`theory.kernel` is the only trusted code; `theory.proposition` says what a proposition is; a module per section states them.
"""
