"""Tactics: untrusted programs that look for derivations and end by calling rules of the kernel, a module per topic."""

from .basic import (
    MINUS,
    Context,
    atoms,
    discharge,
    instantiate,
    pow_below_one,
    pow_positive,
)

__all__ = ["MINUS", "Context", "atoms", "discharge", "instantiate", "pow_below_one", "pow_positive"]
